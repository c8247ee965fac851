"""Street names: each age of building draws its words and endings from its own lists."""

from __future__ import annotations

import numpy as np
from shapely.geometry import LineString

from data.demo.districts import District
from data.demo.land import Land
from data.demo.street_words import words

_ENDINGS = {
    "terrace": (["Street"] * 11 + ["Terrace", "Road", "Row", "Place"]),
    "semi": ["Avenue", "Avenue", "Road", "Road", "Drive", "Grove", "Crescent", "Mount"],
    "garden": ["Crescent", "Avenue", "Road", "Green", "Circle", "Grove"],
    "estate": ["Close", "Close", "Walk", "Way", "Drive", "Court", "Road", "Gardens"],
    "modern": ["Close", "Close", "Drive", "Court", "Mews", "View", "Way", "Gardens"],
    "village": ["Lane", "Lane", "Fold", "Brow", "Hill", "Close", "Croft", "Row", "Road"],
    "centre": ["Street", "Gate", "Lane", "Row", "Yard", "Hill", "Place"],
    "works": ["Way", "Road", "Approach"],
    "campus": ["Way", "Approach", "Drive"],
    "collector": ["Road", "Lane", "Road", "Avenue", "Way"],
}


class StreetNames:
    """Hands out each name once; a district keeps to its own theme."""

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._used: set[str] = set()
        self._theme: dict[int, list[str]] = {}
        self._collectors: dict[str, str] = {}
        self._turn = 0

    def _themed(self, kind: str, number: int) -> list[str]:
        if number in self._theme:
            return self._theme[number]
        if kind in ("estate", "modern"):
            lists = [words("birds"), words("writers"), words("lakes"), words("trees")]
            chosen = lists[self._turn % len(lists)]
            self._turn += 1
        else:
            chosen = {
                "terrace": words("victorian") + words("surnames"),
                "semi": words("trees") + words("surnames"),
                "garden": words("trees") + words("writers"),
                "village": words("country"),
                "centre": words("centre"),
                "works": [
                    "Enterprise",
                    "Bobbin",
                    "Spindle",
                    "Shuttle",
                    "Foundry",
                    "Furnace",
                    "Carding",
                    "Loom",
                ],
                "campus": ["Infirmary", "Nightingale", "Seacole", "Jenner", "Lister", "Garrett"],
            }.get(kind, words("surnames"))
        order = self._rng.permutation(len(chosen))
        self._theme[number] = [chosen[i] for i in order]
        return self._theme[number]

    def _take(self, pool: list[str], endings: list[str]) -> str:
        for attempt in range(400):
            word = pool[attempt % len(pool)]
            name = f"{word} {endings[int(self._rng.integers(len(endings)))]}"
            if name not in self._used and len(set(name.split())) == len(name.split()):
                self._used.add(name)
                pool.remove(word)
                pool.append(word)
                return name
        name = f"{pool[0]} {pool[1]} {endings[0]}"
        self._used.add(name)
        return name

    def name_for(
        self,
        highway: str,
        kind: str,
        district: District | None,
        length_m: float,
        land: Land,
        line: LineString,
    ) -> str | None:
        """Name a run of street, or return None: paths and short links have no name."""
        del line, land
        if kind == "towpath":
            return "Riverside Path"
        if kind.startswith("collector"):
            if kind not in self._collectors:
                self._collectors[kind] = self._take(self._themed("collector", -2), _ENDINGS["collector"])
            return self._collectors[kind]
        if district is None:
            return None if highway == "path" else kind
        if highway in ("footway", "steps"):
            return f"{district.name} path" if district.kind == "park" and district.name else None
        if length_m < 28:
            return None
        pool = self._themed(district.kind, district.number)
        endings = _ENDINGS[district.kind]
        if district.kind in ("estate", "modern") and length_m > 330:
            endings = ["Way", "Drive", "Road"]
        return self._take(pool, endings)
