"""From a configuration and raw files to an area pack: the order of the work, and nothing of its detail."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass, field, replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from data.areapack import AreaPack, Feed, WalkNetwork
from data.build_people import People, build_people
from data.build_services import read_all_services
from data.calendars import build_calendar, list_school_holidays
from data.check import check_content
from data.config import AreaConfig, RawFile, raw_files
from data.coordinates import choose_crs
from data.edges import find_edges
from data.errors import FeedError, SourceError
from data.manifest import CalendarFacts, Fault, Manifest, Source, WalkFacts
from data.packio import fill_digests
from data.progress import Progress, SilentProgress
from data.service_days import ServiceDate, choose_service_date
from data.sources.boundaries import read_areas
from data.sources.faultlog import FaultLog
from data.sources.gtfs import GtfsResult, read_gtfs
from data.sources.gtfs_join import join_timetables
from data.sources.gtfs_zip import FeedZip
from data.sources.naptan import read_naptan
from data.sources.osm import read_streets
from data.sources.school_buses import mark_school_routes, note_likely_school_routes
from data.sources.stops import merge_stops
from data.tables import arrow_to_pack, pack_to_arrow
from data.timetable_facts import build_timetable_facts

STEPS = 9
_CHUNK = 1 << 20
_PARTS = {"neighbourhoods.wards": "wards", "neighbourhoods": "neighbourhoods"}


@dataclass
class _Found:
    """What grows from step to step."""

    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def resolve_raw(raw: Path, file: RawFile) -> Path:
    """Return where a raw file lies; raise when it isn't there or lies outside ``raw``."""
    path = raw / file.file
    if not path.resolve().is_relative_to(raw.resolve()):
        raise SourceError(f"{file.file}: lies outside {raw}; links that lead out are not followed.")
    if not path.is_file():
        raise SourceError(f"{file.file}: no such file in {raw}.")
    return path


def _check_files(config: AreaConfig, raw: Path) -> None:
    faults = []
    for key, file in raw_files(config):
        try:
            resolve_raw(raw, file)
        except SourceError as error:
            faults.append(f"{key}: {error}")
    if faults:
        raise SourceError("Raw files are missing; check --raw:", faults)


def _sha256(path: Path) -> str:
    sha = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                sha.update(chunk)
    except OSError as error:
        raise SourceError(f"{path.name}: can't be read ({error.strerror}); check its permissions.") from error
    return sha.hexdigest()


def _build_sources(config: AreaConfig, raw: Path) -> tuple[Source, ...]:
    sources: dict[tuple[str, str], Source] = {}
    for key, file in raw_files(config):
        part = next((name for start, name in _PARTS.items() if key.startswith(start)), None)
        part = part or key.partition(".")[0].partition("[")[0]
        path = resolve_raw(raw, file)
        publisher = config.publishers[file.publisher]
        sources[part, file.file] = Source(
            part=part,
            title=file.title,
            file=file.file,
            owner=publisher.owner,
            licence=publisher.licence,
            attribution=publisher.attribution,
            date=file.date,
            sha256=_sha256(path),
            size_bytes=path.stat().st_size,
            url=file.url,
        )
    return tuple(sources.values())


def _choose_crs(config: AreaConfig, raw: Path) -> str:
    """The configured CRS, else by where the neighbourhoods, else the timetable's stops, lie."""
    if config.crs is not None:
        return config.crs
    log = FaultLog("timetable")
    with FeedZip(resolve_raw(raw, config.timetable.gtfs), log) as zipped:
        zones = zipped.read("agency.txt", ("agency_timezone",)).to_pandas()["agency_timezone"]
        stops = zipped.read("stops.txt", ("stop_lon", "stop_lat")).to_pandas()
    timezone = str(zones.iloc[0]).strip() if len(zones) else None
    if config.neighbourhoods is not None:
        file = config.neighbourhoods.boundaries
        areas = read_areas(
            resolve_raw(raw, file),
            crs="EPSG:4326",
            id_column=config.neighbourhoods.id_column,
            layer=config.neighbourhoods.layer,
            log=log,
        )
        west, south, east, north = areas.total_bounds
        return choose_crs((west + east) / 2, (south + north) / 2, timezone)
    lon = pd.to_numeric(stops["stop_lon"], errors="coerce")
    lat = pd.to_numeric(stops["stop_lat"], errors="coerce")
    real = lon.between(-180, 180) & lat.between(-90, 90) & ~((lon.abs() < 0.01) & (lat.abs() < 0.01))
    if not real.any():
        raise SourceError(f"{config.timetable.gtfs.file}: no stop has a place, so there is nothing to map.")
    return choose_crs(float(lon[real].median()), float(lat[real].median()), timezone)


