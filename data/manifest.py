"""The manifest of an area pack: where each part came from, and what was found wrong.

It is written as JSON beside the tables. Everything a product must say about
its data (dates, licences, coverage, completeness) is read from here.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from data.date_words import say_date

FORMAT_VERSION = 1

Severity = Literal["note", "repaired", "dropped", "missing"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(_Frozen):
    """One raw file and the part of the pack that was made from it."""

    part: str = Field(description="streets, timetable, stops, neighbourhoods, census, services, ...")
    title: str
    file: str = Field(description="name relative to --raw, never a path of the machine")
    owner: str
    licence: str
    attribution: str
    date: dt.date | None = Field(description="the date the data describe, where known")
    sha256: str
    size_bytes: int
    url: str | None = None


class Fault(_Frozen):
    """One kind of fault found in one file: counted, named and exemplified."""

    part: str
    code: str = Field(description="stable slug, for example 'stop_time_backwards'")
    severity: Severity
    count: int
    message: str = Field(description="what is wrong and what was done about it")
    examples: tuple[str, ...] = ()
    file: str | None = None


class TimetableFacts(_Frozen):
    """What the timetable covers and on which day it is read."""

    service_date: dt.date
    service_date_why: str
    first_date: dt.date
    last_date: dt.date = Field(description="the feed's own last date, however far")
    latest_start_date: dt.date
    completeness: float | None = Field(
        description="active stops served / active stops, inside the area; null when there is no stop"
    )
    active_stops: int
    served_stops: int
    trips_on_service_date: int
    operators_without_service: tuple[str, ...] = Field(
        default=(), description="operators of the feed with no trip on the service date"
    )
    duplicate_trips: dict[str, int] = Field(default_factory=dict, description="dropped, by operator")
    timezone: str


class CalendarFacts(_Frozen):
    """Whose bank holidays hold, and the school terms and holidays as far as they were given."""

    nation: str | None = Field(
        default="england_wales", description="whose bank holidays (data.bank_holidays); null: none known"
    )
    school_terms: tuple[tuple[dt.date, dt.date], ...] = Field(
        default=(), description="first and last day of each"
    )
    school_holidays: tuple[tuple[dt.date, dt.date], ...] = ()


class WalkFacts(_Frozen):
    """How walking is measured in this pack."""

    mode: Literal["network", "straight_line"]
    detour_factor: float = 1.3


class Manifest(_Frozen):
    """Everything a pack says of itself."""

    format_version: int = FORMAT_VERSION
    area_id: str
    name: str
    fictional: bool = False
    digest: str = Field(default="", description="sha256 over the tables' content and the facts below")
    crs: str = Field(description="projected CRS, for example 'EPSG:27700'")
    walk: WalkFacts
    timetable: TimetableFacts
    calendar: CalendarFacts = CalendarFacts()
    neighbourhood_level: str | None = None
    census_year: int | None = None
    as_of: dt.date | None = Field(
        default=None, description="the newest date among the sources; age is judged against the reader's day"
    )
    centres: tuple[str, ...] = ()
    has_register: bool = Field(description="a register of services is loaded, not only places")
    sources: tuple[Source, ...] = ()
    faults: tuple[Fault, ...] = ()
    table_rows: dict[str, int] = Field(default_factory=dict)
    table_digests: dict[str, str] = Field(default_factory=dict)
    notes: tuple[str, ...] = Field(default=(), description="plain sentences that every product repeats")

    @property
    def licences(self) -> tuple[str, ...]:
        """Attribution lines to print, each once, in order of the sources."""
        return tuple(dict.fromkeys(source.attribution for source in self.sources))

    def why_test_data(self, today: dt.date) -> str | None:
        """Say why the pack is test data on the reader's day, or None when it is not.

        The rule of the definitions: under 90% of active stops served, or dates
        older than 18 months. A fictional pack is always test data.
        """
        reasons = []
        if self.fictional:
            reasons.append("the place is fictional")
        completeness = self.timetable.completeness
        if completeness is not None and completeness < 0.9:
            reasons.append(f"the timetable serves {completeness:.0%} of the active stops")
        if (today - self.timetable.service_date).days > 548:
            reasons.append(f"the timetable is of {say_date(self.timetable.service_date)}")
        return "; ".join(reasons) or None
