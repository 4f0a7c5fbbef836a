"""Splits touching objects where their surfaces meet in a valley: points go in, a region per convex piece comes out.

After locally convex connected patches (Stein et al., CVPR 2014): small patches of equal normal, joined where they meet
convexly. Ours: patches are joined one pair at a time, the best border first, judged by the mean over the whole common
border, so that a few noisy border points do not let one object leak into the next.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from f2p.scene.cloud.neighbours import components, edges_within, normals_of
from f2p.scene.cloud.sanitise import averaged, cell_numbers
from f2p.settings import Settings, number


@dataclass(frozen=True)
class ConvexityConfig(Settings):
    """Sizes and angles of the split."""

    normal_radius: float = number(0.016, "neighbourhood of a normal", unit="m", low=0.002, high=0.2)
    patch_size: float = number(0.02, "spacing of the patches", unit="m", low=0.005, high=0.5)
    normal_weight: float = number(
        1.0,
        "patches apart, in patch sizes, for opposite normals",
        low=0.0,
        high=10.0,
        source="ours: creases are respected",
    )
    iterations: int = number(5, "rounds of patch refinement", low=1, high=50)
    valley: float = number(
        0.15, "borders whose mean valley angle is above it stay apart", unit="rad", low=0.0, high=1.5,
        source="Stein et al.: 10 degrees; ours a little less",
    )  # fmt: skip


def patches_of(points: np.ndarray, normals: np.ndarray, config: ConvexityConfig) -> np.ndarray:
    """Return small pieces of nearly equal position and normal. Shape (n,), int, 0-based without gaps."""
    features = np.concatenate([points / config.patch_size, config.normal_weight * normals], axis=1)
    labels = cell_numbers(points, config.patch_size)
    for _ in range(int(config.iterations)):
        labels = np.unique(labels, return_inverse=True)[1]
        centers = averaged(features, labels, np.bincount(labels))
        labels = cKDTree(centers).query(features)[1]
    return np.unique(labels, return_inverse=True)[1]


def _valleys(centers: np.ndarray, normals: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Measure how the surface bends towards itself between two patches [rad], negative at ridges. Shape (pairs,)."""
    first, second = pairs.T
    between = centers[first] - centers[second]
    between /= np.maximum(np.linalg.norm(between, axis=1), 1e-9)[:, None]
    cosine = np.clip(np.einsum("ij,ij->i", normals[first], normals[second]), -1.0, 1.0)
    ridge = np.einsum("ij,ij->i", normals[first] - normals[second], between) >= 0.0
    return np.where(ridge, -1.0, 1.0) * np.arccos(cosine)


def convex_regions(points: np.ndarray, radius: float, sensor: np.ndarray, config: ConvexityConfig) -> np.ndarray:
    """Cut a cloud at its valleys.

    Args:
        points: Evenly spaced (voxelised) points [m]. Shape (n, 3).
        radius: Points nearer than this are neighbours [m].
        sensor: Where the points were seen from [m]. Shape (3,).
        config: Sizes and angles.

    Returns:
        Region of each point, 0-based. Shape (n,), int.
    """
    edges = edges_within(points, radius)
    normals = normals_of(points, edges_within(points, config.normal_radius), sensor)
    patches = patches_of(points, normals, config)
    ends = patches[edges]
    patches = components(len(points), edges[ends[:, 0] == ends[:, 1]])
    counts = np.bincount(patches)
    patch_normals = averaged(normals, patches, counts)
    patch_normals /= np.maximum(np.linalg.norm(patch_normals, axis=1), 1e-9)[:, None]
    one, other = patches[edges[:, 0]].astype(np.int64), patches[edges[:, 1]].astype(np.int64)
    borders = np.minimum(one, other) * len(counts) + np.maximum(one, other)
    borders, weights = np.unique(borders[one != other], return_counts=True)
    if len(borders) == 0:
        return patches
    pairs = np.stack(np.divmod(borders, len(counts)), axis=-1)
    valleys = _valleys(averaged(points, patches, counts), patch_normals, pairs)
    return merge_regions(len(counts), pairs, valleys, weights, config.valley)[patches]


def merge_regions(count: int, pairs: np.ndarray, costs: np.ndarray, weights: np.ndarray, limit: float) -> np.ndarray:
    """Join regions, cheapest border first, until every border left costs more than `limit` on average.

    Args:
        count: Number of regions.
        pairs: Neighbouring regions. Shape (pairs, 2), int.
        costs: Cost of each border. Shape (pairs,).
        weights: Length of each border. Shape (pairs,).
        limit: Borders of a greater mean cost stay.

    Returns:
        Joined region of each region. Shape (count,), int.
    """
    borders: list[dict[int, tuple[float, float]]] = [{} for _ in range(count)]
    for (one, other), cost, weight in zip(pairs.tolist(), costs.tolist(), weights.tolist(), strict=True):
        borders[one][other] = borders[other][one] = (cost * weight, float(weight))
    # as each border gives it, since what is queued counts while it equals that: not every (c * w) / w is c
    queue = [(borders[one][other][0] / borders[one][other][1], one, other) for one, other in pairs.tolist()]
    heapq.heapify(queue)
    parent = list(range(count))
    while queue and queue[0][0] <= limit:
        cost, one, other = heapq.heappop(queue)
        border = borders[one].get(other)
        if parent[one] != one or parent[other] != other or border is None or border[0] / border[1] != cost:
            continue
        if len(borders[one]) < len(borders[other]):
            one, other = other, one
        parent[other] = one
        _join(borders, one, other, queue)
    for region in range(count):
        while parent[region] != parent[parent[region]]:
            parent[region] = parent[parent[region]]
    return np.unique(parent, return_inverse=True)[1]


def _join(
    borders: list[dict[int, tuple[float, float]]], kept: int, gone: int, queue: list[tuple[float, int, int]]
) -> None:
    """Give the borders of `gone` to `kept` and queue their new mean costs."""
    for neighbour, (cost, weight) in borders[gone].items():
        del borders[neighbour][gone]
        if neighbour == kept:
            continue
        old_cost, old_weight = borders[kept].get(neighbour, (0.0, 0.0))
        joined = (old_cost + cost, old_weight + weight)
        borders[kept][neighbour] = borders[neighbour][kept] = joined
        heapq.heappush(queue, (joined[0] / joined[1], kept, neighbour))
    borders[gone].clear()
