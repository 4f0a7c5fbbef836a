"""The driver's and the camera's messages, filled from the twin: the same fields, units and misuses as the robot's."""

from __future__ import annotations

import array
import math

import mujoco
import numpy as np
from builtin_interfaces.msg import Time
from control_msgs.action import FollowJointTrajectory
from geometry_msgs.msg import Quaternion, TransformStamped
from nav_msgs.msg import Odometry
from sensor_msgs.msg import BatteryState, CameraInfo, Image, JointState
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage
from trajectory_msgs.msg import JointTrajectoryPoint

from f2p.robot.kinematics import ARM_STAGES, GRIPPER_METRES_PER_RADIAN, LIMITS
from f2p.robot.protocol import ARM, FINGER, HEAD_PAN, HEAD_TILT, LIFT, WRIST_PITCH, WRIST_ROLL, WRIST_YAW
from f2p.ros.messages.frames import ODOMETRY_FRAME, about_z, stamped
from f2p.twin import model as parts
from f2p.twin.camera import DepthCameraConfig
from f2p.twin.driver import StretchDriver
from f2p.twin.goals import Point, TrajectoryGoal
from f2p.twin.twin import Twin

DEPTH_FRAME = parts.CAMERA_LINK
"""Frame of the depth image."""

_FINGER = LIMITS[FINGER]
PUBLISHED_LIMITS: dict[str, tuple[float, float]] = {
    "joint_arm": LIMITS[ARM],
    **{name: LIMITS[name] for name in (LIFT, HEAD_PAN, HEAD_TILT, WRIST_YAW, WRIST_PITCH, WRIST_ROLL)},
    "gripper_aperture": (_FINGER[0] * GRIPPER_METRES_PER_RADIAN, _FINGER[1] * GRIPPER_METRES_PER_RADIAN),
    parts.FINGER_LEFT: _FINGER, parts.FINGER_RIGHT: _FINGER,
}  # fmt: skip
"""What /joint_limits tells, by the names of the driver's command groups: the arm's is `joint_arm`."""


def goal_from_msg(request: FollowJointTrajectory.Goal) -> TrajectoryGoal:
    """Return a goal as the model takes it."""
    trajectory = request.trajectory
    start = trajectory.header.stamp
    return TrajectoryGoal(
        tuple(trajectory.joint_names), tuple(_point(point) for point in trajectory.points),
        stamped=bool(start.sec or start.nanosec),
    )  # fmt: skip


def _point(point: JointTrajectoryPoint) -> Point:
    time_s = point.time_from_start.sec + point.time_from_start.nanosec / 1e9
    return Point(
        tuple(point.positions), tuple(point.velocities), tuple(point.accelerations), tuple(point.effort), time_s
    )


def feedback(
    joints: list[str], desired: tuple[float, ...], errors: tuple[float, ...], stamp: Time
) -> FollowJointTrajectory.Feedback:
    """Return how a goal goes: desired, actual and error positions; names only in trajectory mode, as the driver's."""
    out = FollowJointTrajectory.Feedback(header=Header(stamp=stamp), joint_names=joints)
    out.desired.positions, out.error.positions = list(desired), list(errors)
    out.actual.positions = [wanted - error for wanted, error in zip(desired, errors, strict=True)]
    return out


def joint_states(driver: StretchDriver, stamp: Time) -> JointState:
    """Return all joints as the driver names them; effort is a percentage (stretch.md 1.1)."""
    joints = driver.joints()
    rows = [(ARM, joints[ARM], 1.0), (LIFT, joints[LIFT], 1.0)]
    rows += [(stage, joints[ARM], 1.0 / ARM_STAGES) for stage in parts.ARM_JOINTS]
    rows += [(name, joints[name], 1.0) for name in (HEAD_PAN, HEAD_TILT, WRIST_YAW, WRIST_PITCH, WRIST_ROLL)]
    rows += [(name, joints[FINGER], 1.0) for name in (parts.FINGER_LEFT, parts.FINGER_RIGHT)]
    return JointState(
        header=Header(stamp=stamp),
        name=[name for name, _, _ in rows],
        position=[joint.position * share for _, joint, share in rows],
        velocity=[joint.velocity * share for _, joint, share in rows],
        effort=[joint.effort for _, joint, _ in rows],
    )


