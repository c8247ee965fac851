"""What the Connector reads: destinations to choose from, and what a register says of one."""

from __future__ import annotations

import pandas as pd

from data.areapack import AreaPack
from data.service_days import WEEKDAYS
from data.text import clean_text
from geo.ready import select_venues
from geo.service_names import tell_services_apart
from layers.measures import ANY_CATEGORY
from layers.reach_panel import service_title
from layers.words import number_alike, say_clock

NOT_STATED = "not stated"
SESSIONS, OPEN = "Sessions", "Open"
COST_WORDS = {"free": "free", "donation": "a donation is asked for", "paid": "there is a charge"}
REFERRAL_WORDS = {
    "self": "people can come by themselves",
    "organisation": "another organisation must refer people",
    "mixed": "people can come by themselves or be referred",
}
DELIVERY_WORDS = {
    "venue": "at a venue",
    "several_venues": "at several venues",
    "home": "comes to people's homes",
    "phone": "by phone",
    "online": "online",
}


def list_destinations(pack: AreaPack, kind: str, category: str) -> dict[str, str]:
    """Services or places at a venue, by id, with a title that tells them apart; in order of title."""
    if pack.services is None:
        return {}
    rows = select_venues(pack.services)
    rows = rows[rows["kind"] == kind]
    if category != ANY_CATEGORY:
        rows = rows[rows["category"] == category]
    return name_services(pack, rows)


def name_services(pack: AreaPack, rows: pd.DataFrame) -> dict[str, str]:
    """Titles of services by id, each once (a list chooses by its words), in order of title."""
    apart = tell_services_apart(pack)
    columns = (rows[name] for name in ("service_id", "name", "category", "locality"))
    titles = {
        str(service_id): _title(name, of, where, apart.get(str(service_id)))
        for service_id, name, of, where in zip(*columns, strict=True)
    }
    return number_alike(dict(sorted(titles.items(), key=lambda item: (item[1].casefold(), item[0]))))


def _title(name: object, category: str, locality: object, which: str | None) -> str:
    where = "" if pd.isna(locality) else f", {clean_text(locality)}"  # type: ignore[call-overload]
    title = clean_text(service_title(name, category)) + (f", {clean_text(which)}" if which else "") + where
    return title if pd.isna(name) else f"{title} ({clean_text(category)})"  # type: ignore[call-overload]


def describe_service(pack: AreaPack, service_id: str) -> list[tuple[str, str]]:
    """A service's facts as (what, words); what the register leaves open reads 'not stated'."""
    if pack.services is None:
        return []
    rows = pack.services[pack.services["service_id"] == service_id]
    if rows.empty:
        return []
    row = rows.iloc[0]
    facts = [
        ("Organisation", _text(row["organisation"])),
        ("Address", _text(row["address"])),
        ("Phone", _text(row["phone"])),
        ("How it works", DELIVERY_WORDS.get(str(row["delivery"]), NOT_STATED)),
        ("Cost", _worded(COST_WORDS, row["cost"], row["cost_note"])),
        ("Referral", _worded(REFERRAL_WORDS, row["referral"], row["referral_note"])),
        ("For", _joined(row["target_groups"])),
        ("Languages", _joined(row["languages"])),
        ("Women only", _yes_no(row["women_only"])),
        ("Transport offered", _yes_no(row["transport_offered"])),
        ("Checked", "yes" if bool(row["verified"]) else "no: a starting list that nobody has checked"),
    ]
    return (
        facts
        if row["kind"] == "service"
        else [f for f in facts if f[0] in ("Organisation", "Address", "Phone")]
    )


def describe_times(pack: AreaPack, service_id: str) -> tuple[str, str]:
    """When one may come, as (what, words): opening hours by weekday, sessions as the source wrote them."""
    if pack.sessions is None:
        return SESSIONS, NOT_STATED
    rows = pack.sessions[pack.sessions["service_id"] == service_id]
    texts = "; ".join(dict.fromkeys(clean_text(text) for text in rows["text"].dropna())) or NOT_STATED
    services = pack.services
    hours = services is not None and bool(
        services.loc[services["service_id"] == service_id, "opening_hours"].notna().any()
    )
    told = _say_week(rows) if hours and len(rows) else None
    what = OPEN if len(rows) and rows["kind"].eq("drop_in").all() else SESSIONS
    return what, texts if told is None else told


def _say_week(rows: pd.DataFrame) -> str | None:
    """Weekly opening hours as people say them; None where they are more than that."""
    plain = rows["rule"].isin(["weekly", "bank_holiday"]) & rows["start_s"].notna() & rows["end_s"].notna()
    if not plain.all() or rows[["from_date", "to_date"]].notna().any(axis=None):
        return None
    weekly = rows[rows["rule"] == "weekly"]
    days = [_say_hours(weekly[weekly["weekday"] == weekday]) for weekday in range(7)]
    told, first = [], 0
    for weekday in range(1, 8):
        if weekday < 7 and days[weekday] == days[first]:
            continue
        if days[first]:
            name, last = WEEKDAYS[first].capitalize(), WEEKDAYS[weekday - 1].capitalize()
            if weekday - first == 7:
                name, last = "Every day", ""
            between = {7: "", 1: "", 2: f" and {last}"}.get(weekday - first, f" to {last}")
            told.append(f"{name}{between} {days[first]}")
        first = weekday
    on_them = _say_hours(rows[rows["rule"] == "bank_holiday"])
    if on_them:
        told.append(f"bank holidays {on_them}")
    elif not rows["bank_holidays"].fillna(True).any():
        told.append("closed on bank holidays")
    return "; ".join(told) or None


def _say_hours(rows: pd.DataFrame) -> str:
    """'09:00 to 12:00 and 13:00 to 16:30'; empty where it is closed."""
    times = sorted(
        {(int(start), int(end)) for start, end in zip(rows["start_s"], rows["end_s"], strict=True)}
    )
    if times == [(0, 86_400)]:
        return "all day and night"
    return " and ".join(
        f"{say_clock(start)} to {'midnight' if end == 86_400 else say_clock(end)}" for start, end in times
    )


def _text(value: object) -> str:
    return NOT_STATED if pd.isna(value) else clean_text(value) or NOT_STATED  # type: ignore[call-overload]


def _joined(value: object) -> str:
    return _text(value).replace(";", ", ")


def _worded(words: dict[str, str], value: object, note: object) -> str:
    said = NOT_STATED if pd.isna(value) else words.get(str(value), clean_text(value))  # type: ignore[call-overload]
    return said if pd.isna(note) else f"{said} ({clean_text(note)})"  # type: ignore[call-overload]


def _yes_no(value: object) -> str:
    return NOT_STATED if pd.isna(value) else "yes" if bool(value) else "no"  # type: ignore[call-overload]
