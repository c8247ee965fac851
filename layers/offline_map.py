"""The map: the only module that knows folium.

The map itself is small, because streamlit-folium sends it again with every
click: it names the static layers' files, and all that changes comes as one
message in a feature group. Nothing is fetched from any other machine, unless
a tile layer was asked for. A map belongs to one visitor: never cache one, for
streamlit-folium changes the map it is given.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import folium
from branca.element import MacroElement
from folium.template import Template

from layers.static_files import BrowserCode
from layers.static_layers import StaticLayers
from layers.styles import FILL_OPACITY, GROUND, Theme
from layers.text import escape_for_map

OSM_TILES = {
    "url": "https://tile.openstreetmap.org/{z}/{x}/{y}.png",
    "attribution": '&copy; <a href="https://www.openstreetmap.org/copyright">OpenStreetMap</a> contributors',
}
_FAILED = "A layer could not be fetched; reload the page."


def as_script(value: Any) -> str:
    """JSON that may stand in a script element, whatever its text holds."""
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    # The text was escaped already; these stop a mistake there from ending the script.
    return (
        text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").replace("`", "\\u0060")
    )


class _Start(MacroElement):
    """Opens panes, ground and layer files on the map it is added to."""

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "obr.start({{ this._parent.get_name() }}, {{ this.options }});"
        "{% endmacro %}"
    )

    def __init__(self, options: Mapping[str, Any]) -> None:
        super().__init__()
        self._name = "Start"
        self.options = as_script(options)


class ChangingLayers(folium.FeatureGroup):
    """What changes on the map, as one message; an empty message clears it.

    Parameters
    ----------
    message : mapping
        JSON values for ``change`` in ``layers/browser/map.js``; texts escaped.
    """

    _template = Template(
        "{% macro script(this, kwargs) %}"
        "var {{ this.get_name() }} = obr.change({{ this._parent.get_name() }}, {{ this.message }});"
        "{% endmacro %}"
    )

    def __init__(self, message: Mapping[str, Any]) -> None:
        super().__init__(name="changing", control=False)
        self.serial = hashlib.sha256(as_script(message).encode()).hexdigest()[:12]
        self.message = as_script({**message, "serial": self.serial})


@dataclass(frozen=True)
class MapView:
    """What a map is opened with: the area's layers, the look, the words."""

    layers: StaticLayers
    title: str
    attribution: tuple[str, ...]
    theme: Theme = "light"
    online_tiles: bool = False


class OfflineMap(folium.Map):
    """A folium map whose scripts, styles and ground come from this machine.

    ``default_js`` and ``default_css`` are the instance's own: folium's lists
    are shared by every map of the process and stay as they are.
    """

    def __init__(self, view: MapView, code: BrowserCode) -> None:
        (south, west), (north, east) = view.layers.bounds
        super().__init__(
            location=[(south + north) / 2, (west + east) / 2],
            zoom_start=12,
            tiles=None,
            control_scale=True,
            zoom_snap=0.25,
            max_zoom=19,
            min_zoom=8,
        )
        self.default_js = list(code.scripts)
        self.default_css = list(code.styles)
        self.add_child(
            _Start(
                {
                    "title": view.title,
                    "theme": view.theme,
                    "ground": GROUND[view.theme],
                    "opacity": FILL_OPACITY,
                    "urls": view.layers.urls,
                    "bounds": view.layers.bounds,
                    "tiles": OSM_TILES if view.online_tiles else None,
                    "attribution": " · ".join(escape_for_map(line) for line in view.attribution),
                    "words": {"failed": _FAILED},
                }
            )
        )


def build_map(view: MapView, code: BrowserCode) -> OfflineMap:
    """Make a map for one visitor's page."""
    return OfflineMap(view, code)
