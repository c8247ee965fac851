"""Is the pack whole? Everything that was fetched is counted again in what was built from it."""

from __future__ import annotations

import shapely

from data.areapack import AreaPack
from data.errors import SourceError
from data.get.collect import RawArea

CATEGORIES = 19
FINEST = {"TS007A": 18, "TS029": 5, "TS045": 4}
# Streets that cover less of the area than this were cut.
LEAST_COVERED = 0.9


def check_whole(pack: AreaPack, raw: RawArea) -> None:
    """Raise when a part of the pack is less than what must be there.

    Raises
    ------
    SourceError
        With every part that is short, and what to do.
    """
    faults = [*_check_people(pack, raw), *_check_indicators(pack, raw), *_check_travel(pack)]
    if faults:
        raise SourceError(
            f"{pack.manifest.name}: the raw files are whole, and the pack made of them isn't. "
            "None was written:",
            faults,
        )


def _check_people(pack: AreaPack, raw: RawArea) -> list[str]:
    faults = []
    areas, census, points = pack.neighbourhoods, pack.census, pack.origin_points
    if areas is None or census is None or points is None or pack.groups is None:
        return ["neighbourhoods, census or origin points are missing"]
    if set(areas["neighbourhood_id"]) != set(raw.codes):
        faults.append(f"{len(areas)} neighbourhoods of {len(raw.codes)} boundaries")
    groups = pack.groups
    finest = groups[~groups["is_aggregate"] & (groups["group_id"] != "all")]
    if len(finest) != CATEGORIES:
        faults.append(f"{len(finest)} ethnic groups; TS021 has {CATEGORIES}")
    unknown = int(census["people"].isna().sum())
    if unknown or areas["population"].isna().any():
        faults.append(f"{unknown} counts of people are missing; Nomis publishes every one of TS021")
    without = set(raw.codes) - set(points["neighbourhood_id"][points["basis"] == "output_area"])
    if without:
        faults.append(f"{len(without)} neighbourhoods have no output area with people")
    expected, found = raw.files["people"].count or 0, int((points["basis"] == "output_area").sum())
    if found > expected:
        faults.append(f"{found} origin points of {expected} output areas")
    return faults


def _check_indicators(pack: AreaPack, raw: RawArea) -> list[str]:
    """Every category of the census's tables for every area; a rank wherever the index's own area is here."""
    if pack.indicators is None or pack.indicator_values is None:
        return ["age, English, cars and deprivation are missing"]
    faults = []
    values = pack.indicator_values.merge(
        pack.indicators[["indicator_id", "source_table", "topic", "is_aggregate"]], on="indicator_id"
    )
    for table, categories in FINEST.items():
        own = values[(values["source_table"] == table) & ~values["is_aggregate"]]
        if own["indicator_id"].nunique() != categories:
            faults.append(f"{own['indicator_id'].nunique()} categories of {table}, which has {categories}")
        unknown = int(own["count"].isna().sum())
        if unknown:
            faults.append(f"{unknown} counts of {table} are missing; Nomis publishes every one")
    ranks = values[values["topic"] == "deprivation"]
    english = {code for code in raw.codes if code.startswith("E")}
    ranked = set(ranks.loc[ranks["rank"].notna() & ranks["decile"].notna(), "neighbourhood_id"])
    if english - ranked:
        faults.append(
            f"{len(english - ranked)} English neighbourhoods without rank and decile of deprivation"
        )
    if set(raw.codes) - english and "wimd" in raw.files and not ranked - english:
        faults.append("no Welsh neighbourhood has a rank of deprivation")
    if "wards" in raw.files and pack.neighbourhoods is not None:
        without = int(pack.neighbourhoods["ward_id"].isna().sum())
        if without:
            faults.append(f"{without} neighbourhoods without a ward")
    return faults


def _check_travel(pack: AreaPack) -> list[str]:
    faults = []
    facts = pack.manifest.timetable
    in_area = pack.stops["in_area"].to_numpy(bool)
    if not (in_area & pack.stops["served"].to_numpy(bool)).any():
        faults.append(
            "the timetable serves no stop in the area: it is another region's; give the region in "
            "data/fetch/authorities.csv"
        )
    if not facts.trips_on_service_date:
        faults.append(f"no trip runs on the service date, {facts.service_date}")
    if not facts.active_stops:
        faults.append("the register of stops has none in the area: the NaPTAN area codes are another area's")
    if pack.coverage is not None and pack.neighbourhoods is not None and pack.origin_points is not None:
        covered = shapely.union_all(pack.coverage.geometry.to_numpy())
        shapely.prepare(covered)
        points = pack.origin_points
        inside = shapely.intersects_xy(covered, points["x"].to_numpy(float), points["y"].to_numpy(float))
        share = float(inside.mean()) if len(points) else 0.0
        if share < LEAST_COVERED:
            faults.append(
                f"streets cover {share:.0%} of the places where people live: the extract is of another "
                "place, or was cut; give a larger one with --streets"
            )
    return faults
