"""Check an area pack's content: keys, references, weights, sums, timetable, digests."""

from __future__ import annotations

import datetime as dt
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from data.areapack import AreaPack, WalkNetwork
from data.errors import PackError
from data.indicators import find_indicator_faults
from data.manifest import Manifest
from data.packio import find_pack
from data.schema import TABLES
from data.sources.groups import ALL
from data.stored import MANIFEST, find_digest_faults, load_manifest, load_tables
from data.tables import arrow_to_pack

_SHOWN = 5
_XY = {"origin_points": False, "services": True, "stops": False, "postcodes": False}


@dataclass(frozen=True)
class PackReport:
    """What `python -m data check` found; ``problems`` is empty for a sound pack."""

    path: Path
    manifest: Manifest
    problems: tuple[str, ...]
    coverage: str


def _some(values: object) -> str:
    listed = list(dict.fromkeys(map(str, values)))  # type: ignore[call-overload]
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    return ", ".join(listed[:_SHOWN]) + more


def _frames(pack: AreaPack) -> dict[str, pd.DataFrame]:
    own = {name: getattr(pack, name, None) for name in TABLES}
    feed = {name: getattr(pack.feed, name, None) for name in TABLES}
    both = {name: own[name] if own[name] is not None else feed[name] for name in TABLES}
    return {name: frame for name, frame in both.items() if isinstance(frame, pd.DataFrame)}


def _key_faults(frames: dict[str, pd.DataFrame]) -> list[str]:
    faults = []
    for name, frame in frames.items():
        table = TABLES[name]
        if table.key:
            again = frame.duplicated(list(table.key))
            if again.any():
                keys = frame.loc[again, list(table.key)].astype(str).agg(" / ".join, axis=1)
                faults.append(f"{name}: {', '.join(table.key)} stands twice: {_some(keys)}")
        for column, (other, key) in table.references.items():
            if other not in frames:
                if len(frame):
                    faults.append(f"{name}: refers to table {other}, which the pack does not have")
                continue
            lost = ~frame[column].isin(frames[other][key])
            if lost.any():
                faults.append(f"{name}: {column} not in {other}: {_some(frame.loc[lost, column])}")
    return faults


def _place_faults(frames: dict[str, pd.DataFrame]) -> list[str]:
    faults = []
    for name, nullable in _XY.items():
        frame = frames.get(name)
        if frame is None:
            continue
        columns = [column for column in ("x", "y", "lon", "lat") if column in frame.columns]
        values = frame[columns].to_numpy(dtype=float)
        finite = np.isfinite(values)
        whole = finite.all(axis=1) | (nullable & np.isnan(values).all(axis=1))
        if not whole.all():
            faults.append(f"{name}: coordinates missing or half given: {_some(frame.iloc[:, 0][~whole])}")
        if "lon" in columns:
            off = (
                whole
                & finite.all(axis=1)
                & ((frame["lon"].abs() > 180) | (frame["lat"].abs() > 90)).to_numpy()
            )
            if off.any():
                faults.append(f"{name}: lon, lat are no degrees: {_some(frame.iloc[:, 0][off])}")
    areas = frames.get("neighbourhoods")
    if areas is not None:
        geometry = areas["geometry"].to_numpy()
        wrong = ~shapely.is_valid(geometry) | shapely.is_empty(geometry)
        if wrong.any():
            faults.append(f"neighbourhoods: broken boundary: {_some(areas['neighbourhood_id'][wrong])}")
    return faults


def _people_faults(frames: dict[str, pd.DataFrame]) -> list[str]:
    faults: list[str] = []
    areas, points = frames.get("neighbourhoods"), frames.get("origin_points")
    if areas is None:
        return faults
    if points is None:
        return ["origin_points: missing, though the pack has neighbourhoods"]
    without = ~areas["neighbourhood_id"].isin(points["neighbourhood_id"])
    if without.any():
        faults.append(f"origin_points: none in {_some(areas['neighbourhood_id'][without])}")
    weight = points.groupby("neighbourhood_id")["weight"].sum()
    wrong = (weight - 1).abs() > 1e-9
    if wrong.any() or (points["weight"] < 0).any():
        faults.append(f"origin_points: weights don't sum to 1 in {_some(weight.index[wrong])}")
    population = areas.set_index("neighbourhood_id")["population"].astype("Float64")
    residents = points.groupby("neighbourhood_id")["residents"].agg(lambda people: people.sum(skipna=False))
    residents = residents.reindex(population.index).astype("Float64")
    wrong = ((residents - population).abs() > 1e-6).fillna(False) | (residents.isna() != population.isna())
    if wrong.any():
        faults.append(
            f"origin_points: residents don't sum to the population in {_some(population.index[wrong])}"
        )
    return faults + _census_faults(frames, population)


