"""The question put to the engine: frozen, validated, hashable."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from data.errors import QueryError
from data.modes import MODES
from geo.clock import typed_clock

if TYPE_CHECKING:  # most questions have no scenario, and its checks take long to set up
    from geo.whatif.model import Scenario

DAY_S = 86_400
MM_PER_KM = 1_000_000


@dataclass(frozen=True, slots=True)
class WalkSettings:
    """How people walk. Lengths in metres, speed in km/h.

    ``max_walk_total_m`` of None means twice the leg limit. Limits are inclusive.
    """

    speed_kmh: float = 4.8
    max_walk_m: int = 640
    max_walk_total_m: int | None = None
    avoid_steps: bool = False

    @property
    def speed_mm_per_h(self) -> int:
        """Speed as an integer, so that every leg's seconds are exact."""
        return round(self.speed_kmh * MM_PER_KM)

    @property
    def leg_limit_mm(self) -> int:
        return self.max_walk_m * 1000

    @property
    def total_limit_mm(self) -> int:
        total = 2 * self.max_walk_m if self.max_walk_total_m is None else self.max_walk_total_m
        return total * 1000


WALK_PRESETS: dict[str, WalkSettings] = {
    "Usual walk": WalkSettings(),
    "Short walk": WalkSettings(max_walk_m=250),
    "Slow walk": WalkSettings(speed_kmh=3.6, max_walk_m=400),
    "Pram or walking aid": WalkSettings(speed_kmh=3.0, max_walk_m=400, avoid_steps=True),
    "Longer walk": WalkSettings(max_walk_m=800),
}


@dataclass(frozen=True, slots=True)
class Query:
    """When, how far and by what (definitions: docs/methods.md).

    Attributes
    ----------
    service_date : date or None
        None: the pack's own service date.
    window_start_s, window_end_s : int
        Departure window, both ends included, seconds from noon minus 12 h of
        the service date; may pass 86,400.
    cutoff_s : int
        Longest travel time that counts as in reach, inclusive.
    percentiles : tuple of int
        For turn up and go, each 1 to 99 (100 is allowed: the worst moment).
    board_slack_s : int
        Between reaching the stop and boarding.
    modes : tuple of str
        Vehicles that count as the one bus (``data.modes.MODES``).
    boardings : int
        1: one bus is in reach. 2: pairs with two boardings count as in reach too.
    horizon_s : int
        How long after the window's end a journey may still leave.
    scenario : Scenario or None
        Changes that nobody has made; the answer is that of the pack as they would change it.
    """

    service_date: dt.date | None = None
    window_start_s: int = 34_200
    window_end_s: int = 41_400
    cutoff_s: int = 2_700
    percentiles: tuple[int, ...] = (50, 85)
    walk: WalkSettings = WalkSettings()
    board_slack_s: int = 60
    modes: tuple[str, ...] = ("bus",)
    boardings: int = 1
    horizon_s: int = 10_800
    scenario: Scenario | None = None

    def __post_init__(self) -> None:
        faults = []
        if not 0 <= self.window_start_s < self.window_end_s <= 2 * DAY_S:
            first, last = typed_clock(self.window_start_s), typed_clock(self.window_end_s)
            faults.append(
                f"window {first} to {last}: the start must be before the end, both between 00:00 and 48:00; "
                "past midnight write 23:30-25:30 for 23:30 to 01:30"
            )
        elif self.window_end_s - self.window_start_s > DAY_S:
            faults.append("window: longer than 24 hours; ask for a shorter one")
        if not 60 <= self.cutoff_s <= 4 * 3600:
            faults.append(f"cut-off {self.cutoff_s / 60:g} min: must be from 1 to 240 minutes")
        if any(not 1 <= p <= 100 for p in self.percentiles):
            faults.append(f"percentiles {self.percentiles}: each must be from 1 to 100")
        if len(set(self.percentiles)) != len(self.percentiles):
            faults.append(f"percentiles {self.percentiles}: one is given twice")
        if not 0.5 <= self.walk.speed_kmh <= 10:
            faults.append(f"walk speed {self.walk.speed_kmh} km/h: must be from 0.5 to 10")
        if not 0 <= self.walk.max_walk_m <= 5_000:
            faults.append(f"walk limit {self.walk.max_walk_m} m: must be from 0 to 5000")
        whole_m = self.walk.max_walk_total_m
        if whole_m is not None and not 0 <= whole_m <= 10_000:
            faults.append(f"whole-walk limit {whole_m} m: must be from 0 to 10000")
        if not 0 <= self.board_slack_s <= 1_800:
            faults.append(f"board slack {self.board_slack_s} s: must be from 0 to 1800")
        unknown = [mode for mode in self.modes if mode not in MODES]
        if unknown or not self.modes:
            faults.append(f"modes {', '.join(self.modes) or '(none)'}: choose from {', '.join(MODES)}")
        if self.boardings not in (1, 2):
            faults.append(f"boardings {self.boardings}: must be 1 or 2")
        if not 0 <= self.horizon_s <= 2 * DAY_S:
            faults.append(f"horizon {self.horizon_s} s: must be from 0 to 172800")
        if faults:
            raise QueryError("The question can't be asked as it stands:", faults)

    @property
    def reached_classes(self) -> tuple[str, ...]:
        """Classes (``geo.tables.CLASSES``) that count as in reach."""
        return ("walk", "one_bus") if self.boardings == 1 else ("walk", "one_bus", "two_buses")
