"""School buses that a timetable calls buses: set apart where listed, named where they look like it."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.config import load_config
from data.errors import SourceError
from data.sources.faultlog import FaultLog
from data.sources.school_buses import mark_school_routes, note_likely_school_routes
from tests.feed_files import SOUND, calls_text, read_feed

# Number of the route, and when its trips leave.
ROUTES = {
    "JF1": ("07:50", "15:30"),
    "S2": ("06:30", "08:00", "14:30", "17:00"),  # the borders belong to it
    "24": ("06:40", "07:10", "08:20", "15:00", "16:00"),  # three in a half: for commuters
    "60": ("07:00", "18:05"),
    "M1": ("07:45",),  # no way home
    "N1": ("07:45", "31:45", "15:30"),  # 31:45 is 07:45 again, the day after
    "5": ("07:45", "11:00", "15:30"),
}


@pytest.fixture
def feed(tmp_path: Path):
    calls, trips, routes = [], [], []
    for route, times in ROUTES.items():
        routes.append(f"{route}-id,O1,{route},,{715 if route == 'X' else 3}")
        for number, clock in enumerate(times):
            trips.append(f"{route}-id,WD,{route}-{number}")
            calls += [
                f"{route}-{number},{clock}:00,{clock}:00,A,1",
                f"{route}-{number},{clock}:30,{clock}:30,B,2",
            ]
    return read_feed(
        tmp_path,
        routes="route_id,agency_id,route_short_name,route_long_name,route_type\n" + "\n".join(routes) + "\n",
        trips="route_id,service_id,trip_id\n" + "\n".join(trips) + "\n",
        stop_times=calls_text(*calls),
        calendar=SOUND["calendar"],
    ).feed


def likely(feed) -> tuple[str, ...]:
    log = FaultLog("timetable")
    note_likely_school_routes(feed, log, file="feed.zip")
    return tuple(example for fault in log.faults for example in fault.examples)


def test_what_runs_to_school_and_home_alone_is_named(feed) -> None:
    assert likely(feed) == ("JF1", "N1", "S2")


def test_what_is_listed_is_set_apart_and_named_no_more(feed) -> None:
    routes = mark_school_routes(feed.routes, ("jf1", "S2"), file="feed.zip")
    modes = dict(zip(routes["route_short_name"], routes["mode"], strict=True))
    assert modes == {name: "special_bus" if name in {"JF1", "S2"} else "bus" for name in ROUTES}
    assert set(feed.routes["mode"]) == {"bus"}  # what was given is not changed
    object.__setattr__(feed, "routes", routes)
    assert likely(feed) == ("N1",)


def test_a_route_that_is_not_there_is_refused_with_the_nearest(feed) -> None:
    with pytest.raises(SourceError, match=r"(?s)feed\.zip.*'JF2' \(nearest: JF1.*'99'.*route_short_name"):
        mark_school_routes(feed.routes, ("JF2", "99", "60"), file="feed.zip")


@pytest.mark.real_data
def test_newports_school_buses_do_not_count(real_pack) -> None:
    config = load_config(Path(__file__).resolve().parents[1] / "data" / "areas" / "newport.toml")
    assert config.timetable.school_routes == ("JF1", "YGI2")
    routes = real_pack("newport").feed.routes
    assert set(routes["route_short_name"][routes["mode"] == "special_bus"]) == {"JF1", "YGI2"}
