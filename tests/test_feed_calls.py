"""Faults in the tables themselves, one at a time: counted, named, repaired or left out as said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from data.errors import FeedError
from data.schema import AGENCY, CALENDAR, CALENDAR_DATES, ROUTES, STOP_TIMES, STOPS, TRIPS
from tests.feed_files import (
    DEGREES,
    SOUND,
    T1,
    WEEKDAYS,
    calls_of,
    calls_text,
    fault_counts,
    read_feed,
    stops_text,
)

H9 = 9 * 3600
FULL_HEADER = (
    "trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type,shape_dist_traveled"
)
TWO_TRIPS = "route_id,service_id,trip_id\nR1,WD,T1\nR1,WD,T2\n"
T2 = tuple(row.replace("T1", "T2") for row in T1)


def times(path: Path, *rows: str, **changed: str) -> tuple[list[int], dict[str, int]]:
    """Departures of T1 after 09:00, and the faults, with T2 sound beside it."""
    result = read_feed(path, stop_times=calls_text(*rows, *T2), trips=TWO_TRIPS, **changed)
    return [departure - H9 for _, _, departure in calls_of(result, "T1")], fault_counts(result)


def dropped(path: Path, *rows: str, **changed: str) -> dict[str, int]:
    """The faults, where T1 must not be left."""
    result = read_feed(path, stop_times=calls_text(*rows, *T2), trips=TWO_TRIPS, **changed)
    assert result.feed.trips["trip_id"].tolist() == ["T2"]
    assert len(result.feed.stop_times["trip_index"]) == 4
    return fault_counts(result)


def test_tables_have_the_packs_columns_and_types(tmp_path: Path) -> None:
    feed = read_feed(tmp_path).feed
    for table, frame in (
        (AGENCY, feed.agency),
        (ROUTES, feed.routes),
        (TRIPS, feed.trips),
        (CALENDAR, feed.calendar),
        (CALENDAR_DATES, feed.calendar_dates),
    ):
        assert list(frame.columns) == table.column_names
    assert list(feed.stop_times) == STOP_TIMES.column_names
    for column in STOP_TIMES.columns:
        values = feed.stop_times[column.name]
        assert values.dtype == np.dtype(column.type.to_pandas_dtype())
        assert not values.flags.writeable
    assert list(read_feed(tmp_path).stops.columns) == STOPS.column_names


def test_times_past_midnight(tmp_path: Path) -> None:
    rows = ("T1,23:50:00,23:50:00,A,1", "T1,24:00:00,24:00:00,B,2", "T1,25:24:23,25:24:23,C,3")
    assert times(tmp_path, *rows) == ([53_400, 54_000, 25 * 3600 + 24 * 60 + 23 - H9], {})


def test_a_trip_that_starts_again_at_midnight(tmp_path: Path) -> None:
    rows = ("T1,23:50:00,23:50:00,A,1", "T1,00:10:00,00:10:00,B,2", "T1,00:20:00,00:20:00,C,3")
    departures, faults = times(tmp_path, *rows)
    assert [departure + H9 for departure in departures] == [85_800, 87_000, 87_600]
    assert faults == {"trip_wraps_midnight": 1}


def test_a_trip_with_one_call_that_steps_backwards(tmp_path: Path) -> None:
    rows = (T1[0], "T1,09:10:00,09:10:00,B,2", "T1,09:08:00,09:08:00,C,3", T1[3])
    assert dropped(tmp_path, *rows) == {"trip_steps_backwards": 1}


def test_a_call_that_leaves_before_it_arrives(tmp_path: Path) -> None:
    rows = (T1[0], "T1,09:06:00,09:05:00,B,2", *T1[2:])
    assert dropped(tmp_path, *rows) == {"trip_steps_backwards": 1}


def test_blank_times(tmp_path: Path) -> None:
    # B and C lie a third and two thirds of the way from A (09:00) to D (09:15).
    departures, faults = times(tmp_path, T1[0], "T1,,,B,2", "T1,,,C,3", T1[3])
    assert (departures, faults) == ([0, 300, 600, 900], {"time_interpolated": 2})


def test_interpolated_calls_are_marked(tmp_path: Path) -> None:
    result = read_feed(tmp_path, stop_times=calls_text(T1[0], "T1,,,B,2", *T1[2:]))
    assert result.feed.stop_times["interpolated"].tolist() == [False, True, False, False]


def test_blank_times_by_shape_distance(tmp_path: Path) -> None:
    rows = [f"{row},,,{dist}" for row, dist in zip((T1[0], "T1,,,B,2", *T1[2:]), (0, 8, 10, 15), strict=True)]
    result = read_feed(tmp_path, stop_times=calls_text(*rows, header=FULL_HEADER))
    # 8 of 10 from A at 09:00 to C at 09:10.
    assert calls_of(result, "T1")[1] == ("B", H9 + 480, H9 + 480)


def test_times_that_are_none(tmp_path: Path) -> None:
    departures, faults = times(tmp_path, T1[0], "T1,9:05:00am,9:05:00am,B,2", *T1[2:])
    assert (departures, faults) == ([0, 300, 600, 900], {"time_malformed": 2, "time_interpolated": 1})


def test_only_one_of_arrival_and_departure(tmp_path: Path) -> None:
    departures, faults = times(tmp_path, "T1,,09:00:00,A,1", *T1[1:3], "T1,09:15:00,,D,4")
    assert (departures, faults) == ([0, 300, 600, 900], {"time_one_sided": 2})


def test_blank_times_at_the_ends(tmp_path: Path) -> None:
    departures, faults = times(tmp_path, "T1,,,A,1", *T1[1:3], "T1,,,D,4")
    assert (departures, faults) == ([300, 600], {"time_missing_at_end": 2})


def test_calls_of_unknown_trips_and_at_unknown_stops(tmp_path: Path) -> None:
    departures, faults = times(tmp_path, *T1, "GHOST,09:00:00,09:00:00,A,1", "T1,09:20:00,09:20:00,NOWHERE,5")
    assert departures == [0, 300, 600, 900]
    assert faults == {"stop_time_unknown_trip": 1, "stop_time_unknown_stop": 1}


def test_ids_with_blanks_around_them_are_the_same_ids(tmp_path: Path) -> None:
    rows = [row.replace("T1", " T1 ").replace(",B,", ", B,") for row in T1]
    assert times(tmp_path, *rows) == ([0, 300, 600, 900], {})


@pytest.mark.parametrize(
    "place", ["0,0", "0.0,0.0000000001", ",", "NaN,NaN", "51.5,", "91,-3", "51.5,-181", "north,west", "inf,1"]
)
def test_a_stop_without_a_place_loses_its_call_and_not_its_trip(tmp_path: Path, place: str) -> None:
    departures, faults = times(tmp_path, *T1, stops=stops_text(B=place))
    assert departures == [0, 600, 900]
    assert faults == {"stop_without_place": 1, "call_without_place": 2}


def test_a_trip_with_one_usable_call(tmp_path: Path) -> None:
    assert dropped(tmp_path, T1[0], "T1,09:05:00,09:05:00,NOWHERE,2") == {
        "stop_time_unknown_stop": 1,
        "trip_too_short": 1,
    }


def test_a_trip_without_calls(tmp_path: Path) -> None:
    assert dropped(tmp_path) == {"trip_without_calls": 1}


def test_calls_out_of_order_are_sorted_by_sequence(tmp_path: Path) -> None:
    assert times(tmp_path, T1[2], T1[0], T1[3], T1[1]) == ([0, 300, 600, 900], {})


def test_sequences_that_are_no_numbers_or_come_twice(tmp_path: Path) -> None:
    departures, faults = times(
        tmp_path, *T1[:2], T1[1], *T1[2:], "T1,09:16:00,09:16:00,E,4", "T1,09:20:00,09:20:00,E,x"
    )
    assert departures == [0, 300, 600, 900, 960]
    assert faults == {"call_repeated": 1, "stop_sequence_repeated": 1, "stop_sequence_malformed": 1}


def test_pickup_and_drop_off(tmp_path: Path) -> None:
    rows = [f"{row},{flags}," for row, flags in zip(T1, ("0,1", ",", "2,3", "9, 1"), strict=True)]
    result = read_feed(tmp_path, stop_times=calls_text(*rows, header=FULL_HEADER))
    assert result.feed.stop_times["pickup_type"].tolist() == [0, 0, 2, 0]
    assert result.feed.stop_times["drop_off_type"].tolist() == [1, 0, 3, 1]
    assert fault_counts(result) == {"pickup_type_unknown": 1}


def test_a_stop_where_no_one_may_get_on_or_off_is_not_served(tmp_path: Path) -> None:
    rows = [f"{row},{flags}," for row, flags in zip(T1, ("0,1", "1,1", "0,0", "1,0"), strict=True)]
    result = read_feed(tmp_path, stop_times=calls_text(*rows, header=FULL_HEADER))
    assert result.stops["served"].tolist() == [True, False, True, True, False]


def test_a_service_without_any_day_serves_nothing(tmp_path: Path) -> None:
    result = read_feed(tmp_path, calendar=SOUND["calendar"].replace("1,1,1,1,1", "0,0,0,0,0"))
    assert fault_counts(result) == {"service_never_runs": 1}
    assert not result.stops["served"].any()
    assert len(result.feed.trips) == 1


def test_stations_and_entrances(tmp_path: Path) -> None:
    lines = SOUND["stops"].splitlines()
    lon, lat = DEGREES["E"]
    stops = "\n".join(
        [
            lines[0] + ",location_type",
            *(line + "," for line in lines[1:]),
            f"STN,Station,{lat},{lon},1",
            f"WAY,In,{lat},{lon},2",
        ]
    )
    result = read_feed(tmp_path, stops=stops)
    assert result.stops["stop_id"].tolist() == list("ABCDE")
    # A call at a station is told where the station is.
    called = read_feed(tmp_path, stops=stops, stop_times=calls_text(*T1, "T1,09:30:00,09:30:00,STN,5"))
    assert fault_counts(called) == {"call_at_station": 1}
    assert calls_of(called, "T1")[-1][0] == "STN"


def test_stop_names_that_are_codes(tmp_path: Path) -> None:
    result = read_feed(tmp_path, stops=stops_text().replace("Stop A", "A").replace("Stop B", ""))
    assert result.stops["name"].isna().tolist() == [True, True, False, False, False]
    assert fault_counts(result) == {"stop_name_is_code": 1, "stop_unnamed": 1}


def test_unknown_routes_and_services(tmp_path: Path) -> None:
    trips = TWO_TRIPS.replace("R1,WD,T1", "R9,WD,T1")
    result = read_feed(tmp_path, trips=trips, stop_times=calls_text(*T1, *T2))
    assert fault_counts(result) == {"trip_unknown_route": 1, "stop_time_unknown_trip": 4}
    trips = TWO_TRIPS.replace("R1,WD,T1", "R1,XX,T1")
    result = read_feed(tmp_path, trips=trips, stop_times=calls_text(*T1, *T2))
    assert fault_counts(result) == {"trip_unknown_service": 1, "stop_time_unknown_trip": 4}


@pytest.mark.parametrize("table", ["stops", "routes", "trips", "calendar"])
def test_an_id_that_comes_twice(tmp_path: Path, table: str) -> None:
    lines = SOUND[table].splitlines()
    result = read_feed(tmp_path, **{table: "\n".join([*lines, lines[1]]) + "\n"})
    assert fault_counts(result) == {"id_repeated": 1}
    assert len(result.feed.trips) == 1


def test_route_types(tmp_path: Path) -> None:
    routes = (
        "route_id,agency_id,route_short_name,route_long_name,route_type\n"
        "R1,OP,1,,3\nR2,OP,2,,\nR3,OP,,,200\nR4,OP,4,,0\nR5,OP,5,,1501\n"
    )
    trips = "route_id,service_id,trip_id\n" + "".join(f"R{k},WD,T{k}\n" for k in range(1, 6))
    rows = [row.replace("T1", f"T{k}") for k in range(1, 6) for row in T1]
    result = read_feed(tmp_path, routes=routes, trips=trips, stop_times=calls_text(*rows))
    assert result.feed.routes["mode"].tolist() == ["bus", "other", "coach", "tram", "other"]
    assert result.feed.routes["route_short_name"].isna().tolist() == [False, False, True, False, False]
    assert fault_counts(result) == {"route_type_missing": 1, "route_type_other": 1, "route_unnamed": 1}


def test_one_operator_may_go_without_an_id(tmp_path: Path) -> None:
    result = read_feed(
        tmp_path,
        agency="agency_name,agency_url,agency_timezone\nTest Buses,,Europe/London\n",
        routes="route_id,route_short_name,route_type\nR1,1,3\n",
    )
    assert fault_counts(result) == {}
    assert result.feed.routes["agency_id"].tolist() == result.feed.agency["agency_id"].tolist()


def test_a_route_of_an_operator_that_is_not_listed(tmp_path: Path) -> None:
    result = read_feed(tmp_path, routes=SOUND["routes"].replace("OP", "ZZ"))
    assert fault_counts(result) == {"route_unknown_agency": 1}
    assert result.feed.agency["agency_name"].tolist() == ["Operator not stated"]


def test_time_zones(tmp_path: Path) -> None:
    agency = SOUND["agency"] + "O2,Other,,Europe/Paris\n"
    assert fault_counts(read_feed(tmp_path, agency=agency)) == {"agency_timezones_differ": 1}
    with pytest.raises(FeedError, match="Europe/Nowhere"):
        read_feed(tmp_path, agency=SOUND["agency"].replace("London", "Nowhere"))
    with pytest.raises(FeedError, match="no time zone"):
        read_feed(tmp_path, agency=SOUND["agency"].replace("Europe/London", "../../etc/passwd"))


def test_malformed_dates(tmp_path: Path) -> None:
    result = read_feed(
        tmp_path,
        calendar=SOUND["calendar"]
        + "W2,1,1,1,1,1,0,0,2023-06-01,20230630\nW3,1,1,1,1,1,0,0,20230630,20230601\n",
        calendar_dates="service_id,date,exception_type\nWD,20230231,1\nWD,20230603,3\nWD,20230604,1\nWD,20230604,2\n",
    )
    assert fault_counts(result) == {
        "date_malformed": 2,
        "calendar_reversed": 1,
        "exception_type_unknown": 1,
        "calendar_date_repeated": 1,
    }
    assert result.feed.calendar_dates["exception_type"].tolist() == [1]


def test_weekday_flags_and_open_ends(tmp_path: Path) -> None:
    calendar = f"service_id,{WEEKDAYS},start_date,end_date\nWD,1,1,yes,1,1,0,0,20230601,20991231\n"
    result = read_feed(tmp_path, calendar=calendar)
    assert fault_counts(result) == {"calendar_flag_malformed": 1, "end_date_open": 1}
    assert str(result.feed.calendar["end_date"][0]) == "2099-12-31"
    assert not result.feed.calendar["wednesday"][0]


def test_a_feed_with_nothing_left_says_what_was_wrong(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match=r"no usable trip is left[\s\S]*stop_time_unknown_stop: 4"):
        read_feed(
            tmp_path,
            stop_times=calls_text(*T1),
            stops=SOUND["stops"]
            .replace("\nA", "\nZA")
            .replace("\nB", "\nZB")
            .replace("\nC", "\nZC")
            .replace("\nD", "\nZD"),
        )


def test_every_fault_of_several_is_counted_together(tmp_path: Path) -> None:
    departures, faults = times(
        tmp_path,
        T1[0],
        "T1,,,B,2",
        *T1[2:],
        "T1,09:20:00,09:20:00,NOWHERE,5",
        stops=stops_text(C="0,0"),
        calendar_dates="service_id,date,exception_type\nWD,nonsense,1\n",
    )
    # B is a third of the way from A to D: C's call is gone before times are filled in.
    assert departures == [0, 300, 900]
    assert faults == {
        "time_interpolated": 1,
        "stop_time_unknown_stop": 1,
        "stop_without_place": 1,
        "call_without_place": 2,
        "date_malformed": 1,
    }


def test_nullable_columns_are_null_and_not_empty(tmp_path: Path) -> None:
    trips = read_feed(tmp_path).feed.trips
    assert trips[["trip_headsign", "direction_id", "block_id", "shape_id"]].isna().all().all()
    assert trips["direction_id"].dtype == pd.Int8Dtype()
