"""Services that share a name: what tells each from the others, so that nobody is sent to the wrong one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely

from data.areapack import AreaPack
from geo.names import clean_name


def tell_services_apart(pack: AreaPack) -> dict[str, str]:
    """Of each service whose name another has too, what to say beside the name, by id.

    Who runs it, else where it is (address, then neighbourhood), as far as that
    differs; those still alike are numbered in the order of the pack. Those
    without a name are alike where their category is the same.
    """
    services = pack.services
    if services is None or services.empty:
        return {}
    unnamed = "\n" + services["category"]
    key = services["name"].str.casefold().where(services["name"].notna(), unnamed).astype(object)
    alike = key.duplicated(keep=False).to_numpy()
    return _tell(services[alike], key[alike], pack)


def _tell(services: pd.DataFrame, key: pd.Series, pack: AreaPack) -> dict[str, str]:
    """Details of services that are alike by ``key``, each followed by the next where it isn't enough."""
    told: dict[int, list[str]] = {row: [] for row in range(len(services))}
    for detail in (
        _clean(services["organisation"]),
        _clean(services["address"]),
        _find_hoods(services, pack),
    ):
        values = pd.Series(detail, index=services.index, dtype=object)
        several = values.fillna("").groupby(key.to_numpy()).transform("nunique") > 1
        for row in np.flatnonzero((several & values.notna()).to_numpy()):
            told[int(row)].append(str(values.iloc[row]))
        key = key + "\n" + values.fillna("").where(several, "")
    number = key.groupby(key.to_numpy()).cumcount().to_numpy()
    for row in np.flatnonzero(number > 0):
        told[int(row)].append(str(number[row] + 1))
    ids = services["service_id"].astype(str)
    return {one: ", ".join(told[row]) for row, one in enumerate(ids) if told[row]}


def _clean(texts: pd.Series) -> list[str | None]:
    return [clean_name(text) for text in texts]


def _find_hoods(services: pd.DataFrame, pack: AreaPack) -> list[str | None]:
    """Names of the neighbourhoods that venues lie in."""
    hoods, names = pack.neighbourhoods, [None] * len(services)
    if hoods is None or hoods.empty:
        return list(names)
    found: list[str | None] = list(names)
    rows = np.flatnonzero(services["x"].notna().to_numpy())
    points = shapely.points(services[["x", "y"]].to_numpy(np.float64)[rows])
    at, hood = hoods.sindex.query(points, predicate="intersects")
    for one, other in sorted(zip(at.tolist(), hood.tolist(), strict=True), reverse=True):
        found[rows[one]] = clean_name(hoods["name"].iloc[other])  # of two that touch it, the first
    return found
