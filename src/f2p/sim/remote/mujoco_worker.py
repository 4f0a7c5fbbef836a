"""A worker on MuJoCo: a program that does jobs as Isaac Gym's worker would, knowing the boards alone."""

from __future__ import annotations

import mujoco
import numpy as np

from f2p.shape.protocol import Slab
from f2p.sim.motion.protocol import Tool, ToolPath
from f2p.sim.physics.engine import States
from f2p.sim.physics.rollout import Batch
from f2p.sim.physics.scene_builder import BuiltScene, Part, PhysicsConfig, compiled, located, scene_xml
from f2p.sim.remote.wire import Job, Result, serve


def built(job: Job) -> BuiltScene:
    """Compile the scene of a job. There are no shape priors any more, only boards that move together."""
    parts = []
    for body, free in enumerate(job.free):
        boards = np.flatnonzero(job.board_body == body)
        slabs = tuple(Slab(job.board_center[i], job.board_half[i], bool(job.board_slides[i])) for i in boards)
        parts.append(Part(slabs, bool(free), float(job.slide_most[body])))
    time_step, friction, density, weld_time = job.physics.tolist()
    physics = PhysicsConfig(time_step=time_step, friction=friction, density=density, weld_time=weld_time)
    return located(compiled(scene_xml(parts, physics)), (), parts, physics)


def tools_of(job: Job) -> tuple[Tool | None, ...]:
    """Return the shape of each run's tool."""
    own = [job.box_tool == index for index in range(len(set(job.box_tool.tolist())))]
    shapes = [Tool(job.box_center[rows], job.box_half[rows], job.box_quaternion[rows]) for rows in own]
    return tuple(None if index < 0 else shapes[index] for index in job.tool.tolist())


def simulate(job: Job) -> Result:
    """Do a job on one thread."""
    scene = built(job)
    still = np.zeros(len(job.held))
    batch = Batch(scene, States(job.positions, job.quaternions, job.openings, still, still == 0.0), threads=1)
    if job.path_holds.any() or np.any(job.tool >= 0):
        batch.carry(ToolPath(job.tool_positions, job.tool_quaternions, job.path_holds, tools_of(job)), job.held)
    else:
        batch.advance(job.path_holds.shape[1])
    states = batch.states()
    return Result(states.positions, states.quaternions, states.openings, states.speeds, states.alive, batch.contacts())


if __name__ == "__main__":
    serve(f"MuJoCo {mujoco.__version__}", simulate)
