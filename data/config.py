"""The area configuration: one TOML file says which raw files make a pack.

``data/areas/README.md`` documents every key for whoever writes one.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
import tomllib
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

import pyproj
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    model_validator,
)

from data.errors import UsageError


def _check_relative(text: str) -> str:
    path = PurePosixPath(text)
    if not text.strip():
        raise ValueError("is empty; name a file relative to --raw")
    if "\\" in text or "\0" in text:
        raise ValueError("write paths with forward slashes")
    if path.is_absolute() or re.match(r"^[A-Za-z]:", text) or text.startswith("~"):
        raise ValueError("must be relative to --raw, not an absolute path")
    if ".." in path.parts:
        raise ValueError("must not climb out of --raw with '..'")
    return text


def _check_crs(text: str) -> str:
    try:
        crs = pyproj.CRS.from_user_input(text)
    except pyproj.exceptions.CRSError as error:
        raise ValueError("is no coordinate reference system; write one like 'EPSG:27700'") from error
    if not crs.is_projected or crs.axis_info[0].unit_name != "metre":
        raise ValueError("must be a projected system in metres, like 'EPSG:27700'")
    return text


RelativePath = Annotated[str, AfterValidator(_check_relative)]
ProjectedCrs = Annotated[str, AfterValidator(_check_crs)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Publisher(_Strict):
    """Who publishes files, under which licence, with which line to print."""

    owner: str
    licence: str
    attribution: str


class RawFile(_Strict):
    """One raw file and where it came from."""

    file: RelativePath
    title: str
    publisher: str = Field(description="a key of [publishers]")
    date: dt.date | None = None
    url: str | None = None


class Splits(_Strict):
    """Finer boundaries of an older census, and the lookup from its areas to the new ones."""

    boundaries: RawFile
    id_column: str
    lookup: RawFile
    old_column: str
    new_column: str


class WardLookup(_Strict):
    """Wards by a table: neighbourhood code to ward code and name."""

    lookup: RawFile
    key_column: str
    id_column: str
    name_column: str


class WardPolygons(_Strict):
    """Wards by polygons: a neighbourhood is in the ward that most of its area is in."""

    boundaries: RawFile
    id_column: str
    name_column: str


def _kind_of_wards(wards: Any) -> str:
    given = wards if isinstance(wards, dict) else getattr(wards, "__dict__", {})
    return "polygons" if "boundaries" in given else "lookup"


# By what is given, so that a fault is told of the one that was meant.
Wards = Annotated[
    Annotated[WardLookup, Tag("lookup")] | Annotated[WardPolygons, Tag("polygons")],
    Discriminator(_kind_of_wards),
]


class Neighbourhoods(_Strict):
    """The neighbourhoods and what they are called."""

    level: str
    boundaries: RawFile
    id_column: str | None = None
    name_column: str | None = None
    layer: str | None = Field(default=None, description="of a GeoPackage with several")
    expected: int | None = Field(default=None, ge=1, description="how many there must be")
    split_from: Splits | None = None
    wards: Wards | None = None


class CountsTable(_Strict):
    """How a file of counts is laid out; what is left out is found by the columns' names."""

    table: str
    year: int = Field(ge=1801, le=2100)
    shape: Literal["long", "wide", "nomis"] | None = None
    area_column: str | None = None
    group_column: str | None = None
    count_column: str | None = None
    total_column: str | None = None
    ignore_columns: tuple[str, ...] = ()
    names: dict[str, str] = Field(default_factory=dict, description="the file's name to the census's own")


class Census(CountsTable):
    """Counts by ethnic group for each neighbourhood."""

    counts: RawFile


class AreaLookup(_Strict):
    """Which areas of an older census share people with which neighbourhoods."""

    lookup: RawFile
    old_column: str
    new_column: str


class WiderAreas(_Strict):
    """Which larger area each neighbourhood lies in, by a table."""

    lookup: RawFile
    key_column: str
    id_column: str


class Indicators(CountsTable):
    """What else is known of the neighbourhoods' people: one table of one topic."""

    topic: Literal["age", "english", "cars", "deprivation"]
    source: RawFile
    area_level: str | None = Field(default=None, description="of its areas; left out: the neighbourhoods'")
    area_lookup: AreaLookup | None = Field(
        default=None, description="old_column: the table's areas, new_column: the neighbourhoods"
    )
    wider: WiderAreas | None = Field(default=None, description="where it counts larger areas only")
    rank_column: str | None = None
    decile_column: str | None = None
    ranked_of: int | None = Field(default=None, ge=1, description="how many areas were ranked")

    @model_validator(mode="after")
    def _sensible(self) -> Indicators:
        if (self.topic == "deprivation") != (self.ranked_of is not None):
            raise ValueError("ranked_of stands with topic 'deprivation', and only there: 33755 or 1909")
        if self.area_lookup is not None and self.wider is not None:
            raise ValueError("give area_lookup or wider, not both")
        if self.wider is not None and self.topic == "deprivation":
            raise ValueError("wider: a larger area's rank says nothing of the neighbourhoods in it")
        return self


class OutputAreas(_Strict):
    """Origin points from output areas with people in each."""

    counts: RawFile
    id_column: str
    people_column: str
    area_column: str | None = Field(default=None, description="the neighbourhood, or its old code")
    area_lookup: AreaLookup | None = Field(
        default=None, description="from old codes; [neighbourhoods.split_from] has its own"
    )
    points: RawFile = Field(description="polygons or points, or a CSV with x_column and y_column")
    points_id_column: str
    x_column: str | None = None
    y_column: str | None = None
    points_crs: str = "EPSG:4326"


class SyntheticPoints(_Strict):
    """Origin points at seeded places: for packs with boundaries and no counts."""

    lookup: RawFile
    id_column: str
    area_column: str
    seed: int = 0


