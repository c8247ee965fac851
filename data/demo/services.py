"""The invented register: 221 services whose providers and target groups follow the 2019 study.

What the study published, and what is kept to here:

* 221 entries. 111 belong to a provider of one service and 60 to a provider of
  two. "Over 40" belong to a provider of three or four: here 45. "Four" to a
  provider of five or more: a provider of five has five entries and not four,
  so here one provider has five. 111 + 60 + 45 + 5 = 221.
* Target groups, which overlap: over 75 not specific (80), nearly 60 older
  people (58), nearly 30 children, families or youths (28), 14 physical
  disability, 15 mental health, 10 learning disability, few for carers (4), 20
  by gender (8 men, 12 women and girls), nearly 20 mainly for ethnic minority
  communities (18).

Everything else (names, venues, times, costs, referral) is invented.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.demo.amenities import Amenity, PlaceFinder
from data.demo.land import Sketched
from data.demo.place import to_grid, to_lon_lat
from data.demo.service_words import (
    GAPS,
    GROUP_CATEGORIES,
    NOT_USED_BY,
    ORGANISATION_ENDINGS,
    OUTCOMES,
    REFERRERS,
    SUBURBS,
    TITLES,
)
from data.template.columns import HEADERS

PROVIDERS: tuple[tuple[int, int], ...] = ((1, 111), (2, 30), (3, 11), (4, 3), (5, 1))
"""(services of a provider, how many such providers)."""
NOT_SPECIFIC = "not specific"
MINORITIES = "ethnic minority communities"
WOMEN = "women and girls"
TARGETS: dict[str, int] = {
    NOT_SPECIFIC: 80,
    "older people": 58,
    "families and young people": 28,
    "people with a physical disability": 14,
    "people with mental health needs": 15,
    "people with a learning disability": 10,
    "carers": 4,
    "men": 8,
    WOMEN: 12,
    MINORITIES: 18,
}
_OVERLAPS: tuple[tuple[str, str, int], ...] = (
    (MINORITIES, WOMEN, 6),
    (MINORITIES, "older people", 5),
    ("people with a physical disability", "older people", 4),
    ("men", "older people", 3),
    ("men", "people with mental health needs", 2),
    ("people with a learning disability", "families and young people", 2),
    ("carers", "people with a learning disability", 1),
    ("carers", "older people", 1),
    (WOMEN, "people with mental health needs", 2),
)
_COMMUNITIES: tuple[tuple[str, str, Sketched], ...] = (
    ("Pakistani", "Urdu; Punjabi", (-1.2, -0.4)), ("Bangladeshi", "Bengali; Sylheti", (1.15, 0.75)),
    ("Pakistani", "Urdu; Punjabi", (-0.95, 1.05)), ("Black African", "Somali; Arabic", (2.5, -2.6)),
    ("Bangladeshi", "Bengali; Sylheti", (0.65, -1.35)), ("Chinese", "Cantonese; Mandarin", (0.05, 0.1)),
    ("Black African", "French; Yoruba", (0.2, 3.3)), ("Indian", "Punjabi; Hindi", (-2.3, 0.3)),
    ("Roma", "Romanian; Slovak", (-0.35, 1.3)),
)  # fmt: skip
_ELSEWHERE: tuple[Sketched, ...] = (
    (0.0, 0.0), (0.05, 0.1), (-0.1, -0.1), (0.2, 0.1), (0.0, 0.15), (-0.15, 0.05), (-1.2, -0.45),
    (-0.95, 1.05),
    (-2.3, 0.3), (-3.3, -0.5), (-1.3, 2.4), (0.2, 2.3), (1.4, 3.1), (1.2, 0.75), (2.3, 1.9), (2.2, 0.2),
    (3.0, 0.5),
    (0.7, -1.35), (0.1, -2.3), (-1.3, -2.3), (-1.0, -1.4), (-2.4, -2.9), (2.85, 5.0), (3.0, -0.9),
)  # fmt: skip
_VENUES = ("community_centre", "library", "place_of_worship", "social_facility", "clinic", "theatre", "cafe")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_PHONES = ("01632 960", "0113 496 0", "0161 496 0", "07700 900", "0306 999 0", "0808 157 0")
"""Prefixes of numbers that the regulator keeps for drama; three digits follow."""


@dataclass
class _Entry:
    groups: list[str]
    category: str
    organisation: str = ""
    suburb: str = ""
    community: int | None = None


def _targets(rng: np.random.Generator) -> list[list[str]]:
    """Return each entry's target groups: the numbers of TARGETS, the overlaps of _OVERLAPS."""
    left = dict(TARGETS)
    entries: list[list[str]] = []
    for first, second, count in _OVERLAPS:
        entries += [[first, second] for _ in range(count)]
        left[first] -= count
        left[second] -= count
    for group, count in left.items():
        entries += [[group] for _ in range(count)]
    return [entries[i] for i in rng.permutation(len(entries))]


