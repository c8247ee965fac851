"""Services that stand in a register twice: found, set side by side, merged when a person says so."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pandas as pd
from rapidfuzz import fuzz

from data.errors import SourceError
from data.frames import build_frame
from data.schema import SERVICES, SESSIONS

# Names at least this alike (0 to 100, whatever the order of their words) may be one service.
LIKENESS = 85.0
_LISTS = ("target_groups", "languages", "referred_by", "not_used_by")
_COMPARED = tuple(name for name in SERVICES.column_names if name not in ("x", "y", "extra", "source"))
_LEGAL = re.compile(r"\b(?:ltd|limited|cic|cio|plc|the|charity|registered charity|uk)\b")
_SESSION_KEY = ["weekday", "start_s", "end_s", "rule", "kind", "from_date", "to_date", "bank_holidays"]


@dataclass(frozen=True)
class LikelyDuplicate:
    """Two services that may be one.

    Attributes
    ----------
    one, other : service_ids, in the order of the register
    likeness : of their names, 0 to 100
    why : in words
    """

    one: str
    other: str
    likeness: float
    why: str


def _plain(words: object) -> str:
    if not isinstance(words, str):
        return ""
    flat = re.sub(r"[^0-9a-z]+", " ", words.casefold().replace("&", " and ").replace("'", ""))
    return " ".join(_LEGAL.sub(" ", flat).split())


def find_likely_duplicates(services: pd.DataFrame) -> tuple[LikelyDuplicate, ...]:
    """Find services of the same organisation with near names at the same postcode.

    Parameters
    ----------
    services
        Table with the columns of SERVICES; places (``kind`` "place") are not compared.

    Returns
    -------
    tuple of LikelyDuplicate
        The most alike first. Services without organisation or postcode match none:
        what is missing is not the same.
    """
    found: list[LikelyDuplicate] = []
    register = services[services["kind"] == "service"]
    keys = pd.DataFrame(
        {
            "organisation": register["organisation"].map(_plain).to_numpy(object),
            "postcode": register["postcode"].to_numpy(object),
            "name": register["name"].map(_plain).to_numpy(object),
            "id": register["service_id"].to_numpy(object),
        }
    )
    keys = keys[(keys["organisation"] != "") & keys["postcode"].map(lambda code: isinstance(code, str))]
    for (_, postcode), group in keys.groupby(["organisation", "postcode"], sort=False):
        rows = list(zip(group["id"], group["name"], strict=True))
        for place, (one, name) in enumerate(rows):
            for other, second in rows[place + 1 :]:
                likeness = 100.0 if name == second else fuzz.token_sort_ratio(name, second)
                if name and second and likeness >= LIKENESS and not _differ_by_number(name, second):
                    why = f"same organisation and postcode ({postcode}), names alike ({likeness:.0f} of 100)"
                    found.append(LikelyDuplicate(str(one), str(other), float(likeness), why))
    return tuple(sorted(found, key=lambda pair: -pair.likeness))


def _differ_by_number(one: str, other: str) -> bool:
    """Say whether names differ in their numbers: "Group 1" and "Group 2" are two services."""
    return re.findall(r"\d+", one) != re.findall(r"\d+", other)


def compare_services(services: pd.DataFrame, one: str, other: str) -> pd.DataFrame:
    """Set two services side by side: columns field, one, other, same; fields that both lack are left out."""
    table = services.set_index("service_id", drop=False)
    for service_id in (one, other):
        if service_id not in table.index:
            raise SourceError(f"services: no service has the id {service_id!r}.")
    rows = []
    for name in _COMPARED:
        first, second = _words(table.at[one, name]), _words(table.at[other, name])
        if first or second:
            rows.append({"field": name, "one": first, "other": second, "same": first == second})
    return pd.DataFrame(rows, columns=["field", "one", "other", "same"])


def merge_services(
    services: pd.DataFrame, sessions: pd.DataFrame, pairs: Iterable[tuple[str, str]]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Merge the second of each pair into the first, and keep everything that either said.

    What the first lacks is taken from the second; lists are joined; where both
    say something else, the first's stands and the second's is kept in
    ``extra`` under "merged". Sessions of both are kept, each once.

    Parameters
    ----------
    services, sessions
        By the schema.
    pairs
        (id to keep, id to merge into it); a service merged before is followed to where it went.

    Raises
    ------
    SourceError
        When an id is not there, or a service would be merged with itself.
    """
    rows = services.to_dict("records")
    records: dict[str, dict[str, object]] = {
        str(row["service_id"]): {str(name): value for name, value in row.items()} for row in rows
    }
    went: dict[str, str] = {}

    def follow(service_id: str) -> str:
        while service_id in went:
            service_id = went[service_id]
        if service_id not in records:
            raise SourceError(f"services: no service has the id {service_id!r}; nothing was merged.")
        return service_id

    for first, second in pairs:
        keep, drop = follow(first), follow(second)
        if keep == drop:
            raise SourceError(f"services: {first!r} and {second!r} are one already; nothing was merged.")
        records[keep] = _merge(records[keep], records.pop(drop))
        went[drop] = keep
    kept = build_frame(
        SERVICES, {name: [row[name] for row in records.values()] for name in SERVICES.column_names}
    )
    return kept, _merge_sessions(sessions, went, follow)


