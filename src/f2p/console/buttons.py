"""The buttons: what each is called, what it does in words, and which is the opposite of which."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Button(str, Enum):
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
    opposites: frozenset[Button] = frozenset()
    """It yields to these, when another operator pressed one of them just now."""
    of_holder: bool = False
    """Whether only who took the robot may press it while he has it."""


_STOPS = frozenset({Button.HOLD, Button.PAUSE, Button.TAKE_OVER})

FACTS: dict[Button, ButtonFacts] = {
    Button.HOLD: ButtonFacts("Hold", "Stops whatever moves, at once, and keeps it standing under this lease."),
    Button.PAUSE: ButtonFacts("Pause", "Takes the robot and lets it stand; a goal that is pursued waits until Resume."),
    Button.TAKE_OVER: ButtonFacts(
        "Take over", "Takes the robot for you, also from who has it at this console; drive it with the buttons below."
    ),
    Button.RESUME: ButtonFacts(
        "Resume", "Gives the robot back: the stack looks again and plans afresh.", _STOPS, of_holder=True
    ),
    Button.DONE: ButtonFacts("Step is done", "Gives it back: the step counts as done, go on after it.",
                             _STOPS, of_holder=True),
    Button.SKIP: ButtonFacts("Skip step", "Gives it back: leave the step out, go on after it.", _STOPS, of_holder=True),
    Button.GIVE_UP: ButtonFacts("Give up", "Gives it back and ends the goal.", of_holder=True),
    Button.UNLATCH: ButtonFacts(
        "Clear latch", "After the runstop, once it is released: the guard takes motions again.", _STOPS
    ),
    Button.LOOK: ButtonFacts("Look again", "The robot takes its looking posture; the scene is seen afresh.", _STOPS),
    Button.RUN: ButtonFacts("Run", "Pursues the goal above: perceive, plan, execute, check, learn, again.",
                            _STOPS | {Button.CANCEL}),
    Button.CANCEL: ButtonFacts("Cancel", "Takes back the goal that was run from here; the robot stops."),
    Button.APPROVE: ButtonFacts("Approve", "Puts the weights that wait into service, once they are proven.",
                                frozenset({Button.REFUSE, Button.ROLL_BACK})),
    Button.REFUSE: ButtonFacts("Refuse", "Sends the weights that wait away.", frozenset({Button.APPROVE})),
    Button.ROLL_BACK: ButtonFacts("Roll back", "Puts the weights before these back into service.",
                                  frozenset({Button.APPROVE})),
    Button.MARK: ButtonFacts("Mark", "Records the minute before this moment and the quarter after it."),
    Button.RECORD: ButtonFacts("Record", "Records from now on, the minute before included.",
                               frozenset({Button.STOP_RECORD})),
    Button.STOP_RECORD: ButtonFacts("Stop recording", "Ends what Record began.", frozenset({Button.RECORD})),
}  # fmt: skip
"""Of all buttons. What stops the robot yields to nothing."""
