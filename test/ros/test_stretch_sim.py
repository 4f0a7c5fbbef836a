"""The twin over real DDS: it answers as the robot's driver and camera do, and a pick and place goes through it."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

rclpy = pytest.importorskip("rclpy", reason="ROS 2 is not in this environment: run through setup/env.sh")
pytest.importorskip("control_msgs", reason="the interfaces are not built: run setup/run")

from control_msgs.action import FollowJointTrajectory  # noqa: E402
from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from nav_msgs.msg import Odometry  # noqa: E402
from rclpy.action import ActionClient  # noqa: E402
from rclpy.executors import SingleThreadedExecutor  # noqa: E402
from sensor_msgs.msg import CameraInfo, Image, Imu, JointState, MagneticField  # noqa: E402
from std_msgs.msg import Bool, String  # noqa: E402
from std_srvs.srv import SetBool, Trigger  # noqa: E402
from tf2_msgs.msg import TFMessage  # noqa: E402
from trajectory_msgs.msg import JointTrajectoryPoint  # noqa: E402

from f2p.robot.errors import MotionRefusedError, StaleStateError  # noqa: E402
from f2p.robot.frames import base_task_from_odometry  # noqa: E402
from f2p.robot.protocol import ARM, BODY_JOINTS, LIFT, RobotState  # noqa: E402
from f2p.robot.protocol import JointState as Measured  # noqa: E402
from f2p.robot.stepping import SteppingConfig, SteppingRobot, driver_arrays  # noqa: E402
from f2p.ros.base import qos  # noqa: E402
from f2p.ros.messages.convert import duration_from_msg, stamp_from_msg  # noqa: E402
from f2p.ros.messages.ground_truth import facts_of, scene_of  # noqa: E402
from f2p.skill.pick_place import PickPlace  # noqa: E402
from f2p.types import SkillCall  # noqa: E402
from f2p_msgs.msg import GroundTruth  # noqa: E402

from .conftest import WITH_ME, a_domain  # noqa: E402

pytestmark = pytest.mark.together
ROOT = Path(__file__).resolve().parents[2]
FACTOR = 1.0
"""Simulated seconds per second."""

TOPICS = (
    (JointState, "/stretch/joint_states", qos.STATE), (JointState, "/joint_states", qos.STATE),
    (Odometry, "/odom", qos.STATE), (String, "/mode", qos.STATE), (Bool, "/is_homed", qos.STATE),
    (Bool, "/is_runstopped", qos.STATE), (TFMessage, "/tf", qos.TRANSFORMS),
    (TFMessage, "/tf_static", qos.STATIC_TRANSFORMS), (Image, "/camera/depth/image_rect_raw", qos.SENSOR),
    (CameraInfo, "/camera/depth/camera_info", qos.SENSOR), (GroundTruth, "/stretch_sim/ground_truth", qos.LATCHED),
    (Imu, "/imu_mobile_base", qos.STATE), (Imu, "/imu_wrist", qos.STATE),
    (MagneticField, "/magnetometer_mobile_base", qos.STATE), (String, "/robot_description", qos.LATCHED),
    (DiagnosticArray, "/diagnostics", qos.STATE),
)  # fmt: skip


class Client:
    """Everything a test asks of the driver."""

    def __init__(self, domain):
        self.context = rclpy.Context()
        self.context.init(domain_id=domain)
        self.node = rclpy.create_node("twin_test", context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.last, self.count = {}, {}
        for kind, name, profile in (*TOPICS, (JointState, "/joint_limits", qos.STATE)):
            self.node.create_subscription(kind, name, self._store(name), profile)
        self.action = ActionClient(self.node, FollowJointTrajectory, "/stretch_controller/follow_joint_trajectory")

    def _store(self, name):
        def keep(message):
            self.last[name] = message
            self.count[name] = self.count.get(name, 0) + 1

        return keep

    def spin(self, seconds):
        self.until(lambda: False, seconds, required=False)

    def until(self, condition, seconds=30.0, required=True):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return
            self.executor.spin_once(timeout_sec=0.02)
        assert not required or condition(), f"not within {seconds} s"

    def future(self, future, seconds=30.0):
        self.until(future.done, seconds)
        return future.result()

    def call(self, kind, name, request=None):
        client = self.node.create_client(kind, name)
        self.until(client.service_is_ready)
        answer = self.future(client.call_async(request or kind.Request()))
        self.node.destroy_client(client)
        return answer

    def send(self, targets, **arrays):
        return self.future(self.ask(targets, **arrays))

    def ask(self, targets, **arrays):
        goal = FollowJointTrajectory.Goal()
        goal.trajectory.joint_names = list(targets)
        goal.trajectory.points = [JointTrajectoryPoint(positions=[float(v) for v in targets.values()], **arrays)]
        return self.action.send_goal_async(goal)

    def result(self, handle, seconds=60.0):
        return self.future(handle.get_result_async(), seconds).result

    def simulate(self, seconds):
        """Wait for simulated time: a busy machine only takes longer."""
        until = duration_from_msg(self.truth().sim_time) + seconds
        self.until(lambda: duration_from_msg(self.last["/stretch_sim/ground_truth"].sim_time) >= until)

    def position(self, joint):
        message = self.last["/stretch/joint_states"]
        return message.position[message.name.index(joint)]

    def truth(self):
        """A ground truth that is newer than this call."""
        stamp = self.node.get_clock().now().nanoseconds
        self.until(lambda: stamp_from_msg(self.last["/stretch_sim/ground_truth"].header.stamp) > stamp)
        return self.last["/stretch_sim/ground_truth"]

    def close(self):
        self.executor.shutdown()
        self.node.destroy_node()
        self.context.try_shutdown()


@pytest.fixture(scope="module")
def domain():
    with a_domain() as claimed:
        yield claimed


@pytest.fixture(scope="module")
def process(domain):
    path = f"{ROOT / 'src'}:{os.environ.get('PYTHONPATH', '')}"
    env = {**os.environ, "ROS_DOMAIN_ID": str(domain), "PYTHONPATH": path}
    twin = [sys.executable, "-m", "f2p.ros.nodes.stretch_sim", "--ros-args", "-p", f"real_time_factor:={FACTOR}"]
    command = [*WITH_ME, *twin]
    running = subprocess.Popen(command, env=env)
    yield running
    running.terminate()
    assert running.wait(timeout=20) == 0


@pytest.fixture(scope="module")
def client(process, domain):
    made = Client(domain)
    made.until(lambda: len(made.last) >= len(TOPICS), 60.0)
    made.until(made.action.server_is_ready)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def reset(client):
    assert client.call(Trigger, "/stretch_sim/reset").success
    client.until(lambda: abs(client.position("joint_lift") - 0.6) < 5e-3)


def test_messages_are_the_drivers_and_the_cameras(client):
    joints = client.last["/stretch/joint_states"]
    assert {"joint_lift", "wrist_extension", "joint_arm_l0", "joint_wrist_pitch", "joint_head_tilt"} <= set(joints.name)
    assert len(joints.name) == len(joints.position) == len(joints.velocity) == len(joints.effort)
    assert client.position("joint_arm_l0") * 4 == pytest.approx(client.position("wrist_extension"), abs=1e-6)
    assert client.last["/mode"].data == "position" and client.last["/is_homed"].data
    image, info = client.last["/camera/depth/image_rect_raw"], client.last["/camera/depth/camera_info"]
    assert image.encoding == "16UC1" and (image.height, image.width) == (info.height, info.width)
    assert len(image.data) == image.step * image.height and image.header.frame_id == "camera_depth_optical_frame"
    depth = np.frombuffer(bytes(image.data), "<u2")
    assert 0.3 < (depth > 0).mean() <= 1.0
    assert info.k[0] == info.k[4] > 100.0


def test_frames_form_one_tree_down_to_the_camera(client):
    parents = {}
    for name in ("/tf", "/tf_static"):
        for transform in client.last[name].transforms:
            parents[transform.child_frame_id] = transform.header.frame_id
    frame, chain = "camera_depth_optical_frame", []
    while frame in parents and len(chain) < 30:
        chain.append(frame)
        frame = parents[frame]
    assert frame == "odom" and {"base_link", "link_head_tilt"} <= set(chain)
    assert parents["base_footprint"] == "base_link"


def test_goals_succeed_and_bad_ones_are_answered_as_by_the_driver(client):
    handle = client.send({LIFT: 0.63})
    assert handle.accepted and client.result(handle).error_code == 0
    unknown = client.result(client.send({"joint_tail": 0.1}))
    assert unknown.error_code == FollowJointTrajectory.Result.INVALID_JOINTS and "joint_tail" in unknown.error_string
    null = client.send({"translate_mobile_base": 0.0})
    assert client.result(null).error_code == 0 and null.status == 6  # aborted with an empty result


def test_second_goal_at_once_is_rejected_and_later_ones_preempt(client):
    sent = [client.ask({ARM: target}) for target in (0.4, 0.3)]
    taken = [handle for handle in map(client.future, sent) if handle.accepted]
    assert len(taken) == 1, "whichever came second is rejected"
    first = taken[0]
    client.spin(0.25)
    second = client.send({ARM: 0.01})
    assert second.accepted
    assert client.result(first).error_string == ""
    assert client.result(second).error_code == 0


def test_cancel_lets_the_arm_run_on_and_stop_ends_it(client):
    handle = client.send({ARM: 0.5}, velocities=[0.04])
    client.simulate(0.5)
    client.future(handle.cancel_goal_async())
    client.result(handle)
    at = client.position(ARM)
    client.simulate(0.8)
    assert client.position(ARM) > at + 0.015
    assert client.call(Trigger, "/stop_the_robot").success
    client.simulate(0.8)
    at = client.position(ARM)
    client.simulate(0.8)
    assert at < 0.45 and client.position(ARM) == pytest.approx(at, abs=2e-3)


def test_software_runstop_waits_for_the_goal_and_so_does_everything_behind_it(client):
    """promises.md 0.3: two threads, one with the goal and one with the service; nobody hears the cancel."""
    handle = client.send({ARM: 0.5}, velocities=[0.03])
    client.simulate(0.3)
    service = client.node.create_client(SetBool, "/runstop")
    client.until(service.service_is_ready)
    asked = service.call_async(SetBool.Request(data=True))
    client.simulate(0.5)
    seen = client.count["/stretch/joint_states"]
    canceled = handle.cancel_goal_async()
    client.simulate(0.5)
    assert not asked.done() and client.count["/stretch/joint_states"] - seen <= 1, "the driver falls silent"
    assert not canceled.done(), "and deaf"
    ran_out = client.result(handle)
    assert ran_out.error_code == FollowJointTrajectory.Result.PATH_TOLERANCE_VIOLATED
    assert client.future(asked).success
    client.until(lambda: client.last["/is_runstopped"].data and client.last["/mode"].data == "runstopped")
    refused = client.result(client.send({LIFT: 0.7}))
    assert refused.error_code == FollowJointTrajectory.Result.INVALID_GOAL
    assert client.call(SetBool, "/runstop", SetBool.Request(data=False)).success
    client.until(lambda: client.last["/mode"].data == "position")


def test_the_button_is_told_at_once_and_the_mode_follows(client):
    assert client.call(SetBool, "/stretch_sim/press_runstop", SetBool.Request(data=True)).success
    client.until(lambda: client.last["/is_runstopped"].data and client.last["/mode"].data == "runstopped")
    client.call(SetBool, "/stretch_sim/press_runstop", SetBool.Request(data=False))
    client.until(lambda: client.last["/mode"].data == "position")


def test_modes_are_services_and_stowing_is_silent(client):
    assert client.call(Trigger, "/switch_to_navigation_mode").success
    client.until(lambda: client.last["/mode"].data == "navigation")
    refused = client.result(client.send({"translate_mobile_base": 0.1}))
    assert refused.error_code == -100
    assert client.call(Trigger, "/switch_to_position_mode").success
    client.until(lambda: client.last["/mode"].data == "position")
    stowing = client.node.create_client(Trigger, "/stow_the_robot").call_async(Trigger.Request())
    client.simulate(0.5)
    seen = client.count["/stretch/joint_states"]
    client.simulate(0.5)
    assert client.count["/stretch/joint_states"] - seen <= 1 and not stowing.done()
    assert client.future(stowing).message == "Stowed."


def test_a_goal_for_another_joint_over_an_active_one_hangs_the_driver_until_the_next_reset(client):
    """Found 3 of the driver's truth: the guard cancels first, and changes the mode only when it is another."""
    client.send({ARM: 0.3}, velocities=[0.05])
    client.simulate(0.3)
    assert client.result(client.send({LIFT: 0.62})).error_code == 0
    asked = client.node.create_client(Trigger, "/switch_to_position_mode").call_async(Trigger.Request())
    client.simulate(0.5)
    seen = client.count["/stretch/joint_states"]
    client.simulate(0.5)
    assert not asked.done() and client.count["/stretch/joint_states"] - seen <= 1
    assert client.call(Trigger, "/stretch_sim/reset").success


