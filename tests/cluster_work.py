"""What the workers of the cluster test do: compute a part, tell of it, and wait to be killed."""

from __future__ import annotations

import io
import json
import os
import time
from pathlib import Path

import numpy as np

from geo.parts import compute_part

FOLDER_VARIABLE = "ONE_BUS_REACH_TEST_FOLDER"
LONGEST_WAIT_S = 60


def compute_when_told(payload: bytes) -> bytes:
    """Compute a part as a worker would, with a file for its start and one for its end.

    The first part of all goes through; every other waits until the test has
    killed a worker, so that the kill always comes midway.
    """
    folder = Path(os.environ[FOLDER_VARIABLE])
    with np.load(io.BytesIO(payload), allow_pickle=False) as archive:
        key = json.loads(str(archive["facts"]))["key"][:20]
    (folder / f"started-{key}-{os.getpid()}").touch()
    try:
        os.close(os.open(folder / "first", os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        until = time.monotonic() + LONGEST_WAIT_S
        while not (folder / "killed").exists() and time.monotonic() < until:
            time.sleep(0.02)
    answer = compute_part(payload)
    (folder / f"finished-{key}-{os.getpid()}").touch()
    return answer
