"""Plans that leave something at the very edge, where the model expects it."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.plan.steady import steadiness
from f2p.plan.ties import TieRule, choose
from f2p.types import Box, Goal, Prediction, Relations, Scene, Segment, SkillCall, SkillStep


def block(name: str, prior: str, center: tuple[float, float, float], size: tuple[float, float, float]) -> Segment:
    return Segment(name, prior, Box(center, size, 0.0), np.zeros((1, 3)))


SCENE = Scene((
    block("board", "table", (0.7, 0.0, 0.475), (0.2, 0.3, 0.05)),
    block("pushed", "cuboid", (0.7, 0.08, 0.54), (0.08, 0.08, 0.08)),
    block("shoved", "cuboid", (0.7, -0.04, 0.54), (0.08, 0.08, 0.08)),
))  # fmt: skip

STEP = SkillStep("push", "pushed")


class Shoving:
    """Believes in everything, and whether what stands in the way goes along."""

    weights_id = "shoving"

    def __init__(self, along: bool) -> None:
        self._along = along

    def score(self, _: Scene, __: tuple[SkillStep, ...], parameters: np.ndarray, ___: Goal) -> np.ndarray:
        return np.ones(len(parameters))

    def predict(self, scene: Scene, calls: tuple[SkillCall, ...]) -> tuple[Prediction, ...]:
        far = np.array([[0.0, 0.0, 0.0], [*calls[0].parameter, 0.0], [*calls[0].parameter, 0.0]])
        far[2] = np.minimum(far[2] + [0.0, 0.04, 0.0], 0.0) if self._along else 0.0
        return (Prediction(Relations(scene.names, np.zeros((3, 3)), np.zeros((3, 3, 9))), far),)


def pushes(*far: float) -> np.ndarray:
    """Towards the other one."""
    return np.array([[[0.0, one]] for one in far])


def test_what_is_expected_at_the_edge_is_hardly_likely_to_stay_there() -> None:
    """A pack was shoved until its middle was a centimetre from the edge, and fell: nothing pushed ends so exactly."""
    steady = steadiness(Shoving(along=True), SCENE, [STEP], pushes(-0.03, -0.06, -0.10, -0.13))
    assert steady[0] > 0.98 and steady[1] > 0.98 and np.all(np.diff(steady) < 0.0)
    assert steady[2] > 0.9 and steady[3] == pytest.approx(0.5), "what the skill refuses is less than likely"


def test_a_model_that_knows_of_no_shoving_is_not_told_of_it() -> None:
    """Planned by boxes alone, nothing was left to learn: 50 scenes of packing without a failure."""
    assert np.all(steadiness(Shoving(along=False), SCENE, [STEP], pushes(-0.03, -0.06, -0.12)) > 0.99)


def test_other_skills_are_not_asked() -> None:
    with_hand = [SkillStep("pick_place", "pushed")]
    assert np.all(steadiness(Shoving(along=True), SCENE, with_hand, np.zeros((2, 1, 4))) == 1.0)


def test_of_equally_likely_pushes_one_is_taken_that_leaves_all_where_it_stands() -> None:
    far = pushes(*np.linspace(-0.15, -0.05, 40))
    for seed in range(5):
        best, ties = choose(
            Shoving(along=True), SCENE, [STEP], far, np.ones(40), TieRule(foreseen=40), np.random.default_rng(seed)
        )
        assert far[best, 0, 1] > -0.12 and ties == 40
