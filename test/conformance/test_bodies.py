"""What every body must do: the driver's model through the guard and by itself, stretch_body, and the kinematic one.

Nothing here ran on a Stretch: the driver is a model with every pitfall on, and stretch_body a stand-in for its calls.
"""

from __future__ import annotations

import math
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest

from f2p.bench.guarded import GuardedTwin
from f2p.errors import F2pError
from f2p.registry import UnknownNameError
from f2p.robot.bodies import bodies
from f2p.robot.errors import MotionCancelledError, MotionRefusedError, RunstoppedError
from f2p.robot.frames import BASE_START_TASK
from f2p.robot.kinematic import KinematicRobot
from f2p.robot.protocol import (
    ARM,
    BASE_JOINTS,
    BODY_JOINTS,
    FINGER,
    HEAD_PAN,
    LIFT,
    ROTATE,
    TRANSLATE,
    WRIST_ROLL,
    Ending,
    Motion,
    Robot,
)
from f2p.robot.stepping import SteppingRobot
from f2p.robot.stretch_body import StretchBodyRobot
from f2p.sim.world import Body, World
from f2p.twin.direct import TwinRobot
from f2p.twin.driver import StretchDriver
from f2p.twin.twin import Twin

from . import stretch_body_stand_in

BLOCK_TOP = 0.35
"""Something stands under the gripper once the arm is out [m]."""


@dataclass
class Rig:
    """A body, and what a test does to it behind its back."""

    robot: Robot
    let: Callable[[float], None]
    press_runstop: Callable[[], None]


def twin_driver() -> StretchDriver:
    block = Body("block", "cuboid", np.array([0.4, 0.4, BLOCK_TOP]))
    return StretchDriver(Twin(World((block,), np.array([[0.78, 0.0, 0.5 * BLOCK_TOP, 0.0]]))))


def guarded(_: pytest.MonkeyPatch) -> Rig:
    robot = GuardedTwin(twin_driver())
    return Rig(robot, robot.let, lambda: robot.driver.press_runstop(True))


def twin(_: pytest.MonkeyPatch) -> Rig:
    robot = TwinRobot(twin_driver())
    return Rig(robot, robot.driver.advance, lambda: robot.driver.press_runstop(True))


def kinematic(_: pytest.MonkeyPatch) -> Rig:
    robot = bodies.make("kinematic")
    assert isinstance(robot, KinematicRobot)
    robot.faults.contact_below, robot.faults.held_finger = 0.5, -math.inf
    return Rig(robot, robot._wait, lambda: setattr(robot.faults, "runstopped", True))


def stretch_body(patch: pytest.MonkeyPatch) -> Rig:
    library = stretch_body_stand_in.Robot()
    library.contact_below = 0.5
    patch.setenv("HELLO_FLEET_PATH", "/nowhere")
    patch.setenv("HELLO_FLEET_ID", "stretch-re2-test")
    module = types.ModuleType("stretch_body.robot")
    module.Robot = lambda: library  # type: ignore[attr-defined]
    patch.setitem(sys.modules, "stretch_body", types.ModuleType("stretch_body"))
    patch.setitem(sys.modules, "stretch_body.robot", module)
    return Rig(StretchBodyRobot(pause=library.advance), library.advance, library.press_runstop)


