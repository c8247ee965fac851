"""Age, English, cars and deprivation read from tables of each shape, joined or refused."""

from __future__ import annotations

import csv
from collections import defaultdict
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
from pydantic import ValidationError
from shapely.geometry import box

from data.config import Indicators
from data.errors import SourceError
from data.sources.faultlog import FaultLog
from data.sources.indicators import read_indicators

AREAS = gpd.GeoDataFrame(
    {"neighbourhood_id": ["E01000001", "E01000002", "E01000003"]},
    geometry=[box(0, 0, 1, 1), box(1, 0, 2, 1), box(2, 0, 3, 1)],
    crs="EPSG:27700",
)
NOMIS = "GEOGRAPHY_CODE,GEOGRAPHY_NAME,{0},{0}_NAME,OBS_VALUE\n"
CARS = ("Total: All households", "No cars or vans in household", "1 car or van in household",
        "2 cars or vans in household", "3 or more cars or vans in household")  # fmt: skip

LOOKUP = {
    "lookup": {"file": "lookup.csv", "title": "Lookup", "publisher": "p"},
    "old_column": "old",
    "new_column": "new",
}
WIDER = {"key_column": "lsoa", "id_column": "msoa", "lookup": LOOKUP["lookup"]}


def table(topic: str = "cars", **given: Any) -> Indicators:
    raw = {"file": "table.csv", "title": "A table", "publisher": "p"}
    return Indicators.model_validate({"topic": topic, "table": "TS045", "year": 2021, "source": raw, **given})


def read(
    tmp_path: Path, text: str, settings: Indicators, *, areas: gpd.GeoDataFrame = AREAS, **others: str
) -> tuple[pd.DataFrame, pd.DataFrame, FaultLog]:
    for name, content in {"table.csv": text, **{f"{k}.csv": v for k, v in others.items()}}.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    log = FaultLog("indicators")
    indicators, values = read_indicators(
        (settings,), areas, "LSOA 2021", lambda file: tmp_path / file.file, log
    )
    return indicators.set_index("indicator_id"), values.set_index(["indicator_id", "neighbourhood_id"]), log


def nomis_cars(counts: dict[str, tuple[int, ...]]) -> str:
    return NOMIS.format("C2021_CARS_5") + "".join(
        f"{area},A place,{code},{name},{people}\n"
        for area, row in counts.items()
        for code, (name, people) in enumerate(zip(CARS, row, strict=True))
    )


def test_cars_of_a_nomis_table_with_its_own_total_as_base(tmp_path: Path) -> None:
    # 60 of 101 households: the total is as published, though the four sum to 100.
    text = nomis_cars({"E01000001": (101, 60, 30, 8, 2), "E01000002": (50, 0, 10, 20, 20)})
    indicators, values, log = read(tmp_path, text, table())
    assert list(indicators.index) == ["cars_none", "cars_1", "cars_2", "cars_3_plus"]
    assert indicators.at["cars_none", "unit"] == "households"
    one = values.loc[("cars_none", "E01000001")]
    assert (one["count"], one["base"], one["basis"]) == (60, 101, "published")
    assert one["share"] == 60 / 101
    assert values.loc[("cars_none", "E01000002"), "count"] == 0
    lost = values.loc[("cars_none", "E01000003")]
    assert lost[["count", "base", "share", "rank", "decile"]].isna().all()
    assert lost["basis"] == "not_known"
    assert [(fault.code, fault.count) for fault in log.faults] == [("area_without_counts", 1)]


def test_ages_are_named_by_their_bounds_and_sums_stand_only_where_bands_add_up(tmp_path: Path) -> None:
    names = ("Aged 4 years and under", "Aged 5 to 24 years", "Aged 25 to 49 years", "Aged 50 to 64 years",
             "Aged 65 to 69 years", "Aged 70 years and over")  # fmt: skip
    rows = [(area, name, 10 * (number + 1)) for area in AREAS["neighbourhood_id"]
            for number, name in enumerate(names)]  # fmt: skip
    text = "lsoa21_code,age_group,usual_residents\n" + "".join(f"{a},{n},{p}\n" for a, n, p in rows)
    indicators, values, _ = read(tmp_path, text, table("age", table="TS007A"))
    # 75 and over can't be told from 70 and over; 25 to 49 is a band of its own, and no sum.
    assert list(indicators.index) == [
        "age_65_plus", "age_0_4", "age_5_24", "age_25_49", "age_50_64", "age_65_69", "age_70_plus"
    ]  # fmt: skip
    assert indicators.at["age_65_plus", "is_aggregate"]
    assert indicators.at["age_65_plus", "members"] == "Aged 65 to 69 years;Aged 70 years and over"
    row = values.loc[("age_65_plus", "E01000002")]
    assert (row["count"], row["base"]) == (50 + 60, 10 + 20 + 30 + 40 + 50 + 60)


