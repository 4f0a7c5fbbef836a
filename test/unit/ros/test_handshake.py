"""The stop handshake on an arm without ROS: it passes an arm that stops, and no arm that goes on."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

import pytest

from f2p.clock import SystemClock
from f2p.robot.errors import MotionCancelledError, StaleStateError
from f2p.robot.protocol import ARM, Ending, JointState, Motion, RobotState
from f2p.ros.session.handshake import Handshake, HandshakeConfig

CONFIG = HandshakeConfig(watched_s=1.0, settled_s=0.1, patience_s=5.0)
FASTER = 120.0


class Arm:
    """An arm that goes on after some of the ways to stop it."""

    def __init__(self, deaf_to: str = "") -> None:
        self.at, self.speed, self.deaf_to, self.leases = 0.0, 0.0, deaf_to, 0
        self.stopped, self.pressed, self.silent = threading.Event(), threading.Event(), 2

    @contextlib.contextmanager
    def leased(self) -> Iterator[None]:
        self.leases += 1
        yield
        self.leases -= 1

    def state(self) -> RobotState:
        if self.pressed.is_set() and self.silent:
            self.silent -= 1
            raise StaleStateError("silent")
        return RobotState({ARM: JointState(self.at, self.speed, 0.0)}, (0.0, 0.0, 0.0), False, 0.0)

    def halted(self, cancelled: bool) -> bool:
        ways = {"cancel": cancelled, "stop": self.stopped.is_set(), "lease": not self.leases,
                "button": self.pressed.is_set()}  # fmt: skip
        return any(told for way, told in ways.items() if way != self.deaf_to)

    def move(self, motion: Motion, cancelled: object) -> Ending:
        self.stopped.clear()
        (target,), (speed,) = motion.targets, motion.speeds
        self.speed = speed
        while abs(self.at - target) > 1e-9:
            threading.Event().wait(timeout=0.005)
            if self.halted(cancelled()):
                self.speed = 0.0
                raise MotionCancelledError
            step = min(0.005 * speed * FASTER / 10.0, abs(target - self.at))
            self.at += step if target > self.at else -step
        self.speed = 0.0
        return Ending.REACHED

    def stop(self) -> None:
        self.stopped.set()


@pytest.mark.parametrize("deaf_to", ["", "button"])
def test_every_way_to_stop_is_tried_and_one_that_does_not_stop_is_told(deaf_to: str) -> None:
    arm = Arm(deaf_to)
    made = Handshake(arm, CONFIG, SystemClock(), arm.pressed.set, arm.pressed.clear)
    trials = {trial.kind: trial for trial in made.trials()}
    assert list(trials) == ["cancel", "stop", "lease", "button"]
    assert {kind for kind, trial in trials.items() if not trial.ok} == ({deaf_to} if deaf_to else set())
    assert all(trial.travel < 0.01 for kind, trial in trials.items() if kind != deaf_to)
    assert arm.at == pytest.approx(0.0), "the arm is in again"