class OriginPoints(_Strict):
    """Where people of a neighbourhood are taken to live."""

    output_areas: OutputAreas | None = None
    synthetic: SyntheticPoints | None = None

    @model_validator(mode="after")
    def _one_way(self) -> OriginPoints:
        if self.output_areas is not None and self.synthetic is not None:
            raise ValueError("give output_areas or synthetic, not both")
        return self


class Timetable(_Strict):
    """The bus timetable, and the service date where it is fixed."""

    gtfs: RawFile
    also: tuple[RawFile, ...] = Field(default=(), description="feeds of neighbouring regions; ids kept apart")
    service_date: dt.date | None = None
    why: str | None = Field(default=None, description="why this date; needed with service_date")
    school_holidays: tuple[tuple[dt.date, dt.date], ...] = ()
    school_terms: tuple[tuple[dt.date, dt.date], ...] = ()
    school_routes: tuple[str, ...] = Field(
        default=(), description="route_short_name of buses for pupils only"
    )
    nation: Literal["england_wales", "scotland", "northern_ireland", "none"] = Field(
        default="england_wales", description="whose bank holidays"
    )

    @model_validator(mode="after")
    def _reasoned(self) -> Timetable:
        if (self.service_date is None) != (self.why is None):
            raise ValueError("service_date and why stand together: say why that date was chosen")
        for name in ("school_holidays", "school_terms"):
            for first, last in getattr(self, name):
                if last < first:
                    raise ValueError(f"{name}: {last} is before {first}")
        terms = sorted(self.school_terms)
        for (_, last), (first, _) in itertools.pairwise(terms):
            if first <= last:
                raise ValueError(f"school_terms: one begins on {first}, before another ends on {last}")
        return self


class Streets(_Strict):
    """Walkable streets; ``coverage`` overrides the box in which they are whole."""

    osm: RawFile
    coverage: tuple[float, float, float, float] | None = Field(
        default=None, description="lon min, lat min, lon max, lat max in degrees"
    )

    @model_validator(mode="after")
    def _box(self) -> Streets:
        if self.coverage is not None:
            west, south, east, north = self.coverage
            if not (-180 <= west < east <= 180 and -90 <= south < north <= 90):
                raise ValueError("coverage: write lon min, lat min, lon max, lat max in degrees")
        return self


class Services(_Strict):
    """A file of services or places."""

    kind: Literal["register", "osm_amenities", "schools"]
    source: RawFile
    leave_out: tuple[str, ...] = Field(
        default=(), description="for osm_amenities: categories that another file knows better"
    )

    @model_validator(mode="after")
    def _only_amenities(self) -> Services:
        if self.leave_out and self.kind != "osm_amenities":
            raise ValueError("leave_out is for kind 'osm_amenities' only")
        return self


class AreaConfig(_Strict):
    """Everything `python -m data build` needs to know about a place."""

    area_id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")
    name: str = Field(min_length=1)
    fictional: bool = False
    crs: ProjectedCrs | None = None
    margin_m: float = Field(default=10_000, ge=0, le=100_000)
    edge_m: float = Field(default=2_000, ge=0, le=100_000)
    detour_factor: float = Field(default=1.3, ge=1, le=3)
    centres: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    publishers: dict[str, Publisher]
    timetable: Timetable
    streets: Streets | None = None
    stops: RawFile | None = None
    neighbourhoods: Neighbourhoods | None = None
    census: Census | None = None
    indicators: tuple[Indicators, ...] = ()
    origin_points: OriginPoints | None = None
    postcodes: RawFile | None = None
    services: tuple[Services, ...] = ()

    @model_validator(mode="after")
    def _whole(self) -> AreaConfig:
        faults = [
            f"{where}: publisher {raw.publisher!r} is not one of [publishers]"
            for where, raw in raw_files(self)
            if raw.publisher not in self.publishers
        ]
        if self.neighbourhoods is None:
            faults += [
                f"{part} needs [neighbourhoods]"
                for part in ("census", "indicators", "origin_points")
                if getattr(self, part)
            ]
        named = [indicators.table for indicators in self.indicators]
        faults += [
            f"indicators: table {name!r} stands twice" for name in sorted(set(named)) if named.count(name) > 1
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self


def raw_files(config: AreaConfig) -> list[tuple[str, RawFile]]:
    """Return every raw file that the configuration names, with the key it stands at, in order."""
    found: list[tuple[str, RawFile]] = []

    def visit(key: str, value: Any) -> None:
        if isinstance(value, RawFile):
            found.append((key, value))
        elif isinstance(value, BaseModel):
            for name in type(value).model_fields:
                visit(f"{key}.{name}" if key else name, getattr(value, name))
        elif isinstance(value, tuple):
            for number, item in enumerate(value):
                visit(f"{key}[{number}]", item)

    visit("", config)
    return found


def load_config(path: Path) -> AreaConfig:
    """Read an area configuration.

    Raises
    ------
    UsageError
        Naming the file and every faulty key at once.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError(f"{path}: can't be read ({error.strerror}); check the path.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: is not TOML: {error}") from error
    try:
        return AreaConfig.model_validate(raw)
    except ValidationError as error:
        faults = [_fault_in_words(fault) for fault in error.errors()]
        raise UsageError(
            f"{path}: can't be used as it is (data/areas/README.md says what each key is):", faults
        ) from error


def _fault_in_words(fault: Any) -> str:
    key = ".".join(str(part) for part in fault["loc"]) or "configuration"
    words = {
        "missing": "is missing",
        "extra_forbidden": "is not a key that may stand here",
    }.get(fault["type"], fault["msg"].removeprefix("Value error, "))
    return f"{key}: {words}"
