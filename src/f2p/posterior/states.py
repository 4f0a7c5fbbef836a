"""The log density of state particles: how well the moved clouds still show the relations of the failure (Eq. 2, 3).

ξ moves each segment rigidly with its body (C4): the cloud turns about the observed box centre and moves by the body's
own displacement, since the centroid of a partial view is not the body's origin (method.md 6.3). Encoding is dear and
translating is cheap, so clouds are encoded at each particle's yaw now and then; in between, gradients flow through
positions, and through yaw by where it carries centroids and contents.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from f2p.model.batch import segment_points
from f2p.model.protocol import Latent, SkillEffectModel
from f2p.posterior.barrier import gaps, log_barrier, reaches, turned
from f2p.posterior.config import StateConfig
from f2p.posterior.layout import Layout
from f2p.posterior.modes import PLACED
from f2p.posterior.objective import RelationSet, before_set, log_likelihood
from f2p.posterior.svgd import Coordinates
from f2p.types import BINARY_RELATIONS, Relations, Scene

DEFAULT = StateConfig(kinds=PLACED, agreeing_only=True)


@dataclass(eq=False)
class StateTarget:
    """ln p(R_pre | ξ(s) O_F) + ln P(s) of M states at once; remembers the encoding of the last `encode`."""

    model: SkillEffectModel
    layout: Layout
    wanted: RelationSet
    clouds: Tensor
    """Clouds as observed. Shape (n, 128, 3)."""
    config: StateConfig = DEFAULT
    _latent: Latent | None = field(default=None, init=False)
    _encoded_arm: Tensor | None = field(default=None, init=False)
    _encoded_variables: Tensor | None = field(default=None, init=False)

    @property
    def coordinates(self) -> Coordinates:
        """Particles are compared by shares of the prior's range (C12), object by object."""
        return Coordinates(self.layout.blocks, self.layout.prior.shares, self.layout.prior.slopes)

    def poses(self, variables: Tensor) -> Tensor:
        """Return absolute poses (M, n, 4) of variables (M, D)."""
        return self.layout.poses(self.layout.prior.squash(variables))

    def encode(self, variables: Tensor) -> None:
        """Encode every particle's clouds at their present yaws, in their observed places."""
        observed = self.layout.observed_poses
        with torch.no_grad():
            yaws = self.poses(variables)[..., 3] - observed[:, 3]
            arms = (self.clouds - observed[:, None, :3]).expand(len(yaws), -1, -1, -1)
            clouds = observed[:, None, :3] + turned(arms, yaws[..., None])
            self._latent = self.model.observe_rigid(clouds, self._turning).detached()
            self._encoded_arm = turned(self._arm, yaws)
        self._encoded_variables = variables.detach().clone()

    def latent(self, poses: Tensor) -> Latent:
        """Return the latent of all particles at `poses` (M, n, 4), by moving the last encoding."""
        assert self._latent is not None and self._encoded_arm is not None
        observed = self.layout.observed_poses
        swung = turned(self._arm, poses[..., 3] - observed[:, 3]) - self._encoded_arm
        return self.model.moved(self._latent, poses[..., :3] - observed[:, :3] + swung)

    def barrier(self, poses: Tensor, values: Tensor) -> Tensor:
        """Return the log-barrier of bodies against each other and against the walls around them. Shape (M,)."""
        layout, sizes = self.layout, self.layout.extents
        total = poses.new_zeros(len(poses))
        if len(layout.apart):
            first, second = self._apart
            gap = gaps(poses.index_select(1, first), sizes[first], poses.index_select(1, second), sizes[second])
            total = total + log_barrier(gap, self.config.margin).sum(-1)
        if layout.walled.any():
            rows, size, interior = self._walled
            local = values.view(len(values), -1, 3).index_select(1, rows)
            room = interior - local[..., :2].abs() - reaches(local[..., 2], size)
            total = total + log_barrier(room, self.config.margin).sum((-1, -2))
        return total

    def __call__(self, variables: Tensor) -> Tensor:
        """Return the log density (M,) of variables (M, D), as many as were encoded last."""
        values = self.layout.prior.squash(variables)
        poses = self.layout.poses(values)
        density = self.layout.prior.log_density(variables) + self.barrier(poses, values)
        if len(self.wanted):
            logits = self.wanted.logits(self.model, self.latent(poses))
            density = density + log_likelihood(logits, self.wanted.values) / self.config.temperature
        return density

    def pinned(self, variables: Tensor) -> Tensor:
        """Return the variables with the yaws of the last encoding, for searches that jump."""
        yaw = torch.zeros(variables.shape[1], dtype=torch.bool)
        yaw[2::3] = True
        assert self._encoded_variables is not None
        return torch.where(yaw, self._encoded_variables, variables)

    def start(self, count: int, generator: torch.Generator) -> Tensor:
        """Draw starting variables: some near the failure, some from the prior (C18), each the freest of several."""
        near = round(self.config.near_share * count)
        tries = max(1, int(self.config.tries))
        prior, dimensions = self.layout.prior, len(self.layout.prior.low)
        observed = torch.as_tensor(self.layout.start.reshape(-1), dtype=prior.low.dtype)
        drawn = prior.draw(count * tries, generator).view(count, tries, dimensions)
        noise = torch.randn((near, tries, dimensions), generator=generator)
        spread = self.config.noise_low + (self.config.noise_high - self.config.noise_low) * torch.rand(
            (near, tries, 1), generator=generator
        )
        values = observed + noise * spread * (prior.high - prior.low)
        margin = 0.02 * (prior.high - prior.low)
        drawn[:near] = prior.unsquash(torch.clamp(values, prior.low + margin, prior.high - margin))
        with torch.no_grad():
            values = prior.squash(drawn.reshape(-1, dimensions))
            room = self.barrier(self.layout.poses(values), values).view(count, tries)
        return drawn[torch.arange(count), room.argmax(1)]

    @cached_property
    def _apart(self) -> tuple[Tensor, Tensor]:
        """Segments that must not overlap."""
        pairs = torch.tensor(self.layout.free)[torch.as_tensor(self.layout.apart)]
        return pairs[:, 0], pairs[:, 1]

    @cached_property
    def _walled(self) -> tuple[Tensor, Tensor, Tensor]:
        """Bodies between walls: positions among the free, extents (rows, 3), half interiors (rows, 2)."""
        rows = np.flatnonzero(self.layout.walled)
        free = torch.tensor([self.layout.free[row] for row in rows])
        interior = torch.as_tensor(self.layout.interior[rows], dtype=torch.float32)
        return torch.as_tensor(rows), self.layout.extents[free], interior

    @cached_property
    def _turning(self) -> Tensor:
        """Segments whose yaw is a variable, and what is placed in them. Shape (n,), bool."""
        turning = torch.zeros(len(self.clouds), dtype=torch.bool)
        turning[list(self.layout.free)] = True
        return turning

    @cached_property
    def _arm(self) -> Tensor:
        """Centroid of each cloud from its box centre. Shape (n, 3)."""
        return self.clouds.mean(1) - self.layout.observed_poses[:, :3]


