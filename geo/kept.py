"""What an engine makes of a pack's streets and timetable, kept beside the pack and mapped from there.

``python -m geo prepare PACK`` writes it; an engine that finds it answers its
first question without building anything (``geo.derived`` says when it counts).
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from data.areapack import AreaPack, WalkNetwork
from data.stored import MANIFEST, seal_pack
from geo.derived import load_derived, write_derived
from geo.hublabels import REACH_MM, HubLabels
from geo.hubwalks import LEG_INDEX_MM, HubIndex
from geo.legs import Legs
from geo.query import Query
from geo.segments import SegmentIndex
from geo.snap import Snapped
from geo.timetable import Timetable
from geo.walkgraph import WalkGraph

if TYPE_CHECKING:
    from geo.engine import Engine

_FACTS = "facts"


@dataclass(frozen=True, eq=False)
class KeptStreets:
    """The streets made ready: the graph with its labels, the stops on it, what it covers."""

    graph: WalkGraph
    stops: Snapped
    stop_index: HubIndex
    coverage: BaseGeometry | None


def _streets_settings(avoid_steps: bool) -> dict[str, Any]:
    return {"avoid_steps": avoid_steps, "reach_mm": REACH_MM, "leg_index_mm": LEG_INDEX_MM}


def _timetable_settings(date: dt.date, modes: Iterable[str], span_s: int) -> dict[str, Any]:
    return {"date": date.isoformat(), "modes": list(modes), "span_s": span_s}


def _take_apart(parts: Mapping[str, Any]) -> dict[str, np.ndarray]:
    """Lay dataclasses out as arrays "part.field"; plain fields go into one text, "facts".

    A field that is a dataclass itself is left out: it is a part of its own.
    """
    arrays: dict[str, np.ndarray] = {}
    facts: dict[str, dict[str, Any]] = {}
    for name, part in parts.items():
        facts[name] = {}
        for field in dataclasses.fields(part):
            value = getattr(part, field.name)
            if isinstance(value, np.ndarray):
                arrays[f"{name}.{field.name}"] = value
            elif not dataclasses.is_dataclass(value):
                facts[name][field.name] = value
    arrays[_FACTS] = np.frombuffer(json.dumps(facts).encode(), np.uint8)
    return arrays


class _Parts:
    """The reverse of ``_take_apart``, part by part."""

    def __init__(self, arrays: dict[str, np.ndarray]) -> None:
        self._fields: dict[str, dict[str, Any]] = json.loads(arrays[_FACTS].tobytes())
        for fields in self._fields.values():
            fields |= {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
        for key, array in arrays.items():
            part, _, field = key.partition(".")
            if field:
                self._fields[part][field] = array

    def make(self, kind: type, name: str, **parts: Any) -> Any:
        return kind(**self._fields[name], **parts)


def load_streets(pack: AreaPack, *, avoid_steps: bool) -> KeptStreets | None:
    """Map the streets that were kept, or None where none can be used."""
    arrays = load_derived(pack, "streets", _streets_settings(avoid_steps))
    if arrays is None:
        return None
    try:
        coverage = arrays.pop("coverage").tobytes()
        kept = _Parts(arrays)
        graph = kept.make(
            WalkGraph,
            "graph",
            network=kept.make(WalkNetwork, "network"),
            segments=kept.make(SegmentIndex, "segments"),
            labels=kept.make(HubLabels, "labels"),
        )
        stop_index = kept.make(HubIndex, "stop_index", by_hub=kept.make(Legs, "by_hub"))
        stops = kept.make(Snapped, "stops")
        return KeptStreets(graph, stops, stop_index, shapely.from_wkb(coverage) if coverage else None)
    except (KeyError, TypeError, ValueError, shapely.errors.GEOSException):
        return None


def load_timetable(pack: AreaPack, date: dt.date, modes: tuple[str, ...], span_s: int) -> Timetable | None:
    """Map the timetable of a date that was kept, or None where none can be used."""
    arrays = load_derived(pack, "timetable", _timetable_settings(date, modes, span_s))
    if arrays is None:
        return None
    try:
        return Timetable(service_date=date, modes=modes, span_s=span_s, **arrays)
    except TypeError:
        return None


def keep_streets(engine: Engine, *, avoid_steps: bool) -> Path | None:
    """Keep an engine's streets; None on straight lines, and where nothing can be written."""
    graph, stop_index = engine.graph(avoid_steps), engine.stop_index(avoid_steps)
    if not isinstance(graph, WalkGraph) or stop_index is None:
        return None
    arrays = _take_apart(
        {
            "graph": graph, "network": graph.network, "segments": graph.segments, "labels": graph.labels,
            "stops": engine.snapped_stops(avoid_steps),
            "stop_index": stop_index, "by_hub": stop_index.by_hub,
        }
    )  # fmt: skip
    coverage = b"" if engine.coverage is None else shapely.to_wkb(engine.coverage)
    arrays["coverage"] = np.frombuffer(coverage, np.uint8)
    return write_derived(engine.pack, "streets", _streets_settings(avoid_steps), arrays)


def keep_timetable(engine: Engine, query: Query) -> Path | None:
    """Keep the timetable of a query's date, modes and window; None where nothing can be written."""
    timetable = engine.timetable(query)
    arrays = {name: value for name, value in vars(timetable).items() if isinstance(value, np.ndarray)}
    settings = _timetable_settings(timetable.service_date, timetable.modes, timetable.span_s)
    return write_derived(engine.pack, "timetable", settings, arrays)


def prepare(engine: Engine, query: Query) -> list[Path]:
    """Keep beside the pack all that the first question like this one needs.

    Returns
    -------
    list of Path
        The pack's seal (``data.seal``), its streets, the timetable, and the
        walks to every cell of the grid: those that there are and that can be
        written.

    Raises
    ------
    PackError
        The pack is not whole.
    """
    from geo.cells import prepare_cells

    pack = engine.pack
    files = [
        seal_pack(pack.path) if pack.path is not None and (pack.path / MANIFEST).is_file() else None,
        keep_streets(engine, avoid_steps=query.walk.avoid_steps),
        keep_timetable(engine, query),
    ]
    return [file for file in files if file is not None] + prepare_cells(engine, query.walk)
