"""A scenario: changes to services, buses and streets that nobody has made yet.

Frozen and hashable, so that a scenario is part of a query. What a change does
is defined in docs/scenarios.md; places, stops and routes stand here as they
were written and are looked up in the pack only when the scenario is applied.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic.dataclasses import dataclass

from data.modes import MODES
from data.service_days import WEEKDAYS
from data.text import clean_text
from geo.clock import parse_clock

MOST_CHANGES = 50
MOST_TIMES = 500
LATEST_S = 48 * 3600
_SPANS = {"weekdays": WEEKDAYS[:5], "weekend": WEEKDAYS[5:], "every day": WEEKDAYS}


def _read_clock(value: Any) -> Any:
    """Seconds of 'HH:MM' (hours may pass 24), of a TOML time, or seconds as they are."""
    if isinstance(value, dt.time):
        return value.hour * 3600 + value.minute * 60 + value.second
    if isinstance(value, str):
        return parse_clock(value)
    return value


def _read_text(value: Any) -> Any:
    """Let a number that people write without quotes (route = 53) be text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _read_number(value: Any) -> Any:
    """Let true and false be no number."""
    return str(value).lower() if isinstance(value, bool) else value


def _read_days(value: Any) -> Any:
    """Weekdays by name or by the first letters; 'weekdays', 'weekend' and 'every day' stand for theirs."""
    if not isinstance(value, str | list | tuple):
        return value
    names: list[str] = []
    for text in [value] if isinstance(value, str) else value:
        wanted = str(text).strip().casefold()
        found = [name for name in WEEKDAYS if len(wanted) > 1 and name.startswith(wanted)]
        if wanted in _SPANS:
            names.extend(_SPANS[wanted])
        elif len(found) == 1:
            names.extend(found)
        else:
            raise ValueError(f"{str(text)[:20]!r} is no day; use {', '.join(WEEKDAYS)}, weekdays or weekend")
    return tuple(day for day in WEEKDAYS if day in names)


def _check_mode(mode: str) -> str:
    if mode not in MODES:
        raise ValueError(f"{mode[:20]!r} is no mode; choose from {', '.join(MODES)}")
    return mode


def _one_line(text: str) -> str:
    if clean_text(text).replace(" ", "") != text.replace(" ", ""):
        raise ValueError("holds line ends or control characters; write it in one line")
    return text


Text = Annotated[
    str,
    BeforeValidator(_read_text),
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_one_line),
]
Clock = Annotated[int, BeforeValidator(_read_clock), Field(ge=0, le=LATEST_S)]
Days = Annotated[tuple[str, ...], BeforeValidator(_read_days), Field(min_length=1)]
Minutes = Annotated[float, BeforeValidator(_read_number), Field(gt=0, le=1440, allow_inf_nan=False)]
Direction = Annotated[int, Field(ge=0, le=1)]

_config = ConfigDict(extra="forbid")
_change = dataclass(frozen=True, kw_only=True, config=_config)


@_change
class HeldOn:
    """A session of an added service: one weekday, from start to end."""

    day: Text
    start: Clock
    end: Clock
    drop_in: bool = False

    @model_validator(mode="after")
    def _whole(self) -> HeldOn:
        days = _read_days(self.day)
        if len(days) != 1:
            raise ValueError("day: give one weekday a session")
        object.__setattr__(self, "day", days[0])
        if self.end <= self.start:
            raise ValueError("ends before it starts; after midnight write 25:00 for 01:00")
        if self.end - self.start > 86_400:
            raise ValueError("lasts over 24 hours")
        return self


@_change
class AddService:
    """A service at a place, with its sessions; none: its times are not known."""

    kind: Literal["add_service"] = "add_service"
    name: Text
    category: Text
    at: Text
    id: Text | None = None
    sessions: tuple[HeldOn, ...] = Field(default=(), max_length=50)


@_change
class RemoveService:
    """A service that is no longer there."""

    kind: Literal["remove_service"] = "remove_service"
    service: Text


@_change
class AddStop:
    """Buses of a route stop at one more place: an existing stop, or a new one."""

    kind: Literal["add_stop"] = "add_stop"
    route: Text
    operator: Text | None = None
    stop: Text | None = None
    at: Text | None = None
    name: Text | None = None
    after: Text | None = None
    towards: Text | None = None
    direction: Direction | None = None
    dwell_s: Annotated[int, Field(ge=0, le=600)] = 20

    @model_validator(mode="after")
    def _whole(self) -> AddStop:
        if (self.stop is None) == (self.at is None):
            raise ValueError("give either stop (one that is there) or at (the place of a new one)")
        return self


@_change
class MoveStop:
    """A stop stands elsewhere: for all buses, or for those of one route."""

    kind: Literal["move_stop"] = "move_stop"
    stop: Text
    to: Text
    route: Text | None = None
    operator: Text | None = None