def detected_relations(model: SkillEffectModel, clouds: Tensor) -> np.ndarray:
    """Return what the model sees now: probabilities (n, n, 9) of clouds (n, 128, 3)."""
    with torch.no_grad():
        mask = torch.ones((1, len(clouds)), dtype=torch.bool)
        logits = model.relations(model.observe(clouds[None], mask)).binary[0]
    return torch.sigmoid(logits).numpy()


def state_target(
    model: SkillEffectModel,
    scene: Scene,
    relations: Relations,
    layout: Layout,
    seed: int,
    config: StateConfig = DEFAULT,
) -> StateTarget:
    """Return the target of one failure scene.

    Args:
        model: In `eval()` mode (A15).
        scene: Before the failed skill.
        relations: As observed then.
        layout: Of that scene.
        seed: Of the choice of 128 points per cloud.
        config: Relations and barriers.
    """
    clouds = torch.as_tensor(segment_points(scene.segments, np.random.default_rng(seed)))
    detected = detected_relations(model, clouds) if config.agreeing_only else None
    kinds = tuple(kind for kind in BINARY_RELATIONS if kind in (config.kinds or PLACED))
    wanted = before_set(scene, relations, detected, kinds, config.least_agreement)
    return StateTarget(model, layout, wanted, clouds, config)
