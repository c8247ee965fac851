"""One-bus reach by brute force over raw files: an independent check that shares no code with the program.

Timetables are read from the GTFS zip with the csv module, streets from the
OpenStreetMap file with pyosmium into a networkx graph, and every journey is
every trip from each of its calls to each later call. Only definitions are
shared (docs/methods.md); no module of data, geo or layers is imported, so that
a mistake would have to be made twice, in two ways, to go unseen.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import zipfile
import zoneinfo
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import networkx as nx
import osmium
import pyproj
import shapely

TO_GRID = pyproj.Transformer.from_crs("EPSG:4326", "EPSG:27700", always_xy=True)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# Newport's, which its configuration sets apart.
SCHOOL_BUSES = frozenset({"JF1", "YGI2"})
BUSES = {3, 11, *range(700, 710), 711, 713, 714, 716, 800}
NO_STREET = frozenset({
    "motorway", "motorway_link", "construction", "proposed", "planned", "abandoned", "razed", "demolished",
    "disused", "dismantled", "removed", "historic", "no", "none", "raceway", "escape", "emergency_bay",
    "via_ferrata", "elevator", "street_lamp",
})  # fmt: skip
ONLY_WITH_FOOT = frozenset({"trunk", "trunk_link", "bus_guideway", "busway"})
Place = tuple[float, float]


@dataclass(frozen=True)
class Question:
    """What is asked; lengths in millimetres, times in seconds."""

    date: dt.date
    start_s: int = 34_200
    end_s: int = 41_400
    cutoff_s: int = 2_700
    horizon_s: int = 10_800
    slack_s: int = 60
    leg_mm: int = 640_000
    total_mm: int = 1_280_000
    mm_per_h: int = 4_800_000


@dataclass(frozen=True)
class Answer:
    """What is told of one pair; None where there is no way."""

    walk_time_s: int | None
    best_duration_s: int | None
    travel_time_p50_s: int | None
    travel_time_p85_s: int | None
    share_in_reach: float


# ------------------------------------------------------------------ the timetable


def read_table(path: Path, name: str) -> list[dict[str, str]]:
    """Rows of one file of a GTFS zip; none where the file is absent."""
    with zipfile.ZipFile(path) as archive:
        if name not in archive.namelist():
            return []
        with archive.open(name) as raw:
            return list(csv.DictReader(io.TextIOWrapper(raw, "utf-8-sig")))


def clock(text: str) -> int:
    hours, minutes, seconds = text.strip().split(":")
    return int(hours) * 3600 + int(minutes) * 60 + int(seconds)


def day(text: str) -> dt.date:
    return dt.datetime.strptime(text, "%Y%m%d").date()


class RawTimetable:
    """Calls of all trips that run on a date, the day before or the day after, on the date's clock."""

    def __init__(
        self,
        path: Path,
        date: dt.date,
        *,
        without_route: str | None = None,
        days_after: int = 1,
        pupils_only: frozenset[str] = frozenset(),
    ) -> None:
        zone = zoneinfo.ZoneInfo(read_table(path, "agency.txt")[0]["agency_timezone"])
        self.stops = {}
        for row in read_table(path, "stops.txt"):
            if row["stop_lon"].strip() and row["stop_lat"].strip():
                x, y = TO_GRID.transform(float(row["stop_lon"]), float(row["stop_lat"]))
                self.stops[row["stop_id"]] = (round(x, 3), round(y, 3))
        calls: dict[str, list[tuple[int, str, int, int, bool, bool]]] = defaultdict(list)
        for row in read_table(path, "stop_times.txt"):
            if row["stop_id"] in self.stops:
                calls[row["trip_id"]].append(
                    (
                        int(row["stop_sequence"]),
                        row["stop_id"],
                        clock(row["arrival_time"]),
                        clock(row["departure_time"]),
                        (row.get("pickup_type") or "0").strip() != "1",
                        (row.get("drop_off_type") or "0").strip() != "1",
                    )
                )
        calendar = {row["service_id"]: row for row in read_table(path, "calendar.txt")}
        exceptions = {
            (row["service_id"], day(row["date"])): row["exception_type"]
            for row in read_table(path, "calendar_dates.txt")
        }
        agencies = {row.get("agency_id", ""): row["agency_name"] for row in read_table(path, "agency.txt")}
        buses = {
            row["route_id"]: (row["route_short_name"], agencies[row.get("agency_id", "")])
            for row in read_table(path, "routes.txt")
            if int(row["route_type"]) in BUSES and row["route_short_name"] not in pupils_only
        }
        noon = dt.datetime.combine(date, dt.time(12), zone).timestamp()
        self.trips: list[list[tuple[str, int, int, bool, bool]]] = []
        self.names: list[tuple[str, str, str]] = []  # of each trip: number, operator, what the bus shows
        for row in read_table(path, "trips.txt"):
            if row["route_id"] not in buses or row["route_id"] == without_route:
                continue
            ordered = sorted(calls[row["trip_id"]])
            times = [t for call in ordered for t in call[2:4]]
            if any(later < earlier for earlier, later in pairwise(times)):
                continue  # a trip that steps backwards can't be ridden; the importer leaves it out too
            for after in range(-1, days_after + 1):
                other = date + dt.timedelta(days=after)
                if not runs(calendar, exceptions, row["service_id"], other):
                    continue
                shift = round(dt.datetime.combine(other, dt.time(12), zone).timestamp() - noon)
                self.trips.append(
                    [(stop, a + shift, d + shift, on, off) for _, stop, a, d, on, off in ordered]
                )
                self.names.append((*buses[row["route_id"]], row.get("trip_headsign") or ""))


