"""Parts of a matrix computed by the workers of a dask.distributed cluster: an address is all that changes.

A worker is sent arrays of numbers and sends arrays of numbers back; it needs
this program installed, and neither the pack nor a shared disk. Only a few parts
more than there are workers are under way at once, so that neither the caller
nor the scheduler holds the region twice. When a worker is lost, the scheduler
gives its parts to another one; what came back before is on the caller's disk.

*Trust.* dask runs what its scheduler is told to run and unpickles what it is
sent: whoever can reach the scheduler can run code on every worker, and on the
caller. Give only an address that you trust, on a network of your own or by
``tls://`` with certificates (docs/scale.md).
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from data.errors import PartError, UsageError
from geo.parts import Runner, Tile, compute_part

if TYPE_CHECKING:
    from distributed import Client, Future

CONNECT_S = 15
_ADDRESS = re.compile(r"(?:(?:tcp|tls|ws|wss|ucx|inproc)://)?[^\s/]+(?::\d{1,5}|/\d+/\d+)/?")
# How long to wait while there is no worker at all before giving up.
NO_WORKER_S = 60
LOOK_S = 5
PARTS_PER_WORKER = 2
_KEPT = "the finished parts are kept, and the same command goes on with the rest."


def run_on_cluster(address: str) -> Runner:
    """Make a runner that sends parts to the scheduler at ``address``, such as tcp://127.0.0.1:8786.

    Raises
    ------
    UsageError
        It is no address, dask is not installed, or nothing answers there.
    """
    if not _ADDRESS.fullmatch(address):
        raise UsageError(
            f"--cluster {address[:60]!r}: is no address; give it as the scheduler prints it, such as "
            "tcp://10.0.0.5:8786."
        )
    try:
        import distributed
    except ImportError as error:
        raise UsageError(
            "A cluster needs dask and distributed; install them by "
            "`python -m pip install -r requirements-cluster.txt`, here and on every worker."
        ) from error

    def run(tasks: Iterator[tuple[Tile, bytes]]) -> Iterator[tuple[Tile, bytes]]:
        try:
            client = distributed.Client(address, timeout=CONNECT_S, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise UsageError(
                f"--cluster {address}: no scheduler answers there ({error or 'no answer'}); start one with "
                "`python -m dask scheduler`, and give its address as it prints it."
            ) from error
        with client:
            yield from _run(client, tasks)

    return run


def _run(client: Client, tasks: Iterator[tuple[Tile, bytes]]) -> Iterator[tuple[Tile, bytes]]:
    from distributed import wait

    under_way: dict[Future, Tile] = {}
    last_seen = time.monotonic()
    while True:
        workers = len(client.scheduler_info()["workers"])
        while len(under_way) < PARTS_PER_WORKER * max(1, workers):
            task = next(tasks, None)
            if task is None:
                break
            tile, payload = task
            under_way[client.submit(compute_part, payload, pure=False)] = tile
        if not under_way:
            return
        if workers:
            last_seen = time.monotonic()
        elif time.monotonic() - last_seen > NO_WORKER_S:
            raise PartError(f"There has been no worker for {NO_WORKER_S} s; start one: {_KEPT}")
        try:
            with client.as_current():
                done = wait(list(under_way), timeout=LOOK_S, return_when="FIRST_COMPLETED").done
        except TimeoutError:
            continue
        for future in done:
            tile, answer = under_way.pop(future), _take_answer(future)
            future.release()  # else it is computed again where its worker is lost while it is being kept
            yield tile, answer


def _take_answer(future: Any) -> bytes:
    from distributed import CancelledError, KilledWorker

    try:
        answer: bytes = future.result()
    except PartError:
        raise
    except KilledWorker as error:
        raise PartError(
            "A part was on several workers that were lost; where they ran out of memory, give a part fewer "
            f"origins (--part-origins): {_KEPT}"
        ) from error
    except ImportError as error:
        raise PartError(
            f"A worker can't import this program ({error}); start the workers in its folder, by "
            f"`python -m dask worker`: {_KEPT}"
        ) from error
    except RuntimeError as error:
        if "deserialization" not in str(
            error
        ):  # what dask says when its scheduler can't read what it is sent
            raise
        raise PartError(
            "The scheduler can't import this program, or has another version of it or of dask; start it and "
            "the workers in the program's folder, by `python -m dask scheduler` and `python -m dask worker`: "
            f"{_KEPT}"
        ) from error
    except (CancelledError, OSError) as error:
        raise PartError(f"The scheduler lost a part ({error}); start it again: {_KEPT}") from error
    return answer
