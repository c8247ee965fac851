"""Giving memory back to the system between the large steps of a build."""

from __future__ import annotations

import ctypes
import sys

import pyarrow as pa


def give_back_memory() -> None:
    """Return what Arrow and the C library hold unused to the system; nothing where neither can.

    Reading a large table leaves holes of hundreds of megabytes between the
    pieces that were kept, and glibc hands none of them back on its own.
    """
    pa.default_memory_pool().release_unused()
    if sys.platform == "linux":
        try:
            ctypes.CDLL(None).malloc_trim(0)
        except (OSError, AttributeError):  # another C library than glibc
            return
