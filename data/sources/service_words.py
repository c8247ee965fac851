"""Costs, referral routes, yes and no, dates and lists, as people write them.

Every reader returns what it understood, or None: a blank and "not known" are
missing, and missing is never turned into "no", "free" or zero. What was
written but not understood is for the caller to keep and count.
"""

from __future__ import annotations

import datetime as dt
import re

# Words that say that nothing is known. "None" is not among them: it is an answer to many questions.
_NOT_KNOWN = frozenset(
    {
        "", "?", "??", "-", "--", "–", "n/a", "na", "n.a.", "nk", "n/k", "nan", "null", "not known",
        "unknown",
        "not stated", "not applicable", "not given", "not recorded", "not provided", "not available",
        "no data",
        "no info", "no information", "none given", "tbc", "tba", "to be confirmed", "unsure", "don't know",
    }
)  # fmt: skip
_SPREADSHEET_ERROR = re.compile(r"#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufeff\ufffe\uffff]")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


def clean_text(value: object) -> str:
    """Trim a cell: no control characters, no non-breaking spaces; line breaks inside stay."""
    text = (
        _LONE_SURROGATE.sub("\ufffd", _CONTROL.sub("", str(value))).replace("\xa0", " ").replace("\r", "\n")
    )
    return "\n".join(" ".join(line.split()) for line in text.split("\n") if line.strip())


def is_not_known(text: str) -> bool:
    """Say whether a cell says that nothing is known (blank, "n/a", "tbc", "#N/A")."""
    return text.casefold().rstrip(".") in _NOT_KNOWN or text.casefold() in _NOT_KNOWN or is_error(text)


def is_error(text: str) -> bool:
    """Say whether a cell holds a spreadsheet's error and no value."""
    return bool(_SPREADSHEET_ERROR.fullmatch(text))


_YES = frozenset({"yes", "y", "true", "t", "1", "x", "✓", "✔", "yes.", "always"})
_NO = frozenset({"no", "n", "false", "f", "0", "✗", "✘", "no.", "never", "none"})
_WOMEN = re.compile(r"(women|woman|female|ladies|girls|women and girls|women & girls)( only)?")
_ALL_SEXES = re.compile(r"mixed|everyone|all|any|open to all|(men and women|women and men)( welcome)?|both")


def read_yes_no(text: str) -> bool | None:
    """Read yes or no; anything longer is not one."""
    word = text.casefold().strip()
    if word in _YES:
        return True
    return False if word in _NO else None


def read_women_only(text: str) -> bool | None:
    """Read yes or no, or who may come ("ladies", "mixed")."""
    word = " ".join(text.casefold().split())
    if _WOMEN.fullmatch(word):
        return True
    return False if _ALL_SEXES.fullmatch(word) else read_yes_no(text)


def any_of(*patterns: str) -> re.Pattern[str]:
    """Compile regular expressions into one that finds any of them."""
    return re.compile("|".join(patterns), re.IGNORECASE)


_PRICE = any_of(
    r"[£€$]\s*(\d+(?:[.,]\d+)?)",
    r"\b(\d+(?:[.,]\d+)?)\s*(?:p|pence|pounds?|gbp)\b",
    r"^\s*(\d+(?:\.\d+)?)\s*$",
)
_DONATION = any_of(r"donat", r"pay what you", r"suggested", r"contributions? welcome", r"honesty box")
_FREE = any_of(
    r"\bfree\b", r"\bno (?:\w+ )?(?:costs?|charges?|fees?|payment)\b", r"without charge", r"nothing to pay",
    r"\bnil\b", r"\bgratis\b", r"\bno$", r"\bnone$",
)  # fmt: skip
_NOT_FREE = any_of(r"\bnot free\b", r"\bisn'?t free\b")
_PAID = any_of(
    r"\bpaid\b", r"\bpay\b", r"\bcharged?\b", r"\bfees?\b", r"\bcosts?\b", r"\bmembership\b", r"^y(?:es)?$",
    r"\bsubs(?:cription)?s?\b", r"\bmeans[- ]tested\b", r"\bper (?:session|hour|week|month|person)\b",
)  # fmt: skip


