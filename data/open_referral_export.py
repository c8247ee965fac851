"""Our services as Open Referral UK 3.0: what any directory of that standard can take in.

What the profile has no field for travels as ``attributes`` of a vocabulary of
our own, so that nothing is lost and nothing foreign stands in a standard field.
"""

from __future__ import annotations

import datetime as dt
import re
import uuid
from collections.abc import Mapping
from typing import Any

import pandas as pd

from data.sources.open_referral import OWN
from data.sources.open_referral_times import write_schedule

# Ids of the standard are UUIDs: the same register gives the same ones.
_NAMESPACE = uuid.UUID("6f1d5b7e-3f0a-5f3c-9d53-0e6a4c1b2a77")
_OWN_COLUMNS = (
    "delivery", "phone", "cost", "cost_note", "referral", "referral_note", "referred_by", "target_groups",
    "not_used_by", "languages", "women_only", "faith", "transport_offered", "opening_hours", "capacity",
    "outcome_data", "gaps", "verified", "location_basis", "extra",
)  # fmt: skip


def export_open_referral(services: pd.DataFrame, sessions: pd.DataFrame) -> dict[str, Any]:
    """Return a register as Open Referral UK 3.0.

    Parameters
    ----------
    services, sessions
        Tables of ``data.schema``; rows of kind ``place`` (nobody's register) are left out.

    Returns
    -------
    dict
        ``services`` (each with organization, service_at_locations, schedules,
        cost_options and attributes nested), and ``organizations`` and
        ``locations`` once each.
    """
    times: dict[str, list[dict[str, Any]]] = {}
    for session in sessions.to_dict("records"):
        times.setdefault(str(session["service_id"]), []).append({str(k): v for k, v in session.items()})
    exported = [
        _service({str(key): _plain(value) for key, value in row.items()}, times)
        for row in services.to_dict("records")
        if row["kind"] == "service"
    ]
    exported.sort(key=lambda service: str(service["id"]))
    organizations = {
        one["organization"]["id"]: one["organization"] for one in exported if "organization" in one
    }
    locations = {
        link["location"]["id"]: link["location"] for one in exported for link in one["service_at_locations"]
    }
    return {
        "version": "3.0",
        "profile": "https://docs.openreferraluk.org/en/latest/",
        "services": exported,
        "organizations": [organizations[key] for key in sorted(organizations)],
        "locations": [locations[key] for key in sorted(locations)],
    }


def _plain(value: Any) -> Any:
    """A cell as Python's own; missing is None."""
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return None
    return value.item() if hasattr(value, "item") else value


def _id(kind: str, *parts: object) -> str:
    text = "|".join(str(part) for part in parts)
    if kind == "service" and re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", text):
        return text
    return str(uuid.uuid5(_NAMESPACE, f"{kind}|{text}"))


def _service(row: Mapping[str, Any], times: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    own_id = str(row["service_id"])
    service_id = _id("service", own_id)
    service: dict[str, Any] = {
        "id": service_id,
        "name": row["name"] or row["organisation"] or "Unnamed service",
        "status": "active",
        # The profile wants an address; one that is none is better than one that leads nowhere.
        "url": _uri(row["website"]) or f"urn:uuid:{service_id}",
    }
    service |= _given(
        description=row["description"],
        email=row["email"],
        minimum_age=row["age_min"],
        maximum_age=row["age_max"],
        assured_date=row["updated"].isoformat() if isinstance(row["updated"], dt.date) else None,
    )
    if row["organisation"]:
        organization = _id("organization", str(row["organisation"]).casefold())
        service["organization_id"] = organization
        service["organization"] = {"id": organization, "name": row["organisation"], "description": ""}
    service["service_at_locations"] = _locations(row, service_id)
    service["schedules"] = [
        _schedule({key: _plain(value) for key, value in session.items()}, service_id)
        for session in times.get(own_id, ())
    ]
    if row["cost"] or row["cost_note"]:
        cost: dict[str, Any] = {"id": _id("cost", own_id), "service_id": service_id}
        cost["option"] = row["cost_note"] or row["cost"]
        if row["cost"] == "free":
            cost["amount"] = 0
        service["cost_options"] = [cost]
    service["attributes"] = _attributes(row, own_id, service_id)
    return service


def _uri(text: str | None) -> str | None:
    if not text or re.search(r"\s", text):
        return None
    if re.match(r"^https?://", text, re.IGNORECASE):
        return text
    return f"https://{text}" if re.fullmatch(r"[\w-]+(\.[\w-]+)+(/\S*)?", text) else None


def _locations(row: Mapping[str, Any], service_id: str) -> list[dict[str, Any]]:
    words = (row["address"], row["locality"], row["postcode"])
    if row["lat"] is None and not any(words):
        return []
    location_id = _id("location", *words, row["lon"], row["lat"])
    location: dict[str, Any] = {"id": location_id}
    location |= _given(name=row["address"], latitude=row["lat"], longitude=row["lon"])
    if any(words):
        address = {"id": _id("address", location_id), "location_id": location_id, "country": "GB",
                   "address_type": "physical"}  # fmt: skip
        location["addresses"] = [
            address | _given(address_1=row["address"], city=row["locality"], postal_code=row["postcode"])
        ]
    link = {"id": _id("link", service_id, location_id), "service_id": service_id, "location_id": location_id}
    return [{**link, "location": location}]


def _schedule(session: Mapping[str, Any], service_id: str) -> dict[str, Any]:
    schedule: dict[str, Any] = {"id": _id("schedule", session["session_id"]), "service_id": service_id}
    schedule |= write_schedule(
        kind=session["kind"], weekday=session["weekday"], start_s=session["start_s"], end_s=session["end_s"],
        rule=session["rule"], text=session["text"],
        bank_holidays=_plain(session["bank_holidays"]),
    )  # fmt: skip
    for name, column in (("valid_from", "from_date"), ("valid_to", "to_date")):
        if isinstance(session[column], dt.date):
            schedule[name] = session[column].isoformat()
    return schedule


def _attributes(row: Mapping[str, Any], own_id: str, service_id: str) -> list[dict[str, Any]]:
    """The category as a term, and what the profile has no field for under our own vocabulary."""
    terms = [("service_category", "category", row["category"])] if row["category"] != "Not stated" else []
    found = [(link, "Category of this register", str(term)) for link, _, term in terms]
    if service_id != own_id:
        found.append(("service_id", f"{OWN}service_id", own_id))
    for column in _OWN_COLUMNS:
        value = row[column]
        if value is not None:
            words = str(value).lower() if isinstance(value, bool) else str(value)
            found.append((column, f"{OWN}{column}", words))
    return [
        {
            "id": _id("attribute", own_id, link),
            "link_id": service_id,
            "link_type": link,
            "link_entity": "service",
            "taxonomy_term": {
                "id": _id("term", taxonomy, term),
                "taxonomy": taxonomy,
                "term": term,
                "name": term,
            },
        }
        for link, taxonomy, term in found
    ]


def _given(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}
