"""For each peer, the rules in which it differs from this engine, in the order they are made the same.

What a stage says of a peer is what the peer's own source or documentation says,
and what the differences that vanish at it show.
"""

from __future__ import annotations

from typing import Any

from benchmarks.validation.compare import Stage
from benchmarks.validation.street_rules import PARTED

_LATER_DAYS = Stage(
    "the next day's trips",
    "this engine looks a horizon ahead, past midnight; {peer} knows the date's own trips only",
    own={"date_only": True},
)
_WALKING = Stage(
    "walking without a bus",
    "here up to 1,280 m all the way; {peer} up to 640 m, or 640 m to a stop and 640 m on from it",
    own={"by_stops": True},
)
_SPHERE = Stage(
    "lengths of streets",
    "here in the plane of a map's grid; {peer} on a sphere, a little shorter (in Newport by 0.03 to 0.3%)",
    own={"sphere": True},
)
_PICKUP = Stage(
    "boarding and alighting",
    "{peer} does not read pickup_type and drop_off_type: it boards where the timetable says nobody may",
    own={"no_pickup_rules": True},
)

# What settling each of ``STREET_RULES`` does; a peer may have words of its own for what it does there.
_STREETS = {
    "gates": ("gates and bollards", "no engine stops at them: here they are gone from the map"),
    "lines": ("ways that are no streets", "no engine walks on them: here they are gone from the map"),
    "access": ("access=private or no", "here closed unless foot=yes; {peer} walks there"),
    "foot": ("foot=private or no", "here closed; {peer} walks where it says private"),
    "kinds": (
        "trunk roads, motorways, building sites",
        "here closed (trunk roads where no pavement is known); {peer} walks on some of them",
    ),
    "steps": ("steps", "walked here and by {peer}"),
    "ways": ("every other way that is walked here", "{peer} walks on all but few of them"),
    "outlines": ("outlines of squares", "here walked; {peer} drops areas and the streets that end there"),
    "squares": ("squares", "here crossed from corner to corner; {peer} does not cross them"),
    "pieces": ("pieces cut off at the extract's edge", "nobody is put onto a piece of under 200 nodes here"),
}  # fmt: skip
_CAFEIN_STREETS = {
    "foot": "here closed; cafein reads foot=no and no other word, and so walks on foot=private",
    "kinds": "a trunk road where no pavement is known is closed here; cafein walks along it",
    "pieces": "nobody is put onto a piece of under 200 nodes here; cafein's limit is 40",
}
_FERROBUS_STREETS = {
    "lines": "ferrobus walks along railways, and along any line that says who may cycle there",
    "foot": "here closed; ferrobus walks where it says private, and where the tag highway follows foot=no",
    "kinds": "here a building site is closed; ferrobus walks there where foot or bicycle has a word",
    "ways": "ferrobus walks no bridleway, platform or trunk road with a pavement where foot says nothing",
    "outlines": "walked here and by ferrobus",
    "pieces": "here a piece of 200 nodes or more is kept; ferrobus keeps the largest one only",
}


_FERROBUS_CHANCE = Stage(
    "two streets between the same junctions",
    "ferrobus gives both the length of one of them, by chance: two runs of the same question differ; here a "
    "junction is put on each",
    peer={"streets": "raw" + PARTED},
)
_FERROBUS_JUNCTIONS = Stage(
    "places at junctions",
    "ferrobus moves every place and stop to the nearest junction, where of several stops any may be the "
    "nearest, by chance; here each gets a junction of its own",
    own={"own_streets": "parted"},
    peer={"streets": "parted"},
)


def _street_stages(peer_says: dict[str, str], *, parted: bool = False) -> list[Stage]:
    """One stage for every rule of who walks where."""
    return [
        Stage(name, peer_says.get(rule, says), peer={"streets": rule + PARTED * parted})
        for rule, (name, says) in _STREETS.items()
    ]


def _limit(metres: int) -> tuple[dict[str, Any], ...]:
    """The limit of a leg give or take some metres."""
    return tuple({"max_walk_m": 640 + metres * sign} for sign in (-1, 1))


def cafein_ladder(*, streets: bool) -> list[Stage]:
    """cafein's stages; ``streets``: the streets are a map's and not made up."""
    return [
        Stage("as they come", "", peer={"streets": "raw"}),
        _LATER_DAYS,
        _WALKING,
        *(_street_stages(_CAFEIN_STREETS) if streets else []),
        _SPHERE,
        Stage(
            "where a place joins the streets",
            "of streets almost equally near another one may be taken; here every place is given its own",
            peer={"streets": "joined"},
        ),
        _PICKUP,
        Stage(
            "at the limit",
            "a walk of 640 m give or take a metre: inside the limit on one side, outside on the other",
            tolerance=_limit(1),
        ),
    ]