def read_cost(text: str) -> str | None:
    """Read what people pay: ``free``, ``donation``, ``paid`` or None.

    Any price makes it ``paid``, also where some come free: the caller keeps
    the words. A price of nothing is free.
    """
    words = text.casefold()
    prices = [float(next(filter(None, found)).replace(",", ".")) for found in _PRICE.findall(words)]
    if any(price > 0 for price in prices):
        return "donation" if _DONATION.search(words) else "paid"
    if _DONATION.search(words):
        return "donation"
    if _NOT_FREE.search(words):
        return "paid"
    if prices or _FREE.search(words):
        return "free"
    return "paid" if _PAID.search(words) else None


_NO_SELF = any_of(r"\bno self", r"\bnot self", r"\bcan'?t self", r"\bcannot self", r"without self")
_SELF = any_of(
    r"\bself\b", r"\bopen (?:access|to all|door)", r"\bdrop[- ]?in\b", r"\bwalk[- ]?in\b", r"\bturn up\b",
    r"\banyone\b", r"\bdirect(?:ly)?\b", r"no referral", r"(?:none|not) (?:needed|required|necessary)",
    r"\bindividuals?\b",
)  # fmt: skip
_OTHERS = any_of(
    r"\bgps?\b", r"\bdoctors?\b", r"profession", r"\bagenc", r"organi[sz]ation", r"\bcouncil\b", r"\bnhs\b",
    r"\bhealth\b", r"\bhospital", r"\bsocial (?:work|care|prescri|services)", r"\bnurse", r"\bpolice\b",
    r"\bschools?\b", r"\bcharit", r"\bpartners?\b", r"link worker", r"by referral", r"referral only",
    r"referrals? from", r"\breferred by\b",
)  # fmt: skip
_MIXED = any_of(
    r"\bmixed\b", r"\bboth\b", r"\beither\b", r"\b(?:any|all) (?:routes?|sources?)", r"\bad[- ]?hoc\b"
)


def read_referral(text: str) -> str | None:
    """Read how people come to a service: ``self``, ``organisation``, ``mixed`` or None."""
    words = text.casefold()
    if _NO_SELF.search(words):
        return "organisation"
    by_self, by_others = bool(_SELF.search(words)), bool(_OTHERS.search(words))
    if _MIXED.search(words) or (by_self and by_others):
        return "mixed"
    if by_self:
        return "self"
    return "organisation" if by_others else None


_DELIVERIES = (
    (
        "several_venues",
        any_of(
            r"several", r"various", r"multiple", r"different", r"\bmany \w+", r"\bvenues\b", r"\bacross\b"
        ),
    ),
    (
        "venue",
        any_of(
            r"\bvenue",
            r"\bcent(?:re|er)",
            r"face[- ]?to[- ]?face",
            r"in[- ]person",
            r"\bhall\b",
            r"\bbuilding\b",
            r"on[- ]?site",
            r"\bchurch",
            r"\bmosque",
            r"\blibrary\b",
        ),
    ),
    ("home", any_of(r"\bhomes?\b", r"\bhouse (?:visit|call)", r"\bvisits?\b", r"doorstep")),
    (
        "online",
        any_of(r"\bon-?line", r"\bzoom\b", r"\bvirtual", r"\bvideo", r"\bweb", r"\binternet", r"\bapp\b"),
    ),
    ("phone", any_of(r"\bphone", r"\btele", r"\bcalls?\b", r"\bhelpline", r"\bhotline", r"\btext")),
)


def read_delivery(text: str) -> str | None:
    """Read where a service happens: several_venues, venue, home, online, phone or None.

    Of several ways named together the one that people must travel to wins:
    only venues enter reach, and a venue must not be lost.
    """
    words = text.casefold().replace("_", " ")
    return next((delivery for delivery, pattern in _DELIVERIES if pattern.search(words)), None)