def _census_faults(frames: dict[str, pd.DataFrame], population: pd.Series) -> list[str]:
    census, groups = frames.get("census"), frames.get("groups")
    if census is None or groups is None:
        return (
            [] if census is None and groups is None else ["census and groups: one is there without the other"]
        )
    faults = []
    if (census["people"] < 0).any():
        faults.append("census: counts below 0")
    wide = census.pivot_table(
        index="neighbourhood_id", columns="group_id", values="people", aggfunc="first", dropna=False
    )
    wide = wide.astype("Float64").reindex(population.index)
    if ALL not in wide:
        return [*faults, f"census: no group {ALL!r}"]
    differ = (wide[ALL] != population).fillna(False) | (wide[ALL].isna() != population.isna())
    if differ.any():
        faults.append(f"census: 'all' is not the population in {_some(population.index[differ])}")
    for row in groups[groups["is_aggregate"] & groups["members"].notna()].to_dict("records"):
        members = str(row["members"]).split(";")
        if row["group_id"] not in wide or any(member not in wide for member in members):
            faults.append(f"groups: {row['group_id']} names groups that the census does not have")
            continue
        total = wide[members].sum(axis=1, skipna=False)
        differ = (total != wide[row["group_id"]]).fillna(False)
        if differ.any():
            faults.append(f"census: {row['group_id']} is not its members' sum in {_some(wide.index[differ])}")
    return faults


def _timetable_faults(pack: AreaPack) -> list[str]:
    calls = pack.feed.stop_times
    faults = []
    n_calls = len(calls["trip_index"])
    if n_calls == 0:
        return ["stop_times: no calls"]
    for name, limit in (("trip_index", len(pack.feed.trips)), ("stop_index", len(pack.stops))):
        values = calls[name]
        if values.min() < 0 or values.max() >= limit:
            faults.append(f"stop_times: {name} points outside its table (0 to {limit - 1})")
    trip = calls["trip_index"]
    same = trip[1:] == trip[:-1]
    if (trip[1:] < trip[:-1]).any() or (
        same & (calls["stop_sequence"][1:] <= calls["stop_sequence"][:-1])
    ).any():
        faults.append("stop_times: not sorted by trip_index, stop_sequence")
    back = (calls["departure_s"] < calls["arrival_s"]).any()
    if back or (same & (calls["arrival_s"][1:] < calls["departure_s"][:-1])).any():
        faults.append("stop_times: trips that go back in time")
    faults += [
        f"stop_times: {name} is not 0, 1, 2 or 3"
        for name in ("pickup_type", "drop_off_type")
        if not np.isin(np.unique(calls[name]), (0, 1, 2, 3)).all()
    ]
    known = set(pack.feed.calendar["service_id"]) | set(pack.feed.calendar_dates["service_id"])
    lost = ~pack.feed.trips["service_id"].isin(known)
    if lost.any():
        faults.append(f"trips: service_id in neither calendar: {_some(pack.feed.trips['service_id'][lost])}")
    facts = pack.manifest.timetable
    if not facts.first_date <= facts.service_date <= facts.last_date:
        faults.append(
            f"manifest: service date {facts.service_date} lies outside "
            f"{facts.first_date} to {facts.last_date}"
        )
    here = pack.stops["active"] & pack.stops["in_area"]
    counted = int(here.sum()), int((here & pack.stops["served"]).sum())
    if counted != (facts.active_stops, facts.served_stops):
        faults.append(
            f"manifest: says {facts.served_stops} of {facts.active_stops} active stops are served, "
            f"the tables {counted[1]} of {counted[0]}"
        )
    return faults


def _walk_faults(walk: WalkNetwork) -> list[str]:
    faults = []
    ends = np.concatenate([walk.u, walk.v])
    if len(ends) and (ends.min() < 0 or ends.max() >= len(walk.node_x)):
        faults.append("walk_edges: u or v points outside walk_nodes")
    if len(walk.length_mm) and walk.length_mm.min() <= 0:
        faults.append("walk_edges: lengths of 0 or less")
    if (np.diff(walk.geometry_offset) < 2).any():
        faults.append("walk_edges: lines with fewer than two points")
    if not (np.isfinite(walk.geometry_x).all() and np.isfinite(walk.geometry_y).all()):
        faults.append("walk_edges: lines with coordinates that are no numbers")
    return faults


def find_content_faults(pack: AreaPack) -> list[str]:
    """Return what in the pack's tables contradicts itself; empty for a sound pack."""
    frames = _frames(pack)
    faults = _key_faults(frames) + _place_faults(frames) + _people_faults(frames) + _timetable_faults(pack)
    faults += find_indicator_faults(
        frames.get("neighbourhoods"), frames.get("indicators"), frames.get("indicator_values")
    )
    if pack.walk is not None:
        faults += _walk_faults(pack.walk)
    if (pack.walk is None) != (pack.manifest.walk.mode == "straight_line"):
        faults.append(f"manifest: says walk mode {pack.manifest.walk.mode!r}, the tables say otherwise")
    return faults


