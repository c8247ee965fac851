"""The first page and a click, in a real browser with everything but this machine blocked."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from data.packio import load_pack
from geo.engine import warm
from tests.browser.driver import WAIT_MS, Visitor, open_browser, run_server

PACKS = {"demo": "demo", "newport": "newport", "oldham": "oldham"}


def browser_lines(packs: Path, rounds: int) -> list[str]:
    """Medians of the first page and of click to isochrone drawn, a row a pack."""
    warm()
    lines = [
        "| pack | first page s | click to isochrone drawn ms (least to most) |",
        "|---|---|---|",
    ]
    with run_server(packs) as url, open_browser() as browser:
        for area, name in PACKS.items():
            path = name if name == "demo" else packs / name
            pack = load_pack(path)
            points = pack.origin_points
            if points is None:
                continue
            # Populous neighbourhoods, spread over the area: where people would click.
            chosen = points.sort_values("weight").drop_duplicates("neighbourhood_id", keep="last")
            chosen = chosen.iloc[:: max(1, len(chosen) // (rounds + 1))]
            first_s, clicks_s = [], []
            for attempt in range(3):
                context = browser.new_context(viewport={"width": 1400, "height": 1000})
                visitor = Visitor(context)
                started = time.perf_counter()
                visitor.page.goto(f"{url}?area={pack.area_id}")
                visitor.frame.locator("body[data-drawn]").wait_for(timeout=WAIT_MS)
                visitor.page.get_by_test_id("stMetric").first.wait_for(timeout=WAIT_MS)
                first_s.append(time.perf_counter() - started)
                visitor.settle()
                if attempt == 2:
                    for point in chosen.itertuples():
                        clicks_s.append(visitor.click_on_map(point.lon, point.lat))
                        visitor.settle()
                context.close()
            shown = sorted(clicks_s[1:])  # the first makes the walks to the grid's cells
            lines.append(
                f"| {area} | {statistics.median(first_s[1:]):.1f} | {1000 * statistics.median(shown):.0f} "
                f"({1000 * shown[0]:.0f} to {1000 * shown[-1]:.0f}) |"
            )
    return lines
