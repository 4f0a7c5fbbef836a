"""What Open3D would do instead of our own code for clouds, with the figures that say why that stays; run by hand.

    python test/compare_open3d.py SCAN.pcd ...

Prints one JSON object: CPU seconds a scan of each, and how wrong the least boxes of simulated views are.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from f2p.geometry import rotate_z
from f2p.scene.cloud.library import cloud_of, open3d
from f2p.scene.cloud.neighbours import components, edges_within, normals_of
from f2p.scene.cloud.planes import dominant_plane
from f2p.scene.cloud.sanitise import usable, voxels
from f2p.scene.cloud.scans import read_scan
from f2p.scene.objects.priors import fit_box

CELL, TOUCHING = 0.005, 0.011
"""As the geometric segmenter has them [m]."""
VIEWS = 200


def cpu_s(job: Callable[[], Any]) -> float:
    """The least CPU time of three runs [s]."""
    took = []
    for _ in range(3):
        start = time.process_time()
        job()
        took.append(time.process_time() - start)
    return min(took)


def voxels_of_open3d(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What `voxels` gives: cells, and the cell of each point."""
    low, high = points.min(axis=0) - CELL / 2, points.max(axis=0) + CELL / 2
    cells, _, members = cloud_of(points).voxel_down_sample_and_trace(CELL, low, high)
    cell_of = np.empty(len(points), dtype=np.int64)
    for cell, indices in enumerate(members):
        cell_of[np.asarray(indices)] = cell
    return np.asarray(cells.points), cell_of


def of_scan(path: Path) -> dict[str, float]:
    """CPU time of each operation on one scan [s]."""
    scan = read_scan(path)
    points = np.asarray(scan.points_camera[usable(scan.points_camera)], dtype=np.float64)
    cells = voxels(points, CELL)[0]
    heights = dominant_plane(cells, 0.01, np.random.default_rng(0)).heights(cells)
    above = cells[(heights > 0.006) & (heights < 1.0)]
    coarse = voxels(points, 2.0 * CELL)[0]
    pairs, radius = edges_within(coarse, 5.0 * CELL), open3d().geometry.KDTreeSearchParamRadius(5.0 * CELL)
    return {
        "voxels": cpu_s(lambda: voxels(points, CELL)),
        "voxels, Open3D": cpu_s(lambda: voxels_of_open3d(points)),
        "normals": cpu_s(lambda: normals_of(coarse, pairs, np.zeros(3))),
        "normals, Open3D": cpu_s(lambda: cloud_of(coarse).estimate_normals(radius)),
        "clusters": cpu_s(lambda: components(len(above), edges_within(above, TOUCHING))),
        "clusters, Open3D": cpu_s(lambda: cloud_of(above).cluster_dbscan(TOUCHING, 1)),
    }


def of_views() -> dict[str, float]:
    """Mean error of the footprint's sides [mm] over views of upright cuboids: top and one side, 2 mm of noise."""
    rng, ours, theirs = np.random.default_rng(0), [], []
    for _ in range(VIEWS):
        size = rng.uniform(0.04, 0.2, 3)
        top, side = (rng.uniform(-0.5, 0.5, (count, 3)) * size for count in (1500, 750))
        top[:, 2], side[:, 0] = size[2] / 2, -size[0] / 2
        points = np.concatenate([top, side])
        points = rotate_z(points + rng.normal(0.0, 0.002, points.shape), rng.uniform(-0.7, 0.7))
        ours.append(_worst(fit_box(points, None).size[:2], size))
        box = cloud_of(points).get_minimal_oriented_bounding_box(robust=True)
        upright = int(np.argmax(np.abs(np.asarray(box.R)[2])))
        theirs.append(_worst(np.delete(np.asarray(box.extent), upright), size))
    return {"box error [mm]": 1e3 * float(np.mean(ours)), "box error [mm], Open3D": 1e3 * float(np.mean(theirs))}


def _worst(footprint: np.ndarray, size: np.ndarray) -> float:
    return float(np.abs(np.sort(footprint) - np.sort(size[:2])).max())


def main() -> None:
    """Compare on all scans."""
    rows = [of_scan(Path(name)) for name in sys.argv[1:]]
    means = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
    print(json.dumps({key: round(value, 4) for key, value in (means | of_views()).items()}))


if __name__ == "__main__":
    main()
