"""Isochrones: the value of a cell against the slow reference, and what a band may hold."""

from __future__ import annotations

import dataclasses
import math

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from data.errors import QueryError
from geo.bands import build_band
from geo.cells import CELL_M, Cells, Grid, build_street_cells, find_neighbours, get_street_cells
from geo.engine import Engine
from geo.isochrone import compute_cell_values
from geo.places import make_place, resolve_place
from geo.profile import NONE
from geo.query import Query, WalkSettings
from geo.snap import snap_points
from geo.straightline import StraightLine
from geo.walkgraph import build_walk_graph
from tests import reference
from tests.reference_walk import AmbiguousTown
from tests.strategies import questions
from tests.towns import ORIGIN, build_town, point, route, service, street, trip

CUTOFFS_S = (300, 900, 2700)


def values_of(engine: Engine, query: Query, place, statistics):
    origin = snap_points(engine.graph(query.walk.avoid_steps), [place.x], [place.y], coverage=engine.coverage)
    return compute_cell_values(engine, query, origin, max(CUTOFFS_S), statistics)


@settings(max_examples=25)
@given(questions(), st.integers(0, 2**32 - 1))
def test_cell_values_equal_the_reference(question, seed: int) -> None:
    spec, query = question
    pack = spec.build()
    query = dataclasses.replace(query, boardings=1)
    engine = Engine(pack)
    home = resolve_place(pack, "P0")
    if engine.snap(query.walk.avoid_steps, pack.origin_points[:1]).outside[0]:
        bands = engine.isochrones(query, home, CUTOFFS_S)
        assert bands.geometry.isna().all(), "outside the data nothing is known"
        return
    statistics = ("best", *query.percentiles)
    values = values_of(engine, query, home, statistics)
    # Reached and unreached cells alike, those at the ends of rides among them.
    rng = np.random.default_rng(seed)
    reached = np.flatnonzero(values.by_statistic["best"] < NONE)
    chosen = np.unique(
        np.concatenate(
            [
                rng.choice(rows, min(len(rows), 6), replace=False)
                for rows in (reached, np.arange(len(values.cells.flat)))
            ]
        )
    )
    x, y = values.cells.points.x[chosen], values.cells.points.y[chosen]
    places = {("c", str(k)): (x[k], y[k]) for k in range(len(chosen))} | {("o", "o"): (home.x, home.y)}
    try:
        town = reference.build_reference(pack, query, places)
    except AmbiguousTown:
        reject()
    for k, cell in enumerate(chosen.tolist()):
        found = list(reference.rides(town, ("o", "o"), ("c", str(k))))
        walk_s = reference.walk_all_the_way_s(town, ("o", "o"), ("c", str(k)))
        durations = [r.duration_s for r in found if reference.in_window(town, r.leave_s)]
        expected: dict = {"best": min([*durations, *([] if walk_s is None else [walk_s])], default=None)}
        for p in query.percentiles:
            exact = reference.exact_percentile(query, found, walk_s, p)
            expected[p] = None if exact is None else math.ceil(exact)
        for statistic in statistics:
            got, want = int(values.by_statistic[statistic][cell]), expected[statistic]
            # Past the longest cut-off a value may be left out.
            if want is None or want > max(CUTOFFS_S):
                assert got > max(CUTOFFS_S), (statistic, cell)
            else:
                assert got == want, (statistic, cell)


def grid_cells(mask: np.ndarray, seed: int = 0, linked: float = 1.0) -> Cells:
    """Cells of a mask; neighbours are linked with this probability."""
    rows, columns = mask.shape
    grid = Grid(8000, 6000, columns, rows)
    flat = np.flatnonzero(mask.ravel()).astype(np.int32)
    rng = np.random.default_rng(seed)
    east, north = find_neighbours(grid, flat)
    x, y = grid.centres(flat)
    points = snap_points(StraightLine(), x, y)
    return Cells(
        grid, flat, points,
        (east >= 0) & (rng.random(len(flat)) <= linked), (north >= 0) & (rng.random(len(flat)) <= linked),
    )  # fmt: skip