def test_a_hole_between_bands_makes_no_sum(tmp_path: Path) -> None:
    text = "lsoa21_code,age_group,n\n" + "".join(
        f"{area},{name},5\n"
        for area in AREAS["neighbourhood_id"]
        for name in (
            "Aged 25 to 34 years",
            "Aged 40 to 49 years",
            "Aged 65 to 74 years",
            "Aged 80 years and over",
        )
    )
    indicators, _, _ = read(tmp_path, text, table("age"))
    assert list(indicators.index) == ["age_25_34", "age_40_49", "age_65_74", "age_80_plus"]


WIDE_ENGLISH = (
    "msoa21_code,Main language is English (English or Welsh in Wales),"
    "Main language is not English (English or Welsh in Wales),"
    + ",".join(f"Main language is not English (English or Welsh in Wales): {words}" for words in
               ("Can speak English very well", "Can speak English well", "Cannot speak English well",
                "Cannot speak English"))
    + ",Proportion who cannot speak English (well)\n"
)  # fmt: skip


def test_english_of_wider_areas_gives_shares_and_no_counts(tmp_path: Path) -> None:
    lookup = "oa,lsoa,msoa\n1,E01000001,E02000001\n2,E01000001,E02000001\n3,E01000002,E02000001\n"
    lookup += "4,E01000003,E02000002\n"
    text = WIDE_ENGLISH + "E02000001,800,200,90,60,40,10,0.05\nE02000002,0,0,0,0,0,0,0\n"
    settings = table("english", table="TS029", area_level="MSOA 2021", area_column="msoa21_code", wider=WIDER)
    indicators, values, _ = read(tmp_path, text, settings, lookup=lookup)
    assert indicators.at["english_little", "members"].count(";") == 1
    assert indicators.at["english_little", "area_level"] == "MSOA 2021"
    for hood in ("E01000001", "E01000002"):
        row = values.loc[("english_little", hood)]
        assert row["share"] == (40 + 10) / (800 + 90 + 60 + 40 + 10)
        assert pd.isna(row["count"]) and pd.isna(row["base"])
        assert row["basis"] == "wider_area"
    # Nobody lives in the other one, and a share of nobody is none.
    assert values.loc[("english_little", "E01000003"), "basis"] == "not_known"


WIMD = "lsoa11_code,IMD_decile,Income_decile,IMD_rank,Income_rank\n"


def test_an_older_index_holds_only_where_the_land_is_the_same(tmp_path: Path) -> None:
    lookup = "old,new\nE01000001,E01000001\nE01000009,E01000002\nE01000009,E01000003\n"
    settings = table(
        "deprivation", table="WIMD 2019", area_level="LSOA 2011", ranked_of=1909, area_lookup=LOOKUP
    )
    text = WIMD + "E01000001,1,2,187,300\nE01000009,10,9,1900,1500\n"
    indicators, values, log = read(tmp_path, text, settings, lookup=lookup)
    assert indicators["ranked_of"].tolist() == [1909]
    assert "Wales" in indicators["leaves_out"].iloc[0]
    values = values.droplevel(0)
    assert (values.at["E01000001", "rank"], values.at["E01000001", "decile"]) == (187, 1)
    assert values["basis"].tolist() == ["same_area", "not_known", "not_known"]
    assert values["rank"].isna().tolist() == [False, True, True]
    assert [(fault.code, fault.count, fault.severity) for fault in log.faults] == [
        ("area_split_or_merged", 2, "missing")
    ]
    merged = "old,new\nE01000001,E01000001\nE01000008,E01000001\nE01000007,E01000002\n"
    _, values, _ = read(tmp_path, WIMD + "E01000007,3,3,500,500\n", settings, lookup=merged)
    assert values["basis"].tolist() == ["not_known", "same_area", "not_known"]


