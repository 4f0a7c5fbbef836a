"""The stop handshake: a slow arm move, each way to stop it, and what the encoders say of how far it went on.

What the driver's sources say of stopping was never seen on a robot (promises.md 0.1 to 0.4), so it is tried before
autonomy: through the guard, as a skill would move, with a person's hand on the button.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from f2p.clock import Clock
from f2p.errors import F2pError
from f2p.graph.errors import HandshakeError
from f2p.robot.errors import StaleStateError
from f2p.robot.protocol import ARM, Cancelled, Motion, RobotState
from f2p.settings import Settings, number

POLL_S = 0.02
"""How often the encoders are read [s]."""


class GuardedBody(Protocol):
    """What the handshake moves: a robot behind the guard."""

    def leased(self) -> AbstractContextManager[None]:
        """Hold the command lease."""

    def state(self) -> RobotState:
        """Return what the encoders say."""

    def move(self, motion: Motion, cancelled: Cancelled) -> Any:
        """Move and wait."""

    def stop(self) -> None:
        """Tell the guard to stop the robot."""


@dataclass(frozen=True)
class HandshakeConfig(Settings):
    """How the arm is moved, and what passes."""

    start: float = number(0.1, "extension from which the arm moves", unit="m", low=0.0, high=0.3)
    way: float = number(0.2, "how far it is sent", unit="m", low=0.1, high=0.2, source="promises.md 7")
    speed: float = number(0.05, "how fast", unit="m/s", low=0.02, high=0.1)
    stopped_after: float = number(0.05, "how far it has gone when it is stopped", unit="m", low=0.02, high=0.1)
    most_travel: float = number(0.05, "longest way after the stop", unit="m", low=0.005, high=0.05,
                                source="promises.md 6")  # fmt: skip
    still_speed: float = number(0.01, "speed that counts as standing", unit="m/s", low=0.001, high=0.05,
                                source="promises.md 4")  # fmt: skip
    watched_s: float = number(3.0, "how long it is watched after a stop", unit="s", low=1.0, high=30.0)
    settled_s: float = number(1.0, "standing between two trials", unit="s", low=0.1, high=10.0)
    patience_s: float = number(60.0, "longest wait for the arm, or for a person", unit="s", low=5.0, high=600.0)


@dataclass(frozen=True)
class StopTrial:
    """One way to stop."""

    kind: str
    ok: bool
    travel: float
    """Way of the arm from the moment of the stop to where it stood in the end [m]."""
    still_after_s: float
    """From that moment to standing [s]."""
    text: str


class Handshake:
    """Tries one way to stop after the other.

    Args:
        body: The guarded robot.
        config: Way, speed and limits.
        clock: Real time.
        press: Presses the runstop, or asks a person to, and returns once it is pressed; raises F2pError.
        release: Undoes that, and lets the guard resume.
    """

    def __init__(
        self, body: GuardedBody, config: HandshakeConfig, clock: Clock, press: Callable[[], None],
        release: Callable[[], None],
    ) -> None:  # fmt: skip
        self._body, self._config, self._clock = body, config, clock
        self._press, self._release, self._pause = press, release, threading.Event()

    def trials(self) -> Iterator[StopTrial]:
        """Yield how each way to stop went; the button is the last, and the arm is back in afterwards."""
        for kind in ("cancel", "stop", "lease", "button"):
            yield self._trial(kind)
            if kind == "button":
                self._release()
            self._settle()
        with self._body.leased():
            self._body.move(Motion((ARM,), (0.0,), (self._config.speed,)), lambda: False)

    def _trial(self, kind: str) -> StopTrial:
        config, told = self._config, threading.Event()
        with ThreadPoolExecutor(1) as pool:
            with self._body.leased():
                self._body.move(Motion((ARM,), (config.start,), (config.speed,)), told.is_set)
                motion = Motion((ARM,), (config.start + config.way,), (config.speed,))
                moving = pool.submit(self._body.move, motion, told.is_set)
                try:
                    self._until(moving, lambda: self._arm()[0] >= config.start + config.stopped_after)
                    if kind == "cancel":
                        told.set()
                    elif kind == "stop":
                        self._body.stop()
                    elif kind == "button":
                        self._press()
                except F2pError:
                    told.set()
                    raise
                if kind != "lease":
                    return self._watch(kind, moving)
            return self._watch(kind, moving)  # whoever commanded is gone: its lease is no longer renewed

    def _watch(self, kind: str, moving: Future) -> StopTrial:
        """Watch the arm after a stop."""
        config, began_s = self._config, self._clock.monotonic_s()
        start, still_s = self._arm()[0], 0.0
        while (passed := self._clock.monotonic_s() - began_s) < config.watched_s:
            self._pause.wait(timeout=POLL_S)
            if abs(self._arm()[1]) > config.still_speed:
                still_s = passed
        travel = abs(self._arm()[0] - start)
        reached = self._arm()[0] >= config.start + config.way - 0.01
        ended = "" if moving.done() else "; the motion has not ended"
        ok = travel <= config.most_travel and still_s < config.watched_s - 0.5 and not reached and not ended
        went = "and ran to its end" if reached else f"and stood after {still_s:.2f} s"
        return StopTrial(kind, ok, travel, still_s, f"went on for {travel * 1e3:.0f} mm {went}{ended}")

    def _settle(self) -> None:
        """Wait until the arm has stood for a while."""
        since = until = self._clock.monotonic_s()
        until += self._config.patience_s
        while (now := self._clock.monotonic_s()) < until and now - since < self._config.settled_s:
            self._pause.wait(timeout=POLL_S)
            if abs(self._arm()[1]) > self._config.still_speed:
                since = now

    def _until(self, moving: Future, there: Callable[[], bool]) -> None:
        until_s = self._clock.monotonic_s() + self._config.patience_s
        while not there():
            if moving.done():
                moving.result(timeout=0)  # raises what ended it
                raise HandshakeError("the arm was at its end before it could be stopped")
            if self._clock.monotonic_s() > until_s:
                raise HandshakeError(f"the arm has not moved as asked within {self._config.patience_s:.0f} s")
            self._pause.wait(timeout=POLL_S)

    def _arm(self) -> tuple[float, float]:
        """Return position and speed; waits where the driver is silent, as it is while the runstop waits for a goal."""
        until_s = self._clock.monotonic_s() + self._config.patience_s
        while True:
            try:
                joint = self._body.state().joints[ARM]
                return joint.position, joint.velocity
            except StaleStateError:
                if self._clock.monotonic_s() > until_s:
                    raise
