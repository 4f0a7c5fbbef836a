"""The console in a real browser: it loads, is the same for all, comes back, and lets nobody in without the token."""

from __future__ import annotations

import socket
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("viser", reason="no viser: run the set-up (make test) first")

from msgspec import msgpack
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from f2p.console.buttons import Press
from f2p.console.desk import Desk
from f2p.console.draft import Draft
from f2p.console.errors import GateMissingError, NotNowError, PortTakenError
from f2p.console.view import CommandView, View
from f2p.console.window import Window

from .browser import MISSING, PROGRAM, Browser, Page
from .examples import full_view

CAMERA = {
    "type": "ViewerCameraMessage", "wxyz": (1.0, 0.0, 0.0, 0.0), "position": (2.0, 0.0, 1.0), "fov": 1.0, "near": 0.01,
    "far": 100.0, "image_height": 720, "image_width": 1280, "look_at": (0.0, 0.0, 0.5), "up_direction": (0.0, 0.0, 1.0),
}  # fmt: skip
"""What viser's page says first."""

PATIENCE_S = 90.0
"""Longest wait of a test on a busy one [s]."""

in_browser = pytest.mark.skipif(PROGRAM is None, reason=MISSING)


class Stage:
    """A window on a view that tests change, and a desk whose jobs write down what they are asked."""

    def __init__(self) -> None:
        self.view, self.pressed, self.keys = full_view(), list[tuple[Press, str]](), list[str]()
        self.desk = Desk({press: self._job(press) for press in Press})
        self.draft = Draft()
        self.windows: list[Window] = []

    def _job(self, press: Press) -> Callable[[str], str]:
        def job(who: str) -> str:
            self.pressed.append((press, who))
            if press is Press.LOOK:
                raise NotNowError("perception is silent: it looks")
            return f"did {press}"

        return job

    def open(self, token: str = "", port: int = 0, page: Path | None = None) -> tuple[str, int]:
        window = Window(self.desk, self.draft, self.keys.append, lambda: replace(self.view, notes=self.desk.notes))
        self.windows.append(window)
        port = window.open(token, "127.0.0.1", port, lambda one: page if one == "failure-1" else None)
        return f"http://127.0.0.1:{port}/", port

    def close(self) -> None:
        while self.windows:
            self.windows.pop().close()


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    yield made
    made.close()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    made = Browser(tmp_path_factory.mktemp("browser"))
    yield made
    made.close()


def eventually(ready: Callable[[], bool], what: str) -> None:
    pause = threading.Event()
    for _ in range(int(PATIENCE_S / 0.05)):
        if ready():
            return
        pause.wait(timeout=0.05)
    pytest.fail(f"{what}: not within {PATIENCE_S} s")


def seen(browser: Browser, url: str) -> Page:
    page = browser.page()
    page.open(url)
    page.until("Take over", PATIENCE_S)
    return page


@in_browser
def test_it_loads_shows_every_part_and_each_button_arrives_with_who_pressed_it(stage: Stage, browser: Browser) -> None:
    url, _ = stage.open()
    page = seen(browser, url)
    for wanted in ("stack is up", "autonomy: executor", "pick_place(box): carry", "the cause is <unknown>"):
        page.until(wanted, PATIENCE_S)
    for tab, wanted in (("Plan", "32 cm"), ("Scene", "relations hold"), ("Failures", "the <b>box</b> fell"),
                        ("Weights", "20 inferred scenes"), ("Record", "listening")):  # fmt: skip
        page.click(tab)
        eventually(lambda tab=tab: page.chosen(tab), tab)
        page.until(wanted, PATIENCE_S)
    presses = {"Hold": Press.HOLD, "Pause": Press.PAUSE, "Take over": Press.TAKE_OVER, "Resume": Press.RESUME,
               "Step is done": Press.DONE, "Skip step": Press.SKIP, "Give up": Press.GIVE_UP,
               "Mark": Press.MARK, "Record": None, "Stop recording": Press.STOP_RECORD}  # fmt: skip
    for label, press in presses.items():
        if press is not None:
            page.click(label)
            eventually(lambda press=press: (press, "operator 1") in stage.pressed, label)
    page.click("Weights")
    for label, press in (("Approve", Press.APPROVE), ("Refuse", Press.REFUSE), ("Roll back", Press.ROLL_BACK)):
        page.click(label)
        eventually(lambda press=press: (press, "operator 1") in stage.pressed, label)
    page.click("Look again")
    page.until("error 983: perception is silent: it looks", PATIENCE_S)
    page.close()


@in_browser
def test_a_goal_is_put_together_from_what_is_seen_and_run(stage: Stage, browser: Browser) -> None:
    url, _ = stage.open()
    page = seen(browser, url)
    page.click("Goal")
    page.click("Add")
    eventually(lambda: bool(stage.draft.literals) or "error" in page.text, "a literal, or why not")
    if stage.draft.literals:
        page.until(f"Goal: {stage.draft}", PATIENCE_S)
    page.click("Run")
    eventually(lambda: (Press.RUN, "operator 1") in stage.pressed, "Run")
    page.close()


