"""Steps as the running robot would see them: the twin's camera, the robot's own perception, names from look to look.

The world is moved by the data simulation, whose gripper never misses; only the eyes are the robot's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from f2p.scene.objects.memory import Memory
from f2p.scene.objects.tracking import KnownObject
from f2p.scene.tabletop import TabletopConfig, scene_from_cloud
from f2p.sim.world import Body, World
from f2p.twin.eye import Eye
from f2p.types import Scene


class Onlooker:
    """Watches one simulated scene; knows what an operator would have written down about it.

    Args:
        eye: The robot's; shared between scenes.
        bodies: What is in the scene.
    """

    def __init__(self, eye: Eye, bodies: Sequence[Body]) -> None:
        known = tuple(KnownObject(one.name, one.prior, one.size) for one in bodies if not one.shape.support)
        self._eye, self._config, self._memory = eye, TabletopConfig(known=known), Memory()

    def look(self, world: World, sought: tuple[str, ...] = ()) -> Scene:
        """Return the scene as it is seen now, tables by their true names; where the `sought` are is not guessed."""
        config = replace(self._config, sought=sought)

        def see(aside: float, previous: Scene | None) -> Scene:
            points_task, sensor_task = self._eye.look(world, aside)
            return scene_from_cloud(points_task, config, previous, sensor_task)

        return named_as(self._memory.look(see), world.scene)


def named_as(seen: Scene, truth: Scene) -> Scene:
    """Return what was seen with the names of true supports, which nobody told it: each has that of the nearest one."""
    names = {one.name: one.name for one in seen.segments}
    supports = [one for one in truth.segments if one.shape.support]
    for one in seen.segments if supports else ():
        if one.shape.support:
            apart = [float(np.linalg.norm(one.box.center - other.box.center)) for other in supports]
            names[one.name] = supports[int(np.argmin(apart))].name
    return Scene(tuple(replace(one, name=names[one.name]) for one in seen.segments), seen.stamp_ns)
