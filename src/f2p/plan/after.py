"""What a predictor says of the world as some calls are expected to leave it, asked like a predictor of a seen scene."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from f2p.action.protocol import filled_up, meant_opening
from f2p.plan.precondition import Prepared
from f2p.plan.protocol import Predictor
from f2p.types import Goal, Prediction, Relations, Scene, SkillCall, SkillStep


class After:
    """A predictor pinned to what follows after `calls`; its questions are about `scene`, whatever scene they name.

    Args:
        predictor: Rolls everything out from what was seen, so that nothing is encoded anew from guessed clouds.
        seen: Where the calls start.
        calls: What is done first; none at the start of a search.
    """

    def __init__(self, predictor: Predictor, seen: Scene, calls: tuple[SkillCall, ...]) -> None:
        self.weights_id = predictor.weights_id
        self._predictor, self._seen, self._calls = predictor, seen, calls
        predictions = predictor.predict(seen, calls) if calls else ()
        self._relations = predictions[-1].relations if calls else predictor.detect(seen)
        displacements = np.sum([one.displacements for one in predictions], axis=0) if calls else None
        self.scene = seen if displacements is None else opened(displaced(seen, displacements), calls)
        """Everything where the predictor expects it, and as far open as it was meant to be."""

    def detect(self, _scene: Scene) -> Relations:
        """Return probabilities of all relations after the calls."""
        return self._relations

    def score(self, _scene: Scene, skeleton: tuple[SkillStep, ...], parameters: np.ndarray, goal: Goal) -> np.ndarray:
        """P(goal) when `skeleton` with `parameters` (candidates, H, P) follows the calls. Shape (candidates,)."""
        return self._predictor.score(self._seen, *self.rolled(skeleton, parameters), goal)

    def rolled(
        self, skeleton: tuple[SkillStep, ...], parameters: np.ndarray
    ) -> tuple[tuple[SkillStep, ...], np.ndarray]:
        """Return steps and parameters (candidates, all steps, P) of the calls with `skeleton` after them."""
        done = filled_up([call.parameter for call in self._calls])
        out = np.zeros((len(parameters), len(done) + len(skeleton), max(done.shape[-1], parameters.shape[-1])))
        out[:, : len(done), : done.shape[-1]] = done
        out[:, len(done) :, : parameters.shape[-1]] = parameters
        return tuple(call.step for call in self._calls) + tuple(skeleton), out

    def predict(self, _scene: Scene, calls: tuple[SkillCall, ...]) -> tuple[Prediction, ...]:
        """Return what is expected after each of `calls`, which follow those done first."""
        return self._predictor.predict(self._seen, (*self._calls, *calls))[len(self._calls) :]

    def prepared(self) -> After:
        """Return the same, but for P(goal): it is that of plans whose steps can all be carried out."""
        other = copy.copy(self)
        other._predictor = Prepared(self._predictor)
        return other


def displaced(scene: Scene, displacements: np.ndarray) -> Scene:
    """Return `scene` with its segments moved by `displacements` (segments, 3) [m]."""
    segments = tuple(
        replace(
            segment, box=replace(segment.box, center=segment.box.center + by), points=segment.points + np.float32(by)
        )
        for segment, by in zip(scene.segments, displacements, strict=True)
    )
    return replace(scene, segments=segments)


def opened(scene: Scene, calls: Sequence[SkillCall]) -> Scene:
    """Return `scene` with what `calls` open or shut as they are meant to leave it (ours: models predict no opening)."""
    segments = list(scene.segments)
    for call in calls:
        index = scene.index(call.object)
        segments[index] = replace(
            segments[index], opening=meant_opening(call, replace(scene, segments=tuple(segments)))
        )
    return replace(scene, segments=tuple(segments))
