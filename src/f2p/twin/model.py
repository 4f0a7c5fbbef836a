"""A Stretch RE2 added to a MuJoCo scene: real kinematics and limits, boxes for shapes, servos for motors.

The base slides and turns as a planar joint (no wheels roll), every link is gravity compensated, and a servo's force
over its range is the "effort" the driver reports. Robot shapes meet movables and furniture, never the floor or
the robot itself. The camera does not see the head it sits in.
"""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from f2p.robot.frames import BASE_START_TASK
from f2p.robot.protocol import ARM, HEAD_PAN, HEAD_TILT, LIFT, WRIST_PITCH, WRIST_ROLL, WRIST_YAW
from f2p.sim.physics.rotations import yaw_quaternions
from f2p.twin.description import Link

ROBOT_TYPE, ROBOT_AFFINITY = 2, 4
"""Contact bits: robot shapes meet only shapes whose type has the affinity bit, which nothing of the robot has."""

HEAD_GROUP = 4
"""Geom group of the head, which rays of its own camera pass through."""

ROBOT_GROUP = 3
"""Geom group of the rest of the robot."""

BASE_X, BASE_Y, BASE_THETA = "base_x", "base_y", "base_theta"
FINGER_LEFT, FINGER_RIGHT = "joint_gripper_finger_left", "joint_gripper_finger_right"
ARM_JOINTS = ("joint_arm_l3", "joint_arm_l2", "joint_arm_l1", "joint_arm_l0")
GRIPPER_LINK = "link_straight_gripper"
GRASP_SITE = "grasp_center"
CAMERA_LINK = "camera_depth_optical_frame"

HEAD_LINKS = ("link_head", "link_head_pan", "link_head_tilt", "camera_link")
SHAPED_LINKS = (
    "base_link", "link_mast", "link_lift", "link_arm_l4", "link_arm_l3", "link_arm_l2", "link_arm_l1", "link_arm_l0",
    "link_wrist_yaw_bottom", "link_wrist_pitch", "link_straight_gripper", *HEAD_LINKS,
)  # fmt: skip
"""Links that keep the box around their collision mesh; the others are small or inside these."""

FINGER_HALF = (0.006, 0.012, 0.0225)
"""Half extents of a fingertip: closing direction, width, length [m] (ours: an upright pad for the tilted cup)."""

FINGER_CENTER_Z = 0.2275
"""Height of the pad's centre along the gripper's axis [m]: it reaches 2 cm beyond the grasp centre (URDF: 2.4 cm)."""


@dataclass(frozen=True)
class Servo:
    """A position servo standing in for a motor and its firmware."""

    stiffness: float
    """[N/m] or [N m/rad]."""
    damping: float
    """[N s/m] or [N m s/rad]."""
    force: float
    """Force or torque that counts as 100 % effort [N or N m] (ours: of the order of the motor's)."""


SERVOS: dict[str, Servo] = {
    BASE_X: Servo(2.0e4, 1600.0, 200.0),
    BASE_Y: Servo(2.0e4, 1600.0, 200.0),
    BASE_THETA: Servo(4.0e3, 250.0, 80.0),
    LIFT: Servo(2.0e4, 700.0, 100.0),
    ARM: Servo(1.0e4, 300.0, 80.0),
    WRIST_YAW: Servo(200.0, 8.0, 10.0),
    WRIST_PITCH: Servo(300.0, 10.0, 10.0),
    WRIST_ROLL: Servo(150.0, 5.0, 8.0),
    FINGER_LEFT: Servo(15.0, 0.6, 1.0),
    FINGER_RIGHT: Servo(15.0, 0.6, 1.0),
    HEAD_PAN: Servo(40.0, 2.0, 5.0),
    HEAD_TILT: Servo(40.0, 2.0, 5.0),
}
"""Every actuator of the twin, in the order it is added (ours: stiff enough to stand within 1 mm of a set-point)."""


def add_robot(spec: mujoco.MjSpec, links: dict[str, Link]) -> None:
    """Add the robot's bodies, joints, servos and arm coupling to a scene under construction."""
    spec.compiler.degree = False
    bodies: dict[str, mujoco.MjsBody] = {}
    for link in links.values():
        parent = bodies[link.parent] if link.parent else spec.worldbody
        bodies[link.name] = _add_link(parent, link)
    _add_base_joints(bodies["base_link"])
    for finger in ("left", "right"):
        _add_finger_pad(bodies[f"link_gripper_finger_{finger}"], links[f"link_gripper_finger_{finger}"])
    bodies[GRIPPER_LINK].add_site(name=GRASP_SITE, pos=[0.0, 0.0, 0.23])
    _couple_arm(spec)
    for name, servo in SERVOS.items():
        _add_servo(spec, name, servo)


