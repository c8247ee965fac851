"""Text from outside as one printable line, for everything that shows it."""

from __future__ import annotations

import unicodedata

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
