"""`f2p teleop` through a pseudo-terminal: takes the robot in the middle of a motion, gives it back, is cut off."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from rclpy.node import Node

from f2p.errors import F2pError
from f2p.guard.leases import Rank
from f2p.loop.errors import UnclearFailureError
from f2p.loop.operator import Choice, Plea
from f2p.robot.errors import TakenOverError
from f2p.robot.protocol import HEAD_PAN, LIFT, TRANSLATE, Ending, Motion
from f2p.ros.base import qos
from f2p.ros.remote.asking import AskedOperator, place_text
from f2p.ros.remote.goal import spinning
from f2p_msgs.msg import OperatorWord

from .test_guard_node import Rig

UP_S = 150.0
"""Longest start of a process on a busy machine [s]."""


class Person:
    """`f2p teleop` in a pseudo-terminal, and fingers."""

    def __init__(self, processes: object) -> None:
        self.master, self.terminal = pty.openpty()
        self.before = termios.tcgetattr(self.terminal)
        self.child = subprocess.Popen(
            (sys.executable, "-m", "f2p", "teleop", "--set", "silent_s=4", "--set", "hands.key_after_s=0.4"),
            stdin=self.terminal, stdout=self.terminal, stderr=self.terminal, cwd=processes.folder,
        )  # fmt: skip
        processes.children[f"teleop-{id(self)}"] = self.child
        self.seen, self.gone = "", threading.Event()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while not self.gone.is_set():
                if select.select([self.master], [], [], 0.05)[0]:
                    self.seen += os.read(self.master, 4096).decode("utf-8", "replace")

    def cut(self) -> None:
        """Take the terminal away; whoever still reads would keep it."""
        self.gone.set()
        self.reader.join(timeout=5.0)
        os.close(self.terminal)
        os.close(self.master)

    def press(self, keys: bytes) -> None:
        os.write(self.master, keys)

    @contextlib.contextmanager
    def holding(self, key: bytes) -> Iterator[None]:
        """A key that repeats as a terminal repeats it."""
        let_go = threading.Event()

        def repeat() -> None:
            with contextlib.suppress(OSError):
                while not let_go.wait(timeout=0.033):
                    os.write(self.master, key)

        thread = threading.Thread(target=repeat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            let_go.set()
            thread.join(timeout=5.0)


class Scene:
    """A guard on a driver whose joints take their time, somebody who moves by itself, and who listens to operators."""

    def __init__(self, rig: Rig, node: Node) -> None:
        self.rig, self.words = rig, []
        self.operator = AskedOperator(node)
        node.create_subscription(OperatorWord, "operator", self.words.append, qos.STATE)
        rig.up("--rolls", "0.05")

    def log(self) -> str:
        return self.rig.processes.log("driver")

    def autonomy(self) -> tuple[threading.Thread, list[Exception]]:
        """A long motion under a lease of autonomy, and how it ended."""
        ends: list[Exception] = []

        def move() -> None:
            try:
                with self.rig.robot.leased():
                    self.rig.robot.move(Motion((LIFT,), (0.9,)))
            except F2pError as error:
                ends.append(error)

        thread = threading.Thread(target=move, daemon=True)
        thread.start()
        self.rig.until(lambda: "STEP" in self.log(), 30, "autonomy moves")
        return thread, ends


@pytest.fixture
def beside(processes: object, until: Callable[..., float]) -> Iterator[Scene]:
    with spinning("test_teleop") as node:
        yield Scene(Rig(node, processes, until), node)


def twists(log: str) -> list[float]:
    return [float(one) for one in re.findall(r"^TWIST (\S+)", log, re.MULTILINE)]


def test_it_takes_over_in_the_middle_of_a_motion_and_gives_back_and_a_dead_terminal_stops(beside: Scene) -> None:
    until, processes = beside.rig.until, beside.rig.processes
    person = Person(processes)
    until(lambda: "autonomy" in person.seen, UP_S, "the line says who has the robot")
    until(lambda: bool(beside.operator.places), 30, "somebody can be asked")
    assert beside.operator.places == (place_text(f"f2p_teleop_{person.child.pid}"),)
    assert not beside.operator.takeovers
    mover, ends = beside.autonomy()

    with person.holding(b"8"):
        until(lambda: bool(ends), 10, "the motion ends")
        assert isinstance(ends[0], TakenOverError)
        steps = beside.log().count("STEP")
        until(lambda: beside.log().count("STEP") > steps + 1, 10, "the lift moves by hand")
    mover.join(timeout=10)
    after = beside.log()
    until(lambda: beside.log().count("STOP") > after.count("STOP"), 10, "letting go stops")
    first = re.search(r"STOP(?!.*STOP.*STEP)", after, re.DOTALL)
    assert first is not None, "autonomy was stopped before the operator's first step"
    lifts = [step[LIFT] for step in beside.rig.steps() if LIFT in step]
    assert max(abs(b - a) for a, b in pairwise(lifts)) < 0.11, "nothing jumped"
    assert "operator: you" in person.seen and beside.operator.takeovers == 1

    with person.holding(b"\x1b[A"):
        until(lambda: any(one > 0.0 for one in twists(beside.log())), 20, "the base drives")
    until(lambda: twists(beside.log())[-1] == 0.0, 10, "and stands")
    assert not beside.words, "nothing is given back by letting go"

    person.press(b"r")
    until(lambda: bool(beside.words), 15, "the hand-back")
    driven = dict(zip(beside.words[0].joints, beside.words[0].driven, strict=True))
    assert beside.words[0].choice == OperatorWord.RESUME and driven[LIFT] > 0.0 and driven[TRANSLATE] > 0.0
    assert beside.operator.bound(lambda: False, 5.0) is not None
    with beside.rig.robot.leased():
        assert beside.rig.robot.move(Motion((HEAD_PAN,), (0.06,))) is Ending.REACHED, "autonomy has it again"

    asked = Asking(beside.operator)
    until(lambda: "HELP: it is unclear" in person.seen, 10, "the call for help is shown")
    person.press(b"y")
    assert asked.answer(10) is Choice.DONE

    person.press(b"q")
    assert person.child.wait(timeout=20) == 0
    assert termios.tcgetattr(person.terminal) == person.before
    cut_off(beside, Person(processes))


class Asking:
    """A call for help on a thread, as the loop's worker makes it."""

    def __init__(self, operator: AskedOperator) -> None:
        self._said: list[Choice | None] = []
        bound = operator.bound(lambda: False, 30.0)
        self._thread = threading.Thread(
            target=lambda: self._said.append(bound.ask(Plea(UnclearFailureError("it is unclear")))), daemon=True
        )
        self._thread.start()

    def answer(self, within_s: float) -> Choice | None:
        self._thread.join(timeout=within_s)
        return self._said[0]


def cut_off(beside: Scene, person: Person) -> None:
    """The terminal goes away with a key held: the robot stands, and nothing was given back."""
    until, words = beside.rig.until, len(beside.words)
    until(lambda: "autonomy" in person.seen, UP_S, "the line says who has the robot")
    count = len(twists(beside.log()))
    with person.holding(b"\x1b[B"):
        until(lambda: any(one < 0.0 for one in twists(beside.log())[count:]), 20, "the base drives")
        stops = beside.log().count("STOP")
        person.cut()
        assert person.child.wait(timeout=20) == 1
    until(lambda: twists(beside.log())[-1] == 0.0 and beside.log().count("STOP") > stops, 10, "it stands")
    assert len(beside.words) == words and beside.operator.takeovers == 2
    until(lambda: beside.rig.robot.guard_state.mode == Rank.AUTONOMY.name.lower(), 15, "the lease is over")
