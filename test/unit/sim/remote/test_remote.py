"""A simulation in another process does what it would do here, and whatever its worker does wrong ends in one line."""

from __future__ import annotations

import os
import shlex
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from f2p.evaluate.experiment import NOT_TAUGHT
from f2p.sim.errors import (
    SimulatorMissingError,
    WorkerAnswerError,
    WorkerError,
    WorkerLateError,
    WorkerLostError,
    WorkerRefusedError,
    WorkerVersionError,
)
from f2p.sim.isaacgym import NOTICE, IsaacGymSimulator
from f2p.sim.mujoco import MujocoSimulator
from f2p.sim.mujoco_worker import COMMAND, MujocoWorkerSimulator
from f2p.sim.remote.process import WorkerConfig
from f2p.sim.remote.wire import VERSION
from f2p.sim.world import World
from f2p.types import SkillCall


@dataclass
class Faulty:
    """A simulator with a worker that does something wrong."""

    simulator: MujocoWorkerSimulator
    started: Path

    @property
    def starts(self) -> int:
        """How many workers there were."""
        return len(self.started.read_text())


def faulty(fault: str, folder: Path, start_s: float = 30.0, answer_s: float = 30.0) -> Faulty:
    program, started = Path(__file__).with_name("faulty_worker.py"), folder / "started"
    command = shlex.join((sys.executable, str(program), fault, str(started)))
    config = WorkerConfig(command=command, start_s=start_s, answer_s=answer_s)
    return Faulty(MujocoWorkerSimulator(worker=config), started)


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def settle(simulator: MujocoWorkerSimulator, world: World) -> list[bool]:
    return simulator.settle(world.bodies, np.repeat(world.poses[None], 2, axis=0))[1].tolist()


def test_it_means_the_same_as_in_this_process(packed: World) -> None:
    """Clouds, labels and seeds are ours; only velocities at the start of a call do not travel."""
    poses = np.repeat(packed.poses[None], 2, axis=0)
    moves = (("box", [0.0, -1.0, 0.0, 0.5]), ("object_1", [0.0, -0.4, 0.0, 0.0]))
    calls = [SkillCall("pick_place", name, parameter) for name, parameter in moves]
    here, there = MujocoSimulator(), MujocoWorkerSimulator()
    both = (simulator.simulate(packed.bodies, poses, calls, 4).kept for simulator in (here, there))
    for one, other in zip(*both, strict=True):
        assert other.displacements == pytest.approx(one.displacements, abs=0.02)
        assert np.mean(one.relations_after.binary != other.relations_after.binary) < 0.05
        for a, b in zip(one.before.segments, other.before.segments, strict=True):
            assert abs(len(a.points) - len(b.points)) < 20
    seen, told = here.observe(packed, 3), there.observe(packed, 3)
    assert all(np.array_equal(a.points, b.points) for a, b in zip(seen.segments, told.segments, strict=True))
    assert np.array_equal(here.relations(packed).binary, there.relations(packed).binary)


def test_looking_starts_no_worker(packed: World, tmp_path: Path) -> None:
    one = faulty("ends", tmp_path)
    one.simulator.observe(packed, 0)
    one.simulator.relations(packed)
    assert not one.started.exists()


def test_a_worker_that_dies_in_a_batch_is_replaced_and_asked_the_same(
    packed: World, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = faulty("dies_once", tmp_path)
    assert settle(one.simulator, packed) == [True, True]
    assert one.starts == 2
    assert "ended with code 7 during a batch; it said last: PhysX: out of memory; another is asked" in caplog.text


@pytest.mark.parametrize(
    ("fault", "kind", "says", "starts"),
    [
        ("ends", WorkerLostError, "ended with code 3 before it called; it said last: no GPU here", 2),
        ("dies", WorkerLostError, "ended with code 7 during a batch; it said last: PhysX: out of memory", 2),
        ("silent", WorkerLateError, "did not call within 4 s and was ended", 1),
        ("wrong_token", WorkerLateError, "did not call within 4 s and was ended", 1),
        ("wrong_version", WorkerVersionError, f"speaks version 99 of the protocol, f2p speaks {VERSION}", 1),
        ("sleeps", WorkerLateError, "did not finish a batch within 1 s and was ended", 1),
        ("nonsense", WorkerAnswerError, "a message starts with", 1),
        ("huge", WorkerAnswerError, "header of 4294967295 bytes is too large", 1),
        ("other_size", WorkerAnswerError, r"\(2, \d\) runs and bodies were asked for, \(1, \d\) came", 1),
        ("not_finite", WorkerAnswerError, "positions is not finite", 1),
        ("refuses", WorkerRefusedError, "could not simulate: RuntimeError: cannot create an actor", 1),
    ],
)
def test_what_goes_wrong_is_one_line_with_a_code(
    packed: World, tmp_path: Path, fault: str, kind: type[WorkerError], says: str, starts: int
) -> None:
    slow = fault in ("silent", "wrong_token")
    one = faulty(fault, tmp_path, 4.0 if slow else 30.0, 1.0 if fault == "sleeps" else 30.0)
    with pytest.raises(kind, match=says) as caught:
        settle(one.simulator, packed)
    assert caught.value.code and "\n" not in str(caught.value)
    assert one.starts == starts
    assert not isinstance(caught.value, NOT_TAUGHT), "it would count against the learner"


def test_strangers_are_not_spoken_to(packed: World, tmp_path: Path) -> None:
    assert settle(faulty("strangers_first", tmp_path).simulator, packed) == [True, True]


def test_after_a_refusal_the_same_worker_goes_on_and_after_an_error_another(packed: World, tmp_path: Path) -> None:
    one = faulty("refuses", tmp_path)
    for _ in range(2):
        with pytest.raises(WorkerRefusedError):
            settle(one.simulator, packed)
    assert one.starts == 1
    (tmp_path / "other").mkdir()
    two = faulty("not_finite", tmp_path / "other")
    for _ in range(2):
        with pytest.raises(WorkerAnswerError):
            settle(two.simulator, packed)
    assert two.starts == 2


def test_a_worker_ends_with_its_simulator(packed: World) -> None:
    simulator = MujocoWorkerSimulator()
    settle(simulator, packed)
    pid = simulator._engine._worker.pid  # type: ignore[attr-defined]
    assert alive(pid)
    del simulator
    until = time.monotonic() + 10.0
    while alive(pid) and time.monotonic() < until:
        time.sleep(0.05)
    assert not alive(pid)


@pytest.mark.parametrize("command", ["", "no-such-program --fast", "'not closed"])
def test_a_simulator_that_is_not_installed_says_so_before_anything_is_computed(command: str) -> None:
    with pytest.raises(SimulatorMissingError, match=r"'isaacgym' is not installed here: .*docker/isaacgym/README\.md"):
        IsaacGymSimulator(worker=WorkerConfig(command=command))


def test_isaac_gym_is_never_started_without_saying_that_it_was_not_tried(
    packed: World, caplog: pytest.LogCaptureFixture
) -> None:
    settle(IsaacGymSimulator(worker=WorkerConfig(command=COMMAND)), packed)
    assert NOTICE in caplog.text and "not run on Isaac Gym" in NOTICE
