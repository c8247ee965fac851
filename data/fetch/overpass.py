"""Overpass, asked by osmnx: its questions and its cache, with this package's waits, counts and limits.

osmnx on its own waits for a busy server without a word and without an end,
takes half an answer for a whole one, and keeps whatever a kill left of its
cache. So it is handed a hook that every answer passes before osmnx sees it:
there bytes are counted, statuses and remarks become errors that ask again or
say what to do, and osmnx's own waiting is never reached.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import shapely

from data.errors import DownloadError
from data.fetch.addresses import SourceAddress
from data.fetch.body import read_chunks
from data.fetch.download import ByteProgress, Clock
from data.fetch.faults import CONNECTION_FAULTS, REDIRECTS, fault_of, follow_redirect
from data.fetch.http import (
    USER_AGENT,
    Client,
    UnusableAnswerError,
    check_status,
    parse_json,
    unusable,
)
from data.fetch.overpass_elements import what_is_broken
from data.fetch.sniff import what_is_wrong
from data.sources.osmnx_settings import osmnx_settings

MAX_JSON = 2_000_000_000

Tags = Mapping[str, bool | list[str]]


@dataclass(frozen=True)
class Question:
    """One question: what it is about in words, and OSM tags; None asks for every street."""

    about: str
    tags: Tags | None
    polygon: shapely.Polygon


def ask_overpass(
    client: Client,
    source: SourceAddress,
    question: Question,
    folder: Path,
    *,
    progress: ByteProgress | None = None,
) -> list[Path]:
    """Let osmnx ask one question; return the files in ``folder`` (its cache) that hold the answer.

    What is in ``folder`` already is not asked for again; nothing is there but whole answers.

    Raises
    ------
    DownloadError
        When Overpass gave up, or the answer isn't whole.
    """
    drop_broken(folder)
    client.persist(lambda: _ask_once(client, source, question, folder, progress))
    return sorted(folder.glob("*.json"))


def drop_broken(folder: Path) -> None:
    """Remove answers that a kill left half written: osmnx would stumble over them for ever."""
    for path in folder.glob("*.json"):
        try:
            _check_answer(json.loads(path.read_bytes()))
        except (ValueError, RecursionError, UnusableAnswerError):
            path.unlink()


def _ask_once(
    client: Client, source: SourceAddress, question: Question, folder: Path, progress: ByteProgress | None
) -> None:
    # Importing osmnx takes longer than most answers: only who needs it pays.
    import osmnx
    from osmnx._errors import CacheOnlyInterruptError

    url = source.url(source.settings["path"])

    def receive(response: requests.Response, *_: object, **__: object) -> requests.Response:
        return _receive(client, source, url, response, progress)

    patience = client.patience
    settings = {
        "overpass_url": source.base,
        # Its own waiting knows no end. Retry-After and the status code are heeded in the hook.
        "overpass_rate_limit": False,
        "overpass_settings": (
            f"[out:json][timeout:{int(source.settings['timeout_s'])}]"
            f"[maxsize:{int(source.settings['memory_bytes'])}]"
        ),
        "requests_timeout": (
            patience.connect_s, max(patience.read_s, float(source.settings.get("read_s", 0)))
        ),
        "requests_kwargs": {
            "hooks": {"response": receive}, "stream": True, "allow_redirects": False, "auth": _sign,
        },
        "http_user_agent": USER_AGENT,
        "http_referer": None,
        # Else a name that isn't found would be asked for at a third party's.
        "doh_url_template": None,
        "use_cache": True,
        "cache_folder": folder,
        # Only the answers are wanted: streets are read from the file made of them.
        "cache_only_mode": True,
    }  # fmt: skip
    try:
        with osmnx_settings(**settings):
            if question.tags is None:
                osmnx.graph_from_polygon(question.polygon, custom_filter='["highway"]', retain_all=True)
            else:
                osmnx.features_from_polygon(question.polygon, dict(question.tags))
    except CacheOnlyInterruptError:
        return
    except CONNECTION_FAULTS as error:
        raise fault_of(source, url, error) from error
    except OSError as error:
        raise DownloadError(
            source.title, url, f"its answer can't be kept ({error.strerror})",
            f"check free space and permissions of {folder}",
        ) from error  # fmt: skip


def _sign(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Send nobody's password, and ask for the one packing that is counted while it is unpacked."""
    request.headers["Accept-Encoding"] = "gzip"
    return request


def _receive(
    client: Client, source: SourceAddress, url: str, response: requests.Response,
    progress: ByteProgress | None,
) -> requests.Response:  # fmt: skip
    """Read an answer whole and look at it; give osmnx a copy that needs no network."""
    if response.status_code in REDIRECTS and "Location" in response.headers:
        target = follow_redirect(source, url, response)
        raise DownloadError(
            source.title, url, f"has moved to {target}",
            "put the new address into data/fetch/addresses.toml",
        )  # fmt: skip
    check_status(source, url, response)
    clock, pieces = Clock(0, None, progress), []
    for piece, travelled in read_chunks(response, max_bytes=MAX_JSON, patience=client.patience):
        pieces.append(piece)
        clock.tell(travelled)
    data = b"".join(pieces)
    clock.tell(len(data), last=True)
    try:
        if problem := what_is_wrong("json", data):
            raise UnusableAnswerError(problem, again=True)
        _check_answer(parse_json(data))
    except UnusableAnswerError as error:
        raise unusable(source, url, error) from error
    whole = requests.Response()
    whole.status_code, whole.url, whole.encoding = 200, url, "utf-8"
    whole.raw = io.BytesIO(data)
    return whole


def _check_answer(answer: Any) -> None:
    """Overpass writes that it gave up as a remark after whatever it had found so far, with status 200."""
    if not isinstance(answer, dict) or not isinstance(answer.get("elements"), list):
        raise UnusableAnswerError("sent JSON that is no answer of Overpass", again=True)
    if "remark" in answer:
        raise UnusableAnswerError(
            f"gave up in the middle ({str(answer['remark']).strip()[:150]})",
            "try again later, or give a Geofabrik extract with --streets FILE.pbf",
            again=True,
        )
    for element in answer["elements"]:
        if problem := what_is_broken(element):
            raise UnusableAnswerError(f"sent {problem}")
