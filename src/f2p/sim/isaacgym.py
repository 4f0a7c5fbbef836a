"""NVIDIA's Isaac Gym as a worker: Python 3.8, a process or container of its own. Not run on Isaac Gym here.

What is here is f2p's side; the worker is `docker/isaacgym/worker.py`, with how to install it beside it.
"""

from __future__ import annotations

import os

from f2p.sim.labelled import LabelledSimulator, SimulationConfig
from f2p.sim.protocol import simulators
from f2p.sim.remote.engine import RemoteEngine
from f2p.sim.remote.process import WorkerConfig

COMMAND = "f2p-isaacgym-worker"
VARIABLE = "F2P_ISAACGYM_WORKER"
"""Environment: another command line of the worker."""
HOW = f"docker/isaacgym/README.md says how to install it ({VARIABLE} may hold another command line)"
NOTICE = "f2p's worker for Isaac Gym was checked against type stubs and a stand-in: it was not run on Isaac Gym"


@simulators.register("isaacgym")
class IsaacGymSimulator(LabelledSimulator):
    """`Simulator` on Isaac Gym Preview 4. Written and type-checked, not run on Isaac Gym here."""

    def __init__(self, config: SimulationConfig | None = None, worker: WorkerConfig | None = None) -> None:
        worker = worker or WorkerConfig(command=os.environ.get(VARIABLE) or COMMAND)
        super().__init__(config or SimulationConfig(), RemoteEngine("isaacgym", worker, HOW, NOTICE))
