"""What latched a guard latches the one after it: only an operator clears it, never a respawn."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from f2p.graph.places import bring_up, runtime_file
from f2p.guard.errors import LatchedError
from f2p.guard.latch import Latch
from f2p.robot.protocol import LIFT, Motion

from .bench import Bench


def pressed(latch: Latch) -> Bench:
    """A guard whose runstop was pressed and released again."""
    bench = Bench(latch=latch)
    bench.state = replace(bench.state, runstopped=True)
    bench.run(0.1)
    bench.state = replace(bench.state, runstopped=False)
    return bench


def test_a_guard_in_place_of_a_latched_one_moves_nothing_until_an_operator_resumes(tmp_path: Path) -> None:
    """Killed while it was latched, it came back and moved, the button being released by then."""
    file = tmp_path / "latch.json"
    pressed(Latch(file, "one"))
    bench = Bench(latch=Latch(file, "one"))
    with pytest.raises(LatchedError, match="the runstop was pressed; only an operator"):
        bench.begin(Motion((LIFT,), (0.3,)))
    assert "the runstop was pressed" in bench.resume()
    bench.begin(Motion((LIFT,), (0.3,)))
    Bench(latch=Latch(file, "one")).begin(Motion((LIFT,), (0.3,)))
    assert not list(tmp_path.iterdir())


def test_another_bring_up_begins_without_and_so_does_a_file_that_is_none(tmp_path: Path) -> None:
    file = tmp_path / "latch.json"
    pressed(Latch(file, "one"))
    assert Latch(file, "another").why == ""
    for contents in ("", "{", "[]", '{"why": "x"}', '"\ud800"'.encode("utf-8", "surrogatepass").decode("latin-1")):
        file.write_text(contents)
        assert Latch(file, "one").why == ""


def test_a_latch_that_cannot_be_kept_holds_all_the_same_and_says_so(tmp_path: Path) -> None:
    said: list[str] = []
    bench = pressed(Latch(tmp_path / "none" / "latch.json", "one", said.append))
    with pytest.raises(LatchedError):
        bench.begin(Motion((LIFT,), (0.3,)))
    assert len(said) == 1 and "will not outlast this process" in said[0]
    bench.resume()


def test_two_robots_and_two_bring_ups_keep_apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("ROS_DOMAIN_ID", "5")
    files = {runtime_file("latch", "/f2p"), runtime_file("latch", "/left/f2p")}
    monkeypatch.setenv("ROS_DOMAIN_ID", "6")
    files.add(runtime_file("latch", "/f2p"))
    assert len(files) == 3 and {file.parent for file in files} == {tmp_path}
    assert bring_up() == bring_up() and bring_up().split()[0] == str(os.getppid())
