"""A headless browser for tests, driven over its DevTools protocol; not part of the product."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import subprocess
import threading
import urllib.request
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

from f2p.clock import SystemClock

PROGRAM = shutil.which("chromium") or shutil.which("google-chrome")
"""Debian's package is called chromium."""

MISSING = "no chromium on the PATH: apt-get install chromium"

_FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-gpu", "--enable-unsafe-swiftshader", "--no-first-run",
    "--disable-extensions", "--disable-background-networking", "--disable-component-update", "--mute-audio",
    "--remote-debugging-port=0", "about:blank",
)  # fmt: skip


class Page:
    """One tab."""

    def __init__(self, address: str) -> None:
        self._socket = connect(address, max_size=2**26, open_timeout=20, legacy=True)
        self._number = 0
        self.tell("Page.enable")
        self.tell("Runtime.enable")
        self.tell("Emulation.setFocusEmulationEnabled", enabled=True)  # a page without it does not reconnect

    def tell(self, method: str, **values: Any) -> dict[str, Any]:
        self._number += 1
        self._socket.send(json.dumps({"id": self._number, "method": method, "params": values}))
        while True:
            answer = json.loads(self._socket.recv(timeout=90))
            if answer.get("id") == self._number:
                assert "error" not in answer, answer
                return answer["result"]

    def open(self, url: str) -> None:
        self.tell("Page.navigate", url=url)

    def value(self, script: str) -> Any:
        """Evaluate an expression."""
        found = self.tell("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    @property
    def text(self) -> str:
        """What is written on the page."""
        return str(self.value("document.body ? document.body.innerText : ''"))

    def until(self, wanted: str, within_s: float) -> float:
        """Wait until a text is on the page; the seconds it took."""
        clock, pause = SystemClock(), threading.Event()
        start_s = clock.monotonic_s()
        while wanted not in self.text:
            assert clock.monotonic_s() - start_s < within_s, f"no {wanted!r} within {within_s} s in: {self.text[:2000]}"
            pause.wait(timeout=0.05)
        return clock.monotonic_s() - start_s

    def click(self, label: str, within_s: float = 15.0) -> None:
        """Press the first button that is called so, when it is there; a tab with the mouse, as it takes nothing less.

        On a busy machine a page is still being drawn and moves away under the mouse: a tab is pressed until it opens.
        """
        script = (
            "(()=>{const one=[...document.querySelectorAll('button,[role=tab],label')].find(b=>b.innerText.trim()==="
            f"{json.dumps(label)}&&b.offsetParent);if(!one)return null;if(one.role!=='tab'){{one.click();return[]}}"
            "one.scrollIntoView({block:'center'});const at=one.getBoundingClientRect();"
            "return[at.x+at.width/2,at.y+at.height/2]})()"
        )
        clock, pause = SystemClock(), threading.Event()
        end_s = clock.monotonic_s() + within_s
        while (found := self.value(script)) != []:
            for kind in ("mousePressed", "mouseReleased") if found else ():
                self.tell("Input.dispatchMouseEvent", type=kind, x=found[0], y=found[1], button="left", clickCount=1)
            if found and self.chosen(label):
                return
            assert clock.monotonic_s() < end_s, f"no button {label!r}, or no such tab opens, in: {self.text[:2000]}"
            pause.wait(timeout=0.1)

    def chosen(self, tab: str) -> bool:
        """Tell whether a tab is the one that is open."""
        script = "[...document.querySelectorAll('[role=tab][aria-selected=true]')].map(one=>one.innerText.trim())"
        return tab in self.value(script)

    def picture(self, path: Path) -> None:
        path.write_bytes(base64.b64decode(self.tell("Page.captureScreenshot", format="png")["data"]))

    def close(self) -> None:
        self._socket.close()


class Browser:
    """A process of it, with a profile of its own."""

    def __init__(self, folder: Path, size: tuple[int, int] = (420, 300), scale: float = 0.35) -> None:
        """Start it; each pixel is drawn by a processor, so that tests want few, each for a large part of the page."""
        assert PROGRAM is not None
        profile = folder / "profile"
        self._process = subprocess.Popen(
            (PROGRAM, f"--user-data-dir={profile}", f"--window-size={size[0]},{size[1]}",
             f"--force-device-scale-factor={scale}", *_FLAGS),
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        told, clock, pause = profile / "DevToolsActivePort", SystemClock(), threading.Event()
        start_s = clock.monotonic_s()
        while not (told.exists() and told.read_text().strip()):
            assert clock.monotonic_s() - start_s < 30, "the browser does not start"
            pause.wait(timeout=0.05)
        self._port = int(told.read_text().splitlines()[0])

    def page(self, url: str = "about:blank") -> Page:
        """Open a tab; what is opened in it begins with this call."""
        request = urllib.request.Request(f"http://127.0.0.1:{self._port}/json/new?{url}", method="PUT")
        with urllib.request.urlopen(request, timeout=20) as answer:
            return Page(json.load(answer)["webSocketDebuggerUrl"])

    def close(self) -> None:
        """End it and all that it started: it leads a process group of its own."""
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=10)
