"""There and back: can a person be at a session in time, and get home after it?

Definitions: docs/methods.md, "Session, round trip".
"""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from data.errors import QueryError
from geo import roundtrip_kernels as rk
from geo.inputs import ReachInputs, list_near_calls
from geo.legs import leg_seconds
from geo.query import DAY_S, Query
from geo.reach import to_nullable
from geo.reasons import NO_REASON, REASON_CODE, find_stops_near
from geo.roundtrip_words import describe_missing_return, name_routes
from geo.sessions import PlannedSession, plan_sessions, read_sessions_table
from geo.tables import NOT_KNOWN_REASONS, REASONS, ROUNDTRIP_COLUMNS, VERDICTS, RoundTripTable
from geo.threads import run_blocks
from geo.timetable import Timetable, timetable_span_s

if TYPE_CHECKING:
    from geo.engine import Engine

LONGEST_SETTING_S = 4 * 3600
# Pairs of an origin and a session looked at together: about 300 MB.
LARGEST_BLOCK = 4_000_000
_TRIP_FIELDS = (rk.OUT_TRIP, rk.BACK_TRIP, rk.LAST_TRIP, rk.NEXT_TRIP, rk.LONG_TRIP)
_REASON_OF_WHY = {
    rk.WHY_NO_DIRECT: "no_direct_bus",
    rk.WHY_OTHER_TIMES: "direct_bus_other_times",
    rk.WHY_TOO_LONG: "too_long",
    rk.WHY_NO_RETURN: "no_return",
}
_BY = ("walk", "one_bus")


@dataclass(frozen=True, slots=True)
class RoundTripSettings:
    """How early one may arrive, how long one may linger, and how long a drop-in visit takes."""

    early_s: int = 1_800
    linger_s: int = 2_700
    stay_s: int = 3_600

    def __post_init__(self) -> None:
        faults = [
            f"{name} {value / 60:g} min: must be from 0 to {LONGEST_SETTING_S // 60}"
            for name, value in (("early", self.early_s), ("linger", self.linger_s), ("stay", self.stay_s))
            if not 0 <= value <= LONGEST_SETTING_S
        ]
        if faults:
            raise QueryError("The round trips can't be asked for as they stand:", faults)


DEFAULT_ROUND_TRIP = RoundTripSettings()


@dataclass(frozen=True)
class RoundTrips:
    """Round trips as arrays, for n origins and k sessions.

    ``fields`` is int32[n, k, N_FIELDS] (``geo.roundtrip_kernels``), its trips
    rows of the feed's trips; ``reason`` int8[n, k], ``verdict`` int8[n, k].
    """

    inputs: ReachInputs
    plan: tuple[PlannedSession, ...]
    fields: np.ndarray
    reason: np.ndarray
    verdict: np.ndarray

    @property
    def works(self) -> np.ndarray:
        """bool[n, k]: there in time and back."""
        return self.reason == NO_REASON


def plan_round_trips(
    engine: Engine,
    query: Query,
    settings: RoundTripSettings,
    *,
    service_ids: Sequence[str] | None = None,
    day: int | None = None,
    origins: pd.DataFrame | None = None,
) -> tuple[ReachInputs, tuple[PlannedSession, ...]]:
    """Assemble what is read for round trips: who walks where, and the sessions to look at.

    Parameters
    ----------
    query : Query
        Its cut-off holds for each leg; its window does not count, the session
        sets the times. With a service date only what is held on that date.
    service_ids : sequence of str, optional
        Services at a venue; None: all.
    day : int, optional
        Only sessions on this weekday, 0 Monday.
    origins : DataFrame, optional
        A caller's own points (columns id, x, y).

    Raises
    ------
    QueryError
        No such service or date; no session that day.
    PackError
        The pack's sessions hold what can't be.
    """
    # What is asked is checked before anything is walked.
    services = _choose_services(engine, service_ids)
    plan = plan_sessions_of(engine, query, settings, services=services, day=day)
    return engine.inputs(query, origins=origins, services=services), plan


def plan_sessions_of(
    engine: Engine,
    query: Query,
    settings: RoundTripSettings,
    *,
    services: pd.DataFrame | None = None,
    day: int | None = None,
) -> tuple[PlannedSession, ...]:
    """Plan the sessions of some services (column id) or of all; raises as :func:`plan_round_trips`."""
    ids = engine.own_services()["service_id"] if services is None else services["id"]
    plan = tuple(
        plan_sessions(
            [str(one) for one in ids],
            read_sessions_table(engine.pack.sessions),
            engine.pack.manifest,
            on=query.service_date,
            day=day,
            reach_back_s=settings.early_s + _slowest_walk_s(query),
        )
    )
    if not plan:
        raise QueryError("No session is held on that day; ask for another --day or --date, or for none.")
    return plan