def check_content(pack: AreaPack) -> None:
    """Raise PackError naming everything in the pack's tables that contradicts itself."""
    faults = find_content_faults(pack)
    if faults:
        raise PackError(f"Pack {pack.area_id} contradicts itself:", faults)


def check_pack(path_or_name: str | Path) -> PackReport:
    """Verify a pack on disk, wholly: schemas, digests, keys, references, sums, timetable.

    Raises
    ------
    PackError
        When there is no pack, or it is so incomplete that its content can't be
        looked at. What is found wrong in a readable pack is in the report.
    """
    folder = find_pack(path_or_name)
    manifest = load_manifest(folder)
    arrow = load_tables(folder, manifest)
    problems = find_digest_faults(manifest, arrow)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        pack = arrow_to_pack(manifest, arrow)
        problems += find_content_faults(pack)
    known = {f"{name}.parquet" for name in manifest.table_rows} | {MANIFEST, "derived"}
    problems += [
        f"{item.name}: is not part of the pack" for item in sorted(folder.iterdir()) if item.name not in known
    ]
    return PackReport(folder.resolve(), manifest, tuple(problems), _describe_coverage(pack))


def _describe_coverage(pack: AreaPack) -> str:
    """Say how much of the people's places the streets cover."""
    if pack.walk is None:
        return "no streets"
    if pack.coverage is None or pack.origin_points is None:
        return "streets without a coverage polygon" if pack.coverage is None else "no neighbourhoods"
    points = pack.origin_points
    covered = shapely.union_all(pack.coverage.geometry.to_numpy())
    shapely.prepare(covered)
    inside = shapely.intersects_xy(covered, points["x"].to_numpy(), points["y"].to_numpy())
    without = (~pd.Series(inside).groupby(points["neighbourhood_id"].to_numpy()).any()).sum()
    share = points["residents"][inside].sum() / points["residents"].sum()
    people = "" if np.isnan(share) else f"; {share:.1%} of residents live inside"
    n_areas = points["neighbourhood_id"].nunique()
    return f"streets cover no part of {without} of {n_areas} neighbourhoods{people}"


def describe_report(report: PackReport, today: dt.date) -> str:
    """Return the manifest and the faults in words for a terminal.

    ``today`` is the reader's day: old timetables are test data.
    """
    manifest, timetable = report.manifest, report.manifest.timetable
    share = "no stops" if timetable.completeness is None else f"{timetable.completeness:.1%}"
    lines = [
        f"{manifest.name} ({manifest.area_id}){' - FICTIONAL' if manifest.fictional else ''}",
        f"  folder        {report.path}",
        f"  digest        {manifest.digest}",
        f"  coordinates   {manifest.crs}, time zone {timetable.timezone}",
        f"  walking       {manifest.walk.mode.replace('_', ' ')}"
        + (f", times {manifest.walk.detour_factor:g}" if manifest.walk.mode == "straight_line" else ""),
        f"  coverage      {report.coverage}",
        f"  areas         {manifest.neighbourhood_level or 'none'}"
        + (f", census {manifest.census_year}" if manifest.census_year else ", no counts"),
        f"  service day   {timetable.service_date} ({timetable.service_date_why})",
        f"  timetable     {timetable.first_date} to {timetable.last_date}, "
        f"{timetable.trips_on_service_date:,} trips that day",
        f"  completeness  {share}: "
        f"{timetable.served_stops:,} of {timetable.active_stops:,} active stops are served",
    ]
    why = manifest.why_test_data(today)
    lines.append(f"  decisions     {f'Test data: not for decisions ({why})' if why else 'no reason against'}")
    if timetable.operators_without_service:
        lines.append(f"  no trip then  {', '.join(timetable.operators_without_service)}")
    lines += ["", "Tables"]
    lines += [f"  {name:<16}{rows:>10,} rows" for name, rows in manifest.table_rows.items()]
    lines += ["", "Sources"]
    for source in manifest.sources:
        lines.append(
            f"  {source.part}: {source.title} ({source.date or 'no date'}), {source.owner}, {source.licence}"
        )
        lines.append(f"    {source.file}, {source.size_bytes:,} bytes, sha256 {source.sha256}")
    lines += ["", "Attribution", *(f"  {line}" for line in manifest.licences)]
    if manifest.notes:
        lines += ["", "Notes", *(f"  {note}" for note in manifest.notes)]
    lines += ["", f"Faults found in the raw files ({len(manifest.faults)} kinds)"]
    for fault in manifest.faults:
        example = f" (for example {', '.join(fault.examples[:3])})" if fault.examples else ""
        lines.append(
            f"  {fault.part} [{fault.severity}] {fault.code} x {fault.count:,}: {fault.message}{example}"
        )
    lines += ["", f"The pack itself: {'sound' if not report.problems else 'NOT SOUND'}"]
    lines += [f"  {problem}" for problem in report.problems]
    return "\n".join(lines)
