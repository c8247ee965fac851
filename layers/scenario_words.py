"""A scenario's changes in plain words: places, stops and services by their names, never by a code."""

from __future__ import annotations

from data.areapack import AreaPack
from data.errors import QueryError
from geo.places import Place, resolve_place
from geo.service_names import tell_services_apart
from geo.stop_words import describe_stop
from geo.whatif.model import (
    LATEST_S,
    AddFootpath,
    AddService,
    AddStop,
    Change,
    ChangeHeadway,
    CloseStreet,
    FirstBus,
    LastBus,
    Minibus,
    MoveStop,
    RemoveService,
)
from geo.whatif.names import FaultyChange, find_service, find_stop
from layers.messages import Click, find_neighbourhood
from layers.reach_panel import service_title
from layers.words import say_clock

_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Names:
    """What a scenario's places, stops and services are called in the first pack that knows them.

    Parameters
    ----------
    packs : AreaPack
        The pack as it stands, and as the scenario changes it (for what one change adds and another names).
    """

    def __init__(self, *packs: AreaPack) -> None:
        self.packs = packs

    def place(self, text: str) -> str:
        """A place's name; of coordinates, the neighbourhood that they lie in."""
        for pack in self.packs:
            try:
                place = resolve_place(pack, text)
            except QueryError:
                continue
            return say_point(pack, place) if place.kind == "coordinates" else place.label
        return text

    def stop(self, text: str) -> str:
        """A stop's title."""
        for pack in self.packs:
            try:
                return describe_stop(pack.stops.iloc[find_stop(pack, "stop", text)], pack.crs).title
            except FaultyChange:
                continue
        return text

    def end(self, text: str) -> str:
        """Where a bus goes: what it shows, or of the id of its last stop that stop's title."""
        known = any(text in set(pack.stops["stop_id"]) for pack in self.packs)
        return self.stop(text) if known else text

    def service(self, text: str) -> str:
        """A service's name, or what to call one without."""
        for pack in self.packs:
            try:
                row = find_service(pack, text)
            except FaultyChange:
                continue
            assert pack.services is not None  # it was found there
            service_id = str(pack.services["service_id"].iloc[row])
            title = service_title(pack.services["name"].iloc[row], str(pack.services["category"].iloc[row]))
            which = tell_services_apart(pack).get(service_id)
            return f"{title} ({which})" if which else title
        return text


def say_point(pack: AreaPack, place: Place) -> str:
    """A point on the map, by the neighbourhood that it lies in and its coordinates."""
    where = f"{place.lat:.4f}, {place.lon:.4f}"
    hood = find_neighbourhood(pack, Click(place.lon, place.lat))
    if hood is None:
        return f"a point on the map ({where})"
    return f"a point in {resolve_place(pack, hood).label} ({where})"


def say_change(change: Change, names: Names) -> str:
    """A change in one sentence, for a list."""
    if isinstance(change, AddService):
        held = "; ".join(
            f"{one.day.capitalize()} {say_clock(one.start)} to {say_clock(one.end)}"
            + (", drop in" if one.drop_in else "")
            for one in change.sessions
        )
        place = names.place(change.at)
        return f"A service more: {change.name} ({change.category}) at {place}. {held}".rstrip(" .") + "."
    if isinstance(change, RemoveService):
        return f"A service less: {names.service(change.service)}."
    if isinstance(change, ChangeHeadway):
        often = f"a bus every {change.every_min:g} minutes"
        if (change.start, change.end) != (0, LATEST_S):
            often += f" from {say_clock(change.start)} to {say_clock(change.end)}"
        return f"{_say_route(change, names)}: {often}, {_say_days(change.days)}."
    if isinstance(change, FirstBus | LastBus):
        which, until = ("first", "after it") if isinstance(change, FirstBus) else ("last", "until then")
        often = f", every {change.every_min:g} minutes {until}" if change.every_min else ""
        bus = f"the {which} bus at {say_clock(change.time)}{often}"
        return f"{_say_route(change, names)}: {bus}, {_say_days(change.days)}."
    if isinstance(change, AddStop):
        where = names.stop(change.stop) if change.stop else change.name or names.place(str(change.at))
        return f"A stop more: {where}, on {_say_route(change, names, 'route')}."
    if isinstance(change, MoveStop):
        only = f", for route {change.route} only" if change.route else ""
        return f"A stop elsewhere: {names.stop(change.stop)} to {names.place(change.to)}{only}."
    if isinstance(change, Minibus):
        places = ", ".join(names.place(place) for place in change.places)
        return f"A minibus: {change.name}, {places}; {_say_departures(change)}, {_say_days(change.days)}."
    if isinstance(change, CloseStreet):
        if change.street is None:
            return f"A street closed: way {change.way} of OpenStreetMap."
        where = f"within {change.within_m:g} m of {names.place(str(change.near))}"
        return f"A street closed: {change.street}, {where}."
    return _say_footpath(change, names)


def _say_footpath(change: AddFootpath, names: Names) -> str:
    ends = " to ".join(names.place(place) for place in (change.points[0], change.points[-1]))
    name = f"{change.name}, " if change.name else ""
    return f"A footpath: {name}{ends}{', with steps' if change.steps else ''}."


def _say_route(
    change: ChangeHeadway | FirstBus | LastBus | AddStop, names: Names, word: str = "Route"
) -> str:
    of = f" ({change.operator})" if change.operator else ""
    towards = f" towards {names.end(change.towards)}" if change.towards else ""
    return f"{word} {change.route}{of}{towards}"


def _say_departures(change: Minibus) -> str:
    times = change.times
    if change.every_min is not None:
        return f"every {change.every_min:g} minutes from {say_clock(times[0])} to {say_clock(times[-1])}"
    return ", ".join(say_clock(one) for one in times)


def _say_days(days: tuple[str, ...]) -> str:
    if len(days) == len(_WEEK):
        return "every day"
    if days == _WEEK[:5]:
        return "Monday to Friday"
    return ", ".join(day.capitalize() for day in days)
