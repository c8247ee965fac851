"""Zips from outside: whole, of a sane size, and with no path that leads out."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

LARGEST_RATIO = 200
# Small members pack to nothing honestly (a calendar of one line, a file of noughts).
RATIO_FROM = 50_000_000
CHUNK = 1 << 20


class BadZipError(Exception):
    """What is wrong with a zip, in words."""


def check_zip(
    path: Path, *, max_unpacked: int, must_have: tuple[str, ...] = (), read_all: bool = False
) -> None:
    """Raise when a zip is cut, dangerous, or lacks a member.

    Parameters
    ----------
    path
    max_unpacked
        Bytes that all members may have together, by what they declare, and when
        read, by what comes out.
    must_have
        File names (without folder) that must be in it.
    read_all
        Read every member through, which finds damage by its CRC.

    Raises
    ------
    BadZipError
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _check_members(members, max_unpacked, path.stat().st_size)
            names = {PurePosixPath(member.filename).name for member in members}
            missing = [name for name in must_have if name not in names]
            if missing:
                raise BadZipError(f"holds no {', '.join(missing)}")
            if read_all:
                for member in members:
                    for _ in read_member(archive, member):
                        pass
    except (zipfile.BadZipFile, OSError, NotImplementedError, EOFError, RuntimeError, ValueError) as error:
        raise BadZipError(f"can't be opened as a zip ({str(error)[:120]})") from error


def _check_members(members: list[zipfile.ZipInfo], max_unpacked: int, packed: int) -> None:
    for member in members:
        name = member.filename
        parts = PurePosixPath(name.replace("\\", "/")).parts
        if name.startswith(("/", "\\")) or ".." in parts or (parts and ":" in parts[0]):
            raise BadZipError(f"holds a path that leads out of it ({name[:80]!r})")
        if (member.external_attr >> 16) & 0o170000 == 0o120000:
            raise BadZipError(f"holds a link ({name[:80]!r})")
    total = sum(member.file_size for member in members)
    if total > max_unpacked:
        raise BadZipError(f"unpacks to {total:,} bytes, and at most {max_unpacked:,} are taken")
    if total > RATIO_FROM and total > LARGEST_RATIO * packed:
        raise BadZipError(f"unpacks to {total:,} bytes from {packed:,}: a bomb")


def read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield a member's bytes; raise when more come out than it declares."""
    size = 0
    with archive.open(member) as stream:
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if size > member.file_size:
                raise BadZipError(f"{member.filename[:80]!r} unpacks to more than it declares: a bomb")
            yield chunk
