"""Names from outside as people read them: on one line, in ordinary case, and never a code."""

from __future__ import annotations

import re

import pandas as pd

from data.text import clean_text

# What tables write where they have nothing to say.
_PLACEHOLDERS = frozenset({"", "n/a", "na", "nan", "none", "null", "nil", "unknown", "unnamed", "tbc", "?"})
# ATCO codes: three digits of the authority, a nought, up to eight letters and digits.
_ATCO_CODE = re.compile(r"\b\d{3}0[0-9A-Z]*\d[0-9A-Z]*\b", re.IGNORECASE)
_SHORTEST_CODE = 6
_APOSTROPHES = str.maketrans("`´", "''")
# Short words without a vowel that are words all the same; others (NHS, BP, DHL) keep their capitals.
_SHORT_WORDS = frozenset({"ST", "RD", "MT", "DR", "SQ", "LN", "PK", "GDNS", "BY", "MY", "FLY"})
_INITIALS = frozenset({"YMCA", "YWCA", "RAF", "RSPCA", "IKEA"})
_VOWEL = re.compile(r"[AEIOUÂÊÎÔÛŴŶ]", re.IGNORECASE)
_LOWER_WORDS = frozenset({"and", "at", "by", "in", "of", "on", "the", "upon", "under"})


def clean_name(text: object) -> str | None:
    """A cell's text on one line without control characters; None where nothing is left.

    Examples
    --------
    >>> clean_name(" Mill\\n Lane ")
    'Mill Lane'
    """
    if text is None or pd.isna(text):  # type: ignore[call-overload]
        return None
    return clean_text(text) or None


def read_name(text: object, codes: frozenset[str] = frozenset()) -> str | None:
    """A name as it can be told to a person, or None where it is none.

    Placeholders ("---", "N/A"), codes of ``codes`` (lower case) and what looks
    like an ATCO code are no names; where one stands inside a name it is left
    out. A name in capitals throughout is put in ordinary case.

    Examples
    --------
    >>> read_name("MARKET SQUARE (1800SB04781)")
    'Market Square'
    >>> read_name("1800SB04781") is None
    True
    """
    name = clean_name(text)
    if name is None:
        return None
    # Inside a name only what can't be a word of it: a stop may have the code "A".
    inside = [code for code in codes if len(code) >= _SHORTEST_CODE and any(c.isdigit() for c in code)]
    for code in sorted(inside, key=len, reverse=True):
        name = re.sub(rf"(?<!\w){re.escape(code)}(?!\w)", "", name, flags=re.IGNORECASE)
    name = _ATCO_CODE.sub(lambda m: "" if len(m[0]) >= _SHORTEST_CODE else m[0], name)
    name = re.sub(r"\(\s*\)|\[\s*\]", "", name)
    name = " ".join(name.translate(_APOSTROPHES).split()).strip(" ,;:-–_/|*.")
    if name.casefold() in _PLACEHOLDERS | codes or not any(c.isalnum() for c in name):
        return None
    return put_in_case(name)


def put_in_case(name: str) -> str:
    """A name in capitals throughout in ordinary case; any other as it is.

    Examples
    --------
    >>> put_in_case("ST MARY'S ROAD / NHS CENTRE")
    "St Mary's Road / NHS Centre"
    >>> put_in_case("YMCA")
    'YMCA'
    """
    told = [word for word in _words(name) if len(word) >= 4 and _VOWEL.search(word) and word not in _INITIALS]
    # One short word alone may be initials; a long one, or several, are words.
    if name != name.upper() or (len(told) < 2 and not any(len(word) >= 5 for word in told)):
        return name
    return re.sub(r"[^\W\d_]+(?:['’][^\W\d_]+)?", _put_word, name)


def _words(name: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", name)


def _put_word(match: re.Match[str]) -> str:
    word = match[0]
    if word in _INITIALS or (len(word) <= 4 and not _VOWEL.search(word) and word not in _SHORT_WORDS):
        return word
    before = match.string[match.start() - 1] if match.start() else ""
    if len(word) == 1 or before.isdigit():  # Stop B, 12A
        return word
    return word.lower() if match.start() and word.lower() in _LOWER_WORDS else word.capitalize()