@in_browser
def test_a_second_viewer_sees_the_same_and_opposite_buttons_are_told_apart(stage: Stage, browser: Browser) -> None:
    url, _ = stage.open()
    first, second = seen(browser, url), seen(browser, url)
    first.click("Take over")
    second.until("operator 1: Take over: did take over", PATIENCE_S)
    second.click("Resume")
    for page in (first, second):
        page.until("error 982: operator 1 ", PATIENCE_S)
    assert (Press.RESUME, "operator 2") not in stage.pressed
    stage.view = replace(stage.view, command=CommandView("operator", "f2p_teleop_7"))
    for page in (first, second):
        page.until("operator: f2p_teleop_7", PATIENCE_S)
    first.close()
    second.close()


@in_browser
def test_a_lost_connection_comes_back_by_itself(stage: Stage, browser: Browser) -> None:
    url, port = stage.open()
    page = seen(browser, url)
    stage.close()
    stage.view = View(waits="a stack that was started anew")
    stage.open(port=port)
    page.until("a stack that was started anew", PATIENCE_S)
    page.close()


@in_browser
def test_with_the_token_one_comes_in_and_it_leaves_the_address(stage: Stage, browser: Browser, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    report.write_text("<p>why it failed</p>")
    url, _ = stage.open("a-token-of-some-length", page=report)
    page = browser.page()
    page.open(url)
    page.until("asks for its token", PATIENCE_S)
    page.open(f"{url}?token=a-token-of-some-length")
    page.until("Take over", PATIENCE_S)
    assert page.value("location.href") == url
    page.open(f"{url}case/failure-1")
    page.until("why it failed", PATIENCE_S)
    page.close()


def test_without_the_token_no_socket_opens_and_no_page_is_sent(stage: Stage) -> None:
    url, port = stage.open("a-token-of-some-length")
    with pytest.raises(InvalidStatus, match="401"):
        connect(f"ws://127.0.0.1:{port}/", subprotocols=["viser-v1.1.1"], open_timeout=10)
    for path in ("", "index.html", "case/failure-1"):
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(url + path, timeout=10)
    assert not stage.pressed


def test_another_web_page_opens_no_socket(stage: Stage) -> None:
    _, port = stage.open()
    with pytest.raises(InvalidStatus, match="403"):
        connect(f"ws://127.0.0.1:{port}/", origin="http://evil.example", open_timeout=10)
    with connect(f"ws://127.0.0.1:{port}/", subprotocols=["viser-v1.1.1"], open_timeout=10) as own:
        assert own.recv(timeout=10)


def test_a_port_that_is_taken_is_told_with_what_to_do(stage: Stage) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"cannot listen on 127.0.0.1:{port}: .*; say another --port"):
            stage.open(port=port)
    with pytest.raises(PortTakenError, match="cannot listen"):
        stage.windows[-1].open("", "192.0.2.1", 0, lambda _one: None)


def test_a_server_that_would_not_ask_the_gate_is_not_started(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    from f2p.console import server

    monkeypatch.setattr(server, "_gated", Ungated)
    with pytest.raises(GateMissingError, match=r"requirements/runtime\.txt"):
        stage.open()


class Ungated:
    """A gate that viser never sees, as if it started its server otherwise."""

    def __init__(self, _gate: object) -> None:
        pass

    def __enter__(self) -> list[bool]:
        return []

    def __exit__(self, *_: object) -> None:
        pass


def test_nothing_is_asked_for_while_nobody_looks(stage: Stage) -> None:
    looks = []
    window = Window(stage.desk, stage.draft, stage.keys.append, lambda: looks.append(1) or View())
    stage.windows.append(window)
    port = window.open("", "127.0.0.1", 0, lambda _one: None)
    threading.Event().wait(timeout=1.0)
    assert not looks
    with connect(f"ws://127.0.0.1:{port}/", subprotocols=["viser-v1.1.1"], open_timeout=10) as own:
        own.recv(timeout=10)
        assert not looks, "who has not said where he looks from sees nothing yet"
        own.send(msgpack.encode(CAMERA))
        eventually(lambda: len(looks) > 1, "somebody looks")
    eventually(lambda: still(looks), "nobody looks any more")
    assert window.lively


def still(looks: list[int]) -> bool:
    count = len(looks)
    threading.Event().wait(timeout=0.5)
    return len(looks) == count


def test_what_cannot_be_shown_is_told_and_the_rest_goes_on(stage: Stage) -> None:
    window, port = None, 0

    def source() -> View:
        raise ValueError("a broken message")

    window = Window(stage.desk, stage.draft, stage.keys.append, source)
    stage.windows.append(window)
    port = window.open("", "127.0.0.1", 0, lambda _one: None)
    with connect(f"ws://127.0.0.1:{port}/", subprotocols=["viser-v1.1.1"], open_timeout=10) as own:
        own.recv(timeout=10)
        own.send(msgpack.encode(CAMERA))
        eventually(lambda: bool(stage.desk.notes), "it is told")
    assert stage.desk.notes[0].endswith("error 999: ValueError: a broken message") and len(stage.desk.notes) == 1
    assert window.lively
