"""Local authorities: from a name or code to what the other sources call it.

``authorities.csv`` holds only what is certain: where it names no BODS region or
NaPTAN area, the whole nation's file is taken, which is larger and never wrong.
What the table lacks is looked up at Open Geography.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rapidfuzz import fuzz, process

from data.errors import DownloadError, UsageError
from data.fetch.arcgis import query_features
from data.fetch.http import Client

TABLE = Path(__file__).with_name("authorities.csv")
_CODE = re.compile(r"[EWSN]\d{8}", re.IGNORECASE)
_NATIONS = {"E": "england", "W": "wales"}
_OFFERED = 5


# The 32 council areas of Scotland and the 11 districts of Northern Ireland, as ``simplify_name`` has them.
_SCOTTISH = frozenset(
    {
        "aberdeen", "aberdeen city", "aberdeenshire", "angus", "argyll and bute", "clackmannanshire",
        "comhairle nan eilean siar", "dumfries and galloway", "dundee", "dundee city", "east ayrshire",
        "east dunbartonshire", "east lothian", "east renfrewshire", "edinburgh", "falkirk", "fife", "glasgow",
        "glasgow city", "highland", "highlands", "inverclyde", "midlothian", "moray", "na h eileanan siar",
        "north ayrshire", "north lanarkshire", "orkney", "orkney islands", "perth and kinross",
        "renfrewshire", "scottish borders", "shetland", "shetland islands", "south ayrshire",
        "south lanarkshire", "stirling", "west dunbartonshire", "west lothian", "western isles",
    }
)  # fmt: skip
_NORTHERN_IRISH = frozenset(
    {
        "antrim and newtownabbey", "ards and north down", "armagh banbridge and craigavon", "belfast",
        "causeway coast and glens", "derry city and strabane", "derry and strabane",
        "fermanagh and omagh", "lisburn and castlereagh", "mid and east antrim", "mid ulster",
        "newry mourne and down",
    }
)  # fmt: skip
_SCOTLAND_WORDS = (
    "is in Scotland, where `get` can't make a whole pack. Missing: boundaries of data zones and output "
    "areas (Open Geography's are of England and Wales only), counts of people by ethnic group, age, English "
    "and cars (Nomis has the census of England and Wales; Scotland held its own in 2022) and the Scottish "
    "index of deprivation, none of which this program knows an address for. Without people nobody can be "
    "counted as cut off, so no half pack is made. What there is for Scotland: the timetable (BODS, region "
    "scotland), stops (NaPTAN), streets (Geofabrik's extract) and postcodes (Code-Point Open); with "
    'boundaries of your own, write an area configuration (data/areas/README.md, nation = "scotland") and '
    "run `python -m data build`."
)
_NORTHERN_IRELAND_WORDS = (
    "is in Northern Ireland, which is not in Great Britain: BODS, NaPTAN, Code-Point Open and Nomis's census "
    "leave it out. Write an area configuration by hand (data/areas/README.md)."
)


@dataclass(frozen=True)
class Authority:
    """One local authority.

    Attributes
    ----------
    code : GSS code
    name : as the ONS writes it
    nation : england or wales
    bods_region : region of the BODS feed; the nation where the table isn't sure
    atco_areas : NaPTAN's area codes; empty: the whole country's file
    lsoa_names : what its neighbourhoods' names start with (districts of 2021)
    """

    code: str
    name: str
    nation: str
    bods_region: str
    atco_areas: tuple[str, ...] = ()
    lsoa_names: tuple[str, ...] = ()

    @property
    def area_id(self) -> str:
        """A short name for the pack: lower case letters, digits and underscores."""
        return re.sub(r"[^a-z0-9]+", "_", self.name.casefold().replace("'", "")).strip("_")[:64]


@cache
def load_authorities() -> tuple[Authority, ...]:
    """Return the committed table."""
    with TABLE.open(encoding="utf-8", newline="") as stream:
        return tuple(
            Authority(
                code=row["code"],
                name=row["name"],
                nation=row["nation"],
                bods_region=row["bods_region"] or row["nation"],
                atco_areas=tuple(filter(None, row["atco_areas"].split(";"))),
                lsoa_names=tuple(filter(None, row["lsoa_names"].split(";"))) or (row["name"],),
            )
            for row in csv.DictReader(stream)
        )


def simplify_name(name: str) -> str:
    """Return a name as it is compared: "London Borough of Islington Council" is "islington"."""
    words = re.sub(r"[^\w\s]", " ", name.casefold().replace("'", "").replace("&", " and "))
    words = " ".join(words.split())
    for start in ("london borough of ", "royal borough of ", "metropolitan borough of ", "county borough of ",
                  "borough of ", "city and county of ", "city of ", "the "):  # fmt: skip
        words = words.removeprefix(start)
    for end in (" county borough council", " metropolitan borough council", " borough council",
                " city council", " county council", " district council", " council", " county of",
                " city of"):  # fmt: skip
        words = words.removesuffix(end)
    return words


def find_authority(text: str, client: Client | None = None) -> Authority:
    """Return the local authority of a name or GSS code.

    Parameters
    ----------
    text
        "Oldham", "E08000004", "newcastle upon tyne city council".
    client
        Asked when the table doesn't have it; without one, only the table counts.

    Raises
    ------
    UsageError
        When there is none, with the nearest names; or it is not in England or Wales.
    """
    given = text.strip()
    if beyond := _name_beyond(given):
        raise UsageError(f"{given}: {beyond}")
    known = load_authorities()
    found = _match(given, known)
    unasked = ""
    if found is None and client is not None:
        try:
            online = _ask(client)
        except DownloadError as error:
            unasked = f" (Open Geography was asked too, without success: {error.short})"
        else:
            known = (*known, *(other for other in online if other.code not in {one.code for one in known}))
            found = _match(given, known)
    if found is not None:
        return found
    near = process.extract(
        simplify_name(given), {one.code: simplify_name(one.name) for one in known}, scorer=fuzz.WRatio,
        limit=_OFFERED, score_cutoff=55,
    )  # fmt: skip
    names = {one.code: f"{one.name} ({one.code})" for one in known}
    raise UsageError(
        f"{given[:100]!r}: no local authority of England or Wales has this name or code{unasked}."
        + (" Did you mean:" if near else " Write its name as the council does, or its GSS code."),
        [names[code] for _, _, code in near],
    )


def find_authorities(texts: Iterable[str], client: Client | None = None) -> tuple[Authority, ...]:
    """Return authorities of several names, each once, in the order given.

    Raises
    ------
    UsageError
        With every name that is none.
    """
    found: dict[str, Authority] = {}
    faults: list[UsageError] = []
    for text in texts:
        try:
            authority = find_authority(text, client)
            found.setdefault(authority.code, authority)
        except UsageError as error:
            faults.append(error)
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise UsageError("Several names are no local authorities:", [str(fault) for fault in faults])
    return tuple(found.values())


def _name_beyond(given: str) -> str:
    """Say why a place of Scotland or Northern Ireland can't be had; nothing for any other."""
    name = simplify_name(given)
    code = given.upper() if _CODE.fullmatch(given) else ""
    if code.startswith("S") or name in _SCOTTISH:
        return _SCOTLAND_WORDS
    return _NORTHERN_IRELAND_WORDS if code.startswith("N") or name in _NORTHERN_IRISH else ""


def _match(given: str, known: Iterable[Authority]) -> Authority | None:
    name = simplify_name(given)
    for one in known:
        if one.code == given.upper() or simplify_name(one.name) == name:
            return one
    return None


def _ask(client: Client) -> list[Authority]:
    """All authorities of England and Wales by Open Geography's list, whatever year its columns name."""
    answer = query_features(client, "lad", where="1=1", what="local authorities", geometry=False)
    found = []
    for row in answer.rows:
        code = next((str(value) for name, value in row.items() if re.fullmatch(r"LAD\d\dCD", name)), "")
        name = next((str(value) for name, value in row.items() if re.fullmatch(r"LAD\d\dNM", name)), "")
        nation = _NATIONS.get(code[:1])
        if nation and name and _CODE.fullmatch(code):
            found.append(Authority(code, name, nation, nation, (), (name,)))
    return found
