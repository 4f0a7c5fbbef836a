"""What a skill with the gripper level asks of a body: stand before a place, reach along the arm, come in and look.

The gripper points where the arm does; another direction is a turn of the base, which drives on its straight track again
before it goes elsewhere. The wrist turns only where nothing is below it.
"""

from __future__ import annotations

import math
from dataclasses import replace

from f2p.errors import F2pError
from f2p.robot.frames import BASE_START_TASK
from f2p.robot.kinematics import DOWN_PITCH, LEVEL_PITCH, LevelPose, level, level_offset_base
from f2p.robot.protocol import ARM, LIFT, ROTATE, WRIST_PITCH, WRIST_ROLL, WRIST_YAW, Ending, Motion
from f2p.skill.errors import BlockedError
from f2p.skill.moves import Moves

TURN_DEAD_BAND = 0.012
"""The base is not asked to turn by less than this [rad]: the driver calls a turn done within 0.6 degrees."""

TURNS = 3
"""How often a turn is corrected: the driver may call one done six degrees early (stretch.md 1.2)."""


class LevelMoves(Moves):
    """Motions with the gripper level."""

    def lift_for(self, height: float) -> float:
        """Lift position that brings the level grasp centre to `height` [m]."""
        return height - float(level_offset_base()[2])

    def stand_before(self, pose: LevelPose) -> None:
        """Bring the base to where the arm reaches `pose`, the arm being in."""
        self.translate(level(pose, self._robot.state().base_task, self._name).translate)
        self.turn_to(pose.direction)
        self.translate(level(self._from_here(pose), self._robot.state().base_task, self._name).translate)

    def turn_to(self, direction: float) -> None:
        """Turn the base until the arm points there [rad]."""
        for _ in range(TURNS):
            left = math.remainder(direction - self._direction(), 2.0 * math.pi)
            if abs(left) <= TURN_DEAD_BAND:
                return
            if self._robot.move(Motion((ROTATE,), (left,)), self._cancelled) is Ending.CONTACT:
                raise BlockedError("turning", self._name)

    def straighten(self) -> None:
        """Turn the base so that it drives along the tables."""
        self.turn_to(BASE_START_TASK[2] - math.pi / 2.0)

    def reach(self, pose: LevelPose, threshold: float) -> Ending:
        """Extend the arm to `pose`, or until it meets something: contact threshold in percent."""
        arm = level(self._from_here(pose), self._robot.state().base_task, self._name).arm
        motion = Motion((ARM,), (arm,), (self._config.arm_speed,), (threshold,))
        return self._robot.move(motion, self._cancelled)

    def arm_in(self) -> None:
        """Bring the arm in."""
        self.joints((ARM,), (0.0,))

    def wrist(self, *, down: bool) -> None:
        """Turn the gripper down or level; the caller has seen to it that nothing is in its way."""
        pitch = DOWN_PITCH if down else LEVEL_PITCH
        self.joints((WRIST_YAW, WRIST_PITCH, WRIST_ROLL), (0.0, pitch, 0.0))

    def go_home(self, height: float) -> None:
        """With the arm in: up to `height`, the gripper down, the base straight, and look."""
        self.rise(height)
        self.wrist(down=True)
        self.straighten()
        self.look()

    def come_clear(self, height: float, little: float) -> str:
        """After a failure: off what it may hold onto, out the way it came, and home; why not, if it could not."""
        try:
            lift = self._robot.state().position(LIFT)
            self._robot.move(Motion((LIFT,), (lift + little,), (self._config.lift_speed,)), self._cancelled)
            self.arm_in()
            self.go_home(height)
        except F2pError as error:
            return f"; the gripper was not brought clear of the scene: {error}"
        return ""

    def _direction(self) -> float:
        """Return where the arm points [rad]."""
        return self._robot.state().base_task[2] - math.pi / 2.0

    def _from_here(self, pose: LevelPose) -> LevelPose:
        """Return a pose as the arm, pointing where it does now, can reach it."""
        return replace(pose, direction=self._direction())
