"""Reading the body of an answer: counted, limited, unpacked, and given up when it only drips."""

from __future__ import annotations

import time
import zlib
from collections.abc import Iterator

import requests

from data.fetch.retry import Patience

CHUNK = 1 << 16
# More than this from one packed byte is no text: gzip of honest CSV and JSON stays below 100.
LARGEST_RATIO = 500
_RATIO_FROM = 10_000_000


class TooLargeError(Exception):
    """The body is larger than allowed, packed or unpacked."""


class BrokenBodyError(Exception):
    """The body is not what its headers say: too short, not the encoding named, or dripping."""


def declared_length(response: requests.Response) -> int | None:
    """Return Content-Length, None where it is absent or no number."""
    text = response.headers.get("Content-Length", "").strip()
    return int(text) if text.isdigit() and len(text) < 16 else None


def is_packed(response: requests.Response) -> bool:
    """Say whether the body travels packed (Content-Encoding)."""
    return response.headers.get("Content-Encoding", "identity").strip().lower() not in ("", "identity")


def read_chunks(
    response: requests.Response, *, max_bytes: int, patience: Patience
) -> Iterator[tuple[bytes, int]]:
    """Yield the unpacked body in pieces, each with the number of bytes that have travelled so far.

    Raises
    ------
    TooLargeError
        As soon as the declared, travelled or unpacked size passes ``max_bytes``.
    BrokenBodyError
        When fewer bytes came than declared, the packing is broken or cut, or
        the answer only drips.
    requests.RequestException, urllib3.exceptions.HTTPError, OSError
        When the connection breaks.
    """
    declared = declared_length(response)
    if declared is not None and declared > max_bytes:
        raise TooLargeError(f"is {declared:,} bytes, and at most {max_bytes:,} are taken")
    packed = is_packed(response)
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if packed and encoding not in ("gzip", "x-gzip", "deflate"):
        raise BrokenBodyError(f"is packed as {encoding[:40]!r}, which was not asked for")
    unpack = zlib.decompressobj(47) if packed else None  # 47: gzip or zlib, whichever its header says
    travelled = size = 0
    window_start, window_bytes = time.monotonic(), 0
    while declared is None or travelled < declared:
        # One read of what is there, so that a server that drips is noticed between two drops.
        data = response.raw.read1(CHUNK, decode_content=False)
        if not data:
            break
        travelled += len(data)
        window_bytes += len(data)
        now = time.monotonic()
        # An answer that has just become whole is not held up for the time it took.
        if now - window_start >= patience.slow_window_s and travelled != declared:
            if window_bytes < patience.slowest_bytes_s * (now - window_start):
                raise BrokenBodyError(f"drips: {window_bytes:,} bytes in {now - window_start:.0f} s")
            window_start, window_bytes = now, 0
        for piece in _unpack(unpack, data) if unpack else (data,):
            size += len(piece)
            if size > max_bytes or (size > _RATIO_FROM and size > LARGEST_RATIO * travelled):
                raise TooLargeError(f"unpacks to more than {size:,} bytes from {travelled:,}")
            yield piece, travelled
    if declared is not None and travelled != declared:
        raise BrokenBodyError(f"ended after {travelled:,} of {declared:,} bytes")
    if unpack is not None and travelled and not unpack.eof:
        raise BrokenBodyError("ended in the middle of its packing")


def _unpack(unpack: zlib._Decompress, data: bytes) -> Iterator[bytes]:
    """Unpack in pieces, so that a small bomb is met one small piece at a time."""
    try:
        while data:
            piece = unpack.decompress(data, CHUNK * 4)
            if piece:
                yield piece
            data = unpack.unconsumed_tail
            if not piece and unpack.eof:
                return
    except zlib.error as error:
        raise BrokenBodyError(f"is packed wrongly ({error})") from error


def read_whole(response: requests.Response, *, max_bytes: int, patience: Patience) -> bytes:
    """Return the unpacked body. Raises as ``read_chunks`` does."""
    return b"".join(piece for piece, _ in read_chunks(response, max_bytes=max_bytes, patience=patience))
