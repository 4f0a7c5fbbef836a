"""The keyboard: bytes of a terminal to keys, and what each key means.

The letters are those of Stretch's own keyboard teleop (stretch.md 4), where it has them.
"""

from __future__ import annotations

from f2p.robot.protocol import (
    ARM,
    FINGER,
    HEAD_PAN,
    HEAD_TILT,
    LIFT,
    ROTATE,
    TRANSLATE,
    WRIST_PITCH,
    WRIST_ROLL,
    WRIST_YAW,
)
from f2p.teleop.wish import Order, Speed

MOTIONS: dict[str, tuple[str, int]] = {
    "up": (TRANSLATE, 1), "down": (TRANSLATE, -1), "left": (ROTATE, 1), "right": (ROTATE, -1),
    "4": (TRANSLATE, 1), "6": (TRANSLATE, -1), "7": (ROTATE, 1), "9": (ROTATE, -1),
    "8": (LIFT, 1), "2": (LIFT, -1), "w": (ARM, 1), "x": (ARM, -1),
    "a": (WRIST_YAW, 1), "d": (WRIST_YAW, -1), "c": (WRIST_PITCH, -1), "v": (WRIST_PITCH, 1),
    "o": (WRIST_ROLL, 1), "p": (WRIST_ROLL, -1), "0": (FINGER, 1), "5": (FINGER, -1),
    "i": (HEAD_TILT, 1), ",": (HEAD_TILT, -1), "j": (HEAD_PAN, 1), "l": (HEAD_PAN, -1),
}  # fmt: skip
"""Joint and direction of each key that moves something, for as long as it repeats."""

SPEEDS = {"s": Speed.SLOW, "m": Speed.MEDIUM, "b": Speed.FAST}

STOPS = frozenset({"space", "escape"})
"""Take the robot and have it stand."""

ORDERS = {
    "r": Order.RESUME, "y": Order.DONE, "k": Order.SKIP, "G": Order.GIVE_UP, "u": Order.UNLATCH, "q": Order.QUIT,
    "ctrl-c": Order.QUIT, "ctrl-d": Order.QUIT,
}  # fmt: skip

HELP = (
    "hold a key to move, let go to stop.  base arrows or 4 6 7 9  lift 8 2  arm w x  wrist a d (yaw) c v (pitch) "
    "o p (roll)  gripper 0 opens 5 closes  head i , j l\n"
    "speed s slow, m medium, b fast.  space takes the robot and stops it.  r gives it back: the stack looks again and "
    "plans afresh\n"
    "y this step is done, go on  k skip this step  G give the goal up  u clear the latch after the "
    "runstop  q quit, and give nothing back"
)
"""For people."""

_ESCAPES = {
    "[A": "up", "[B": "down", "[C": "right", "[D": "left", "OA": "up", "OB": "down", "OC": "right", "OD": "left",
}  # fmt: skip
_NAMED = {" ": "space", "\x03": "ctrl-c", "\x04": "ctrl-d"}


def keys_of(data: bytes) -> list[str]:
    """Return the keys that some bytes of a terminal are; what is none of ours comes as itself, and means nothing."""
    text, out = data.decode("utf-8", "ignore"), []
    while text:
        if text[0] == "\x1b":
            arrow = _ESCAPES.get(text[1:3])
            out.append(arrow or "escape")
            text = text[3:] if arrow else _after_escape(text)
        else:
            out.append(_NAMED.get(text[0], text[0]))
            text = text[1:]
    return out


def _after_escape(text: str) -> str:
    """Return what follows an escape sequence that is no arrow: its letters are not keys that somebody pressed."""
    if text[1:2] not in ("[", "O"):
        return text[1:]
    end = next((index for index, one in enumerate(text[2:], 2) if "@" <= one <= "~"), len(text) - 1)
    return text[end + 1 :]
