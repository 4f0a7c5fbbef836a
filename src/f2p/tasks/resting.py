"""What the scenes of all tasks share: they are drawn until one comes to rest where it was put."""

from __future__ import annotations

from collections.abc import Callable

from f2p.sim.errors import SamplingError
from f2p.sim.protocol import Simulator
from f2p.sim.world import World


def at_rest(
    draw: Callable[[], World | None],
    simulator: Simulator,
    what: str,
    tries: int,
    fits: Callable[[World], bool] = lambda _: True,
) -> World:
    """Return the first drawn world that stays where it was put, as it came to rest.

    Args:
        draw: Sizes and places before physics; None where they do not go together.
        simulator: In which it comes to rest.
        what: It is, for the error.
        tries: How often it is drawn.
        fits: Whether a world at rest is one that was meant.

    Raises:
        SamplingError: There was none.
    """
    for _ in range(tries):
        world = draw()
        if world is None:
            continue
        poses, stable = simulator.settle(world.bodies, world.poses[None], world.openings)
        if stable[0]:
            world = World(world.bodies, poses[0], world.openings)
            if fits(world):
                return world
    raise SamplingError(what, tries)
