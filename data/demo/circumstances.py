"""Age, English, cars and deprivation of the fictional neighbourhoods: invented, as everything here is.

The pattern is that of many towns: estates and inner terraces with fewer cars, the
suburbs and villages older, little English where newer communities live. Written in
the shapes of the public tables, so that the same importer reads them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from data.demo.neighbourhoods import Neighbourhood
from data.demo.people import CATEGORIES
from data.demo.write import write_table

RANKED = 33_755
AGE_BANDS = (
    "Aged 4 years and under",
    *(f"Aged {first} to {first + 4} years" for first in range(5, 85, 5)),
    "Aged 85 years and over",
)
_OTHER = "Main language is not English (English or Welsh in Wales)"
ENGLISH = (
    "Main language is English (English or Welsh in Wales)",
    *(f"{_OTHER}: {words}" for words in ("Can speak English very well", "Can speak English well",
                                         "Cannot speak English well", "Cannot speak English")),
)  # fmt: skip
CARS = ("No cars or vans in household", "1 car or van in household", "2 cars or vans in household",
        "3 or more cars or vans in household")  # fmt: skip
_NO_CAR = {"terrace": 0.38, "estate": 0.41, "centre": 0.52, "semi": 0.18, "garden": 0.21, "modern": 0.13,
           "village": 0.08, "country": 0.06}  # fmt: skip
# How old a kind of place is: the share of adults that is moved from the young bands to the old.
_OLDER = {"village": 0.35, "country": 0.3, "semi": 0.2, "garden": 0.15, "terrace": -0.2, "modern": -0.15}
# Of a category's people, the share whose main language is another one.
_OTHER_LANGUAGE = {4: 0.6, 5: 0.7, 10: 0.35, 11: 0.38, 12: 0.42, 13: 0.55, 14: 0.45, 15: 0.35, 18: 0.6,
                   19: 0.5}  # fmt: skip


def write_circumstances(
    folder: Path, areas: list[Neighbourhood], counts: np.ndarray, rng: np.random.Generator
) -> None:
    """Write TS007A, TS029 and TS045 as Nomis answers, and an index of deprivation.

    Parameters
    ----------
    folder : Path
        Of the census's files and of the index.
    counts : int array, (neighbourhoods, 19)
        People by ethnic group (``people.build_census``).
    """
    ages = np.array([_ages(area, rng) for area in areas])
    english = np.array([_english(row, rng) for row in counts])
    cars = np.array([_cars(area, rng) for area in areas])
    total = "Total: All usual residents"
    _write_nomis(folder / "ts007a_nomis.csv", areas, "C2021_AGE_19", (total, *AGE_BANDS), ages)
    _write_nomis(
        folder / "ts029_nomis.csv", areas, "C2021_ENGPRF_6", (f"{total} aged 3 years and over", *ENGLISH),
        english,
    )  # fmt: skip
    _write_nomis(folder / "ts045_nomis.csv", areas, "C2021_CARS_5", ("Total: All households", *CARS), cars)
    little = english[:, 3:].sum(axis=1) / english.sum(axis=1)
    score = cars[:, 0] / cars.sum(axis=1) + 0.8 * little + rng.normal(0, 0.05, len(areas))
    rank = _ranks(score)
    decile = np.ceil(rank * 10 / RANKED).astype(int)
    write_table(
        folder / "deprivation.csv",
        ("LSOA code (2021)", "LSOA name (2021)", "Index of Multiple Deprivation (IMD) Rank",
         "Index of Multiple Deprivation (IMD) Decile"),
        [(a.code, a.name, int(r), int(d)) for a, r, d in zip(areas, rank, decile, strict=True)],
    )  # fmt: skip


def _ages(area: Neighbourhood, rng: np.random.Generator) -> np.ndarray:
    """Residents by five-year band; they sum to the neighbourhood's residents."""
    middle = 2.5 + 5.0 * np.arange(len(AGE_BANDS))
    shape = np.exp(-((np.maximum(middle - 40, 0) / 42) ** 2))
    shape *= 1 + _OLDER.get(area.kind, 0.0) * (middle - 40) / 25 * (middle > 15)
    shape = np.maximum(shape, 0.01)
    return rng.multinomial(area.population, rng.dirichlet(shape / shape.sum() * 600))


def _english(counts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """People aged three and over by how well they speak English."""
    asked = rng.binomial(counts, 0.965)
    other = np.zeros(4, dtype=int)
    for category, _ in CATEGORIES:
        speakers = rng.binomial(asked[category - 1], _OTHER_LANGUAGE.get(category, 0.01))
        other += rng.multinomial(speakers, (0.44, 0.34, 0.18, 0.04))
    return np.array([asked.sum() - other.sum(), *other])


def _cars(area: Neighbourhood, rng: np.random.Generator) -> np.ndarray:
    """Households by number of cars and vans."""
    none = float(np.clip(_NO_CAR.get(area.kind, 0.25) + rng.normal(0, 0.05), 0.02, 0.7))
    rest = (1 - none) * np.array([0.55, 0.33, 0.12])
    return rng.multinomial(round(area.population / 2.35), (none, *rest))


def _ranks(score: np.ndarray) -> np.ndarray:
    """Whole ranks from 1, the highest score first: the borough is poorer than its nation."""
    place = np.empty(len(score))
    place[np.argsort(-score, kind="stable")] = (np.arange(len(score)) + 0.5) / len(score)
    return np.maximum(np.round(place**1.5 * RANKED), 1).astype(int)


def _write_nomis(
    path: Path, areas: list[Neighbourhood], dimension: str, names: tuple[str, ...], counts: np.ndarray
) -> None:
    header = ("GEOGRAPHY_CODE", "GEOGRAPHY_NAME", dimension, f"{dimension}_NAME", "OBS_VALUE")
    rows = [
        (area.code, area.name, code, name, int(people))
        for area, row in zip(areas, counts, strict=True)
        for code, (name, people) in enumerate(zip(names, (row.sum(), *row), strict=True))
    ]
    write_table(path, header, rows)
