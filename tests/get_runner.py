"""Runs ``python -m data`` in forked children, so that a test can kill them without paying for imports.

Reads one JSON list of arguments a line; answers each with the child's process id,
and with its exit code when it is over (negative: the signal that killed it).
"""

from __future__ import annotations

import json
import os
import sys


def main() -> None:
    # Imported once, before any fork, and nothing of it has started a thread.
    import osmnx
    import pyarrow.csv

    import data.get
    from data.__main__ import main as run

    _ = data.get, osmnx, pyarrow.csv
    print("ready", flush=True)
    for line in sys.stdin:
        arguments = json.loads(line)
        child = os.fork()
        if child == 0:
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, 1)
            code = 1
            try:
                code = run(arguments)
            finally:
                sys.stderr.flush()
                os._exit(code)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
