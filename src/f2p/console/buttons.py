"""The buttons: what each is called, what it does in words, and which is the opposite of which."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Press(str, Enum):
    """What can be pressed; the value names it on the wire and in the record."""

    HOLD = "hold"
    PAUSE = "pause"
    TAKE_OVER = "take over"
    RESUME = "resume"
    DONE = "step is done"
    SKIP = "skip step"
    GIVE_UP = "give up"
    UNLATCH = "clear latch"
    LOOK = "look again"
    RUN = "run goal"
    CANCEL = "cancel goal"
    APPROVE = "approve"
    REFUSE = "refuse"
    ROLL_BACK = "roll back"
    MARK = "mark"
    RECORD = "record"
    STOP_RECORD = "stop recording"

    __str__ = str.__str__


@dataclass(frozen=True)
class ButtonFacts:
    """What is known of one."""

    label: str
    hint: str
    """What it does, for who hovers over it, and for the documentation."""
    opposites: frozenset[Press] = frozenset()
    """It yields to these, when another operator pressed one of them just now."""
    of_holder: bool = False
    """Whether only who took the robot may press it while he has it."""


_STOPS = frozenset({Press.HOLD, Press.PAUSE, Press.TAKE_OVER})

FACTS: dict[Press, ButtonFacts] = {
    Press.HOLD: ButtonFacts("Hold", "Stops whatever moves, at once, and keeps it standing under this lease."),
    Press.PAUSE: ButtonFacts("Pause", "Takes the robot and lets it stand; a goal that is pursued waits until Resume."),
    Press.TAKE_OVER: ButtonFacts(
        "Take over", "Takes the robot for you, also from who has it at this console; drive it with the buttons below."
    ),
    Press.RESUME: ButtonFacts(
        "Resume", "Gives the robot back: the stack looks again and plans afresh.", _STOPS, of_holder=True
    ),
    Press.DONE: ButtonFacts("Step is done", "Gives it back: the step counts as done, go on after it.",
                             _STOPS, of_holder=True),
    Press.SKIP: ButtonFacts("Skip step", "Gives it back: leave the step out, go on after it.", _STOPS, of_holder=True),
    Press.GIVE_UP: ButtonFacts("Give up", "Gives it back and ends the goal.", of_holder=True),
    Press.UNLATCH: ButtonFacts(
        "Clear latch", "After the runstop, once it is released: the guard takes motions again.", _STOPS
    ),
    Press.LOOK: ButtonFacts("Look again", "The robot takes its looking posture; the scene is seen afresh.", _STOPS),
    Press.RUN: ButtonFacts("Run", "Pursues the goal above: perceive, plan, execute, check, learn, again.",
                            _STOPS | {Press.CANCEL}),
    Press.CANCEL: ButtonFacts("Cancel", "Takes back the goal that was run from here; the robot stops."),
    Press.APPROVE: ButtonFacts("Approve", "Puts the weights that wait into service, once they are proven.",
                                frozenset({Press.REFUSE, Press.ROLL_BACK})),
    Press.REFUSE: ButtonFacts("Refuse", "Sends the weights that wait away.", frozenset({Press.APPROVE})),
    Press.ROLL_BACK: ButtonFacts("Roll back", "Puts the weights before these back into service.",
                                  frozenset({Press.APPROVE})),
    Press.MARK: ButtonFacts("Mark", "Records the minute before this moment and the quarter after it."),
    Press.RECORD: ButtonFacts("Record", "Records from now on, the minute before included.",
                               frozenset({Press.STOP_RECORD})),
    Press.STOP_RECORD: ButtonFacts("Stop recording", "Ends what Record began.", frozenset({Press.RECORD})),
}  # fmt: skip
"""Of all buttons. What stops the robot yields to nothing."""
