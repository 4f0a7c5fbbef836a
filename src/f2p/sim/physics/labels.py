"""True relations of a simulated state: geometry from the boxes, contact as the engine found it (A.9)."""

from __future__ import annotations

import numpy as np

from f2p.scene.relations import binary_relations, unary_relations
from f2p.shape.protocol import hollow
from f2p.sim.physics.scene_builder import BuiltScene
from f2p.types import Relations


def label(
    scene: BuiltScene, poses: np.ndarray, sizes: np.ndarray, contact: np.ndarray, openings: np.ndarray
) -> Relations:
    """Return relations of one state.

    Args:
        scene: The bodies.
        poses: Box poses. Shape (bodies, 4).
        sizes: Box extents [m]. Shape (bodies, 3).
        contact: Direct contacts. Shape (bodies, bodies), bool.
        openings: How far drawers are open [m]. Shape (bodies,).
    """
    priors = [body.prior for body in scene.bodies]
    binary = binary_relations(
        poses[:, :3], sizes, poses[:, 3], contact=contact, containers=hollow(priors), openings=openings
    )
    unary = unary_relations(priors, openings.tolist(), sizes)
    return Relations(tuple(body.name for body in scene.bodies), unary, binary)
