"""Commands in forked children of one process, so that each need not pay for imports again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path


class Forks:
    """The other side: one process, which runs ``python -m module`` in a folder and forks for each command."""

    def __init__(self, module: str, folder: Path, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module], cwd=folder, env={**os.environ, **environment}, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert self._read() == "ready"

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def start(self, log: Path | str, *arguments: object) -> int:
        """Start a command, which prints into ``log``; its process id."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps([str(log), *map(str, arguments)]) + "\n")
        self._process.stdin.flush()
        return int(self._read())

    def wait(self) -> int:
        """The exit code of the command that was started; negative: the signal that killed it."""
        return int(self._read())

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)


def serve(run: Callable[[list[str]], int]) -> None:
    """Run the commands of ``Forks`` until its end."""
    print("ready", flush=True)
    for line in sys.stdin:
        log, *arguments = json.loads(line)
        child = os.fork()
        if child == 0:
            out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.dup2(out, 1)
            os.dup2(out, 2)
            code = 1
            try:
                code = int(run(arguments))
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        print(child, flush=True)
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
