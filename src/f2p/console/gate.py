"""The gate before the web server: every request, pages and sockets alike, is let through, answered or turned away.

A viewer brings the token once, in the address; from then on a cookie says it. Without a token, on this machine alone,
what other web pages in the same browser send is turned away by its origin, and names that only pretend to be this
machine by theirs.
"""

from __future__ import annotations

import hashlib
import hmac
import html
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

CASE = "/case/"
"""Prefix of the pages of failures; the id follows."""

_PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>f2p console</title></head>'
    '<body style="font:16px system-ui;margin:15vh auto;max-width:34em"><h1>{title}</h1><p>{text}</p></body></html>'
)

LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})
"""Names of this machine."""


@dataclass(frozen=True)
class Answer:
    """What is sent instead of what was asked for."""

    status: HTTPStatus
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Doorkeeper:
    """Asked from the server's thread.

    Args:
        token: What a viewer has to bring; empty lets everybody in who is on this machine.
        address: Where the server listens.
        page: Gives the file of a failure's page by the failure's id; None where there is none.
    """

    def __init__(self, token: str, address: str, page: Callable[[str], Path | None]) -> None:
        self._token, self._hosts, self._page = token, LOCAL | {address}, page
        self._pass = hashlib.sha256(f"f2p console {token}".encode()).hexdigest()

    def answer(self, target: str, headers: Mapping[str, str]) -> Answer | None:
        """Return what to send; None lets the request through.

        Args:
            target: Path and query.
            headers: Of the request, by names as HTTP writes them.
        """
        host, origin = headers.get("Host") or "", headers.get("Origin") or ""
        if not self._token and urlsplit(f"//{host}").hostname not in self._hosts:
            return _refusal(HTTPStatus.FORBIDDEN, "Not from here", "This console is reached as localhost only.")
        if origin and urlsplit(origin).netloc != host:
            return _refusal(HTTPStatus.FORBIDDEN, "Not from there", "Another web page tried to use this console.")
        path, _, query = target.partition("?")
        brought = parse_qs(query).get("token", [""])[0]
        if self._token and hmac.compare_digest(brought.encode(), self._token.encode()):
            return self._welcome(host)
        if self._token and not self._known(headers.get("Cookie") or "", host):
            return _refusal(
                HTTPStatus.UNAUTHORIZED, "This console asks for its token",
                "Open it by the address that was printed where it was started: it ends in ?token=…",
            )  # fmt: skip
        return self._case(unquote(path.removeprefix(CASE))) if path.startswith(CASE) else None

    def _welcome(self, host: str) -> Answer:
        """Leave the token out of the address from now on; the cookie is sent to no other site's pages."""
        cookie = f"{_cookie_name(host)}={self._pass}; Path=/; HttpOnly; SameSite=Lax"
        return Answer(
            HTTPStatus.SEE_OTHER, b"", {"Location": "/", "Set-Cookie": cookie, "Referrer-Policy": "no-referrer"}
        )

    def _known(self, cookie: str, host: str) -> bool:
        """Tell whether a request carries the cookie: one a port, since browsers send those of all ports."""
        try:
            found = SimpleCookie(cookie).get(_cookie_name(host))
        except CookieError:
            return False
        return found is not None and hmac.compare_digest(found.value.encode(), self._pass.encode())

    def _case(self, failure_id: str) -> Answer:
        """Return the page of a failure."""
        path = self._page(failure_id)
        try:
            body = None if path is None else path.read_bytes()
        except OSError:
            body = None
        if body is None:
            name = html.escape(failure_id[:100])
            return _refusal(HTTPStatus.NOT_FOUND, "No such page", f"There is no page of {name} on this machine.")
        return Answer(HTTPStatus.OK, body, {"Content-Type": "text/html; charset=utf-8"})


def _cookie_name(host: str) -> str:
    return f"f2p_console_{host.rpartition(':')[2] if ':' in host else '80'}"


def _refusal(status: HTTPStatus, title: str, text: str) -> Answer:
    page = _PAGE.format(title=title, text=text).encode()
    return Answer(status, page, {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"})
