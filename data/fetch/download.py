"""Bringing a file: whole, checked, and only then in the place of the old one.

Beside ``timetable.zip`` stand, while it comes, ``.timetable.zip.part`` with the
bytes so far and ``.timetable.zip.part.json`` with what they are a part of;
afterwards ``.timetable.zip.source.json`` says where it came from. A kill at any
moment leaves the old file as it was, and the next run goes on with the part
where the server allows that.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import requests

from data.errors import DownloadError, UsageError
from data.fetch.addresses import SourceAddress
from data.fetch.body import declared_length, is_packed, read_chunks
from data.fetch.cache import write_atomic
from data.fetch.http import DAY_S, Client, UnusableAnswerError, check_status, offline_error, unusable
from data.fetch.locks import in_turn
from data.fetch.retry import TryAgainError
from data.fetch.sniff import what_is_wrong

MAX_FILE = 4_000_000_000
# Whole files that turn out broken are fetched twice, not six times: they are large.
MAX_BROKEN = 2
_TELL_EVERY_S = 0.1
_SNIFF = 2048
_FORM = "application/x-www-form-urlencoded"

ByteProgress = Callable[[int, "int | None", "float | None"], None]


@dataclass(frozen=True)
class Downloaded:
    """A file that is there and whole.

    Attributes
    ----------
    path, url, size_bytes
    last_modified : as the server says it, None where it doesn't
    fetched : seconds since 1970 when it was fetched or found unchanged; None when put there by hand
    from_cache : nothing was fetched for it this time
    """

    path: Path
    url: str
    size_bytes: int
    last_modified: str | None
    fetched: float | None
    from_cache: bool


@dataclass(frozen=True)
class _Note:
    """What is written beside a file (or part): which version of which address it is."""

    url: str
    etag: str | None = None
    last_modified: str | None = None
    size: int | None = None
    md5: str | None = None
    fetched: float = 0.0

    @property
    def if_range(self) -> str | None:
        """The validator that makes going on safe; weak ones don't say that bytes are the same."""
        if self.etag and not self.etag.startswith("W/"):
            return self.etag
        return self.last_modified if not self.etag else None