def split_plan(plan: Sequence[PlannedSession], n_origins: int) -> list[tuple[PlannedSession, ...]]:
    """Part a plan so that the pairs of each part fit the memory; a service's sessions stay together."""
    most = max(1, LARGEST_BLOCK // max(1, n_origins))
    parts: list[list[PlannedSession]] = [[]]
    for _, group in itertools.groupby(plan, key=lambda one: one.service_id):
        own = list(group)
        if parts[-1] and len(parts[-1]) + len(own) > most:
            parts.append([])
        parts[-1].extend(own)
    return [tuple(part) for part in parts if part]


def compute_round_trips(
    engine: Engine,
    inputs: ReachInputs,
    plan: tuple[PlannedSession, ...],
    query: Query,
    settings: RoundTripSettings,
) -> RoundTrips:
    """Compute all pairs of origins and the sessions of a plan (:func:`plan_round_trips`)."""
    n, k = len(inputs.origin_ids), len(plan)
    fields = np.full((n, k, rk.N_FIELDS), rk.NONE, np.int32)
    session_service = inputs.find_services(one.service_id for one in plan).astype(np.int32)
    # A session's timetable reaches as far as that session needs, so that its answer
    # does not depend on which others are asked about.
    spans = [span_of_session(one, query, settings) for one in plan]
    asked = sorted({(one.date, span) for one, span in zip(plan, spans, strict=True) if one.date is not None})
    for date, span in asked:
        chosen = np.array([row for row in range(k) if (plan[row].date, spans[row]) == (date, span)], np.int64)
        fields[:, chosen] = _compute_one_date(
            engine,
            inputs,
            engine.timetable_on(query, date, span),
            query,
            settings,
            [plan[row] for row in chosen],
            session_service[chosen],
        )
    reason = _find_reasons(inputs, fields, plan, session_service)
    return RoundTrips(inputs, plan, fields, reason, _judge(plan, reason))


def _slowest_walk_s(query: Query) -> int:
    return int(leg_seconds(np.array([query.walk.leg_limit_mm]), query.walk.speed_mm_per_h)[0])


def span_of_session(session: PlannedSession, query: Query, settings: RoundTripSettings) -> int:
    """How far the timetable of a session must reach, in whole days."""
    horizon_s = max(settings.linger_s, query.horizon_s)
    end_s = min(session.end_s, 2 * DAY_S)
    return timetable_span_s(replace(query, window_start_s=end_s - 1, window_end_s=end_s, horizon_s=horizon_s))


def _choose_services(engine: Engine, service_ids: Sequence[str] | None) -> pd.DataFrame | None:
    """The services asked for (columns id, x, y), None for all of the pack's venues."""
    if service_ids is None:
        return None
    from geo.places import resolve_place

    venues = engine.venues
    known = set() if venues is None else set(venues["service_id"])
    wanted = set()
    for one in service_ids:
        if one not in known:  # a name; resolve_place says what is wrong with it, and offers the nearest
            place = resolve_place(engine.pack, one)
            if place.place_id not in known:
                raise QueryError(f"{one[:60]!r} is a {place.kind}, no service or place that one goes to.")
            one = place.place_id
        wanted.add(one)
    if venues is None:
        raise QueryError(f"{engine.pack.manifest.name} has no services at a venue.")
    chosen = venues[venues["service_id"].isin(wanted)]
    return chosen.rename(columns={"service_id": "id"}).reset_index(drop=True)


def _compute_one_date(
    engine: Engine,
    inputs: ReachInputs,
    timetable: Timetable,
    query: Query,
    settings: RoundTripSettings,
    sessions: Sequence[PlannedSession],
    session_service: np.ndarray,
) -> np.ndarray:
    """Fields int32[n, sessions, N_FIELDS] of the sessions of one date."""
    speed = query.walk.speed_mm_per_h
    access_s, direct_s = (leg_seconds(legs.length_mm, speed) for legs in (inputs.access, inputs.direct))
    near = list_near_calls(timetable, inputs.egress, speed)
    results = np.full((len(inputs.origin_ids), len(sessions), rk.N_FIELDS), rk.NONE, np.int32)
    # Trips that repeat another of the date make a bus seem to come twice.
    counted = ~np.isin(timetable.trip_index, engine.duplicate_trips(timetable.service_date))

    def fill(origin_from: int, origin_to: int) -> None:
        rk.fill_round_trips(
            origin_from, origin_to,
            inputs.access.indptr, inputs.access.target, access_s, inputs.access.length_mm,
            inputs.direct.indptr, inputs.direct.target, direct_s,
            near.first, near.lane, near.position, near.walk_s, near.walk_mm,
            session_service, np.array([one.start_s for one in sessions], np.int64),
            np.array([one.end_s for one in sessions], np.int64),
            np.array([one.kind == "drop_in" for one in sessions], bool),
            timetable.stop_first, timetable.stop_lane, timetable.stop_position,
            timetable.can_board, timetable.can_alight, timetable.lane_first, timetable.trip_first,
            timetable.time_first, timetable.arrival_s, timetable.departure_s, counted,
            settings.early_s, settings.linger_s, settings.stay_s, query.horizon_s, query.cutoff_s,
            query.board_slack_s, query.walk.total_limit_mm, results,
        )  # fmt: skip

    run_blocks(len(inputs.origin_ids), fill, min_rows=8, blocks_per_thread=8)
    # Rows of the timetable's trips mean nothing beyond this date: name the feed's.
    for field in _TRIP_FIELDS:
        trip = results[:, :, field]
        on_bus = (trip != rk.NONE) & (trip != rk.ON_FOOT)
        trip[on_bus] = timetable.trip_index[trip[on_bus]]
    return results


def _find_reasons(
    inputs: ReachInputs, fields: np.ndarray, plan: Sequence[PlannedSession], session_service: np.ndarray
) -> np.ndarray:
    """The first reason that holds for each pair, ``NO_REASON`` where the round trip works."""
    origin_near, origin_served = find_stops_near(inputs, inputs.access)
    near, served = find_stops_near(inputs, inputs.egress)
    reason = np.full(fields.shape[:2], NO_REASON, np.int8)
    for why, name in _REASON_OF_WHY.items():
        reason[fields[:, :, rk.WHY] == why] = REASON_CODE[name]
    missing = np.isin(
        reason, [REASON_CODE[name] for name in ("no_direct_bus", "direct_bus_other_times", "too_long")]
    )
    no_date = np.array([one.date is None for one in plan])
    reason[missing & ~origin_served[:, None]] = REASON_CODE["no_timetable"]
    reason[missing & ~served[session_service][None, :]] = REASON_CODE["no_timetable"]
    reason[missing & ~near[session_service][None, :]] = REASON_CODE["no_stop_near_service"]
    reason[missing & ~origin_near[:, None]] = REASON_CODE["no_stop_near_origin"]
    reason[:, no_date] = REASON_CODE["no_timetable"]
    outside = inputs.origin_outside[:, None] | inputs.service_outside[session_service][None, :]
    reason[outside] = REASON_CODE["outside_data"]
    return reason


def _judge(plan: Sequence[PlannedSession], reason: np.ndarray) -> np.ndarray:
    """Verdicts, codes of ``VERDICTS``: int8[n, k]."""
    code = {name: number for number, name in enumerate(VERDICTS)}
    assumed = np.array([one.assumed for one in plan])[None, :]
    verdict = np.where(assumed, code["assumed_no"], code["no"]) + np.zeros(reason.shape, int)
    verdict = np.where(reason == NO_REASON, np.where(assumed, code["assumed_yes"], code["yes"]), verdict)
    not_known = np.isin(reason, [REASON_CODE[name] for name in NOT_KNOWN_REASONS])
    return np.where(not_known, code["not_known"], verdict).astype(np.int8)


def assemble_round_trips(
    engine: Engine, trips: RoundTrips, query: Query, settings: RoundTripSettings
) -> RoundTripTable:
    """Lay the arrays out as a table (``geo.tables.ROUNDTRIP_COLUMNS``); what has no value becomes null."""
    n, k = trips.reason.shape
    plan, fields = trips.plan, trips.fields
    start = np.array([one.start_s for one in plan], np.int32)
    fixed = np.array([one.kind == "session" for one in plan])
    origin, session = np.repeat(np.arange(n), k), np.tile(np.arange(k), n)
    names = name_routes(engine.pack)

    def text(values: Sequence[str | None]) -> pd.api.extensions.ExtensionArray:
        return pd.Series(list(values), dtype="str").array.take(session)

    def seconds(field: int) -> pd.arrays.IntegerArray:
        return to_nullable(np.ascontiguousarray(fields[:, :, field]))

    def between(
        first: np.ndarray, last: np.ndarray, where: np.ndarray | bool = True
    ) -> pd.arrays.IntegerArray:
        return to_nullable(seconds_between(first, last, where))

    def by(field: int) -> pd.api.extensions.ExtensionArray:
        trip = fields[:, :, field].ravel()
        return pd.Categorical.from_codes(
            np.where(trip == rk.NONE, -1, np.where(trip == rk.ON_FOOT, 0, 1)).astype(np.int8), pd.Index(_BY)
        )

    def route(field: int) -> pd.api.extensions.ExtensionArray:
        trip = fields[:, :, field].ravel()
        return names.take(np.where((trip == rk.NONE) | (trip == rk.ON_FOOT), -1, trip), allow_fill=True)

    def dates(values: Sequence[dt.date | None]) -> np.ndarray:
        return pd.Series(list(values), dtype=object).to_numpy()[session]

    columns = {
        "origin_id": pd.array([str(one) for one in trips.inputs.origin_ids], dtype="str").take(origin),
        "service_id": text([one.service_id for one in plan]),
        "session_id": text([one.session_id for one in plan]),
        "session_kind": text([one.kind for one in plan]),
        "session_date": dates([one.session_date for one in plan]),
        "session_hours": text([one.hours for one in plan]),
        "service_date": dates([one.date for one in plan]),
        "session_start_s": to_nullable(start)[session],
        "session_end_s": to_nullable(np.array([one.end_s for one in plan], np.int32))[session],
        "verdict": pd.Categorical.from_codes(trips.verdict.ravel(), pd.Index(VERDICTS)),
        "reason": pd.Categorical.from_codes(trips.reason.ravel(), pd.Index(REASONS)),
        "leave_home_s": seconds(rk.OUT_LEAVE),
        "arrive_s": seconds(rk.OUT_ARRIVE),
        "wait_before_s": between(fields[:, :, rk.OUT_ARRIVE], np.broadcast_to(start, (n, k)), fixed),
        "outward_duration_s": between(fields[:, :, rk.OUT_LEAVE], fields[:, :, rk.OUT_ARRIVE]),
        "outward_walk_s": seconds(rk.OUT_WALK),
        "outward_by": by(rk.OUT_TRIP),
        "outward_route": route(rk.OUT_TRIP),
        "leave_venue_s": seconds(rk.BACK_LEAVE),
        "arrive_home_s": seconds(rk.BACK_ARRIVE),
        "wait_after_s": between(fields[:, :, rk.END], fields[:, :, rk.BACK_LEAVE]),
        "return_duration_s": between(fields[:, :, rk.BACK_LEAVE], fields[:, :, rk.BACK_ARRIVE]),
        "return_walk_s": seconds(rk.BACK_WALK),
        "return_by": by(rk.BACK_TRIP),
        "return_route": route(rk.BACK_TRIP),
        "slack_s": seconds(rk.SLACK),
        "later_buses_home": seconds(rk.LATER),
        "last_bus_home_s": seconds(rk.LAST_DEPARTURE),
        "text": describe_missing_return(
            engine.pack, trips.fields, trips.reason, plan, query, settings.linger_s
        ),
        "note": text([one.note for one in plan]),
    }
    frame = pd.DataFrame(columns, copy=False)[list(ROUNDTRIP_COLUMNS)]
    return RoundTripTable(
        frame, "point", query, settings.early_s, settings.linger_s, settings.stay_s,
        engine.pack.area_id, engine.pack.digest,
    )  # fmt: skip


def seconds_between(first: np.ndarray, last: np.ndarray, where: np.ndarray | bool = True) -> np.ndarray:
    """Seconds from one moment to another, int32; ``NONE`` where there isn't either, or not ``where``."""
    known = (first != rk.NONE) & (last != rk.NONE) & where
    return np.where(known, last - np.where(known, first, 0), rk.NONE).astype(np.int32)


def join_round_trips(tables: Sequence[RoundTripTable]) -> RoundTripTable:
    """Put tables of the same origins and other sessions side by side: origins outermost again."""
    if len(tables) == 1:
        return tables[0]
    frame = pd.concat([table.frame for table in tables], ignore_index=True)
    n = len(tables[0].frame) // tables[0].frame["session_id"].nunique()
    lengths = [len(table.frame) for table in tables]
    starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
    rows = [start + np.arange(length).reshape(n, -1) for start, length in zip(starts, lengths, strict=True)]
    return replace(tables[0], frame=frame.iloc[np.hstack(rows).ravel()].reset_index(drop=True))


def list_dates(table: RoundTripTable) -> list[dt.date]:
    """Dates whose timetables a table was read from, ascending."""
    return sorted(table.frame["service_date"].dropna().unique())
