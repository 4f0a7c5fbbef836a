"""Steps as the running robot would see them: the twin's camera, the robot's own perception, names from look to look.

The world is moved by the data simulation, whose gripper never misses; only the eyes are the robot's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import linear_sum_assignment

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

    def introduce(self, world: World) -> Scene:
        """Return the scene as it is seen now, by its true names, which the next looks follow.

        Of two things as large as each other nobody can tell which is which; a robot acts on the one it means, whatever
        it calls it, while here a call goes by its true name (ours).
        """
        self._memory.previous = named_as(self.look(world), world.scene)
        return self._memory.previous

    def look(self, world: World, sought: tuple[str, ...] = ()) -> Scene:
        """Return the scene as it is seen now, tables by their true names; where the `sought` are is not guessed."""
        config = replace(self._config, sought=sought)

        def see(aside: float, previous: Scene | None) -> Scene:
            points_task, sensor_task = self._eye.look(world, aside)
            return scene_from_cloud(points_task, config, previous, sensor_task)

        scene = self._memory.look(see)
        supports = tuple(one for one in world.scene.segments if one.shape.support)
        return named_as(scene, Scene(supports))


def named_as(seen: Scene, truth: Scene) -> Scene:
    """Return what was seen with the names of those true things that are nearest, each of the same shape prior."""
    names = {one.name: one.name for one in seen.segments}
    for prior in {one.prior for one in truth.segments}:
        found, there = ([one for one in scene.segments if one.prior == prior] for scene in (seen, truth))
        apart = [[np.linalg.norm(one.box.center - other.box.center) for other in there] for one in found]
        for row, column in zip(*linear_sum_assignment(np.array(apart).reshape(len(found), len(there))), strict=True):
            names[found[row].name] = there[column].name
    return Scene(tuple(replace(one, name=names[one.name]) for one in seen.segments), seen.stamp_ns)