def _build_streets(
    config: AreaConfig, raw: Path, crs: str, progress: Progress, found: _Found
) -> tuple[WalkNetwork | None, gpd.GeoDataFrame | None, gpd.GeoDataFrame | None]:
    if config.streets is None:
        found.notes.append(
            f"Walking is measured in straight lines times {config.detour_factor:g}: this pack has no streets."
        )
        return None, None, None
    result = read_streets(
        resolve_raw(raw, config.streets.osm),
        crs=crs,
        coverage_bbox=config.streets.coverage,
        progress=progress.tell,
    )
    found.faults += result.faults
    coverage = gpd.GeoDataFrame({"part": ["streets"]}, geometry=[result.coverage], crs=crs)
    return replace(result.walk, osm_way=result.osm_way), coverage, result.ground


def _build_services(
    config: AreaConfig,
    raw: Path,
    crs: str,
    postcodes: pd.DataFrame | None,
    service_date: dt.date,
    found: _Found,
) -> tuple[pd.DataFrame | None, pd.DataFrame | None]:
    if not config.services:
        return None, None
    files = [(part, resolve_raw(raw, part.source)) for part in config.services]
    services, sessions, faults = read_all_services(
        files, crs=crs, postcodes=postcodes, service_date=service_date
    )
    found.faults += faults
    return services, sessions


def _mark_edges(
    people: People, services: pd.DataFrame | None, config: AreaConfig, found: _Found
) -> gpd.GeoDataFrame | None:
    if people.neighbourhoods is None or people.origin_points is None:
        return None
    edge = find_edges(
        people.neighbourhoods, people.origin_points, services, edge_m=config.edge_m, margin_m=config.margin_m
    )
    if edge.any() and services is not None:
        found.notes.append(
            f"{int(edge.sum())} neighbourhoods lie within {config.edge_m / 1000:g} km of the border, and no "
            "service beyond it is loaded: there may be more in reach than is shown."
        )
    return people.neighbourhoods.assign(edge=edge)


def build_pack(config: AreaConfig, raw: Path, progress: Progress | None = None) -> AreaPack:
    """Build an area pack in memory from local raw files.

    Parameters
    ----------
    config : AreaConfig
    raw : Path
        The folder that the configuration's paths are relative to.
    progress : Progress, optional
        Told of each of ``STEPS`` steps.

    Raises
    ------
    SourceError
        With every fault of a file that the importers don't repair.
    """
    progress = progress or SilentProgress()
    found = _Found()
    progress.step("raw files: finding and hashing them")
    _check_files(config, raw)
    sources = _build_sources(config, raw)
    crs = _choose_crs(config, raw)
    people = build_people(config, raw, crs, progress, resolve_raw)
    found.faults += people.faults
    found.notes += people.notes
    area = people.area if people.neighbourhoods is not None else None

    progress.step(f"timetable: {config.timetable.gtfs.file}")
    gtfs = _build_timetable(config, raw, crs, area, progress)
    found.faults += gtfs.faults
    progress.step("stops")
    stops = _build_stops(config, raw, crs, gtfs, area, found)
    progress.step("streets")
    walk, coverage, ground = _build_streets(config, raw, crs, progress, found)
    progress.step("services and places")
    calendar = _build_calendar(config)
    chosen = _choose_service_date(config, gtfs.feed, calendar)
    services, sessions = _build_services(config, raw, crs, people.postcodes, chosen.date, found)
    neighbourhoods = _mark_edges(people, services, config, found)

    progress.step("service day, checks and digests")
    facts, faults = build_timetable_facts(gtfs.feed, stops, chosen)
    found.faults += faults
    if config.fictional and not any("fictional" in note for note in config.notes):
        found.notes.insert(0, "This place is fictional: made up for demonstration and tests.")
    manifest = Manifest(
        area_id=config.area_id,
        name=config.name,
        fictional=config.fictional,
        crs=crs,
        walk=WalkFacts(
            mode="straight_line" if walk is None else "network", detour_factor=config.detour_factor
        ),
        timetable=facts,
        calendar=calendar,
        neighbourhood_level=config.neighbourhoods.level if config.neighbourhoods else None,
        census_year=config.census.year if config.census else None,
        as_of=max((source.date for source in sources if source.date is not None), default=None),
        centres=config.centres,
        has_register=services is not None and bool((services["kind"] == "service").any()),
        sources=sources,
        faults=tuple(found.faults),
        notes=(*found.notes, *config.notes),
    )
    pack = AreaPack(
        manifest=manifest,
        stops=stops,
        feed=gtfs.feed,
        neighbourhoods=neighbourhoods,
        groups=people.groups,
        census=people.census,
        indicators=people.indicators,
        indicator_values=people.indicator_values,
        origin_points=people.origin_points,
        services=services,
        sessions=sessions,
        walk=walk,
        postcodes=people.postcodes,
        coverage=coverage,
        ground=ground,
    )
    # Through the tables and back, so that a pack just built is what a loaded one is.
    pack = fill_digests(pack)
    pack = arrow_to_pack(pack.manifest, pack_to_arrow(pack))
    check_content(pack)
    return pack


