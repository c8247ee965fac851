"""Where the sources are: the one table of addresses, and its overrides."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from data.config import Publisher
from data.errors import UsageError

TABLE = Path(__file__).with_name("addresses.toml")
# ONE_BUS_REACH_URL_NOMIS=http://127.0.0.1:8000 sends everything meant for Nomis there.
OVERRIDE = "ONE_BUS_REACH_URL_"


@dataclass(frozen=True)
class SourceAddress:
    """One source: where it is, who publishes it, and what its client needs to know.

    Attributes
    ----------
    key : as in ``addresses.toml``
    title : as people call it
    base : scheme and host (and path) that every address of it starts with
    publisher : key of ``Addresses.publishers``
    hosts : other hosts that its redirects may lead to
    settings : everything else of its table
    """

    key: str
    title: str
    base: str
    publisher: str = ""
    hosts: frozenset[str] = frozenset()
    settings: Mapping[str, Any] = field(default_factory=dict)

    def url(self, path: str) -> str:
        """Return the address of a path of this source."""
        return f"{self.base.rstrip('/')}/{path.lstrip('/')}"


@dataclass(frozen=True)
class Addresses:
    """All sources by key, and who publishes them."""

    sources: Mapping[str, SourceAddress]
    publishers: Mapping[str, Publisher]

    def __getitem__(self, key: str) -> SourceAddress:
        return self.sources[key]


def check_address(url: str, what: str) -> str:
    """Return an address that can be asked: http or https, with a host, without a password in it.

    Raises
    ------
    UsageError
        Saying what is wrong with it.
    """
    try:
        parts = urlsplit(url.strip())
        host = parts.hostname
        _ = parts.port
    except ValueError as error:
        raise UsageError(f"{what}: {url[:200]!r} is no web address ({error}).") from error
    if parts.scheme not in ("http", "https") or not host:
        raise UsageError(f"{what}: {url[:200]!r} is no web address; write it whole, with https:// before it.")
    if parts.username or parts.password:
        raise UsageError(f"{what}: leave name and password out of the address; they would stand in messages.")
    return url.strip()


def load_addresses(
    bases: Mapping[str, str] | None = None,
    *,
    table: Path = TABLE,
    environ: Mapping[str, str] | None = None,
) -> Addresses:
    """Read the table of addresses.

    Parameters
    ----------
    bases
        Source key to another base address; counts before the environment.
    table
        Another table than the committed one.
    environ
        The environment, where ``ONE_BUS_REACH_URL_<KEY>`` overrides a base.

    Raises
    ------
    UsageError
        When an override names no source, or is no address.
    """
    environ = os.environ if environ is None else environ
    raw = tomllib.loads(table.read_text(encoding="utf-8"))
    overrides = {
        name.removeprefix(OVERRIDE).lower(): value
        for name, value in environ.items()
        if name.startswith(OVERRIDE) and value
    } | dict(bases or {})
    unknown = sorted(set(overrides) - set(raw["sources"]))
    if unknown:
        raise UsageError(
            f"addresses for unknown sources: {', '.join(unknown)}; known are {', '.join(raw['sources'])}."
        )
    sources = {}
    for key, given in raw["sources"].items():
        settings = dict(given)
        base = overrides.get(key) or settings["base"]
        sources[key] = SourceAddress(
            key=key,
            title=settings.pop("title"),
            base=check_address(base, key),
            publisher=settings.pop("publisher"),
            hosts=frozenset(host.lower() for host in settings.pop("hosts", ())),
            settings={name: value for name, value in settings.items() if name != "base"},
        )
    publishers = {key: Publisher.model_validate(given) for key, given in raw["publishers"].items()}
    return Addresses(sources, publishers)