def _load_note(path: Path) -> _Note | None:
    try:
        return _Note(**json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def _save_note(path: Path, note: _Note) -> None:
    write_atomic(path, json.dumps(asdict(note), sort_keys=True).encode())


def was_fetched_from(target: Path, url: str) -> bool:
    """Say whether a file is there that was downloaded from this address."""
    note = _load_note(target.with_name(f".{target.name}.source.json"))
    return note is not None and note.url == url and target.is_file()


def download(
    client: Client,
    source: SourceAddress,
    url: str,
    target: Path,
    *,
    kind: str = "any",
    md5: str | None = None,
    form: Mapping[str, str] | None = None,
    check: Callable[[Path], None] | None = None,
    max_bytes: int = MAX_FILE,
    fresh_s: float = DAY_S,
    progress: ByteProgress | None = None,
) -> Downloaded:
    """Bring one file to ``target``.

    Parameters
    ----------
    client, source, url
        Through whom, from whom, what.
    kind
        json, csv, zip, pbf, osm or any: what its first bytes must look like.
    md5
        Its checksum, where the publisher gives one.
    form
        Sent by POST, as a web form does.
    check
        Given the whole file before it takes its place; raises ``UnusableAnswerError``.
    max_bytes
        A larger file is refused.
    fresh_s
        A file fetched less than so many seconds ago is used without asking.
    progress
        Told of (bytes done, bytes in all or None, seconds left or None).

    Raises
    ------
    DownloadError
        When it can't be had whole; an older ``target`` stays as it is.
    """
    body = urlencode(form).encode() if form else b""
    return _Job(client, source, url, body, target, kind, md5, check, max_bytes, fresh_s, progress).run()


@dataclass
class _Job:
    client: Client
    source: SourceAddress
    url: str
    body: bytes
    target: Path
    kind: str
    md5: str | None
    check: Callable[[Path], None] | None
    max_bytes: int
    fresh_s: float
    progress: ByteProgress | None
    broken: int = 0

    @property
    def part(self) -> Path:
        return self.target.with_name(f".{self.target.name}.part")

    @property
    def own(self) -> str:
        """What the file answers: its address, and what was sent there."""
        return f"{self.url}#{hashlib.sha256(self.body).hexdigest()[:16]}" if self.body else self.url

    def beside(self, ending: str) -> Path:
        return self.target.with_name(f".{self.target.name}.{ending}")

    def run(self) -> Downloaded:
        if self.client.offline:
            kept = self._kept()
            if kept is None:
                raise offline_error(self.source, self.url)
            return self._result(kept, from_cache=True)
        # Places of one region share its files: two runs at once take turns, and the second finds them there.
        with in_turn(self.beside("lock"), self.client.tell):
            return self._run()

    def _run(self) -> Downloaded:
        kept = self._kept()
        if kept and self._is_fresh(kept):
            return self._result(kept, from_cache=True)
        try:
            note: _Note | None = self.client.persist(lambda: self._try(kept))
            if note is None and kept is not None:
                note = _Note(**(asdict(kept) | {"fetched": time.time()}))
                _save_note(self.beside("source.json"), note)
                return self._result(note, from_cache=True)
        except OSError as error:
            raise UsageError(
                f"{self.target}: can't be written ({error.strerror}); check free space and permissions."
            ) from error
        if note is None:
            raise self._again("says that a file is unchanged that isn't there")
        return self._result(note, from_cache=False)

    def _kept(self) -> _Note | None:
        """What is known of the file that is there; a file put there by hand counts when offline."""
        if not self.target.is_file():
            return None
        size = self.target.stat().st_size
        note = _load_note(self.beside("source.json"))
        if note and note.url == self.own and note.size == size:
            return note
        return _Note(self.own, size=size) if self.client.offline else None

    def _is_fresh(self, kept: _Note) -> bool:
        if self.client.refresh or (self.md5 and kept.md5 != self.md5):
            return False
        return (
            self.md5 is not None and kept.md5 == self.md5
        ) or 0 <= time.time() - kept.fetched < self.fresh_s

    def _result(self, note: _Note, *, from_cache: bool) -> Downloaded:
        size = self.target.stat().st_size
        return Downloaded(self.target, self.url, size, note.last_modified, note.fetched or None, from_cache)

    def _drop_part(self) -> None:
        self.part.unlink(missing_ok=True)
        self.beside("part.json").unlink(missing_ok=True)

    def _started(self) -> tuple[_Note | None, int]:
        """The part of an earlier run and its size, where going on with it is safe."""
        note = _load_note(self.beside("part.json"))
        if note is None or note.url != self.own or not self.part.is_file():
            return None, 0
        size = self.part.stat().st_size
        if note.size is not None and size > note.size:
            return None, 0
        return note, size

    def _try(self, kept: _Note | None) -> _Note | None:
        """One request, as far as it gets; None when the server says that the file is unchanged."""
        note, start = self._started()
        if note is not None and start and start == note.size and note.if_range:
            return self._finish(note)  # killed between the last byte and the check
        headers = {"Accept-Encoding": "identity"}
        if note is not None and start and note.if_range:
            headers |= {"Range": f"bytes={start}-", "If-Range": note.if_range}
        elif kept is not None:
            if kept.etag:
                headers["If-None-Match"] = kept.etag
            if kept.last_modified:
                headers["If-Modified-Since"] = kept.last_modified
        try:
            with self.client.ask(
                self.source, self.url, headers=headers, body=self.body, content_type=_FORM
            ) as response:
                if response.status_code == 304 and kept is not None:
                    return None
                check_status(self.source, self.url, response, 206, 416)
                note = self._receive(response, note, start)
        except TryAgainError as error:
            found, size = self._started()
            error.progressed = found is not None and found.if_range is not None and size > start
            raise
        return self._finish(note)

    def _receive(self, response: requests.Response, note: _Note | None, start: int) -> _Note:
        if response.status_code == 206:
            total = self._check_range(response, note, start)
        elif response.status_code == 416:
            self._drop_part()
            raise self._again("does not have the rest of the file any more; starting anew")
        else:
            # The server ignores Range, or the file is another by now: from the start.
            start, total = 0, declared_length(response)
        packed = is_packed(response)
        note = _Note(
            self.own,
            etag=None if packed or self.body else response.headers.get("ETag"),
            last_modified=None if packed or self.body else response.headers.get("Last-Modified"),
            size=None if packed else total,
        )
        self._check_space(total, start)
        if start == 0:
            self._drop_part()
            _save_note(self.beside("part.json"), note)
        clock = Clock(start, None if packed else total, self.progress)
        with self.part.open("ab") as stream:
            done = start
            for piece, travelled in read_chunks(
                response, max_bytes=self.max_bytes - start, patience=self.client.patience
            ):
                if done == 0 and len(piece) >= _SNIFF and (problem := what_is_wrong(self.kind, piece)):
                    raise self._again(problem)
                stream.write(piece)
                done += len(piece)
                clock.tell(start + travelled)
        clock.tell(done, last=True)
        return note if note.size is not None else _Note(**(asdict(note) | {"size": done}))

    def _check_range(self, response: requests.Response, note: _Note | None, start: int) -> int | None:
        """Return the whole file's size; raise when these bytes don't belong behind those that are there."""
        found = re.fullmatch(
            r"bytes (\d{1,15})-(\d{1,15})/(\d{1,15}|\*)", response.headers.get("Content-Range", "").strip()
        )
        etag = response.headers.get("ETag")
        total = int(found[3]) if found and found[3] != "*" else None
        fits = found is not None and int(found[1]) == start and not is_packed(response) and start > 0
        fits = fits and note is not None and (etag is None or etag == note.etag)
        fits = fits and (total is None or note is None or note.size in (None, total))
        if fits:
            return total if total is not None else (note.size if note else None)
        self._drop_part()
        raise self._again("sent another part of the file than was asked for; starting anew")

    def _again(self, problem: str) -> DownloadError:
        return unusable(self.source, self.url, UnusableAnswerError(problem, again=True))

    def _check_space(self, total: int | None, start: int) -> None:
        free = shutil.disk_usage(self.target.parent).free
        if total is not None and total - start > free:
            raise DownloadError(
                self.source.title, self.url,
                f"needs {(total - start) / 1e6:,.0f} MB, and only {free / 1e6:,.0f} MB are free",
                f"free some space on the disk of {self.target.parent}",
            )  # fmt: skip

    def _finish(self, note: _Note) -> _Note:
        """Check the whole part and put it in the place of the old file."""
        try:
            size = self.part.stat().st_size
            if note.size is not None and size != note.size:
                raise UnusableAnswerError(f"sent {size:,} of {note.size:,} bytes", again=True)
            with self.part.open("rb") as stream:
                if problem := what_is_wrong(self.kind, stream.read(_SNIFF)):
                    raise UnusableAnswerError(problem, again=True)
                if self.md5 is not None:
                    stream.seek(0)
                    digest = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False))
                    if digest.hexdigest() != self.md5:
                        raise UnusableAnswerError(
                            f"has the MD5 sum {digest.hexdigest()}, and the publisher says {self.md5}",
                            "try again in an hour: the file may just be being replaced",
                            again=True,
                        )
            if self.check is not None:
                self.check(self.part)
        except UnusableAnswerError as error:
            self._drop_part()
            self.broken += 1
            if self.broken >= MAX_BROKEN:
                error.again = False
            raise unusable(self.source, self.url, error) from error
        done = _Note(**(asdict(note) | {"size": size, "md5": self.md5, "fetched": time.time()}))
        with self.part.open("rb+") as stream:
            os.fsync(stream.fileno())
        # Without its note, between the two, the new file only means fetching again.
        self.beside("source.json").unlink(missing_ok=True)
        self.part.replace(self.target)
        _save_note(self.beside("source.json"), done)
        self.beside("part.json").unlink(missing_ok=True)
        return done


class Clock:
    """Tells progress now and then, with the seconds left at the speed of this run.

    Parameters
    ----------
    start, total : bytes that were there before, and that there will be (None: not known)
    progress : told of (bytes done, bytes in all or None, seconds left or None)
    """

    def __init__(self, start: int, total: int | None, progress: ByteProgress | None) -> None:
        self._start, self._total, self._progress = start, total, progress
        self._began = self._told = time.monotonic()

    def tell(self, done: int, *, last: bool = False) -> None:
        """Say how many bytes there are, where it is time to."""
        now = time.monotonic()
        if self._progress is None or (not last and now - self._told < _TELL_EVERY_S):
            return
        self._told = now
        gained, took = done - self._start, now - self._began
        left: Any = None
        if last:
            left = 0.0
        elif self._total is not None and gained > 0 and took > 0.5:
            left = (self._total - done) * took / gained
        self._progress(done, self._total, left)
