"""Stein variational gradient descent: a log density and starting particles go in, spread particles come out (Eq. 3, 5).

Generic over the density. Always finite: gradients that are not are zeroed and counted, particles that coincide are told
apart by a jitter, and every run ends with a reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np
import torch
from torch import Tensor

from f2p.clock import Clock, SystemClock
from f2p.posterior.config import SvgdConfig
from f2p.posterior.errors import NotFiniteError
from f2p.posterior.kernel import DEFAULT_KERNEL, ComparedParticles, Kernel, kernels

LogDensity = Callable[[Tensor], Tensor]
"""Variables (M, D) to log densities (M,), differentiable; row i depends on particle i alone."""


class Stop(IntEnum):
    """Why a run ended."""

    CONVERGED = 0
    """‖Φ‖ fell below the tolerance."""
    ITERATIONS = 1
    """All iterations were used."""
    TIME = 2
    """The time limit came first."""
    FLAT = 3
    """The density has no gradient anywhere and the particles no repulsion: nothing moves."""


@dataclass(frozen=True, eq=False)
class Coordinates:
    """How particles are compared: a map of the variables, its slopes, and context that stays fixed."""

    blocks: tuple[tuple[int, ...], ...]
    """Columns per object."""
    of: Callable[[Tensor], Tensor] = field(default=lambda variables: variables)
    """Variables (M, D) to coordinates (M, D), one by one."""
    slopes: Callable[[Tensor], Tensor] = field(default=torch.ones_like)
    """Derivatives of `of`. Shape (M, D)."""
    context: Tensor | None = None
    """Fixed further coordinates. Shape (M, E)."""
    groups: tuple[tuple[int, ...], ...] | None = None
    """Particles that see each other, where the density is a mixture whose components they cannot leave; None: all."""

    def at(self, variables: Tensor) -> ComparedParticles:
        """Return what the kernel sees of `variables` (M, D)."""
        coordinates = self.of(variables)
        if self.context is not None:
            coordinates = torch.cat([coordinates, self.context], -1)
        return ComparedParticles(coordinates, self.slopes(variables), self.blocks)

    def direction(self, kernel: Kernel, compared: ComparedParticles, scores: Tensor) -> Tensor:
        """Return Φ within each group. Shape (M, D)."""
        if self.groups is None:
            return kernel.direction(compared, scores)
        direction = torch.zeros_like(scores)
        for group in self.groups:
            rows = list(group)
            members = ComparedParticles(compared.coordinates[rows], compared.slopes[rows], compared.blocks)
            direction[rows] = kernel.direction(members, scores[rows])
        return direction


@dataclass(frozen=True, eq=False)
class Trace:
    """How a run went, for the report."""

    direction_norm: np.ndarray
    """Root mean square of Φ at each iteration. Shape (iterations,)."""
    log_density: np.ndarray
    """Mean log density at each iteration. Shape (iterations,)."""
    spread: np.ndarray
    """Mean standard deviation over the compared coordinates at each iteration. Shape (iterations,)."""
    stop: Stop
    seconds: float
    """Wall time [s]."""
    counts: dict[str, int] = field(default_factory=dict)
    """`evaluations`, `not_finite` (zeroed gradients), `jittered`, `clipped`."""


@dataclass(frozen=True, eq=False)
class SvgdResult:
    """Final particles and the way there."""

    variables: Tensor
    """Shape (M, D)."""
    log_density: Tensor
    """Shape (M,)."""
    trace: Trace


def scored(log_density: LogDensity, variables: Tensor) -> tuple[Tensor, Tensor]:
    """Log densities (M,) and their gradients (M, D), detached."""
    leaf = variables.detach().requires_grad_(True)
    values = log_density(leaf)
    if not values.requires_grad:
        return values.detach(), torch.zeros_like(variables)
    (gradient,) = torch.autograd.grad(values.sum(), leaf, allow_unused=True)
    return values.detach(), torch.zeros_like(variables) if gradient is None else gradient.detach()


def _sound(scores: Tensor, limit: float, counts: Counter[str]) -> Tensor:
    """Return scores with non-finite rows zeroed and long rows shortened."""
    finite = torch.isfinite(scores).all(-1, keepdim=True)
    counts["not_finite"] += int((~finite).sum())
    scores = torch.where(finite, scores, torch.zeros_like(scores))
    norms = scores.norm(dim=-1, keepdim=True)
    counts["clipped"] += int((norms > limit).sum())
    return scores * (limit / norms.clamp_min(limit))


def told_apart(variables: Tensor, jitter: float, generator: torch.Generator, counts: Counter[str]) -> Tensor:
    """Return particles that (nearly) coincide with another, moved by a jitter: the kernel cannot part equal ones."""
    distances = torch.cdist(variables, variables, compute_mode="donot_use_mm_for_euclid_dist")
    near = torch.triu(distances < 1e-3 * max(jitter, 1e-9), diagonal=1).any(0)
    counts["jittered"] += int(near.sum())
    noise = torch.randn(variables.shape, generator=generator, dtype=variables.dtype)
    return variables + jitter * noise * near[:, None]


def _step_size(config: SvgdConfig, iteration: int) -> float:
    """Return the cosine from `step` to `final_step` of it."""
    share = 0.5 * (1.0 + np.cos(np.pi * iteration / config.iterations))
    return config.step * (config.final_step + (1.0 - config.final_step) * share)


def _require_finite(log_densities: Tensor) -> None:
    """Raise NotFiniteError unless the density of some particle is finite."""
    if not bool(torch.isfinite(log_densities).any()):
        raise NotFiniteError("the log density")


def svgd(
    log_density: LogDensity,
    initial: Tensor,
    config: SvgdConfig,
    coordinates: Coordinates,
    seed: int = 0,
    on_iteration: Callable[[int, Tensor], None] | None = None,
    clock: Clock | None = None,
) -> SvgdResult:
    """Move particles along the Stein direction until Φ vanishes or the budget is used.

    Args:
        log_density: Unnormalised ln p of every particle.
        initial: Starting variables. Shape (M, D).
        config: Kernel, steps, stop.
        coordinates: In which coordinates, and in which blocks, particles are compared.
        seed: Of the jitter that parts coinciding particles.
        on_iteration: Called before each iteration with its number and the variables (encoders refresh there).
        clock: Where durations come from.

    Raises:
        NotFiniteError: The log density is finite for no particle at the start or at the end.
    """
    clock = clock or SystemClock()
    generator = torch.Generator().manual_seed(seed)
    started = clock.monotonic_s()
    counts: Counter[str] = Counter(evaluations=0, not_finite=0, jittered=0, clipped=0)
    name = config.kernel or DEFAULT_KERNEL
    kernel, repels = kernels.make(name), name != "independent"
    variables = initial.detach().clone()
    adam = torch.optim.Adam([variables], maximize=True, fused=True)  # A.13.3; climbs along Φ (C14)
    stop, history = Stop.ITERATIONS, list[tuple[float, float, float]]()
    for iteration in range(config.iterations):
        if on_iteration is not None:
            on_iteration(iteration, variables.clone())
        if repels and iteration % 50 == 0:
            variables.copy_(told_apart(variables, config.jitter, generator, counts))
        values, scores = scored(log_density, variables)
        if iteration == 0:
            _require_finite(values)
        counts["evaluations"] += len(values)
        compared = coordinates.at(variables)
        direction = coordinates.direction(kernel, compared, _sound(scores, config.largest_score, counts))
        norm = float(direction.square().mean().sqrt())
        history.append((norm, float(values[torch.isfinite(values)].mean()), _spread(compared.coordinates)))
        if norm <= config.tolerance:
            stop = Stop.FLAT if iteration == 0 and norm == 0.0 else Stop.CONVERGED
            break
        variables.grad, adam.param_groups[0]["lr"] = direction, _step_size(config, iteration)
        adam.step()
        if clock.monotonic_s() - started > config.limit_s:
            stop = Stop.TIME
            break
    with torch.no_grad():
        values = log_density(variables).detach()
    _require_finite(values)
    norms, means, spreads = np.array(history).T
    return SvgdResult(
        variables, values, Trace(norms, means, spreads, stop, clock.monotonic_s() - started, dict(counts))
    )


def _spread(coordinates: Tensor) -> float:
    """Return the mean standard deviation over coordinates; 0 for a single particle."""
    return float(coordinates.std(0).mean()) if len(coordinates) > 1 else 0.0