def joint_limits(stamp: Time) -> JointState:
    """Return the driver's misuse: position holds the lower limits, velocity the upper."""
    return JointState(
        header=Header(stamp=stamp), name=list(PUBLISHED_LIMITS),
        position=[low for low, _ in PUBLISHED_LIMITS.values()],
        velocity=[high for _, high in PUBLISHED_LIMITS.values()],
    )  # fmt: skip


def odometry(driver: StretchDriver, stamp: Time) -> Odometry:
    """Return the pose of base_link where the driver started, and its speed along and about itself."""
    x, y, heading = driver.odometry
    out = Odometry(header=Header(stamp=stamp, frame_id=ODOMETRY_FRAME), child_frame_id="base_link")
    out.pose.pose.position.x, out.pose.pose.position.y = x, y
    out.pose.pose.orientation = about_z(heading)
    vx, vy = driver.twin.velocity(parts.BASE_X), driver.twin.velocity(parts.BASE_Y)
    out.twist.twist.linear.x = math.cos(heading) * vx + math.sin(heading) * vy
    out.twist.twist.angular.z = driver.twin.velocity(parts.BASE_THETA)
    return out


def battery(stamp: Time) -> BatteryState:
    """Return a healthy battery with the fields the driver fills; percentage and charge are NaN, as there."""
    nan = float("nan")
    return BatteryState(
        header=Header(stamp=stamp), voltage=12.6, current=-2.0, temperature=nan, charge=nan, capacity=nan,
        percentage=nan, design_capacity=18.0, present=False,
    )  # fmt: skip


class Frames:
    """The robot's frames from the twin's forward kinematics.

    Args:
        twin: Whose model is read once for the tree.
    """

    def __init__(self, twin: Twin) -> None:
        model = twin.model
        self._moving: list[tuple[int, int, str, str]] = []
        self._still: list[tuple[int, int, str, str]] = []
        root = model.body("base_link").id
        for body in range(model.nbody):
            if body != root and model.body_rootid[body] == root:
                parent = int(model.body_parentid[body])
                row = (parent, body, model.body(parent).name, model.body(body).name)
                (self._moving if model.body_jntnum[body] else self._still).append(row)

    def moving(self, driver: StretchDriver, stamp: Time, with_odometry: bool) -> TFMessage:
        """Return joints that move, and the base in `odom` unless the driver was told not to broadcast it."""
        transforms = [self._between(driver.twin, row, stamp) for row in self._moving]
        if with_odometry:
            x, y, heading = driver.odometry
            transforms.append(stamped(ODOMETRY_FRAME, "base_link", np.array([x, y, 0.0]), about_z(heading), stamp))
        return TFMessage(transforms=transforms)

    def still(self, twin: Twin, stamp: Time) -> TFMessage:
        """Return everything fixed to its parent; base_footprint below base_link, as the driver has it."""
        transforms = [self._between(twin, row, stamp) for row in self._still]
        transforms.append(stamped("base_link", "base_footprint", np.zeros(3), about_z(0.0), stamp))
        return TFMessage(transforms=transforms)

    @staticmethod
    def _between(twin: Twin, row: tuple[int, int, str, str], stamp: Time) -> TransformStamped:
        """Child in parent, from both poses in the world."""
        parent, body, parent_name, name = row
        data = twin.data
        turned = data.xmat[parent].reshape(3, 3).T
        quaternion = np.zeros(4)
        mujoco.mju_mat2Quat(quaternion, (turned @ data.xmat[body].reshape(3, 3)).ravel())
        w, x, y, z = (float(value) for value in quaternion)
        offset = turned @ (data.xpos[body] - data.xpos[parent])
        return stamped(parent_name, name, offset, Quaternion(x=x, y=y, z=z, w=w), stamp)


def depth_image(depth_mm: np.ndarray, stamp: Time) -> Image:
    """16UC1 millimetres, as realsense2_camera publishes depth."""
    height, width = depth_mm.shape
    return Image(
        header=Header(stamp=stamp, frame_id=DEPTH_FRAME), height=height, width=width, encoding="16UC1",
        is_bigendian=0, step=2 * width, data=array.array("B", depth_mm.astype("<u2").tobytes()),
    )  # fmt: skip


def camera_info(config: DepthCameraConfig, stamp: Time) -> CameraInfo:
    """Pinhole without distortion."""
    fx, fy, cx, cy = config.intrinsics
    return CameraInfo(
        header=Header(stamp=stamp, frame_id=DEPTH_FRAME), height=config.height, width=config.width,
        distortion_model="plumb_bob", d=[0.0] * 5, k=[fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0],
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=[fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
    )  # fmt: skip
