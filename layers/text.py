"""The one door for text that goes on the map.

Names come from timetables, registers and open street data: all of it hostile.
A map is HTML inside a script that folium writes, so ``html.escape`` alone is
not enough: in a JavaScript template literal a backtick ends the text, ``${``
runs code, and Jinja reads ``{{ }}``.
"""

from __future__ import annotations

import html
import unicodedata

# Written as entities, these characters mean nothing to JavaScript or Jinja.
_ENTITIES = {ord(character): f"&#{ord(character)};" for character in "\\`${}"}
_KEPT_FORMATS = frozenset("\u200c\u200d")  # joiners: Persian, Urdu and Bengali names need them


def clean_text(text: object) -> str:
    """One printable line: line breaks and control characters become single spaces.

    Characters that reverse or hide text go as well; joiners stay, because some
    scripts can't be written without them.
    """
    if text is None or text != text:  # NaN is the one value that differs from itself
        return ""
    kept = (
        character if unicodedata.category(character)[0] != "C" or character in _KEPT_FORMATS else " "
        for character in str(text)
    )
    return " ".join("".join(kept).replace("\u2028", " ").replace("\u2029", " ").split())


def escape_for_map(text: object) -> str:
    """Text from outside as HTML that is safe in markup, attributes and scripts.

    Examples
    --------
    >>> escape_for_map("<b>`${x}`")
    '&lt;b&gt;&#96;&#36;&#123;x&#125;&#96;'
    """
    return html.escape(clean_text(text), quote=True).translate(_ENTITIES)
