"""One small threaded server: replies by path, and faults that strike when told to.

A test says ``server.break_next("cut", match="/api")``; the next request that matches gets
that fault, once, and the one after it the honest answer. ``server.log`` keeps what was asked.
"""

from __future__ import annotations

import functools
import gzip
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

FAULTS = (
    "cut", "reset", "drip", "claims_more", "claims_less", "html", "empty", "gzip", "gzip_cut", "gzip_bomb",
    "error200", "redirect_away", "redirect_here", "busy429", "busy503", "busy504", "gone404", "not_json",
    "silent",
)  # fmt: skip
HTML = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>Please sign in.</body></html>"


@dataclass(frozen=True)
class Asked:
    """One request as the server saw it."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""
    status: int = 0
    fault: str = ""


@dataclass(frozen=True)
class Reply:
    """An honest answer; the server breaks it where a fault was asked for."""

    body: bytes
    content_type: str = "application/json"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    ranges: bool = False


@dataclass
class Fault:
    """What goes wrong, for which paths, how often, from which request on."""

    name: str
    match: str = ""
    times: int = 1
    skip: int = 0
    options: dict[str, str] = field(default_factory=dict)


@functools.cache
def _pack_bomb() -> bytes:
    return gzip.compress(bytes(20_000_000))


Responder = Callable[[Asked], "Reply | None"]


class Loopback:
    """The server; use ``running()`` to start and stop it."""

    def __init__(self) -> None:
        self.responders: list[Responder] = []
        self.faults: list[Fault] = []
        self.log: list[Asked] = []
        self.base = ""
        self._lock = threading.Lock()

    def add(self, responder: Responder) -> None:
        self.responders.append(responder)

    def serve(self, path: str, body: bytes, **more: object) -> None:
        """Serve bytes at one path."""
        reply = Reply(body, **more)  # type: ignore[arg-type]
        self.add(lambda asked: reply if asked.path == path else None)

    def break_next(
        self, name: str, match: str = "", *, times: int = 1, skip: int = 0, **options: str
    ) -> None:
        assert name in FAULTS, name
        if name == "gzip_bomb":
            _pack_bomb()
        self.faults.append(Fault(name, match, times, skip, options))

    def asked(self, match: str = "") -> list[Asked]:
        """Return the requests whose path matches."""
        return [asked for asked in self.log if re.search(match, asked.path)]

    def take_fault(self, asked: Asked) -> Fault | None:
        with self._lock:
            for fault in self.faults:
                if fault.times and re.search(fault.match, asked.path):
                    if fault.skip:
                        fault.skip -= 1
                        continue
                    fault.times -= 1
                    return fault
        return None

    def answer(self, asked: Asked) -> Reply:
        for responder in self.responders:
            reply = responder(asked)
            if reply is not None:
                return reply
        return Reply(b"<html><body>Not found</body></html>", "text/html", 404)

    @contextmanager
    def running(self) -> Iterator[Loopback]:
        loopback = self

        class Handler(_Handler):
            server_ = loopback

        httpd = _Server(("127.0.0.1", 0), Handler)
        self.base = f"http://127.0.0.1:{httpd.server_address[1]}"
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            httpd.shutdown()
            httpd.server_close()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of connections that break: breaking them is what it is for."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_: Loopback

    def log_message(self, *args: object) -> None: ...

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def do_POST(self) -> None:
        self._answer()

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        length = int(self.headers.get("Content-Length") or 0)
        asked = Asked(
            self.command, parts.path, query, {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length) if length else b"",
        )  # fmt: skip
        fault = self.server_.take_fault(asked)
        reply = self._honest(asked)
        self.server_.log.append(replace(asked, status=reply.status, fault=fault.name if fault else ""))
        if fault is None:
            self._send(reply, reply.body)
        else:
            self._break(reply, fault)

    def _honest(self, asked: Asked) -> Reply:
        """Apply conditions and ranges to the answer, as a well-made server does."""
        reply = self.server_.answer(asked)
        if reply.status != 200:
            return reply
        etag, modified = reply.headers.get("ETag"), reply.headers.get("Last-Modified")
        if (etag and asked.headers.get("if-none-match") == etag) or (
            not etag and modified and asked.headers.get("if-modified-since") == modified
        ):
            return replace(reply, body=b"", status=304)
        wanted = re.fullmatch(r"bytes=(\d+)-", asked.headers.get("range", ""))
        if not (reply.ranges and wanted):
            return reply
        if asked.headers.get("if-range") not in (etag, modified):
            return reply
        start, size = int(wanted[1]), len(reply.body)
        if start >= size:
            return replace(reply, body=b"", status=416, headers={"Content-Range": f"bytes */{size}"})
        headers = {**reply.headers, "Content-Range": f"bytes {start}-{size - 1}/{size}"}
        return replace(reply, body=reply.body[start:], status=206, headers=headers)

    def _head(self, reply: Reply, length: int | None, more: dict[str, str] | None = None) -> None:
        self.send_response(reply.status)
        headers = {"Content-Type": reply.content_type, **reply.headers, **(more or {})}
        if length is not None and reply.status != 304:
            headers["Content-Length"] = str(length)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _send(self, reply: Reply, body: bytes, more: dict[str, str] | None = None) -> None:
        self._head(reply, len(body), more)
        if self.command != "HEAD":
            self.wfile.write(body)

    def _break(self, reply: Reply, fault: Fault) -> None:
        body = reply.body
        half = body[: int(fault.options.get("after", len(body) // 2))]
        if fault.name in ("cut", "reset", "silent"):
            self._head(reply, len(body))
            self.wfile.write(half)
            self.wfile.flush()
            if fault.name == "silent":
                time.sleep(float(fault.options.get("seconds", "4")))
            if fault.name == "reset":
                # Linger 0: the connection is torn down with RST and not closed.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
        elif fault.name == "drip":
            self._head(reply, len(body))
            for position in range(len(body)):
                self.wfile.write(body[position : position + 1])
                self.wfile.flush()
                time.sleep(0.02)
        elif fault.name == "claims_more":
            self._head(reply, len(body) + 1000)
            self.wfile.write(body)
            self.close_connection = True
        elif fault.name == "claims_less":
            self._head(reply, len(half))
            self.wfile.write(body)
            self.close_connection = True
        elif fault.name in ("gzip", "gzip_cut", "gzip_bomb"):
            packed = _pack_bomb() if fault.name == "gzip_bomb" else gzip.compress(body)
            packed = packed[: len(packed) // 2] if fault.name == "gzip_cut" else packed
            self._send(reply, packed, {"Content-Encoding": "gzip"})
        else:
            self._send(*_other(reply, fault))


def _other(reply: Reply, fault: Fault) -> tuple[Reply, bytes]:
    """Whole answers that are the wrong ones."""
    retry = {"Retry-After": fault.options["retry_after"]} if "retry_after" in fault.options else {}
    status = {"busy429": 429, "busy503": 503, "busy504": 504, "gone404": 404, "redirect_away": 302,
              "redirect_here": 302}  # fmt: skip
    body = {
        "html": HTML,
        "empty": b"",
        "not_json": b'{"features": [1, 2',
        "error200": b'{"error": {"code": 400, "message": "Invalid query parameters", "details": []}}',
    }.get(fault.name, b"")
    headers = {"Location": fault.options["to"]} if "to" in fault.options else {}
    broken = replace(reply, status=status.get(fault.name, 200), headers={**retry, **headers})
    return broken, body
