"""One way point under way: its targets, how far they are, and when the driver calls them reached."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from f2p.robot.protocol import (
    ARM,
    BASE_JOINTS,
    HEAD_PAN,
    HEAD_TILT,
    LIFT,
    ROTATE,
    TRANSLATE,
    WRIST_PITCH,
    WRIST_ROLL,
    WRIST_YAW,
)
from f2p.twin.base import Pose
from f2p.twin.goals import ARM_PARTS, DRIVES, ROTATION_TOLERANCES, TURN_DONE, Command, own_joint
from f2p.twin.motors import BASE, Motors
from f2p.twin.pitfalls import Pitfalls

WRIST = (WRIST_YAW, WRIST_PITCH, WRIST_ROLL)

PLAIN_TOLERANCE = 0.015
"""What the driver takes for arrival unless a joint has its own [rad]."""


@dataclass
class WayPoint:
    """What one way point asks of the joints, by the twin's names."""

    motors: Motors
    pitfalls: Pitfalls
    targets: dict[str, float]
    """Absolute; displacements for the base [m or rad]."""
    started_s: float
    base_start: Pose
    loaded: bool = False
    """Whether the gripper held something when a goal for the wrist began."""
    fresh: bool = True
    """Whether nothing was looked at yet: the driver asks for arrival first, for contact from then on."""

    @property
    def moves_base(self) -> bool:
        """Whether the base is in it."""
        return any(name in BASE_JOINTS for name in self.targets)

    def touched(self) -> set[str]:
        """Return which of its joints the driver takes to be in contact."""
        guarded = {LIFT, ARM} & set(self.targets) | ({BASE} if self.moves_base else set())
        found = set() if self.fresh else set(self.motors.in_contact() & guarded)
        self.fresh = False
        return found

    def reached(self) -> bool:
        """Tell whether all joints count as arrived."""
        loaded = self.loaded and self.pitfalls.loaded_wrist_times_out
        return not loaded and all(map(self._arrived, self.targets))

    def _arrived(self, name: str) -> bool:
        """Tell whether one joint counts as arrived; a turn within its wider tolerance must also have come to rest."""
        error = abs(self.error(name))
        if name == ROTATE:
            acceptable, excellent = ROTATION_TOLERANCES
            return error < excellent or (error < acceptable and abs(self.motors.base_speed[1]) < TURN_DONE)
        if name in (HEAD_PAN, HEAD_TILT) and not self.pitfalls.early_head:
            return error < PLAIN_TOLERANCE
        return error < DRIVES[name].tolerance

    def error(self, name: str) -> float:
        """Return how far a joint is from its target [m or rad]."""
        target = self.targets[name]
        if name not in BASE_JOINTS:
            return target - self.motors.twin.position(name)
        here, start = self.motors.odometry, self.base_start
        if name == TRANSLATE:
            return target - math.copysign(math.hypot(here[0] - start[0], here[1] - start[1]), target)
        if math.isinf(target):
            return target
        return math.remainder(target - math.remainder(here[2] - start[2], 2.0 * math.pi), 2.0 * math.pi)

    def errors(self, joints: Sequence[str]) -> tuple[float, ...]:
        """Return the errors of a goal's joints in its own names and units; the arm's stages share theirs."""
        out = []
        for name in joints:
            joint, scale = (ARM, float(len(ARM_PARTS))) if name in ARM_PARTS else own_joint(name)
            out.append(self.error(joint) / scale)
        return tuple(out)

    def hold(self) -> None:
        """Stand still at once, with what it moves."""
        if self.moves_base:
            self.motors.hold_base()
        self.motors.hold(name for name in self.targets if name not in BASE_JOINTS)


def is_null(command: Command) -> bool:
    """Tell whether a command asks the base for nothing, as the driver sees it."""
    return command.joint in BASE_JOINTS and abs(command.position) <= 1e-8
