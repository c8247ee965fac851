"""Postcodes with typing errors: what may have been meant. Offered to a person, never applied unasked."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

from data.sources.service_places import normalise_postcode

MOST_OFFERS = 5
# Signs that hands and scanners take for each other.
_LOOKALIKES = ("O0Q", "I1L", "S5", "B8", "Z2", "G6")
_TURNS = {sign: "".join(group) for group in _LOOKALIKES for sign in group}
_MOST_TURNED = 4


@dataclass(frozen=True)
class PostcodeOffer:
    """What a row wrote, and the postcodes of the area's table that it may mean, likeliest first.

    Attributes
    ----------
    row : as a spreadsheet counts
    service_id : of the row's service
    written : as it stands in the file
    offers : (postcode, why) at most ``MOST_OFFERS``
    """

    row: int
    service_id: str
    written: str
    offers: tuple[tuple[str, str], ...]


class PostcodeBook:
    """The postcodes of a pack, ready to be compared with.

    Parameters
    ----------
    postcodes
        Written with one space, as the pack's table has them.
    """

    def __init__(self, postcodes: Iterable[str]) -> None:
        self._known = {code.replace(" ", ""): code for code in postcodes}
        self._compact = sorted(self._known)

    def __bool__(self) -> bool:
        return bool(self._compact)

    def offer(self, written: str) -> tuple[tuple[str, str], ...]:
        """Return postcodes of the table that ``written`` may mean; none where it is one of them.

        Look-alike signs (O and 0, I and 1) come before one letter that is
        wrong, missing, too many or swapped with its neighbour.
        """
        compact = re.sub(r"[^0-9A-Z]", "", written.upper())
        if not 4 <= len(compact) <= 9 or compact in self._known:
            return ()
        offers: dict[str, str] = {}
        for turned in _turn_lookalikes(compact):
            if turned in self._known:
                offers.setdefault(self._known[turned], "a letter and a number that look alike")
        near = process.extract(
            compact, self._compact, scorer=OSA.distance, score_cutoff=1, limit=4 * MOST_OFFERS
        )
        for code, _, _ in sorted(near, key=lambda found: (not _same_start(compact, found[0]), found[0])):
            offers.setdefault(self._known[code], _describe(compact, code))
        return tuple(list(offers.items())[:MOST_OFFERS])


def _turn_lookalikes(compact: str) -> Iterable[str]:
    """Every way to turn up to four signs into their look-alikes that gives the form of a postcode."""
    places = [place for place, sign in enumerate(compact) if sign in _TURNS]
    if len(places) > 7:
        return
    choices = [_TURNS[sign] if place in places else sign for place, sign in enumerate(compact)]
    ways = []
    for signs in itertools.product(*choices):
        turned = "".join(signs)
        changed = sum(one != other for one, other in zip(compact, turned, strict=True))
        if 0 < changed <= _MOST_TURNED and normalise_postcode(turned):
            ways.append((changed, turned))
    yield from (turned for _, turned in sorted(ways))


def _same_start(one: str, other: str) -> bool:
    return one[:-3] == other[:-3]


def _describe(written: str, code: str) -> str:
    if len(written) < len(code):
        return "one sign is missing"
    if len(written) > len(code):
        return "one sign too many"
    return "two signs swapped" if sorted(written) == sorted(code) else "one sign is different"
