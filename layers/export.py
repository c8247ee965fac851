"""Exports: neighbourhoods, gap, reach and isochrones, with all that made them inside."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import geopandas as gpd
import pandas as pd

from data import schema
from data.errors import ExportError
from geo.engine import Engine
from geo.people import compute_neighbourhood_reach
from geo.places import resolve_place
from geo.progress import Progress
from geo.query import Query
from geo.roundtrip_words import describe_round_trip
from geo.tables import (
    GAP_COLUMNS,
    ISOCHRONE_COLUMNS,
    WHY_COLUMNS,
    GapTable,
    describe_reach,
)
from geo.timeofday import choose_times, describe_times
from geo.when import compute_when, describe_time_columns
from geo.write import (
    FEATURE_SUFFIXES,
    TABLE_SUFFIXES,
    build_metadata,
    check_target,
    write_features,
    write_table,
)
from layers.circumstances import EXPORT_COLUMNS as INDICATOR_COLUMNS
from layers.circumstances import build_export as build_indicators
from layers.measures import ALL, ANY_CATEGORY, gap_rows
from layers.planner import list_kinds
from layers.there_and_back import (
    ThereAndBack,
    compute_points,
    say_sessions,
    weigh_neighbourhoods,
)
from layers.words import say_title

Part = Literal["gap", "reach", "neighbourhoods", "isochrones", "indicators", "times", "why"]
PARTS: tuple[Part, ...] = ("neighbourhoods", "gap", "reach", "isochrones", "indicators")
# Times of day take five computations, so they are there for whoever asks.
ALL_PARTS: tuple[Part, ...] = (*PARTS, "times", "why")
TABLE_PARTS: tuple[Part, ...] = ("gap", "reach", "indicators", "times", "why")
DEFAULT_PARTS: dict[str, tuple[Part, ...]] = {
    ".gpkg": PARTS,
    ".geojson": ("neighbourhoods",),
    ".parquet": ("gap",),
    ".csv": ("gap",),
}
CUTOFFS_S = (900, 1800, 2700, 3600)
TITLES: dict[Part, str] = {
    "gap": "No service within one bus, by category, group and area",
    "reach": "Reach of every service from every neighbourhood",
    "neighbourhoods": "Neighbourhoods with people in reach and with no service within one bus",
    "isochrones": "Land in reach by walking and one bus",
    "times": "When each category is in reach, by neighbourhood",
    "indicators": "Age, English, cars and deprivation of neighbourhoods",
    "why": "What would bring a category within reach, by neighbourhood",
}
_HEADLINE = (
    "people",
    "in_reach",
    "in_reach_assumed",
    "cut_off",
    "not_known",
    "share_cut_off",
    "share_not_known",
    "small_count",
    "small_base",
)


@dataclass(frozen=True)
class ExportRequest:
    """What to export.

    Attributes
    ----------
    parts : tuple of str
        Of ``PARTS``; several only in a GeoPackage.
    origins : tuple of str, or None
        Neighbourhoods (or other places) to draw isochrones from; None: every neighbourhood.
    cutoffs_s : tuple of int
        Bands of the isochrones.
    statistics : tuple
        "best", or percentiles.
    trip : ThereAndBack, optional
        Gap, reach and neighbourhoods count what can be gone to and come home from; None: getting there.
    times_of_day : bool
        Gap and neighbourhoods have columns of the five times of the week too.
    """

    query: Query
    parts: tuple[Part, ...]
    origins: tuple[str, ...] | None = None
    cutoffs_s: tuple[int, ...] = CUTOFFS_S
    statistics: tuple[int | Literal["best"], ...] = ("best",)
    trip: ThereAndBack | None = None
    times_of_day: bool = False


def choose_parts(out: Path, wanted: Sequence[Part]) -> tuple[Part, ...]:
    """The parts a file will hold: those wanted, else what suits its format.

    Raises
    ------
    ExportError
        The format can't hold them.
    """
    check_target(out, FEATURE_SUFFIXES)
    suffix = out.suffix.lower()
    parts = tuple(dict.fromkeys(wanted)) or DEFAULT_PARTS[suffix]
    if len(parts) > 1 and suffix != ".gpkg":
        raise ExportError(
            f"{out.name}: {suffix} holds one part; use .gpkg for {', '.join(parts)}, or choose one."
        )
    if parts[0] in TABLE_PARTS and suffix not in (*TABLE_SUFFIXES, ".gpkg"):
        raise ExportError(f"{out.name}: {parts[0]} has no geometry; use .csv, .parquet or .gpkg.")
    return parts


def export_pack(
    engine: Engine, request: ExportRequest, out: Path, *, today: dt.date, progress: Progress
) -> None:
    """Compute the parts and write them.

    Parameters
    ----------
    today : date
        The reader's day, by which "Test data: not for decisions" is judged.
    progress : callable
        Told how much is done (0 to 1) and what is being done.

    Raises
    ------
    ExportError, QueryError
    """
    parts = choose_parts(out, request.parts)
    engine = engine.under(request.query.scenario)
    layers = build_parts(engine, request, parts, progress=progress)
    progress(0.95, f"writing {out.name}")
    manifest = engine.pack.manifest
    title = " · ".join(TITLES[part] for part in parts)
    columns = _describe_columns(layers, request)
    when = None if request.trip is None else say_sessions(request.trip)
    metadata = build_metadata(
        manifest, say_title(title, request.query, manifest, when), query=request.query,
        service_date=engine.service_date(request.query), today=today, columns=columns,
    )  # fmt: skip
    if "times" in parts or request.times_of_day:
        metadata["times"] = describe_times(choose_times(engine, request.query))
    if request.trip is not None:
        metadata["round_trip"] = describe_round_trip(request.trip.settings, request.trip.day)
    only = layers[parts[0]]
    if out.suffix.lower() == ".gpkg":
        write_features(layers, out, metadata)
    elif isinstance(only, gpd.GeoDataFrame):
        write_features(only, out, metadata)
    else:
        write_table(only, out, metadata)
    progress(1.0, "done")


def build_parts(
    engine: Engine, request: ExportRequest, parts: Sequence[Part], *, progress: Progress
) -> dict[Part, gpd.GeoDataFrame | pd.DataFrame]:
    """Each part as a frame, in the order of ``PARTS``."""
    query, pack = request.query, engine.pack
    built: dict[Part, gpd.GeoDataFrame | pd.DataFrame] = {}
    gap: GapTable | None = None
    nowhere = engine.venues is None or engine.venues.empty
    if nowhere and (lost := [part for part in parts if part in ("gap", "reach", "times", "why")]):
        raise ExportError(
            f"{pack.manifest.name} has no services or places at a known venue, and so no {', '.join(lost)}; "
            "choose other parts (--what neighbourhoods,isochrones), or load a register when building it."
        )
    if {"gap", "reach", "neighbourhoods"} & set(parts) and not nowhere:
        progress(0.0, "working out reach")
        points = compute_points(engine, query, request.trip, lambda done, what: progress(0.2 * done, what))
        if "reach" in parts:
            weigh = compute_neighbourhood_reach if request.trip is None else weigh_neighbourhoods
            table = points if pack.neighbourhoods is None else weigh(points, pack)
            built["reach"] = table.frame
        if pack.neighbourhoods is not None:
            progress(0.2, "adding up people")
            gap = engine.gap(query, points=points)
    if "gap" in parts:
        if gap is None:
            raise ExportError(f"{pack.manifest.name} has no neighbourhoods, so it has no gap table.")
        built["gap"] = gap.frame
    if "neighbourhoods" in parts:
        built["neighbourhoods"] = build_neighbourhoods(engine, gap)
    if "times" in parts or (request.times_of_day and {"gap", "neighbourhoods"} & set(parts)):
        _add_times(engine, request, parts, built, progress)
    if "isochrones" in parts:
        built["isochrones"] = build_isochrones(engine, request, progress=progress)
    if "indicators" in parts:
        known = build_indicators(pack)
        if known is not None:
            built["indicators"] = known
        elif tuple(parts) == ("indicators",):
            raise ExportError(f"{pack.manifest.name} has no tables of age, English, cars or deprivation.")
    if "why" in parts:
        progress(0.3, "working out what would change it")
        settings, day = (None, None) if request.trip is None else (request.trip.settings, request.trip.day)
        built["why"] = engine.why(query, settings, day=day).frame
    return {part: built[part] for part in ALL_PARTS if part in built}


def _add_times(
    engine: Engine,
    request: ExportRequest,
    parts: Sequence[Part],
    built: dict[Part, gpd.GeoDataFrame | pd.DataFrame],
    progress: Progress,
) -> None:
    """Put the table of times among the parts, and their columns to gap and neighbourhoods."""
    table = compute_when(
        engine,
        request.query,
        progress=lambda done, what: progress(0.2 + 0.05 * done, f"times of day: {what}"),
    )
    if "times" in parts:
        built["times"] = table.frame
    if not request.times_of_day:
        return
    if "gap" in built and table.gap is not None:
        # Both are the gap of the same pack, row for row.
        added = table.gap[[name for name in table.gap if name not in built["gap"]]]
        built["gap"] = pd.concat([built["gap"], added], axis=1)
    if "neighbourhoods" in built and engine.pack.services is not None:
        hoods = built["neighbourhoods"]
        kind = list_kinds(engine.pack)[0]
        rows = table.frame[(table.frame["kind"] == kind) & (table.frame["category"] == ANY_CATEGORY)]
        rows = rows.set_index("neighbourhood_id").reindex(hoods["neighbourhood_id"]).reset_index(drop=True)
        added = rows.drop(columns=["kind", "category"]).add_prefix("any_")
        built["neighbourhoods"] = gpd.GeoDataFrame(
            pd.concat([hoods.drop(columns="geometry"), added], axis=1), geometry=hoods.geometry, crs=hoods.crs
        )


def _describe_columns(
    layers: dict[Part, gpd.GeoDataFrame | pd.DataFrame], request: ExportRequest
) -> dict[str, str]:
    """What each column of a file holds; of a name that two layers have, what it is in the first."""
    hoods = {column.name: column.doc or column.name for column in schema.NEIGHBOURHOODS.columns}
    hoods |= {f"any_{name}": f"any category of any_kind: {GAP_COLUMNS[name]}" for name in _HEADLINE}
    hoods["any_kind"] = "service or place: what the columns any_ are about"
    level = "neighbourhood" if "share_in_reach_people" in layers.get("reach", ()) else "point"
    known: dict[Part, dict[str, str]] = {
        "neighbourhoods": hoods,
        "gap": GAP_COLUMNS,
        "reach": describe_reach(request.query, level, there_and_back=request.trip is not None),
        "isochrones": ISOCHRONE_COLUMNS,
        "indicators": INDICATOR_COLUMNS,
        "times": {name: WHY_COLUMNS[name] for name in ("neighbourhood_id", "kind", "category")},
        "why": WHY_COLUMNS,
    }
    times = describe_time_columns()
    words: dict[str, str] = {}
    for part, layer in layers.items():
        for name in map(str, layer):
            if name != "geometry" and name not in words:
                words[name] = known[part].get(name) or times[name]
    return words


def build_neighbourhoods(engine: Engine, gap: GapTable | None) -> gpd.GeoDataFrame:
    """Neighbourhoods with the totals for all residents and any category of the pack's first kind."""
    pack = engine.pack
    if pack.neighbourhoods is None:
        raise ExportError(f"{pack.manifest.name} has no neighbourhoods.")
    hoods = pack.neighbourhoods.reset_index(drop=True)
    kinds = list_kinds(pack)
    if gap is None or not kinds:
        return hoods
    rows = gap_rows(gap, "neighbourhood", kinds[0], ANY_CATEGORY, ALL).reindex(hoods["neighbourhood_id"])
    added = rows[list(_HEADLINE)].reset_index(drop=True).add_prefix("any_")
    added["any_kind"] = kinds[0]
    return gpd.GeoDataFrame(
        pd.concat([hoods.drop(columns="geometry"), added], axis=1),
        geometry=hoods.geometry.to_numpy(),
        crs=hoods.crs,
    )


def build_isochrones(engine: Engine, request: ExportRequest, *, progress: Progress) -> gpd.GeoDataFrame:
    """Isochrones of the chosen places, or of every neighbourhood, one below the other."""
    pack = engine.pack
    origins = request.origins
    if origins is None:
        if pack.neighbourhoods is None:
            raise ExportError(f"{pack.manifest.name} has no neighbourhoods: name places with --origins.")
        origins = tuple(pack.neighbourhoods["neighbourhood_id"])
    if not origins:
        raise ExportError("No place was chosen to draw isochrones from.")
    drawn = []
    for number, origin in enumerate(origins):
        progress(0.25 + 0.7 * number / len(origins), f"isochrone {number + 1} of {len(origins)}")
        place = resolve_place(pack, origin)
        drawn.append(
            engine.isochrones(request.query, place, request.cutoffs_s, statistics=request.statistics)
        )
    return gpd.GeoDataFrame(pd.concat(drawn, ignore_index=True), geometry="geometry", crs=drawn[0].crs)
