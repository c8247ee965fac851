"""The part of a build that is about services and places: one reader for each kind of file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pandas as pd

from data.config import Services
from data.frames import build_empty_frame
from data.manifest import Fault
from data.schema import SERVICES, SESSIONS
from data.sources.faultlog import FaultLog
from data.sources.open_referral import read_open_referral
from data.sources.osm_amenities import read_amenities
from data.sources.schools import read_schools
from data.sources.services import read_services


def _read(
    part: Services, path: Path, crs: str, postcodes: pd.DataFrame | None, service_date: dt.date | None
) -> Any:
    title = part.source.title
    if part.kind == "register" and path.suffix.lower() == ".json":
        return read_open_referral(path, crs=crs, postcodes=postcodes, source_title=title)
    if part.kind == "register":
        return read_services(
            path, crs=crs, postcodes=postcodes, source_title=title, service_date=service_date
        )
    if part.kind == "osm_amenities":
        return read_amenities(
            path, crs=crs, source_title=title, leave_out=part.leave_out, service_date=service_date
        )
    return read_schools(path, crs=crs, source_title=title)


def read_all_services(
    files: Iterable[tuple[Services, Path]],
    *,
    crs: str,
    postcodes: pd.DataFrame | None,
    service_date: dt.date | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame, list[Fault]]:
    """Read files of services and places into one table of each.

    Parameters
    ----------
    files : iterable of (configuration, path)
        In the order of the configuration. An id that an earlier file used gets
        the file's number before it, and is counted.
    service_date : date, optional
        The day the timetable is read on: opening hours of a season are read for the
        year round it, and dates without a year are of the year that holds it.

    Returns
    -------
    services, sessions : DataFrame
        By the schema.
    faults : list of Fault
    """
    log = FaultLog("services")
    services: list[pd.DataFrame] = []
    sessions: list[pd.DataFrame] = []
    faults: list[Fault] = []
    used: set[str] = set()
    for number, (part, path) in enumerate(files, start=1):
        result = _read(part, path, crs, postcodes, service_date)
        table, times = result.services, getattr(result, "sessions", None)
        clash = table["service_id"].isin(used)
        log.add(
            "service_id_in_two_files",
            "repaired",
            int(clash.sum()),
            "ids that an earlier file of services uses; the file's number was put before them",
            table["service_id"][clash],
            file=path.name,
        )
        if clash.any():
            ids = {old: f"{number}:{old}" for old in table["service_id"][clash]}
            table = table.assign(service_id=table["service_id"].replace(ids))
            if times is not None:
                times = times.assign(service_id=times["service_id"].replace(ids))
                again = times["session_id"].isin(
                    set(pd.concat(sessions)["session_id"]) if sessions else set()
                )
                session_ids = times["session_id"].where(
                    ~again, f"{number}:" + times["session_id"].astype(str)
                )
                times = times.assign(session_id=session_ids)
        used |= set(table["service_id"])
        services.append(table)
        if times is not None:
            sessions.append(times)
        faults += result.faults
    both = pd.concat(services, ignore_index=True) if services else build_empty_frame(SERVICES)
    times = pd.concat(sessions, ignore_index=True) if sessions else build_empty_frame(SESSIONS)
    return both, times, faults + log.faults
