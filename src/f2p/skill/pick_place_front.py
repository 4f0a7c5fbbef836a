"""The way of a pick and place from the front: level, in along the arm, out the same way, in again, out again.

Every motion that may meet something is guarded: a contact while reaching is tried once more, one while lowering is the
end of lowering. After a failure the arm comes in the way it went out, before anything else moves.
"""

from __future__ import annotations

import math
from dataclasses import replace

from f2p.robot.protocol import Cancelled, Ending, Robot
from f2p.skill.errors import BlockedError, GraspMissedError, TooHeavyError
from f2p.skill.hold import Hold
from f2p.skill.level_moves import LevelMoves
from f2p.skill.pick_place_front_plan import FrontPlan
from f2p.skill.pick_place_plan import PickPlaceSkillConfig
from f2p.skill.protocol import Progress

FRONT_PHASES = (
    "stand_off", "level", "extend", "grasp", "lift", "retract", "travel", "reach", "lower", "release", "withdraw",
    "look",
)  # fmt: skip
"""Names of the phases, in order, as `Progress` hears them."""


class FrontRun:
    """One execution of one plan from the front.

    Args:
        config: Thresholds and pace.
        plan: What to do.
        robot: The body.
        progress: Told of each phase.
        cancelled: Asked at least four times a second.
    """

    def __init__(
        self, config: PickPlaceSkillConfig, plan: FrontPlan, robot: Robot, progress: Progress, cancelled: Cancelled
    ) -> None:
        self._config, self._plan, self._progress = config, plan, progress
        self._stands_in = robot.stands_in
        self._moves = LevelMoves(config, plan.name, robot, cancelled)
        self._hold = Hold(config, plan.name, robot, cancelled)

    def go(self) -> str:
        """Run all phases; a grasp that holds nothing ends with the gripper open. Return what the grasp rests on."""
        for index, phase in enumerate(FRONT_PHASES):
            self._progress(phase, index / len(FRONT_PHASES), self._plan.name)
            getattr(self, f"_{phase}")()
        self._progress("look", 1.0, self._plan.name)
        return self._stands_in

    def clear(self) -> str:
        """After a failure: off what is held onto, out the way the hand came in, and home."""
        return self._moves.come_clear(self._plan.wrist_z, self._config.front.retreat)

    def _stand_off(self) -> None:
        """Before the object, the arm in and over everything."""
        self._moves.stand_before(self._plan.pick)
        self._moves.rise(self._plan.wrist_z)

    def _level(self) -> None:
        """Turn the gripper level, open it, and go down before the object."""
        self._moves.wrist(down=False)
        self._moves.open(self._moves.aperture(self._plan.opening))
        self._down_to(self._plan.pick.z)

    def _extend(self) -> None:
        """Along the arm to the object; once more if something was met."""
        if self._moves.reach(self._plan.pick, self._config.front.arm_contact) is not Ending.CONTACT:
            return
        self._moves.arm_in()
        if self._moves.reach(self._plan.pick, self._config.front.arm_contact) is Ending.CONTACT:
            raise BlockedError("extend", self._plan.name)

    def _grasp(self) -> None:
        """Close until something is between the fingers; once more, further on, if nothing is."""
        if self._hold.close():
            return
        self._moves.open(self._config.widest_aperture)
        pick, deeper = self._plan.pick, self._config.deeper
        x, y = pick.x + deeper * math.cos(pick.direction), pick.y + deeper * math.sin(pick.direction)
        self._moves.reach(replace(pick, x=x, y=y), self._config.front.arm_contact)
        if not self._hold.close():
            self._moves.open(self._moves.aperture(self._plan.opening))
            raise GraspMissedError(self._plan.name)

    def _lift(self) -> None:
        """Up a little; back down what is too heavy."""
        z = self._plan.pick.z
        self._moves.lift_to(z + self._plan.lift, 0.0, self._config.lift_speed)
        self._moves.check_height(z + self._plan.lift, "lift")
        weight = self._hold.weight()
        if weight > self._config.heaviest:
            self._moves.lift_to(z, self._config.contact, self._config.lower_speed)
            self._hold.let_go()
            raise TooHeavyError(self._plan.name, weight, self._config.heaviest)
        self._hold.check("lift")

    def _retract(self) -> None:
        """Bring the arm in, with what is held."""
        self._moves.arm_in()
        self._hold.check("retract")

    def _travel(self) -> None:
        """Over everything to before the placement."""
        self._moves.rise(self._plan.travel_z)
        self._moves.straighten()
        self._moves.stand_before(self._plan.place)
        self._hold.check("travel")

    def _reach(self) -> None:
        """Down before the placement and along the arm over it."""
        self._down_to(self._plan.place.z + self._plan.lift)
        if self._moves.reach(self._plan.place, self._config.front.arm_contact) is Ending.CONTACT:
            raise BlockedError("reach", self._plan.name)
        self._hold.check("reach")

    def _lower(self) -> None:
        """Down to the placement, or until it stands on something."""
        self._moves.lift_to(self._plan.place.z, self._config.contact, self._config.lower_speed)
        self._hold.check("lower")

    def _release(self) -> None:
        """Open just wide enough to let go."""
        self._hold.let_go()

    def _withdraw(self) -> None:
        """Bring the arm in, empty."""
        self._moves.arm_in()

    def _look(self) -> None:
        """Up, the gripper down, and to where the camera sees both tables."""
        self._moves.go_home(self._plan.wrist_z)

    def _down_to(self, height: float) -> None:
        """Lower with the arm in, where nothing should be."""
        if self._moves.lift_to(height, self._config.blocked) is Ending.CONTACT:
            raise BlockedError("lowering with the arm in", self._plan.name)
