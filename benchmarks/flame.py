"""python -m benchmarks.flame: where a cold matrix spends its time, as a flame graph.

Newport's one-departure and 60-minute matrices (the cases of ``python -m
benchmarks``), over and over in a process that py-spy watches once it has
loaded. A kernel shows as ``Kernel.__call__`` above the function that calls it.
py-spy must be installed (``python -m pip install py-spy``); on some systems it
needs root.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.points import write_newport_points, write_settings
from data.packio import load_pack

ROOT = Path(__file__).resolve().parents[1]
CASES = ("single", "window")


def repeat(pack: Path, folder: Path, seconds: float) -> None:
    """Load as the benchmark's worker does, then answer the cases in turn."""
    sys.path.insert(0, str(ROOT / "benchmarks" / "workers"))
    sys.argv = ["own_worker.py", str(pack), str(folder / "points.csv"), str(folder / "settings.json")]
    from own_worker import load

    cases = load()
    for case in CASES:
        cases[case]()
    print("ready", flush=True)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for case in CASES:
            cases[case]()


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.flame", description=__doc__)
    parser.add_argument("--packs", type=Path, default=ROOT / "data" / "packs")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "flame.svg")
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--repeat", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.repeat:
        repeat(options.packs / "newport", options.repeat, options.seconds)
        return 0
    spy = shutil.which("py-spy")
    if spy is None:
        parser.error("py-spy is not installed: python -m pip install py-spy")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pack = load_pack(options.packs / "newport")
        write_newport_points(pack, folder / "points.csv")
        write_settings(pack, folder / "settings.json", folder)
        command = [sys.executable, "-m", "benchmarks.flame", "--packs", str(options.packs)]
        watched = [*command, "--repeat", name, "--seconds", str(options.seconds)]
        with subprocess.Popen(watched, cwd=ROOT, stdout=subprocess.PIPE, text=True) as looping:
            assert looping.stdout is not None
            looping.stdout.readline()
            drawn = [spy, "record", "--rate", "400", "--output", str(options.out), "--pid", str(looping.pid)]
            done = subprocess.run(
                [*drawn, "--duration", str(max(1, int(options.seconds) - 2))], check=False
            ).returncode
        if not done:  # py-spy's title is its own command line, with this machine's folders
            drawing = options.out.read_text(encoding="utf-8")
            title = r"\g<1>python -m benchmarks.flame"
            options.out.write_text(re.sub(r'(<text id="title"[^>]*>)[^<]*', title, drawing), encoding="utf-8")
        return done or looping.returncode


if __name__ == "__main__":
    sys.exit(main())
