"""Pick and place from above: the object's pose moves by the call's parameter, whatever it is held by.

The parameter is the placement pose minus the grasp pose (A.10). The object is turned about its own centre, so a box
held by a wall follows the same rule as a cube held by its middle, and as the data simulation. Lowering is guarded: it
ends at the wanted height or where effort tells of contact. Arm, lift and wrist move together, the base alone.
"""

from __future__ import annotations

from f2p.errors import F2pError
from f2p.robot.errors import STANDING_ERRORS
from f2p.robot.kinematics import (
    DOWN_PITCH,
    TopDownPose,
    aperture_from_finger,
    down_offset_base,
    finger_from_aperture,
    top_down,
)
from f2p.robot.looks import ARM_IN, ARM_LOW, LOOK_Y
from f2p.robot.protocol import (
    ARM,
    FINGER,
    LIFT,
    TRANSLATE,
    WRIST_PITCH,
    WRIST_ROLL,
    WRIST_YAW,
    Cancelled,
    Ending,
    Motion,
    Robot,
    never,
)
from f2p.skill.errors import BlockedError, GraspMissedError, LostObjectError
from f2p.skill.pick_place_plan import PickPlacePlan, PickPlaceSkillConfig, plan_pick_place
from f2p.skill.protocol import Progress, silent, skills
from f2p.types import Execution, Scene, SkillCall

NAME = "pick_place"

PHASES = ("approach", "descend", "grasp", "lift", "carry", "lower", "release", "retreat", "look")
"""Names of the phases, in order, as `Progress` hears them."""

BASE_DEAD_BAND = 0.002
"""The base is not asked for less than this [m]: a null command makes the driver fail (stretch.md 1.3.6)."""


@skills.register(NAME)
class PickPlace:
    """The skill; one object may be used for many calls, one after the other."""

    def __init__(self, config: PickPlaceSkillConfig | None = None) -> None:
        self.config = config or PickPlaceSkillConfig()

    def execute(
        self, call: SkillCall, scene: Scene, robot: Robot, progress: Progress = silent, cancelled: Cancelled = never
    ) -> Execution:
        """Do one call (see `protocol.Skill`)."""
        began: float | None = None
        run: _Run | None = None
        try:
            state = robot.state()
            began = state.monotonic_s
            plan = plan_pick_place(scene, call, state.base_task, self.config)
            run = _Run(self.config, plan, robot, progress, cancelled)
            run.go()
        except STANDING_ERRORS as error:
            return Execution(False, error.code, str(error), _since(began, robot))
        except F2pError as error:
            left = run.clear() if run is not None else ""
            return Execution(False, error.code, f"{error}{left}", _since(began, robot))
        return Execution(True, 0, "", _since(began, robot))


def _since(began: float | None, robot: Robot) -> float:
    """Return seconds since the call began, by the body's own clock; 0 where it has no state."""
    try:
        return 0.0 if began is None else robot.state().monotonic_s - began
    except F2pError:
        return 0.0


