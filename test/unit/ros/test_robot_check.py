"""`f2p doctor` on a robot: every fact that is not as it should be is one bad line with what to do."""

from __future__ import annotations

from collections.abc import Callable

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from sensor_msgs.msg import BatteryState, CameraInfo, Image, JointState
from std_msgs.msg import Bool, String

from f2p.graph.outside import NEEDED
from f2p.robot.kinematics import LIMITS
from f2p.ros.session.robot_check import judge
from f2p.ros.session.robot_facts import CAMERA, STATES, RobotFacts

DEPTH, INFO = CAMERA


def healthy() -> RobotFacts:
    image = Image(width=424, height=240)
    image.header.frame_id = "camera_depth_optical_frame"
    info = CameraInfo(width=424, height=240, k=[223.0, 0.0, 212.0, 0.0, 223.0, 120.0, 0.0, 0.0, 1.0])
    names = list(LIMITS)
    limits = JointState(
        name=names, position=[LIMITS[name][0] for name in names], velocity=[LIMITS[name][1] for name in names]
    )
    return RobotFacts(
        seconds=3.0,
        last={"/mode": String(data="position"), "/is_homed": Bool(data=True), "/is_runstopped": Bool(data=False),
              "/battery": BatteryState(voltage=12.6), "/joint_limits": limits, DEPTH: image, INFO: info},
        counts={**dict.fromkeys(STATES, 90), DEPTH: 40, INFO: 40},
        publishers=dict.fromkeys(STATES, 1), services=frozenset(NEEDED),
        parents={"camera_depth_optical_frame": {"camera_link"}, "camera_link": {"base_link"}},
    )  # fmt: skip


def test_a_healthy_robot_has_no_bad_line() -> None:
    assert [one for one in judge(healthy(), wanted=True) if not one.ok] == []


def test_no_robot_is_bad_only_where_one_was_wanted() -> None:
    (missing,) = judge(RobotFacts(3.0), wanted=True)
    assert not missing.ok and "ros2 launch stretch_core" in missing.remedy
    assert judge(RobotFacts(3.0), wanted=False)[0].ok


def narrow(facts: RobotFacts) -> None:
    facts.last["/joint_limits"].velocity[0] -= 0.3


def portrait(facts: RobotFacts) -> None:
    facts.last[DEPTH].width, facts.last[DEPTH].height = 240, 424
    facts.last[INFO].width, facts.last[INFO].height = 240, 424


@pytest.mark.parametrize(
    ("spoil", "names"),
    [
        (lambda facts: facts.publishers.update({"/stretch/joint_states": 2}), {"driver"}),
        (lambda facts: facts.counts.update({"/stretch/joint_states": 30}), {"/stretch/joint_states"}),
        (lambda facts: setattr(facts, "lag_s", -3600.0), {"clock"}),
        (lambda facts: facts.last.update({"/mode": String(data="navigation")}), {"mode"}),
        (lambda facts: facts.last.update({"/is_homed": Bool(data=False)}), {"homed"}),
        (lambda facts: facts.last.update({"/is_runstopped": Bool(data=True)}), {"runstop"}),
        (lambda facts: facts.last.update({"/battery": BatteryState(voltage=10.6)}), {"battery"}),
        (lambda facts: facts.last.pop("/battery"), {"battery"}),
        (lambda facts: facts.last.pop("/joint_limits"), {"joint limits"}),
        (narrow, {"joint limits"}),
        (portrait, {"camera upright", "camera info"}),
        (lambda facts: setattr(facts.last[INFO], "width", 640), {"camera info"}),
        (lambda facts: facts.last.pop(INFO), {"camera info"}),
        (lambda facts: facts.counts.update({DEPTH: 3}), {"depth images"}),
        (lambda facts: facts.parents["camera_link"].add("left/base_link"), {"TF", "camera on the robot"}),
        (lambda facts: facts.parents.pop("camera_link"), {"camera on the robot"}),
        (lambda facts: setattr(facts, "services", facts.services - {"/runstop"}), {"driver's services"}),
    ],
)
def test_what_is_wrong_is_a_bad_line_with_what_to_do(spoil: Callable[[RobotFacts], None], names: set[str]) -> None:
    facts = healthy()
    spoil(facts)
    bad = [one for one in judge(facts, wanted=False) if not one.ok]
    assert bad and {one.name for one in bad} <= names and all(one.remedy and one.text for one in bad)
