"""Placements: each particle's body is put on a surface of its own, and the parameter is placement minus grasp (A.10).

Each particle keeps its surface, so that P(A) covers them all. Placements keep clear of what stands there (ours:
collisions look as uncertain to the model as the gap between the tables, so they are excluded; a box that had been put
on a landmark taught that what is in a box rises there).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from f2p.geometry import half_extents
from f2p.posterior.action_spaces.protocol import Situation, action_spaces, as_tensor
from f2p.posterior.barrier import Obstacles, turned
from f2p.posterior.prior import UniformPrior
from f2p.posterior.svgd import Coordinates


@dataclass(eq=False)
class PlacementSpace:
    """`ActionSpace` with three variables per particle: local x, y on its surface, and turn."""

    prior: UniformPrior
    """Bounds of each particle's variables. Shape (M, 3)."""
    frames: Tensor
    """Surface frames x, y, z of the placed body's centre, yaw. Shape (M, 4)."""
    grasps: Tensor
    """Present poses of the object acted on. Shape (M, 4)."""
    surfaces: tuple[str, ...]
    """Surface of each particle."""
    obstacles: Obstacles | None = None
    """None where P(A) is uniform whatever stands there, as in the paper."""

    def parameters(self, variables: Tensor) -> Tensor:
        """Return skill parameters (M, 4) of variables (M, 3)."""
        values = self.prior.squash(variables)
        return torch.cat([self._placed(values) - self.grasps[:, :3], values[:, 2:]], -1)

    def _placed(self, values: Tensor) -> Tensor:
        """Return where the body's centre comes to be. Shape (M, 3)."""
        spot = self.frames[:, :2] + turned(values[:, :2], self.frames[:, 3])
        return torch.cat([spot, self.frames[:, 2:3]], -1)

    def barrier(self, variables: Tensor) -> Tensor:
        """Return the log-barrier of the placements against what stands there. Shape (M,)."""
        if self.obstacles is None:
            return variables.new_zeros(len(variables))
        values = self.prior.squash(variables)
        yaws = self.grasps[:, 3:] + values[:, 2:]
        return self.obstacles.barrier(torch.cat([self._placed(values), yaws], -1))

    def log_prior(self, variables: Tensor) -> Tensor:
        """Return ln P(a): uniform within bounds, clear of what stands there. Shape (M,)."""
        return self.prior.log_density(variables) + self.barrier(variables)

    def draw(self, count: int, tries: int, generator: torch.Generator) -> Tensor:
        """Return draws from the prior, the freest of `tries` for each particle. Shape (count, 3)."""
        drawn = torch.stack([self.prior.draw(count, generator) for _ in range(tries if self.obstacles else 1)])
        with torch.no_grad():
            freest = torch.stack([self.barrier(one) for one in drawn]).argmax(0)
        return drawn[freest, torch.arange(count)]

    def coordinates(self, context: Tensor | None) -> Coordinates:
        """Return placements as shares of their own surface, beside the states; each surface's particles by themselves.

        P(A) is a mixture over surfaces, and no particle leaves its own. Compared over all surfaces at once, the median
        distance would be that between tables, and there would be no repulsion within one.
        """
        groups = tuple(
            tuple(row for row, own in enumerate(self.surfaces) if own == name) for name in dict.fromkeys(self.surfaces)
        )
        columns = 3 + (context.shape[1] if context is not None else 0)
        return Coordinates((tuple(range(columns)),), self.prior.shares, self.prior.slopes, context, groups or None)


def _allotted(count: int, areas: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw a surface for each particle, in proportion to area, systematically in random order. Shape (count,), int."""
    ends = np.cumsum(areas / areas.sum())
    chosen = np.searchsorted(ends, (np.arange(count) + rng.random()) / count)
    return rng.permutation(np.minimum(chosen, len(areas) - 1))


@action_spaces.register("pick_place")
def placement_space(situation: Situation, rng: np.random.Generator) -> PlacementSpace:
    """Uniform placements of the body on one of the surfaces, which `rng` draws, over its edge by `overhang` at most."""
    bounds, size, config = situation.bounds, situation.segment.box.size, situation.config
    grasp = np.asarray(situation.poses, dtype=np.float64)[:, situation.acted_on]
    within = 1.0 - config.overhang
    fits = np.array(
        [
            np.maximum(
                surface.half - within * half_extents(size, grasp[:, 3].mean() - surface.yaw)[:2], config.least_room
            )
            for surface in bounds.surfaces
        ]
    )
    chosen = _allotted(len(grasp), np.prod(fits, axis=1), rng)
    half = np.column_stack([fits[chosen], np.full(len(grasp), config.turn)])
    surfaces = [bounds.surfaces[index] for index in chosen]
    frames = np.array([[*item.center, item.height + 0.5 * size[2], item.yaw] for item in surfaces])
    prior, names = UniformPrior(as_tensor(-half), as_tensor(half)), tuple(item.name for item in surfaces)
    return PlacementSpace(prior, as_tensor(frames), as_tensor(grasp), names, situation.obstacles)