class _Run:
    """One execution of one plan."""

    def __init__(
        self, config: PickPlaceSkillConfig, plan: PickPlacePlan, robot: Robot, progress: Progress, cancelled: Cancelled
    ) -> None:
        self._config, self._plan, self._robot = config, plan, robot
        self._progress, self._cancelled = progress, cancelled
        self._closed_at = 0.0

    def go(self) -> None:
        """Run all phases; a grasp that holds nothing ends with the gripper open."""
        for index, phase in enumerate(PHASES):
            self._progress(phase, index / len(PHASES), self._plan.name)
            getattr(self, f"_{phase}")()
        self._progress("look", 1.0, self._plan.name)

    def clear(self) -> str:
        """After a failure: up, clear of everything even with what it may still hold, and in; why not, if it could not.

        Tried after every failure, since who refused or was late may do so no more: the body says what it can do.
        """
        try:
            self._rise(max(self._plan.approach_z, self._plan.carry_z))
            self._look()
        except F2pError as error:
            return f"; the gripper was not brought clear of the scene: {error}"
        return ""

    def _approach(self) -> None:
        """Over the object: the base with the arm in, then up and turned, then out."""
        grasp = self._plan.grasp
        self._drive_base(grasp.pose)
        self._joints((LIFT, WRIST_YAW, WRIST_PITCH, WRIST_ROLL),
                     (lift_for(self._plan.approach_z), 0.0, DOWN_PITCH, self._plan.pick_roll))  # fmt: skip
        self._check_height(self._plan.approach_z, "approach")
        self._open(self._aperture(grasp.opening))
        self._joints((ARM,), (self._arm_for(grasp.pose),))

    def _descend(self) -> None:
        """Down to the grasp; anything met on the way is not the object's own top."""
        ending = self._lift_to(self._plan.grasp.pose.z, self._config.blocked)
        if ending is Ending.CONTACT:
            raise BlockedError("descend", self._plan.name)

    def _grasp(self) -> None:
        """Close until something is between the fingers."""
        ending = self._robot.gripper(self._config.squeeze, self._cancelled)
        finger = self._robot.state().position(FINGER)
        if ending is Ending.REACHED or finger - finger_from_aperture(self._config.squeeze) < self._config.missed:
            self._open(self._aperture(self._plan.grasp.opening))
            raise GraspMissedError(self._plan.name)
        self._closed_at = finger

    def _lift(self) -> None:
        """Up to the carrying height."""
        self._lift_to(self._plan.carry_z, 0.0, self._config.lift_speed)
        self._check_held("lift")
        self._check_height(self._plan.carry_z, "lift")

    def _carry(self) -> None:
        """Over the placement."""
        place = self._plan.place
        self._drive_base(place)
        self._joints((ARM, WRIST_ROLL), (self._arm_for(place), self._plan.place_roll))
        self._check_held("carry")

    def _lower(self) -> None:
        """Down to the placement, or until it stands on something."""
        self._lift_to(self._plan.place.z, self._config.contact, self._config.lower_speed)
        self._check_held("lower")

    def _release(self) -> None:
        """Open just wide enough to let go."""
        measured = aperture_from_finger(self._robot.state().position(FINGER))
        self._open(measured + self._config.release_gap)

    def _retreat(self) -> None:
        """Up, clear of everything."""
        self._rise(self._plan.retreat_z)

    def _look(self) -> None:
        """Arm in and low, base at its place, so that the camera sees both tables."""
        self._joints(ARM_IN.joints, ARM_IN.targets)
        self._joints(ARM_LOW.joints, ARM_LOW.targets)
        state = self._robot.state()
        self._translate(LOOK_Y - state.base_task[1])

    def _drive_base(self, pose: TopDownPose) -> None:
        """Bring the base to where the arm reaches `pose`."""
        solution = top_down(pose, self._robot.state().base_task, self._plan.name)
        self._translate(solution.translate)

    def _translate(self, distance: float) -> None:
        """Move the base along its own +x."""
        if abs(distance) > BASE_DEAD_BAND:
            ending = self._robot.move(Motion((TRANSLATE,), (distance,), (self._config.base_speed,)), self._cancelled)
            if ending is Ending.CONTACT:
                raise BlockedError("driving", self._plan.name)

    def _arm_for(self, pose: TopDownPose) -> float:
        """Arm extension that brings the gripper over `pose` from where the base stands [m]."""
        return top_down(pose, self._robot.state().base_task, self._plan.name).arm

    def _joints(self, joints: tuple[str, ...], targets: tuple[float, ...]) -> None:
        """Move some joints together; a contact on the way is a failure."""
        speeds = {LIFT: self._config.lift_speed, ARM: self._config.arm_speed}
        motion = Motion(joints, targets, tuple(speeds.get(joint, 0.0) for joint in joints))
        if self._robot.move(motion, self._cancelled) is Ending.CONTACT:
            raise BlockedError("moving", self._plan.name)

    def _lift_to(self, height: float, threshold: float, speed: float = 0.0) -> Ending:
        """Bring the grasp centre to a height, with a contact threshold [%] and a speed, 0 for the driver's own."""
        motion = Motion((LIFT,), (lift_for(height),), (speed,), (threshold,))
        return self._robot.move(motion, self._cancelled)

    def _rise(self, height: float) -> None:
        """Go up to `height`, if below it. Raises BlockedError when it is not reached: nothing may move on below it."""
        if self._robot.state().position(LIFT) < lift_for(height):
            self._lift_to(height, 0.0, self._config.lift_speed)
        self._check_height(height, "rising")

    def _check_height(self, height: float, phase: str) -> None:
        """Raise BlockedError when the gripper is below `height`: a contact, false ones too, ends a motion early."""
        short = lift_for(height) - self._robot.state().position(LIFT)
        if short > self._config.height_tolerance:
            raise BlockedError(phase, self._plan.name, f"{short:.3f} m below where it should be")

    def _open(self, aperture: float) -> None:
        """Open the gripper."""
        self._robot.gripper(min(aperture, self._config.widest_aperture), self._cancelled)

    def _aperture(self, gap: float) -> float:
        """Return the driver's aperture for a distance of the pads [m]."""
        return (gap - self._config.pads_at_zero) * self._config.aperture_per_gap

    def _check_held(self, phase: str) -> None:
        """Raise LostObjectError when the fingers have closed on since the grasp."""
        if self._robot.state().position(FINGER) < self._closed_at - self._config.lost:
            raise LostObjectError(self._plan.name, phase)


def lift_for(height: float) -> float:
    """Lift position that brings a downward gripper's grasp centre to `height` [m]."""
    return height - float(down_offset_base()[2])