def test_a_goal_tells_how_it_goes(client):
    heard = []
    goal = FollowJointTrajectory.Goal()
    goal.trajectory.joint_names = ["joint_arm", "gripper_aperture"]
    goal.trajectory.points = [JointTrajectoryPoint(positions=[0.05, 0.03])]
    handle = client.future(client.action.send_goal_async(goal, lambda message: heard.append(message.feedback)))
    assert client.result(handle).error_code == 0
    assert heard and list(heard[0].joint_names) == ["joint_arm", "gripper_aperture"]
    first = heard[0]
    assert list(first.desired.positions) == [0.05, 0.03]
    assert first.actual.positions[0] == pytest.approx(0.05 - first.error.positions[0])


def test_limits_name_the_joints_of_the_drivers_groups(client):
    assert client.call(Trigger, "/get_joint_states").success
    client.until(lambda: "/joint_limits" in client.last)
    limits = client.last["/joint_limits"]
    assert {"joint_arm", "joint_lift", "gripper_aperture", "joint_gripper_finger_right"} <= set(limits.name)
    assert "wrist_extension" not in limits.name
    assert all(low < high for low, high in zip(limits.position, limits.velocity, strict=True))
    avoided = client.call(SetBool, "/self_collision_avoidance", SetBool.Request(data=True))
    assert avoided.success and avoided.message == "is self collision avoidance enabled: True"


