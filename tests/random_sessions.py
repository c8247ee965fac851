"""Random sessions in random towns, and the engine's round trips beside the slow reference's.

``tests/test_proof_random_towns.py`` draws and compares.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections import Counter

import pandas as pd
from hypothesis import strategies as st

from data import schema
from data.areapack import AreaPack
from data.frames import build_frame
from data.manifest import CalendarFacts
from geo.query import Query
from geo.roundtrip import RoundTripSettings
from tests import random_questions
from tests.proof import differences as compare
from tests.proof import list_rows
from tests.reference_people import NOT_KNOWN, points
from tests.reference_sessions import Asks, gap_back, list_held
from tests.strategies import TownSpec, among, calls
from tests.towns import Route, Trip

TripRows = dict[tuple[str, str], dict[str, object]]
SEEN: Counter[str] = Counter()
SERVICE_DATE, DAY = dt.date(2025, 6, 10), dt.timedelta(days=1)
RULES = (
    "weekly", "weekly", "weekly", "second", "fortnightly", "term_time", "fortnightly_in_term",
    "first_in_term", "last_in_term",
)  # fmt: skip
OUTWARD = (
    "leave_home_s", "arrive_s", "outward_walk_s", "wait_before_s", "slack_s", "reason", "last_bus_home_s"
)  # fmt: skip
HOMEWARD = ("leave_venue_s", "arrive_home_s", "return_walk_s", "wait_after_s", "return_by")


@st.composite
def both_ways(draw: st.DrawFn, spec: TownSpec, start_s: int) -> TownSpec:
    """The town with lines that run there and back between where people live and where services are."""
    made = []
    for name, path, latest_s in (("F", ["S0", "S2", "S1"], 4500), ("B", ["S1", "S2", "S0"], 12_000)):
        for number in range(draw(among(1, 2, 1, 0))):
            stops = path[number:] if number and name == "F" else path[: 3 - number]
            times = draw(st.lists(st.integers(-2700, latest_s), min_size=1, max_size=5))
            trips = tuple(Trip(draw(calls(max(0, start_s + time), stops))) for time in times)
            made.append(Route(f"{name}{number}", trips))
    return dataclasses.replace(spec, routes=(*spec.routes, *made))


@st.composite
def session_tables(draw: st.DrawFn, service_ids: list[str], start_s: int) -> list[dict[str, object]]:
    """Sessions around the hours at which buses run; some without times, some without a day.

    Beside some stands what its reader did not understand; some are in school terms only.
    """
    rows = []
    for service in service_ids:
        for number in range(draw(among(1, 2, 3, 0))):
            begins = max(0, start_s + draw(st.integers(-300, 4500)))
            ends = begins + draw(among(1800, 3600, 5400, 61, 7205))
            known = draw(among(True, True, True, True, False))
            rows.append(
                {
                    "service_id": service,
                    "session_id": f"{service}/{number}",
                    "kind": draw(among("session", "session", "drop_in")),
                    "weekday": draw(among(1, 1, 1, 1, 0, 2, None)),
                    "start_s": begins if known else None,
                    "end_s": ends if known else None,
                    "rule": draw(among(*RULES)),
                    "from_date": draw(among(None, None, None, *(SERVICE_DATE + n * DAY for n in (-8, 0, 6)))),
                }
            )
        if draw(among(*(False,) * 7, True)):
            words = draw(among("closed in August", "by\nappointment only", None))
            unread = {"kind": "session", "rule": "unparsed", "text": words}
            rows.append({"service_id": service, "session_id": f"{service}/unread", **unread})
    return rows


@st.composite
def calendars(draw: st.DrawFn) -> CalendarFacts:
    """Nothing known of terms, the service date in one, or between two; no bank holidays."""
    begins, ends = SERVICE_DATE - 40 * DAY, SERVICE_DATE + 100 * DAY
    holiday = SERVICE_DATE - 3 * DAY, SERVICE_DATE + draw(among(0, 8, 40)) * DAY
    terms = draw(among((), (), ((begins, ends),), ((begins, holiday[0]), (holiday[1], ends))))
    holidays = draw(among((), (holiday,))) if len(terms) == 1 else ()
    return CalendarFacts(nation=None, school_terms=terms, school_holidays=holidays)


@st.composite
def with_sessions(draw: st.DrawFn, spec: TownSpec, start_s: int) -> tuple[AreaPack, RoundTripSettings]:
    """The town built, with sessions, and the settings of a question about round trips."""
    rows = draw(session_tables([s.service_id for s in spec.services], start_s))
    columns = {name: [row.get(name) for row in rows] for name in schema.SESSIONS.column_names}
    pack = spec.build()
    manifest = pack.manifest.model_copy(update={"calendar": draw(calendars())})
    pack = dataclasses.replace(pack, sessions=build_frame(schema.SESSIONS, columns), manifest=manifest)
    return pack, RoundTripSettings(
        early_s=draw(among(1800, 600, 0, 3600)),
        linger_s=draw(among(2700, 900, 0)),
        stay_s=draw(among(3600, 1200, 0)),
    )


VERDICTS = {
    (True, False): "yes",
    (True, True): "assumed_yes",
    (False, False): "no",
    (False, True): "assumed_no",
}


def differences(
    frame: pd.DataFrame, pack: AreaPack, query: Query, asked: RoundTripSettings, theirs: TripRows
) -> list[str]:
    """Every value in which engine and reference (``theirs``) differ, in words."""
    held = {one.session: one for one in list_held(pack, query, asked.early_s)}
    rows = list_rows(frame)
    pairs = [(row["origin_id"], row["session_id"]) for row in rows]
    if pairs != [(p, session) for p, *_ in points(pack) for session in held]:
        return [f"other sessions, or in another order: {pairs}"]
    lines = []
    for ours, pair in zip(rows, pairs, strict=True):
        one, wanted = held[pair[1]], dict(theirs[pair])
        works = wanted.pop("works")
        SEEN[str(wanted["reason"] or "works")] += 1
        SEEN[f"{one.kind} {'works' if works else 'fails'}"] += 1
        SEEN[f"rule {one.rule}"] += 1
        SEEN["unread beside"] += one.unread is not None
        told_unread = "was not read" in str(ours["note"])
        if told_unread != (one.unread is not None) or any(
            words not in str(ours["note"]) for words in one.unread or ()
        ):
            lines.append(f"{pair}: note {ours['note']!r}, not read {one.unread}")
        if works and ours["outward_by"] == "one_bus" == ours["return_by"]:
            SEEN["by bus both ways"] += 1
        wanted["return_by"] = (
            ("one_bus" if wanted.pop("back_on_bus") else "walk") if "back_on_bus" in wanted else None
        )
        counts = wanted.pop("later_counts", {None})
        if works and ours["later_buses_home"] not in counts:
            lines.append(f"{pair}: {ours['later_buses_home']} later, reference {counts}")
        # Of a drop-in visit that can't be made the way back alone says nothing.
        told = OUTWARD if one.kind == "drop_in" and not works else (*OUTWARD, *HOMEWARD)
        known = wanted["reason"] not in NOT_KNOWN
        expected = {
            "service_id": one.service,
            "session_kind": one.kind,
            "session_date": one.session_date,
            "session_hours": one.hours,
            "service_date": one.date,
            "session_start_s": one.start_s,
            "session_end_s": one.end_s,
            "verdict": VERDICTS[works, one.assumed] if known else "not_known",
            **{name: wanted.get(name) for name in told},
        }
        lines += compare({pair: ours}, {pair: expected})
    return lines


def gap_differences(
    frame: pd.DataFrame, pack: AreaPack, query: Query, asked: RoundTripSettings, theirs: TripRows
) -> list[str]:
    """People in reach there and back, those of them by assumed times alone, cut off and not known."""
    asks = Asks(**dataclasses.asdict(asked))
    part = (frame["in_reach_assumed"] > 0) & (frame["in_reach_assumed"] < frame["in_reach"])
    SEEN["some by assumed times"] += int((part & (frame["level"] == "area")).sum())
    return random_questions.gap_differences(frame, lambda level: gap_back(pack, query, asks, theirs, level))