def _merge(keep: dict[str, object], drop: dict[str, object]) -> dict[str, object]:
    merged = dict(keep)
    extra = _load_extra(keep["extra"])
    lost: dict[str, object] = {name: _words(drop[name]) for name in ("service_id", "source")}
    # A place is taken whole or not at all: never one's longitude with the other's latitude.
    place = ("x", "y", "lon", "lat", "location_basis")
    takes_place = _is_missing(keep["location_basis"]) and not _is_missing(drop["location_basis"])
    for name in SERVICES.column_names:
        one, other = keep[name], drop[name]
        if name in ("service_id", "kind", "source", "extra") or _is_missing(other):
            continue
        if name in place:
            if takes_place:
                merged[name] = other
            elif name in ("lon", "lat") and _words(one) != _words(other):
                lost[name] = _words(other)
        elif _is_missing(one) or (name == "category" and one == "Not stated"):
            merged[name] = other
        elif name in _LISTS:
            both = [*str(one).split(";"), *str(other).split(";")]
            merged[name] = ";".join(_first_spellings(both))
        elif _words(one) != _words(other):
            lost[name] = _words(other)
    said = _load_extra(drop["extra"])
    if said:
        lost["extra"] = said
    before = extra.get("merged")
    extra["merged"] = [*(before if isinstance(before, list) else []), lost]
    merged["extra"] = json.dumps(extra, ensure_ascii=False, sort_keys=True)
    return merged


def _first_spellings(entries: Iterable[str]) -> list[str]:
    seen: dict[str, str] = {}
    for entry in entries:
        seen.setdefault(entry.strip().casefold(), entry.strip())
    return list(seen.values())


def _merge_sessions(
    sessions: pd.DataFrame, went: dict[str, str], follow: Callable[[str], str]
) -> pd.DataFrame:
    if not went or sessions.empty:
        return sessions
    moved = sessions["service_id"].isin(went)
    table = sessions.copy()
    table["service_id"] = [follow(name) if name in went else name for name in sessions["service_id"]]
    # The same day and hours said twice are one session; what wasn't understood is told apart by its words.
    unparsed = table["rule"] == "unparsed"
    key = table[["service_id", *_SESSION_KEY]].astype(object).assign(text=table["text"].where(unparsed, ""))
    repeated = key.astype(str).duplicated() & moved
    table = table[~repeated].sort_values("service_id", kind="stable").reset_index(drop=True)
    return build_frame(SESSIONS, {name: table[name] for name in SESSIONS.column_names})


def _is_missing(value: object) -> bool:
    return bool(pd.isna(value)) or value == ""  # type: ignore[call-overload]


def _words(value: object) -> str:
    return "" if _is_missing(value) else str(value)


def _load_extra(value: object) -> dict[str, object]:
    if not isinstance(value, str):
        return {}
    try:
        found = json.loads(value)
    except ValueError:
        return {"extra": value}
    return found if isinstance(found, dict) else {"extra": found}
