"""What the form of a scenario offers by name: routes, their stops and ends, streets, services and places."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely

from data.areapack import AreaPack
from data.date_words import say_day
from data.service_days import find_trips_on
from geo.names import clean_name
from geo.places import Place
from geo.sessions import choose_dates
from geo.stop_words import describe_stop
from geo.whatif.names import choose_direction, find_trips, offer_nearest
from layers.connector import list_destinations, name_services
from layers.measures import ANY_CATEGORY
from layers.words import number_alike, say_clock

MOST_NEAR = 12
NEAR_M = 500.0
# A street that is near has a bend or an end within this much more: few run straight for longer.
_LONGEST_STRAIGHT_M = 500.0
_UNNAMED = "unnamed"


@dataclass(frozen=True)
class RouteChoice:
    """A route as a scenario names it: by its number, and by the operator where two have the number."""

    route: str
    operator: str | None
    label: str


def list_routes(pack: AreaPack, modes: tuple[str, ...]) -> list[RouteChoice]:
    """Routes with trips that count as the one bus, in the order that people read numbers in."""
    feed = pack.feed
    routes = feed.routes[
        feed.routes["mode"].isin(modes) & feed.routes["route_id"].isin(feed.trips["route_id"])
    ]
    routes = routes[routes["route_short_name"].notna()]
    if routes.empty:
        return []
    names = feed.agency.drop_duplicates("agency_id").set_index("agency_id")["agency_name"]
    ends = _list_ends(pack)
    table = pd.DataFrame(
        {
            "number": [str(one).strip() for one in routes["route_short_name"]],
            "operator": [_text(names.get(one)) for one in routes["agency_id"]],
            "title": [
                _text(name) or _text(ends.get(route_id))
                for name, route_id in zip(routes["route_long_name"], routes["route_id"], strict=True)
            ],
        }
    )
    found = []
    for number, own in table.groupby("number", sort=False):
        operators = list(dict.fromkeys(own["operator"]))
        for operator in operators:
            title = next((one for one in own.loc[own["operator"] == operator, "title"] if one), None)
            parts = [str(number), *([title] if title else []), *([f"({operator})"] if operator else [])]
            alone = len(operators) == 1 or not operator
            found.append(RouteChoice(str(number), None if alone else operator, " ".join(parts)))
    return sorted(found, key=lambda one: (*_by_number(one.route), one.label))


def _text(value: object) -> str:
    return clean_name(value) or ""


def _by_number(text: str) -> tuple[bool, int, str]:
    digits = re.match(r"\d+", text)
    return (digits is None, int(digits[0]) if digits else 0, text)


def _list_ends(pack: AreaPack) -> pd.Series:
    """Of each route the two places that most of its buses show, joined."""
    shown = pack.feed.trips.dropna(subset=["trip_headsign"])
    if shown.empty:
        return pd.Series(dtype=object)
    counts = (
        shown.groupby(["route_id", "trip_headsign"], sort=True)
        .size()
        .sort_values(ascending=False, kind="stable")
    )
    most = counts.groupby(level="route_id", sort=True).head(2).reset_index()
    return most.groupby("route_id")["trip_headsign"].agg(" – ".join)


def list_stops_of(pack: AreaPack, route: RouteChoice) -> dict[str, str]:
    """Stops where a route's buses call, by id, as they come along the way; each with its number there."""
    found = {}
    for number, row in enumerate(_stops_in_order(pack, find_trips(pack, route)), 1):
        stop = pack.stops.iloc[row]
        found[str(stop["stop_id"])] = f"{number}. {describe_stop(stop, pack.crs).title}"
    return found


def _stops_in_order(pack: AreaPack, trips: np.ndarray) -> list[int]:
    """Rows of the stops, those of the bus with most calls first, each once."""
    times = pack.feed.stop_times
    index = times["trip_index"]
    counts = np.bincount(index, minlength=len(pack.feed.trips))
    first = np.concatenate(([0], np.cumsum(counts)))
    longest_first = trips[np.argsort(-counts[trips], kind="stable")]
    rows: dict[int, None] = {}
    for trip in longest_first:
        rows.update(dict.fromkeys(times["stop_index"][first[trip] : first[trip + 1]].tolist()))
    return list(rows)


def list_directions(pack: AreaPack, route: RouteChoice) -> dict[str, str]:
    """Where a route's buses go, by what they show, else by their last stops; each with its label."""
    trips = find_trips(pack, route)
    shown = pack.feed.trips["trip_headsign"].iloc[trips].dropna()
    if len(shown):
        return number_alike({str(one): clean_name(one) or str(one) for one in shown.value_counts().index})
    counts = np.bincount(pack.feed.stop_times["trip_index"], minlength=len(pack.feed.trips))
    last = pack.feed.stop_times["stop_index"][np.cumsum(counts)[trips] - 1]
    ends = pack.stops.iloc[pd.Series(last).value_counts().index]
    titles = {str(stop["stop_id"]): describe_stop(stop, pack.crs).title for _, stop in ends.iterrows()}
    return number_alike(titles)


