"""How far beliefs come true: plans are tried where nothing was learned, and P(goal) is worth what they came to."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from f2p.model.factory import shipped, weights_bytes
from f2p.plan.analytic import AnalyticPredictor
from f2p.scene.goals import parse_goal
from f2p.scene.relations import relations_of
from f2p.types import Cause, Execution, Failure, Outcome
from f2p.weights.errors import BadManifestError
from f2p.weights.gate import goal_as_found, goal_without_loss
from f2p.weights.manifest import Manifest
from f2p.weights.modules import expected_tensors, manifest_for
from f2p.weights.reliability import ReliabilityConfig, measure_reliability
from f2p.weights.service import load_predictor
from f2p.weights.store import WeightsStore

FEW = ReliabilityConfig(probes=8, sizes=2, candidates=60, least=3)


def failed(simulated: Any, goal: str) -> Failure:
    """The filled box was carried to the other table; to what end differs."""
    one = simulated[2][0]
    prediction = AnalyticPredictor().predict(one.before, (one.call,))[0]
    outcome = Outcome(
        one.before, one.call, one.after, prediction, relations_of(one.before), relations_of(one.after),
        Execution(True), "analytic",
    )  # fmt: skip
    return Failure("box-1", outcome, parse_goal(goal), None, Cause.MODEL, 9.0, 2.0, ())


def test_beliefs_that_come_true_stay_and_beliefs_that_do_not_are_worth_little(simulated: Any) -> None:
    """The analytic predictor knows where a box goes and not that what is in it goes along."""
    simulator = simulated[0]
    right = measure_reliability(AnalyticPredictor(), failed(simulated, "above(box, table_b)"), simulator, 1, FEW)
    goal = "above(box, table_b) & above(object_1, table_a)"
    wrong = measure_reliability(AnalyticPredictor(), failed(simulated, goal), simulator, 1, FEW)
    assert right is not None and wrong is not None and right.probes == 8 and right.belief > 0.9
    assert right.right >= right.tried - 1 and right.probability > 0.8
    assert wrong.right <= 1 and wrong.probability < 0.4 and wrong.belief > 0.9


def test_what_a_step_lost_is_to_be_kept_and_not_to_be_lost_again(simulated: Any) -> None:
    """A push had shoved a pack off its shelf; asked to do so again plans failed, and packing was believed at .2."""
    goal = "above(object_1, table_a) & above(box, table_b) & above(landmark, table_a) & above(landmark, table_b)"
    failure = failed(simulated, goal)
    before, after = failure.outcome.observed_before, failure.outcome.observed_after
    assert before.value("above", "object_1", "table_a") > 0.5 > after.value("above", "object_1", "table_a")
    asked = goal_without_loss(failure.goal, before, after)
    kept = [one for one in asked.literals if one in failure.goal.literals]
    assert {str(one) for one in kept} >= {"above(object_1, table_a)", "above(box, table_b)"}
    assert len(kept) == 3, "the landmark is on one of two tables, and stays there"
    assert goal_as_found(failure.goal, after).literals[0] == dataclasses.replace(kept[0], value=False)


def test_probes_differ_from_the_failure_and_repeat_with_the_seed(simulated: Any) -> None:
    asked: list[tuple[np.ndarray, np.ndarray]] = []

    class Watching(type(simulated[0])):
        def simulate(self, bodies: Any, poses: Any, *rest: Any, **options: Any) -> Any:
            asked.append((bodies[2].size, poses[:, 2]))
            return super().simulate(bodies, poses, *rest, **options)

    failure = failed(simulated, "above(box, table_b)")
    first, second = (measure_reliability(AnalyticPredictor(), failure, Watching(), 5, FEW) for _ in range(2))
    half = len(asked) // 2
    assert first == second and all(np.array_equal(a[1], b[1]) for a, b in zip(asked[:half], asked[half:], strict=True))
    size, box = failure.outcome.before.segments[2].box.size, failure.outcome.before.segments[2].box.center
    assert all(not np.allclose(one, size) and np.allclose(one / size, (one / size)[0]) for one, _ in asked)
    assert np.ptp(np.concatenate([poses for _, poses in asked])[:, 1]) > 0.3
    assert all(np.abs(poses[:, :2] - box[:2]).max() > 0.05 for _, poses in asked)


def test_where_nothing_is_believed_nothing_is_known(simulated: Any) -> None:
    failure, simulator = failed(simulated, "above(box, table_b)"), simulated[0]
    for config in (dataclasses.replace(FEW, believed=1.0), dataclasses.replace(FEW, probes=0)):
        assert measure_reliability(AnalyticPredictor(), failure, simulator, 1, config) is None


def test_what_is_served_says_what_its_belief_is_worth(simulated: Any, tmp_path: Path) -> None:
    """A model that was right three times in five said .99."""
    model = shipped()[0]
    content = weights_bytes(model)
    one = simulated[2][0]
    goal, parameters = parse_goal("above(box, table_b)"), one.call.parameter[None, None]
    answers = []
    for name, entry in (("plain", None), ("probed", {"probability": 0.6, "tried": 5})):
        store, manifest = (
            WeightsStore(tmp_path / name, expected_tensors),
            manifest_for(model, content, "default", reliability=entry),
        )
        store.put(content, manifest)
        predictor = load_predictor(store, manifest.weights_id)
        answers.append(float(predictor.score(one.before, (one.call.step,), parameters, goal)[0]))
    assert answers[0] > 0.5 and answers[1] == pytest.approx(0.6 * answers[0])
    with pytest.raises(BadManifestError, match="wrong type: reliability"):
        Manifest.from_bytes(dataclasses.replace(manifest, reliability={"probability": 1.5}).to_bytes(), "there")
