"""Who is let in: with the token or its cookie, from this machine, and never on the word of another web page."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

import pytest

from f2p.console.access import is_loopback, token_for
from f2p.console.errors import TokenFileError
from f2p.console.gate import Doorkeeper

TOKEN = "a-token-of-some-length"
HERE = {"Host": "127.0.0.1:8080"}
THERE = {"Host": "robot:8080"}


def no_page(_failure_id: str) -> Path | None:
    return None


def with_token() -> Doorkeeper:
    return Doorkeeper(TOKEN, "0.0.0.0", no_page)


@pytest.mark.parametrize("target", ["/", "/index.html", "/case/failure-1", "/?token=", "/?token=another", "/?Token=x"])
def test_without_the_token_nothing_is_shown_and_no_socket_opens(target: str) -> None:
    for headers in (THERE, {**THERE, "Upgrade": "websocket"}, {**THERE, "Cookie": "f2p_console_8080=guess"}):
        answer = with_token().answer(target, headers)
        assert answer is not None and answer.status is HTTPStatus.UNAUTHORIZED
        assert b"asks for its token" in answer.body and TOKEN.encode() not in answer.body


def test_the_token_is_brought_once_and_a_cookie_says_it_from_then_on() -> None:
    gate = with_token()
    answer = gate.answer(f"/?token={TOKEN}", THERE)
    assert answer is not None and answer.status is HTTPStatus.SEE_OTHER and answer.headers["Location"] == "/"
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite" in cookie and TOKEN not in cookie
    carried = {**THERE, "Cookie": f"other=1; {cookie.split(';')[0]}"}
    assert gate.answer("/", carried) is None
    assert gate.answer("/", {**carried, "Upgrade": "websocket", "Origin": "http://robot:8080"}) is None
    assert Doorkeeper("another-token-of-this-length", "0.0.0.0", no_page).answer("/", carried) is not None


@pytest.mark.parametrize("broken", ["=;=", "f2p_console_8080", "f2p_console_8080=\xff", 'f2p_console_8080="'])
def test_a_broken_cookie_is_none(broken: str) -> None:
    answer = with_token().answer("/", {**THERE, "Cookie": broken})
    assert answer is not None and answer.status is HTTPStatus.UNAUTHORIZED


def test_on_this_machine_no_token_is_asked_for_but_other_pages_and_names_are_turned_away() -> None:
    gate = Doorkeeper("", "127.0.0.1", no_page)
    for host in ("127.0.0.1:8080", "localhost:8080", "[::1]:8080"):
        assert gate.answer("/", {"Host": host}) is None
    for headers in ({"Host": "evil.example:8080"}, {"Host": ""}, {}, {**HERE, "Origin": "http://evil.example"},
                    {**HERE, "Origin": "null"}, {**HERE, "Origin": "http://127.0.0.1:9999"}):  # fmt: skip
        answer = gate.answer("/", headers)
        assert answer is not None and answer.status is HTTPStatus.FORBIDDEN
    assert gate.answer("/", {**HERE, "Origin": "http://127.0.0.1:8080"}) is None


def test_a_failures_page_is_sent_and_what_is_none_is_named_without_its_markup(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text("why it failed")
    gate = Doorkeeper("", "127.0.0.1", lambda one: page if one == "failure-1" else None)
    answer = gate.answer("/case/failure-1", HERE)
    assert answer is not None and (answer.status, answer.body) == (HTTPStatus.OK, b"why it failed")
    for target in ("/case/", "/case/../../etc/passwd", "/case/%3Cscript%3E"):
        answer = gate.answer(target, HERE)
        assert answer is not None and answer.status is HTTPStatus.NOT_FOUND and b"<script>" not in answer.body
    page.unlink()
    answer = gate.answer("/case/failure-1", HERE)
    assert answer is not None and answer.status is HTTPStatus.NOT_FOUND


def test_only_addresses_of_this_machine_go_without_a_token() -> None:
    assert all(map(is_loopback, ("127.0.0.1", "127.1.2.3", "localhost", "::1")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "192.168.1.4", "robot", "")))
    assert token_for("127.0.0.1", None) == ""
    one, other = token_for("0.0.0.0", None), token_for("0.0.0.0", None)
    assert one != other and len(one) >= 24


def test_a_token_file_is_made_for_its_owner_alone_and_read_again(tmp_path: Path) -> None:
    file = tmp_path / "token"
    made = token_for("0.0.0.0", file)
    assert file.stat().st_mode & 0o077 == 0 and token_for("127.0.0.1", file) == made
    file.chmod(0o644)
    with pytest.raises(TokenFileError, match=r"can be read by others .* chmod 600"):
        token_for("0.0.0.0", file)


@pytest.mark.parametrize("content", [b"", b"short", b"two words of a long token", b"\xff" * 40, b"x" * 5000])
def test_a_file_that_holds_no_token_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(TokenFileError, match="holds no token"):
        token_for("0.0.0.0", file)


def test_a_token_file_that_cannot_be_made_or_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TokenFileError, match="cannot be made"):
        token_for("0.0.0.0", tmp_path / "no folder" / "token")
    with pytest.raises(TokenFileError, match="holds no token"):
        token_for("0.0.0.0", tmp_path)
