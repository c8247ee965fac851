"""Places that a user names: a neighbourhood, point, service, stop, postcode or coordinates."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from data.areapack import AreaPack
from data.coordinates import transformer
from data.errors import QueryError
from geo.names import clean_name
from geo.stop_words import describe_stop

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|[+-]?(?:nan|inf|infinity)"
_COORDINATES = re.compile(rf"^\s*({_NUMBER})\s*,\s*({_NUMBER})\s*$", re.IGNORECASE)
_POSTCODE = re.compile(r"^[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}$", re.IGNORECASE)
# Coordinates farther than this from everything in the pack are a mistake
# (swapped, or another town), which "not in reach" would hide.
FARTHEST_FROM_AREA_M = 50_000
MOST_SUGGESTIONS = 3
_NO_VENUE = {"home": "it comes to people's homes", "phone": "it works by phone", "online": "it works online"}


@dataclass(frozen=True)
class Place:
    """One place, in degrees (EPSG:4326) and metres (the pack's CRS)."""

    place_id: str
    label: str
    lon: float
    lat: float
    x: float
    y: float
    kind: str  # neighbourhood, point, service, stop, postcode or coordinates


def resolve_place(pack: AreaPack, text: str) -> Place:
    """Find the place that a text names.

    Parameters
    ----------
    text : str
        "lon,lat", else the id of a neighbourhood (its origin point nearest to
        where its people are on average), origin point, service or stop, else a
        postcode, else a neighbourhood's, service's or stop's name that only one has.

    Raises
    ------
    QueryError
        Nothing of that name (the nearest are offered), a service without a
        place, or coordinates that are no place on Earth or far from the area.
    """
    wanted = text.strip()
    if match := _COORDINATES.match(wanted):
        return _place_at(pack, float(match[1]), float(match[2]))
    for find in (_find_neighbourhood, _find_point, _find_service, _find_stop, _find_postcode, _find_by_name):
        if (place := find(pack, wanted)) is not None:
            return place
    nearest = _suggest(pack, wanted)
    offer = f" Did you mean {' or '.join(nearest)}?" if nearest else ""
    raise QueryError(
        f"{_shorten(wanted)!r} is no neighbourhood, point, service, stop or postcode of "
        f"{pack.manifest.name}, nor lon,lat.{offer}"
    )


def make_place(pack: AreaPack, lon: float, lat: float, *, label: str | None = None) -> Place:
    """Make a place of coordinates (degrees), as a click on the map gives them.

    Raises
    ------
    QueryError
        They are no place on Earth, or far from everything in the pack.
    """
    return _place_at(pack, lon, lat, label)


def _place_at(pack: AreaPack, lon: float, lat: float, label: str | None = None) -> Place:
    if not (math.isfinite(lon) and math.isfinite(lat) and abs(lon) <= 180 and abs(lat) <= 90):
        raise QueryError(
            f"{lon:g},{lat:g}: no place on Earth; give longitude, then latitude, in degrees (-2.99,51.58)."
        )
    x, y = transformer("EPSG:4326", pack.crs).transform(lon, lat)
    if _distances_from_area_m(pack, np.array([x]), np.array([y]))[0] > FARTHEST_FROM_AREA_M:
        raise QueryError(
            f"{lon:g},{lat:g}: more than {FARTHEST_FROM_AREA_M // 1000} km from {pack.manifest.name}; "
            "give longitude, then latitude (are they swapped?), or choose another area."
        )
    name = f"{lon:.5f},{lat:.5f}"
    return Place(name, label or name, lon, lat, float(x), float(y), "coordinates")


def check_points_near(pack: AreaPack, points: pd.DataFrame) -> pd.DataFrame:
    """A caller's own points (id, lon, lat, x, y) as they are, where all lie in or near the area.

    Raises
    ------
    QueryError
        Some are so far away that they are a mistake; each is named.
    """
    away_m = _distances_from_area_m(pack, points["x"].to_numpy(float), points["y"].to_numpy(float))
    far = points[away_m > FARTHEST_FROM_AREA_M]
    if len(far):
        raise QueryError(
            f"Points more than {FARTHEST_FROM_AREA_M // 1000} km from {pack.manifest.name}; give longitude "
            "and latitude in their own columns (are they swapped?), or choose another area:",
            [f"{str(row.id)[:40]}: {row.lon:g},{row.lat:g}" for row in far.head(20).itertuples()],
        )
    return points


def _distances_from_area_m(pack: AreaPack, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """How far points (metres, the pack's CRS) are from the box about the area; infinite: no projection."""
    known = np.isfinite(x) & np.isfinite(y)
    if pack.neighbourhoods is not None and not pack.neighbourhoods.empty:
        west, south, east, north = pack.neighbourhoods.total_bounds
    elif pack.walk is not None and len(pack.walk.node_x):
        west, east = pack.walk.node_x.min(), pack.walk.node_x.max()
        south, north = pack.walk.node_y.min(), pack.walk.node_y.max()
    elif len(pack.stops):
        west, east = pack.stops["x"].min(), pack.stops["x"].max()
        south, north = pack.stops["y"].min(), pack.stops["y"].max()
    else:
        return np.where(known, 0.0, np.inf)
    with np.errstate(invalid="ignore"):
        across = np.maximum(np.maximum(west - x, x - east), 0.0)
        along = np.maximum(np.maximum(south - y, y - north), 0.0)
        return np.where(known, np.hypot(across, along), np.inf)


def _from_row(pack: AreaPack, row: pd.Series, place_id: str, label: str, kind: str) -> Place:
    x, y = float(row["x"]), float(row["y"])
    if "lon" in row.index:
        lon, lat = float(row["lon"]), float(row["lat"])
    else:
        lon, lat = transformer(pack.crs, "EPSG:4326").transform(x, y)
    return Place(place_id, label, float(lon), float(lat), x, y, kind)


def _row_of(table: pd.DataFrame | None, column: str, value: str) -> pd.Series | None:
    if table is None or table.empty:
        return None
    found = np.flatnonzero(table[column].to_numpy(object) == value)
    return table.iloc[found[0]] if len(found) else None


def choose_origin_point(points: pd.DataFrame) -> pd.Series:
    """Choose the origin point nearest the weighted mean of a neighbourhood's points.

    Of equally near ones the first.
    """
    weight = points["weight"].to_numpy(float)
    x, y = points["x"].to_numpy(float), points["y"].to_numpy(float)
    if not weight.sum() > 0:
        weight = np.ones(len(points))
    away = np.hypot(x - np.average(x, weights=weight), y - np.average(y, weights=weight))
    return points.iloc[int(np.argmin(np.round(away, 3)))]


def _find_neighbourhood(pack: AreaPack, text: str) -> Place | None:
    row = _row_of(pack.neighbourhoods, "neighbourhood_id", text)
    if row is None:
        return None
    label = clean_name(row["name"]) or text
    points = pack.origin_points
    own = points[points["neighbourhood_id"] == text] if points is not None else pd.DataFrame()
    if own.empty:
        inside = row["geometry"].representative_point()
        return _from_row(pack, pd.Series({"x": inside.x, "y": inside.y}), text, label, "neighbourhood")
    return _from_row(pack, choose_origin_point(own), text, label, "neighbourhood")


def _find_point(pack: AreaPack, text: str) -> Place | None:
    row = _row_of(pack.origin_points, "point_id", text)
    if row is None:
        return None
    hood = _row_of(pack.neighbourhoods, "neighbourhood_id", str(row["neighbourhood_id"]))
    name = None if hood is None else clean_name(hood["name"])
    return _from_row(pack, row, text, f"a point in {name}" if name else text, "point")


def _find_service(pack: AreaPack, text: str) -> Place | None:
    row = _row_of(pack.services, "service_id", text)
    return None if row is None else _place_of_service(pack, row)


def _place_of_service(pack: AreaPack, row: pd.Series) -> Place:
    label = clean_name(row["name"]) or clean_name(row["category"]) or "service without a name"
    if pd.isna(row["x"]) or pd.isna(row["y"]):
        why = _NO_VENUE.get(str(row["delivery"]), "its place is not known")
        raise QueryError(f"{label} ({row['service_id']}): {why}; choose another, or give its lon,lat.")
    return _from_row(pack, row, str(row["service_id"]), label, "service")


def _find_stop(pack: AreaPack, text: str) -> Place | None:
    row = _row_of(pack.stops, "stop_id", text)
    return None if row is None else _from_row(pack, row, text, describe_stop(row, pack.crs).title, "stop")


def _find_postcode(pack: AreaPack, text: str) -> Place | None:
    if not _POSTCODE.match(text):
        return None
    compact = "".join(text.upper().split())
    postcode = f"{compact[:-3]} {compact[-3:]}"
    row = _row_of(pack.postcodes, "postcode", postcode)
    if row is None:
        raise QueryError(
            f"{postcode}: not among the postcodes of {pack.manifest.name}"
            + ("." if pack.postcodes is not None else ", which holds none; give lon,lat.")
        )
    return _from_row(pack, row, postcode, postcode, "postcode")


def _find_by_name(pack: AreaPack, text: str) -> Place | None:
    """The one neighbourhood, service or stop of this name; of several the caller must say which."""
    if not text:
        return None
    for table, key in (
        (pack.neighbourhoods, "neighbourhood_id"), (pack.services, "service_id"), (pack.stops, "stop_id")
    ):  # fmt: skip
        if table is None:
            continue
        same = table[table["name"].astype("string").str.casefold().eq(text.casefold()).fillna(False)]
        if len(same) == 1:
            return resolve_place(pack, str(same.iloc[0][key]))
        if len(same) > 1:
            raise QueryError(
                f"{_shorten(text)!r} is the name of several; give the id of one:",
                [_tell_apart(pack, row, key) for _, row in same.head(20).iterrows()],
            )
    return None


def _tell_apart(pack: AreaPack, row: pd.Series, key: str) -> str:
    """An id with what tells it from others of the same name."""
    if key == "stop_id":
        stop = describe_stop(row, pack.crs)
        told = [stop.title, stop.street, stop.heading and f"buses head {stop.heading}", stop.locality]
        return ", ".join([stop.stop_id, *(fact for fact in told if fact)])
    facts = [
        clean_name(row.get(name)) for name in ("category", "address", "locality", "postcode", "ward_name")
    ]
    return ", ".join([str(row[key]), *(fact for fact in facts if fact)])


def _suggest(pack: AreaPack, text: str) -> list[str]:
    """The nearest ids and names, as an error shall offer them."""
    from rapidfuzz import process, utils

    known: dict[str, str] = {}
    for table, key in (
        (pack.neighbourhoods, "neighbourhood_id"),
        (pack.services, "service_id"),
        (pack.origin_points, "point_id"),
        (pack.stops, "stop_id"),
    ):
        if table is None or table.empty:
            continue
        ids = table[key].astype(str).tolist()
        names = table["name"].tolist() if "name" in table else [None] * len(ids)
        for place_id, name in zip(ids, names, strict=True):
            known.setdefault(place_id, place_id)
            if (words := clean_name(name)) is not None:
                known.setdefault(words, f"{_shorten(words)} ({place_id})")
    found = process.extract(
        text[:100], list(known), processor=utils.default_process, limit=MOST_SUGGESTIONS, score_cutoff=75
    )
    return list(dict.fromkeys(known[choice] for choice, _, _ in found))


def _shorten(text: str) -> str:
    words = clean_name(text) or ""
    return words if len(words) <= 60 else words[:59] + "…"
