"""Supporting planes: a cloud goes in, the plane that most of it lies on comes out (RANSAC, then least squares)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Plane:
    """All points p with normal . p + offset = 0; the normal points to the side the sensor is on."""

    normal: np.ndarray
    """Unit vector. Shape (3,)."""
    offset: float
    """[m]."""

    def heights(self, points: np.ndarray) -> np.ndarray:
        """Signed distance of points (n, 3) from the plane, positive on the sensor's side [m]. Shape (n,)."""
        return points @ self.normal + self.offset


def _least_squares(points: np.ndarray) -> Plane:
    """The plane of least squared distance through points (n, 3)."""
    center = points.mean(axis=0)
    centred = points - center
    normal = np.linalg.eigh(centred.T @ centred)[1][:, 0]
    return Plane(normal, float(-normal @ center))


def dominant_plane(
    points: np.ndarray,
    tolerance: float,
    rng: np.random.Generator,
    sensor: np.ndarray | None = None,
    trials: int = 300,
    sample: int = 4000,
) -> Plane:
    """The plane with the most points within `tolerance`.

    Args:
        points: Finite cloud [m], at least three points. Shape (n, 3).
        tolerance: Distance that counts as on the plane [m].
        rng: Draws the trials.
        sensor: Where it was seen from [m], (3,); the origin if None.
        trials: Planes tried.
        sample: Points each trial is scored on.
    """
    some = points[rng.choice(len(points), size=min(sample, len(points)), replace=False)]
    triples = some[rng.integers(len(some), size=(trials, 3))]
    normals = np.cross(triples[:, 1] - triples[:, 0], triples[:, 2] - triples[:, 0])
    lengths = np.linalg.norm(normals, axis=1)
    normals = normals / np.maximum(lengths, 1e-12)[:, None]
    distances = normals @ some.T
    distances -= np.einsum("ij,ij->i", normals, triples[:, 0])[:, None]
    votes = np.count_nonzero(np.abs(distances, out=distances) < tolerance, axis=1)
    votes = np.where(lengths > 1e-9, votes, -1)
    best = int(np.argmax(votes))
    plane = Plane(normals[best], float(-normals[best] @ triples[best, 0]))
    for _ in range(3):
        near = np.abs(plane.heights(points)) < tolerance
        if near.sum() < 3:
            break
        plane = _least_squares(points[near])
    seen_from = np.zeros(3) if sensor is None else sensor
    sign = -1.0 if plane.heights(seen_from[None])[0] < 0.0 else 1.0
    return Plane(sign * plane.normal, sign * plane.offset)
