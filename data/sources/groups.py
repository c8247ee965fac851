"""The groups of a census table: its own categories and the aggregates that it allows.

Groups come from the table that is loaded, never from a fixed list: 2021 files
may have 5 categories, 2011 files 14, TS021 19. An aggregate stands only where
the table has the categories for it.
"""

from __future__ import annotations

import re

import pandas as pd

ALL = "all"
EXCLUDING = "ethnic_minorities_excluding_white_minorities"
INCLUDING = "ethnic_minorities_including_white_minorities"
EXCLUDING_NAME = "Ethnic minorities excluding White minorities"
INCLUDING_NAME = "Ethnic minorities including White minorities"
LEAVES_OUT_2021 = "Leaves out Irish, Gypsy or Irish Traveller, Roma and Other White"

# Short headers of wide 2011 files, and the census's own names without slashes.
SHORT_NAMES = {
    "WhiteBrit": "White: English, Welsh, Scottish, Northern Irish or British",
    "Irish": "White: Irish",
    "Gypsy": "White: Gypsy or Irish Traveller",
    "OtherWhite": "White: Other White",
    "Mixed": "Mixed or multiple ethnic groups",
    "Indian": "Asian or Asian British: Indian",
    "Pakistani": "Asian or Asian British: Pakistani",
    "Bangladeshi": "Asian or Asian British: Bangladeshi",
    "Chinese": "Asian or Asian British: Chinese",
    "OtherAsian": "Asian or Asian British: Other Asian",
    "BlkAfrican": "Black, African, Caribbean or Black British: African",
    "BlkCaribbean": "Black, African, Caribbean or Black British: Caribbean",
    "OtherBlk": "Black, African, Caribbean or Black British: Other Black",
    "Arab": "Other ethnic group: Arab",
    "Other": "Other ethnic group: Any other ethnic group",
}
# The order of the census's own tables; a name not listed comes after, by name.
_BROAD_ORDER = ("Asian", "Black", "Mixed", "White", "Other ethnic group")


def slug_of(name: str) -> str:
    """Return a group_id for a name: lower case letters and digits joined by underscores."""
    return re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")


def is_white(name: str) -> bool:
    """Say whether a category is White, or one of the White categories."""
    return name == "White" or name.startswith("White:")


def is_white_british(name: str) -> bool:
    """Say whether a category is the British one of the White categories, as each census words it."""
    return name.startswith("White:") and "British" in name


def _broad_of(name: str) -> str | None:
    head, colon, _ = name.partition(": ")
    return head if colon else None


def _sort_key(name: str) -> tuple[int, str]:
    for place, start in enumerate(_BROAD_ORDER):
        if name.startswith(start):
            return place, name
    return len(_BROAD_ORDER), name


def build_groups(categories: list[str], *, table: str, year: int) -> pd.DataFrame:
    """Return the pack's table of groups for a census table's categories.

    Parameters
    ----------
    categories : list of str
        The table's finest categories, without total and subtotals.
    table, year
        For example 'TS021' and 2021.

    Returns
    -------
    DataFrame
        Columns of ``data.schema.GROUPS``: 'all' first, then aggregates, broad
        headings and categories. ``members`` of an aggregate are categories.
    """
    ordered = sorted(categories, key=_sort_key)
    ids = _unique_ids(ordered)
    rows: list[dict[str, object]] = [{"group_id": ALL, "name": "All residents"}]
    rows += _minority_rows(ordered, ids)
    broads = list(dict.fromkeys(broad for name in ordered if (broad := _broad_of(name))))
    for broad in broads:
        members = [name for name in ordered if _broad_of(name) == broad]
        if len(members) > 1 and broad not in ordered:
            rows.append(
                {
                    "group_id": slug_of(broad),
                    "name": broad,
                    "is_aggregate": True,
                    "members": ";".join(ids[name] for name in members),
                }
            )
    rows += [{"group_id": ids[name], "name": name, "broad_group": _broad_of(name)} for name in ordered]
    frame = pd.DataFrame(
        rows, columns=["group_id", "name", "broad_group", "is_aggregate", "members", "leaves_out"]
    )
    frame["is_aggregate"] = frame["is_aggregate"].eq(True)
    frame["census_table"] = table
    frame["census_year"] = year
    frame["sort_order"] = range(len(frame))
    return frame


def _unique_ids(names: list[str]) -> dict[str, str]:
    reserved = {ALL, EXCLUDING, INCLUDING} | {slug_of(broad) for name in names if (broad := _broad_of(name))}
    ids: dict[str, str] = {}
    for name in names:
        base = slug_of(name) or "group"
        slug, number = base, 2
        while slug in ids.values() or slug in reserved:
            slug, number = f"{base}_{number}", number + 1
        ids[name] = slug
    return ids


def _minority_rows(names: list[str], ids: dict[str, str]) -> list[dict[str, object]]:
    """The two aggregates of ethnic minorities, each only where the table can tell it."""
    white = [name for name in names if is_white(name)]
    others = [name for name in names if not is_white(name)]
    if not white or not others:
        return []
    rows: list[dict[str, object]] = [
        {
            "group_id": EXCLUDING,
            "name": EXCLUDING_NAME,
            "is_aggregate": True,
            "members": ";".join(ids[name] for name in others),
            "leaves_out": _excluding_leaves_out(white),
        }
    ]
    british = [name for name in white if is_white_british(name)]
    if len(british) == 1:
        no_traveller = not any("Gypsy" in name for name in white)
        rows.append(
            {
                "group_id": INCLUDING,
                "name": INCLUDING_NAME,
                "is_aggregate": True,
                "members": ";".join(ids[name] for name in names if name != british[0]),
                "leaves_out": "Leaves out Gypsy or Irish Traveller: this table does not count them apart"
                if no_traveller
                else None,
            }
        )
    return rows


def _excluding_leaves_out(white: list[str]) -> str:
    minorities = [name.removeprefix("White: ") for name in white if not is_white_british(name)]
    if white == ["White"]:
        return LEAVES_OUT_2021
    # In the census's own order, Other White last.
    known = ("Irish", "Gypsy or Irish Traveller", "Roma")
    minorities.sort(
        key=lambda name: (name.startswith("Other"), known.index(name) if name in known else 3, name)
    )
    if len(minorities) < 2:
        return f"Leaves out {''.join(minorities) or 'White'}"
    return f"Leaves out {', '.join(minorities[:-1])} and {minorities[-1]}"
