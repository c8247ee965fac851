"""Legends as small pictures beside words: the same fills, patterns and shapes as on the map.

HTML for the page (not for the map); every text in it is escaped.
"""

from __future__ import annotations

import base64

from layers.catalogue import Layer, LegendEntry, Line
from layers.styles import CORNERS, Fill, Symbol, corners_of
from layers.text import escape_for_map


def build_legend(layer: Layer) -> str:
    """A layer's title and legend as HTML without scripts or styles of its own class."""
    entries = "".join(
        f'<li style="display:flex;align-items:center;gap:.5rem;margin:.15rem 0">{_picture(entry)}'
        f"<span>{escape_for_map(entry.label)}{_count(entry)}</span></li>"
        for entry in layer.legend
    )
    return (
        f'<div class="obr-legend" role="group" aria-label="{escape_for_map(layer.title)}">'
        f"<strong>{escape_for_map(layer.title)}</strong>"
        f'<ul style="list-style:none;margin:.2rem 0 .6rem;padding:0">{entries}</ul></div>'
    )


def _count(entry: LegendEntry) -> str:
    return "" if entry.count is None else f' <span style="opacity:.75">({entry.count:,})</span>'


def _picture(entry: LegendEntry) -> str:
    if isinstance(entry.look, Line):
        return _line(entry.look)
    if isinstance(entry.look, Symbol):
        return _symbol(entry.look)
    return _circle(entry.look, entry.size) if entry.size else _swatch(entry.look)


def _svg(width: float, height: float, body: str) -> str:
    # As an image, because pages that clean HTML drop inline SVG.
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" height="{height:g}" '
        f'viewBox="0 0 {width:g} {height:g}">{body}</svg>'
    )
    data = base64.b64encode(svg.encode()).decode()
    size = f'width="{width:g}" height="{height:g}"'
    return f'<img src="data:image/svg+xml;base64,{data}" {size} alt="" style="flex:none">'


def _swatch(fill: Fill) -> str:
    marks = ""
    if fill.pattern == "dots":
        marks = "".join(
            f'<circle cx="{x}" cy="{y}" r="1.3" fill="{fill.ink}"/>'
            for y in (4, 8, 12)
            for x in range(4 if y % 8 else 8, 26, 8)
        )
    elif fill.pattern == "hatch":
        marks = "".join(
            f'<path d="M{x} 15L{x + 14} 1" stroke="{fill.ink}" stroke-width="1.2"/>'
            for x in range(-12, 26, 6)
        )
    outline = '<rect x=".5" y=".5" width="27" height="15" fill="none" stroke="#808080"/>'
    return _svg(28, 16, f'<rect width="28" height="16" fill="{fill.colour}"/>{marks}{outline}')


def _circle(fill: Fill, radius: float) -> str:
    size = 2 * radius + 2
    middle = radius + 1
    return _svg(
        max(size, 28),
        size,
        f'<circle cx="{max(size, 28) / 2:g}" cy="{middle:g}" r="{radius:g}" '
        f'fill="{fill.colour}" fill-opacity=".82"/>',
    )


def _line(line: Line) -> str:
    dash = f' stroke-dasharray="{line.dash}"' if line.dash else ""
    return _svg(28, 12, f'<path d="M0 6H28" stroke="{line.colour}" stroke-width="{line.width:g}"{dash}/>')


def _symbol(symbol: Symbol) -> str:
    r, x, y = min(symbol.radius, 7), 14, 9
    d = r * 1.25
    style = f'fill="{symbol.fill}" stroke="{symbol.line}" stroke-width="1.2"'
    if symbol.shape in CORNERS:
        around = corners_of(symbol.shape, x, y, r * 1.2)
        path = "M" + "L".join(f"{a:.2f} {b:.2f}" for a, b in around) + "Z"
        return _svg(28, 18, f'<path d="{path}" {style}/>')
    shapes = {
        "ring": f'<circle cx="{x}" cy="{y}" r="{r}" fill="none" stroke="{symbol.line}" stroke-width="2.5"/>',
        "circle": f'<circle cx="{x}" cy="{y}" r="{r}" {style}/>',
        "square": f'<rect x="{x - r}" y="{y - r}" width="{2 * r}" height="{2 * r}" {style}/>',
        "diamond": f'<path d="M{x} {y - d}L{x + d} {y}L{x} {y + d}L{x - d} {y}Z" {style}/>',
        "triangle": f'<path d="M{x} {y - r}L{x + r} {y + r}L{x - r} {y + r}Z" {style}/>',
        "cross": f'<path d="M{x - r} {y - r}L{x + r} {y + r}M{x + r} {y - r}L{x - r} {y + r}" '
        f'stroke="{symbol.line}" stroke-width="2" fill="none"/>',
    }
    return _svg(28, 18, shapes[symbol.shape])