def _leaning(groups: list[str]) -> str:
    """Name the group that gives a service its kind: the most particular of those it is for."""
    return next((group for group in ("carers", WOMEN, "men", MINORITIES) if group in groups), groups[0])


def _category(groups: list[str], rng: np.random.Generator) -> str:
    return str(rng.choice(GROUP_CATEGORIES[_leaning(groups)]))


def _organisations(entries: list[_Entry], rng: np.random.Generator) -> None:
    """Hand the entries to providers; the services of one provider are for the same or similar people."""
    left = sorted(range(len(entries)), key=lambda i: (_leaning(entries[i].groups), i))
    used: set[str] = set()
    for size, count in sorted(PROVIDERS, reverse=True):
        for _ in range(count):
            start = int(rng.integers(len(left) - size + 1))
            mine, left = left[start : start + size], left[:start] + left[start + size :]
            endings = ORGANISATION_ENDINGS[_leaning(entries[mine[0]].groups)]
            suburb, name = "", ""
            while not name or name in used:
                suburb = str(rng.choice(SUBURBS))
                name = f"{suburb} {rng.choice(endings)}"
            used.add(name)
            for index in mine:
                entries[index].organisation, entries[index].suburb = name, suburb


def _phone(rng: np.random.Generator) -> str:
    return f"{rng.choice(_PHONES)}{int(rng.integers(0, 1000)):03d}"


def _session(entry: _Entry, rng: np.random.Generator) -> str:
    """Write when to be there, in the ways people write it."""
    weekday = _WEEKDAYS[int(rng.choice(7, p=[0.18, 0.2, 0.21, 0.18, 0.13, 0.07, 0.03]))]
    start = int(rng.choice([9, 10, 10, 10, 11, 12, 13, 13, 14, 18, 19]))
    half = ":30" if rng.random() < 0.4 else ":00"
    end = f"{start + int(rng.choice([1, 2, 2, 2, 3])):02d}{half}"
    one = f"{weekday} {start:02d}{half}-{end}"
    if entry.category == "Families and young people" and rng.random() < 0.7:
        return f"{one} term time only"
    style = rng.random()
    if entry.category == "Advice and support" and style < 0.6:
        return str(rng.choice(["drop-in Mon-Fri 9-5", "drop-in Mon-Thu 10-4", "drop-in Tuesday 09:30-12:30"]))
    if style < 0.14:
        return f"{rng.choice(['1st', '2nd', '3rd', 'last'])} {one}"
    if style < 0.34:
        other = _WEEKDAYS[(_WEEKDAYS.index(weekday) + 2) % 5]
        return f"{one}; {other} {start:02d}{half}-{end}"
    if style < 0.39:
        return str(rng.choice(["ring for times", "most weekday mornings", "varies"]))
    return one


