"""Output areas and postcodes: points that stand for the homes around them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.demo.homes import Homes
from data.demo.neighbourhoods import Neighbourhood


@dataclass(frozen=True)
class PopulationPoint:
    """An output-area-like point with its people, or a postcode's middle."""

    code: str
    neighbourhood: str
    x: float
    y: float
    people: int


def _chunks(order: np.ndarray, count: int) -> list[np.ndarray]:
    return [part for part in np.array_split(order, count) if len(part)]


def build_output_areas(
    areas: list[Neighbourhood], homes: Homes, of_home: np.ndarray
) -> list[PopulationPoint]:
    """Cut each neighbourhood into compact output areas of about 300 people; the point is a home amid them."""
    out: list[PopulationPoint] = []
    for number, area in enumerate(areas):
        mine = np.flatnonzero(of_home == number)
        groups = [mine]
        while max(homes.people[group].sum() for group in groups) > 380:
            groups.sort(key=lambda group: -homes.people[group].sum())
            group = groups.pop(0)
            axis = int(np.argmax(np.ptp(homes.xy[group], axis=0)))
            groups += _chunks(group[np.argsort(homes.xy[group, axis], kind="stable")], 2)
        groups.sort(key=lambda group: (float(homes.xy[group, 0].mean()), float(homes.xy[group, 1].mean())))
        exact = np.array([homes.people[group].sum() for group in groups])
        whole = np.floor(exact * area.population / exact.sum()).astype(int)
        whole[: area.population - whole.sum()] += 1
        for group, people in zip(groups, whole, strict=True):
            middle = np.average(homes.xy[group], axis=0, weights=homes.people[group])
            home = homes.xy[group[np.argmin(np.hypot(*(homes.xy[group] - middle).T))]]
            code = f"X00{len(out) + 1:06d}"
            out.append(PopulationPoint(code, area.code, float(home[0]), float(home[1]), int(people)))
    return out


def build_postcodes(areas: list[Neighbourhood], homes: Homes, of_home: np.ndarray) -> list[PopulationPoint]:
    """Give every 18 or so homes of a neighbourhood a postcode of an area, ZZ, that does not exist."""
    letters = "ABDEFGHJLNPQRSTUWXYZ"
    sectors: dict[tuple[int, int], int] = {}
    out = []
    for number, area in enumerate(areas):
        angle = np.arctan2(area.y, area.x)
        district = 1 if np.hypot(area.x, area.y) < 1100 else 2 + int((angle + np.pi) / (2 * np.pi) * 6.999)
        mine = np.flatnonzero(of_home == number)
        mine = mine[np.lexsort((homes.xy[mine, 0], homes.edge[mine]))]
        sector = number % 9 + 1
        for group in _chunks(mine, max(1, len(mine) // 18)):
            used = sectors.get((district, sector), 0)
            if used >= len(letters) ** 2:
                sector = min(s for s in range(1, 10) if sectors.get((district, s), 0) < len(letters) ** 2)
                used = sectors.get((district, sector), 0)
            sectors[district, sector] = used + 1
            code = f"ZZ{district} {sector}{letters[used // len(letters)]}{letters[used % len(letters)]}"
            home = homes.xy[group[len(group) // 2]]
            out.append(PopulationPoint(code, area.code, float(home[0]), float(home[1]), len(group)))
    return sorted(out, key=lambda point: point.code)
