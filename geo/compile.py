"""Compiled kernels: explicit signatures, one cache folder, compiled when first needed.

Importing a module must stay cheap, so a kernel is compiled (or read from
numba's cache) at its first call or by :func:`compile_kernels`, which
``python -m geo warm`` and the dashboard's background thread use.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from data.files import user_cache


def _name_cache_folder(base: Path) -> Path:
    """Name the folder after what the kernels share, whose changes numba's cache doesn't notice."""
    shared = Path(__file__).with_name("kernel_helpers.py").read_bytes()
    name = f"shared-{hashlib.sha256(shared).hexdigest()[:12]}"
    return base if base.name == name else base / name


# numba reads the variable when it is imported, so this must come first.
os.environ["NUMBA_CACHE_DIR"] = str(
    _name_cache_folder(Path(os.environ.get("NUMBA_CACHE_DIR") or user_cache() / "numba"))
)

import numba as nb  # noqa: E402
from numba import types  # noqa: E402

from geo.threads import count_threads  # noqa: E402

# Arrays that a kernel only reads are declared read-only, since a pack's arrays
# are; numba takes a writeable array there too, but never the other way round.
I8 = types.int64
IN_B1 = types.Array(types.boolean, 1, "C", readonly=True)
IN_I4 = types.Array(types.int32, 1, "C", readonly=True)
IN_I8 = types.Array(types.int64, 1, "C", readonly=True)
IN_F8 = types.Array(types.float64, 1, "C", readonly=True)
IN_B1_2D = types.Array(types.boolean, 2, "C", readonly=True)
IN_F8_2D = types.Array(types.float64, 2, "C", readonly=True)
IN_I4_2D = types.Array(types.int32, 2, "C", readonly=True)
OUT_B1 = types.boolean[::1]
OUT_I4 = types.int32[::1]
OUT_I8 = types.int64[::1]
OUT_B1_2D = types.boolean[:, ::1]
OUT_I4_2D = types.int32[:, ::1]
OUT_I8_2D = types.int64[:, ::1]
OUT_I4_3D = types.int32[:, :, ::1]


class Kernel:
    """A numba function of one signature, compiled at its first call.

    Kernels release the GIL. To call one kernel from another, use its
    ``dispatcher`` and keep both in one file: numba's cache doesn't notice a
    change in another file. Helpers of several files live in
    ``geo/kernel_helpers.py``, after whose content the cache's folder is named.
    """

    def __init__(self, function: Callable[..., Any], signature: Any) -> None:
        self.name = f"{function.__module__}.{function.__name__}"
        self.signature = signature
        self.dispatcher = nb.njit(cache=True, nogil=True)(function)
        self._call: Callable[..., Any] | None = None
        self._lock = threading.Lock()

    @property
    def code_length(self) -> int:
        """Length of the function's byte code: about how long it takes to compile."""
        return len(self.dispatcher.py_func.__code__.co_code)

    def compile(self) -> None:
        """Compile now, or load from the cache; does nothing the second time."""
        with self._lock:
            if self._call is None:
                self.dispatcher.compile(self.signature)
                self.dispatcher.disable_compile()
                self._call = self.dispatcher

    def __call__(self, *arguments: Any) -> Any:
        if self._call is None:
            self.compile()
        return self._call(*arguments)  # type: ignore[misc]


# For small functions that kernels call. Nothing else calls
# them, so the wrappers that would let Python or C do so need not be compiled.
_HELPER_OPTIONS: dict[str, Any] = {"nogil": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
helper = nb.njit(**_HELPER_OPTIONS)

_KERNELS: list[Kernel] = []


def kernel(signature: Any) -> Callable[[Callable[..., Any]], Kernel]:
    """Decorate a function to become a :class:`Kernel` of this numba signature."""

    def decorate(function: Callable[..., Any]) -> Kernel:
        made = Kernel(function, signature)
        _KERNELS.append(made)
        return made

    return decorate


def list_kernels() -> tuple[Kernel, ...]:
    """List the kernels of all modules imported so far, in the order to compile them.

    The shortest comes first: it tells soonest whether the cache is empty. The
    longest stand at both ends of the rest, so that two processes that start
    from the ends meet among short ones and neither waits long for the other.
    """
    by_length = sorted(_KERNELS, key=lambda made: (-made.code_length, made.name))
    return (*by_length[-1:], *by_length[:-1:2], *reversed(by_length[1:-1:2]))


def compile_kernels(progress: Callable[[str, int, int], None] | None = None) -> None:
    """Compile every kernel of the modules imported so far.

    ``progress`` is called with (kernel's name, how many are done, how many
    there are) before each.

    Compiling holds one lock in numba, so threads don't help. When the first
    kernel shows that the cache is empty, a second process starts from the other
    end of the list; what it has done is then read from the cache.
    """
    kernels = list_kernels()
    other: subprocess.Popen[bytes] | None = None
    try:
        for done, made in enumerate(kernels):
            if progress is not None:
                progress(made.name, done, len(kernels))
            made.compile()
            if done == 0 and made.dispatcher.stats.cache_misses and count_threads() > 1:
                other = _compile_from_the_end(kernels)
    finally:
        if other is not None:
            other.terminate()
            other.wait()


def _compile_from_the_end(kernels: tuple[Kernel, ...]) -> subprocess.Popen[bytes] | None:
    """Start a process that fills the cache with the kernels, the last one first."""
    modules = dict.fromkeys(made.name.rpartition(".")[0] for made in kernels)
    code = (
        f"import importlib\nfor name in {list(modules)!r}: importlib.import_module(name)\n"
        "from geo.compile import list_kernels\nfor made in reversed(list_kernels()): made.compile()"
    )
    try:
        return subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=Path(__file__).resolve().parent.parent,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
    except OSError:
        return None  # then this process compiles them all