def _delivery(entry: _Entry, rng: np.random.Generator) -> str:
    if entry.category == "Community transport":
        return "home"
    weights = {
        "Befriending": [0.12, 0.0, 0.5, 0.33, 0.05], "Digital skills": [0.55, 0.1, 0.1, 0.0, 0.25],
        "Advice and support": [0.68, 0.1, 0.02, 0.16, 0.04], "Peer support": [0.7, 0.06, 0.0, 0.1, 0.14],
    }.get(entry.category, [0.93, 0.05, 0.01, 0.0, 0.01])  # fmt: skip
    return str(rng.choice(["venue", "several venues", "home", "phone", "online"], p=weights))


_COSTS = (
    "free",
    "free",
    "free",
    "Free of charge",
    "donation",
    "by donation",
    "£1",
    "£2",
    "£2.50",
    "£3",
    "£3",
    "£5",
    "£7.50",
    "paid",
)
_FAITHS = {"christian": "Christian", "muslim": "Muslim", "sikh": "Sikh", "hindu": "Hindu"}


def _near(venues: list[Amenity], spot: Sketched, unit_m: float, rng: np.random.Generator) -> Amenity:
    distance = np.array([np.hypot(v.x - spot[0] * unit_m, v.y - spot[1] * unit_m) for v in venues])
    return venues[int(np.argsort(distance, kind="stable")[int(rng.integers(0, 5))])]


def build_services(
    amenities: list[Amenity], finder: PlaceFinder, unit_m: float, rng: np.random.Generator
) -> list[dict[str, str]]:
    """Return the register's rows, by header of the services template; empty where nothing is said."""
    entries = [_Entry(groups, _category(groups, rng)) for groups in _targets(rng)]
    next(
        entry for entry in entries if "people with a physical disability" in entry.groups
    ).category = "Community transport"
    for number, entry in enumerate(entry for entry in entries if MINORITIES in entry.groups):
        entry.community = number % len(_COMMUNITIES)
    _organisations(entries, rng)
    venues = [a for a in amenities if a.value in _VENUES and a.name and a.postcode]
    return [_row(number, entry, venues, finder, unit_m, rng) for number, entry in enumerate(entries, start=1)]


def _row(
    number: int,
    entry: _Entry,
    venues: list[Amenity],
    finder: PlaceFinder,
    unit_m: float,
    rng: np.random.Generator,
) -> dict[str, str]:
    row = dict.fromkeys(HEADERS, "")

    def maybe(header: str, chance: float, value: object) -> None:
        if rng.random() < chance:
            row[header] = str(value)

    title, words = TITLES[entry.category][int(rng.integers(len(TITLES[entry.category])))]
    domain = "".join(ch for ch in entry.organisation.lower() if ch.isalnum())
    row |= {
        "service_id": f"FV-{number:03d}", "organisation": entry.organisation, "category": entry.category,
        "service": f"{entry.suburb} {title}" if rng.random() < 0.35 else title.capitalize(),
        "target_groups": "; ".join(_with_community(entry)),
    }  # fmt: skip
    delivery = _delivery(entry, rng)
    row["delivery"] = delivery if rng.random() < 0.97 or delivery != "venue" else ""
    maybe("description", 0.92, words)
    maybe("website", 0.62, f"https://{domain}.example")
    maybe("phone", 0.78, _phone(rng))
    maybe("email", 0.58, f"hello@{domain}.example")
    maybe("cost", 0.76, rng.choice(_COSTS))
    maybe(
        "cost_note",
        0.12,
        rng.choice(["Carers come free", "Lunch is extra", "First visit free", "Ask for help with the cost"]),
    )
    kind = str(rng.choice(["self", "mixed", "organisation"], p=[0.5, 0.34, 0.16]))
    maybe("referral", 0.74, kind)
    if row["referral"]:
        maybe(
            "referred_by",
            0.62,
            "self" if kind == "self" else "; ".join(rng.choice(REFERRERS, 3, replace=False)),
        )
        if kind != "self":
            maybe(
                "referral_note",
                0.3,
                rng.choice(
                    ["A form first", "A formal assessment at home", "A short chat on the phone first"]
                ),
            )
    _languages(row, entry, rng)
    _who(row, entry, rng)
    maybe("not_used_by", 0.18, rng.choice(NOT_USED_BY))
    maybe("outcome_data", 0.3, rng.choice(OUTCOMES))
    maybe("gaps", 0.24, rng.choice(GAPS))
    maybe("capacity", 0.3, int(rng.choice([8, 10, 12, 15, 20, 25, 30, 40])))
    maybe("verified", 0.9, "yes" if rng.random() < 0.7 else "no")
    day, month = int(rng.integers(1, 29)), int(rng.integers(1, 11))
    maybe("updated", 0.66, f"{day:02d}/{month:02d}/{int(rng.choice([2024, 2025, 2026, 2026]))}")
    if entry.category == "Community transport":
        row["transport_offered"] = "yes"
    else:
        maybe("transport_offered", 0.5, "yes" if rng.random() < 0.08 else "no")
    if delivery in ("venue", "several venues"):
        _venue(row, entry, venues, finder, unit_m, rng)
        if rng.random() < 0.77:
            row["sessions"] = _session(entry, rng)
        maybe("opening_hours", 0.15, "Mon-Fri 9-5")
    elif delivery != "home":
        maybe("sessions", 0.3, "Mon-Fri 9-5" if delivery == "phone" else _session(entry, rng))
    return row


