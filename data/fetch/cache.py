"""Answers kept between runs, under the user's cache folder.

HTTP's own caching rules don't fit: public servers mark data of 2021 as not to be
stored, and send their faults with status 200. So an answer is kept when the
client has looked at it and found it whole, with its validators (ETag,
Last-Modified), and is asked for again by them.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import BinaryIO

from data import files
from data.errors import UsageError

CACHE_VARIABLE = "ONE_BUS_REACH_CACHE"


def cache_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Return the folder that downloads are kept in: the system's habit, or ``ONE_BUS_REACH_CACHE``."""
    given = (os.environ if environ is None else environ).get(CACHE_VARIABLE)
    if given:
        return Path(given).expanduser()
    return files.user_cache() / "downloads"


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """Open a file of the user's that takes its place whole when the block ends, or not at all.

    Raises
    ------
    UsageError
        When the folder can't be written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with files.writing(path, mode=files.PRIVATE) as stream:
            yield stream
    except OSError as error:
        raise UsageError(
            f"{path.parent}: can't be written to ({error.strerror}); free some space, or set "
            f"{CACHE_VARIABLE} to a folder of your own."
        ) from error


def write_atomic(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path`` whole or not at all. Raises as ``writing`` does."""
    with writing(path) as stream:
        stream.write(data)


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Put a CSV in UTF-8 at ``path`` whole or not at all. Raises as ``writing`` does."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    write_atomic(path, text.getvalue().encode())


@dataclass(frozen=True)
class Entry:
    """What is known of one kept answer; ``body`` beside it."""

    url: str
    sha256: str
    fetched: float
    etag: str | None = None
    last_modified: str | None = None

    @property
    def validators(self) -> dict[str, str]:
        """Headers that ask whether the answer is still the same; none where the server gave no validator."""
        headers = {}
        if self.etag:
            headers["If-None-Match"] = self.etag
        if self.last_modified:
            headers["If-Modified-Since"] = self.last_modified
        return headers

    def age_s(self) -> float:
        """Seconds since it was fetched or found unchanged; a clock put back counts as old."""
        age = time.time() - self.fetched
        return age if age >= 0 else float("inf")


class Cache:
    """Answers by address (and body, where something was sent), each in two files."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root if root is not None else cache_folder()

    @staticmethod
    def key(url: str, body: bytes = b"") -> str:
        return hashlib.sha256(url.encode() + b"\0" + body).hexdigest()

    def _path(self, key: str, ending: str) -> Path:
        return self.root / "answers" / key[:2] / f"{key}.{ending}"

    def load(self, key: str) -> tuple[Entry, bytes] | None:
        """Return an answer, or None when there is none or it is damaged (then it is fetched again)."""
        try:
            entry = Entry(**json.loads(self._path(key, "json").read_text(encoding="utf-8")))
            body = self._path(key, "body").read_bytes()
        except (OSError, ValueError, TypeError):
            return None
        return (entry, body) if hashlib.sha256(body).hexdigest() == entry.sha256 else None

    def save(self, key: str, entry: Entry, body: bytes) -> None:
        """Keep an answer; one cut short by a kill doesn't fit its digest and counts as absent."""
        write_atomic(self._path(key, "body"), body)
        self.touch(key, entry)

    def touch(self, key: str, entry: Entry) -> None:
        """Write what is known of an answer anew, when the server says that it is unchanged."""
        write_atomic(self._path(key, "json"), json.dumps(asdict(entry), sort_keys=True).encode())

    def drop(self, key: str) -> None:
        """Forget an answer."""
        for ending in ("json", "body"):
            self._path(key, ending).unlink(missing_ok=True)
