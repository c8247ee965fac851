"""What can be reached from one chosen neighbourhood: a summary and a list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from data.areapack import AreaPack
from geo.service_names import tell_services_apart
from geo.tables import PEOPLE_COLUMN, THERE_AND_BACK_COLUMNS, ReachTable
from layers.there_and_back import ASSUMED, say_verdict
from layers.words import CLASS_WORDS, REASON_WORDS, say_minutes, say_percent, say_reason

TIME = "Time"
SERVICE, REACH = "Service", "Reach"
BUSES = "Direct buses"
SLACK, LATER = "Slack in leaving", "Later buses home"
_SHOWN = ["service_id", "name", "kind", "category", "delivery", "transport_offered"]
_COLUMNS = ("service_id", "reach_class", "reason", "best_duration_s", "best_walk_s", "best_wait_s",
            "best_ride_s", "infrequent", PEOPLE_COLUMN, *THERE_AND_BACK_COLUMNS)  # fmt: skip


@dataclass(frozen=True)
class ReachSummary:
    """Reach from one neighbourhood.

    Attributes
    ----------
    table : DataFrame
        One row per venue, those in reach first, quickest first; the index is
        the row of the pack's services.
    rows_in_reach : list of int
        Rows of the pack's services that most people there have in reach.
    """

    in_reach: int
    total: int
    table: pd.DataFrame
    rows_in_reach: list[int]
    sentence: str


def service_title(name: object, category: str) -> str:
    """A service's name, or what to call one without."""
    return f"unnamed ({category})" if pd.isna(name) else str(name)  # type: ignore[call-overload]


def summarise_reach(
    pack: AreaPack, reach: ReachTable, origin_id: str, *, kind: str, category: str | None
) -> ReachSummary:
    """Summarise the services (or places) of a kind, and of a category if one is given.

    Parameters
    ----------
    reach : ReachTable
        By neighbourhood.
    """
    if pack.services is None:
        raise ValueError("the pack has no services or places")
    services = pack.services[_SHOWN].assign(row=range(len(pack.services)))
    wanted = services[(services["kind"] == kind) & (category is None or services["category"] == category)]
    pairs = _rows_of(reach, origin_id)
    joined = wanted.merge(pairs, on="service_id", how="inner")
    inside = joined["reach_class"].isin(reach.query.reached_classes)
    joined = joined.assign(inside=inside).sort_values(
        ["inside", "best_duration_s", "service_id"], ascending=[False, True, True], kind="stable"
    )
    table = pd.DataFrame(
        {
            SERVICE: _name(joined, pack),
            REACH: _say_reach(joined),
            TIME: [say_minutes(v) for v in joined["best_duration_s"]],
            "Category": joined["category"].to_numpy(object),
            "Walk": [say_minutes(v) for v in joined["best_walk_s"]],
            "Wait": [say_minutes(v) for v in joined["best_wait_s"]],
            "Ride": [say_minutes(v) for v in joined["best_ride_s"]],
            "Only now and then": _yes(joined["inside"] & joined["infrequent"].fillna(False).astype(bool)),
            "Transport offered": _yes(joined["transport_offered"].fillna(False).astype(bool)),
        },
        index=pd.Index(joined["row"].to_numpy(), name="row"),
    )
    if ASSUMED in joined:
        # Waiting at home is nobody's, and nobody turns up and goes: what counts is the time at the venue.
        table = table.drop(columns=["Wait", "Only now and then"])
        for place, (title, (name, say)) in enumerate(_TO_SPARE.items(), start=3):
            pairs_of = zip(joined[name], joined["inside"], strict=True)
            table.insert(place, title, [say(value) if works else "" for value, works in pairs_of])
    if PEOPLE_COLUMN in joined:
        table.insert(3, "Of people there", [_say_part(v) for v in joined[PEOPLE_COLUMN]])
    home = wanted["delivery"].isin(["home", "phone", "online"])
    number, total = int(joined["inside"].sum()), len(joined)
    return ReachSummary(
        in_reach=number,
        total=total,
        table=table,
        rows_in_reach=[int(row) for row in joined.loc[joined["inside"], "row"]],
        sentence=_sentence(number, total, int(home.sum()), kind, _say_there_and_back(joined)),
    )


