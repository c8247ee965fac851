"""Why a category is not in reach of a neighbourhood: the cheapest single thing that would change it.

Definitions: docs/methods.md, "Why".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from rapidfuzz import process, utils

from data.errors import PackError, QueryError
from geo.gap import ANY_CATEGORY, count_groups, find_states
from geo.people import find_points
from geo.places import resolve_place
from geo.progress import Progress, no_progress
from geo.query import Query
from geo.reasons import CLASS_CODE
from geo.roundtrip import RoundTripSettings, plan_round_trips
from geo.service_names import tell_services_apart
from geo.sessions import PlannedSession
from geo.tables import WHY_COLUMNS, ReachTable, WhyTable
from geo.thereandback import compute_there_and_back
from geo.why_bus import LaterBuses
from geo.why_cell import Cell
from geo.why_search import (
    Remedies,
    ask_sessions,
    ask_window,
    compute_remedies,
    widen_query,
)
from geo.why_second_bus import find_two_buses_there, find_two_buses_there_and_back
from geo.why_words import say_why

if TYPE_CHECKING:
    from geo.engine import Engine

_EPSILON = 1e-9


@dataclass(frozen=True)
class _Cells:
    """What is asked about: points (rows of the pack's), services, categories, and who is cut off.

    ``cut_off`` is bool[categories, points]; ``column`` the number of each service's
    category among ``categories`` that are not "any".
    """

    points: np.ndarray
    service_ids: list[str]
    categories: pd.DataFrame
    in_reach: np.ndarray
    cut_off: np.ndarray
    column: np.ndarray
    members: list[np.ndarray]  # of each category, numbers of columns


def compute_why(
    engine: Engine,
    query: Query,
    settings: RoundTripSettings | None = None,
    *,
    day: int | None = None,
    neighbourhood_ids: Sequence[str] | None = None,
    category: str | None = None,
    kind: str | None = None,
    points: ReachTable | None = None,
    progress: Progress = no_progress,
) -> WhyTable:
    """Say what would bring each category within reach of the people of a neighbourhood who have none.

    Parameters
    ----------
    settings : RoundTripSettings, optional
        There and back inside session times; None: getting there.
    day : int, optional
        Of there and back: only sessions on this weekday, 0 Monday.
    neighbourhood_ids : sequence of str, optional
        None: all of the pack's.
    category, kind : str, optional
        Only this category ('*' is any), only services or only places.
    points : ReachTable, optional
        Reach by point of the same question and neighbourhoods, where it is there already.

    Returns
    -------
    WhyTable
        One row (``geo.tables.WHY_COLUMNS``) for each neighbourhood and category of
        which some people have none in reach, in the order of the pack and the gap table.

    Raises
    ------
    QueryError
        No such neighbourhood, category, date or session.
    PackError
        The pack has no neighbourhoods or services.
    """
    pack = engine.pack
    own, hoods = pack.origin_points, pack.neighbourhoods
    if own is None or own.empty or hoods is None:
        raise PackError(f"{pack.manifest.name} has no neighbourhoods, so there is nobody to ask why about.")
    chosen = _choose_neighbourhoods(engine, neighbourhood_ids)
    _check_category(engine, kind, category)
    rows = np.flatnonzero(own["neighbourhood_id"].isin(chosen).to_numpy())
    every = len(rows) == len(own)
    part = None if every else own.iloc[rows].rename(columns={"point_id": "id"}).reset_index(drop=True)
    progress(0.0, "reach")
    if points is None:
        points = (
            engine.reach(query, level="point", origins=part)
            if settings is None
            else compute_there_and_back(engine, query, settings, day=day, origins=part)
        )
    cells = _list_cells(engine, query, points, kind, category)
    progress(0.3, "walks and cut-offs")
    records: list[dict[str, Any]] = []
    if cells.cut_off.any():
        found = Search(engine, replace(query, boardings=1), settings, day, cells, points, progress)
        records = list(_describe_all(engine, found, hoods, own, chosen))
    progress(1.0, "done")
    frame = pd.DataFrame({name: _column(name, [one[name] for one in records]) for name in WHY_COLUMNS})
    return WhyTable(
        frame, query, settings is not None, points.service_date, engine.pack.area_id, engine.pack.digest
    )


class Search:
    """Everything that is looked up once for all cells."""

    def __init__(
        self,
        engine: Engine,
        query: Query,
        settings: RoundTripSettings | None,
        day: int | None,
        cells: _Cells,
        points: ReachTable,
        progress: Progress,
    ) -> None:
        self.engine, self.query, self.settings, self.cells = engine, query, settings, cells
        wide = engine.inputs(widen_query(query)).take(cells.points)
        n_columns = int(cells.column.max(initial=-1)) + 1
        asked = np.zeros((len(cells.points), n_columns), bool)  # cut off from a category that is asked about
        for row in range(len(cells.categories)):
            for at in cells.members[row]:
                asked[:, at] |= cells.cut_off[row]
        self.service_row = wide.find_services(cells.service_ids)
        self.plan: tuple[PlannedSession, ...] = ()
        self.later: LaterBuses | None = None
        if settings is None:
            asks = ask_window(query, self.service_row, cells.column)
        else:
            _, plan = plan_round_trips(engine, query, settings, day=day)
            of_service = dict(zip(cells.service_ids, range(len(cells.service_ids)), strict=True))
            self.plan = tuple(one for one in plan if one.service_id in of_service)
            number = np.array([of_service[one.service_id] for one in self.plan], np.int64)
            self.plan_column = cells.column[number]
            asks = ask_sessions(self.plan, settings, self.service_row[number], self.plan_column)
        self.remedies: Remedies = compute_remedies(engine, wide, query, settings, asks, asked)
        progress(0.6, "buses")
        near = engine.inputs(query).take(cells.points)
        if settings is None:
            pairs = self._pairs_with_two_buses(points) & asked[:, cells.column]
            full = np.zeros((len(cells.points), len(near.service_ids)), bool)
            full[:, self.service_row] = pairs
            self.second = find_two_buses_there(near, query, full)[:, self.service_row]
            self.second_column = cells.column
        else:
            wanted_sessions = asked[:, self.plan_column]
            self.later = LaterBuses(engine, near, self.plan, query, settings, wanted_sessions)
            progress(0.8, "second bus")
            works = find_two_buses_there_and_back(engine, near, self.plan, query, settings, wanted_sessions)
            self.second = np.where(works, 0.0, np.inf)
            self.second_column = self.plan_column

    def _pairs_with_two_buses(self, points: ReachTable) -> np.ndarray:
        codes = points.frame["reach_class"].cat.codes.to_numpy().reshape(len(self.cells.points), -1)
        return codes == CLASS_CODE["two_buses"]


def _choose_neighbourhoods(engine: Engine, wanted: Sequence[str] | None) -> list[str]:
    hoods = engine.pack.neighbourhoods
    assert hoods is not None
    known = [str(one) for one in hoods["neighbourhood_id"]]
    if wanted is None:
        return known
    chosen = []
    for text in wanted:
        place = resolve_place(engine.pack, text)  # says what is wrong, and offers the nearest names
        if place.kind != "neighbourhood":
            raise QueryError(
                f"{text[:60]!r} is a {place.kind}, no neighbourhood of {engine.pack.manifest.name}."
            )
        chosen.append(str(place.place_id))
    return [one for one in known if one in set(chosen)]


def _check_category(engine: Engine, kind: str | None, category: str | None) -> None:
    services = engine.own_services()
    kinds = sorted(set(services["kind"]))
    if kind is not None and kind not in kinds:
        raise QueryError(
            f"kind {kind[:40]!r}: {engine.pack.manifest.name} has none, only {' and '.join(kinds)}s."
        )
    of_kind = services if kind is None else services[services["kind"] == kind]
    held = sorted(set(of_kind["category"]))
    if category not in (None, ANY_CATEGORY, *held):
        near = process.extractOne(str(category)[:100], held, processor=utils.default_process, score_cutoff=60)
        raise QueryError(
            f"category {str(category)[:60]!r}: none such."
            + (f" Did you mean {near[0]!r}?" if near else "")
            + f" Choose from '*' (any), {', '.join(map(repr, held))}."
        )


def _list_cells(
    engine: Engine, query: Query, points: ReachTable, kind: str | None, category: str | None
) -> _Cells:
    pack = engine.pack
    assert pack.services is not None and pack.origin_points is not None
    categories, state = find_states(points, pack, query)
    n = max(1, points.frame["origin_id"].nunique())
    service_ids = [str(one) for one in points.frame["service_id"].iloc[: len(points.frame) // n]]
    table = pack.services.set_index("service_id").loc[service_ids]
    pairs = list(zip(table["kind"], table["category"], strict=True))
    singles = [
        (of, name)
        for of, name in zip(categories["kind"], categories["category"], strict=True)
        if name != ANY_CATEGORY
    ]
    column = np.array([singles.index(pair) for pair in pairs], np.int64)
    members = [
        np.array([at for at, (k, c) in enumerate(singles) if k == of and name in (c, ANY_CATEGORY)], np.int64)
        for of, name in zip(categories["kind"], categories["category"], strict=True)
    ]
    keep = np.ones(len(categories), bool)
    if kind is not None:
        keep &= (categories["kind"] == kind).to_numpy()
    if category is not None:
        keep &= (categories["category"] == category).to_numpy()
    rows = np.flatnonzero(keep)
    return _Cells(
        points=find_points(points, pack.origin_points),
        service_ids=service_ids,
        categories=categories.iloc[rows].reset_index(drop=True),
        in_reach=state[0][rows],
        cut_off=state[1][rows],
        column=column,
        members=[members[row] for row in rows],
    )


def _describe_all(  # type: ignore[no-untyped-def]
    engine: Engine, found: Search, hoods: pd.DataFrame, own: pd.DataFrame, chosen: list[str]
):
    """Records of all cells, neighbourhoods outermost."""
    cells, pack = found.cells, engine.pack
    assert pack.services is not None
    weight = own["weight"].to_numpy(np.float64)[cells.points]
    of_hood = own["neighbourhood_id"].to_numpy(object)[cells.points]
    names = dict(zip(hoods["neighbourhood_id"], hoods["name"], strict=True))
    people = dict(zip(hoods["neighbourhood_id"], _count_residents(engine), strict=True))
    services = pack.services.set_index("service_id").loc[cells.service_ids]
    apart = tell_services_apart(pack)
    place = services[["x", "y"]].to_numpy(np.float64)
    at = own[["x", "y"]].to_numpy(np.float64)[cells.points]
    for hood in chosen:
        own_rows = np.flatnonzero(of_hood == hood)
        for number, row in enumerate(cells.categories.to_dict("records")):
            inside = own_rows[cells.cut_off[number, own_rows]]
            total = float(weight[inside].sum())
            if total <= _EPSILON:
                continue
            known = total + float(weight[own_rows[cells.in_reach[number, own_rows]]].sum())
            cell = Cell(pack, found, inside, weight, people[hood], cells.members[number])
            cell.look_up(place, at)
            record: dict[str, Any] = {
                "neighbourhood_id": hood,
                "name": names[hood],
                "kind": row["kind"],
                "category": row["category"],
                "people": people[hood],
                "cut_off": total * people[hood],
                "share_cut_off": total / known,
                **cell.values,
            }
            yield {**record, "sentence": say_why(record, pack, found.query, found.settings, apart)}


def _count_residents(engine: Engine) -> np.ndarray:
    """Residents of each neighbourhood as the gap has them: float64, NaN where not published."""
    pack = engine.pack
    assert pack.neighbourhoods is not None
    if pack.groups is None or pack.census is None:
        return np.full(len(pack.neighbourhoods), np.nan)
    counts = count_groups(pack.neighbourhoods, pack.groups, pack.census)
    everyone = np.flatnonzero((pack.groups["group_id"] == "all").to_numpy())
    return counts[:, everyone[0]] if len(everyone) else np.full(len(counts), np.nan)


def _column(name: str, values: list[Any]) -> Any:
    """Values as the column's type says; what has no value, or an infinite one, becomes null."""
    dtype = WHY_COLUMNS[name].partition(":")[0].partition(";")[0]
    if dtype == "bool":
        return np.array(values, bool)
    if dtype in ("boolean", "Int32"):
        missing = np.array([value is None or not np.isfinite(value) for value in values], bool)
        kept = [0 if no else int(value) for no, value in zip(missing, values, strict=True)]
        if dtype == "Int32":
            return pd.arrays.IntegerArray(np.array(kept, np.int32), missing)
        return pd.arrays.BooleanArray(np.array(kept, bool), missing)
    if dtype == "float64":
        return np.array([np.nan if value is None else value for value in values], np.float64)
    return pd.array([None if pd.isna(value) else str(value) for value in values], dtype="str")
