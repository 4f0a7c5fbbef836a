"""The planner's door: probabilities in numpy, pinned, deterministic, checked."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from f2p.model.errors import BadParametersError, EmptyCloudError, TooManySegmentsError
from f2p.model.factory import create
from f2p.model.predictor import PredictorConfig, TorchPredictor
from f2p.scene.goals import parse_goal
from f2p.types import Box, Scene, Segment, SkillCall, SkillStep

from .conftest import random_scene

GOAL = parse_goal("left(object_0, object_1) & not above(object_2, object_0)")
SKELETON = (SkillStep("pick_place", "object_0"), SkillStep("pick_place", "object_2"))


@pytest.fixture(scope="module")
def predictor() -> TorchPredictor:
    """A fresh model whose displacements are not zero."""
    model = create("default", seed=5)
    torch.nn.init.normal_(model.dynamics["pick_place"].output.weight, generator=torch.Generator().manual_seed(0))
    return TorchPredictor(model, "w1", config=PredictorConfig(chunk=7))


@pytest.fixture(scope="module")
def scene() -> Scene:
    """Four objects."""
    return random_scene(np.random.default_rng(2), 4)


def test_detect_gives_probabilities_and_no_relation_with_oneself(predictor: TorchPredictor, scene: Scene) -> None:
    found = predictor.detect(scene)
    assert found.names == scene.names and found.binary.shape == (4, 4, 9) and found.unary.shape == (4, 3)
    assert (found.binary >= 0).all() and (found.binary <= 1).all()
    assert not found.binary[np.arange(4), np.arange(4)].any()


def test_what_is_fixed_stays_where_it_is_whatever_the_model_says(predictor: TorchPredictor, scene: Scene) -> None:
    """Of a table and a drawer's case it was learned from three objects in the drawer that they go with them."""
    call, priors = SkillCall("pick_place", "object_0", [0.1, 0.2, 0.0, 0.0]), ("cuboid", "table", "drawer", "cuboid")
    fixed = Scene(
        tuple(replace(one, prior=prior) for one, prior in zip(scene.segments, priors, strict=True))
    )  # fmt: skip
    moved = np.linalg.norm(predictor.predict(fixed, (call,))[0].displacements, axis=1) > 0
    assert moved.tolist() == [True, False, False, True]


@pytest.mark.parametrize("rollout", ["geometric", "latent"])
def test_score_is_the_product_over_what_predict_says(scene: Scene, rollout: str) -> None:
    model = create("default", seed=6)
    predictor = TorchPredictor(model, "w", rollout=rollout)
    parameters = np.random.default_rng(0).normal(size=(5, 2, 4)) * 0.3
    scores = predictor.score(scene, SKELETON, parameters, GOAL)
    assert scores.dtype == np.float64 and scores.shape == (5,)
    for candidate, score in zip(parameters, scores, strict=True):
        calls = tuple(
            SkillCall(step.skill, step.object, value) for step, value in zip(SKELETON, candidate, strict=True)
        )
        last = predictor.predict(scene, calls)[-1].relations
        expected = last.value("left", "object_0", "object_1") * (1 - last.value("above", "object_2", "object_0"))
        assert score == pytest.approx(expected, rel=1e-3)


def test_chunks_and_repetition_change_nothing(predictor: TorchPredictor, scene: Scene) -> None:
    parameters = np.random.default_rng(1).normal(size=(20, 2, 4)) * 0.3
    whole = TorchPredictor(predictor._model, "w", config=PredictorConfig(chunk=64))
    one = predictor.score(scene, SKELETON, parameters, GOAL)
    assert np.allclose(one, whole.score(scene, SKELETON, parameters, GOAL), rtol=1e-4)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: predictor.score(scene, SKELETON, parameters, GOAL), range(8)))
    assert all(np.allclose(one, answer, rtol=1e-5) for answer in answers)


def test_what_is_rolled_out_once_answers_as_if_it_had_not_been(predictor: TorchPredictor, scene: Scene) -> None:
    """Candidates that begin alike share that beginning, and a second goal is asked of the same rollout."""
    parameters = np.random.default_rng(2).normal(size=(9, 2, 4)) * 0.3
    parameters[:, 0] = parameters[0, 0]
    other = parse_goal("inside(object_1, object_3)")
    apart = [
        [TorchPredictor(predictor._model, "w").score(scene, SKELETON, row[None], goal)[0] for row in parameters]
        for goal in (GOAL, other)
    ]
    together = [predictor.score(scene, SKELETON, parameters, goal) for goal in (GOAL, other)]
    assert np.allclose(together, apart, rtol=1e-4)


