"""Motions for faults to fall into: a move of the base, and a goal that is pursued."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

from f2p.clock import SystemClock
from f2p.errors import UNFORESEEN, F2pError
from f2p.loop.achieve import Stage
from f2p.robot.protocol import TRANSLATE, Motion
from f2p.ros.remote.goal import GoalResult
from f2p.ros.remote.guard import GuardClient
from f2p.ros.session.motions import MotionWatch

DRIVE = "drive"
"""The phase that no skill has: a move of the base."""

WAY_M = 0.6
"""How far the base is sent [m]: longer than a fault is away."""

UNDER_WAY_M = 0.05
"""The fault comes after this way [m]."""

BEGUN_S = 150.0
"""Longest wait for a phase [s]: looking and planning come before it."""


class Mover(Protocol):
    """Something that moves the robot, on a thread of its own."""

    why: str
    """What it said of its end; empty where it went well, or goes on."""

    @property
    def ended_s(self) -> float:
        """When it ended, as stamps count [s]; infinite while it goes on."""

    def begun(self) -> bool:
        """Wait until it moves as wanted; False when it ended before."""

    def over(self, within_s: float) -> int | None:
        """Wait for its end; its code, None where it does not end."""

    def looks(self, at_s: float) -> bool:
        """Tell whether what began at a time was a look, which a goal that goes on may begin with."""


class _Threaded:
    """A job on a thread, and its end."""

    def __init__(self, job: Callable[[], tuple[int, str]], motions: MotionWatch) -> None:
        self._job, self._motions, self._end, self._ended = job, motions, UNFORESEEN, threading.Event()
        self.ended_s, self.why = float("inf"), ""
        self._thread = threading.Thread(target=self._run, name="f2p-mover", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._end, self.why = self._job()
        except F2pError as error:
            self._end, self.why = error.code, str(error)
        finally:
            self.ended_s = self._motions.now_s()
            self._ended.set()

    def over(self, within_s: float) -> int | None:
        """Return its code, None where it does not end."""
        return self._end if self._ended.wait(timeout=within_s) else None

    def waited(self, condition: Callable[[], bool], within_s: float) -> bool:
        """Wait for a condition; False when the job ended, or time is up, before it held."""
        clock = SystemClock()
        until_s = clock.monotonic_s() + within_s
        while not condition():
            if self._ended.wait(timeout=0.01) or clock.monotonic_s() > until_s:
                return False
        return not self._ended.is_set()


class BaseMover(_Threaded):
    """Moves the base to and fro, under a lease of autonomy as a skill does."""

    def __init__(self, robot: GuardClient, motions: MotionWatch, speed: float) -> None:
        self._start = motions.base_x()
        way = -WAY_M if self._start > 0.0 else WAY_M

        def drive() -> tuple[int, str]:
            with robot.leased():
                robot.move(Motion((TRANSLATE,), (way,), (speed,)))
            return 0, ""

        super().__init__(drive, motions)

    def begun(self) -> bool:
        """Wait until it is under way."""
        return self.waited(
            lambda: abs(self._motions.base_x() - self._start) > UNDER_WAY_M and self._motions.moving(), 40.0
        )

    def looks(self, at_s: float) -> bool:
        """Never: nobody looks."""
        return False


class GoalMover(_Threaded):
    """Pursues a goal, until a phase of its skill."""

    def __init__(
        self, ask: Callable[[Callable[[str, float, str], None]], GoalResult], motions: MotionWatch, phase: str
    ) -> None:  # fmt: skip
        self._phase = phase
        self._stages: list[tuple[float, str, str]] = []

        def pursue() -> tuple[int, str]:
            result = ask(self._on_progress)
            return result.error_code, result.error_msg

        super().__init__(pursue, motions)

    def _on_progress(self, stage: str, _elapsed_s: float, detail: str) -> None:
        self._stages.append((self._motions.now_s(), stage, detail))

    def begun(self) -> bool:
        """Wait until the phase is told, and something moves."""
        return self.waited(
            lambda: any(detail.endswith(f": {self._phase}") for _, _, detail in self._stages)
            and self._motions.moving(), BEGUN_S,
        )  # fmt: skip

    def looks(self, at_s: float) -> bool:
        """Tell whether it looked around then."""
        before = [stage for when, stage, _ in self._stages if when <= at_s]
        return bool(before) and before[-1] == Stage.PERCEIVE
