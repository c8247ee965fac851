"""What is looked for in a timetable, one function a finding."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd
import shapely

from data.areapack import AreaPack, WalkNetwork
from data.report.model import Finding, MapPoint, say_trips

MAX_EXAMPLES = 10
MAX_POINTS = 500
# Faster than this between two stops, even if the minutes were rounded the kindest way, no bus drives.
FASTEST_KMH = {"bus": 113.0, "special_bus": 113.0, "coach": 113.0, "tram": 113.0}
ROUNDING_S = 60
# People don't walk this far over open ground to a stop: the stop, or the street, is misplaced or missing.
FAR_FROM_STREET_M = 100.0


def find_stops_without_service(pack: AreaPack) -> Finding:
    """Stops of the timetable's own list in the area that no trip calls at on any date."""
    stops = pack.stops
    listed = (stops["in_feed"] & stops["in_area"]).to_numpy(bool)
    idle = listed & ~stops["served"].to_numpy(bool)
    return Finding(
        "stops_without_service",
        "Stops without service",
        int(idle.sum()),
        int(listed.sum()),
        "stops of the timetable in the area",
        "The timetable lists these stops, and no trip of any date lets people get on or off there. They "
        "count as no bus.",
        "note" if idle.any() else "ok",
        *_examples(stops, idle),
    )


def find_stops_not_in_feed(pack: AreaPack) -> Finding:
    """Active stops of NaPTAN in the area that the timetable doesn't serve: its completeness."""
    stops = pack.stops
    facts = pack.manifest.timetable
    has_register = not stops["in_feed"].all() or any(
        source.part == "stops" for source in pack.manifest.sources
    )
    title, unit = "Stops that the timetable lacks", "active stops in the area"
    if not has_register:
        return Finding(
            "stops_not_in_feed", title, None, None, unit,
            "No list of stops other than the timetable's own is loaded, so what the timetable lacks isn't "
            "known. Add NaPTAN to the pack.",
            "not_known",
        )  # fmt: skip
    lacking = (stops["active"] & stops["in_area"] & ~stops["in_feed"]).to_numpy(bool)
    share = "not known" if facts.completeness is None else f"{facts.completeness:.1%}"
    return Finding(
        "stops_not_in_feed", title, int(lacking.sum()), int((stops["active"] & stops["in_area"]).sum()), unit,
        f"The register of stops has them as active, and the timetable doesn't know them. The timetable "
        f"serves {facts.served_stops:,} of {facts.active_stops:,} active stops ({share}): where that is well "
        "below all, buses are missing from it, and some people who seem cut off are not.",
        "missing" if lacking.any() else "ok",
        *_examples(stops, lacking),
    )  # fmt: skip


def find_impossible_speeds(pack: AreaPack) -> Finding:
    """Pairs of stops between which some trip would have to go faster than buses do."""
    calls, stops = pack.feed.stop_times, pack.stops
    owner = calls["trip_index"]
    mode = (
        pack.feed.routes.set_index("route_id")["mode"].reindex(pack.feed.trips["route_id"]).to_numpy(object)
    )
    limit = np.array([FASTEST_KMH.get(name, np.inf) for name in mode])
    row = np.flatnonzero(owner[1:] == owner[:-1])
    x, y = stops["x"].to_numpy(float), stops["y"].to_numpy(float)
    one, other = calls["stop_index"][row], calls["stop_index"][row + 1]
    metres = np.hypot(x[one] - x[other], y[one] - y[other])
    took_s = calls["arrival_s"][row + 1].astype(np.int64) - calls["departure_s"][row]
    kmh = metres / (took_s + ROUNDING_S) * 3.6
    timed = ~(calls["interpolated"][row] | calls["interpolated"][row + 1])
    fast = timed & (kmh > limit[owner[row]])
    table = pd.DataFrame(
        {"one": one[fast], "other": other[fast], "metres": metres[fast], "took_s": took_s[fast],
         "trip": owner[row][fast]}
    )  # fmt: skip
    pairs = table.sort_values(["took_s", "trip"], kind="stable").groupby(["one", "other"], sort=False)
    worst = pairs.first().assign(trips=pairs["trip"].nunique()).reset_index()
    worst = worst.sort_values(["metres", "one"], ascending=[False, True], kind="stable")
    trip_ids, names = pack.feed.trips["trip_id"], name_stops(stops)
    examples, points = [], []
    columns = [worst[name].tolist() for name in ("one", "other", "metres", "took_s", "trip", "trips")]
    for here, there, far, seconds, trip, count in zip(*columns, strict=True):
        words = (
            f"{names[here]} to {names[there]}: {far / 1000:.1f} km in {seconds / 60:.0f} min, "
            f"{say_trips(count)}, for example {trip_ids.iloc[trip]}"
        )
        examples.append(words)
        points += [mark_stop(stops, here, words), mark_stop(stops, there, words)]
    return Finding(
        "impossible_speeds", "Speeds that no bus drives", len(worst), None, "pairs of neighbouring stops",
        f"In a straight line, and a minute added for rounded times, these are over "
        f"{FASTEST_KMH['bus']:.0f} km/h: a stop is in the wrong place, or a time is wrong. They are kept as "
        "the source has them.",
        "note" if len(worst) else "ok", tuple(examples[:MAX_EXAMPLES]), tuple(points[:MAX_POINTS]),
    )  # fmt: skip