def test_many_literals_do_not_underflow_to_nonsense(predictor: TorchPredictor, scene: Scene) -> None:
    names = scene.names
    text = " & ".join(f"inside({a}, {b})" for a in names for b in names if a != b)
    score = predictor.score(scene, SKELETON[:1], np.zeros((1, 1, 4)), parse_goal(text))
    assert 0 < score[0] < 1


def test_small_predicted_displacements_move_nothing(scene: Scene) -> None:
    model = create("default", seed=0)
    call = SkillCall("pick_place", "object_0", np.array([0.3, 0, 0, 0]))
    calm = TorchPredictor(model, "w", config=PredictorConfig(move_threshold=0.1))
    model.position_decoder.layers[-1].bias.data.zero_()
    model.position_decoder.layers[-1].weight.data.zero_()
    prediction = calm.predict(scene, (call,))[0]
    assert not prediction.displacements.any()
    assert np.allclose(prediction.relations.binary, calm.detect(scene).binary, atol=1e-6)


@pytest.mark.parametrize(
    "parameters", [np.zeros((3, 4)), np.zeros((3, 1, 4)), np.zeros((0, 2, 4)), np.full((3, 2, 4), np.nan)]
)
def test_bad_parameters_are_named(predictor: TorchPredictor, scene: Scene, parameters: np.ndarray) -> None:
    with pytest.raises(BadParametersError, match="parameters"):
        predictor.score(scene, SKELETON, parameters, GOAL)


def test_bad_scenes_are_named(predictor: TorchPredictor) -> None:
    with pytest.raises(TooManySegmentsError):
        predictor.detect(random_scene(np.random.default_rng(0), 17))
    with pytest.raises(TooManySegmentsError):
        predictor.detect(Scene(()))
    empty = Segment("ghost", "cuboid", Box(np.zeros(3), np.ones(3)), np.zeros((0, 3)))
    with pytest.raises(EmptyCloudError, match="ghost"):
        predictor.detect(Scene((empty,)))


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 40), st.integers(1, 6))
def test_any_number_of_points_and_segments_is_fine(points: int, segments: int) -> None:
    predictor = TorchPredictor(create("default"), "w")
    found = predictor.detect(random_scene(np.random.default_rng(points), segments, points))
    assert np.isfinite(found.binary).all()


@pytest.mark.parametrize("profile", ["default", "literal"])
def test_some_of_the_candidates_are_not_rolled_out_again(scene: Scene, profile: str) -> None:
    """Shooting asks a few of its candidates more questions; in whatever order, they are the ones that were asked."""
    model, asked = create(profile, seed=0), np.random.default_rng(3).normal(size=(30, 2, 4)) * 0.3
    predictor = TorchPredictor(model, "w", config=PredictorConfig(chunk=7))
    predictor.score(scene, SKELETON, asked[:20], GOAL)
    predictor.score(scene, SKELETON, asked[20:], GOAL)
    some, other = np.array([25, 3, 19, 3, 0]), parse_goal("inside(object_1, object_3)")
    expected = TorchPredictor(model, "w").score(scene, SKELETON, asked[some], other)
    model.displacements = model.advance = None  # type: ignore[method-assign,assignment]
    assert np.allclose(predictor.score(scene, SKELETON, asked[some], other), expected, rtol=1e-4)
    with pytest.raises(TypeError):
        predictor.score(scene, SKELETON[::-1], asked[some], other)


def test_no_more_rollouts_are_kept_than_asked_for(scene: Scene) -> None:
    model, asked = create("default", seed=0), np.random.default_rng(4).normal(size=(9, 2, 4)) * 0.3
    predictor = TorchPredictor(model, "w", config=PredictorConfig(kept=8))
    for part in (asked[:5], asked[4:], asked):
        predictor.score(scene, SKELETON, part, GOAL)
        assert len(predictor._rollouts._places) <= 8
