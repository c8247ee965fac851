"""Errors that a user can act on.

A message says file, record, field, what is wrong and what to do. A file's
faults are collected and raised together, so that one run shows all of them.
"""

from __future__ import annotations

from collections.abc import Iterable


class OneBusReachError(Exception):
    """Base of every error that is the input's fault and not the program's."""

    exit_code = 3

    def __init__(self, message: str, faults: Iterable[str] = ()) -> None:
        self.faults = tuple(faults)
        lines = [message, *(f"  - {fault}" for fault in self.faults)]
        super().__init__("\n".join(lines))


class UsageError(OneBusReachError):
    """The command line or configuration asks for something that can't be."""

    exit_code = 2


class SourceError(OneBusReachError):
    """A raw file can't be read, or holds something that can't be true."""


class FeedError(SourceError):
    """A timetable file is broken beyond what the importer repairs."""


class PackError(OneBusReachError):
    """An area pack is missing, incomplete, altered, or of another version."""


class QueryError(OneBusReachError):
    """A question that this pack or the engine can't answer as asked."""

    exit_code = 2


class ExportError(OneBusReachError):
    """A result can't be written where or as asked."""
