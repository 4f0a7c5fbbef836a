"""The line an operator looks at: who has the robot, how fast, where the joints are, what the stack asks."""

from __future__ import annotations

from collections.abc import Mapping

from f2p.robot.protocol import ARM, FINGER, HEAD_PAN, HEAD_TILT, LIFT, WRIST_PITCH, WRIST_ROLL, WRIST_YAW
from f2p.teleop.wish import Speed

SHORT = {
    LIFT: "lift", ARM: "arm", WRIST_YAW: "yaw", WRIST_PITCH: "pitch", WRIST_ROLL: "roll", FINGER: "grip",
    HEAD_PAN: "pan", HEAD_TILT: "tilt",
}  # fmt: skip


def status_line(who: str, speed: Speed, joints: Mapping[str, float], said: str, width: int) -> str:
    """Return one line of at most `width` characters; the joints are what is cut."""
    where = " ".join(f"{short} {joints[joint]:.2f}" for joint, short in SHORT.items() if joint in joints)
    text = " | ".join(part for part in (who, speed.name.lower(), said, where or "no joint states") if part)
    flat = "".join(one if one.isprintable() else " " for one in text)
    return flat if len(flat) <= width else flat[: max(width - 1, 0)] + "…"
