"""Hot swap under load: nothing fails, nothing mixes, a refused version changes nothing, rollback is immediate."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from f2p.plan.analytic import AnalyticPredictor
from f2p.plan.errors import StaleWeightsError
from f2p.scene.goals import parse_goal
from f2p.types import Goal, Scene, SkillStep
from f2p.weights.errors import BadWeightsFileError, NoPreviousError
from f2p.weights.golden import golden_scene
from f2p.weights.holder import WeightsHolder

GOAL = parse_goal("above(box, table_b)")
STEP = (SkillStep("pick_place", "box"),)


class TaggedPredictor(AnalyticPredictor):
    """Answers with its own number, read before and after a pause: a mixture would show."""

    def __init__(self, weights_id: str) -> None:
        super().__init__(weights_id)
        self.first = self.last = float(weights_id.removeprefix("w")) / 1000.0

    def score(self, scene: Scene, skeleton: tuple[SkillStep, ...], parameters: np.ndarray, goal: Goal) -> np.ndarray:
        first = self.first
        total = float(np.linalg.norm(np.random.default_rng(0).normal(size=(60, 60)) @ np.ones(60)))
        return np.array([first, self.last, total])


def test_a_hundred_swaps_under_load_lose_and_mix_nothing() -> None:
    holder = WeightsHolder(TaggedPredictor, "w0")
    scene, stop = golden_scene(), threading.Event()
    answers: list[tuple[str, np.ndarray]] = []
    failures: list[Exception] = []

    def ask() -> None:
        while not stop.is_set():
            try:
                predictor = holder.pin()
                answers.append((predictor.weights_id, predictor.score(scene, STEP, np.zeros((1, 1, 4)), GOAL)))
            except Exception as error:
                failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(1, 101):
        holder.swap(f"w{number}")
        enough = len(answers) + 8  # four may still be on their way with the old version
        for _ in range(2000):
            if len(answers) >= enough or failures:
                break
            stop.wait(0.005)
    stop.set()
    for thread in threads:
        thread.join(timeout=10)
    assert failures == [] and len(answers) >= 800
    assert all(answer[0] == answer[1] == float(name[1:]) / 1000.0 for name, answer in answers)
    assert {f"w{number}" for number in range(1, 101)} <= {name for name, _ in answers} and holder.weights_id == "w100"


def test_a_version_is_pinned_until_it_is_retired() -> None:
    holder = WeightsHolder(AnalyticPredictor, "w0")
    pinned = holder.pin()
    holder.swap("w1")
    assert pinned.weights_id == "w0" and holder.pin("w0") is pinned and holder.pin().weights_id == "w1"
    holder.swap("w2")
    with pytest.raises(StaleWeightsError, match="weights w0 are retired; served now: w2, w1"):
        holder.pin("w0")


def test_weights_that_cannot_be_loaded_change_nothing() -> None:
    def load(name: str) -> AnalyticPredictor:
        if name == "bad":
            raise BadWeightsFileError("bad", "it is empty")
        return AnalyticPredictor(name)

    holder = WeightsHolder(load, "w0")
    holder.swap("w1")
    with pytest.raises(BadWeightsFileError):
        holder.swap("bad")
    assert holder.weights_id == "w1" and holder.pin("w0").weights_id == "w0"


def test_what_cannot_be_committed_is_not_served() -> None:
    def refuse() -> None:
        raise NoPreviousError("there")

    holder, commits = WeightsHolder(AnalyticPredictor, "w0"), []
    with pytest.raises(NoPreviousError):
        holder.swap("w1", refuse)
    assert holder.weights_id == "w0"
    holder.swap("w1", lambda: commits.append(holder.weights_id))
    assert holder.weights_id == "w1" and commits == ["w0"], "the line moves when the weights are ready, not before"
    holder.swap("w1", lambda: commits.append(holder.weights_id))
    assert commits == ["w0", "w1"]


def test_rollback_is_one_assignment() -> None:
    loads = []
    holder = WeightsHolder(lambda name: loads.append(name) or AnalyticPredictor(name), "w0")
    with pytest.raises(NoPreviousError):
        holder.rollback()
    holder.swap("w1")
    report = holder.rollback()
    assert holder.weights_id == report.weights_id == "w0" and report.previous_id == "w1"
    assert report.load_s == 0.0 and loads == ["w0", "w1"]
    assert holder.swap("w1").weights_id == "w1" and loads == ["w0", "w1"], "the previous version stays resident"


def test_swapping_to_what_is_served_does_nothing() -> None:
    holder = WeightsHolder(AnalyticPredictor, "w0")
    first = holder.pin()
    assert holder.swap("w0").previous_id is None and holder.pin() is first
