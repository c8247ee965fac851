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


class DownloadError(SourceError):
    """A source on the network gave no answer, or one that can't be used.

    Attributes
    ----------
    short : what was wrong, in a few words, without address and advice
    status : the answer's HTTP status, where there was one
    """

    def __init__(
        self,
        source: str,
        address: str,
        problem: str,
        advice: str,
        *,
        faults: Iterable[str] = (),
        status: int | None = None,
    ) -> None:
        self.source, self.address, self.advice = source, address, advice
        self.short, self.status = f"{source}: {problem}", status
        super().__init__(f"{source}: {problem}\n  address: {address}\n  what to do: {advice}", faults)


class PackError(OneBusReachError):
    """An area pack is missing, incomplete, altered, or of another version."""


class QueryError(OneBusReachError):
    """A question that this pack or the engine can't answer as asked."""

    exit_code = 2


class ExportError(OneBusReachError):
    """A result can't be written where or as asked."""


class PartError(OneBusReachError):
    """A part of a matrix can't be computed where it was to be; the parts that are finished are kept."""
