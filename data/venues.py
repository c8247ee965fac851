"""Services at several venues: a row of SERVICES for each venue, and one service all the same."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

# In ``extra``: the service that this row is one venue of.
VENUE_OF = "venue_of"


def list_whole_services(services: pd.DataFrame) -> np.ndarray:
    """Return, for each row of SERVICES, an object that rows of the same service share: object[rows]."""
    whole = services["service_id"].astype(object).to_numpy(copy=True)
    parts = services["extra"].astype("str").str.contains(f'{VENUE_OF}"', regex=False).fillna(False)
    for row in np.flatnonzero(parts.to_numpy(bool)):
        said = json.loads(services["extra"].iloc[row])
        name = said.get(VENUE_OF, said.get(f"extra: {VENUE_OF}"))  # as it comes back from a table
        if name is not None:
            # A pair is like no id; another file's service may have this one's.
            whole[row] = (services["source"].iloc[row], str(name))
    return whole


def count_services(services: pd.DataFrame | None) -> int:
    """Count the services, each once however many venues it has."""
    return 0 if services is None else len(set(list_whole_services(services)))
