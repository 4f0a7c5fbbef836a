"""What every predictor must do, network or not: the contract of `f2p.plan.protocol.Predictor`."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest

from f2p.model.architectures.protocol import architectures
from f2p.model.factory import create
from f2p.model.predictor import TorchPredictor
from f2p.plan.analytic import AnalyticPredictor
from f2p.plan.protocol import Predictor
from f2p.scene.errors import SceneError
from f2p.scene.goals import parse_goal
from f2p.types import BINARY_RELATIONS, Goal, Scene, SkillCall, SkillStep
from f2p.weights.golden import golden_scene

MAKERS: dict[str, Callable[[], Predictor]] = {
    "analytic": lambda: AnalyticPredictor("analytic"),
    **{
        f"{name}-{profile}-{rollout}": lambda name=name, profile=profile, rollout=rollout: TorchPredictor(
            create(profile, name, seed=4), f"{name}-{profile}-{rollout}", rollout
        )
        for name in architectures
        for profile in architectures.get(name).profiles
        for rollout in ("geometric", "latent")
    },
}

GOAL = parse_goal(
    "above(box, table_b) & not inside(object_1, box) & left(object_2, landmark) & movable(box) & not drawer_open(box)"
)
SKELETON = (SkillStep("pick_place", "box"), SkillStep("pick_place", "landmark"))
PARAMETERS = np.random.default_rng(0).uniform(-0.5, 0.5, (9, 2, 4)) * [1.0, 1.0, 0.0, 0.0]


@pytest.fixture(params=list(MAKERS), scope="module")
def predictor(request: pytest.FixtureRequest) -> Predictor:
    return MAKERS[request.param]()


@pytest.fixture(scope="module")
def scene() -> Scene:
    return golden_scene()


def test_it_names_its_weights(predictor: Predictor) -> None:
    assert isinstance(predictor.weights_id, str) and predictor.weights_id


def test_detected_relations_are_probabilities_of_the_scenes_pairs(predictor: Predictor, scene: Scene) -> None:
    found = predictor.detect(scene)
    count = len(scene.names)
    assert found.names == scene.names
    assert found.unary.shape == (count, 3) and found.binary.shape == (count, count, len(BINARY_RELATIONS))
    assert np.all((found.binary >= 0.0) & (found.binary <= 1.0)) and np.all((found.unary >= 0.0) & (found.unary <= 1.0))
    assert np.all(found.binary[np.arange(count), np.arange(count)] == 0.0)


def test_scores_are_one_probability_per_candidate_in_double_precision(predictor: Predictor, scene: Scene) -> None:
    scores = predictor.score(scene, SKELETON, PARAMETERS, GOAL)
    assert scores.shape == (9,) and scores.dtype == np.float64
    assert np.all(np.isfinite(scores) & (scores >= 0.0) & (scores <= 1.0))


def test_the_score_of_a_goal_is_the_product_over_its_literals(predictor: Predictor, scene: Scene) -> None:
    parts = [predictor.score(scene, SKELETON, PARAMETERS, Goal((literal,))) for literal in GOAL.literals]
    assert predictor.score(scene, SKELETON, PARAMETERS, GOAL) == pytest.approx(
        np.prod(parts, axis=0), rel=1e-4, abs=1e-9
    )


def test_the_score_is_what_the_last_prediction_says(predictor: Predictor, scene: Scene) -> None:
    scores = predictor.score(scene, SKELETON, PARAMETERS, GOAL)
    for row in (0, 5):
        calls = tuple(
            SkillCall(step.skill, step.object, one) for step, one in zip(SKELETON, PARAMETERS[row], strict=True)
        )
        predictions = predictor.predict(scene, calls)
        values = [predictions[-1].relations.value(one.relation, one.subject, one.object) for one in GOAL.literals]
        wanted = [value if one.value else 1.0 - value for value, one in zip(values, GOAL.literals, strict=True)]
        assert len(predictions) == 2
        assert all(one.displacements.shape == (len(scene.names), 3) for one in predictions)
        assert scores[row] == pytest.approx(np.prod(wanted), rel=1e-3, abs=1e-6)


def test_candidates_do_not_influence_one_another(predictor: Predictor, scene: Scene) -> None:
    whole = predictor.score(scene, SKELETON, PARAMETERS, GOAL)
    assert predictor.score(scene, SKELETON, PARAMETERS[::-1], GOAL) == pytest.approx(whole[::-1], rel=1e-4, abs=1e-9)
    assert predictor.score(scene, SKELETON, PARAMETERS[3:4], GOAL) == pytest.approx(whole[3:4], rel=1e-4, abs=1e-9)


def test_the_same_question_has_the_same_answer_from_any_thread(predictor: Predictor, scene: Scene) -> None:
    first = predictor.score(scene, SKELETON, PARAMETERS, GOAL)
    answers: list[np.ndarray] = []
    threads = [
        threading.Thread(target=lambda: answers.append(predictor.score(golden_scene(), SKELETON, PARAMETERS, GOAL)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(answers) == 4 and all(np.allclose(answer, first, rtol=1e-5, atol=1e-12) for answer in answers)


def test_names_that_are_not_there_are_refused(predictor: Predictor, scene: Scene) -> None:
    with pytest.raises(SceneError, match="table_b"):
        predictor.score(scene, SKELETON, PARAMETERS, parse_goal("above(apple, table_b)"))
    with pytest.raises(KeyError, match="no object 'apple' in the scene; there are: table_a"):
        predictor.predict(scene, (SkillCall("pick_place", "apple", np.zeros(4)),))