def find_stops_far_from_streets(pack: AreaPack) -> Finding:
    """Served stops inside the streets' coverage with no street within ``FAR_FROM_STREET_M``."""
    title, unit = "Stops far from any street", "served stops where streets are loaded"
    if pack.walk is None:
        return Finding(
            "stops_far_from_streets", title, None, None, unit,
            "This pack has no streets, so it isn't known.", "not_known",
        )  # fmt: skip
    stops = pack.stops
    x, y = stops["x"].to_numpy(float), stops["y"].to_numpy(float)
    looked_at = stops["served"].to_numpy(bool).copy()
    if pack.coverage is not None and len(pack.coverage):
        area = shapely.union_all(pack.coverage.geometry.to_numpy())
        shapely.prepare(area)
        looked_at &= shapely.intersects_xy(area, x, y)
    rows = np.flatnonzero(looked_at)
    lines = build_lines(pack.walk)
    near = np.zeros(len(rows), bool)
    if len(lines) and len(rows):
        tree = shapely.STRtree(lines)
        found = tree.query(shapely.points(x[rows], y[rows]), predicate="dwithin", distance=FAR_FROM_STREET_M)
        near[np.unique(found[0])] = True
    far = np.zeros(len(stops), bool)
    far[rows[~near]] = True
    return Finding(
        "stops_far_from_streets", title, int(far.sum()), len(rows), unit,
        f"No street or path lies within {FAR_FROM_STREET_M:.0f} m: the stop is in the wrong place, or the "
        "way to it isn't on the map. Nobody is taken to walk there.",
        "note" if far.any() else "ok", *_examples(stops, far),
    )  # fmt: skip


def find_stops_misplaced(pack: AreaPack) -> Finding:
    """Served stops whose place the timetable's trips contradict: very far from all their neighbours."""
    calls, stops = pack.feed.stop_times, pack.stops
    x, y = stops["x"].to_numpy(float), stops["y"].to_numpy(float)
    row = np.flatnonzero(calls["trip_index"][1:] == calls["trip_index"][:-1])
    one, other = calls["stop_index"][row], calls["stop_index"][row + 1]
    mode = (
        pack.feed.routes.set_index("route_id")["mode"].reindex(pack.feed.trips["route_id"]).to_numpy(object)
    )
    local = np.isin(mode[calls["trip_index"][row]], ["bus", "special_bus"])
    one, other = one[local], other[local]
    metres = np.hypot(x[one] - x[other], y[one] - y[other])
    nearest = np.full(len(stops), np.inf)
    np.minimum.at(nearest, one, metres)
    np.minimum.at(nearest, other, metres)
    odd = np.isfinite(nearest) & (nearest > 30_000)
    return Finding(
        "stops_misplaced", "Stops far from every other stop of their buses", int(odd.sum()),
        int(np.isfinite(nearest).sum()), "stops that local buses call at",
        "More than 30 km from the stop before and after on every bus: probably in the wrong place.",
        "note" if odd.any() else "ok", *_examples(stops, odd),
    )  # fmt: skip


def build_lines(walk: WalkNetwork) -> np.ndarray:
    """Return the network's edges as lines, in the pack's CRS."""
    edges = len(walk.u)
    if not edges:
        return np.empty(0, object)
    points = np.column_stack([walk.geometry_x, walk.geometry_y])
    which = np.repeat(np.arange(edges), np.diff(walk.geometry_offset))
    return shapely.linestrings(points, indices=which)


def name_stops(stops: pd.DataFrame) -> list[str]:
    """Return words for each stop: name, indicator and locality, else its street, with the code."""
    words = []
    for stop in stops[["stop_id", "name", "indicator", "street", "locality"]].itertuples(index=False):
        parts = [str(part) for part in (stop.name, stop.indicator) if isinstance(part, str) and part]
        if not isinstance(stop.name, str):
            parts = [f"stop on {stop.street}" if isinstance(stop.street, str) else "unnamed stop"]
        if isinstance(stop.locality, str) and stop.locality:
            parts.append(stop.locality)
        words.append(f"{', '.join(parts)} ({stop.stop_id})")
    return words


def mark_stop(stops: pd.DataFrame, row: int, label: str) -> MapPoint:
    """Return a stop's place on the map with words for it."""
    return MapPoint(round(float(stops["lon"].iloc[row]), 6), round(float(stops["lat"].iloc[row]), 6), label)


def _examples(stops: pd.DataFrame, mask: np.ndarray) -> tuple[tuple[str, ...], tuple[MapPoint, ...]]:
    chosen = stops[mask].sort_values("stop_id", kind="stable").head(MAX_POINTS)
    names = name_stops(chosen)
    return tuple(names[:MAX_EXAMPLES]), tuple(_points(chosen, names))


def _points(stops: pd.DataFrame, labels: Iterable[str]) -> Iterable[MapPoint]:
    return (mark_stop(stops, row, label) for row, label in enumerate(labels))