@settings(max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(1, 14), st.integers(1, 14), st.sampled_from([1.0, 0.8, 0.0]))
def test_bands_hold_their_cells_and_little_else(seed: int, rows: int, columns: int, linked: float) -> None:
    rng = np.random.default_rng(seed)
    cells = grid_cells(rng.random((rows, columns)) < 0.85, seed, linked)
    if len(cells.flat) == 0:
        return
    value = rng.integers(0, 4, len(cells.flat))
    before = shapely.MultiPolygon()
    for cutoff in range(-1, 4):
        inside = value <= cutoff
        band = build_band(cells, inside)
        assert band.is_valid and isinstance(band, shapely.MultiPolygon)
        centres = shapely.points(cells.points.x, cells.points.y)
        assert shapely.contains(band, centres[inside]).all()
        assert not shapely.intersects(band, centres[~inside]).any()
        # Every point lies within half a cell east or west and north or south of
        # such a centre, so within 35 m; the rule allows a cell, 50 m.
        half = CELL_M / 2
        x, y = cells.points.x[inside], cells.points.y[inside]
        assert (
            band.difference(shapely.union_all(shapely.box(x - half, y - half, x + half, y + half))).area
            < 1e-6
        )
        assert before.difference(band).area < 1e-6, "bands nest"
        before = band


def test_unlinked_neighbours_are_not_joined() -> None:
    cells = grid_cells(np.ones((2, 2), dtype=bool), linked=0.0)
    assert len(build_band(cells, np.ones(4, dtype=bool)).geoms) == 4
    cells = grid_cells(np.ones((2, 2), dtype=bool))
    assert len(build_band(cells, np.ones(4, dtype=bool)).geoms) == 1


def test_a_river_is_not_bridged() -> None:
    # Two streets 80 m apart that meet 2 km away: a river runs between them.
    streets = [street((0, 0), (0, 600)), street((80, 0), (80, 600)), street((0, 600), (40, 2600), (80, 600))]
    pack = build_town(streets=streets, stops={"A": (0, 0)}, points=[point("home", 0, 25)], services=[])
    engine = Engine(pack)
    home = resolve_place(pack, "home")
    band = engine.isochrones(Query(), home, [420]).geometry[0]
    cells = build_street_cells(pack, engine.graph(False))
    # Everything reached is nearest to the western street, and nothing else is.
    assert band.bounds[2] - ORIGIN[0] <= 40 + CELL_M
    assert len(band.geoms) == 1
    # With both banks reached there is a gap between them, all along the river.
    west = cells.points.x - ORIGIN[0] < 40
    south = cells.points.y - ORIGIN[1] < 450
    both = build_band(cells, south)
    assert len(both.geoms) == 2
    assert build_band(cells, south & west).area + build_band(cells, south & ~west).area == pytest.approx(
        both.area
    )


@pytest.mark.parametrize(("kind", "parts"), [("water", 2), ("rail", 2), ("green", 2), ("pond", 1)])
def test_gardens_part_nobody_where_the_water_is_known(kind: str, parts: int) -> None:
    # The same two streets; between them a stream or a railway, which part them,
    # or gardens, which don't, once the pack knows where its water is (a pond far away).
    streets = [street((0, 0), (0, 600)), street((80, 0), (80, 600)), street((0, 600), (40, 2600), (80, 600))]
    pack = build_town(streets=streets, stops={"A": (0, 0)}, points=[point("home", 0, 25)])
    line = shapely.LineString([(40, -200), (40, 1500)]) if kind != "pond" else shapely.box(900, 0, 950, 50)
    line = shapely.transform(line, lambda xy: xy + np.array(ORIGIN))
    ground = gpd.GeoDataFrame(
        {"kind": [kind if kind != "pond" else "water"], "name": [None]}, geometry=[line]
    )
    pack = dataclasses.replace(pack, ground=ground.set_crs(pack.crs))
    cells = build_street_cells(pack, build_walk_graph(pack.walk, avoid_steps=False))
    south = cells.points.y - ORIGIN[1] < 450
    assert len(build_band(cells, south).geoms) == parts


def test_cells_in_water_are_left_out() -> None:
    streets = [street((0, 0), (1000, 0))]
    pack = build_town(streets=streets, stops={"A": (0, 0)}, points=[point("home", 0, 0)])
    dry = build_street_cells(pack, build_walk_graph(pack.walk, avoid_steps=False))
    pond = shapely.box(ORIGIN[0] + 200, ORIGIN[1] + 30, ORIGIN[0] + 400, ORIGIN[1] + 200)
    ground = gpd.GeoDataFrame({"kind": ["water"], "name": [None]}, geometry=[pond], crs=pack.crs)
    pack = dataclasses.replace(pack, ground=ground)
    wet = build_street_cells(pack, build_walk_graph(pack.walk, avoid_steps=False))
    assert 0 < len(wet.flat) < len(dry.flat)
    assert not shapely.intersects_xy(pond, wet.points.x, wet.points.y).any()
    assert wet.points.off_network_mm.max() <= 100_000


LONG_ROAD = [street((0, 0), (6000, 0), name="Long Road")]


def bus_town(streets=LONG_ROAD):
    return build_town(
        streets=streets,
        stops={"A": (100, 0), "B": (5000, 0)},
        routes=[route("1", trip(("A", "09:40"), ("B", "09:50")), trip(("A", "10:40"), ("B", "10:50")))],
        points=[point("home", 0, 0)],
        services=[service("clinic", 5200, 0)],
    )


