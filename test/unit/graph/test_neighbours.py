"""A process of this machine that was killed or stopped is told at once; of others nothing is said."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from f2p.graph.neighbours import Neighbours
from f2p.graph.places import comm

NAMES_ITSELF = f"from pathlib import Path; Path('/proc/self/comm').write_text({comm('executor')!r}); print(); input()"


@pytest.fixture
def child() -> Iterator[subprocess.Popen[str]]:
    """A process that is called as one of the graph."""
    made = subprocess.Popen(
        [sys.executable, "-c", NAMES_ITSELF], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert made.stdout is not None
    made.stdout.readline()
    yield made
    made.kill()
    made.wait(timeout=10)


def becomes(neighbours: Neighbours, pid: int, gone: bool) -> bool:
    """Look for a second at most; a signal takes effect in a moment."""
    for _ in range(100):
        if neighbours.gone("executor", pid) is gone:
            return True
        threading.Event().wait(timeout=0.01)
    return False


def test_a_process_is_told_stopped_running_again_and_killed_before_anybody_waits_for_it(
    child: subprocess.Popen[str],
) -> None:
    neighbours = Neighbours()
    assert not neighbours.gone("executor", child.pid), "found"
    for number, gone in ((signal.SIGSTOP, True), (signal.SIGCONT, False), (signal.SIGKILL, True)):
        os.kill(child.pid, number)
        assert becomes(neighbours, child.pid, gone), number
    child.wait(timeout=10)
    assert neighbours.gone("executor", child.pid), "nor once it is a zombie no more"


def process(folder: Path, pid: int, name: str, began: int) -> None:
    """A process as the kernel tells of it."""
    (folder / str(pid)).mkdir(exist_ok=True)
    (folder / str(pid) / "stat").write_text(f"{pid} ({name}) S " + "0 " * 18 + f"{began} 0\n")


def test_a_number_that_is_another_process_by_now_is_gone_and_of_who_is_not_here_nothing_is_said(tmp_path: Path) -> None:
    """On another machine, or in another container, the number is nobody's here, or somebody else's."""
    neighbours = Neighbours(tmp_path)
    for pid in (0, 7):
        assert not neighbours.gone("executor", pid)
    process(tmp_path, 7, "a (strange) one", 1)
    assert not neighbours.gone("executor", 7)
    process(tmp_path, 8, comm("executor"), 100)
    assert not neighbours.gone("executor", 8)
    process(tmp_path, 8, comm("executor"), 200)
    assert neighbours.gone("executor", 8)
    process(tmp_path, 9, comm("executor"), 300)
    assert not neighbours.gone("executor", 9), "its successor"
    (tmp_path / "9" / "stat").write_text("9 (")
    assert neighbours.gone("executor", 9)