def _build_calendar(config: AreaConfig) -> CalendarFacts:
    given = config.timetable
    return CalendarFacts(
        nation=None if given.nation == "none" else given.nation,
        school_terms=tuple(sorted(given.school_terms)),
        school_holidays=tuple(sorted(given.school_holidays)),
    )


def _choose_service_date(config: AreaConfig, feed: Feed, calendar: CalendarFacts) -> ServiceDate:
    given = config.timetable
    return choose_service_date(
        feed,
        school_holidays=list_school_holidays(build_calendar(calendar)),
        fixed=None if given.service_date is None or given.why is None else (given.service_date, given.why),
        nation=calendar.nation,
    )


def _build_timetable(
    config: AreaConfig, raw: Path, crs: str, area: shapely.Geometry | None, progress: Progress
) -> GtfsResult:
    """The timetable joined with those of neighbouring regions; one without a trip here is left out."""
    files = (config.timetable.gtfs, *config.timetable.also)
    results: list[tuple[RawFile, GtfsResult]] = []
    empty: list[Fault] = []
    for file in files:
        try:
            result = read_gtfs(
                resolve_raw(raw, file), crs=crs, clip=area, margin_m=config.margin_m, progress=progress.part
            )
        except FeedError as error:
            # A neighbour may have no bus this side of the border; the area's own timetable must have.
            if file is config.timetable.gtfs or "no trip calls in the area" not in str(error):
                raise
            message = "timetable of a neighbouring region has no trip in the area; not used"
            empty.append(
                Fault(part="timetable", code="feed_without_trips", severity="note", count=1, message=message,
                      file=Path(file.file).name)
            )  # fmt: skip
        else:
            results.append((file, result))
    joined = join_timetables([one for _, one in results], [Path(file.file).name for file, _ in results])
    log, file_name = FaultLog("timetable"), Path(config.timetable.gtfs.file).name
    routes = mark_school_routes(joined.feed.routes, config.timetable.school_routes, file=file_name)
    feed = replace(joined.feed, routes=routes)
    note_likely_school_routes(feed, log, file=file_name)
    return replace(joined, feed=feed, faults=[*joined.faults, *empty, *log.faults])


def _build_stops(
    config: AreaConfig, raw: Path, crs: str, gtfs: GtfsResult, area: shapely.Geometry | None, found: _Found
) -> pd.DataFrame:
    naptan = None
    if config.stops is not None:
        naptan, faults = read_naptan(resolve_raw(raw, config.stops), crs=crs)
        found.faults += faults
    trams = bool((gtfs.feed.routes["mode"] == "tram").any())
    stops, faults = merge_stops(gtfs.stops, naptan, area=area, margin_m=config.margin_m, trams=trams)
    found.faults += faults
    return stops
