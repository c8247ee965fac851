"""Names that try to break out of the map, and a town that carries them everywhere.

Each would set ``window.pwned``, open a dialog, or break the script it stands in.
"""

from __future__ import annotations

import dataclasses

from data.areapack import AreaPack
from data.packio import fill_digests
from tests.towns import build_town, point, route, service, street, trip

HOSTILE_NAMES = (
    "<script>window.pwned=1</script>",
    '<img src=x onerror="window.pwned=1">',
    "</script><img src=x onerror=window.pwned=1>",
    "`",
    "${window.pwned=1}",
    "`+(window.pwned=1)+`",
    "\"><svg onload=alert(1)>'",
    "{{ 7*7 }}{% raw %}",
    "\\u003cimg src=x onerror=alert(1)>\\",
    "line\nbreak\u2028and\u2029more\x00\x1b[31m",
    "javascript:alert(1)",
    "[link](javascript:alert(1)) **bold** $x^2$ :red[red]",
)


def build_hostile_town(area_id: str = "hostile") -> AreaPack:
    """A town of one street whose services, stops, routes, streets and neighbourhoods bear hostile names."""
    count = len(HOSTILE_NAMES)
    ids = [f"N{i}" for i in range(count)]
    pack = build_town(
        streets=[street(*((400.0 * i, 0.0) for i in range(count)), name=HOSTILE_NAMES[0])],
        stops={f"S{i}": (400.0 * i + 50, 0.0) for i in range(count)},
        routes=[
            route(f"R{i}", *(trip((f"S{i}", f"{h}:40"), (f"S{(i + 3) % count}", f"{h}:50")) for h in (9, 10)))
            for i in range(count)
        ],
        points=[point(f"P{i}", 400.0 * i, 0, people=150, neighbourhood=ids[i]) for i in range(count)],
        services=[service(f"V{i}", 400.0 * i + 100, 0) for i in range(count)],
        wards={hood: HOSTILE_NAMES[i] for i, hood in enumerate(ids)},
    )
    names = list(HOSTILE_NAMES)
    assert pack.neighbourhoods is not None and pack.services is not None
    hoods = pack.neighbourhoods.assign(name=names, ward_name=names)
    services = pack.services.assign(name=names, organisation=names, category=names, address=names)
    routes = pack.feed.routes.assign(route_short_name=names, route_long_name=names[::-1])
    trips = pack.feed.trips.assign(trip_headsign=[names[i % count] for i in range(len(pack.feed.trips))])
    agency = pack.feed.agency.assign(agency_name=names[: len(pack.feed.agency)])
    stops = pack.stops.assign(name=names, street=names, indicator=names[::-1])
    manifest = pack.manifest.model_copy(
        update={"area_id": area_id, "name": HOSTILE_NAMES[1], "notes": HOSTILE_NAMES, "digest": ""}
    )
    return fill_digests(
        dataclasses.replace(
            pack, manifest=manifest, neighbourhoods=hoods, services=services, stops=stops,
            feed=dataclasses.replace(pack.feed, routes=routes, trips=trips, agency=agency),
        )
    )  # fmt: skip
