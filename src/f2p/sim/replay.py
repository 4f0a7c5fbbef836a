"""A step done again in its rebuilt scene: what the simulator says should have come of it."""

from __future__ import annotations

from f2p.sim.protocol import Simulator
from f2p.sim.world import reconstruct
from f2p.types import Scene, SkillCall, Transition


def replayed(simulator: Simulator, before: Scene, call: SkillCall) -> Transition | None:
    """Return what the same call does in the rebuilt scene; None when that blows up.

    Raises:
        F2pError: The scene cannot be rebuilt.
    """
    world = reconstruct(before)
    batch = simulator.simulate(
        world.bodies, world.poses[None], [call], seed=0, tag="replay", openings=world.openings
    )  # fmt: skip
    return batch.transitions[0]
