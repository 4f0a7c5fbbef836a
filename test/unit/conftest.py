"""What tests of several packages measure with."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from f2p.robot.kinematics import TopDownPose, base_from_gripper
from f2p.robot.protocol import RobotState


@pytest.fixture(scope="session")
def gripper_task() -> Callable[[RobotState], TopDownPose]:
    """Where the grasp centre of a downward gripper is, in the task frame."""

    def found(state: RobotState) -> TopDownPose:
        pose = base_from_gripper({joint: value.position for joint, value in state.joints.items()})
        x, y, heading = state.base_task
        cosine, sine = math.cos(heading), math.sin(heading)
        point, closing = pose[:3, 3], math.atan2(pose[1, 0], pose[0, 0])
        return TopDownPose(
            x + cosine * float(point[0]) - sine * float(point[1]),
            y + sine * float(point[0]) + cosine * float(point[1]),
            float(point[2]),
            math.remainder(heading + closing, math.pi),
        )

    return found
