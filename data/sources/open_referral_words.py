"""The words of an Open Referral service: names, costs, who it is for, and in which languages."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from data.sources.open_referral_times import read_iso_date
from data.sources.service_faults import FaultBook
from data.sources.service_places import read_number
from data.sources.service_words import (
    clean_text,
    is_not_known,
    read_cost,
    read_languages,
    read_referral,
    read_women_only,
)

NOT_STATED = "Not stated"
OLDEST = 120
_TAG = re.compile(r"<[^<>]{0,500}>")
_BREAK = re.compile(r"<\s*(?:br|/p|/li|/div|/h[1-6])\b[^<>]{0,100}>", re.IGNORECASE)
_FOR_WHOM = re.compile(r"eligib|audience|circumstance|target|people|need", re.IGNORECASE)


@dataclass
class Row:
    """One service being read: its JSON, what could not be mapped, and where faults go."""

    number: int
    entry: Mapping[str, Any]
    book: FaultBook
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        return json.dumps(self.entry, sort_keys=True, default=str)

    def note(self, code: str, words: str) -> None:
        self.book.warn(self.number, code, words)

    def note_once(self, code: str, words: str) -> None:
        """Note what several places of one service would say alike."""
        if (self.number, code, words) not in self.book.rows:
            self.note(code, words)

    def keep(self, name: str, value: Any) -> None:
        """Keep what was not understood, and say so."""
        self.note("not_understood", f"{name}: {str(value)[:60]!r}")
        self.extra[name] = value

    @staticmethod
    def clean(value: object) -> str | None:
        """Words without markup and control characters; None where they say nothing."""
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return None
        text = _TAG.sub("", _BREAK.sub("\n", str(value)))
        text = clean_text(html.unescape(text))
        return None if is_not_known(text) else text

    def text(self, name: str) -> str | None:
        return self.clean(self.entry.get(name))

    def children(self, name: str) -> list[Mapping[str, Any]]:
        """Objects of an array; one object alone counts as an array of one."""
        value = self.entry.get(name)
        if isinstance(value, Mapping):
            return [value]
        return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []

    def terms(self) -> Iterator[tuple[str, str, str]]:
        """(vocabulary, link type, term) of every classification, of both versions."""
        for attribute in (*self.children("attributes"), *self.children("service_taxonomys")):
            term = attribute.get("taxonomy_term") or attribute.get("taxonomy") or attribute
            if not isinstance(term, Mapping):
                continue
            name = (
                self.clean(term.get("term")) or self.clean(term.get("name")) or self.clean(term.get("label"))
            )
            vocabulary = term.get("taxonomy") or term.get("vocabulary") or ""
            if name:
                yield str(vocabulary), str(attribute.get("link_type") or ""), name

    def own_columns(self, prefix: str) -> Iterator[tuple[str, str]]:
        """(column, words) of the attributes that this program wrote."""
        for vocabulary, _, term in self.terms():
            if vocabulary.startswith(prefix):
                yield vocabulary.removeprefix(prefix), term


def read_words(row: Row) -> dict[str, object]:
    """Every column of SERVICES that is words: all but id, kind, source, place and extra."""
    organisation = row.entry.get("organization")
    told = organisation if isinstance(organisation, Mapping) else {"name": organisation}
    record: dict[str, object] = {
        "name": row.text("name"),
        "organisation": row.clean(told.get("name")),
        "description": row.text("description"),
        "website": next(filter(None, map(_website, (row.text("url"), row.clean(told.get("website"))))), None),
        "email": row.text("email") or row.clean(told.get("email")),
        "phone": _phone(row, told),
        "updated": read_iso_date(row.entry.get("assured_date")),
    }
    record["verified"] = record["updated"] is not None
    record["cost"], record["cost_note"] = _cost(row)
    referral = row.text("application_process")
    record["referral"] = read_referral(referral) if referral else None
    record["referral_note"] = referral
    record |= _for_whom(row)
    record["languages"] = _languages(row)
    record["opening_hours"] = _opening_hours(row)
    return record


def _website(words: str | None) -> str | None:
    """An address; a URN that only fills a field that must not be empty is none."""
    return None if words is None or words.casefold().startswith("urn:") else words


def _phone(row: Row, organisation: Mapping[str, Any]) -> str | None:
    holders = [row.entry, *row.children("contacts"), organisation]
    for holder in holders:
        phones = holder.get("phones")
        for phone in phones if isinstance(phones, list) else []:
            if isinstance(phone, Mapping) and (number := row.clean(phone.get("number"))):
                return number
    return None


def _cost(row: Row) -> tuple[str | None, str | None]:
    """What people pay: amounts count before words; nothing said stays nothing known."""
    amounts: list[float] = []
    notes: list[str] = []
    for option in row.children("cost_options"):
        amount = read_number(str(option.get("amount")))
        price = None
        if amount is not None:
            amounts.append(amount)
            price = f"£{amount:g}" if amount else "free"
        words = (row.clean(option.get("option")), price, row.clean(option.get("amount_description")))
        notes.append(", ".join(word for word in words if word))
    notes += [fees for name in ("fees_description", "fees") if (fees := row.text(name))]
    note = "; ".join(dict.fromkeys(filter(None, notes))) or None
    if any(amount > 0 for amount in amounts):
        return "paid", note
    if amounts:
        return "free", note
    return (read_cost(note) if note else None), note


def _for_whom(row: Row) -> dict[str, object]:
    """Category, target groups and ages."""
    eligibilities = [*row.children("eligibilitys"), *row.children("eligibility")]
    words = [row.text("eligibility_description"), row.text("eligibility"),
             *(row.clean(one.get("eligibility")) for one in eligibilities)]  # fmt: skip
    groups = [word for word in words if word]
    categories: list[str] = []
    for vocabulary, link, term in row.terms():
        if vocabulary.startswith("one-bus-reach:"):
            continue
        (groups if _FOR_WHOM.search(link or vocabulary) else categories).append(term)
    # 1.x lists categories also at top level, as strings or objects.
    given = row.entry.get("taxonomy_terms")
    for term in given if isinstance(given, list) else []:
        name = row.clean(term.get("name")) if isinstance(term, Mapping) else row.clean(term)
        categories += [name] if name else []
    categories = list(dict.fromkeys(categories))
    if len(categories) > 1:
        row.extra["categories"] = categories
    record: dict[str, object] = {
        "category": categories[0] if categories else NOT_STATED,
        "target_groups": ";".join(dict.fromkeys(_entry(group) for group in groups)) or None,
        "women_only": True if any(read_women_only(group) for group in groups) else None,
    }
    for column, name in (("age_min", "minimum_age"), ("age_max", "maximum_age")):
        ages = [_age(row, name, holder.get(name)) for holder in (row.entry, *eligibilities)]
        known = [age for age in ages if age is not None]
        if known:
            record[column] = min(known) if column == "age_min" else max(known)
    low, high = record.get("age_min"), record.get("age_max")
    if isinstance(low, int) and isinstance(high, int) and low > high:
        row.keep("ages", [low, high])
        record["age_min"] = record["age_max"] = None
    return record


def _entry(words: str) -> str:
    """Words as one entry of a list that is joined by semicolons."""
    return " ".join(words.replace(";", ",").split())


def _age(row: Row, name: str, value: object) -> int | None:
    if value in (None, ""):
        return None
    try:
        age = float(str(value))
    except ValueError:
        age = -1.0
    if age != int(age) or not 0 <= age <= OLDEST:
        row.keep(name, value)
        return None
    return int(age)


def _languages(row: Row) -> str | None:
    found: list[str] = []
    for language in row.children("languages"):
        name = next(
            (
                words
                for key in ("name", "language", "code", "note")
                if (words := row.clean(language.get(key)))
            ),
            None,
        )
        found += [name] if name else []
    return read_languages("; ".join(dict.fromkeys(found))) if found else None


def _opening_hours(row: Row) -> str | None:
    """The descriptions of the schedules, as the feed writes them."""
    schedules = [*row.children("schedules"), *row.children("regular_schedules")]
    words = [row.clean(schedule.get("description")) for schedule in schedules]
    return "; ".join(dict.fromkeys(word for word in words if word)) or None
