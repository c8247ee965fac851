"""A service more, or one less (definitions: docs/scenarios.md)."""

from __future__ import annotations

from dataclasses import replace

from data import schema
from data.areapack import AreaPack
from data.frames import build_empty_frame
from data.service_days import WEEKDAYS
from geo.whatif.feed import append_rows
from geo.whatif.model import AddService, RemoveService
from geo.whatif.names import FaultyChange, find_service, find_spot

SOURCE = "What if (not a real service)"


def add_service(pack: AreaPack, change: AddService, mark: str) -> AreaPack:
    """Add a service at a venue, with its weekly sessions."""
    spot = find_spot(pack, "at", change.at)
    services = build_empty_frame(schema.SERVICES) if pack.services is None else pack.services
    sessions = build_empty_frame(schema.SESSIONS) if pack.sessions is None else pack.sessions
    service_id = change.id or mark
    if service_id in set(services["service_id"]):
        raise FaultyChange("id", f"{service_id[:60]!r} is the id of a service that is there; give another")
    row = {
        "service_id": service_id, "kind": "service", "name": change.name, "category": change.category,
        "delivery": "venue", "x": spot.x, "y": spot.y, "lon": spot.lon, "lat": spot.lat,
        "location_basis": "given", "verified": False, "source": SOURCE,
    }  # fmt: skip
    held = [
        {
            "service_id": service_id, "session_id": f"{service_id}/{number}",
            "kind": "drop_in" if one.drop_in else "session", "weekday": WEEKDAYS.index(one.day),
            "start_s": one.start, "end_s": one.end, "rule": "weekly",
        }
        for number, one in enumerate(change.sessions, 1)
    ]  # fmt: skip
    return replace(
        pack,
        services=append_rows(schema.SERVICES, services, [row]),
        sessions=append_rows(schema.SESSIONS, sessions, held),
    )


def remove_service(pack: AreaPack, change: RemoveService) -> AreaPack:
    """Leave a service and its sessions out."""
    row = find_service(pack, change.service)
    services = pack.services
    assert services is not None  # the service was found in it
    service_id = services["service_id"].iloc[row]
    sessions = pack.sessions
    if sessions is not None:
        sessions = sessions[(sessions["service_id"] != service_id).to_numpy(bool)].reset_index(drop=True)
    left = services.drop(index=services.index[row]).reset_index(drop=True)
    return replace(pack, services=left, sessions=sessions)