def test_sensors_health_and_description_come_as_from_the_driver(client):
    assert client.last["/imu_mobile_base"].header.frame_id == "imu_mobile_base"
    assert client.last["/imu_wrist"].linear_acceleration.x == pytest.approx(9.81)
    assert client.last["/robot_description"].data.lstrip().startswith("<?xml")
    names = {status.name.split(": ")[1] for status in client.last["/diagnostics"].status}
    assert {"Pimu/Voltage", "Lift/Device", "Base/LeftWheel", "Head/head_pan", "EndOfArm/wrist_yaw"} <= names


class OverDds(SteppingRobot):
    """A body that sends its steps over the action, as the guard does."""

    def __init__(self, client):
        super().__init__(SteppingConfig(period_s=0.3, look_s=0.1, patience_s=30.0))
        self.client, self.handle, self.outcome, self.joints = client, None, None, ()

    def state(self):
        message, pose = self.client.last["/stretch/joint_states"], self.client.last["/odom"].pose.pose
        rows = zip(message.name, message.position, message.velocity, message.effort, strict=True)
        joints = {name: Measured(*values) for name, *values in rows if name in BODY_JOINTS}
        if len(joints) != len(BODY_JOINTS):
            raise StaleStateError("no joint states")
        heading = 2.0 * np.arctan2(pose.orientation.z, pose.orientation.w)
        base = base_task_from_odometry((pose.position.x, pose.position.y, heading))
        now_s = duration_from_msg(self.client.last["/stretch_sim/ground_truth"].sim_time)
        return RobotState(joints, base, False, now_s)

    def stop(self):
        self.client.call(Trigger, "/stop_the_robot")

    def _send(self, step):
        if self.outcome is not None and not self.outcome.done() and step.joints != self.joints:
            self.client.future(self.handle.cancel_goal_async())
            self.client.future(self.outcome)
        self.joints = step.joints
        names = ("velocities", "accelerations", "effort")
        arrays = {name: list(values) for name, values in zip(names, driver_arrays(step), strict=True)}
        handle = self.client.send(dict(zip(step.joints, step.targets, strict=True)), **arrays)
        if not handle.accepted:
            raise MotionRefusedError("rejected")
        self.handle, self.outcome = handle, handle.get_result_async()

    def _wait(self, seconds):
        self.client.spin(seconds / FACTOR)

    def _in_contact(self):
        if self.outcome is None or not self.outcome.done() or self.outcome.result().result.error_code != 100:
            return False
        self.outcome = None
        self.stop()
        self._wait(0.3)  # until the driver has looked again
        return True


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_pick_and_place_through_the_driver_moves_the_box_and_what_is_in_it(client):
    before = client.truth()
    scene = scene_of(before)
    box = scene.segments[scene.index("box")].box
    landmark = scene.segments[scene.index("landmark")].box
    target_y = -0.8 if landmark.center[1] > -0.5 else -0.3
    parameter = np.array([0.70 - box.center[0], target_y - box.center[1], 0.0, 0.0])
    done = PickPlace().execute(SkillCall("pick_place", "box", parameter), scene, OverDds(client))
    assert done.ok, done.error_msg
    after = client.truth()
    poses = {one.name: one.box.center[:2] for one in scene_of(after).segments}
    starts = {one.name: one.box.center[:2] for one in scene.segments}
    assert np.linalg.norm(poses["box"] - starts["box"] - parameter[:2]) < 0.03
    movables = [name for name in poses if name.startswith("object_")]
    assert movables
    for name in movables:
        assert np.linalg.norm(poses[name] - starts[name] - parameter[:2]) < 0.03
        assert {("inside", name, "box"), ("above", name, "table_b")} <= facts_of(after)
    assert after.held == ""


def test_reset_builds_the_world_it_is_given(client):
    from rcl_interfaces.msg import Parameter, ParameterType, ParameterValue
    from rcl_interfaces.srv import SetParameters

    def give(text):
        value = ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=text)
        request = SetParameters.Request(parameters=[Parameter(name="world", value=value)])
        assert client.call(SetParameters, "/f2p/stretch_sim/set_parameters", request).results[0].successful
        return client.call(Trigger, "/stretch_sim/reset")

    cube = {"name": "cube", "prior": "cuboid", "size": [0.05, 0.05, 0.05], "pose": [0.7, 0.1, 0.025, 0.0]}
    assert give(json.dumps({"bodies": [cube]})).success
    assert [body.name for body in client.truth().bodies] == ["cube"]
    refused = give('{"bodies": 3}')
    assert not refused.success and "world" in refused.message
    assert give("").success
