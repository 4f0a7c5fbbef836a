"""Where the buttons arrive: one at a time of a kind, no two operators against each other, all of it noted."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from datetime import datetime

from f2p.clock import Clock, SystemClock
from f2p.console.buttons import FACTS, Press
from f2p.console.errors import NotNowError, OpposedError
from f2p.errors import F2pError

OPPOSED_S = 3.0
"""How long after one operator's button another's opposite is refused [s] (ours: one sees by then what was pressed)."""

KEPT = 30
"""Notes that are shown (ours)."""

TAKES = frozenset({Press.HOLD, Press.PAUSE, Press.TAKE_OVER})
"""After these the robot is the presser's."""

GIVES = frozenset({Press.RESUME, Press.DONE, Press.SKIP, Press.GIVE_UP})
"""After these it is nobody's here."""


class Desk:
    """Takes presses from any thread; each is done on the thread that brings it.

    Args:
        jobs: What each button does, for whom (an operator's name); returns what was done, in words.
        clock: Order of the presses.
    """

    def __init__(self, jobs: Mapping[Press, Callable[[str], str]], clock: Clock | None = None) -> None:
        self._jobs, self._clock = jobs, clock or SystemClock()
        self._lock = threading.Lock()
        self._pressed: dict[Press, tuple[str, float]] = {}
        self._doing: dict[Press, str] = {}
        self._notes: deque[str] = deque(maxlen=KEPT)
        self._holder = ""

    @property
    def notes(self) -> tuple[str, ...]:
        """What was pressed, by whom, and what came of it; newest first."""
        with self._lock:
            return tuple(self._notes)

    @property
    def holder(self) -> str:
        """The operator of this console who has the robot; empty where none has."""
        return self._holder

    @property
    def busy(self) -> bool:
        """Whether something that was pressed is being done."""
        return bool(self._doing)

    def note(self, text: str) -> None:
        """Add a note with the time."""
        with self._lock:
            self._notes.appendleft(f"{datetime.fromtimestamp(self._clock.stamp_ns() / 1e9):%H:%M:%S} {text}")

    def left(self, who: str) -> None:
        """Note that an operator's browser is gone: what he has, any other may give back."""
        if self._holder == who:
            self.note(f"{who} left and has the robot still: it stands until somebody resumes")
            self._holder = ""

    def press(self, button: Press, who: str) -> str:
        """Do what a button does.

        Raises:
            OpposedError: Another operator wants the opposite, or has the robot.
            NotNowError: It is being done already.
            F2pError: What the stack answers.
        """
        label = FACTS[button].label
        try:
            self._admit(button, who)
            try:
                done = self._jobs[button](who)
            finally:
                with self._lock:
                    self._doing.pop(button, None)
        except F2pError as error:
            self.note(f"{who}: {label}: error {error.code}: {error}")
            raise
        if button in TAKES:
            self._holder = who
        elif button in GIVES:
            self._holder = ""
        self.note(f"{who}: {label}: {done}")
        return done

    def _admit(self, button: Press, who: str) -> None:
        """Note the press. Raises OpposedError, NotNowError."""
        facts, now_s = FACTS[button], self._clock.monotonic_s()
        with self._lock:
            for other in facts.opposites:
                by, at_s = self._pressed.get(other, ("", float("-inf")))
                ago_s = now_s - at_s
                if by not in ("", who) and (ago_s < OPPOSED_S or other in self._doing):
                    raise OpposedError(
                        f"{by} pressed {FACTS[other].label} {ago_s:.0f} s ago, and {facts.label} is the opposite: "
                        "agree with each other, then press again"
                    )
            if facts.of_holder and self._holder not in ("", who):
                raise OpposedError(
                    f"{self._holder} has the robot, so only there it can be given back; "
                    "press Take over to have it instead"
                )
            if button in self._doing and button not in TAKES:
                raise NotNowError(f"{facts.label} is being done already, for {self._doing[button]}")
            self._pressed[button], self._doing[button] = (who, now_s), who
