"""What would be fetched, from where, how large: said before anything is done."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from data.errors import UsageError
from data.fetch import bods, deprivation, naptan, nomis, open_geography, postcodes, streets, wimd
from data.fetch.authorities import Authority, find_authorities
from data.fetch.cache import Cache
from data.fetch.http import Client
from data.fetch.result import Planned
from data.get.options import GetOptions
from data.get.services import plan_services


def resolve(client: Client, names: Sequence[str], *, keep: bool = True) -> tuple[Authority, ...]:
    """Return the authorities meant; the network is asked only for names that the table lacks.

    ``keep`` false leaves nothing behind of what was asked.
    """
    try:
        return find_authorities(names)
    except UsageError:
        if client.offline or keep:
            return find_authorities(names, client)
    with tempfile.TemporaryDirectory(prefix="one-bus-reach-plan-") as folder:
        asking = Client(
            client.addresses, cache=Cache(Path(folder)), tell=client.tell, patience=client.patience
        )
        return find_authorities(names, asking)


def plan_get(client: Client, authorities: Sequence[Authority], options: GetOptions) -> list[Planned]:
    """Return everything that would be fetched, in order.

    Servers are asked for sizes (HEAD requests) and for nothing else; offline, not even that.
    """
    plans = [
        *open_geography.plan_geography(client, authorities),
        Planned("nomis", "Residents by output area", client.source("nomis").base, note="in pages"),
        *nomis.plan_census(client, authorities),
        naptan.plan_stops(client, naptan.choose_atco_areas(authorities)),
        postcodes.plan_postcodes(client),
    ]
    if any(authority.nation == "england" for authority in authorities):
        plans.append(deprivation.plan_deprivation(client))
    if any(authority.nation == "wales" for authority in authorities):
        plans.append(wimd.plan_wimd(client))
    if options.streets_part is not None:
        plans.append(streets.plan_extract(client, options.streets_part))
    elif options.streets is None:
        plans.append(streets.plan_streets(client))
    for region in bods.own_regions(authorities):
        own = bods.plan_timetable(client, region)
        more = "and those of other regions within 10 km, known once the boundaries are there"
        plans.append(replace(own, note=f"{own.note}; {more}" if own.note else more))
    if options.services_url is not None:
        plans.append(plan_services(options.services_url))
    return plans


def describe_plan(plans: Sequence[Planned], raw: Path, out: Path) -> str:
    """Return the plan in words, a line for each thing."""
    lines = []
    for plan in plans:
        size = f"{plan.size_bytes / 1e6:,.1f} MB" if plan.size_bytes is not None else "size not known"
        note = f"; {plan.note}" if plan.note else ""
        lines.append(f"- {plan.title} ({size}{note})\n    {plan.url}")
    known = sum(plan.size_bytes or 0 for plan in plans)
    unknown = sum(plan.size_bytes is None for plan in plans)
    lines.append(f"{known / 1e6:,.0f} MB where a size is known, and {unknown} answers of unknown size.")
    lines.append(f"Raw files would be kept in {raw}, and the pack written to {out}.")
    lines.append("Nothing was fetched and nothing was written.")
    return "\n".join(lines)
