"""Which OpenStreetMap ways people may walk along: the one rule for every reader.

The definition (``docs`` and the project's methods): every ``highway`` but
motorway, trunk without foot, construction, proposed and the like; not
``foot=no`` or ``private``, nor ``access=private`` or ``no`` unless ``foot`` is
``yes`` or ``designated``. Direction doesn't matter: people walk both ways.
"""

from __future__ import annotations

from collections.abc import Mapping

# The tags that the rule and the network need; readers may drop all others.
KEPT_TAGS: tuple[str, ...] = (
    "highway", "foot", "access", "motorroad", "sidewalk", "sidewalk:both", "sidewalk:left",
    "sidewalk:right", "area", "name", "conveying",
)  # fmt: skip

# Never walked, whatever else the way says: no street yet, no street any more, or fast traffic only.
NEVER_WALKED = frozenset(
    {
        "motorway", "motorway_link", "construction", "proposed", "planned", "abandoned", "razed",
        "demolished", "disused", "dismantled", "removed", "historic", "no", "none",
        "raceway", "escape", "emergency_bay",
        "via_ferrata", "elevator", "street_lamp",
    }
)  # fmt: skip

# Walked only with a word that says so: fast roads, and ways kept for buses.
WALKED_IF_SAID = frozenset({"trunk", "trunk_link", "bus_guideway", "busway"})

_FOOT_SAYS_YES = frozenset({"yes", "designated", "permissive"})
_FOOT_OVER_ACCESS = frozenset({"yes", "designated"})
_CLOSED = frozenset({"no", "private"})
_PAVEMENT = frozenset({"both", "left", "right", "yes", "separate"})
_PAVEMENT_KEYS = ("sidewalk", "sidewalk:both", "sidewalk:left", "sidewalk:right")


def is_walkable(tags: Mapping[str, str]) -> bool:
    """Say whether a way with these tags belongs to the walk network.

    A trunk road counts as one "with foot" when ``foot`` says so or a pavement
    is mapped on it: many British town streets are trunk roads. Pedestrian
    areas (``area=yes``) belong to it by their outline and what crosses it
    (``street_areas``).
    """
    highway = tags.get("highway", "").strip()
    foot = tags.get("foot", "").strip()
    if not highway or highway in NEVER_WALKED or foot in _CLOSED:
        return False
    if tags.get("access", "").strip() in _CLOSED and foot not in _FOOT_OVER_ACCESS:
        return False
    if highway in WALKED_IF_SAID or tags.get("motorroad") == "yes":
        return foot in _FOOT_SAYS_YES or any(tags.get(key, "").strip() in _PAVEMENT for key in _PAVEMENT_KEYS)
    return True


def is_steps(tags: Mapping[str, str]) -> bool:
    """Say whether the way is a flight of steps (moving stairs are steps too)."""
    return tags.get("highway", "").strip() == "steps"