def runs(
    calendar: dict[str, dict[str, str]],
    exceptions: dict[tuple[str, dt.date], str],
    service: str,
    date: dt.date,
) -> bool:
    """Calendar plus added minus removed."""
    if (service, date) in exceptions:
        return exceptions[service, date] == "1"
    week = calendar.get(service)
    if week is None or not day(week["start_date"]) <= date <= day(week["end_date"]):
        return False
    return week[WEEKDAYS[date.weekday()]] == "1"


# ------------------------------------------------------------------ walking


class StraightLines:
    """Walking where there are no streets: straight lines times 1.3."""

    def lengths(self, start: Place, targets: dict[str, Place], _limit_mm: int = 0) -> dict[str, int]:
        """Walks to all targets."""
        return {key: round(math.dist(start, place) * 1.3 * 1000) for key, place in targets.items()}


class RawStreets:
    """Walkable ways of an OpenStreetMap file as a graph between junctions, lengths in millimetres."""

    def __init__(self, path: Path) -> None:
        places: dict[int, Place] = {}
        ways: list[list[int]] = []
        squares: list[list[int]] = []
        for item in osmium.FileProcessor(str(path)).with_locations():
            if item.is_way() and self.walkable(dict(item.tags)):
                nodes = [n for n in item.nodes if n.location.valid()]
                places.update({n.ref: (n.location.lon, n.location.lat) for n in nodes})
                # Where a node is missing the way is interrupted, never bridged.
                piece: list[int] = []
                for n in item.nodes:
                    if n.location.valid():
                        if not piece or piece[-1] != n.ref:
                            piece.append(n.ref)
                    else:
                        ways.append(piece)
                        piece = []
                ways.append(piece)
                if item.tags.get("area") == "yes" and piece[0] == piece[-1] and len(piece) == len(item.nodes):
                    squares.append(piece[:-1])
        self.xy = {}
        for ref, (lon, lat) in places.items():
            x, y = TO_GRID.transform(lon, lat)
            self.xy[ref] = (round(x, 3), round(y, 3))
        for square in squares:
            ways.extend(self._crossings(square))
        uses: dict[int, int] = defaultdict(int)
        for way in ways:
            for i, ref in enumerate(way):
                uses[ref] += 2 if i in (0, len(way) - 1) else 1
        self.graph = nx.MultiGraph()
        self.lines: list[shapely.LineString] = []
        self.edges: list[tuple[int, int, int]] = []
        for way in ways:
            piece = way[:1]
            for ref in way[1:]:
                piece.append(ref)
                if uses[ref] > 1:
                    self._add(piece)
                    piece = [ref]
        # Components are counted in nodes of the map, bends included; under 200 none is stood on.
        part_of = {n: i for i, part in enumerate(nx.connected_components(self.graph)) for n in part}
        nodes_of: dict[int, set[int]] = defaultdict(set)
        for way in ways:
            if len(way) > 1:
                nodes_of[part_of[way[0]]].update(way)
        kept = [i for i, (u, _, _) in enumerate(self.edges) if len(nodes_of[part_of[u]]) >= 200]
        self.edges = [self.edges[i] for i in kept]
        self.lines = [self.lines[i] for i in kept]
        self.tree = shapely.STRtree(self.lines)

    def _crossings(self, square: list[int]) -> list[list[int]]:
        """Straight lines across a square, corner to corner, where they stay inside it."""
        inside = shapely.Polygon([self.xy[ref] for ref in square])
        if not inside.is_valid or len(set(square)) < len(square):
            return []
        lines = []
        for a, one in enumerate(square):
            for other in square[a + 2 :]:
                line = shapely.LineString([self.xy[one], self.xy[other]])
                if {one, other} != {square[0], square[-1]} and inside.covers(line):
                    lines.append([one, other])
        return lines

    def _add(self, refs: list[int]) -> None:
        points = [self.xy[ref] for ref in refs]
        mm = round(1000 * math.fsum(math.dist(a, b) for a, b in pairwise(points)))
        self.graph.add_edge(refs[0], refs[-1], mm=mm)
        self.edges.append((refs[0], refs[-1], mm))
        self.lines.append(shapely.LineString(points))

    @staticmethod
    def walkable(tags: dict[str, str]) -> bool:
        highway, foot = tags.get("highway", ""), tags.get("foot", "")
        if not highway or highway in NO_STREET or foot in ("no", "private"):
            return False
        if tags.get("access") in ("private", "no") and foot not in ("yes", "designated"):
            return False
        if highway in ONLY_WITH_FOOT or tags.get("motorroad") == "yes":
            pavements = [tags.get(f"sidewalk{side}") for side in ("", ":both", ":left", ":right")]
            mapped = any(p in ("both", "left", "right", "yes", "separate") for p in pavements)
            return mapped or foot in ("yes", "designated", "permissive")
        return True

    def snap(self, place: Place) -> tuple[int, int, int]:
        """Edge, millimetres along it and millimetres off it."""
        point = shapely.Point(place)
        edge = int(self.tree.nearest(point))
        line, (_, _, mm) = self.lines[edge], self.edges[edge]
        return edge, round(line.project(point, normalized=True) * mm), round(line.distance(point) * 1000)

    def lengths(self, start: Place, targets: dict[str, Place], limit_mm: int = 1_300_000) -> dict[str, int]:
        """Walks to those targets that are within the limit."""
        edge, along, off = self.snap(start)
        u, v, mm = self.edges[edge]
        self.graph.add_edge("start", u, mm=along)
        self.graph.add_edge("start", v, mm=mm - along)
        found = nx.single_source_dijkstra_path_length(self.graph, "start", cutoff=limit_mm, weight="mm")
        self.graph.remove_node("start")
        result = {}
        for key, place in targets.items():
            if math.dist(start, place) * 1000 > limit_mm:
                continue
            t_edge, t_along, t_off = self.snap(place)
            a, b, t_mm = self.edges[t_edge]
            ways = [found[a] + t_along] if a in found else []
            ways += [found[b] + t_mm - t_along] if b in found else []
            ways += [abs(along - t_along)] if t_edge == edge else []
            if ways:
                result[key] = min(ways) + off + t_off
        return result


