"""The log density of action particles: how uncertain the model is of R_post after them, states held fixed (Eq. 4, 5).

Log target = Σ_r ln(H_r) + ln P(a): the product reading of Eq. 4 (its printed sign reverses for even |R|, C8), in the
ln H form of Eq. 5, which keeps a gradient where the model is confidently wrong (C9). A placement is drawn on a surface
and the parameter is placement minus present pose (A.10); each particle keeps its surface, so that P(A) covers them all.
Placements keep clear of what stands there (ours: where things are hit the model is as uncertain as at the gap between
the tables; a box that had been put on a landmark taught that what is in a box rises there).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from f2p.geometry import half_extents
from f2p.model.protocol import Latent, SkillEffectModel
from f2p.posterior.barrier import gaps, log_barrier
from f2p.posterior.bounds import Bounds
from f2p.posterior.objective import RelationSet, log_entropy
from f2p.posterior.prior import UniformPrior
from f2p.posterior.svgd import Coordinates
from f2p.registry import Registry
from f2p.settings import Settings, choice, number
from f2p.types import PARAMETER_SIZE, SkillCall

PLACING = "pick_place"
REACH = {"push": (0.4, 0.4), "open_drawer": (0.4,), "close_drawer": (0.4,)}
"""Largest size of each parameter of the other skills [m] (A7; ours: an arm's comfortable stroke)."""


Pooling = Callable[[Tensor], Tensor]
"""ln H (M, R) to one log target (M,)."""

poolings: Registry[Pooling] = Registry("pooling of entropies")
"""The readings of Eq. 4 and 5 by name (C8, C9)."""


@poolings.register("sum")
def _sum(log_entropies: Tensor) -> Tensor:
    """Σ_r ln H_r: the product of Eq. 4 in the form of Eq. 5 (literal)."""
    return log_entropies.sum(-1)


@poolings.register("mean")
def _mean(log_entropies: Tensor) -> Tensor:
    """The mean of ln H_r: the same at a temperature of |R_post|."""
    return log_entropies.mean(-1)


@poolings.register("log_mean")
def _log_mean(log_entropies: Tensor) -> Tensor:
    """Ln of the mean H_r: high where some relation is uncertain, whatever the certain ones do."""
    return torch.logsumexp(log_entropies, -1) - math.log(log_entropies.shape[-1])


@poolings.register("sum_entropy")
def _sum_entropy(log_entropies: Tensor) -> Tensor:
    """Σ_r H_r: generalised Bayes with the loss of Eq. 1a as it stands."""
    return log_entropies.exp().sum(-1)


@dataclass(frozen=True)
class ActionConfig(Settings):
    """Where actions may go and how they are compared."""

    turn: float = number(0.5, "largest turn of a placement", unit="rad", low=1e-3, high=3.2, source="ours: A18")
    state_weight: float = number(
        0.25, "weight of the grasped body's state beside the action in the kernel; 0: actions alone", low=0.0, high=1.0,
        source="ours: C12 asks for (s, a); at full weight states part all particles and actions lose their repulsion",
    )  # fmt: skip
    pooling: str | None = choice(
        None, "how the entropies of R_post become one log target; none: the mode's", lambda: poolings.names
    )
    entropy_weight: float | None = number(
        None, "weight of the pooled entropy against the prior: 1 is beta = 1 of A.13.2; none: the mode's", low=0.0,
        high=10.0,
    )  # fmt: skip
    overhang: float = number(
        0.6, "share of half the placed body that may stand over a surface's edge", low=0.0, high=1.0,
        source="ours: the planner may put it there, and where nothing was learned it finds what it hopes for",
    )  # fmt: skip
    least_room: float = number(0.02, "half range where the body hardly fits a surface", unit="m", low=1e-3, high=0.5)
    margin: float = number(0.01, "softness of the barrier around things", unit="m", low=1e-4, high=0.1, source="ours")
    tries: int = number(40, "draws per particle, of which the freest is kept", low=1, high=10_000, source="as states")


DEFAULT = ActionConfig()


@dataclass(frozen=True, eq=False)
class Obstacles:
    """What placements keep clear of, in each of M states."""

    size: Tensor
    """Full extents of the body that is placed [m]. Shape (3,)."""
    poses: Tensor
    """Of the k things that stand about. Shape (M, k, 4)."""
    sizes: Tensor
    """Their full extents [m]. Shape (k, 3)."""
    margin: float

    def barrier(self, placed: Tensor) -> Tensor:
        """Log-barrier of bodies placed at (M, 4). Shape (M,)."""
        return log_barrier(gaps(placed[:, None], self.size, self.poses, self.sizes), self.margin).sum(-1)


@dataclass(frozen=True, eq=False)
class ActionSpace:
    """The three variables of an action, per particle."""

    prior: UniformPrior
    """Bounds of each particle's variables: local x, y on its surface and turn, or the parameter. Shape (M, 3)."""
    frames: Tensor
    """Surface frames x, y, z of the placed body's centre, yaw; zero for other skills. Shape (M, 4)."""
    grasps: Tensor
    """Present poses of the object acted on; zero for other skills. Shape (M, 4)."""
    surfaces: tuple[str, ...]
    """Surface of each particle; empty for other skills."""
    obstacles: Obstacles | None = None
    """None where P(A) is uniform whatever stands there, as in the paper."""

    def parameters(self, variables: Tensor) -> Tensor:
        """Skill parameters (M, 4) of variables (M, 3)."""
        values = self.prior.squash(variables)
        if not self.surfaces:
            return torch.cat([values, torch.zeros_like(values[:, :1])], -1)
        return torch.cat([self._placed(values) - self.grasps[:, :3], values[:, 2:]], -1)

    def _placed(self, values: Tensor) -> Tensor:
        """Where the body's centre comes to be. Shape (M, 3)."""
        cosine, sine = torch.cos(self.frames[:, 3]), torch.sin(self.frames[:, 3])
        x = self.frames[:, 0] + cosine * values[:, 0] - sine * values[:, 1]
        y = self.frames[:, 1] + sine * values[:, 0] + cosine * values[:, 1]
        return torch.stack([x, y, self.frames[:, 2]], -1)

    def barrier(self, variables: Tensor) -> Tensor:
        """Log-barrier of the placements against what stands there. Shape (M,)."""
        if self.obstacles is None:
            return variables.new_zeros(len(variables))
        values = self.prior.squash(variables)
        yaws = self.grasps[:, 3:] + values[:, 2:]
        return self.obstacles.barrier(torch.cat([self._placed(values), yaws], -1))

    def log_prior(self, variables: Tensor) -> Tensor:
        """Ln P(a): uniform within bounds, clear of what stands there. Shape (M,)."""
        return self.prior.log_density(variables) + self.barrier(variables)

    def draw(self, count: int, tries: int, generator: torch.Generator) -> Tensor:
        """Draws from the prior, the freest of `tries` for each particle. Shape (count, 3)."""
        drawn = torch.stack([self.prior.draw(count, generator) for _ in range(tries if self.obstacles else 1)])
        with torch.no_grad():
            freest = torch.stack([self.barrier(one) for one in drawn]).argmax(0)
        return drawn[freest, torch.arange(count)]

    def coordinates(self, context: Tensor | None) -> Coordinates:
        """Placements as shares of their own surface, beside the states; each surface's particles by themselves.

        P(A) is a mixture over surfaces, and no particle leaves its own. Compared over all surfaces at once, the median
        distance would be that between tables, and there would be no repulsion within one.
        """
        groups = tuple(
            tuple(row for row, own in enumerate(self.surfaces) if own == name) for name in dict.fromkeys(self.surfaces)
        )
        columns = 3 + (context.shape[1] if context is not None else 0)
        return Coordinates((tuple(range(columns)),), self.prior.shares, self.prior.slopes, context, groups or None)


def _allotted(count: int, areas: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A surface for each particle, in proportion to area, by systematic draws in random order. Shape (count,), int."""
    ends = np.cumsum(areas / areas.sum())
    chosen = np.searchsorted(ends, (np.arange(count) + rng.random()) / count)
    return rng.permutation(np.minimum(chosen, len(areas) - 1))


def placement_space(
    poses: np.ndarray, grasped: int, size: np.ndarray, bounds: Bounds, rng: np.random.Generator, config: ActionConfig
) -> ActionSpace:
    """Uniform placements of the grasped body on one of the surfaces, over its edge by `overhang` at most.

    Args:
        poses: States. Shape (M, n, 4).
        grasped: Index of the body.
        size: Its full extents [m]. Shape (3,).
        bounds: The surfaces.
        rng: Draws a surface for each particle.
        config: Turn and overhang.
    """
    grasp, within = np.asarray(poses, dtype=np.float64)[:, grasped], 1.0 - config.overhang
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
    prior = UniformPrior(_tensor(-half), _tensor(half))
    return ActionSpace(prior, _tensor(frames), _tensor(grasp), tuple(item.name for item in surfaces))


def stroke_space(skill: str, failed: np.ndarray, count: int) -> ActionSpace:
    """Strokes of a skill that is not a placement: each parameter within its reach; the others stay nearly zero."""
    reach = np.full(3, 1e-6)
    known = REACH.get(skill, tuple(np.maximum(np.abs(np.asarray(failed)[:3]), 0.05)))
    reach[: len(known)] = known
    high = _tensor(np.tile(reach, (count, 1)))
    zeros = torch.zeros(count, PARAMETER_SIZE)
    return ActionSpace(UniformPrior(-high, high), zeros, zeros, ())


def action_space(
    call: SkillCall,
    poses: np.ndarray,
    grasped: int,
    size: np.ndarray,
    bounds: Bounds,
    rng: np.random.Generator,
    config: ActionConfig = DEFAULT,
    obstacles: Obstacles | None = None,
) -> ActionSpace:
    """The space of actions of the failed skill; see `placement_space` and `stroke_space`."""
    if call.skill == PLACING:
        return replace(placement_space(poses, grasped, size, bounds, rng, config), obstacles=obstacles)
    return stroke_space(call.skill, call.parameter, len(poses))


@dataclass(frozen=True, eq=False)
class ActionTarget:
    """Pooled entropies + ln P(a) of M actions, each in its own fixed state."""

    model: SkillEffectModel
    latent: Latent
    """Of the M states."""
    skill: str
    grasped: int
    wanted: RelationSet
    space: ActionSpace
    pooling: str = "mean"
    """Name in `poolings`."""
    weight: float = 1.0
    """Of the pooled entropy against the prior."""

    def log_entropies(self, variables: Tensor) -> Tensor:
        """Ln H of every relation of R_post. Shape (M, R)."""
        index = torch.full((len(variables),), self.grasped, dtype=torch.int64)
        after, _ = self.model.advance(self.latent, self.skill, index, self.space.parameters(variables))
        return log_entropy(self.wanted.logits(self.model, after))

    def __call__(self, variables: Tensor) -> Tensor:
        """The log density (M,) of variables (M, 3)."""
        pooled = poolings.get(self.pooling)(self.log_entropies(variables))
        return self.weight * pooled + self.space.log_prior(variables)


def _tensor(array: np.ndarray) -> Tensor:
    return torch.as_tensor(array, dtype=torch.float32)