def ferrobus_ladder(*, streets: bool) -> list[Stage]:
    """ferrobus's stages: most of its rules are fixed, so this engine takes them over."""
    return [
        # It refuses a feed with blank times: those are filled in.
        Stage("as they come", "", peer={"streets": "raw", "feed": "timed"}),
        # What it does by chance comes first, so that later rows have little of it; without a map, none.
        _FERROBUS_CHANCE if streets else _FERROBUS_JUNCTIONS,
        Stage(
            "walking speed",
            "ferrobus walks 1.4 m/s (5.04 km/h), always",
            own={"walk_speed_kmh": 5.04},
            peer={"walk_speed_kmh": 5.04},
        ),
        _LATER_DAYS,
        _WALKING,
        *([*_street_stages(_FERROBUS_STREETS, parted=True), _FERROBUS_JUNCTIONS] if streets else []),
        Stage(
            "dates of the calendar",
            "ferrobus does not read start_date and end_date: here it is given the date's trips alone",
            peer={"feed": "dated"},
        ),
        Stage(
            "trips that overtake",
            "ferrobus takes it that no trip of a route overtakes another; here those that do get a route of "
            "their own",
            peer={"feed": "lanes"},
        ),
        Stage(
            "stops off the streets",
            "ferrobus moves stops to a junction however far it is, and does not count the way there; here "
            "nobody walks to stops over 300 m from a street, and it is given a feed without them",
            peer={"feed": "near"},
        ),
        _SPHERE,
        Stage(
            "whole seconds",
            "ferrobus cuts the seconds of every piece of street down to whole ones",
            own={"whole_seconds": True},
        ),
        _PICKUP,
        Stage(
            "the nearest stop only",
            "ferrobus starts from the stop nearest to the origin, whatever calls there, and walks on from it "
            "to others; so it does from where it gets off. Each walk is up to the limit",
            own={"nearest_stops": 1, "footpaths": True},
        ),
        Stage(
            "walking on from where the bus is the quicker",
            "ferrobus walks on only from stops that the bus reaches before somebody on foot would",
            own={"from_files": True, "walks_on": True, "quicker": True},
        ),
        Stage(
            "walking on when the bus leaves",
            "ferrobus begins to walk on when the bus leaves the stop",
            own={"leaves": True},
        ),
        Stage(
            "walking on twice",
            "ferrobus walks from the stop where it gets off to a second and on to a third, each up to the "
            "limit, when the second comes later in stops.txt and a bus calls there too",
            own={"again": True},
        ),
        Stage(
            "the last piece of street",
            "walking all the way, ferrobus goes on to the end of the piece of street on which the limit is "
            "reached",
            own={"piece_past_limit": True},
        ),
        Stage(
            "at the limit",
            "a walk of 640 m give or take 3 m (its seconds are whole): inside the limit on one side only",
            tolerance=_limit(3),
        ),
        Stage(
            "to the second",
            "ferrobus counts a second from a place to the junction that it stands on, and a walk's seconds "
            "may differ by one or two: a bus is caught on one side only; here ours leaves 2 s apart",
            tolerance=(*_limit(3), *({"later_s": seconds} for seconds in (-2, 2))),
        ),
    ]


def nigiri_ladder() -> list[Stage]:
    """nigiri's stages: it has no streets, so the timetable alone is compared."""
    return [
        Stage("as they come", "", own={"minute_legs": True}, peer={"feed": "raw"}),
        Stage(
            "whole minutes",
            "nigiri knows whole minutes: the seconds of a feed are cut off",
            own={"minute_feed": True},
        ),
        Stage(
            "walking by way of a stop",
            "nigiri leaves out a ride that is no quicker than walking by way of one stop, without telling "
            "that walk; here both sides walk so",
            own={"by_stops": True},
            peer={"walk_by_stops": True},
        ),
        Stage(
            "its own footpaths",
            "nigiri joins stops up to 100 m apart by footpaths of its own and drops rides that are no "
            "quicker than walking along those; here it has none",
            peer={"no_links": True},
        ),
        Stage(
            "one stop at either end",
            "given all stops near both ends, nigiri still drops a ride that is slower than some walk of its "
            "own between two of them; here it is asked with the two stops of our ride alone",
            ask_again=True,
        ),
    ]
