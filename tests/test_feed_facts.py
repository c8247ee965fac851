"""What the manifest says of a timetable."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from data.service_days import choose_service_date
from data.sources.stops import merge_stops
from data.timetable_facts import build_timetable_facts
from tests.feed_files import SOUND, T1, calls_text, read_feed


def test_dates_completeness_duplicates_and_idle_operators(tmp_path: Path) -> None:
    names = ("T1", "T2", "SHARED", "SUNDAY")
    result = read_feed(
        tmp_path,
        agency=SOUND["agency"] + "O2,Other Buses,,Europe/London\nO3,Sunday Buses,,Europe/London\n",
        routes=SOUND["routes"] + "R2,O2,1,,3\nR3,O3,9,,3\n",
        trips="route_id,service_id,trip_id\nR1,WD,T1\nR1,WD,T2\nR2,WD,SHARED\nR3,SU,SUNDAY\n",
        stop_times=calls_text(*(row.replace("T1", name) for name in names for row in T1)),
        calendar=SOUND["calendar"] + "SU,0,0,0,0,0,0,1,20230604,20230702\n",
    )
    stops, _ = merge_stops(result.stops, None, area=None)
    facts, faults = build_timetable_facts(result.feed, stops, choose_service_date(result.feed))
    # From the latest start, Sunday 4 June, to the end of June every Tuesday to Thursday has three trips.
    assert (facts.service_date, facts.trips_on_service_date) == (dt.date(2023, 6, 6), 3)
    assert (facts.first_date, facts.last_date) == (dt.date(2023, 6, 1), dt.date(2023, 7, 2))
    assert facts.latest_start_date == dt.date(2023, 6, 4)
    assert (facts.active_stops, facts.served_stops, facts.completeness) == (5, 4, 0.8)
    assert facts.duplicate_trips == {"Test Buses": 1}
    assert facts.operators_without_service == ("Sunday Buses",)
    assert facts.timezone == "Europe/London"
    assert {fault.code: fault.count for fault in faults} == {
        "trip_duplicate": 1,
        "trip_identical_other_operator": 1,
        "operator_without_service": 1,
    }
