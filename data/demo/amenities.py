"""Places that people know: libraries, pharmacies, surgeries, places of worship, schools, halls, pubs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely.geometry import Point

from data.demo.land import SKETCH_UNIT_M, TOWN, Land, Sketched
from data.demo.points import PopulationPoint
from data.demo.streets import Network


@dataclass(frozen=True)
class Amenity:
    """One place, local metres; ``named_after`` says that bus stops may carry its name."""

    key: str
    value: str
    name: str
    x: float
    y: float
    street: str
    postcode: str
    named_after: bool = False
    tags: dict[str, str] = field(default_factory=dict)


_SAINTS = (
    "Aidan", "Alban", "Anselm", "Bede", "Catherine", "Cedd", "Chad", "Clement", "Columba",
    "Cuthbert", "Edmund", "Etheldreda", "Everilda", "Hild", "Hilda", "Jude", "Luke", "Mark",
    "Oswald", "Oswin", "Paulinus", "Stephen", "Werburgh", "Wilfrid", "Winifred",
)  # fmt: skip
_PUBS = (
    "Weaver's Arms", "Fleece", "Shuttle", "Ring o' Bells", "Old Packhorse", "Hare and Heather",
    "Three Looms", "Plough and Lapwing", "Navigation", "Station Buffet", "Black Swan", "Moorcock",
    "Golden Heron", "Stag at Bay", "Cross Keys", "Jolly Dyer", "Owl and Ivy", "Ferryman",
    "Woolpack", "Scar Top Inn", "Marl Pit", "Junction", "Tanner's Rest", "King's Oak",
)  # fmt: skip
_WEEK_HOURS = (
    "Mo-Fr 09:00-17:30",
    "Mo-Fr 09:00-18:00; Sa 09:00-13:00",
    "Mo-Sa 09:00-17:00",
    "Mo-Fr 08:00-18:30",
)


class PlaceFinder:
    """Finds spots beside streets, with the street's name and the nearest postcode."""

    def __init__(self, network: Network, postcodes: list[PopulationPoint], rng: np.random.Generator) -> None:
        usable = [
            (number, edge)
            for number, edge in enumerate(network.edges)
            if edge.name and edge.highway not in ("footway", "path", "steps") and edge.line.length > 45
        ]
        self._edges = [edge for _, edge in usable]
        self._middle = np.array(
            [edge.line.interpolate(0.5, normalized=True).coords[0] for edge in self._edges]
        )
        self._busy = np.array(
            [edge.highway in ("primary", "secondary", "tertiary", "pedestrian") for edge in self._edges]
        )
        self._codes = postcodes
        self._tree = shapely.STRtree([Point(point.x, point.y) for point in postcodes])
        self._rng = rng
        self._taken: set[int] = set()

    def spot(self, near: Sketched, spread: float, *, busy: float = 0.5) -> tuple[float, float, str, str]:
        """Return x, y, street and postcode of a free spot near a point of the sketch.

        ``busy`` is how much a main street is preferred over a side street, 0 to 1.
        """
        aim = np.array(near) * SKETCH_UNIT_M + self._rng.normal(0, spread * SKETCH_UNIT_M, 2)
        distance = np.hypot(*(self._middle - aim).T)
        distance = distance * np.where(self._busy, 1.0 - 0.75 * busy, 1.0)
        for index in np.argsort(distance, kind="stable"):
            if int(index) not in self._taken:
                break
        self._taken.add(int(index))
        edge = self._edges[int(index)]
        along = edge.line.length * self._rng.uniform(0.3, 0.7)
        here = np.array(edge.line.interpolate(along).coords[0])
        step = np.array(edge.line.interpolate(along + 2).coords[0]) - here
        side = (
            np.array([-step[1], step[0]])
            / max(np.hypot(*step), 1e-9)
            * (13.0 if self._rng.random() < 0.5 else -13.0)
        )
        x, y = here + side
        code = self._codes[int(self._tree.nearest(Point(x, y)))].code
        return float(x), float(y), str(edge.name), code


def _phone(rng: np.random.Generator) -> str:
    """Return a number from the range that is kept for drama: 01632 960000 to 960999."""
    return f"01632 960{int(rng.integers(0, 1000)):03d}"


_SUBURBS: tuple[Sketched, ...] = (
    (-1.2, -0.45), (-0.95, 1.05), (-2.3, 0.3), (-3.3, -0.5), (-2.9, 1.7), (-1.3, 2.4), (-0.6, 3.4),
    (0.2, 2.3),
    (1.4, 3.1), (1.2, 0.75), (2.3, 1.9), (2.2, 0.2), (3.2, 0.5), (3.2, -0.9), (2.6, -1.6), (2.4, -2.8),
    (0.7, -1.35),
    (0.1, -2.3), (-0.4, -3.3), (-1.3, -2.3), (-2.4, -2.9), (-1.0, -1.4), (-2.1, -1.2), (1.9, 2.8),
)  # fmt: skip


