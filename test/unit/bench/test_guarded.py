"""The guarded robot without ROS is a `Robot`: what the guard refuses or stops comes as the skill would hear it."""

import numpy as np
import pytest

from f2p.bench.guarded import GuardedTwin
from f2p.robot.errors import MotionCancelledError, MotionRefusedError, RunstoppedError
from f2p.robot.protocol import ARM, LIFT, Ending, Motion
from f2p.sim.world import Body, World
from f2p.twin.driver import StretchDriver
from f2p.twin.twin import Twin


@pytest.fixture
def robot():
    cube = Body("cube", "cuboid", [0.05, 0.05, 0.05])
    return GuardedTwin(StretchDriver(Twin(World((cube,), np.array([[0.7, 0.1, 0.025, 0.0]])))))


def test_a_motion_is_streamed_to_its_end(robot):
    assert robot.move(Motion((LIFT,), (0.75,))) is Ending.REACHED
    assert robot.state().position(LIFT) == pytest.approx(0.75, abs=5e-3)
    assert robot.gripper(0.03) is Ending.REACHED


def test_what_the_guard_refuses_is_refused(robot):
    with pytest.raises(MotionRefusedError, match="not within"):
        robot.move(Motion((LIFT,), (1.5,)))


def test_a_cancelled_motion_ends_and_the_robot_stands(robot):
    asked = iter([False] * 20 + [True] * 100)
    with pytest.raises(MotionCancelledError):
        robot.move(Motion((ARM,), (0.5,)), lambda: next(asked))
    robot.stop()
    at = robot.state().position(ARM)
    robot.stop()
    assert robot.state().position(ARM) == pytest.approx(at, abs=1e-3) and at < 0.4


def test_the_button_ends_a_motion_and_latches(robot):
    calls = []

    def pressed():
        calls.append(1)
        if len(calls) == 20:
            robot.driver.press_runstop(True)
        return False

    with pytest.raises(RunstoppedError):
        robot.move(Motion((ARM,), (0.5,)), pressed)
    assert robot.driver.runstopped
