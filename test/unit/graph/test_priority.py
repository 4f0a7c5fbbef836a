"""Priorities: what is said where one is refused, and that one counts between sessions too."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from f2p.graph import priority

TOLD = "from f2p.graph.priority import GROUP, take_priority; take_priority(4); print(GROUP.read_text())"
grouping = pytest.mark.skipif(not priority.GROUP.exists(), reason="this kernel does not group by sessions")


def test_a_priority_that_is_refused_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """As an ordinary user the guard ran beside everything else, and nobody knew."""

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", refuse)
    told = priority.take_priority(-10)
    assert "instead of" in told and "/etc/security/limits.d" in told and "\n" not in told


def test_a_priority_that_is_given_is_not_talked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(os, "setpriority", lambda _which, _who, nice: asked.append(nice))
    monkeypatch.setattr(os, "getpriority", lambda _which, _who: 3)
    monkeypatch.setattr(priority, "GROUP", Path("no such file"))
    assert not priority.take_priority(-10) and asked == [-7]


def group_after(session: bool) -> str:
    """The line of the kernel about the group of a process that took 4."""
    done = subprocess.run([sys.executable, "-c", TOLD], capture_output=True, text=True, timeout=60, check=True,
                          start_new_session=session)  # fmt: skip
    return done.stdout


@grouping
def test_a_process_with_a_session_of_its_own_has_that_weighed_too() -> None:
    """Each process of a supervisor leads a session: the guard at -10 and the learner at 5 got the same share."""
    assert group_after(session=True).split()[-1] == str(os.getpriority(os.PRIO_PROCESS, 0) + 4)


@grouping
def test_a_process_among_others_leaves_their_session_as_it_was() -> None:
    before = Path("/proc/self/autogroup").read_text()
    assert group_after(session=False) == before + "\n"


def test_a_kernel_that_has_no_time_for_it_is_asked_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Ten processes begin at once, and without a right one group is weighed every 0.1 s."""

    class Busy:
        """Refuses twice."""

        asked = 0

        def write_text(self, _text: str) -> None:
            self.asked += 1
            if self.asked < 3:
                raise BlockingIOError

    busy = Busy()
    monkeypatch.setattr(priority, "GROUP", busy)
    monkeypatch.setattr(priority, "PAUSE_S", 0.0)
    monkeypatch.setattr(os, "getsid", lambda _pid: os.getpid())
    assert not priority.take_priority(0) and busy.asked == 3
