"""The whole borough, built in order from one seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from shapely.geometry import Polygon

from data.demo.amenities import Amenity, PlaceFinder, build_amenities
from data.demo.buses import BusNetwork, build_buses
from data.demo.districts import Skeleton, build_skeleton
from data.demo.homes import build_homes
from data.demo.land import SEED, SKETCH_UNIT_M, TOWN, Land, Sketched, build_land
from data.demo.names import StreetNames
from data.demo.neighbourhoods import WARD_PLACES, Neighbourhood, build_neighbourhoods
from data.demo.people import build_census
from data.demo.points import PopulationPoint, build_output_areas, build_postcodes
from data.demo.streets import Network, build_network
from data.progress import Progress, SilentProgress


@dataclass(frozen=True)
class Borough:
    """Everything that the raw files are written from."""

    land: Land
    skeleton: Skeleton
    network: Network
    areas: list[Neighbourhood]
    counts: np.ndarray
    output_areas: list[PopulationPoint]
    postcodes: list[PopulationPoint]
    amenities: list[Amenity]
    buses: BusNetwork
    finder: PlaceFinder

    @property
    def greens(self) -> list[tuple[str, str, Polygon]]:
        """Parks, fields, woods and water as (name, OSM tag, polygon)."""
        tags = {"park": "leisure=park", "field": "landuse=meadow"}
        inside = [
            (d.name, "landuse=forest" if "Wood" in d.name else tags[d.kind], d.polygon.buffer(-9.0))
            for d in self.skeleton.districts
            if d.kind in tags
        ]
        return [*inside, *self.land.greens]


def localities(land: Land) -> dict[str, Sketched]:
    """Name the places that a stop can be in: the centre, the suburbs, the villages."""
    out: dict[str, Sketched] = {f"{TOWN} Town Centre": (0.0, 0.0)}
    out |= {name: spot for name, spot in WARD_PLACES.items() if " and " not in name and name != "Market"}
    return out | {
        village.name: (village.x / SKETCH_UNIT_M, village.y / SKETCH_UNIT_M) for village in land.villages
    }


def build_borough(seed: int = SEED, progress: Progress | None = None) -> Borough:
    """Build the borough; each part draws from its own stream, so that one part's change leaves the others."""
    say = progress or SilentProgress()
    streams = [np.random.default_rng([seed, part]) for part in range(9)]
    say.step("drawing the ground")
    land = build_land(streams[0])
    skeleton = build_skeleton(land, streams[1])
    say.step("laying out streets")
    network = build_network(land, skeleton, StreetNames(streams[2]), streams[3])
    say.step("drawing neighbourhoods")
    homes = build_homes(network, land, streams[4])
    areas, of_home = build_neighbourhoods(network, land, homes, streams[5])
    counts = build_census(areas, streams[6])
    postcodes = build_postcodes(areas, homes, of_home)
    say.step("running buses")
    finder = PlaceFinder(network, postcodes, streams[7])
    amenities = build_amenities(finder, land, streams[8])
    buses = build_buses(network, land, localities(land), amenities)
    return Borough(
        land,
        skeleton,
        network,
        areas,
        counts,
        build_output_areas(areas, homes, of_home),
        postcodes,
        amenities,
        buses,
        finder,
    )
