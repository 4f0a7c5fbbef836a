"""M states of one model advance together: batched rollouts with furniture, gripper and grasps as controls."""

from __future__ import annotations

import mujoco
import numpy as np
from mujoco import rollout

from f2p.sim.motion.pick_place import CarryPath
from f2p.sim.physics.scene_builder import BuiltScene
from f2p.sim.world import upright_boxes

STATE = mujoco.mjtState.mjSTATE_FULLPHYSICS
CONTROL = int(
    mujoco.mjtState.mjSTATE_EQ_ACTIVE | mujoco.mjtState.mjSTATE_MOCAP_POS | mujoco.mjtState.mjSTATE_MOCAP_QUAT
)
FARTHEST = 3.0
"""A body farther than this from the base [m] was flung away."""
LOWEST = -0.1
"""A body below this height [m] fell through the floor."""


def rotation_matrices(quaternions: np.ndarray) -> np.ndarray:
    """Rotation matrices of unit quaternions (w, x, y, z). Shape (..., 3, 3)."""
    w, x, y, z = np.moveaxis(quaternions / np.linalg.norm(quaternions, axis=-1, keepdims=True), -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def yaw_quaternions(yaws: np.ndarray) -> np.ndarray:
    """Quaternions (w, x, y, z) of rotations about +z. Shape (..., 4)."""
    return np.stack([np.cos(yaws / 2), np.zeros_like(yaws), np.zeros_like(yaws), np.sin(yaws / 2)], axis=-1)


def quaternion_product(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Hamilton product of quaternions (w, x, y, z), broadcast. Shape (..., 4)."""
    a, b, c, d = np.moveaxis(first, -1, 0)
    e, f, g, h = np.moveaxis(second, -1, 0)
    return np.stack(
        [
            a * e - b * f - c * g - d * h,
            a * f + b * e + c * h - d * g,
            a * g - b * h + c * e + d * f,
            a * h + b * g - c * f + d * e,
        ],
        axis=-1,
    )


class Batch:
    """The states of M runs of one built scene.

    Attributes:
        states: Full physics states. Shape (runs, state).
        alive: False where a run blew up. Shape (runs,), bool.
    """

    def __init__(self, scene: BuiltScene, poses: np.ndarray, openings: np.ndarray, threads: int) -> None:
        self.scene = scene
        self.threads = threads
        self.states = np.zeros((len(poses), mujoco.mj_stateSize(scene.model, STATE)))
        self.alive = np.all(np.isfinite(poses), axis=(1, 2)) & np.all(np.isfinite(openings), axis=1)
        self._data = [mujoco.MjData(scene.model) for _ in range(threads)]
        clean = np.where(self.alive[:, None, None], poses, 0.0)
        self.furniture = clean[:, scene.fixed]
        for index, start in zip(scene.free, scene.qpos_start, strict=True):
            self.states[:, 1 + start : 4 + start] = clean[:, index, :3]
            self.states[:, 4 + start : 8 + start] = yaw_quaternions(clean[:, index, 3])
        for index, start in scene.drawers:
            self.states[:, 1 + start] = np.where(self.alive, openings[:, index], 0.0)

    @property
    def runs(self) -> int:
        """How many runs there are."""
        return len(self.states)

    def _controls(self, steps: int) -> np.ndarray:
        """Controls with furniture in place and nothing grasped. Shape (runs, steps, controls)."""
        model = self.scene.model
        controls = np.zeros((self.runs, steps, model.neq + 7 * model.nmocap))
        positions = controls[..., model.neq : model.neq + 3 * model.nmocap].reshape(self.runs, steps, model.nmocap, 3)
        quaternions = controls[..., model.neq + 3 * model.nmocap :].reshape(self.runs, steps, model.nmocap, 4)
        positions[:, :, 1:] = self.furniture[:, None, :, :3]
        quaternions[:, :, 1:] = yaw_quaternions(self.furniture[:, None, :, 3])
        quaternions[:, :, 0, 0] = 1.0
        controls[..., model.neq : model.neq + 3 * model.nmocap] = positions.reshape(self.runs, steps, -1)
        controls[..., model.neq + 3 * model.nmocap :] = quaternions.reshape(self.runs, steps, -1)
        return controls

    def carry(self, path: CarryPath, grasped: np.ndarray) -> None:
        """The gripper follows `path`, holding body `grasped` of each run, lets go and waits."""
        model, steps = self.scene.model, path.positions.shape[1]
        controls = self._controls(steps)
        weld = np.searchsorted(self.scene.free, grasped)
        start = self.scene.qpos_start[weld]
        rows = np.arange(self.runs)
        held = np.stack([self.states[rows, 4 + start + k] for k in range(4)], axis=-1)
        controls[rows[:, None], np.arange(steps)[None], weld[:, None]] = path.holding
        controls[..., model.neq : model.neq + 3] = path.positions
        first = model.neq + 3 * model.nmocap
        controls[..., first : first + 4] = quaternion_product(path.quaternions, held[:, None])
        self._roll(steps, controls)

    def advance(self, steps: int) -> None:
        """Let physics run with the gripper open."""
        self._roll(steps, self._controls(1))

    def _roll(self, steps: int, controls: np.ndarray) -> None:
        """Advance all runs, and tell which of them blew up."""
        model = self.scene.model
        out, _ = rollout.rollout(
            model,
            self._data,
            self.states,
            controls,
            control_spec=CONTROL,
            nstep=steps,
            persistent_pool=self.threads > 1,
            chunk_size=max(1, min(8, self.runs // max(1, self.threads))),
        )
        reached = out[:, -1, 0] - self.states[:, 0] > (steps - 0.5) * model.opt.timestep
        self.states = out[:, -1].copy()
        self.alive &= reached & np.all(np.isfinite(self.states), axis=-1)
        positions = self.positions()
        with np.errstate(invalid="ignore", over="ignore"):
            self.alive &= np.all(np.linalg.norm(positions[..., :2], axis=-1) < FARTHEST, axis=-1)
            self.alive &= np.all(positions[..., 2] > LOWEST, axis=-1)

    def positions(self) -> np.ndarray:
        """Centres of all bodies [m]. Shape (runs, bodies, 3)."""
        out = np.empty((self.runs, len(self.scene.bodies), 3))
        out[:, self.scene.fixed] = self.furniture[..., :3]
        out[:, self.scene.free] = self.states[:, 1 + self.scene.qpos_start[:, None] + np.arange(3)]
        return out

    def boxes(self) -> tuple[np.ndarray, np.ndarray]:
        """Gravity-aligned boxes: poses (runs, bodies, 4) and extents (runs, bodies, 3); zeros where a run blew up."""
        quaternions = np.empty((self.runs, len(self.scene.bodies), 4))
        quaternions[:, self.scene.fixed] = yaw_quaternions(self.furniture[..., 3])
        quaternions[:, self.scene.free] = self.states[:, 4 + self.scene.qpos_start[:, None] + np.arange(4)]
        quaternions[~self.alive] = (1.0, 0.0, 0.0, 0.0)
        sizes = np.broadcast_to(np.stack([body.size for body in self.scene.bodies]), (*quaternions.shape[:2], 3))
        positions = np.where(self.alive[:, None, None], self.positions(), 0.0)
        return upright_boxes(positions, rotation_matrices(quaternions), sizes)

    def speeds(self) -> np.ndarray:
        """Greatest linear speed of any body [m/s]. Shape (runs,)."""
        first = 1 + self.scene.model.nq
        velocities = self.states[:, first : first + 6 * len(self.scene.free)].reshape(self.runs, -1, 6)
        return np.asarray(np.linalg.norm(velocities[..., :3], axis=-1).max(-1, initial=0.0))

    def data(self, run: int) -> mujoco.MjData:
        """Positions, geoms and contacts of one run, ready for rays and labels."""
        model, data = self.scene.model, self._data[0]
        mujoco.mj_setState(model, data, self.states[run], STATE)
        data.eq_active[:] = 0
        data.mocap_pos[1:] = self.furniture[run, :, :3]
        data.mocap_quat[1:] = yaw_quaternions(self.furniture[run, :, 3])
        mujoco.mj_fwdPosition(model, data)
        return data

    def openings(self) -> np.ndarray:
        """How far each body is open [m]; 0 for all but drawers. Shape (runs, bodies)."""
        out = np.zeros((self.runs, len(self.scene.bodies)))
        for index, start in self.scene.drawers:
            out[:, index] = self.states[:, 1 + start]
        return out
