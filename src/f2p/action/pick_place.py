"""Pick and place: the object is taken, carried over everything, and lowered until it touches.

A target is absolute (x, y of the object's box centre in the task frame), since what a robot can reach is a region and
not a distance; the parameter is the placement pose minus the grasp pose (A.10). Lowering is guarded, but a body lowers
no farther than dz says, and a model was taught placements that end where they say. So proposals end on what is seen
there (ours: with dz = 0 what was put on a tall cabinet was believed to end within it). They have dyaw = 0 (ours: no
task needs it; Points2Plans has no rotation either).
"""

from __future__ import annotations

import numpy as np

from f2p.action.covered import uncovered
from f2p.action.protocol import Parameter, actions
from f2p.action.workspace import Workspace
from f2p.geometry import inside_box, rotate_z
from f2p.shape.levels import level_below
from f2p.shape.protocol import FREE
from f2p.types import GoalRelation, Scene, Segment


class PickPlaceAction:
    """`Action` of A.10's pick-and-place."""

    parameters: tuple[Parameter, ...] = (
        Parameter("dx", "m", -3.0, 3.0, "placement minus grasp", along="x", aims=True),
        Parameter("dy", "m", -3.0, 3.0, "placement minus grasp", along="y", aims=True),
        Parameter("dz", "m", -1.0, 1.0, "placement minus grasp; contact ends the lowering", along="z", aims=True),
        Parameter("dyaw", "rad", -3.2, 3.2, "placement minus grasp", turns=True),
    )

    def applies(self, segment: Segment) -> bool:
        """Tell whether `segment` can be lifted: a drawer can be moved, but slides in its case."""
        return segment.shape.moves == FREE

    def draw(
        self, scene: Scene, name: str, count: int, rng: np.random.Generator, workspace: Workspace | None = None
    ) -> np.ndarray:
        """Propose placements uniformly from the workspace, a share of them over whatever is in the scene.

        Args:
            scene: Its segments' footprints are used, all alike, furniture and movables.
            name: The object to be placed.
            count: How many to draw.
            rng: Source of randomness.
            workspace: Region of the uniform draws; draws over footprints are clipped to it.

        Returns:
            Shape (count, 4): dx, dy, dz, 0; dz is 0 where there is nothing to put it on.
        """
        space = workspace or Workspace()
        low, high = (space.x_low, space.y_low), (space.x_high, space.y_high)
        out = np.zeros((count, len(self.parameters)))
        out[:, :2] = rng.uniform(low, high, (count, 2))
        over = round(space.over_objects * count) if scene.segments else 0
        if over:
            boxes = [segment.box for segment in scene.segments]
            chosen = rng.integers(len(boxes), size=over)
            centers, sizes = (np.array([part[:2] for part in parts])[chosen] for parts in (
                [box.center for box in boxes], [box.size for box in boxes]))  # fmt: skip
            yaws = np.array([box.yaw for box in boxes])[chosen]
            local = rng.uniform(-sizes / 2, sizes / 2)
            out[:over, :2] = np.clip(centers + rotate_z(local, yaws), low, high)
        own = scene.segments[scene.index(name)].box
        others = [
            one for one in scene.segments
            if one.name != name and not inside_box(one.box.center[None], own.center, own.size, own.yaw)[0]
        ]  # fmt: skip
        level, rise = level_below(others, out[:, :2]), self.parameters[2]  # its contents are not what it is put on
        released = np.clip(level + 0.5 * own.size[2] - own.center[2], rise.low, rise.high)
        out[:, 2] = np.where(np.isfinite(level), released, 0.0)
        out[:, :2] -= own.center[:2]
        return out

    def expected(self, scene: Scene, name: str, parameters: np.ndarray) -> np.ndarray:
        """Say how far each segment is meant to be displaced: the object by its parameters. Shape (count, n, 3)."""
        out = np.zeros((len(parameters), len(scene.segments), 3))
        out[:, scene.index(name)] = np.asarray(parameters)[:, :3]
        return out

    def preconditions(self, scene: Scene, name: str) -> tuple[GoalRelation, ...]:
        """Ask that what lies in a drawer has come out in front of its case."""
        return uncovered(scene, name)


actions.register("pick_place")(PickPlaceAction())