@pytest.fixture(params=[guarded, twin, kinematic, stretch_body], ids=lambda made: made.__name__)
def rig(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Rig:
    made: Rig = request.param(monkeypatch)
    return made


def places(robot: Robot) -> list[float]:
    state = robot.state()
    return [*(state.position(name) for name in BODY_JOINTS), *state.base_task]


def stands(rig: Rig) -> bool:
    before = places(rig.robot)
    rig.let(0.6)
    return bool(np.allclose(places(rig.robot), before, atol=4e-3))


def test_its_state_has_every_joint_and_starts_where_tasks_start(rig: Rig) -> None:
    state = rig.robot.state()
    assert set(BODY_JOINTS) <= set(state.joints)
    assert all(math.isfinite(value) for value in places(rig.robot))
    assert state.base_task == pytest.approx(BASE_START_TASK, abs=1e-3) and not state.runstopped


@pytest.mark.parametrize(("joint", "target"), [(LIFT, 0.72), (ARM, 0.13), (WRIST_ROLL, 0.6), (HEAD_PAN, -1.0)])
def test_it_reaches_what_it_is_asked_for_and_stands(rig: Rig, joint: str, target: float) -> None:
    assert rig.robot.move(Motion((joint,), (target,))) is Ending.REACHED
    rig.let(0.5)
    assert rig.robot.state().position(joint) == pytest.approx(target, abs=0.02)
    assert stands(rig)


def test_joints_move_together(rig: Rig) -> None:
    assert rig.robot.move(Motion((LIFT, ARM, WRIST_ROLL), (0.7, 0.1, 0.5))) is Ending.REACHED


def test_motions_of_different_joints_follow_one_another(rig: Rig) -> None:
    """Found 3: a goal for another joint over an active one hangs the driver."""
    for motion in (Motion((HEAD_PAN,), (-0.8,)), Motion((ARM,), (0.06,)), Motion((LIFT,), (0.65,)),
                   Motion((TRANSLATE,), (0.06,)), Motion((WRIST_ROLL,), (0.3,))):  # fmt: skip
        assert rig.robot.move(motion) is Ending.REACHED
    assert rig.robot.gripper(0.05) is Ending.REACHED
    if isinstance(rig.robot, GuardedTwin | TwinRobot):
        asked = rig.robot.driver.change_mode("position")
        rig.let(11.0)
        assert asked.done, "the driver still answers, at the latest when the last goal has run out"


@pytest.mark.parametrize(("joint", "far"), [(TRANSLATE, 0.12), (TRANSLATE, -0.08), (ROTATE, 0.4)])
def test_the_base_moves_by_a_displacement_from_where_it_stands(rig: Rig, joint: str, far: float) -> None:
    for _ in range(2):
        before = rig.robot.state().base_task
        assert rig.robot.move(Motion((joint,), (far,))) is Ending.REACHED
        rig.let(0.5)
        after = rig.robot.state().base_task
        moved = after[2] - before[2] if joint == ROTATE else math.hypot(after[0] - before[0], after[1] - before[1])
        assert moved == pytest.approx(abs(far), abs=0.03 if joint == ROTATE else 4e-3)


@pytest.mark.parametrize(
    "motion",
    [
        Motion((LIFT,), (math.nan,)), Motion((LIFT,), (math.inf,)), Motion((LIFT,), (0.7,), (math.nan,)),
        Motion((LIFT,), (0.7,), (), (math.inf,)), Motion((LIFT,), (1.3,)), Motion(("joint_tail",), (0.0,)),
        Motion((), ()), Motion((LIFT, ARM), (0.7,)), Motion((TRANSLATE, LIFT), (0.1, 0.7)),
        Motion(BASE_JOINTS, (0.1, 0.1)),
    ],
)  # fmt: skip
def test_what_must_not_be_done_is_refused_and_nothing_moves(rig: Rig, motion: Motion) -> None:
    before = places(rig.robot)
    with pytest.raises(F2pError):
        rig.robot.move(motion)
    rig.let(0.5)
    assert np.allclose(places(rig.robot), before, atol=2e-3)


def test_cancelled_it_stops_short(rig: Rig) -> None:
    until = rig.robot.state().monotonic_s

    def cancelled() -> bool:
        return rig.robot.state().position(ARM) > 0.05

    with pytest.raises(MotionCancelledError):
        rig.robot.move(Motion((ARM,), (0.5,)), cancelled)
    rig.let(0.6)
    assert rig.robot.state().position(ARM) < 0.2
    assert stands(rig) and until <= rig.robot.state().monotonic_s


def test_told_to_stop_it_stands(rig: Rig) -> None:
    rig.robot.move(Motion((ARM,), (0.1,)))
    rig.robot.stop()
    rig.let(0.5)
    assert stands(rig)
    assert rig.robot.move(Motion((ARM,), (0.05,))) is Ending.REACHED, "and takes motions again"


def test_a_contact_ends_a_guarded_motion_and_the_retreat_reaches_its_height(rig: Rig) -> None:
    """Found 2: the goal after a contact aborts at once with code 100; three of three lifts rose 5 cm of 10."""
    robot = rig.robot
    robot.move(Motion((ARM,), (0.3,)))
    assert robot.move(Motion((LIFT,), (0.3,), (0.08,), (12.0,))) is Ending.CONTACT
    assert stands(rig)
    at = robot.state().position(LIFT)
    assert 0.3 < at < 0.6
    assert robot.move(Motion((LIFT,), (at + 0.1,))) is Ending.REACHED
    assert robot.state().position(LIFT) == pytest.approx(at + 0.1, abs=5e-3)


def test_the_gripper_opens_and_closes_on_nothing(rig: Rig) -> None:
    assert rig.robot.gripper(0.06) is Ending.REACHED
    wide = rig.robot.state().position(FINGER)
    assert rig.robot.gripper(0.0) is Ending.REACHED
    assert rig.robot.state().position(FINGER) < wide - 0.1


def test_the_runstop_ends_a_motion_and_nothing_resumes(rig: Rig) -> None:
    asked = []

    def pressed() -> bool:
        asked.append(1)
        if rig.robot.state().position(ARM) > 0.04 and not rig.robot.state().runstopped:
            rig.press_runstop()
        return False

    with pytest.raises(RunstoppedError):
        rig.robot.move(Motion((ARM,), (0.5,)), pressed)
    rig.let(0.5)
    assert asked and stands(rig) and rig.robot.state().runstopped
    with pytest.raises((RunstoppedError, MotionRefusedError)):
        rig.robot.move(Motion((ARM,), (0.4,)))


def test_bodies_are_made_by_name_and_importing_them_imports_no_vendors_library() -> None:
    assert set(bodies.names) == {"kinematic", "stretch_body"}
    assert issubclass(bodies.get("stretch_body"), SteppingRobot)  # type: ignore[arg-type]
    assert "stretch_body.robot" not in sys.modules
    with pytest.raises(UnknownNameError, match="stretch_ros3"):
        bodies.make("stretch_ros3")
