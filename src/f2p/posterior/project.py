"""Particles are brought to rest by simulation; what falls is drawn again near one that did not, and counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import numpy as np

from f2p.action.protocol import aiming, moves
from f2p.geometry import rotate_z
from f2p.posterior.errors import AllRejectedError
from f2p.relation.table import held
from f2p.scene.relations import binary_relations
from f2p.settings import Settings, number
from f2p.shape.protocol import FREE, hollow, shape_of
from f2p.types import Failure, Particles, SkillCall


class SettlingBody(Protocol):
    """What is read of a simulator's body."""

    @property
    def name(self) -> str:
        """As in the scene."""

    @property
    def prior(self) -> str:
        """Its shape."""

    @property
    def size(self) -> np.ndarray:
        """Full extents. Shape (3,) [m]."""


B = TypeVar("B", bound=SettlingBody)
B_contra = TypeVar("B_contra", bound=SettlingBody, contravariant=True)
"""A body of the simulator that settles it."""


class Settler(Protocol[B_contra]):
    """The part of a simulator that projection needs."""

    def settle(
        self, bodies: Sequence[B_contra], poses: np.ndarray, openings: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return poses at rest (M, n, 4) and which scenes stayed where they were put (M,) bool."""


@dataclass(frozen=True)
class ProjectConfig(Settings):
    """When a particle is rejected and how it is drawn again."""

    rounds: int = number(3, "rounds of settling", low=1, high=50, source="ours")
    shift: float = number(0.03, "noise of a redrawn scene", unit="m", low=0.0, high=1.0, source="ours")
    turn: float = number(0.1, "turn of a redrawn scene", unit="rad", low=0.0, high=3.2, source="ours")
    lift: float = number(
        0.002, "height from which bodies settle", unit="m", low=0.0, high=0.05, source="ours: box noise"
    )


DEFAULT = ProjectConfig()


def contained(bodies: Sequence[SettlingBody], poses: np.ndarray, openings: np.ndarray | None = None) -> np.ndarray:
    """Return which body lies inside which, by geometry. Shape (M, n, n), bool."""
    sizes, opened = np.array([body.size for body in bodies]), 0.0 if openings is None else openings
    holds = hollow([body.prior for body in bodies])
    return held(binary_relations(poses[..., :3], sizes, poses[..., 3], containers=holds, openings=opened))


def kept_inside(
    bodies: Sequence[SettlingBody], poses: np.ndarray, inside: np.ndarray, openings: np.ndarray | None = None
) -> np.ndarray:
    """Return which scenes (M,) still show every pair of `inside` (n, n)."""
    return np.all(contained(bodies, poses, openings) | ~inside, axis=(1, 2))


def project(
    particles: Particles,
    failure: Failure,
    bodies: Sequence[B],
    simulator: Settler[B],
    seed: int = 0,
    config: ProjectConfig = DEFAULT,
    openings: np.ndarray | None = None,
) -> Particles:
    """Settle all scenes, reject those that do not stay, redraw them near the ones that do.

    Calls keep where they put their object: parameters are corrected by how far the object moved in settling.

    Args:
        particles: As inferred.
        failure: What was observed inside what must still be so.
        bodies: Of the rebuilt failure scene, in the order of `particles.names`.
        simulator: Anything that can settle.
        seed: Of the redraws.
        config: Rounds and noise.
        openings: How far drawers are open in all scenes [m]. Shape (n,); None: all closed.

    Returns:
        Particles at rest, at most as many, with counts `settled`, `unstable`, `spilled`, `redrawn`, `dropped`.

    Raises:
        AllRejectedError: No scene stayed.
    """
    rng = np.random.default_rng(seed)
    inside = held(failure.outcome.observed_before.binary_of(particles.names))
    poses = np.array(particles.poses, dtype=np.float64)
    free = np.array([shape_of(body.prior).moves == FREE for body in bodies])
    done = np.zeros(len(poses), dtype=bool)
    rested = poses.copy()
    counts = {"settled": 0, "unstable": 0, "spilled": 0, "redrawn": 0, "dropped": 0}
    for attempt in range(config.rounds):
        waiting = np.flatnonzero(~done)
        if attempt:
            if not done.any():
                poses[waiting] = _shaken(poses[waiting], free, rng, config)
            else:
                sources = rng.choice(np.flatnonzero(done), len(waiting))
                poses[waiting] = _moved_together(rested[sources], free, rng, config)
            counts["redrawn"] += len(waiting)
        lifted = poses[waiting]
        lifted[:, free, 2] += config.lift
        at_rest, stable = simulator.settle(bodies, lifted, openings)
        finite = np.isfinite(at_rest).all(axis=(1, 2))
        holds = kept_inside(bodies, np.nan_to_num(at_rest), inside, openings)
        good = stable & finite & holds
        counts["unstable"] += int((~(stable & finite)).sum())
        counts["spilled"] += int((stable & finite & ~holds).sum())
        rested[waiting[good]] = at_rest[good]
        done[waiting[good]] = True
        if done.all():
            break
    counts["settled"], counts["dropped"] = int(done.sum()), int((~done).sum())
    if not done.any():
        raise AllRejectedError(len(poses), config.rounds)
    return _chosen(particles, rested, done, counts)


def _moved_together(poses: np.ndarray, free: np.ndarray, rng: np.random.Generator, config: ProjectConfig) -> np.ndarray:
    """Return scenes whose free bodies are shifted and turned as one rigid group, so that none meets another."""
    out = poses.copy()
    shift = rng.normal(0.0, config.shift, (len(poses), 1, 2))
    turn = rng.normal(0.0, config.turn, (len(poses), 1))
    center = poses[:, free, :2].mean(1, keepdims=True)
    out[:, free, :2] = center + shift + rotate_z(poses[:, free, :2] - center, turn)
    out[:, free, 3] += turn
    return out


def _shaken(poses: np.ndarray, free: np.ndarray, rng: np.random.Generator, config: ProjectConfig) -> np.ndarray:
    """Return scenes with each free body moved a little by itself, for when none has come to rest yet."""
    out = poses.copy()
    out[:, free, :2] += rng.normal(0.0, 0.2 * config.shift, (len(poses), int(free.sum()), 2))
    return out


def _chosen(particles: Particles, rested: np.ndarray, done: np.ndarray, counts: dict[str, int]) -> Particles:
    """Return the particles that came to rest; what aims at a place still does."""
    calls = []
    for row in np.flatnonzero(done):
        call = particles.calls[row]
        index = particles.names.index(call.object)
        moved = rested[row, index] - particles.poses[row, index]
        parameter = np.array(call.parameter)
        parameter -= moved[:3] @ moves(call.skill).T * aiming(call.skill)
        calls.append(SkillCall(call.skill, call.object, parameter))
    return replace(
        particles,
        poses=rested[done],
        calls=tuple(calls),
        log_target=particles.log_target[done],
        log_entropy=particles.log_entropy[done],
        counts={**particles.counts, **counts},
    )