# ------------------------------------------------------------------ one pair


def answer(
    timetable: RawTimetable,
    walking: StraightLines | RawStreets,
    question: Question,
    home: Place,
    service: Place,
) -> Answer:
    """Try every trip from each of its calls to each later call."""
    q = question

    def seconds(mm: int) -> int:
        return -(-mm * 3600 // q.mm_per_h)

    from_home = walking.lengths(home, {**timetable.stops, "the service itself": service})
    from_service = walking.lengths(service, timetable.stops)
    direct = from_home.pop("the service itself", None)
    access = {stop: mm for stop, mm in from_home.items() if mm <= q.leg_mm}
    egress = {stop: mm for stop, mm in from_service.items() if mm <= q.leg_mm}
    journeys = set()
    for trip in timetable.trips:
        for i, (board, _, departs, may_board, _) in enumerate(trip):
            if not may_board or board not in access:
                continue
            for alight, arrives, _, _, may_alight in trip[i + 1 :]:
                if may_alight and alight in egress and access[board] + egress[alight] <= q.total_mm:
                    leave = departs - q.slack_s - seconds(access[board])
                    journeys.add((leave, arrives + seconds(egress[alight])))
    walk = seconds(direct) if direct is not None and direct <= q.total_mm else None
    durations = [arrive - leave for leave, arrive in journeys if q.start_s <= leave <= q.end_s]
    best = min([*durations, *([walk] if walk is not None else [])], default=None)
    usable = [j for j in journeys if q.start_s <= j[0] <= q.end_s + q.horizon_s]
    longest = []  # over each second (n, n + 1] of the window
    for n in range(q.start_s, q.end_s):
        arrival = min((arrive for leave, arrive in usable if leave > n), default=None)
        options = [*([arrival - n] if arrival is not None else []), *([walk] if walk is not None else [])]
        if options:
            longest.append(min(options))
    longest.sort()
    width = q.end_s - q.start_s

    def percentile(p: int) -> int | None:
        needed = math.ceil(p * width / 100)
        return longest[needed - 1] if needed <= len(longest) else None

    return Answer(walk, best, percentile(50), percentile(85), sum(t <= q.cutoff_s for t in longest) / width)


def reachable_by_two(
    timetable: RawTimetable,
    walking: StraightLines | RawStreets,
    question: Question,
    home: Place,
    service: Place,
) -> bool:
    """Say whether two trips do it: every first trip, every way to change, every second trip."""
    q = question

    def seconds(mm: int) -> int:
        return -(-mm * 3600 // q.mm_per_h)

    access = {s: mm for s, mm in walking.lengths(home, timetable.stops).items() if mm <= q.leg_mm}
    egress = {s: mm for s, mm in walking.lengths(service, timetable.stops).items() if mm <= q.leg_mm}
    seconds_from: dict[str, list[tuple[int, int, int, int]]] = defaultdict(list)
    for number, trip in enumerate(timetable.trips):
        for i, (board, _, departs, may_board, _) in enumerate(trip):
            for alight, arrives, _, _, may_alight in trip[i + 1 :]:
                if may_board and may_alight and alight in egress and departs >= q.start_s:
                    home_s = arrives + seconds(egress[alight])
                    seconds_from[board].append((number, departs, home_s, egress[alight]))
    firsts: dict[str, set[tuple[int, int, int, int]]] = defaultdict(set)
    for number, trip in enumerate(timetable.trips):
        for i, (board, _, departs, may_board, _) in enumerate(trip):
            leave = departs - q.slack_s - seconds(access.get(board, 0))
            if not may_board or board not in access or not q.start_s <= leave <= q.end_s:
                continue
            for alight, arrives, _, _, may_alight in trip[i + 1 :]:
                if may_alight and arrives <= leave + q.cutoff_s:
                    firsts[alight].add((number, leave, arrives, access[board]))
    change_mm = min(q.leg_mm, 400_000)
    boardable = {stop: timetable.stops[stop] for stop in seconds_from}
    for stop, reached in firsts.items():
        place = timetable.stops[stop]
        close = {s: xy for s, xy in boardable.items() if math.dist(place, xy) * 1000 <= change_mm}
        if not close:
            continue
        near = walking.lengths(place, close, change_mm + 1) if set(close) - {stop} else {}
        near = {s: mm for s, mm in near.items() if mm <= change_mm}
        if stop in boardable:
            near[stop] = 0
        for other, walked in near.items():
            for first, leave, arrives, access_mm in reached:
                ready = arrives + 120 + seconds(walked)
                for second, departs, at_service, egress_mm in seconds_from[other]:
                    if (
                        second != first
                        and departs >= ready
                        and at_service - leave <= q.cutoff_s
                        and access_mm + walked + egress_mm <= q.total_mm
                    ):
                        return True
    return False
