"""Candidates that put an object down onto another one, or over it, which the goal does not ask for.

A model that was shown few of them believes of some that they do what is wanted (a cup that is put over its capsule
holds it, it believes), and a search over several steps finds just those. Nobody puts things down like that, so that
such a candidate counts as little likely whatever the model says (ours).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from f2p.plan.proposals import ends_of
from f2p.types import Scene, SkillStep

WORTH = 0.2
"""What is left of the probability of a candidate for every such landing (ours: under what is believed)."""


def landings(
    scene: Scene, skeleton: Sequence[SkillStep], proposals: np.ndarray, places_of: Callable[[str], frozenset[str]]
) -> np.ndarray:
    """Count how often something comes down where something else is, into or onto which it shall not.

    Each is where the steps before are meant to have left it; what lies within the footprint of an object when that is
    moved goes with it or stays, and is not landed on.

    Args:
        scene: Where objects are now.
        skeleton: H steps.
        proposals: Shape (candidates, H, P).
        places_of: Says into or onto what the object of a name shall come.

    Returns:
        Shape (candidates,), int.
    """
    movable = [index for index, one in enumerate(scene.segments) if one.movable]
    reach = np.array([0.5 * float(one.box.size[:2].min()) for one in scene.segments])
    places = np.repeat(np.array([one.box.center[:2] for one in scene.segments])[None], len(proposals), axis=0)
    ends, out = ends_of(scene, skeleton, proposals), np.zeros(len(proposals), dtype=int)
    for index, step in enumerate(skeleton):
        own, wanted = scene.index(step.object), places_of(step.object)
        start, end = places[:, own].copy(), ends[:, index, :2]
        for other in (one for one in movable if one != own):
            far = max(reach[own], reach[other])
            within = np.linalg.norm(start - places[:, other], axis=-1) < far
            if scene.segments[other].name not in wanted:
                out += ~within & (np.linalg.norm(end - places[:, other], axis=-1) < far)
            places[:, other] += np.where(within & (reach[own] > reach[other]), (end - start).T, 0.0).T
        places[:, own] = end
    return out
