"""The kernel tells a process that sleeps from one that works; where it does not count, nothing is said."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from f2p.graph.turns import Standstill, Turns, turns_of


@pytest.fixture
def child(request: pytest.FixtureRequest) -> Iterator[int]:
    """A process that does as it is told."""
    made = subprocess.Popen([sys.executable, "-c", f"import time; print(flush=True)\n{request.param}"],
                            stdout=subprocess.PIPE)  # fmt: skip
    assert made.stdout is not None
    made.stdout.readline()
    yield made.pid
    made.kill()
    made.wait(timeout=10)


def looked(pid: int) -> list[int]:
    """What ten looks within half a second say."""
    standstill, pause, out = Standstill(), threading.Event(), []
    for _ in range(10):
        out.append(standstill.looks(pid))
        pause.wait(timeout=0.05)
    return out


@pytest.mark.parametrize("child", ["time.sleep(60)"], indirect=True)
def test_one_that_sleeps_stands_look_after_look(child: int) -> None:
    assert looked(child)[-1] >= 5


@pytest.mark.parametrize(
    "child",
    ["while True: pass", "while True: time.sleep(.01)",
     # a thread that waits for the interpreter, which another one keeps for itself
     "def keep():\n while True: sorted(range(10**6), key=str)\n"
     "import threading; threading.Thread(target=keep, daemon=True).start()\nwhile True: time.sleep(.01)"],
    indirect=True,
)  # fmt: skip
def test_one_that_works_or_waits_for_its_interpreter_does_not_stand(child: int) -> None:
    assert max(looked(child)) <= 1


def test_where_the_kernel_counts_nothing_nothing_is_said(tmp_path: Path) -> None:
    folder = tmp_path / "7"
    folder.mkdir()
    (folder / "stat").write_text("7 (a (strange) one) S 1")
    for told in ("0 0 0\n", "", "what\n"):
        (folder / "schedstat").write_text(told)
        assert turns_of(7, tmp_path) is None and Standstill(lambda pid: turns_of(pid, tmp_path)).looks(7) == 0
    (folder / "schedstat").write_text("5 1500000000 3\n")
    assert turns_of(7, tmp_path) == Turns("S", 3, 1.5) and turns_of(8, tmp_path) is None
