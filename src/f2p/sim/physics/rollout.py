"""MuJoCo as an engine: M states of one model advance together; furniture, gripper and grasps are controls."""

from __future__ import annotations

import mujoco
import numpy as np
from mujoco import rollout

from f2p.sim.errors import BatchError
from f2p.sim.motion.protocol import Tool, ToolPath
from f2p.sim.physics.engine import States
from f2p.sim.physics.rotations import quaternion_product
from f2p.sim.physics.scene_builder import BuiltScene, with_tools

STATE = mujoco.mjtState.mjSTATE_FULLPHYSICS
CONTROL = int(
    mujoco.mjtState.mjSTATE_EQ_ACTIVE | mujoco.mjtState.mjSTATE_MOCAP_POS | mujoco.mjtState.mjSTATE_MOCAP_QUAT
)
TOUCHING = 1e-3
"""Bodies this near touch [m] (ours: contacts of MuJoCo are soft)."""


AWAY = (0.0, 0.0, -100.0)
"""Where tools are that a run does not use [m]: under the floor, where nothing comes."""


def posed(scene: BuiltScene, data: mujoco.MjData, states: States, run: int) -> mujoco.MjData:
    """Put the bodies of one run where they are in `states`, whatever engine moved them, ready for rays and contacts."""
    positions, quaternions = states.positions[run], states.quaternions[run]
    for index, start in zip(scene.free, scene.qpos_start, strict=True):
        data.qpos[start : start + 3], data.qpos[start + 3 : start + 7] = positions[index], quaternions[index]
    for index, start in scene.drawers:
        data.qpos[start] = states.openings[run, index]
    data.eq_active[:] = 0
    data.mocap_pos[1:] = positions[scene.fixed]
    data.mocap_quat[1:] = quaternions[scene.fixed]
    mujoco.mj_fwdPosition(scene.model, data)
    return data


def touching(scene: BuiltScene, data: mujoco.MjData) -> np.ndarray:
    """Return which bodies touch directly in a posed state. Shape (bodies, bodies), bool, symmetric."""
    out = np.zeros((len(scene.slabs), len(scene.slabs)), dtype=bool)
    if data.ncon:
        pairs = scene.body_of_geom[data.contact.geom[: data.ncon]]
        pairs = pairs[(pairs >= 0).all(axis=1) & (data.contact.dist[: data.ncon] < TOUCHING)]
        out[pairs[:, 0], pairs[:, 1]] = out[pairs[:, 1], pairs[:, 0]] = True
    np.fill_diagonal(out, False)
    return out


def touching_all(scene: BuiltScene, states: States, data: mujoco.MjData | None = None) -> np.ndarray:
    """Return which bodies touch directly in each run, none where it blew up. Shape (runs, bodies, bodies), bool."""
    data = data or mujoco.MjData(scene.model)
    out = np.zeros((*states.openings.shape, len(scene.slabs)), dtype=bool)
    for run in np.flatnonzero(states.alive).tolist():
        out[run] = touching(scene, posed(scene, data, states, run))
    return out