def test_other_areas_without_a_lookup_are_refused(tmp_path: Path) -> None:
    settings = table("deprivation", table="WIMD 2019", area_level="LSOA 2011", ranked_of=1909)
    with pytest.raises(SourceError, match=r"LSOA 2011.*are LSOA 2021.*area_lookup"):
        read(tmp_path, WIMD + "E01000001,1,2,187,300\n", settings)


def test_the_indices_of_england_as_published(tmp_path: Path) -> None:
    head = (
        "LSOA code (2021),LSOA name (2021),Index of Multiple Deprivation (IMD) Score,"
        "Index of Multiple Deprivation (IMD) Rank (where 1 is most deprived),"
        "Index of Multiple Deprivation (IMD) Decile (where 1 is most deprived 10% of LSOAs),"
        "Income Rank (where 1 is most deprived),Income Decile (where 1 is most deprived 10% of LSOAs)\n"
    )
    rows = "".join(f"{area},A,1.5,{number * 11000},{3 * number},7,7\n"
                   for number, area in enumerate(AREAS["neighbourhood_id"], start=1))  # fmt: skip
    settings = table("deprivation", table="IoD 2025", ranked_of=33755)
    indicators, values, _ = read(tmp_path, head + rows, settings)
    assert list(indicators.index) == ["deprivation_iod_2025"]
    assert values["rank"].tolist() == [11000, 22000, 33000]
    assert values["decile"].tolist() == [3, 6, 9]
    with pytest.raises(SourceError, match=r"not from 1 to 1,909.*another nation"):
        read(tmp_path, head + rows, settings.model_copy(update={"ranked_of": 1909}))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (nomis_cars({"E01999999": (9, 9, 0, 0, 0)}), "none of its 1 areas is in the boundaries"),
        (nomis_cars({"E01000001": (9, 9, 0, 0, 0)}).replace(",9\n", ",nine\n"), "not counts"),
        ("<html>Sorry</html>", "web page"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(SourceError, match=words):
        read(tmp_path, text, table())


def test_two_tables_of_one_thing_are_refused(tmp_path: Path) -> None:
    text = nomis_cars(dict.fromkeys(AREAS["neighbourhood_id"], (4, 1, 1, 1, 1)))
    (tmp_path / "table.csv").write_text(text)
    both = (table(), table(table="Another"))
    with pytest.raises(SourceError, match="two tables tell of the same: cars_none"):
        read_indicators(both, AREAS, "LSOA 2021", lambda file: tmp_path / file.file, FaultLog("indicators"))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"topic": "deprivation"}, "ranked_of"),
        ({"topic": "age", "ranked_of": 5}, "ranked_of"),
        ({"topic": "shoes"}, "topic"),
        ({"area_lookup": LOOKUP, "wider": WIDER}, "not both"),
    ],
)  # fmt: skip
def test_settings_that_cannot_be_are_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        table(**given)


