"""Pick and place: the object's pose moves by the call's parameter, whatever it is held by. Here the way from above.

The parameter is the placement pose minus the grasp pose (A.10). The object is turned about its own centre, so a box
held by a wall follows the same rule as a cube held by its middle, and as the data simulation. Lowering is guarded: it
ends at the wanted height or where effort tells of contact.
"""

from __future__ import annotations

from f2p.robot.kinematics import DOWN_PITCH
from f2p.robot.protocol import (
    ARM,
    LIFT,
    WRIST_PITCH,
    WRIST_ROLL,
    WRIST_YAW,
    Cancelled,
    Ending,
    Robot,
    RobotState,
    never,
)
from f2p.skill.errors import BlockedError, GraspMissedError, TooHeavyError
from f2p.skill.hold import Hold
from f2p.skill.moves import Moves, Run, executed, lift_for
from f2p.skill.pick_place_front import FrontRun
from f2p.skill.pick_place_front_plan import FrontPlan
from f2p.skill.pick_place_plan import PickPlacePlan, PickPlaceSkillConfig, plan_pick_place
from f2p.skill.protocol import Progress, silent, skills
from f2p.types import Execution, Scene, SkillCall

NAME = "pick_place"

PHASES = ("approach", "descend", "grasp", "lift", "carry", "lower", "release", "retreat", "look")
"""Names of the phases, in order, as `Progress` hears them."""


@skills.register(NAME)
class PickPlace:
    """The skill; one object may be used for many calls, one after the other."""

    def __init__(self, config: PickPlaceSkillConfig | None = None) -> None:
        self.config = config or PickPlaceSkillConfig()

    def execute(
        self, call: SkillCall, scene: Scene, robot: Robot, progress: Progress = silent, cancelled: Cancelled = never
    ) -> Execution:
        """Do one call (see `protocol.Skill`)."""

        def planned(state: RobotState) -> Run:
            plan = plan_pick_place(scene, call, state.base_task, self.config)
            if isinstance(plan, FrontPlan):
                return FrontRun(self.config, plan, robot, progress, cancelled)
            return _Run(self.config, plan, robot, progress, cancelled)

        return executed(robot, planned)


class _Run:
    """One execution of one plan."""

    def __init__(
        self, config: PickPlaceSkillConfig, plan: PickPlacePlan, robot: Robot, progress: Progress, cancelled: Cancelled
    ) -> None:
        self._config, self._plan, self._progress = config, plan, progress
        self._stands_in = robot.stands_in
        self._moves = Moves(config, plan.name, robot, cancelled)
        self._hold = Hold(config, plan.name, robot, cancelled)

    def go(self) -> str:
        """Run all phases; a grasp that holds nothing ends with the gripper open. Return what the grasp rests on."""
        for index, phase in enumerate(PHASES):
            self._progress(phase, index / len(PHASES), self._plan.name)
            getattr(self, f"_{phase}")()
        self._progress("look", 1.0, self._plan.name)
        return self._stands_in

    def clear(self) -> str:
        """After a failure: up, clear of everything even with what it may still hold, and in."""
        return self._moves.stand_clear(max(self._plan.approach_z, self._plan.carry_z))

    def _approach(self) -> None:
        """Over the object: the base with the arm in, then up and turned, then out."""
        grasp = self._plan.grasp
        self._moves.drive_to(grasp.pose)
        self._moves.joints((LIFT, WRIST_YAW, WRIST_PITCH, WRIST_ROLL),
                     (lift_for(self._plan.approach_z), 0.0, DOWN_PITCH, self._plan.pick_roll))  # fmt: skip
        self._moves.check_height(self._plan.approach_z, "approach")
        self._moves.open(self._moves.aperture(grasp.opening))
        self._moves.joints((ARM,), (self._moves.arm_for(grasp.pose),))

    def _descend(self) -> None:
        """Down to the grasp; anything met on the way is not the object's own top. Once more, if it was met."""
        if self._moves.lift_to(self._plan.grasp.pose.z, self._config.blocked) is not Ending.CONTACT:
            return
        self._moves.rise(self._plan.approach_z)
        if self._moves.lift_to(self._plan.grasp.pose.z, self._config.blocked) is Ending.CONTACT:
            raise BlockedError("descend", self._plan.name)

    def _grasp(self) -> None:
        """Close until something is between the fingers; once more, deeper, if nothing is."""
        if self._hold.close():
            return
        self._moves.open(self._config.widest_aperture)
        self._moves.lift_to(self._plan.grasp.pose.z - self._config.deeper, self._config.blocked)
        if not self._hold.close():
            self._moves.open(self._moves.aperture(self._plan.grasp.opening))
            raise GraspMissedError(self._plan.name)

    def _lift(self) -> None:
        """Up a little, then to the carrying height; back down what is too heavy."""
        z = self._plan.grasp.pose.z
        self._moves.lift_to(z + self._config.first_lift, 0.0, self._config.lift_speed)
        weight = self._hold.weight()
        if weight > self._config.heaviest:
            self._moves.lift_to(z, self._config.contact, self._config.lower_speed)
            self._hold.let_go()
            raise TooHeavyError(self._plan.name, weight, self._config.heaviest)
        self._moves.lift_to(self._plan.carry_z, 0.0, self._config.lift_speed)
        self._hold.check("lift")
        self._moves.check_height(self._plan.carry_z, "lift")

    def _carry(self) -> None:
        """Over the placement."""
        place = self._plan.place
        self._moves.drive_to(place)
        self._moves.joints((ARM, WRIST_ROLL), (self._moves.arm_for(place), self._plan.place_roll))
        self._hold.check("carry")

    def _lower(self) -> None:
        """Down to the placement, or until it stands on something."""
        self._moves.lift_to(self._plan.place.z, self._config.contact, self._config.lower_speed)
        self._hold.check("lower")

    def _release(self) -> None:
        """Open just wide enough to let go."""
        self._hold.let_go()

    def _retreat(self) -> None:
        """Up, clear of everything."""
        self._moves.rise(self._plan.retreat_z)

    def _look(self) -> None:
        """Arm in and low, base at its place."""
        self._moves.look()