class Batch:
    """`Runs` of one built scene; velocities and warm starts stay between calls."""

    def __init__(self, scene: BuiltScene, start: States, threads: int) -> None:
        self._scene, self._threads, self._runs = scene, threads, len(start.alive)
        self._data = [mujoco.MjData(scene.model) for _ in range(threads)]
        self._equipped: tuple[tuple[Tool, ...], BuiltScene, list[mujoco.MjData]] = ((), scene, self._data)
        self._full = np.zeros((self._runs, mujoco.mj_stateSize(scene.model, STATE)))
        self._alive = start.alive.copy()
        self._furniture = start.positions[:, scene.fixed], start.quaternions[:, scene.fixed]
        for index, first in zip(scene.free, scene.qpos_start, strict=True):
            self._full[:, 1 + first : 4 + first] = start.positions[:, index]
            self._full[:, 4 + first : 8 + first] = start.quaternions[:, index]
        for index, first in scene.drawers:
            self._full[:, 1 + first] = start.openings[:, index]

    def _controls(self, steps: int, model: mujoco.MjModel) -> np.ndarray:
        """Return controls with furniture in place, nothing grasped, tools put away. Shape (runs, steps, controls)."""
        controls = np.zeros((self._runs, steps, model.neq + 7 * model.nmocap))
        positions = controls[..., model.neq : model.neq + 3 * model.nmocap].reshape(self._runs, steps, model.nmocap, 3)
        quaternions = controls[..., model.neq + 3 * model.nmocap :].reshape(self._runs, steps, model.nmocap, 4)
        tools = 1 + len(self._scene.fixed)
        positions[:, :, 1:tools], positions[:, :, tools:] = self._furniture[0][:, None], AWAY
        quaternions[:, :, 1:tools] = self._furniture[1][:, None]
        quaternions[:, :, [0, *range(tools, model.nmocap)], 0] = 1.0
        controls[..., model.neq : model.neq + 3 * model.nmocap] = positions.reshape(self._runs, steps, -1)
        controls[..., model.neq + 3 * model.nmocap :] = quaternions.reshape(self._runs, steps, -1)
        return controls

    def carry(self, path: ToolPath, grasped: np.ndarray) -> None:
        """Move the tool along `path`, holding body `grasped` of each run where it says so, let go and wait."""
        scene, data = self._with_tools(path.shapes)
        model, steps, rows = scene.model, path.positions.shape[1], np.flatnonzero(path.holding.any(axis=1))
        controls = self._controls(steps, model)
        first = model.neq + 3 * model.nmocap
        if len(rows):
            weld = _places(scene.free, grasped[rows])
            start = scene.qpos_start[weld]
            held = np.stack([self._full[rows, 4 + start + k] for k in range(4)], axis=-1)
            controls[rows[:, None], np.arange(steps)[None], weld[:, None]] = path.holding[rows]
            controls[rows, :, model.neq : model.neq + 3] = path.positions[rows]
            controls[rows, :, first : first + 4] = quaternion_product(path.quaternions[rows], held[:, None])
        tools = np.zeros((self._runs, len(path.shapes), 7))
        tools[..., :3], tools[..., 3] = AWAY, 1.0
        for index in range(len(path.shapes)):
            own, mocap = path.shape_of_run == index, 1 + len(scene.fixed) + index
            at, turned = model.neq + 3 * mocap, first + 4 * mocap
            controls[own, :, at : at + 3], controls[own, :, turned : turned + 4] = (
                path.positions[own], path.quaternions[own],
            )  # fmt: skip
            tools[own, index, :3], tools[own, index, 3:] = path.positions[own, 0], path.quaternions[own, 0]
        controls[..., len(scene.free) : model.neq] = 1.0
        self._roll(steps, controls, model, data, tools.reshape(self._runs, -1))

    def _with_tools(self, tools: tuple[Tool, ...]) -> tuple[BuiltScene, list[mujoco.MjData]]:
        """Return the scene with tools in it, built when they change."""
        if not tools:
            return self._scene, self._data
        if self._equipped[0] != tools:
            scene = with_tools(self._scene, tools)
            self._equipped = tools, scene, [mujoco.MjData(scene.model) for _ in range(self._threads)]
        return self._equipped[1:]

    def advance(self, steps: int) -> None:
        """Let physics run with the gripper open."""
        model = self._scene.model
        self._roll(steps, self._controls(1, model), model, self._data, np.zeros((self._runs, 0)))

    def _roll(
        self, steps: int, controls: np.ndarray, model: mujoco.MjModel, data: list[mujoco.MjData], tools: np.ndarray
    ) -> None:
        """Advance all runs, with tools that start from rest (runs, 7 each), and tell which of them blew up."""
        coordinates, start = 1 + self._scene.model.nq, self._full
        if tools.size:
            still = np.zeros((self._runs, 6 * tools.shape[1] // 7))
            start = np.concatenate([start[:, :coordinates], tools, start[:, coordinates:], still], axis=1)
        out, _ = rollout.rollout(
            model,
            data,
            start,
            controls,
            control_spec=CONTROL,
            nstep=steps,
            persistent_pool=self._threads > 1,
            chunk_size=max(1, min(8, self._runs // max(1, self._threads))),
        )
        reached = out[:, -1, 0] - self._full[:, 0] > (steps - 0.5) * model.opt.timestep
        last = 1 + model.nq + self._scene.model.nv
        self._full = np.delete(out[:, -1, :last], np.s_[coordinates : coordinates + tools.shape[1]], axis=1)
        self._alive &= reached & np.all(np.isfinite(self._full), axis=-1)
        self._alive &= self.states().sane

    def states(self) -> States:
        """Return where everything is now. See `Runs.states`."""
        scene = self._scene
        positions = np.empty((self._runs, len(scene.slabs), 3))
        quaternions = np.empty((self._runs, len(scene.slabs), 4))
        positions[:, scene.fixed], quaternions[:, scene.fixed] = self._furniture
        positions[:, scene.free] = self._full[:, 1 + scene.qpos_start[:, None] + np.arange(3)]
        quaternions[:, scene.free] = self._full[:, 4 + scene.qpos_start[:, None] + np.arange(4)]
        openings = np.zeros(positions.shape[:2])
        for index, start in scene.drawers:
            openings[:, index] = self._full[:, 1 + start]
        first = 1 + scene.model.nq
        velocities = self._full[:, first : first + 6 * len(scene.free)].reshape(self._runs, -1, 6)
        speeds = np.asarray(np.linalg.norm(velocities[..., :3], axis=-1).max(-1, initial=0.0))
        return States(positions, quaternions, openings, speeds, self._alive.copy())

    def contacts(self) -> np.ndarray:
        """Return which bodies touch now; none where a run blew up. See `Runs.contacts`."""
        return touching_all(self._scene, self.states(), self._data[0])


def _places(free: np.ndarray, bodies: np.ndarray) -> np.ndarray:
    """Return where `bodies` are among the `free` ones. Raises BatchError: nothing else can be bound."""
    if not np.isin(bodies, free).all():
        raise BatchError("a tool can bind only what moves freely")
    return np.searchsorted(free, bodies)
