"""A predictor without a network: what is acted on goes where it is meant to and comes down on what is there.

It ships as the simplest honest model of a skill (the persistence baseline plus the skill's own definition), for
tests, examples and for planning while no weights are at hand. It has no notion of anything moving along.
"""

from __future__ import annotations

import numpy as np

from f2p.action.protocol import Opens, actions, width_of
from f2p.plan.errors import BadSkeletonError, UnplannableSkillError
from f2p.scene.goals import goal_arrays
from f2p.scene.relations import binary_relations, unary_relations
from f2p.shape.protocol import FREE, hollow
from f2p.types import Goal, Prediction, Relations, Scene, SkillCall, SkillStep

_BOARD = 0.01
"""Thickness of the floor of a hollow segment [m] (ours: about the simulator's walls)."""


class AnalyticPredictor:
    """Geometry instead of learning; answers are `confidence` where it says true and one minus that elsewhere."""

    def __init__(self, weights_id: str = "analytic", confidence: float = 0.999) -> None:
        """Name the predictor and say how sure it is of itself."""
        self.weights_id = weights_id
        self.confidence = confidence

    def detect(self, scene: Scene) -> Relations:
        """Return relations of the scene's boxes."""
        return self._relations(scene, _centers(scene), _openings(scene))

    def score(self, scene: Scene, skeleton: tuple[SkillStep, ...], parameters: np.ndarray, goal: Goal) -> np.ndarray:
        """Return P(goal) after the last step of each candidate. Shape (candidates,)."""
        parameters = np.asarray(parameters, dtype=np.float64)
        if parameters.ndim != 3 or parameters.shape[1] != len(skeleton):
            raise BadSkeletonError(
                f"parameters of shape {parameters.shape} do not fit {len(skeleton)} steps", scene.names
            )
        centers = np.repeat(_centers(scene)[None], len(parameters), axis=0)
        openings = np.repeat(_openings(scene)[None], len(parameters), axis=0)
        for index, step in enumerate(skeleton):
            centers = centers + self._effect(scene, centers, step, parameters[:, index])
            openings = _opened(scene, openings, step, parameters[:, index])
        unary = np.stack([_unary(scene, row) for row in openings])
        met = goal_arrays(goal, scene.names).wanted(unary, self._binary(scene, centers, openings)) > 0.5
        return np.prod(np.where(met, self.confidence, 1.0 - self.confidence), axis=-1)

    def predict(self, scene: Scene, calls: tuple[SkillCall, ...]) -> tuple[Prediction, ...]:
        """Return relations and displacements after each call."""
        centers, openings, predictions = _centers(scene)[None], _openings(scene)[None], []
        for call in calls:
            moved = self._effect(scene, centers, call.step, call.parameter[None])
            centers, openings = centers + moved, _opened(scene, openings, call.step, call.parameter[None])
            predictions.append(Prediction(self._relations(scene, centers[0], openings[0]), moved[0]))
        return tuple(predictions)

    def moving(self, scene: Scene, centers: np.ndarray, index: int) -> np.ndarray:
        """Say which segments move with the one acted on, per candidate: itself. Shape (candidates, segments), bool."""
        return np.broadcast_to(np.arange(len(scene.segments)) == index, centers.shape[:2])

    def _effect(self, scene: Scene, centers: np.ndarray, step: SkillStep, parameters: np.ndarray) -> np.ndarray:
        """Return the displacement of every segment by one step. Shapes (K, n, 3), (K, P) -> (K, n, 3)."""
        if step.skill not in actions.names:
            raise UnplannableSkillError(step.skill, actions.names)
        index = scene.index(step.object)
        moving = self.moving(scene, centers, index)
        meant = actions.get(step.skill).expected(scene, step.object, parameters[:, : width_of(step.skill)])[:, index]
        target = centers[:, index, :2] + meant[:, :2]
        half = scene.segments[index].box.size[2] / 2
        height = _support_height(scene, centers, moving, target, index) + half - centers[:, index, 2]
        if scene.segments[index].shape.moves != FREE:
            height = meant[:, 2]
        delta = np.concatenate([meant[:, :2], height[:, None]], axis=1)
        return np.where(moving[..., None], delta[:, None, :], 0.0)

    def _binary(self, scene: Scene, centers: np.ndarray, openings: np.ndarray) -> np.ndarray:
        """Return the truth of all binary relations. Shape (..., n, n, kinds)."""
        holds = hollow([one.prior for one in scene.segments])
        return binary_relations(centers, _sizes(scene), _yaws(scene), containers=holds, openings=openings)

    def _relations(self, scene: Scene, centers: np.ndarray, openings: np.ndarray) -> Relations:
        """Return probabilities of one scene with its segments at `centers` (n, 3), open by `openings` (n,)."""
        sure, segments = self.confidence, scene.segments
        unary = _unary(scene, openings)
        binary = np.where(self._binary(scene, centers, openings), sure, 1.0 - sure)
        binary[np.arange(len(segments)), np.arange(len(segments))] = 0.0
        return Relations(scene.names, np.where(unary, sure, 1.0 - sure), binary)


def _unary(scene: Scene, openings: np.ndarray) -> np.ndarray:
    """Return the truth of all relations of one object, open by `openings` (n,). Shape (n, kinds), bool."""
    return unary_relations([one.prior for one in scene.segments], openings.tolist(), _sizes(scene))


def _opened(scene: Scene, openings: np.ndarray, step: SkillStep, parameters: np.ndarray) -> np.ndarray:
    """Return how far everything is open after one step. Shapes (K, n), (K, P) -> (K, n)."""
    action, index = actions.get(step.skill), scene.index(step.object)
    if not isinstance(action, Opens):
        return openings
    out, own = openings.copy(), parameters[:, : width_of(step.skill)]
    out[:, index] = action.opened(scene, step.object, own, openings[:, index])
    return out


def _support_height(
    scene: Scene, centers: np.ndarray, moving: np.ndarray, target: np.ndarray, index: int
) -> np.ndarray:
    """Return the height of what segment `index` meets when it is lowered at `target` (K, 2) [m]; the floor is 0.

    That is the top of all that its footprint overlaps among what does not move, and the floor of what it fits into;
    footprints as if nothing was turned. Shape (K,).
    """
    sizes, holds = _sizes(scene), hollow([segment.prior for segment in scene.segments])
    apart = np.abs(target[:, None] - centers[..., :2])
    meets = np.all(apart < 0.5 * (sizes[:, :2] + sizes[index, :2]), axis=-1) & ~moving
    fits = np.all(apart <= 0.5 * (sizes[:, :2] - sizes[index, :2]), axis=-1) & holds
    top = centers[..., 2] + np.where(fits, -sizes[:, 2] / 2 + _BOARD, sizes[:, 2] / 2)
    return np.max(np.where(meets, top, 0.0), axis=1)


def _openings(scene: Scene) -> np.ndarray:
    """Return how far everything is open [m]. Shape (n,)."""
    return np.array([max(segment.opening, 0.0) for segment in scene.segments])


def _centers(scene: Scene) -> np.ndarray:
    """Return box centres. Shape (n, 3)."""
    return np.array([segment.box.center for segment in scene.segments])


def _sizes(scene: Scene) -> np.ndarray:
    """Return box sizes. Shape (n, 3)."""
    return np.array([segment.box.size for segment in scene.segments])


def _yaws(scene: Scene) -> np.ndarray:
    """Return box yaws. Shape (n,)."""
    return np.array([segment.box.yaw for segment in scene.segments])
