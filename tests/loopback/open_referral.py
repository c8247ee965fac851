"""An Open Referral UK API, 3.0 or 1.x, whose list leaves out what is nested."""

from __future__ import annotations

import json
import math
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.loopback.server import Asked, Loopback, Reply

# The profile's own example, latitude 100 and all; ids shortened for the eye.
PROFILE_EXAMPLE: dict[str, Any] = {
    "id": "ac148810-d857-441c-9679-408f346de14b",
    "name": "Community Counselling",
    "description": "<p>Counselling &amp; support.</p><p>By trained people.</p>",
    "url": "http://example.com/counselling",
    "email": "email@example.com",
    "status": "active",
    "fees": "fees_description",
    "minimum_age": 12,
    "maximum_age": 100,
    "assured_date": "2005-01-01",
    "schedules": [
        {"id": "48102e86", "valid_from": "2005-01-01", "valid_to": "2025-01-01", "dtstart": "2005-01-01",
         "freq": "WEEKLY", "interval": 1, "byday": "TH,FR", "opens_at": "10:00:00", "closes_at": "18:00:00",
         "description": "Open from 10 am to 6pm."}
    ],
    "service_at_locations": [
        {"id": "e94c9f38", "location": {
            "id": "3a19ff88", "name": "MyCity Civic Center", "latitude": 100, "longitude": 101,
            "addresses": [
                {"id": "74706e55", "address_1": "1 High Street", "city": "Fernley", "postal_code": "zz11aa"}
            ]}}
    ],
    "languages": [{"id": "2989d3ed", "name": "Urdu"}, {"id": "2989d3ee", "code": "en"}],
    "organization": {"id": "d9d5e0f5", "name": "Example Organization Inc.", "description": "Example"},
    "cost_options": [
        {"id": "1fdf4d39", "option": "Under 18s", "amount": 35, "amount_description": "per hour"}],
    "contacts": [{"id": "1e7efce3", "name": "Ann Persona", "title": "Reception Manager",
                  "phones": [{"id": "1", "number": "01632 960001"}]}],
    "attributes": [
        {"id": "ae58cc39", "link_type": "service_category",
         "taxonomy_term": {"id": "1", "taxonomy": "esd", "term": "Counselling", "name": "Counselling"}},
        {"id": "ae58cc40", "link_type": "eligibility",
         "taxonomy_term": {"id": "2", "taxonomy": "esd", "term": "People with depression"}},
    ],
    "funding": [{"id": "1f2df32c", "source": "Partly by the council"}],
    "accreditations": "BASC",
}  # fmt: skip

V1_EXAMPLE: dict[str, Any] = {
    "id": "17",
    "name": "Lunch club",
    "description": "Hot lunch",
    "status": "active",
    "deliverable_type": "Face to face",
    "organization": {"id": "3", "name": "Fernley Elders", "url": "https://elders.example"},
    "eligibilitys": [{"eligibility": "Older people", "minimum_age": 60, "maximum_age": None}],
    "service_at_locations": [
        {"id": "1", "regular_schedule": [
            {"freq": "MONTHLY", "byday": "2TU", "opens_at": "12:00", "closes_at": "14:00"},
            {"freq": "MONTHLY", "bymonthday": "15", "opens_at": "12:00", "closes_at": "14:00"}],
         "location": {"name": "Hall", "latitude": 54.73, "longitude": 0.48,
                      "physical_addresses": [{"address_1": "2 Mill Lane", "postal_code": "ZZ1 1AB"}]}}
    ],
    "service_taxonomys": [{"taxonomy": {"id": "5", "name": "Lunch club", "vocabulary": "local"}}],
    "languages": [{"language": "English; Punjabi"}],
    "cost_options": [{"option": "Suggested donation", "amount": None}],
    "contacts": [{"name": "Somebody", "phones": [{"number": "01632 960002"}]}],
}  # fmt: skip


@dataclass
class Feed:
    """The API; knobs choose its version and its ways.

    Attributes
    ----------
    version : 3 or 1: what the page object calls things
    page_size : services a page, whatever is asked
    zero_based : pages are counted from 0
    says : the number of services that it says it has, where that isn't true
    same_page : ignores the page asked for
    gone : ids that the list has and /services/{id} answers with 404
    """

    services: list[dict[str, Any]]
    version: int = 3
    page_size: int = 5
    zero_based: bool = False
    says: int | None = None
    same_page: bool = False
    gone: frozenset[str] = frozenset()
    slow_s: float = 0.0
    most_at_once: int = 0
    _now: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def install(self, server: Loopback, base: str = "/feed") -> Feed:
        server.add(lambda asked: self._answer(asked, base))
        return self

    def _answer(self, asked: Asked, base: str) -> Reply | None:
        if asked.path == f"{base}/services":
            return Reply(json.dumps(self._page(int(asked.query.get("page", "1")))).encode())
        if not asked.path.startswith(f"{base}/services/"):
            return None
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        time.sleep(self.slow_s)
        with self._lock:
            self._now -= 1
        key = unquote(asked.path.removeprefix(f"{base}/services/"))
        found = next((one for one in self.services if one["id"] == key and key not in self.gone), None)
        return Reply(json.dumps(found).encode()) if found else Reply(b"{}", status=404)

    def _page(self, number: int) -> dict[str, Any]:
        pages = math.ceil(len(self.services) / self.page_size)
        index = 0 if self.same_page else number - (0 if self.zero_based else 1)
        rows = self.services[index * self.page_size : (index + 1) * self.page_size] if index >= 0 else []
        # What is nested stays out of lists.
        flat = [{name: value for name, value in row.items() if not isinstance(value, list)} for row in rows]
        total = len(self.services) if self.says is None else self.says
        if self.version == 1:
            return {"totalElements": total, "totalPages": pages, "number": number, "size": len(flat),
                    "first": index == 0, "last": index >= pages - 1, "empty": not flat,
                    "content": flat}  # fmt: skip
        return {"total_items": total, "total_pages": pages, "page_number": number, "size": len(flat),
                "first_page": index == 0, "last_page": index >= pages - 1, "empty": not flat,
                "contents": flat}  # fmt: skip


def make_services(count: int) -> list[dict[str, Any]]:
    """Return the profile's example so many times, with ids and names of their own."""
    return [
        {**PROFILE_EXAMPLE, "id": f"{number:08x}-0000-4000-8000-000000000000", "name": f"Service {number}"}
        for number in range(count)
    ]
