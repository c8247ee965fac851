"""Who lives where: nineteen census groups, clustered as in towns of the north of England.

Every figure is invented. The pattern follows what is common to several real
towns: communities from South Asia in the inner terraces on different sides of
the river, newer communities in some estates, few but some everywhere else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from data.demo.land import SKETCH_UNIT_M
from data.demo.neighbourhoods import Neighbourhood

_ASIAN = "Asian, Asian British or Asian Welsh"
_BLACK = "Black, Black British, Black Welsh, Caribbean or African"
_MIXED = "Mixed or Multiple ethnic groups"
CATEGORIES: tuple[tuple[int, str], ...] = (
    (1, "White: English, Welsh, Scottish, Northern Irish or British"),
    (2, "White: Irish"),
    (3, "White: Gypsy or Irish Traveller"),
    (4, "White: Roma"),
    (5, "White: Other White"),
    (6, f"{_MIXED}: White and Asian"),
    (7, f"{_MIXED}: White and Black African"),
    (8, f"{_MIXED}: White and Black Caribbean"),
    (9, f"{_MIXED}: Other Mixed or Multiple ethnic groups"),
    (10, f"{_ASIAN}: Indian"),
    (11, f"{_ASIAN}: Pakistani"),
    (12, f"{_ASIAN}: Bangladeshi"),
    (13, f"{_ASIAN}: Chinese"),
    (14, f"{_ASIAN}: Other Asian"),
    (15, f"{_BLACK}: African"),
    (16, f"{_BLACK}: Caribbean"),
    (17, f"{_BLACK}: Other Black"),
    (18, "Other ethnic group: Arab"),
    (19, "Other ethnic group: Any other ethnic group"),
)
TOTAL_NAME = "Total: All usual residents"


@dataclass(frozen=True)
class _Cluster:
    """A community's heart: share at its middle, middle and how far it reaches (units of the sketch)."""

    category: int
    share: float
    x: float
    y: float
    reach: float


_CLUSTERS = (
    _Cluster(11, 0.62, -1.25, -0.45, 0.72),
    _Cluster(11, 0.36, -0.95, 1.05, 0.55),
    _Cluster(11, 0.14, -2.35, -0.35, 0.9),
    _Cluster(12, 0.56, 1.15, 0.75, 0.62),
    _Cluster(12, 0.22, 0.65, -1.35, 0.5),
    _Cluster(12, 0.09, 2.2, 1.3, 0.8),
    _Cluster(15, 0.17, 2.6, -2.6, 0.75),
    _Cluster(15, 0.15, 0.2, 3.4, 0.8),
    _Cluster(15, 0.08, 0.1, -0.3, 0.7),
    _Cluster(16, 0.055, 0.3, -1.6, 0.8),
    _Cluster(17, 0.025, 2.6, -2.6, 1.0),
    _Cluster(10, 0.11, -2.4, 0.4, 0.8),
    _Cluster(10, 0.05, -2.2, 2.2, 0.9),
    _Cluster(13, 0.06, 0.0, 0.1, 0.55),
    _Cluster(14, 0.06, -1.9, 1.0, 1.0),
    _Cluster(14, 0.05, 0.0, -0.6, 0.8),
    _Cluster(18, 0.045, -0.6, -0.2, 0.7),
    _Cluster(19, 0.05, -0.5, 0.3, 1.2),
    _Cluster(5, 0.13, 0.1, 0.4, 0.9),
    _Cluster(5, 0.09, 0.6, -2.2, 0.8),
    _Cluster(4, 0.045, -0.35, 1.3, 0.45),
    _Cluster(3, 0.04, -3.6, -3.0, 0.35),
    _Cluster(3, 0.015, 3.4, -2.9, 0.4),
    _Cluster(2, 0.018, -1.2, 2.6, 1.2),
)
_EVERYWHERE = {
    2: 0.004, 3: 0.0004, 4: 0.0006, 5: 0.018, 6: 0.0045, 7: 0.0025, 8: 0.0065, 9: 0.003, 10: 0.006, 11: 0.013,
    12: 0.006, 13: 0.004, 14: 0.006, 15: 0.009, 16: 0.003, 17: 0.0015, 18: 0.0025, 19: 0.004,
}  # fmt: skip
_IN_THE_COUNTRY = 0.3
"""Villages have this share of what is usual everywhere else."""


def _expected_shares(area: Neighbourhood) -> np.ndarray:
    share = np.zeros(len(CATEGORIES))
    thin = _IN_THE_COUNTRY if area.kind in ("village", "country") else 1.0
    for category, everywhere in _EVERYWHERE.items():
        share[category - 1] = everywhere * thin
    for cluster in _CLUSTERS:
        distance = np.hypot(area.x / SKETCH_UNIT_M - cluster.x, area.y / SKETCH_UNIT_M - cluster.y)
        share[cluster.category - 1] += cluster.share * np.exp(-0.5 * (distance / cluster.reach) ** 2)
    minority = share.sum()
    share[5] += 0.02 * (share[10] + share[11] + share[9])
    share[6] += 0.05 * share[14]
    share[7] += 0.35 * share[15] + 0.01 * (area.kind == "estate")
    if minority > 0.9:
        share *= 0.9 / minority
    share[0] = max(1.0 - share[1:].sum(), 0.05)
    return share / share.sum()


def build_census(areas: list[Neighbourhood], rng: np.random.Generator) -> np.ndarray:
    """Count each group in each neighbourhood.

    Returns
    -------
    int array, (neighbourhoods, 19)
        In the order of ``CATEGORIES``; each row sums to the neighbourhood's residents.
    """
    counts = np.zeros((len(areas), len(CATEGORIES)), dtype=int)
    for row, area in enumerate(areas):
        shares = rng.dirichlet(_expected_shares(area) * 420.0 + 0.03)
        counts[row] = rng.multinomial(area.population, shares)
    return counts
