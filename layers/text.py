"""The one door for text that goes on the map.

Names come from timetables, registers and open street data: all of it hostile.
A map is HTML inside a script that folium writes, so ``html.escape`` alone is
not enough: in a JavaScript template literal a backtick ends the text, ``${``
runs code, and Jinja reads ``{{ }}``.
"""

from __future__ import annotations

import html

from data.text import clean_text

# Written as entities, these characters mean nothing to JavaScript or Jinja.
_ENTITIES = {ord(character): f"&#{ord(character)};" for character in "\\`${}"}


def escape_for_map(text: object) -> str:
    """Text from outside as HTML that is safe in markup, attributes and scripts.

    Examples
    --------
    >>> escape_for_map("<b>`${x}`")
    '&lt;b&gt;&#96;&#36;&#123;x&#125;&#96;'
    """
    return html.escape(clean_text(text), quote=True).translate(_ENTITIES)
