"""Runs pytest in forked children that each read the program anew: only libraries are imported before."""

from __future__ import annotations

from tests.forking import serve


def main() -> None:
    # Not numba: the program names its cache's folder before it is imported.
    import geopandas
    import hypothesis
    import pyarrow.parquet
    import pydantic
    import pyogrio
    import pytest
    import scipy.sparse.csgraph

    _ = geopandas, hypothesis, pyarrow.parquet, pydantic, pyogrio, scipy.sparse.csgraph
    serve(pytest.main)


if __name__ == "__main__":
    main()
