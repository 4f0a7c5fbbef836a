"""How an inference went: spread per object, effective number of particles, histories, counts; for reports and bench."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from f2p.action.protocol import moves
from f2p.types import Particles

if TYPE_CHECKING:
    from f2p.posterior.svgd import Trace


@dataclass(frozen=True, eq=False)
class Diagnostics:
    """Everything about one run that is not a particle."""

    mode: str
    names: tuple[str, ...]
    position_spread: np.ndarray
    """Root mean square distance from the mean position of each segment, in the plane [m]. Shape (n,)."""
    yaw_spread: np.ndarray
    """Standard deviation of each segment's yaw [rad]. Shape (n,)."""
    effective_states: float
    """Particles that are really different, 1 .. M (see `effective_number`)."""
    effective_actions: float
    """The same of placements."""
    states: Trace
    actions: Trace
    surfaces: dict[str, int]
    """Actions per surface."""
    relations_before: int
    """Size of R_pre."""
    relations_after: int
    """Size of R_post."""
    seconds: dict[str, float]
    """`prepare`, `states`, `actions`, `total` [s]."""


def effective_number(coordinates: np.ndarray, scale: float) -> float:
    """Count the distinct particles: M² / Σ_ij exp(-d_ij² / scale²), 1 where all coincide, M where none do.

    Args:
        coordinates: Shape (M, D).
        scale: Distance at which two count as different, in the coordinates' unit.
    """
    coordinates = np.asarray(coordinates, dtype=np.float64)
    squared = np.sum((coordinates[:, None] - coordinates[None]) ** 2, axis=-1)
    return float(len(coordinates) ** 2 / np.exp(-squared / scale**2).sum())


def spreads(poses: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the spread in the plane [m] and in yaw [rad] of every segment over poses (M, n, 4). Shapes (n,)."""
    poses = np.asarray(poses, dtype=np.float64)
    plane = np.sqrt(np.var(poses[..., :2], axis=0).sum(-1))
    return plane, np.std(np.unwrap(poses[..., 3], axis=0), axis=0)


def placements(particles: Particles) -> np.ndarray:
    """Return where each particle's call is meant to bring its object: x, y [m]. Shape (M, 2)."""
    rows = [particles.names.index(call.object) for call in particles.calls]
    here = particles.poses[np.arange(len(rows)), rows, :2]
    return here + np.array([(call.parameter @ moves(call.skill))[:2] for call in particles.calls])
