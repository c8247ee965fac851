"""Runs ``python -m data`` in forked children, so that a test can kill them without paying for imports."""

from __future__ import annotations

from tests.forking import serve


def main() -> None:
    # Imported once, before any fork, and nothing of it has started a thread.
    import osmnx
    import pyarrow.csv

    import data.get
    from data.__main__ import main as run

    _ = data.get, osmnx, pyarrow.csv
    serve(run)


if __name__ == "__main__":
    main()
