"""A journey as JSON: all that its words are made of, and the words."""

from __future__ import annotations

from typing import Any

from shapely.geometry import mapping

from data.areapack import AreaPack
from geo.journey import Journey, NoJourney, RideLeg, WalkLeg
from geo.journey_words import journey_in_words
from geo.places import Place
from geo.ride_service import RideService, RouteService
from geo.stop_words import StopWords, read_stop
from geo.turn_words import turns_in_words
from geo.whatif.words import say_trial_of


def journey_to_json(
    journey: Journey | NoJourney, pack: AreaPack, service: RideService | None = None
) -> dict[str, Any]:
    """Turn a journey into what JSON holds; times are seconds, lines GeoJSON.

    Without a journey ``legs`` is empty, ``reason`` says why, and ``about`` has the
    ids of the places that the reason is about. Names are as
    people are told them (``name`` null where there is none); codes stand only
    under keys that say so (``stop_id``, ``route_id``, ``trip_id``).
    """
    facts = pack.manifest.timetable
    told = {
        "service_date": journey.service_date.isoformat(),
        "timetable": {
            "begins": facts.latest_start_date.isoformat(),
            "first_date": facts.first_date.isoformat(),
            "last_date": facts.last_date.isoformat(),
        },
        "trial": pack.trial,
        "check": "check before you travel" if pack.trial is None else say_trial_of(pack),
        "origin": _place(journey.origin),
        "destination": _place(journey.destination),
        "words": journey_in_words(journey, pack, service),
    }
    if isinstance(journey, NoJourney):
        about = [place.place_id for place in journey.about]
        return {**told, "legs": [], "reason": journey.reason, "about": about}
    return {
        **told,
        "depart_s": journey.depart_s,
        "arrive_s": journey.arrive_s,
        "board_slack_s": journey.board_slack_s,
        "legs": [
            _ride(leg, pack, service) if isinstance(leg, RideLeg) else _walk(leg) for leg in journey.legs
        ],
    }


def _place(place: Place) -> dict[str, Any]:
    return {"id": place.place_id, "name": place.label, "kind": place.kind, "lon": place.lon, "lat": place.lat}


def _walk(leg: WalkLeg) -> dict[str, Any]:
    steps = () if leg.directions is None else leg.directions.steps
    return {
        "mode": "walk",
        "from_stop_id": leg.from_stop_id,
        "to_stop_id": leg.to_stop_id,
        "duration_s": leg.duration_s,
        "length_m": leg.length_m,
        "straight_line": leg.straight_line,
        "streets": [{"name": name, "length_m": length} for name, length in leg.streets],
        "steps": [
            {
                "turn": step.turn,
                "angle_deg": step.angle_deg,
                "heading_deg": round(step.heading_deg, 1),
                "street": step.street,
                "kind": step.kind,
                "length_m": step.length_mm / 1000,
                "words": words,
            }
            for step, words in zip(steps, turns_in_words(steps), strict=True)
        ],
        "end_side": None if leg.directions is None else leg.directions.end_side,
        "geometry": mapping(leg.geometry),
    }


def _ride(leg: RideLeg, pack: AreaPack, service: RideService | None) -> dict[str, Any]:
    stops = {"from_stop": leg.from_stop_id, "to_stop": leg.to_stop_id, "previous_stop": leg.previous_stop_id}
    told = {name: getattr(leg, name) for name in leg.__dataclass_fields__}
    told |= {key: _stop(read_stop(pack, stop_id)) for key, stop_id in stops.items()}
    if service is not None:
        told["service"] = {
            "own": route_to_json(service.own),
            "others": [route_to_json(other) for other in service.others],
            "last": route_to_json(service.last),
        }
    return told


def _stop(stop: StopWords) -> dict[str, Any]:
    told = {name: getattr(stop, name) for name in stop.__dataclass_fields__}
    return told | {"check": stop.check}


def route_to_json(service: RouteService) -> dict[str, Any]:
    """A route between two stops on a travel day: its departures, and how often in words."""
    told = {name: getattr(service, name) for name in service.__dataclass_fields__}
    return told | {
        "departures_s": list(service.departures_s),
        "first_s": service.first_s,
        "last_s": service.last_s,
        "frequency": service.frequency,
    }