def read_list(text: str, *, also_split: str = "") -> str | None:
    """Read a list and join it with ';'; semicolons, bars and lines part it, else commas.

    ``also_split`` is a regular expression of further words that part it, for
    lists whose entries never hold them (languages: "Urdu and Punjabi").
    """
    pattern = r"[;|\n•]+" if re.search(r"[;|\n•]", text) else r"[,\n]+"
    if also_split:
        pattern = rf"{pattern}|{also_split}|,"
    seen: dict[str, str] = {}
    for part in re.split(pattern, text):
        entry = part.strip(" .\t-")
        if entry and not is_not_known(entry) and entry.casefold() != "none":
            seen.setdefault(entry.casefold(), entry)
    return ";".join(seen.values()) or None


def read_languages(text: str) -> str | None:
    """Read languages: "Urdu, Punjabi and English", "Urdu/Bengali"."""
    return read_list(text, also_split=r"\s+and\s+|\s*&\s*|\s*/\s*|\s*\+\s*")


_NUMBER = re.compile(
    r"(?:about|approx\.?|around|c\.?|max\.?|maximum|up to|over|under|from|~)?\s*(\d{1,6})"
    r"\s*(?:\+|plus|people|places|years?|yrs?|max\.?|and over|and under|or over|year olds?|years? old)?",
    re.IGNORECASE,
)
_SPAN = re.compile(r"(\d{1,3})\s*(?:-|–|to)\s*(\d{1,3})(?:\s*(?:years?|yrs?|year olds?))?", re.IGNORECASE)


def read_whole_number(text: str, *, most: int) -> int | None:
    """Read a count such as "25", "about 25", "max 25 people", "55+"; None above ``most``."""
    found = _NUMBER.fullmatch(re.sub(r"(?<=\d)\.0+$", "", text.strip()))
    if not found or int(found[1]) > most:
        return None
    return int(found[1])


def read_span(text: str) -> tuple[int, int] | None:
    """Read a span of ages such as "16-25" or "16 to 25 years"."""
    found = _SPAN.fullmatch(text.strip())
    if not found or int(found[1]) > int(found[2]):
        return None
    return int(found[1]), int(found[2])


_MONTHS = {
    name: number
    for number, names in enumerate(
        ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
         "november", "december"),
        start=1,
    )
    for name in (names, names[:3], names[:4])
}  # fmt: skip
_DAY_FIRST = re.compile(r"(\d{1,2})[/.\-](\d{1,2})[/.\-](\d{4}|\d{2})")
_YEAR_FIRST = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?")
_IN_WORDS = re.compile(
    r"(?:[a-z]+,?\s+)?(\d{1,2})(?:st|nd|rd|th)?(?:\s+of)?[\s\-]+([a-z]+)\.?,?[\s\-]+(\d{4}|\d{2})"
)
_SERIAL = re.compile(r"[3-6]\d{4}(?:\.0)?")


def read_date(text: str) -> dt.date | None:
    """Read a date, day first: "2024-06-03", "03/06/2024", "3rd June 2024", 45446.

    None for what is no date, or not one of a calendar ("31/02/2024"), and for
    a month alone: the day is not known.
    """
    words = text.casefold().strip()
    if found := _YEAR_FIRST.fullmatch(words):
        year, month, day = found.groups()
    elif found := _DAY_FIRST.fullmatch(words):
        day, month, year = found.groups()
    elif (found := _IN_WORDS.fullmatch(words)) and found[2] in _MONTHS:
        day, month, year = found[1], _MONTHS[found[2]], found[3]
    elif _SERIAL.fullmatch(words):
        return dt.date(1899, 12, 30) + dt.timedelta(days=int(float(words)))
    else:
        return None
    try:
        return dt.date(int(f"20{year}" if len(year) == 2 else year), int(month), int(day))
    except ValueError:
        return None
