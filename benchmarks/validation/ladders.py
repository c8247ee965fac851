"""For each peer, the rules in which it differs from this engine, in the order they are made the same."""

from __future__ import annotations

from benchmarks.validation.compare import Stage

# Equal from the first stage on, for every peer: see SAME in __main__.

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
_EARTH = Stage(
    "lengths of streets",
    "here in the plane of the national grid; {peer} on a sphere, 0.03 to 0.3% shorter in Newport",
    own={"sphere": True},
)
_PICKUP = Stage(
    "boarding and alighting",
    "{peer} does not read pickup_type and drop_off_type: it boards where the timetable says nobody may",
    own={"no_pickup_rules": True},
)
_LIMIT = Stage(
    "within a metre of the limit",
    "a walk of 640 m give or take a metre (or a second): inside the limit here, outside there",
    tolerance=({"max_walk_m": 639}, {"max_walk_m": 641}),
)


def cafein_ladder(*, streets: bool) -> list[Stage]:
    """cafein's stages; ``streets``: the streets are a map's and not made up."""
    of_streets = [
        Stage(
            "ways closed to the public",
            "cafein walks access=private and no, trunk roads without a pavement and the like",
            peer={"streets": "closed"},
        ),
        Stage("ways that only this engine walks", "cafein leaves them out", peer={"streets": "open"}),
        Stage(
            "squares",
            "here crossed from corner to corner; cafein leaves areas out, with the streets that end in them",
            peer={"streets": "squares"},
        ),
        Stage(
            "pieces cut off at the extract's edge",
            "nobody is put onto a piece of under 200 nodes here; cafein's limit is 40",
            peer={"streets": "pieces"},
        ),
    ]
    return [
        Stage("as they come", "", peer={"streets": "raw"}),
        _LATER_DAYS,
        _WALKING,
        *(of_streets if streets else []),
        _EARTH,
        Stage(
            "where a place joins the streets",
            "of streets almost equally near another one may be taken; here every place is given its own",
            peer={"streets": "joined"},
        ),
        _PICKUP,
        _LIMIT,
    ]


def ferrobus_ladder(*, streets: bool) -> list[Stage]:
    """ferrobus's stages: most of its rules are fixed, so this engine takes them over."""
    return [
        Stage("as they come", "", peer={"streets": "raw", "feed": "raw"}),
        Stage(
            "walking speed",
            "ferrobus walks 1.4 m/s (5.04 km/h), always",
            own={"walk_speed_kmh": 5.04},
            peer={"walk_speed_kmh": 5.04},
        ),
        _LATER_DAYS,
        _WALKING,
        Stage(
            "which trips run, and where they call",
            "ferrobus takes all trips of a route with equally many calls to call at the first one's stops, "
            "and does not read a calendar's first and last date; here each pattern has a route of its own",
            peer={"feed": "split"},
        ),
        *(
            [Stage("which ways are walked", "all rules of streets at once", peer={"streets": "pieces"})]
            if streets
            else []
        ),
        Stage(
            "places at junctions",
            "ferrobus moves every place and stop to the nearest junction and keeps one stop at each; here "
            "every place is given a junction of its own",
            own={"own_streets": "joined"},
            peer={"streets": "joined"},
        ),
        Stage(
            "stops off the streets",
            "ferrobus moves stops to a junction however far it is, and does not count the way there; here "
            "nobody walks to stops over 300 m from a street, and it is given a feed without them",
            peer={"feed": "near"},
        ),
        Stage(
            "whole seconds, boarding and alighting",
            "ferrobus cuts the seconds of every piece of street down to whole ones, measures on a sphere, "
            "and does not read pickup_type and drop_off_type",
            own={"sphere": True, "whole_seconds": True, "no_pickup_rules": True},
        ),
        Stage(
            "the nearest stop only",
            "ferrobus starts from the stop nearest to the origin, and from there walks to others and on from "
            "where it gets off, each walk up to the limit",
            own={"nearest_stops": 1, "footpaths": True},
        ),
        Stage(
            "within a metre of the limit",
            "a walk of 640 m give or take 8 m (its seconds are cut down street by street)",
            tolerance=({"max_walk_m": 632}, {"max_walk_m": 648}),
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