def _add_link(parent: mujoco.MjsBody, link: Link) -> mujoco.MjsBody:
    """Add one body with its joint and, where it has one, its box."""
    quaternion = np.zeros(4)
    mujoco.mju_mat2Quat(quaternion, Rotation.from_euler("xyz", link.rpy).as_matrix().ravel())
    body = parent.add_body(name=link.name, pos=link.xyz, quat=quaternion, gravcomp=1.0)
    mass = max(link.mass, 0.05)
    if link.name in SHAPED_LINKS and link.box is not None:
        body.add_geom(
            type=mujoco.mjtGeom.mjGEOM_BOX, pos=link.box[0], size=link.box[1], mass=mass, contype=ROBOT_TYPE,
            conaffinity=ROBOT_AFFINITY, group=HEAD_GROUP if link.name in HEAD_LINKS else ROBOT_GROUP,
        )  # fmt: skip
    elif link.kind != "fixed":
        body.mass, body.inertia, body.explicitinertial = mass, [2e-4] * 3, True
    if link.kind in ("prismatic", "revolute"):
        slide = link.kind == "prismatic"
        body.add_joint(
            name=link.joint, axis=link.axis, range=list(link.limits), armature=0.3 if slide else 0.005,
            type=mujoco.mjtJoint.mjJNT_SLIDE if slide else mujoco.mjtJoint.mjJNT_HINGE,
        )  # fmt: skip
    return body


def _add_base_joints(base: mujoco.MjsBody) -> None:
    """Planar joints at the place where the base starts; they read as the driver's odometry."""
    x, y, heading = BASE_START_TASK
    base.pos = [x, y, 0.0]
    base.quat = yaw_quaternions(np.array(heading))
    base.add_joint(name=BASE_X, type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[1, 0, 0])
    base.add_joint(name=BASE_Y, type=mujoco.mjtJoint.mjJNT_SLIDE, axis=[0, 1, 0])
    base.add_joint(name=BASE_THETA, type=mujoco.mjtJoint.mjJNT_HINGE, axis=[0, 0, 1])


def _add_finger_pad(finger: mujoco.MjsBody, link: Link) -> None:
    """Add an upright pad at the tip and a straight rod to it, in the finger's own frame.

    Slimmer than the robot's (ours): its bowed fingers and tilted cups reach about 2 cm farther outwards, so that some
    narrow places the twin's fingers enter are too narrow for the robot's.
    """
    gripper_from_finger = Rotation.from_euler("xyz", link.rpy).as_matrix()
    side = 1.0 if link.xyz[0] > 0 else -1.0
    # inner face 6.5 mm off the middle at angle 0, as the description's rubber cups (their boxes leave 13 mm)
    center = np.array([side * (0.0065 + FINGER_HALF[0]), link.xyz[1], FINGER_CENTER_Z])
    knuckle = np.zeros(3)
    pad = gripper_from_finger.T @ (center - link.xyz)
    tip = gripper_from_finger.T @ (center + [0.0, 0.0, -0.02] - link.xyz)
    quaternion = np.zeros(4)
    mujoco.mju_mat2Quat(quaternion, gripper_from_finger.T.ravel())
    common = {"contype": ROBOT_TYPE, "conaffinity": ROBOT_AFFINITY, "group": ROBOT_GROUP, "mass": 0.03}
    finger.add_geom(
        name=f"pad_{'left' if side > 0 else 'right'}", type=mujoco.mjtGeom.mjGEOM_BOX, pos=pad, quat=quaternion,
        size=list(FINGER_HALF), **common,
    )  # fmt: skip
    finger.add_geom(type=mujoco.mjtGeom.mjGEOM_CAPSULE, fromto=[*knuckle, *tip], size=[0.006, 0.0, 0.0], **common)
    finger.explicitinertial = False


def _couple_arm(spec: mujoco.MjSpec) -> None:
    """Couple the four stages of the telescope: they move alike, a tendon reads and drives their sum."""
    for joint in ARM_JOINTS[1:]:
        spec.add_equality(
            type=mujoco.mjtEq.mjEQ_JOINT, objtype=mujoco.mjtObj.mjOBJ_JOINT, name1=joint, name2=ARM_JOINTS[0],
            data=[0.0, 1.0] + [0.0] * 10, solref=[0.01, 1.0],
        )  # fmt: skip
    tendon = spec.add_tendon(name=ARM)
    for joint in ARM_JOINTS:
        tendon.wrap_joint(joint, 1.0)


def _add_servo(spec: mujoco.MjSpec, name: str, servo: Servo) -> None:
    """Add a force-limited position actuator."""
    actuator = spec.add_actuator(name=name, target=name)
    actuator.trntype = mujoco.mjtTrn.mjTRN_TENDON if name == ARM else mujoco.mjtTrn.mjTRN_JOINT
    actuator.gaintype, actuator.biastype = mujoco.mjtGain.mjGAIN_FIXED, mujoco.mjtBias.mjBIAS_AFFINE
    actuator.gainprm = np.array([servo.stiffness] + [0.0] * 9)
    actuator.biasprm = np.array([0.0, -servo.stiffness, -servo.damping] + [0.0] * 7)
    actuator.forcelimited, actuator.forcerange = True, [-servo.force, servo.force]


def weld_name(index: int) -> str:
    """Name of the weld that binds body `index` to the gripper."""
    return f"grasp{index}"


def add_grasp_weld(spec: mujoco.MjSpec, index: int, softness_s: float) -> None:
    """Add an inactive weld between the gripper and body `index`."""
    spec.add_equality(
        name=weld_name(index), type=mujoco.mjtEq.mjEQ_WELD, objtype=mujoco.mjtObj.mjOBJ_BODY, name1=GRIPPER_LINK,
        name2=f"b{index}", data=[0.0] * 6 + [1.0, 0.0, 0.0, 0.0, 1.0, 0.0], active=False, solref=[softness_s, 1.0],
    )  # fmt: skip