def build_amenities(finder: PlaceFinder, land: Land, rng: np.random.Generator) -> list[Amenity]:
    """Place the borough's known places; some lack a name, a postcode or hours, as in life."""
    out: list[Amenity] = []
    names: set[str] = set()

    def add(
        key: str,
        value: str,
        name: str,
        near: Sketched,
        spread: float = 0.12,
        *,
        busy: float = 0.6,
        **tags: str,
    ) -> None:
        x, y, street, postcode = finder.spot(near, spread, busy=busy)
        shown = name.replace("{street}", street)
        if shown in names:
            shown = f"{street} {value.replace('_', ' ').title()}"
        names.add(shown)
        after = value in (
            "library",
            "school",
            "place_of_worship",
            "pub",
            "community_centre",
            "hospital",
            "theatre",
        )
        extra = {tag: text.replace("{street}", street) for tag, text in tags.items()}
        if value in ("library", "pharmacy", "doctors", "clinic", "community_centre") and rng.random() < 0.6:
            extra["opening_hours"] = str(rng.choice(_WEEK_HOURS))
        if value != "pub" and rng.random() < 0.55:
            extra["phone"] = _phone(rng)
        if rng.random() < 0.3:
            extra["wheelchair"] = str(rng.choice(["yes", "limited", "yes", "no"]))
        if value in ("pharmacy", "place_of_worship", "social_facility") and rng.random() < 0.08:
            shown, after = "", False
        out.append(
            Amenity(key, value, shown, x, y, street, postcode if rng.random() < 0.7 else "", after, extra)
        )

    add("amenity", "townhall", f"{TOWN} Town Hall", (-0.05, 0.08), 0.02)
    add("amenity", "library", f"{TOWN} Central Library", (-0.12, -0.05), 0.02)
    add("amenity", "theatre", "Palace Theatre", (0.08, 0.16), 0.03)
    add("amenity", "marketplace", f"{TOWN} Market Hall", (0.05, -0.02), 0.02)
    add("amenity", "hospital", "Fernley Infirmary", (-2.45, 0.75), 0.02, busy=0.2)
    for number, spot in enumerate(_SUBURBS):
        add("amenity", "pharmacy", "{street} Pharmacy", spot, 0.16, busy=0.9)
        add(
            "amenity",
            "doctors",
            str(rng.choice(["{street} Surgery", "{street} Medical Practice"])),
            spot,
            0.16,
        )
        add("amenity", "school", "{street} Primary School", spot, 0.2, busy=0.0)
        saint = _SAINTS[number % len(_SAINTS)]
        church, denomination = [
            (f"St {saint}'s Church", "anglican"), ("{street} Methodist Church", "methodist"),
            (f"St {saint}'s Church", "roman_catholic"), ("{street} Baptist Church", "baptist"),
        ][number % 4]  # fmt: skip
        add(
            "amenity", "place_of_worship", church, spot, 0.15, religion="christian", denomination=denomination
        )
        if number % 4 == 0:
            add("amenity", "library", "{street} Library", spot, 0.1, busy=0.9)
        if number % 3 != 1:
            add("amenity", "community_centre", "{street} Community Centre", spot, 0.15, busy=0.3)
        if number < 20:
            add("amenity", "pub", _PUBS[number], spot, 0.25, busy=0.9)
    for spot, count in (
        ((-1.25, -0.45), 5),
        ((-0.95, 1.05), 3),
        ((1.15, 0.75), 4),
        ((0.65, -1.35), 1),
        ((-2.2, 0.2), 1),
    ):
        for _ in range(count):
            title = str(
                rng.choice(["{street} Mosque", "{street} Mosque and Islamic Centre", "{street} Masjid"])
            )
            add(
                "amenity",
                "place_of_worship",
                title,
                spot,
                0.3,
                busy=0.2,
                religion="muslim",
                denomination="sunni",
            )
    add("amenity", "place_of_worship", "{street} Gurdwara", (-2.3, 0.35), 0.1, religion="sikh")
    add("amenity", "place_of_worship", "{street} Hindu Temple", (-2.2, 2.0), 0.1, religion="hindu")
    add(
        "amenity",
        "place_of_worship",
        "Church of the Good Shepherd",
        (2.6, -2.6),
        0.1,
        religion="christian",
        denomination="pentecostal",
    )
    add(
        "amenity",
        "place_of_worship",
        "{street} Gospel Hall",
        (0.25, 3.4),
        0.1,
        religion="christian",
        denomination="pentecostal",
    )
    for name, spot in (
        ("Abbotsway High School", (-2.55, 2.25)), ("Moorfield Academy", (-2.3, -2.5)),
        ("Weirside High School", (1.3, 1.9)),
        ("Eastmoor Academy", (3.0, 0.6)), ("St Bede's High School", (-0.3, -2.6)),
        (f"{TOWN} Sixth Form College", (-0.6, -0.1)),
    ):  # fmt: skip
        add("amenity", "school", name, spot, 0.08, busy=0.4)
    for spot in ((0.1, -0.1), (-1.2, 0.2), (2.5, -2.7), (0.8, 0.7), (-0.6, 3.2), (-2.4, -2.7)):
        add("amenity", "clinic", "{street} Health Centre", spot, 0.1)
        add("amenity", "social_facility", "{street} House", spot, 0.2, social_facility="group_home")
        add("amenity", "cafe", "{street} Cafe", spot, 0.1, busy=0.9)
    for number, village in enumerate(land.villages):
        spot = (village.x / SKETCH_UNIT_M, village.y / SKETCH_UNIT_M)
        saint = _SAINTS[-(number + 1)]
        add(
            "amenity",
            "place_of_worship",
            f"St {saint}'s, {village.name}",
            spot,
            0.08,
            religion="christian",
            denomination="anglican",
        )
        add("amenity", "community_centre", f"{village.name} Village Hall", spot, 0.08)
        add("amenity", "school", f"{village.name} Primary School", spot, 0.1)
        if number < 4:
            add("amenity", "pub", _PUBS[20 + number], spot, 0.06)
    return out