# Counted here from the raw files in plain Python, for each of the four areas.
@pytest.mark.real_data
@pytest.mark.parametrize("area", ["oldham", "newport", "newcastle", "islington"])
def test_real_tables_equal_a_plain_count_of_the_files(real_data: Path, area: str) -> None:
    folder = real_data / area
    older: dict[str, int] = defaultdict(int)
    with (folder / "census" / "census2021_age6bands_lsoa21_long.csv").open(encoding="utf-8-sig") as stream:
        rows = list(csv.DictReader(stream))
    total: dict[str, int] = defaultdict(int)
    for row in rows:
        total[row["lsoa21_code"]] += int(row["usual_residents"])
        older[row["lsoa21_code"]] += int(row["usual_residents"]) if "65" in row["age_group"] else 0
    ids = sorted(total)
    areas = gpd.GeoDataFrame(
        {"neighbourhood_id": ids}, geometry=[box(0, 0, 1, 1)] * len(ids), crs="EPSG:27700"
    )
    english = area != "newport"
    index = f"{area}/imd/" + ("imd2025_england_lsoa21.csv" if english else "wimd2019_wales_lsoa11.csv")
    lookup = {"file": f"{area}/lookups/lsoa11_lsoa21_ltla22.csv", "title": "t", "publisher": "p"}
    ages = table("age", source={"file": f"{area}/census/census2021_age6bands_lsoa21_long.csv", "title": "t",
                                "publisher": "p"})  # fmt: skip
    raw = {"file": index, "title": "t", "publisher": "p"}
    ranks = table("deprivation", table="IoD 2025", source=raw, ranked_of=33755)
    if not english:
        joined = {"lookup": lookup, "old_column": "lsoa11_code", "new_column": "lsoa21_code"}
        ranks = table("deprivation", table="WIMD 2019", source=raw, ranked_of=1909, area_level="LSOA 2011",
                      area_lookup=joined)  # fmt: skip
    _, values = read_indicators(
        (ages, ranks), areas, "LSOA 2021", lambda file: real_data / file.file, FaultLog("indicators")
    )
    found = values[values["indicator_id"] == "age_65_plus"].set_index("neighbourhood_id")
    assert found["count"].to_dict() == dict(older)
    assert found["base"].to_dict() == dict(total)
    with (real_data / index).open(encoding="utf-8-sig") as stream:
        published = {row["lsoa21_code" if english else "lsoa11_code"]: row for row in csv.DictReader(stream)}
    with (real_data / lookup["file"]).open(encoding="utf-8-sig") as stream:
        unchanged = {row["lsoa21_code"] for row in csv.DictReader(stream) if row["change_code"] == "U"}
    deciles = values[values["rank"].notna()].set_index("neighbourhood_id")["decile"].to_dict()
    wanted = set(ids) if english else unchanged
    assert deciles == {code: int(published[code]["IMD_decile"]) for code in wanted}
    assert len(deciles) == {"oldham": 142, "newport": 90, "newcastle": 180, "islington": 126}[area]


@pytest.mark.real_data
def test_oldham_shares_are_those_of_the_file_for_the_larger_area(real_data: Path, real_pack: Any) -> None:
    with (real_data / "oldham/lookups/oa21_lsoa21_msoa21_lad22.csv").open(encoding="utf-8-sig") as stream:
        wider = {row["lsoa21cd"]: row["msoa21cd"] for row in csv.DictReader(stream)}
    with (real_data / "oldham/census/census2021_english_proficiency_msoa21.csv").open() as stream:
        little = {
            row["msoa21_code"]: float(row["Proportion who cannot speak English (well)"])
            for row in csv.DictReader(stream)
        }
    values = real_pack("oldham").indicator_values
    shares = values[values["indicator_id"] == "english_little"].set_index("neighbourhood_id")["share"]
    assert shares.to_dict() == pytest.approx({hood: little[wider[hood]] for hood in wider}, abs=1e-9)
    assert len(shares) == 142


@pytest.mark.real_data
def test_newport_tells_english_of_areas_that_kept_their_land_only(real_data: Path, real_pack: Any) -> None:
    """The ONS names an LSOA after its MSOA: 012A lies in 012."""
    pack = real_pack("newport")
    with (real_data / "newport/census/census2021_english_proficiency_msoa21.csv").open() as stream:
        by_code = {row["msoa21_code"]: float(row["Proportion who cannot speak English (well)"])
                   for row in csv.DictReader(stream)}  # fmt: skip
    with (real_data / "newport/lookups/lsoa11_msoa11.csv").open(encoding="utf-8-sig") as stream:
        by_name = {row["msoa11_name"]: by_code[row["msoa11_code"]] for row in csv.DictReader(stream)}
    names = pack.neighbourhoods.set_index("neighbourhood_id")["name"]
    values = pack.indicator_values
    rows = values[values["indicator_id"] == "english_little"].set_index("neighbourhood_id")
    known = rows["share"].dropna()
    assert len(known) == 90
    assert known.to_dict() == pytest.approx({h: by_name[names[h][:-1]] for h in known.index}, abs=1e-9)
    assert set(rows["basis"][rows["share"].isna()]) == {"not_known"}
