"""The default segmenter, untrained: support plane, clusters above it, cut at valleys, joined behind occluders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from f2p.scene.cloud.convexity import ConvexityConfig, convex_regions
from f2p.scene.cloud.planes import Plane, dominant_plane
from f2p.scene.cloud.sanitise import SanitiseConfig, usable, voxels
from f2p.scene.segment.occlusion import OcclusionConfig, bridged
from f2p.scene.segment.protocol import BACKGROUND, segmenters
from f2p.settings import Settings, group, number


@dataclass(frozen=True)
class GeometricConfig(Settings):
    """Sizes of the geometric segmenter; tuned on Kinect scans at 0.6 to 1.7 m."""

    voxel: float = number(0.005, "grid of the working cloud", unit="m", low=0.001, high=0.1)
    neighbours: float = number(0.011, "points nearer than this touch", unit="m", low=0.001, high=0.3)
    support_tolerance: float = number(
        0.01, "distance that counts as on the support when it is fitted", unit="m", low=0.001
    )
    above_support: float = number(0.006, "objects begin this high above the support", unit="m", low=0.0, high=0.1)
    highest: float = number(1.0, "what is higher above the support is no object on it", unit="m", low=0.05, high=5.0)
    least_voxels: int = number(60, "smaller regions are noise", low=1, high=1e6)
    seed: int = number(0, "seed of the plane search", low=0, high=2**31)
    sanitise: SanitiseConfig = group(SanitiseConfig)
    convexity: ConvexityConfig = group(ConvexityConfig)
    occlusion: OcclusionConfig = group(OcclusionConfig)


def largest_first(regions: np.ndarray, least: int) -> np.ndarray:
    """Renumber regions by size from 0; those smaller than `least` become `BACKGROUND`. Shape as given."""
    names, inverse, counts = np.unique(regions, return_inverse=True, return_counts=True)
    counts = np.where(names < 0, 0, counts)
    rank = np.empty(len(names), dtype=np.int64)
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(names))
    rank = np.where(counts >= max(least, 1), rank, BACKGROUND)
    return rank[inverse.reshape(-1)]


@segmenters.register("geometric")
class GeometricSegmenter:
    """Plane, neighbourhood graph, convexity, occlusion (see `GeometricConfig`); gravity need not be known.

    It takes the plane that most points lie on for the support; two objects whose surfaces continue one another without
    a valley are one to it.
    """

    def __init__(self, config: GeometricConfig | None = None) -> None:
        self.config = config or GeometricConfig()

    def segment(
        self, points: np.ndarray, colors: np.ndarray | None = None, sensor: np.ndarray | None = None
    ) -> np.ndarray:
        """See `Segmenter.segment`; colours are not used."""
        config = self.config
        sensor = np.zeros(3) if sensor is None else np.asarray(sensor, dtype=np.float64)
        labels = np.full(len(points), BACKGROUND, dtype=np.int64)
        mask = usable(points, config.sanitise)
        cells, cell_of = voxels(np.asarray(points[mask], dtype=np.float64), config.voxel)
        plane = self.support(cells, sensor)
        heights = plane.heights(cells)
        above = (heights > config.above_support) & (heights < config.highest)
        if not above.any():
            return labels
        regions = self.regions(cells[above], sensor)
        of_cells = np.full(len(cells), BACKGROUND, dtype=np.int64)
        of_cells[above] = regions
        labels[mask] = of_cells[cell_of]
        return labels

    def support(self, cells: np.ndarray, sensor: np.ndarray) -> Plane:
        """Return the plane most of a voxelised cloud (n, 3) lies on."""
        rng = np.random.default_rng(int(self.config.seed))
        return dominant_plane(cells, self.config.support_tolerance, rng, sensor)

    def regions(self, cells: np.ndarray, sensor: np.ndarray) -> np.ndarray:
        """Return objects of a voxelised cloud (n, 3) from which the support is taken away already. Shape (n,), int."""
        config = self.config
        regions = convex_regions(cells, config.neighbours, sensor, config.convexity)
        regions = largest_first(regions, int(config.least_voxels))
        regions = bridged(regions, cells, sensor, config.occlusion)
        return largest_first(regions, int(config.least_voxels))
