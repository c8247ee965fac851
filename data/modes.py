"""Which vehicles count as the one bus.

The classes of ``methods.md``: ordinary buses count by default; coaches,
sightseeing, school and on-demand buses do not; a switch lets trams and metros
count as the one vehicle.
"""

from __future__ import annotations

BUS_TYPES = frozenset({3, 11, *range(700, 710), 711, 713, 714, 716, 800})
COACH_TYPES = frozenset(range(200, 300))
SPECIAL_BUS_TYPES = frozenset({710, 712, 715})
TRAM_TYPES = frozenset({0, 1, *range(400, 405), *range(900, 907)})

MODES = ("bus", "tram", "coach", "special_bus", "rail", "ferry", "other")


def mode_of_route_type(route_type: int) -> str:
    """Name the mode of a GTFS ``route_type``, basic or extended."""
    if route_type in BUS_TYPES:
        return "bus"
    if route_type in TRAM_TYPES:
        return "tram"
    if route_type in COACH_TYPES:
        return "coach"
    if route_type in SPECIAL_BUS_TYPES:
        return "special_bus"
    if route_type == 2 or 100 <= route_type < 200:
        return "rail"
    if route_type == 4 or 1000 <= route_type < 1300:
        return "ferry"
    return "other"
