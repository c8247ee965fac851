"""The whole of `python -m data get`: each step can be stopped, and the next run goes on from there."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from data.build import STEPS, build_pack
from data.errors import DownloadError
from data.fetch.cache import write_atomic
from data.fetch.http import Client
from data.fetch.locks import only_one
from data.get.area import write_config
from data.get.collect import Bar, collect, folder_of
from data.get.counted import check_whole
from data.get.options import GetOptions, name_area
from data.get.page import FILE as PAGE
from data.get.page import describe_found
from data.get.plan import describe_plan, plan_get, resolve
from data.packio import check_out, default_out, write_pack
from data.progress import BarProgress, SilentProgress

LOCK = ".get.lock"
STOPPED = "Stopped. What has arrived is kept; the same command goes on from there."


@dataclass(frozen=True)
class Got:
    """What a run made: the pack's folder, its digest, and the page about it."""

    pack: Path
    digest: str
    page: Path
    words: str


def raw_root(client: Client) -> Path:
    """Return the folder in the user's cache that raw files are kept in."""
    return client.cache.root / "raw"


def plan_only(client: Client, options: GetOptions) -> str:
    """Return the plan in words; nothing is written, and servers are asked for names and sizes only."""
    options.check()
    authorities = resolve(client, options.names, keep=False)
    area_id, _ = name_area(authorities)
    plans = plan_get(client, authorities, options)
    return describe_plan(plans, raw_root(client), options.out or default_out(area_id))


def run_get(
    client: Client, options: GetOptions, *, bar: Bar, quiet: bool = False, today: Callable[[], dt.date]
) -> Got:
    """Fetch, build, check and write the pack of the places asked for.

    Raises
    ------
    UsageError
        For a place that isn't known, options that can't be, and while another run fetches the same place.
    DownloadError
        When a source can't be had whole; no pack is written, an older one stays.
    SourceError
        When what was fetched doesn't make a whole pack.
    """
    options.check()
    authorities = resolve(client, options.names)
    area_id, name = name_area(authorities)
    out = check_out(options.out or default_out(area_id))  # before the long work, not after it
    root = raw_root(client)
    client.tell(f"{name}: raw files in {root}")
    with only_one(folder_of(root, area_id) / LOCK, name):
        try:
            raw = collect(client, authorities, options, area_id, root, bar)
        except DownloadError:
            client.tell("No pack was written. What has arrived is kept; the same command goes on from there.")
            raise
        config = write_config(client.addresses, authorities, raw)
        if quiet:
            pack = build_pack(config, root, SilentProgress())
            check_whole(pack, raw)
            out = write_pack(pack, out)
        else:
            with BarProgress(STEPS + 1) as steps:
                pack = build_pack(config, root, steps)
                check_whole(pack, raw)
                steps.step("writing the pack")
                out = write_pack(pack, out)
        words = describe_found(pack, raw, str(out), today())
        page = raw.folder / PAGE
        write_atomic(page, words.encode("utf-8"))
    return Got(out, pack.digest, page, words)
