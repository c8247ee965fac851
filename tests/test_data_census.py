"""Census counts in every shape they come in; the groups a table allows; nothing missing made zero."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from data.config import Census, RawFile
from data.errors import SourceError
from data.sources.census import CensusResult, read_census
from data.sources.faultlog import FaultLog
from data.sources.groups import (
    EXCLUDING,
    EXCLUDING_NAME,
    INCLUDING,
    INCLUDING_NAME,
    build_groups,
    slug_of,
)
from data.sources.lookups import read_csv

FILE = RawFile(file="counts.csv", title="Counts", publisher="ons")
NINETEEN = [
    *(f"Asian, Asian British or Asian Welsh: {name}"
      for name in ("Bangladeshi", "Chinese", "Indian", "Pakistani", "Other Asian")),
    *(f"Black, Black British, Black Welsh, Caribbean or African: {name}"
      for name in ("African", "Caribbean", "Other Black")),
    *(f"Mixed or Multiple ethnic groups: {name}"
      for name in ("White and Asian", "White and Black African", "White and Black Caribbean",
                   "Other Mixed or Multiple ethnic groups")),
    *(f"White: {name}" for name in ("English, Welsh, Scottish, Northern Irish or British", "Irish",
                                    "Gypsy or Irish Traveller", "Roma", "Other White")),
    *(f"Other ethnic group: {name}" for name in ("Arab", "Any other ethnic group")),
]  # fmt: skip
FIVE = [
    "Asian, Asian British or Asian Welsh",
    "Black, Black British, Black Welsh, Caribbean or African",
    "Mixed or Multiple ethnic groups",
    "White",
    "Other ethnic group",
]


def read(
    path: Path, text: str, areas: tuple[str, ...] = ("A", "B"), **settings: Any
) -> tuple[CensusResult, dict[str, int]]:
    file = path / "counts.csv"
    file.write_text(text, encoding="utf-8")
    config = Census(counts=FILE, table="TS021", year=2021, **settings)
    log = FaultLog("census")
    result = read_census(file, config, pd.Series(areas, dtype="str"), log)
    return result, {fault.code: fault.count for fault in log.faults}


def count(result: CensusResult, area: str, group: str) -> int | None:
    rows = result.census
    value = rows["people"][(rows["neighbourhood_id"] == area) & (rows["group_id"] == group)].iloc[0]
    return None if pd.isna(value) else int(value)


def ids(result: CensusResult) -> set[str]:
    return set(result.groups["group_id"])


def long_text(**people: dict[str, Any]) -> str:
    rows = [
        f'{area},{sum(v for v in groups.values() if isinstance(v, int))},"{name}",{value},0.5'
        for area, groups in people.items()
        for name, value in groups.items()
    ]
    return "\n".join(["lsoa21_code,total_residents,ethnic_group,n,prop", *rows]) + "\n"


def test_long_with_five_groups(tmp_path: Path) -> None:
    one = dict(zip(FIVE, (10, 20, 5, 60, 5), strict=True))
    result, faults = read(tmp_path, long_text(A=one, B={**one, "White": 160}))
    assert list(result.population) == [100, 200]
    assert count(result, "B", "all") == 200
    assert count(result, "A", EXCLUDING) == 10 + 20 + 5 + 5
    row = result.groups.set_index("group_id").loc[EXCLUDING]
    assert row["name"] == EXCLUDING_NAME
    assert row["leaves_out"] == "Leaves out Irish, Gypsy or Irish Traveller, Roma and Other White"
    assert INCLUDING not in ids(result)  # White is not told apart here
    assert faults == {}


def test_counts_keep_the_boundaries_order_and_ignore_strangers(tmp_path: Path) -> None:
    one = dict(zip(FIVE, (1, 1, 1, 1, 1), strict=True))
    text = long_text(Z=one, B=one, A={**one, "White": 7})
    result, faults = read(tmp_path, text)
    assert list(result.population.index) == ["A", "B"]
    assert list(result.population) == [11, 5]
    assert faults == {"area_beyond_boundaries": 1}


def nomis_text(values: dict[str, dict[str, Any]]) -> str:
    """As the API answers: upper case, underscored codes in *_CODE, order of columns its own."""
    head = "DATE,GEOGRAPHY_NAME,GEOGRAPHY_CODE,C2021_ETH_20,C2021_ETH_20_NAME,C2021_ETH_20_CODE,OBS_VALUE"
    rows = []
    for area, people in values.items():
        for number, (name, value) in enumerate(people.items()):
            rows.append(f'2021,{area} name,{area},{number},"{name}",_{number},{value}')
    return "\n".join([head, *rows]) + "\n"


def nineteen(**other: Any) -> dict[str, Any]:
    counts: dict[str, Any] = {name: number + 1 for number, name in enumerate(NINETEEN)}
    counts |= other
    return {"Total: All usual residents": sum(v for v in counts.values() if isinstance(v, int)), **counts}


def test_nomis_with_nineteen_groups_joined_on_names(tmp_path: Path) -> None:
    plain = nineteen()
    shuffled = dict(reversed(plain.items()))  # other code numbers, same names
    result, faults = read(tmp_path, nomis_text({"A": plain, "B": shuffled}))
    assert faults == {}
    assert list(result.population) == [190, 190]  # 1 + 2 + ... + 19
    for group in result.groups["group_id"]:
        assert count(result, "A", group) == count(result, "B", group)
    assert count(result, "A", "white_roma") == 16
    # The five headings of the census, summed from their categories: Asian 1..5, Black 6..8, Mixed 9..12,
    # White 13..17, Other 18..19.
    assert count(result, "A", slug_of(FIVE[0])) == 15
    assert count(result, "A", slug_of(FIVE[1])) == 21
    assert count(result, "A", slug_of(FIVE[2])) == 42
    assert count(result, "A", "white") == 75
    assert count(result, "A", "other_ethnic_group") == 37
    assert count(result, "A", EXCLUDING) == 190 - 75
    assert count(result, "A", INCLUDING) == 190 - 13
    row = result.groups.set_index("group_id").loc[INCLUDING]
    assert row["name"] == INCLUDING_NAME
    assert pd.isna(row["leaves_out"])


def test_nomis_subtotals_and_percentages_are_not_counted_twice(tmp_path: Path) -> None:
    people = nineteen() | {"White": 75}
    text = nomis_text({"A": people, "B": people})
    result, _ = read(tmp_path, text)
    assert count(result, "A", "white") == 75
    lines = text.splitlines()
    both = [
        lines[0] + ",MEASURES",
        *(f"{line},20100" for line in lines[1:]),
        *(f"{line},20301" for line in lines[1:]),
    ]
    again, _ = read(tmp_path, "\n".join(both))
    assert list(again.population) == list(result.population)


def test_nomis_with_all_of_its_columns(tmp_path: Path) -> None:
    """What the API sends when no columns are selected: other NAME columns are no dimension."""
    head = (
        "DATE,DATE_NAME,DATE_CODE,GEOGRAPHY,GEOGRAPHY_NAME,GEOGRAPHY_CODE,C2021_ETH_20,C2021_ETH_20_NAME,"
        "C2021_ETH_20_CODE,MEASURES,MEASURES_NAME,OBS_VALUE,OBS_STATUS,OBS_STATUS_NAME,OBS_CONF,OBS_CONF_NAME\n"
    )
    rows = "".join(
        f'2021,2021,2021,63,Place,A,{number},"{name}",_{number},20100,Value,{value},A,Normal,F,Free\n'
        for number, (name, value) in enumerate(nineteen().items())
    )
    result, _ = read(tmp_path, head + rows, areas=("A",))
    assert count(result, "A", "all") == 190
    assert count(result, "A", "white_roma") == 16


def test_the_bulk_files_long_headers(tmp_path: Path) -> None:
    heads = ["date", "geography", "geography code", "Ethnic group: Total: All usual residents",
             "Ethnic group: White", *(f"Ethnic group: {name}" for name in NINETEEN)]  # fmt: skip
    row = ["2021", "Place", "A", "190", "75", *map(str, range(1, 20))]
    text = "\n".join(",".join(f'"{cell}"' for cell in cells) for cells in (heads, row)) + "\n"
    result, faults = read(tmp_path, text, areas=("A",))
    assert count(result, "A", "all") == 190
    assert count(result, "A", "white_roma") == 16
    assert count(result, "A", INCLUDING) == 177
    assert faults == {}


WIDE_2011 = (
    "LSOA,Persons,WhiteBrit,Irish,OtherWhite,Mixed,Indian,Pakistani,Bangladeshi,Chinese,OtherAsian,"
    "BlkAfrican,BlkCaribbean,OtherBlk,Arab,Other,MSOA,LAD,RGN\n"
)


def test_wide_2011_with_short_headers_and_a_total_of_its_own(tmp_path: Path) -> None:
    text = WIDE_2011 + "A,1583,1430,4,31,28,14,35,12,14,8,4,0,0,0,2,M,Newport,Wales\n"
    result, faults = read(tmp_path, text, areas=("A",))
    # 1430 + 4 + 31 + 28 + 14 + 35 + 12 + 14 + 8 + 4 + 2 = 1582, one fewer than Persons: both stay.
    assert count(result, "A", "all") == 1583
    assert faults == {"groups_differ_from_total": 1}
    assert count(result, "A", "white") == 1465
    assert count(result, "A", EXCLUDING) == 1582 - 1465
    assert count(result, "A", INCLUDING) == 1582 - 1430
    groups = result.groups.set_index("group_id")
    assert groups.loc[EXCLUDING, "leaves_out"] == "Leaves out Irish and Other White"
    assert "Gypsy or Irish Traveller" in groups.loc[INCLUDING, "leaves_out"]
    assert "/" not in " ".join(groups["name"])


def test_wide_with_names_of_the_configuration(tmp_path: Path) -> None:
    text = "code,folk,wb,zz,notes\nA,30,10,20,x\nB,3,1,2,y\n"
    names = {
        "wb": "White: English, Welsh, Scottish, Northern Irish or British",
        "zz": "Other ethnic group: Arab",
    }
    result, faults = read(tmp_path, text, names=names, total_column="folk")
    assert count(result, "A", INCLUDING) == 20
    assert faults == {"column_unused": 1}
    with pytest.raises(SourceError, match=r"set census\.names"):
        read(tmp_path, text.replace("folk", "f"))


def test_missing_is_null_and_never_zero(tmp_path: Path) -> None:
    one: dict[str, Any] = dict(zip(FIVE, (10, 20, 5, 60, 5), strict=True))
    text = long_text(A={**one, FIVE[0]: "c"}, B={**one, FIVE[1]: ".."})
    result, faults = read(tmp_path, text, areas=("A", "B", "C"))
    assert count(result, "A", slug_of(FIVE[0])) is None
    assert count(result, "A", EXCLUDING) is None  # a sum with an unknown part is unknown
    assert count(result, "A", "all") == 90
    assert count(result, "C", "all") is None
    assert result.population.isna().tolist() == [False, False, True]
    assert faults == {"area_without_counts": 1, "count_missing": 2}


def test_without_a_total_the_sum_stands_and_says_so(tmp_path: Path) -> None:
    text = 'area_code,ethnic_group,count\nA,White,7\nA,Asian,"1,003"\nB,White,\nB,Asian,2\n'
    result, faults = read(tmp_path, text)
    assert count(result, "A", "all") == 1010
    assert count(result, "B", "all") is None
    assert faults["total_from_groups"] == 2


def test_an_answer_cut_at_the_servers_limit_is_refused(tmp_path: Path) -> None:
    # 1,250 areas of 20 rows are exactly 25,000 rows, and the boundaries have one area more.
    values = {f"E{number:05}": nineteen() for number in range(1250)}
    areas = (*values, "E99999")
    with pytest.raises(SourceError, match="exactly 25,000 rows and lacks 1 of 1251 areas"):
        read(tmp_path, nomis_text(values), areas=areas)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "is empty"),
        ("<html>Service unavailable</html>", "not CSV but a web page"),
        ('{"error": "x"}', "web page or an error"),
        (
            "lsoa21_code,ethnic_group,n\nA,White,-3\nB,White,4\nA,Asian,1\nB,Asian,2.5\n",
            "row 2: the count is '-3'",
        ),
        (
            "lsoa21_code,ethnic_group,n\nA,White,3\nA,White,4\nA,Asian,1\n",
            "several counts for one area and group",
        ),
        ("lsoa21_code,total_residents,ethnic_group,n\nA,9,White,3\nA,8,Asian,4\n", "several totals"),
        ("lsoa21_code,ethnic_group,n\nX,White,3\nX,Asian,4\n", "none of its 1 areas is in the boundaries"),
        ("lsoa21_code,lsoa_code,ethnic_group,n\nA,A,White,3\n", "set census.area_column"),
        ("GEOGRAPHY_CODE,OBS_VALUE\nA,3\n", "needs one column of category names"),
        ("geography code,Ethnic group: Total: All usual residents\nA,3\n", "holds a total and no groups"),
        ("a,a\n1,2\n", "stands twice in the header"),
        ("lsoa21_code,ethnic_group,n\nA,White,3,4\n", "longer than the header, the first is row 2"),
    ],
)
def test_what_cant_be_counts(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SourceError) as caught:
        read(tmp_path, text)
    assert says in str(caught.value)
    assert "counts.csv" in str(caught.value)


def test_a_table_without_one_of_its_groups_is_refused(tmp_path: Path) -> None:
    """A subtotal and one of its parts: the part alone would pass for the whole."""
    people = nineteen()
    some = {name: people[name] for name in ("Total: All usual residents", "White: Roma", NINETEEN[0])}
    with pytest.raises(SourceError, match="groups sum to 34 people and its residents to 380"):
        read(tmp_path, nomis_text({"A": some, "B": some}))


def test_trailing_commas_and_latin_letters_are_read(tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes(
        "\ufefflsoa21_code,ethnic_group,n\nA,Caf\xe9,3,,\nA,White,4\n".encode("cp1252", "ignore")
    )
    assert read_csv(path)["ethnic_group"].tolist() == ["Caf\xe9", "White"]
    path.write_bytes("\ufeffa,b\n1,2\n".encode())
    assert list(read_csv(path).columns) == ["a", "b"]


def test_repeated_rows_and_blank_ones_are_counted(tmp_path: Path) -> None:
    text = "lsoa21_code,ethnic_group,n\nA,White,3\nA,White,3\nA,Asian,1\n,White,9\n\nB,White,1\nB,Asian,1\n"
    result, faults = read(tmp_path, text)
    assert count(result, "A", "all") == 4
    assert faults["row_repeated"] == 1
    assert faults["row_without_area_or_group"] == 1


def test_every_table_of_groups_has_its_own_ids() -> None:
    groups = build_groups([*NINETEEN, "White: Roma!", "???"], table="X", year=2021)
    assert groups["group_id"].is_unique
    assert groups["group_id"].iloc[0] == "all"
    assert groups["sort_order"].tolist() == list(range(len(groups)))
    members = groups.set_index("group_id")["members"].dropna()
    for text in members:
        assert set(text.split(";")) <= set(groups["group_id"][~groups["is_aggregate"]])


def test_tables_without_white_have_no_minority_aggregates() -> None:
    groups = build_groups(["Aged 15 or under", "Aged 16 or over"], table="TS007A", year=2021)
    assert list(groups["group_id"]) == ["all", "aged_15_or_under", "aged_16_or_over"]