def say_buses_now(pack: AreaPack, route: RouteChoice, towards: str | None) -> str:
    """When a route's buses leave their first stops, on the service date and the next Saturday and Sunday."""
    trips = choose_direction(pack, find_trips(pack, route), towards, None)
    index = pack.feed.stop_times["trip_index"]
    leave_s = pack.feed.stop_times["departure_s"][np.searchsorted(index, trips)]
    weekend = choose_dates(pack.manifest, (5, 6))
    told = []
    for date in (pack.manifest.timetable.service_date, *(weekend[day] for day in (5, 6) if day in weekend)):
        runs = leave_s[np.isin(trips, find_trips_on(pack.feed, date))]
        if len(runs):
            buses = f"{len(runs):,} bus{'es' if len(runs) > 1 else ''}"
            first, last = say_clock(int(runs.min())), say_clock(int(runs.max()))
            told.append(f"{say_day(date)} {buses}, {first}{'' if first == last else f' to {last}'}")
        else:
            told.append(f"{say_day(date)} none")
    return f"As it is now, from the first stop: {'; '.join(told)}."


def list_stops_near(pack: AreaPack, place: Place) -> dict[str, str]:
    """Stops within 500 m of a place in a straight line, nearest first, by id."""
    away = np.hypot(pack.stops["x"].to_numpy(float) - place.x, pack.stops["y"].to_numpy(float) - place.y)
    rows = np.argsort(away, kind="stable")[:MOST_NEAR]
    titles = {
        str(pack.stops["stop_id"].iloc[row]): (
            f"{describe_stop(pack.stops.iloc[row], pack.crs).title}, {away[row]:.0f} m from there"
        )
        for row in rows
        if away[row] <= NEAR_M
    }
    return number_alike(titles)


def list_streets_near(pack: AreaPack, place: Place, within_m: float) -> dict[str | int, str]:
    """Streets within a distance of a place, nearest first.

    Named streets by their name; those without one by the number of their way,
    as "unnamed footway".
    """
    walk = pack.walk
    if walk is None:
        return {}
    bends = np.hypot(walk.geometry_x - place.x, walk.geometry_y - place.y) <= within_m + _LONGEST_STRAIGHT_M
    edges = np.unique(np.searchsorted(walk.geometry_offset, np.flatnonzero(bends), side="right") - 1)
    xy = np.column_stack((walk.geometry_x, walk.geometry_y))
    lines = [
        shapely.LineString(xy[walk.geometry_offset[edge] : walk.geometry_offset[edge + 1]]) for edge in edges
    ]
    away = shapely.distance(np.array(lines, dtype=object), shapely.Point(place.x, place.y))
    found: dict[str | int, str] = {}
    for at in np.argsort(away, kind="stable"):
        number, metres = int(edges[at]), float(away[at])
        if metres > within_m:
            break
        street = int(walk.street[number])
        if street >= 0:
            name = walk.street_names[street]
            found.setdefault(name, f"{clean_name(name)}, {metres:.0f} m from there")
        elif walk.osm_way is not None and walk.osm_way[number] > 0:
            kind = walk.highway_names[int(walk.highway[number])]
            found.setdefault(int(walk.osm_way[number]), f"{_UNNAMED} {kind}, {metres:.0f} m from there")
    return number_alike(found)


def list_services(pack: AreaPack) -> dict[str, str]:
    """All services and places, by id, in order of name."""
    if pack.services is None:
        return {}
    return name_services(pack, pack.services)


def list_places(pack: AreaPack) -> dict[str, str]:
    """Neighbourhoods with their wards, then services and places at a venue, by id, with titles."""
    found = {}
    if pack.neighbourhoods is not None:
        hoods = pack.neighbourhoods.sort_values("name", kind="stable")
        for hood_id, name, ward in zip(
            hoods["neighbourhood_id"], hoods["name"], hoods["ward_name"], strict=True
        ):
            found[str(hood_id)] = str(name) if pd.isna(ward) else f"{name} ({ward})"
    for kind in ("service", "place"):
        found |= list_destinations(pack, kind, ANY_CATEGORY)
    return number_alike(found)


def say_no_place(names: dict[str, str], text: str, problem: str) -> str:
    """Why a text that somebody typed is no place: the engine's own words, with names and no codes."""
    if " is no neighbourhood" not in problem:
        return problem
    offer = offer_nearest(text, {name.partition(" (")[0]: name for name in names.values()})
    return f"“{text[:60]}” is no name, postcode or longitude, latitude of this area.{offer}"
