"""Walkable ways out of a small .osm file with osmnx.

Its settings change results, so they are set for the one call.
"""

from __future__ import annotations

from pathlib import Path
from xml.sax import SAXException

from data.errors import SourceError
from data.sources.osm_segments import StreetSegments, build_segments
from data.sources.osmnx_settings import osmnx_settings
from data.sources.walkable import KEPT_TAGS, is_walkable

# "oneway" is left out on purpose: osmnx would turn ways round by it, and people walk both ways.
_SETTINGS = {
    "useful_tags_way": list(KEPT_TAGS),
    "useful_tags_node": [],
    "all_oneway": True,
    "cache_only_mode": False,
}


class BrokenReferencesError(SourceError):
    """Ways refer to nodes that the file lacks, which osmnx can't represent."""


def read_osm_xml(path: Path) -> StreetSegments:
    """Read the walkable ways of an .osm file (.osm.gz, .osm.bz2).

    Raises
    ------
    BrokenReferencesError
        When a way refers to a node that is not in the file.
    SourceError
        When the file can't be read as OpenStreetMap XML.
    """
    # Importing osmnx takes longer than reading a small file: only who needs it pays.
    import osmnx
    from osmnx._errors import InsufficientResponseError

    try:
        with osmnx_settings(**_SETTINGS):
            graph = osmnx.graph_from_xml(path, simplify=False, retain_all=True)
    except InsufficientResponseError:
        return build_segments({}, [])
    except (ValueError, KeyError) as error:
        # osmnx says so when a node is missing (ValueError) or has no coordinates (KeyError).
        raise BrokenReferencesError(f"{path.name}: {error}") from error
    except (SAXException, SyntaxError, OSError) as error:
        raise SourceError(
            f"{path.name}: can't be read as OpenStreetMap XML: {error}; fetch it again"
        ) from error
    locations = {node: (float(data["x"]), float(data["y"])) for node, data in graph.nodes(data=True)}
    ways: dict[int, tuple[dict[str, str], list[tuple[int, int]]]] = {}
    for start, end, data in graph.edges(data=True):
        if "highway" not in data:
            continue
        way_id = int(data["osmid"])
        if way_id not in ways:
            ways[way_id] = ({key: str(data[key]) for key in KEPT_TAGS if key in data}, [])
        ways[way_id][1].append((start, end))
    walked = ((way_id, tags, pairs) for way_id, (tags, pairs) in ways.items() if is_walkable(tags))
    return build_segments(locations, walked)
