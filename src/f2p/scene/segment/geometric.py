"""The default segmenter, untrained: things are cut apart at valleys, and joined behind what stands in front of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from f2p.scene.cloud.convexity import ConvexityConfig, convex_regions
from f2p.scene.cloud.sanitise import voxels
from f2p.scene.segment.occlusion import OcclusionConfig, bridged
from f2p.scene.segment.protocol import segmenters
from f2p.settings import Settings, group, number


@dataclass(frozen=True)
class GeometricConfig(Settings):
    """Sizes of the geometric segmenter; tuned on Kinect scans at 0.6 to 1.7 m."""

    voxel: float = number(0.005, "grid of the working cloud", unit="m", low=0.001, high=0.1)
    neighbours: float = number(0.011, "points nearer than this touch", unit="m", low=0.001, high=0.3)
    convexity: ConvexityConfig = group(ConvexityConfig)
    occlusion: OcclusionConfig = group(OcclusionConfig)


def largest_first(regions: np.ndarray) -> np.ndarray:
    """Renumber regions by size from 0. Shape as given."""
    _, inverse, counts = np.unique(regions, return_inverse=True, return_counts=True)
    rank = np.empty(len(counts), dtype=np.int64)
    rank[np.argsort(-counts, kind="stable")] = np.arange(len(counts))
    return np.asarray(rank[inverse.reshape(-1)])


@segmenters.register("geometric")
class GeometricSegmenter:
    """Neighbourhood graph, convexity, occlusion (see `GeometricConfig`); gravity need not be known.

    Two objects whose surfaces continue one another without a valley are one to it.
    """

    def __init__(self, config: GeometricConfig | None = None) -> None:
        self.config = config or GeometricConfig()

    def segment(
        self, points: np.ndarray, colors: np.ndarray | None = None, sensor: np.ndarray | None = None
    ) -> np.ndarray:
        """See `Segmenter.segment`; colours are not used."""
        config = self.config
        if not len(points):
            return np.zeros(0, dtype=np.int64)
        sensor = np.zeros(3) if sensor is None else np.asarray(sensor, dtype=np.float64)
        cells, cell_of = voxels(np.asarray(points, dtype=np.float64), config.voxel)
        regions = convex_regions(cells, config.neighbours, sensor, config.convexity)
        return largest_first(bridged(regions, cells, sensor, config.occlusion)[cell_of])
