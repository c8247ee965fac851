"""Small OpenStreetMap files, written by tests: the same content as .osm and as .osm.pbf."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.sax.saxutils import quoteattr

import osmium

# A metre, roughly, in degrees at 51.58 N: enough for files whose lengths are worked out elsewhere.
LON0, LAT0 = -2.99, 51.58
LON_M, LAT_M = 1 / 69_200, 1 / 111_250


@dataclass
class StreetFile:
    """Nodes by id at metres east and north of a corner, ways by id with tags and node ids."""

    nodes: Mapping[int, tuple[float, float]]
    ways: Mapping[int, tuple[Sequence[int], Mapping[str, str]]]
    relations: Mapping[int, tuple[Sequence[tuple[int, str]], Mapping[str, str]]] = field(default_factory=dict)
    node_tags: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    timestamp: str = "2024-03-05T10:00:00Z"

    def degrees(self, node: int) -> tuple[float, float]:
        east, north = self.nodes[node]
        return round(LON0 + east * LON_M, 7), round(LAT0 + north * LAT_M, 7)

    def write_osm(self, path: Path, *, ways_first: bool = False) -> Path:
        """Write XML by hand, so that no library's habits hide in the file."""
        about = f'version="1" timestamp="{self.timestamp}" changeset="1" uid="1" user="t"'
        first = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6" generator="test">']
        lines: list[str] = []
        for node in self.nodes:
            lon, lat = self.degrees(node)
            lines.append(f'<node id="{node}" lon="{lon}" lat="{lat}" {about}>')
            lines += _tags(self.node_tags.get(node, {}))
            lines.append("</node>")
        nodes, lines = lines, []
        for way, (refs, tags) in self.ways.items():
            lines.append(f'<way id="{way}" {about}>')
            lines += [f'<nd ref="{ref}"/>' for ref in refs]
            lines += [*_tags(tags), "</way>"]
        for relation, (members, tags) in self.relations.items():
            lines.append(f'<relation id="{relation}" {about}>')
            lines += [f'<member type="way" ref="{way}" role="{role}"/>' for way, role in members]
            lines += [*_tags(tags), "</relation>"]
        body = [*lines, *nodes] if ways_first else [*nodes, *lines]
        path.write_text("\n".join([*first, *body, "</osm>"]), encoding="utf-8")
        return path

    def write_pbf(self, path: Path) -> Path:
        with osmium.SimpleWriter(str(path), overwrite=True) as writer:
            for node in sorted(self.nodes):
                writer.add_node(
                    osmium.osm.mutable.Node(
                        id=node,
                        location=self.degrees(node),
                        tags=dict(self.node_tags.get(node, {})),
                        version=1,
                        timestamp=self.timestamp,
                    )
                )
            for way, (refs, tags) in sorted(self.ways.items()):
                writer.add_way(
                    osmium.osm.mutable.Way(
                        id=way, nodes=list(refs), tags=dict(tags), version=1, timestamp=self.timestamp
                    )
                )
            for relation, (members, tags) in sorted(self.relations.items()):
                writer.add_relation(
                    osmium.osm.mutable.Relation(
                        id=relation,
                        members=[("w", way, role) for way, role in members],
                        tags=dict(tags),
                        version=1,
                        timestamp=self.timestamp,
                    )
                )
        return path


def _tags(tags: Mapping[str, str]) -> list[str]:
    return [f"<tag k={quoteattr(key)} v={quoteattr(value)}/>" for key, value in tags.items()]
