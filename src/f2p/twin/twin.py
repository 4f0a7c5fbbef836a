"""The twin's physics: a world of boxes with a Stretch RE2 in it, set-points in, measurements and truth out.

The scene is the one the data simulation builds, so what is learned from one holds in the other; the robot is added to
it. One thread steps it; nothing here locks.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from f2p.robot.kinematics import DOWN_PITCH, LIMITS
from f2p.robot.looks import LOOK_LIFT, LOOKS
from f2p.robot.protocol import ARM, FINGER, HEAD_PAN, HEAD_TILT, LIFT, WRIST_PITCH
from f2p.settings import Settings, group, number
from f2p.sim.physics.labels import label
from f2p.sim.physics.rollout import touching
from f2p.sim.physics.rotations import rotation_matrices, yaw_quaternions
from f2p.sim.physics.scene_builder import PhysicsConfig, located, part_of, scene_xml
from f2p.sim.world import Body, World, upright_boxes
from f2p.twin import model as parts
from f2p.twin.description import read_links
from f2p.twin.errors import TwinUnstableError
from f2p.twin.grasp import GraspConfig, GripperHold
from f2p.types import Box, Relations, Scene, Segment

READY: dict[str, float] = {
    LIFT: LOOK_LIFT, WRIST_PITCH: DOWN_PITCH, FINGER: 0.1, HEAD_PAN: LOOKS[0].pan, HEAD_TILT: LOOKS[0].tilt,
}  # fmt: skip
"""Joint positions at reset; others 0: arm in, gripper down and clear of the tables, camera on them (ours)."""


@dataclass(frozen=True)
class TwinConfig(Settings):
    """What the twin adds to the data simulation."""

    physics: PhysicsConfig = group(PhysicsConfig)
    grasp: GraspConfig = group(GraspConfig)
    settle_s: float = number(0.5, "simulated time in which a new world comes to rest", unit="s", low=0.0, high=5.0)


@dataclass(frozen=True, eq=False)
class Truth:
    """What is so, for success checks and the test segmenter only."""

    names: tuple[str, ...]
    priors: tuple[str, ...]
    poses: np.ndarray
    """Upright boxes (x, y, z, yaw) in the task frame. Shape (bodies, 4)."""
    sizes: np.ndarray
    """Extents of those boxes [m]. Shape (bodies, 3)."""
    openings: np.ndarray
    """How far each is open [m]. Shape (bodies,)."""
    relations: Relations
    held: str = ""
    """What the gripper holds, or nothing."""

    @property
    def scene(self) -> Scene:
        """What a perfect perception would say: the boxes, without points."""
        rows = zip(self.names, self.priors, self.poses, self.sizes, self.openings, strict=True)
        return Scene(
            tuple(
                Segment(name, prior, Box(pose[:3], size, float(pose[3])), np.zeros((0, 3)), float(opening))
                for name, prior, pose, size, opening in rows
            )
        )


class Twin:
    """A world with a robot in it.

    Attributes:
        model: Compiled MuJoCo model; its world frame is the task frame.
        data: Its state.
        bodies: The world's bodies, in order.
    """

    def __init__(self, world: World, config: TwinConfig | None = None) -> None:
        self.config = config or TwinConfig()
        self.bodies: tuple[Body, ...] = ()
        self.reset(world)

    def reset(self, world: World) -> None:
        """Put the robot at `READY` and these bodies at these poses and openings, and let them come to rest."""
        if world.bodies != self.bodies:
            self._build(world.bodies)
        mujoco.mj_resetData(self.model, self.data)
        self._grasp.reset()
        for name, value in READY.items():
            for joint in self._joints_of(name):
                self.data.joint(joint).qpos[0] = value
            self.set_point(name, value)
        for index, pose in enumerate(world.poses):
            self._place(index, pose)
        for index, start in self.scene.drawers:
            self.data.qpos[start] = world.openings[index]
        mujoco.mj_forward(self.model, self.data)
        self.step(int(self.config.settle_s / self.time_step))

    def _build(self, bodies: Sequence[Body]) -> None:
        """Compile the scene of these bodies with the robot in it."""
        shapes = [part_of(body) for body in bodies]
        spec = mujoco.MjSpec.from_string(scene_xml(shapes, self.config.physics))
        for geom in spec.geoms:
            if geom.name != "floor":
                geom.contype |= parts.ROBOT_AFFINITY
        parts.add_robot(spec, read_links())
        for index, body in enumerate(bodies):
            if body.free:
                parts.add_grasp_weld(spec, index, self.config.physics.weld_time)
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        self.bodies = tuple(bodies)
        self.scene = located(self.model, bodies, shapes, self.config.physics)
        self._grasp = GripperHold(self.config.grasp, self.scene)
        self._servos = {name: self.model.actuator(name).id for name in parts.SERVOS}

    def _place(self, index: int, pose: np.ndarray) -> None:
        """Put one body at (x, y, z, yaw)."""
        quaternion = yaw_quaternions(pose[3])
        if self.bodies[index].free:
            start = int(self.model.joint(f"j{index}").qposadr[0])
            self.data.qpos[start : start + 7] = [*pose[:3], *quaternion]
        else:
            mocap = int(self.model.body(f"b{index}").mocapid[0])
            self.data.mocap_pos[mocap], self.data.mocap_quat[mocap] = pose[:3], quaternion

    @staticmethod
    def _joints_of(name: str) -> tuple[str, ...]:
        """Return the MuJoCo joints a driver joint stands for."""
        if name == FINGER:
            return parts.FINGER_LEFT, parts.FINGER_RIGHT
        return parts.ARM_JOINTS if name == ARM else (name,)

    @property
    def time_step(self) -> float:
        """Length of one physics step [s]."""
        return float(self.model.opt.timestep)

    @property
    def time_s(self) -> float:
        """Simulated time since the last reset [s]."""
        return float(self.data.time)

    @property
    def held(self) -> str:
        """Name of what the gripper holds, or nothing."""
        return "" if self._grasp.held is None else self.bodies[self._grasp.held].name

    def set_point(self, name: str, value: float) -> None:
        """Set where a servo shall stand [m or rad]; fingers are one joint here, as for the driver."""
        if name == FINGER:
            value = self._grasp.limited(value)
        for servo in (parts.FINGER_LEFT, parts.FINGER_RIGHT) if name == FINGER else (name,):
            low, high = LIMITS.get(servo, (-math.inf, math.inf))
            self.data.ctrl[self._servos[servo]] = min(max(value, low), high)

    def position(self, name: str) -> float:
        """Return the measured position [m or rad]."""
        return float(self.data.actuator_length[self._servos[name]])

    def velocity(self, name: str) -> float:
        """Return the measured velocity [m/s or rad/s]."""
        return float(self.data.actuator_velocity[self._servos[name]])

    def effort(self, name: str) -> float:
        """Force over the motor's range [%]; gravity of the robot itself is compensated and does not show."""
        return float(100.0 * self.data.actuator_force[self._servos[name]] / parts.SERVOS[name].force)

    def step(self, steps: int = 1) -> None:
        """Advance the physics. Raises TwinUnstableError when it is no longer finite."""
        for _ in range(steps):
            self._grasp.update(self.model, self.data)
            mujoco.mj_step(self.model, self.data)
        if not np.isfinite(self.data.qpos).all():
            raise TwinUnstableError(self.time_s)

    def world_from_link(self, name: str) -> np.ndarray:
        """Return the pose of one of the robot's links in the task frame. Shape (4, 4)."""
        body = self.data.body(name)
        pose = np.eye(4)
        pose[:3, :3], pose[:3, 3] = body.xmat.reshape(3, 3), body.xpos
        return pose

    def boxes(self) -> tuple[np.ndarray, np.ndarray]:
        """Return upright boxes of all bodies now: poses (bodies, 4) and extents (bodies, 3)."""
        ids = [self.model.body(f"b{index}").id for index in range(len(self.bodies))]
        sizes = np.stack([body.size for body in self.bodies])
        return upright_boxes(self.data.xpos[ids], rotation_matrices(self.data.xquat[ids]), sizes)

    def world(self) -> World:
        """Return the bodies where they are now (their own sizes; a tipped body's pose is that of its upright box)."""
        return World(self.bodies, self.boxes()[0], self._openings())

    def _openings(self) -> np.ndarray:
        """Return how far each body is open now [m], at least 0. Shape (bodies,)."""
        openings = np.zeros(len(self.bodies))
        for index, start in self.scene.drawers:
            openings[index] = max(0.0, self.data.qpos[start])
        return openings

    def truth(self) -> Truth:
        """Return names, boxes and true relations now, contact included."""
        poses, sizes = self.boxes()
        openings = self._openings()
        relations = label(self.scene, poses, sizes, touching(self.scene, self.data), openings)
        names, priors = tuple(body.name for body in self.bodies), tuple(body.prior for body in self.bodies)
        return Truth(names, priors, poses, sizes, openings, relations, self.held)