@pytest.mark.parametrize("streets", [LONG_ROAD, None])
def test_cut_offs_are_inclusive_and_nest(streets) -> None:
    pack = bus_town(streets)
    engine, home = Engine(pack), resolve_place(pack, "home")
    values = values_of(engine, Query(), home, ("best",))
    far = np.flatnonzero(values.cells.points.x > ORIGIN[0] + 4000)
    nearest = int(values.by_statistic["best"][far].min())
    bands = engine.isochrones(Query(), home, [nearest - 1, nearest, 3600]).geometry
    beyond = shapely.box(ORIGIN[0] + 4000, ORIGIN[1] - 900, ORIGIN[0] + 7000, ORIGIN[1] + 900)
    assert bands[0].intersection(beyond).is_empty
    assert not bands[1].intersection(beyond).is_empty
    assert bands[1].difference(bands[0]).area > 0 and bands[2].difference(bands[1]).area > 0
    assert bands[0].difference(bands[1]).area < 1e-6 and bands[1].difference(bands[2]).area < 1e-6


def test_turning_up_reaches_less_than_looking_it_up() -> None:
    pack = bus_town()
    engine, home = Engine(pack), resolve_place(pack, "home")
    bands = engine.isochrones(Query(), home, [2700], statistics=("best", 10, 50, 85))
    assert bands["statistic"].tolist() == ["best", "p10", "p50", "p85"]
    areas = bands.geometry.area.tolist()
    assert areas == sorted(areas, reverse=True) and areas[0] > areas[-1]


def test_limits_of_what_may_be_asked() -> None:
    pack = bus_town()
    engine, home = Engine(pack), resolve_place(pack, "home")
    for query, cutoffs in ((Query(boardings=2), [900]), (Query(), []), (Query(), [30])):
        with pytest.raises(QueryError):
            engine.isochrones(query, home, cutoffs)


def test_outside_the_data_is_null_and_no_reach_is_empty() -> None:
    pack = bus_town()
    engine = Engine(pack)
    lon, lat = pack.origin_points.iloc[0][["lon", "lat"]]
    away = make_place(pack, lon, lat + 0.01)
    assert engine.isochrones(Query(), away, [900]).geometry.isna().all()
    nowhere = engine.isochrones(Query(walk=WalkSettings(max_walk_m=0)), resolve_place(pack, "home"), [900])
    assert nowhere.geometry[0].is_empty and not nowhere.geometry.isna()[0]


def test_kept_walks_change_no_answer(tmp_path) -> None:
    pack = bus_town().in_folder(tmp_path)
    query, home = Query(), resolve_place(pack, "home")

    def ask(pack):
        engine = Engine(pack)
        return engine.isochrones(
            query, home, CUTOFFS_S, statistics=("best", 50)
        ).geometry.to_wkb().tolist(), engine

    plain, _ = ask(dataclasses.replace(pack))
    first, engine = ask(pack)
    files = [file for file in engine.prepare(query) if file.name.startswith("cells-")]
    assert [file.parent for file in files] == [tmp_path / "derived"] and first == plain
    assert ask(pack)[0] == plain
    whole = files[0].read_bytes()
    for broken in (b"", whole[: len(whole) // 2], whole[:-200] + b"x" * 200, b"not an archive"):
        files[0].write_bytes(broken)
        assert ask(pack)[0] == plain
        assert files[0].read_bytes() != broken, "rebuilt"
    # Other walks are kept apart, and nothing is left half written.
    Engine(pack).prepare(Query(walk=WalkSettings(max_walk_m=400)))
    names = [file.name for file in (tmp_path / "derived").iterdir()]
    assert sum(name.startswith("cells-") for name in names) == 2
    assert not any(name.startswith(".") for name in names)


def test_a_folder_that_cannot_be_written_is_no_fault(tmp_path) -> None:
    (tmp_path / "derived").write_text("a file where the folder should be")
    pack = bus_town().in_folder(tmp_path)
    engine = Engine(pack)
    assert engine.prepare(Query()) == []
    assert not engine.isochrones(Query(), resolve_place(pack, "home"), [900]).geometry[0].is_empty


def test_cells_are_worked_out_once() -> None:
    engine = Engine(bus_town())
    first = get_street_cells(engine, WalkSettings())
    assert get_street_cells(engine, WalkSettings())[1] is first[1]
    assert get_street_cells(engine, WalkSettings(speed_kmh=3.6))[1] is first[1], "speed changes no length"
    assert get_street_cells(engine, WalkSettings(max_walk_m=400))[1] is not first[1]