@_change
class _OnRoute:
    """Which buses of a route are meant: those of an operator, in a direction, on some days."""

    route: Text
    operator: Text | None = None
    towards: Text | None = None
    direction: Direction | None = None
    days: Days = WEEKDAYS


@_change
class ChangeHeadway(_OnRoute):
    """Buses every so many minutes, between the first bus and the last or in part of the day."""

    kind: Literal["headway"] = "headway"
    every_min: Minutes
    start: Clock = 0
    end: Clock = LATEST_S

    @model_validator(mode="after")
    def _whole(self) -> ChangeHeadway:
        if self.end <= self.start:
            raise ValueError("end: must be after start")
        return self


@_change
class _EndOfDay(_OnRoute):
    """A bus at the one end of the day, and buses at a spacing between it and those that are there."""

    time: Clock
    every_min: Minutes | None = None


@_change
class FirstBus(_EndOfDay):
    """The first bus leaves at another time."""

    kind: Literal["first_bus"] = "first_bus"


@_change
class LastBus(_EndOfDay):
    """The last bus leaves at another time."""

    kind: Literal["last_bus"] = "last_bus"


@_change
class Minibus:
    """Community transport: a small bus between places at set times."""

    kind: Literal["minibus"] = "minibus"
    name: Text
    places: tuple[Text, ...] = Field(min_length=2, max_length=50)
    departures: tuple[Clock, ...] = Field(default=(), max_length=MOST_TIMES)
    every_min: Minutes | None = None
    start: Clock | None = None
    end: Clock | None = None
    minutes: tuple[Minutes, ...] = ()
    speed_kmh: Annotated[float, Field(ge=5, le=100)] = 25.0
    detour_factor: Annotated[float, Field(ge=1, le=3)] = 1.3
    both_ways: bool = True
    turn_min: Annotated[float, Field(ge=0, le=240)] = 5.0
    days: Days = WEEKDAYS
    mode: Annotated[str, AfterValidator(_check_mode)] = "bus"

    @model_validator(mode="after")
    def _whole(self) -> Minibus:
        spread = (self.every_min, self.start, self.end)
        if bool(self.departures) == any(value is not None for value in spread):
            raise ValueError("give either departures, or every_min with start and end")
        if not self.departures and any(value is None for value in spread):
            raise ValueError("every_min, start and end go together")
        if self.start is not None and self.end is not None and self.end < self.start:
            raise ValueError("end: must not be before start")
        if len(self.times) > MOST_TIMES:
            raise ValueError(f"more than {MOST_TIMES} departures a day")
        if self.minutes and len(self.minutes) != len(self.places) - 1:
            raise ValueError(f"minutes: give {len(self.places) - 1}, one for each part of the way")
        return self

    @property
    def times(self) -> tuple[int, ...]:
        """Departures from the first place, ascending, each once."""
        if self.departures or self.every_min is None or self.start is None or self.end is None:
            return tuple(sorted(set(self.departures)))
        return spaced(self.start, self.end, self.every_min)


@_change
class CloseStreet:
    """A street that can't be walked: an OSM way by number, or a named street near a place."""

    kind: Literal["close_street"] = "close_street"
    way: Annotated[int, Field(gt=0)] | None = None
    street: Text | None = None
    near: Text | None = None
    within_m: Annotated[float, Field(gt=0, le=5_000)] = 250.0

    @model_validator(mode="after")
    def _whole(self) -> CloseStreet:
        if (self.way is None) == (self.street is None) or (self.street is None) != (self.near is None):
            raise ValueError("give either way (an OSM number), or street (its name) and near (a place on it)")
        return self


@_change
class AddFootpath:
    """A path to walk: a straight line from place to place, joined to the streets at both ends."""

    kind: Literal["footpath"] = "footpath"
    points: tuple[Text, ...] = Field(min_length=2, max_length=200)
    name: Text | None = None
    steps: bool = False


Change = Annotated[
    AddService | RemoveService | AddStop | MoveStop | ChangeHeadway | FirstBus | LastBus | Minibus
    | CloseStreet | AddFootpath,
    Field(discriminator="kind"),
]  # fmt: skip


@dataclass(frozen=True, config=_config)
class Scenario:
    """Changes, made one after the other in this order."""

    name: Text
    changes: tuple[Change, ...] = Field(min_length=1, max_length=MOST_CHANGES)
    note: Text | None = None

    @property
    def digest(self) -> str:
        """Sha256 over the changes; what the scenario is called changes no answer."""
        facts = [dataclasses.asdict(change) for change in self.changes]  # type: ignore[call-overload]
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def spaced(first_s: int, last_s: int, every_min: float) -> tuple[int, ...]:
    """Whole seconds from first to last, both included where the spacing meets it, at equal spacing."""
    every_s = max(1, round(every_min * 60))
    return tuple(range(first_s, last_s + 1, every_s))
