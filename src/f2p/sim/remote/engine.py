"""A worker as an engine: scenes and paths become jobs, results become states; a worker that died is replaced once."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np

from f2p.sim.errors import BatchError, WorkerLostError, WorkerRefusedError
from f2p.sim.motion.protocol import Tool, ToolPath
from f2p.sim.physics.engine import States
from f2p.sim.physics.rotations import quaternion_product
from f2p.sim.physics.scene_builder import BuiltScene
from f2p.sim.remote.process import WorkerConfig, WorkerProcess, check_installed
from f2p.sim.remote.wire import Job, Result

LOG = logging.getLogger(__name__)


class RemoteEngine:
    """Starts a worker when there is something to simulate, and keeps it.

    Args:
        simulator: Name for messages.
        config: Command line and deadlines of the worker.
        how: How to install it, for who has not.
        notice: What is logged whenever one starts; empty for nothing.

    Raises:
        SimulatorMissingError: There is no such program.
    """

    def __init__(self, simulator: str, config: WorkerConfig, how: str, notice: str = "") -> None:
        check_installed(simulator, config, how)
        self._simulator, self._config, self._notice = simulator, config, notice
        self._lock = threading.Lock()
        self._worker: WorkerProcess | None = None

    def __call__(self, scene: BuiltScene, start: States) -> RemoteRuns:
        """Begin runs of a scene; see `Engine`. No worker is asked before something has to move."""
        return RemoteRuns(self, scene, start)

    def do(self, job: Job) -> Result:
        """Have a job done; by a second worker where the first dies of it. Raises WorkerError."""
        with self._lock:
            try:
                return self._ask(job)
            except WorkerLostError as error:
                LOG.warning("%s; another is asked the same", error)
            return self._ask(job)

    def _ask(self, job: Job) -> Result:
        if self._worker is None:
            self._worker = WorkerProcess(self._simulator, self._config)
            LOG.info("simulator %s: worker %d on %s", self._simulator, self._worker.pid, self._worker.engine)
            if self._notice:
                LOG.warning("%s", self._notice)
        try:
            return self._worker.ask(job)
        except WorkerRefusedError:
            raise
        except BaseException:  # an interrupt too leaves half an answer on the wire
            self._worker.close()
            self._worker = None
            raise


class RemoteRuns:
    """`Runs` of which a worker moves the bodies. Velocities do not travel: each job starts from rest."""

    def __init__(self, engine: RemoteEngine, scene: BuiltScene, start: States) -> None:
        self._engine, self._scene, self._states = engine, scene, start
        self._contacts: np.ndarray | None = None

    def advance(self, steps: int) -> None:
        """Let physics run with the gripper open. See `Runs.advance`."""
        shape = (len(self._states.alive), steps)
        upright = np.broadcast_to([1.0, 0.0, 0.0, 0.0], (*shape, 4))
        self._move(ToolPath(np.zeros((*shape, 3)), upright, np.zeros(shape, bool)), np.zeros(shape[0], int))

    def carry(self, path: ToolPath, grasped: np.ndarray) -> None:
        """Let the gripper carry a body in each run. See `Runs.carry`."""
        self._move(path, grasped)

    def states(self) -> States:
        """Return where everything is now. See `Runs.states`."""
        return self._states

    def contacts(self) -> np.ndarray:
        """Return which bodies touch, as the worker found it; by geometry before anything moved. See `Runs.contacts`."""
        if self._contacts is None:
            from f2p.sim.physics.rollout import touching_all

            self._contacts = touching_all(self._scene, self._states)
        return self._contacts

    def _move(self, path: ToolPath, grasped: np.ndarray) -> None:
        """Ask for those runs that are alive, and note what became of them."""
        old, rows = self._states, np.flatnonzero(self._states.alive)
        contacts = np.zeros((len(old.alive), len(self._scene.bodies), len(self._scene.bodies)), dtype=bool)
        if len(rows):
            held = old.quaternions[rows, grasped[rows]]
            turned = quaternion_product(path.quaternions[rows], held[:, None])
            binds = path.holding.any(axis=1) & ~np.isin(grasped, self._scene.free)
            if binds.any():
                raise BatchError("a tool can bind only what moves freely")
            job = Job(
                **_boards(self._scene), positions=old.positions[rows], quaternions=old.quaternions[rows],
                openings=old.openings[rows], held=grasped[rows], path_positions=path.positions[rows],
                path_quaternions=turned, path_holds=path.holding[rows], tool=path.shape_of_run[rows],
                tool_positions=path.positions[rows], tool_quaternions=path.quaternions[rows], **_tools(path.shapes),
            )  # fmt: skip
            result = self._engine.do(job)
            self._states = _merged(old, rows, result)
            either = result.contacts | np.swapaxes(result.contacts, 1, 2)
            contacts[rows] = either & ~np.eye(contacts.shape[1], dtype=bool)
        self._contacts = contacts


def _boards(scene: BuiltScene) -> dict[str, np.ndarray]:
    """Return what a worker builds a scene from."""
    slabs = [(index, slab) for index, own in enumerate(scene.slabs) for slab in own]
    slide_most = np.zeros(len(scene.bodies))
    for index, _ in scene.drawers:
        slide_most[index] = scene.model.joint(f"j{index}").range[1]
    physics = scene.physics
    return {
        "board_body": np.array([index for index, _ in slabs]),
        "board_center": np.array([slab.center for _, slab in slabs]),
        "board_half": np.array([slab.half for _, slab in slabs]),
        "board_slides": np.array([slab.sliding for _, slab in slabs]),
        "free": np.array([body.free for body in scene.bodies]),
        "slide_most": slide_most,
        "physics": np.array([physics.time_step, physics.friction, physics.density, physics.weld_time]),
    }


def _tools(tools: Sequence[Tool]) -> dict[str, np.ndarray]:
    """Return what a worker builds tools from."""
    counts = [len(tool.centers) for tool in tools]
    return {
        "box_tool": np.repeat(np.arange(len(tools)), counts),
        "box_center": np.concatenate([np.zeros((0, 3)), *(tool.centers for tool in tools)]),
        "box_half": np.concatenate([np.zeros((0, 3)), *(tool.halves for tool in tools)]),
        "box_quaternion": np.concatenate([np.zeros((0, 4)), *(tool.quaternions for tool in tools)]),
    }


def _merged(old: States, rows: np.ndarray, result: Result) -> States:
    """Return states in which `rows` are as a worker says, and the rest as it was."""
    new = {one.name: getattr(old, one.name).copy() for one in fields(States)}
    for name, array in new.items():
        array[rows] = getattr(result, name)
    moved = States(**new)
    return replace(moved, alive=moved.alive & moved.sane)
