"""MuJoCo in a process of its own, over the wire on which Isaac Gym is asked: its stand-in where there is none."""

from __future__ import annotations

import shlex
import sys

from f2p.sim.labelled import LabelledSimulator, SimulationConfig
from f2p.sim.protocol import simulators
from f2p.sim.remote.engine import RemoteEngine
from f2p.sim.remote.process import WorkerConfig

COMMAND = shlex.join((sys.executable, "-m", "f2p.sim.remote.mujoco_worker"))


@simulators.register("mujoco_worker")
class MujocoWorkerSimulator(LabelledSimulator):
    """`Simulator` on MuJoCo in another process, one thread."""

    def __init__(self, config: SimulationConfig | None = None, worker: WorkerConfig | None = None) -> None:
        worker = worker or WorkerConfig(command=COMMAND)
        engine = RemoteEngine("mujoco_worker", worker, "it is part of f2p: is its Python gone?")
        super().__init__(config or SimulationConfig(), engine)