def _with_community(entry: _Entry) -> list[str]:
    if entry.community is None:
        return entry.groups
    return [*entry.groups, _COMMUNITIES[entry.community][0]]


def _languages(row: dict[str, str], entry: _Entry, rng: np.random.Generator) -> None:
    if entry.community is not None:
        row["languages"] = f"English; {_COMMUNITIES[entry.community][1]}"
    elif rng.random() < 0.5:
        extra = str(
            rng.choice(
                ["", "", "", "", "; Urdu", "; Bengali", "; Polish", "; Arabic", "; British Sign Language"]
            )
        )
        row["languages"] = f"English{extra}"


def _who(row: dict[str, str], entry: _Entry, rng: np.random.Generator) -> None:
    if WOMEN in entry.groups:
        row["women_only"] = "yes"
    elif rng.random() < 0.55:
        row["women_only"] = "no"
    if "older people" in entry.groups and rng.random() < 0.6:
        row["age_min"] = str(rng.choice([50, 55, 55, 60, 65]))
    if "families and young people" in entry.groups and rng.random() < 0.5:
        low, high = [(0, 5), (11, 18), (5, 11), (13, 19)][int(rng.integers(4))]
        row["age_min"], row["age_max"] = str(low), str(high)


def _venue(
    row: dict[str, str],
    entry: _Entry,
    venues: list[Amenity],
    finder: PlaceFinder,
    unit_m: float,
    rng: np.random.Generator,
) -> None:
    """Put the entry at a known place or beside a street; coordinates, postcode, or neither are given."""
    spot = _ELSEWHERE[int(rng.integers(len(_ELSEWHERE)))]
    if entry.community is not None:
        spot = _COMMUNITIES[entry.community][2]
    if rng.random() < 0.66 or entry.category == "Faith and community":
        choice = venues
        if entry.category == "Faith and community":
            choice = [venue for venue in venues if venue.value == "place_of_worship"]
        venue = _near(choice, spot, unit_m, rng)
        x, y, street, postcode = venue.x, venue.y, venue.street, venue.postcode
        row["address"] = f"{venue.name}, {street}"
        if venue.value == "place_of_worship":
            row["faith"] = _FAITHS.get(venue.tags.get("religion", ""), "")
    else:
        x, y, street, postcode = finder.spot(spot, 0.18, busy=0.7)
        row["address"] = f"{int(rng.integers(1, 140))} {street}"
    chance = rng.random()
    if chance < 0.9:
        row["postcode"] = postcode if rng.random() < 0.9 else postcode.lower().replace(" ", "")
    if chance < 0.28 or 0.9 <= chance < 0.975:
        lon, lat = to_lon_lat(*to_grid(x, y))
        row["lon"], row["lat"] = f"{lon:.5f}", f"{lat:.5f}"
