"""How likely a plan leaves everything on what it stands on, where the model expects it.

A robot that pushes is off by a centimetre or two, and what stands with its middle a centimetre from an edge falls: of
plans that a model believes in equally, a pack was shoved just so far, and fell. What is moved along at all the model
says, and a model that has not learned it is not told here.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from f2p.action.protocol import MayTopple, actions, calls_of
from f2p.plan.after import displaced
from f2p.plan.proposals import parameters_of
from f2p.plan.protocol import Predictor
from f2p.types import Scene, SkillStep


def steadiness(predictor: Predictor, scene: Scene, skeleton: Sequence[SkillStep], proposals: np.ndarray) -> np.ndarray:
    """Return how likely nothing falls of what the steps that may topple something move.

    Args:
        predictor: Says where things come to be.
        scene: Where they are now.
        skeleton: H steps.
        proposals: Shape (candidates, H, P).

    Returns:
        Shape (candidates,), 0 .. 1.
    """
    out, known = np.ones(len(proposals)), [actions.get(step.skill) for step in skeleton]
    if not any(isinstance(action, MayTopple) for action in known):
        return out
    for row, parameters in enumerate(parameters_of(scene, skeleton, proposals)):
        now = scene
        for action, expected in zip(known, predictor.predict(scene, calls_of(skeleton, parameters)), strict=True):
            if isinstance(action, MayTopple):
                out[row] *= action.stays(now, expected.displacements)
            now = displaced(now, expected.displacements)
    return out
