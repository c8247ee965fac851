"""The one module that writes ``static/``, the folder the browser fetches layers from.

``/app/static`` has no sessions: whoever knows a name can read the file. So only
what comes from a pack, or from a package on this machine, goes there; never a
query, an upload or anything of a visitor. Names carry the content's digest: a
browser may keep a file for ever, and two processes can't disagree about one.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

from data.files import writing

# From the component's frame at <base>/component/<name>/index.html, so that it
# also holds behind a base path.
_URL = "../../app/static/"
_MEDIA_TYPES = {".js": "text/javascript", ".css": "text/css", ".json": "application/json"}


@dataclass
class StaticFiles:
    """Publishes bytes as files under ``folder``; inline where that can't be written.

    Attributes
    ----------
    problem : str or None
        What to tell the person when the folder can't be written.
    """

    folder: Path
    problem: str | None = field(default=None, init=False)

    def publish(self, name: str, content: bytes, suffix: str) -> str:
        """Make ``content`` fetchable and return its URL, relative to the map's frame.

        Parameters
        ----------
        name : str
            Readable start of the file's name; anything but letters, digits and
            hyphens is replaced.
        suffix : {'.js', '.css', '.json'}
        """
        media_type = _MEDIA_TYPES[suffix]
        digest = hashlib.sha256(content).hexdigest()[:16]
        file = self.folder / f"{re.sub(r'[^A-Za-z0-9]+', '-', name).strip('-')}-{digest}{suffix}"
        if self.problem is None:
            try:
                if not file.exists():
                    self.folder.mkdir(parents=True, exist_ok=True)
                    with writing(file) as stream:
                        stream.write(content)
                return _URL + file.name
            except OSError as error:
                self.problem = (
                    f"The folder {self.folder.name}/ beside dashboard.py can't be written "
                    f"({error.strerror or error}), "
                    "so the map's layers travel inside the page: it works, but is slower. "
                    "Make the folder writable and start again."
                )
        return f"data:{media_type};base64,{base64.b64encode(content).decode()}"


@dataclass(frozen=True)
class BrowserCode:
    """URLs of the scripts and styles that every map loads, in this order."""

    scripts: tuple[tuple[str, str], ...]
    styles: tuple[tuple[str, str], ...]


def publish_browser_code(static: StaticFiles) -> BrowserCode:
    """Copy Leaflet, jQuery (folium's own layers use it) and the map's code to ``static/``."""

    def package_file(package: str, name: str) -> bytes:
        return files(package).joinpath(name).read_bytes()

    return BrowserCode(
        scripts=(
            (
                "leaflet",
                static.publish("leaflet", package_file("xstatic.pkg.leaflet", "data/leaflet.js"), ".js"),
            ),
            (
                "jquery",
                static.publish("jquery", package_file("xstatic.pkg.jquery", "data/jquery.min.js"), ".js"),
            ),
            ("one_bus_reach", static.publish("map", package_file("layers", "browser/map.js"), ".js")),
        ),
        styles=(
            (
                "leaflet_css",
                static.publish("leaflet", package_file("xstatic.pkg.leaflet", "data/leaflet.css"), ".css"),
            ),
            ("one_bus_reach_css", static.publish("map", package_file("layers", "browser/map.css"), ".css")),
        ),
    )
