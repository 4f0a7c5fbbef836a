"""The gate: better on the failed step, nothing forgotten; whatever is worse in one of the four ways is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from f2p.monitor.compare import compare
from f2p.plan.analytic import AnalyticPredictor
from f2p.scene.goals import parse_goal
from f2p.scene.relations import relations_of
from f2p.types import Box, Cause, Execution, Failure, Goal, Outcome, Prediction, Scene, Segment, SkillCall, SkillStep
from f2p.weights import gate
from f2p.weights.gate import judge, step_quality
from f2p.weights.golden import golden_scene

MOVE = np.array([0.0, -1.25, 0.0, 0.0])
CARRIED = ("box", "object_1", "object_2")
F1 = {"now": 0.97, "next": 0.96}


class Imagined(AnalyticPredictor):
    """Expects `names` to move with the box, by a share of the way; P(goal) as given."""

    def __init__(self, names: tuple[str, ...] = ("box",), share: float = 1.0, goal: float | None = None) -> None:
        super().__init__("imagined")
        self.names, self.share, self.goal = names, share, goal

    def predict(self, scene: Scene, calls: tuple[SkillCall, ...]) -> tuple[Prediction, ...]:
        after = shifted(scene, self.names, self.share * MOVE[:3])
        delta = [one.box.center - two.box.center for one, two in zip(after.segments, scene.segments, strict=True)]
        return (Prediction(self.detect(after), np.array(delta)),)

    def score(self, scene: Scene, skeleton: tuple[SkillStep, ...], parameters: np.ndarray, goal: Goal) -> np.ndarray:
        if self.goal is None:
            return super().score(scene, skeleton, parameters, goal)
        return np.array([self.goal if all(one.value for one in goal.literals) else 1.0 - self.goal])


class Sure(Imagined):
    """P(goal), and P(the goal's relations as found), as given."""

    def __init__(self, names: tuple[str, ...], belief: float, found: float) -> None:
        super().__init__(names)
        self.belief, self.found = belief, found

    def score(self, scene: Scene, skeleton: tuple[SkillStep, ...], parameters: np.ndarray, goal: Goal) -> np.ndarray:
        return np.array([self.belief if all(one.value for one in goal.literals) else self.found])


def shifted(scene: Scene, names: tuple[str, ...], by: np.ndarray) -> Scene:
    moved = [
        dataclasses.replace(one, box=Box(one.box.center + by, one.box.size)) if one.name in names else one
        for one in scene.segments
    ]
    return Scene(tuple(Segment(one.name, one.prior, one.box, one.points) for one in moved))


@pytest.fixture
def failure() -> Failure:
    """The box was carried with its objects, and the model expected them to stay; the goal was reached by luck."""
    before, call = golden_scene(), SkillCall("pick_place", "box", MOVE)
    after = shifted(before, CARRIED, MOVE[:3])
    outcome = Outcome(
        before, call, after, Imagined().predict(before, (call,))[0], relations_of(before), relations_of(after),
        Execution(True), "imagined",
    )  # fmt: skip
    found, goal = compare(outcome), parse_goal("above(object_1, table_b) & above(object_2, table_b)")
    return Failure("f", outcome, goal, None, Cause.MODEL, found.score, 2.0, found.contradictions)


def test_weights_that_learned_pass(failure: Failure) -> None:
    report = judge(failure, Imagined(goal=0.01), Imagined(CARRIED, goal=0.95), F1, {"now": 0.97, "next": 0.945})
    assert report.passed and report.reasons == () and report.goal_was_true
    assert report.after.score < 0.3 < report.before.score and report.after.contradictions == 0
    assert report.before.carried_error == pytest.approx(1.25) and report.after.carried_error == pytest.approx(0.0)
    assert report.values()["after"]["goal_probability"] == 0.95


@pytest.mark.parametrize(
    ("candidate", "replay", "reason"),
    [
        (Imagined(goal=0.95), F1, "score of the failed step"),
        (
            Imagined((*CARRIED, "landmark"), goal=0.95),
            {"now": 0.97, "next": 0.93},
            "F1 next on replay data 0.960 -> 0.930",
        ),
        (Imagined(CARRIED, goal=0.95), {"now": 0.90, "next": 0.96}, "F1 now on replay data 0.970 -> 0.900"),
        (Imagined(CARRIED, goal=0.95), {"now": 0.97}, "F1 next on replay data 0.960 -> nan"),
        (Imagined(CARRIED, goal=0.95), {"now": float("nan"), "next": 0.96}, "F1 now"),
        (Imagined(CARRIED, share=-1.0, goal=0.95), F1, "carried positions 1.250 -> 2.500 m off, must fall by 50%"),
        (Imagined(CARRIED, goal=0.2), F1, "0.30 -> 0.20, but the goal was true"),
        (Imagined(CARRIED, goal=float("nan")), F1, "but the goal was true"),
    ],
)
def test_what_is_worse_in_any_way_is_refused(
    failure: Failure, candidate: Imagined, replay: dict[str, float], reason: str
) -> None:
    report = judge(failure, Imagined(goal=0.3), candidate, F1, replay)
    assert not report.passed and any(reason in one for one in report.reasons), report.reasons


@pytest.mark.parametrize(
    ("before", "after", "passes"),
    [
        (0.79, 0.79, False),
        (0.79, 0.40, False),
        (0.79, 0.39, True),
        (0.79, 0.03, True),
        (0.06, 0.05, True),
        (0.04, 0.05, True),
        (0.04, 0.06, False),
        (0.0, 0.0, True),
        (0.79, float("nan"), False),
    ],
)
def test_what_was_carried_must_be_expected_nearer(
    failure: Failure, monkeypatch: pytest.MonkeyPatch, before: float, after: float, passes: bool
) -> None:
    """Weights that leave the carried objects where they were, and only doubt more, had passed. 0 m: nothing carried."""
    errors = iter((before, after))
    monkeypatch.setattr(gate, "_carried_error", lambda *_: next(errors))
    report = judge(failure, Imagined(goal=0.3), Imagined(CARRIED, goal=0.95), F1, F1)
    assert report.passed == passes and all("carried positions" in one for one in report.reasons)


def test_where_something_came_to_lie_on_the_floor_is_not_asked(failure: Failure) -> None:
    """How it bounced is nothing to learn; that it is no longer on the table counts in the score."""
    fallen = shifted(failure.outcome.after, ("object_2",), np.array([0.9, 0.3, -0.5]))
    outcome = dataclasses.replace(failure.outcome, after=fallen, observed_after=relations_of(fallen))
    quality = step_quality(Imagined(("box", "object_1")), dataclasses.replace(failure, outcome=outcome))
    assert quality.carried_error == pytest.approx(0.0) and quality.score > 0.0


def test_belief_in_a_goal_that_was_missed_must_go(failure: Failure) -> None:
    """The other use of the same knowledge: the parent believed, the world said no."""
    missed = dataclasses.replace(failure, goal=parse_goal("above(box, table_b) & above(object_1, table_a)"))
    report = judge(missed, Imagined(goal=0.99), Imagined(CARRIED, goal=0.97), F1, F1)
    assert report.passed, "nearer to the truth is better"
    assert not judge(missed, Imagined(goal=0.6), Imagined(CARRIED, goal=0.8), F1, F1).passed
    assert judge(missed, Imagined(goal=0.99), Imagined(CARRIED, goal=0.02), F1, F1).passed


def test_a_goal_missed_by_a_hair_may_be_believed_a_little_but_not_surely(failure: Failure) -> None:
    """What carries all objects to where they went may find a borderline relation likelier true than false."""
    missed = dataclasses.replace(failure, goal=parse_goal("above(object_1, table_b) & above(object_2, table_a)"))
    for belief, passes in ((0.58, True), (0.89, True), (0.98, False)):
        report = judge(missed, Sure(("box",), 0.0, 1e-9), Sure(CARRIED, belief, 1.0 - belief), F1, F1)
        assert report.passed == passes and not report.goal_was_true
    assert not judge(missed, Sure(("box",), 0.0, 0.3), Sure(CARRIED, 0.0, 0.1), F1, F1).passed


def test_the_failed_step_is_asked_of_the_predictor_itself(failure: Failure) -> None:
    quality = step_quality(Imagined(), failure)
    assert quality.score == pytest.approx(failure.score) and quality.contradictions == len(failure.contradictions)
    assert quality.goal_probability < 1e-5
