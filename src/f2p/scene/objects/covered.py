"""Finds the upper face of known furniture where things cover most of it: too little is left to be a level surface.

What stands on the floor has its upper face as far above it as the piece is high. What is seen at that height, and is
no part of anything larger, may be that face: things on it begin there, so that they fill it up rather than hide it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from f2p.scene.cloud.neighbours import components, edges_within
from f2p.scene.objects.surfaces import SurfaceConfig, TableTop, top_through


def floor_of(tops: Sequence[TableTop]) -> TableTop | None:
    """Return the level surface below all others, if any."""
    return min(tops, key=lambda top: float(top.box.center[2]), default=None)


def covered_tops(
    size: np.ndarray, above: float, tops: Sequence[TableTop], cells: np.ndarray, level: float
) -> Iterator[TableTop]:
    """Find what may be an upper face at the height at which it is if its piece stands on the floor.

    Args:
        size: Of the face along its own axes [m]. Shape (2,).
        above: Its height over the floor [m].
        tops: All level surfaces.
        cells: What is seen. Shape (n, 3) [m].
        level: What is this near a plane is on it [m].
    """
    floor = floor_of(tops)
    if floor is None:
        return
    free = np.abs(floor.heights(cells) - above) < level
    for top in tops:
        if top is not floor and np.any(np.sort(top.box.size[:2]) > np.sort(size) + np.min(size)):
            free &= ~(top.under(cells, 2.0 * level) & (np.abs(top.heights(cells)) < 2.0 * level))
    rows = np.flatnonzero(free)
    if len(rows) < 4:
        return
    groups = components(len(rows), edges_within(cells[rows], 0.5 * float(np.min(size))))
    for group in range(int(groups.max()) + 1):
        points = cells[rows[groups == group]]
        if len(points) < 4:
            continue
        slope = floor.slope + np.array([0.0, 0.0, above])
        slope[2] += float(np.median(points[:, 2] - points[:, :2] @ slope[:2] - slope[2]))
        yield top_through(points, slope, SurfaceConfig())