def _name(joined: pd.DataFrame, pack: AreaPack) -> list[str]:
    """Names of services, with what tells those of one name apart."""
    apart = tell_services_apart(pack)
    names = []
    for service_id, name, category in zip(
        joined["service_id"], joined["name"], joined["category"], strict=True
    ):
        which = apart.get(str(service_id))
        names.append(service_title(name, category) + (f", {which}" if which else ""))
    return names


def _say_reach(joined: pd.DataFrame) -> list[str]:
    pairs = zip(joined["reach_class"].astype(str), joined["reason"].astype(object), strict=True)
    if ASSUMED not in joined:
        return [say_reason(reach_class, reason) for reach_class, reason in pairs]
    return [
        say_verdict(reach_class, reason, assumed, REASON_WORDS)
        for (reach_class, reason), assumed in zip(pairs, joined[ASSUMED], strict=True)
    ]


def _say_there_and_back(joined: pd.DataFrame) -> str | None:
    """What follows the number in reach of a table of there and back; None of any other."""
    if ASSUMED not in joined:
        return None
    assumed = int((joined["inside"] & joined[ASSUMED]).sum())
    no_return = int((joined["reason"] == "no_return").sum())
    parts = [f" Of these {assumed:,} are **assumed**: no times are known of them."] if assumed else []
    parts += [f" To {no_return:,} there is a way, but **no bus home after it ends**."] if no_return else []
    return "".join(parts)


def list_rows_in_reach(
    pack: AreaPack, reach: ReachTable, origin_id: str, *, kind: str, category: str | None
) -> list[int]:
    """The summary's ``rows_in_reach`` alone, in the order of the pack's services: quick, for the map."""
    if pack.services is None:
        return []
    services = pack.services
    pairs = _rows_of(reach, origin_id)
    inside = pairs.loc[pairs["reach_class"].isin(reach.query.reached_classes), "service_id"]
    wanted = (services["kind"] == kind) & services["service_id"].isin(inside)
    if category is not None:
        wanted &= services["category"] == category
    return [int(row) for row in wanted.to_numpy().nonzero()[0]]


def _rows_of(reach: ReachTable, origin_id: str) -> pd.DataFrame:
    """The rows of one origin, of the columns that are shown; an origin's rows stand together."""
    frame = reach.frame
    rows = (frame["origin_id"] == origin_id).to_numpy().nonzero()[0]
    columns = [name for name in _COLUMNS if name in frame]
    return frame[columns].iloc[rows[0] : rows[-1] + 1] if len(rows) else frame[columns].iloc[:0]


def add_buses(table: pd.DataFrame, pack: AreaPack, buses: Mapping[str, tuple[str, ...]]) -> pd.DataFrame:
    """The table with the direct buses (``layers.direct_buses``) of what is in reach by one bus."""
    if pack.services is None or table.empty:
        return table
    ids = pack.services["service_id"].to_numpy(object)[table.index.to_numpy()]
    by_bus = table[REACH] == CLASS_WORDS["one_bus"]
    words = [", ".join(buses.get(str(i), ())) if shown else "" for i, shown in zip(ids, by_bus, strict=True)]
    wider = table.copy()
    wider.insert(2, BUSES, words)
    return wider


def _say_slack(seconds: object) -> str:
    """Minutes rounded down: nobody is told that they may leave later than they may."""
    return "" if pd.isna(seconds) else f"{int(seconds) // 60} min"  # type: ignore[call-overload]


def _say_number(number: object) -> str:
    return "" if pd.isna(number) else f"{int(number):,}"  # type: ignore[call-overload]


# Titles of the columns of there and back: what one waits, and what there is to spare.
_TO_SPARE = {
    "Wait before": ("wait_before_s", say_minutes),
    "Wait after": ("wait_after_s", say_minutes),
    SLACK: ("slack_s", _say_slack),
    LATER: ("later_buses_home", _say_number),
}


def _yes(flags: pd.Series) -> list[str]:
    return ["yes" if flag else "" for flag in flags]


def _say_part(share: object) -> str:
    return "" if pd.isna(share) else say_percent(float(share))  # type: ignore[call-overload, arg-type]


def _sentence(number: int, total: int, home: int, kind: str, there_and_back: str | None) -> str:
    what = "services with a venue" if kind == "service" else "places"
    how = "are in reach" if there_and_back is None else "can be gone to and come home from"
    text = f"**{number:,}** of {total:,} {what} {how} for most people there.{there_and_back or ''}"
    if home:
        text += f" {home:,} more come to people's homes or work by phone or online."
    return text
