"""Scenarios as TOML, read and written: what the app and the command line share."""

from __future__ import annotations

import dataclasses
import tomllib
from pathlib import Path
from typing import Any, get_args

import tomli_w
from pydantic import TypeAdapter, ValidationError
from rapidfuzz import process

from data.errors import QueryError
from geo.clock import typed_clock
from geo.whatif.model import MOST_CHANGES, Change, Scenario

LARGEST_FILE_BYTES = 100_000
KINDS = tuple(kind.__dataclass_fields__["kind"].default for kind in get_args(get_args(Change)[0]))
_CLOCKS = ("start", "end", "time", "departures")
_SCENARIO = TypeAdapter(Scenario)


def load_scenario(path: Path) -> Scenario:
    """Read a scenario's file.

    Raises
    ------
    QueryError
        It can't be read, or holds faults: all of them at once.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise QueryError(f"{path}: can't be read ({error.strerror}); check the path.") from error
    return parse_scenario(content, path.name)


def parse_scenario(content: bytes, file: str) -> Scenario:
    """Make a scenario of a file's content; ``file`` is what messages call it."""
    if len(content) > LARGEST_FILE_BYTES:
        raise QueryError(f"{file}: {len(content):,} bytes; a scenario has at most {LARGEST_FILE_BYTES:,}.")
    try:
        raw = tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise QueryError(f"{file}: is not text in UTF-8; save it as that.") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        twice = " (a key stands there twice)" if "overwrite" in str(error) else ""
        raise QueryError(f"{file}: is not TOML: {error}{twice}") from error
    changes = raw.pop("change", [])
    faults = [f"{key[:40]}: is not a key that may stand here; use name, note and [[change]]" for key in raw
              if key not in ("name", "note")]  # fmt: skip
    if not isinstance(changes, list) or not changes:
        faults.append("[[change]]: there is none; write one for each change")
        changes = []
    raw = {key: value for key, value in raw.items() if key in ("name", "note")}
    try:
        scenario = _SCENARIO.validate_python({"name": file.removesuffix(".toml"), **raw, "changes": changes})
    except ValidationError as error:
        # That too few changes are left is no news where their own faults are told.
        found = [_in_words(fault, changes) for fault in error.errors() if fault["loc"] != ("changes",)]
        if len(changes) > MOST_CHANGES:
            found.append(f"{len(changes)} changes; at most {MOST_CHANGES}")
        raise QueryError(_refusal(file), [*faults, *found]) from error
    if faults:
        raise QueryError(_refusal(file), faults)
    return scenario


def _refusal(file: str) -> str:
    return f"{file}: the scenario can't be used as it is (docs/scenarios.md says what each key is):"


def _in_words(fault: Any, changes: list[Any]) -> str:
    """Name the change by its number and kind, the field, and what is wrong."""
    loc = list(fault["loc"])
    words = _say_fault(fault, clock=any(part in _CLOCKS for part in loc))
    if loc[0] != "changes" or len(loc) < 2:
        return f"{_dotted(loc) or 'scenario'}: {words}"
    number = int(loc[1])
    change = changes[number] if isinstance(changes[number], dict) else {}
    kind = str(change.get("kind", ""))[:40]
    if fault["type"] in ("union_tag_not_found", "union_tag_invalid"):
        near = process.extractOne(kind, KINDS, score_cutoff=60) if kind else None
        offer = f" Did you mean {near[0]}?" if near else ""
        return f"change {number + 1}, kind {kind!r}: use one of {', '.join(KINDS)}.{offer}"
    field = _dotted(loc[3:])
    return f"change {number + 1} ({kind}){f', {field}' if field else ''}: {words}"


def _say_fault(fault: Any, *, clock: bool) -> str:
    """What is wrong with a value, as one says it to somebody who has never seen this program."""
    limits = fault.get("ctx", {})

    def at(name: str) -> str:
        return typed_clock(limits[name]) if clock else f"{limits[name]:g}"

    match fault["type"]:
        case "missing":
            return "is missing"
        case "unexpected_keyword_argument":
            return "is not a key of this kind of change"
        case "greater_than":
            return f"must be over {at('gt')}"
        case "greater_than_equal":
            return f"must be at least {at('ge')}"
        case "less_than_equal":
            return f"must be at most {at('le')}"
        case "float_type" | "float_parsing" | "finite_number":
            return "must be a number"
        case "int_type" | "int_parsing" | "int_from_float":
            return 'must be a time like "09:30"' if clock else "must be a whole number"
        case "string_type":
            return "must be one text in quotes"
        case "string_too_short" | "string_too_long":
            return f"must have 1 to {limits.get('max_length', 200)} characters"
        case "bool_type" | "bool_parsing":
            return "must be true or false"
        case "tuple_type":
            return "must be a list in square brackets"
        case "dataclass_type":
            return "must be a table"
        case "too_short":
            return f"must be at least {limits['min_length']} of them"
        case "too_long":
            return f"must be at most {limits['max_length']} of them"
        case _:
            return str(fault["msg"]).removeprefix("Value error, ")


def _dotted(loc: list[Any]) -> str:
    return ".".join(str(part + 1 if isinstance(part, int) else part)[:40] for part in loc)


def scenario_to_toml(scenario: Scenario) -> str:
    """Write a scenario so that reading it gives the same scenario; defaults are left out."""
    head = {"name": scenario.name} | ({} if scenario.note is None else {"note": scenario.note})
    # A table at a time: together the writer would put short changes into one array, each in a line.
    changes = (f"\n[[change]]\n{tomli_w.dumps(_plain_fields(change))}" for change in scenario.changes)
    return tomli_w.dumps(head) + "".join(changes)


def _plain_fields(value: Any) -> dict[str, Any]:
    """What a change or a session says, its kind first, as TOML has it: clock times as text, no defaults."""
    fields = {
        field.name: _plain(getattr(value, field.name), clock=field.name in _CLOCKS)
        for field in dataclasses.fields(value)
        if not _is_default(field, getattr(value, field.name))
    }
    return {"kind": value.kind, **fields} if hasattr(value, "kind") else fields


def _is_default(field: Any, value: Any) -> bool:
    default = field.default
    # pydantic keeps its own field description as the default.
    return value is None or value == getattr(default, "default", default)


def _plain(value: Any, *, clock: bool) -> Any:
    if isinstance(value, tuple):
        return [_plain(one, clock=clock) for one in value]
    if dataclasses.is_dataclass(value):
        return _plain_fields(value)
    if not clock:
        return value
    return typed_clock(value) + (f":{value % 60:02d}" if value % 60 else "")
