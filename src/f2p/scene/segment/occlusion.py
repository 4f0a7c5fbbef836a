"""Joins the visible pieces of an object that something in front of it divides: regions go in, joined regions come out.

Two flat pieces belong together when they lie in one plane and everything between them is hidden (ours; the annotation
of occluded objects asks for it).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from f2p.scene.cloud.planes import dominant_plane
from f2p.settings import Settings, number


@dataclass(frozen=True)
class OcclusionConfig(Settings):
    """When two pieces are one."""

    flatness: float = number(0.008, "distance from a common plane", unit="m", low=0.0, high=0.1)
    face_share: float = number(0.2, "least share of a piece that a face of it has", low=0.01, high=1.0)
    widest: float = number(0.25, "widest gap that is bridged", unit="m", low=0.0, high=2.0)
    in_front: float = number(0.02, "what hides is this much nearer than what is hidden", unit="m", low=0.0, high=1.0)
    hidden: float = number(0.9, "share of the gap that must be hidden", low=0.0, high=1.0)
    least_points: int = number(40, "smaller pieces are too small to judge", low=4, high=1e6)


def faces_of(points: np.ndarray, config: OcclusionConfig) -> list[np.ndarray]:
    """Return the flat faces of one piece, at most two, largest first. Each (m, 3)."""
    rng = np.random.default_rng(0)
    faces, rest = [], points
    for _ in range(2):
        if len(rest) < config.least_points:
            break
        plane = dominant_plane(rest, config.flatness, rng, trials=60)
        near = np.abs(plane.heights(rest)) < config.flatness
        if near.sum() < max(config.least_points, config.face_share * len(points)):
            break
        faces.append(rest[near])
        rest = rest[~near]
    return faces


def _continue_one_another(one: np.ndarray, other: np.ndarray, flatness: float) -> bool:
    """Tell whether two faces lie in one plane."""
    both = np.concatenate([one - one.mean(axis=0), other - other.mean(axis=0)])
    normal = np.linalg.eigh(both.T @ both)[1][:, 0]
    step = abs(float(normal @ (one.mean(axis=0) - other.mean(axis=0))))
    return step < flatness and float(np.abs(both @ normal).mean()) < flatness / 2.0


def _gap_is_hidden(
    one: np.ndarray, other: np.ndarray, rays: cKDTree, ranges: np.ndarray, sensor: np.ndarray, config: OcclusionConfig
) -> bool:
    """Tell whether what lies between two pieces is behind something that was seen."""
    distances, nearest = cKDTree(other).query(one)
    order = np.argsort(distances)[: max(5, len(one) // 20)]
    if distances[order[0]] > config.widest:
        return False
    start, end = one[order], other[nearest[order]]
    steps = np.linspace(0.1, 0.9, 9)[:, None, None]
    between = (start + steps * (end - start)).reshape(-1, 3) - sensor
    lengths = np.linalg.norm(between, axis=1)
    angles, hits = rays.query(between / lengths[:, None])
    seen = angles < 0.02
    return bool(np.mean(seen & (ranges[hits] < lengths - config.in_front)) >= config.hidden)


def bridged(regions: np.ndarray, points: np.ndarray, sensor: np.ndarray, config: OcclusionConfig) -> np.ndarray:
    """Join flat regions that only something in front of them divides.

    Args:
        regions: Region of each point, negative for none. Shape (n,), int.
        points: Shape (n, 3) [m].
        sensor: Where they were seen from [m]. Shape (3,).
        config: When two pieces are one.

    Returns:
        Shape (n,), int; joined regions carry the smaller number.
    """
    regions = regions.copy()
    offsets = points - sensor
    ranges = np.linalg.norm(offsets, axis=1)
    rays = cKDTree(offsets / np.maximum(ranges, 1e-9)[:, None])
    names, counts = np.unique(regions[regions >= 0], return_counts=True)
    pieces = {int(name): points[regions == name] for name in names[counts >= config.least_points]}
    faces = {name: faces_of(piece, config) for name, piece in pieces.items()}
    flat = [name for name in pieces if faces[name]]
    joined = {name: name for name in flat}
    for i, one in enumerate(flat):
        for other in flat[i + 1 :]:
            flush = any(
                _continue_one_another(first, second, config.flatness) for first in faces[one] for second in faces[other]
            )
            if flush and _gap_is_hidden(pieces[one], pieces[other], rays, ranges, sensor, config):
                root, leaf = sorted((joined[one], joined[other]))
                joined = {name: root if target == leaf else target for name, target in joined.items()}
    for name, target in joined.items():
        regions[regions == name] = target
    return regions
