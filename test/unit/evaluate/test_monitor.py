"""Alarms on steps that went as intended are false, those on steps never taught are wanted."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from f2p.evaluate.monitor import MonitorReport, as_intended, score
from f2p.sim.pretraining import generate_shard
from f2p.types import Prediction, Transition


@pytest.fixture(scope="module")
def step() -> Transition:
    """One that ended where it was to."""
    return next(item for item in generate_shard(0, 12, seed=21) if as_intended(item))


def test_a_fall_and_a_miss_are_not_as_intended(step: Transition) -> None:
    grasped = step.before.index(step.call.object)
    for miss in ([0.05, 0.0, 0.0], [0.0, 0.0, -0.4]):
        displacements = step.displacements.copy()
        displacements[grasped] += miss
        assert not as_intended(dataclasses.replace(step, displacements=displacements))


def test_a_perfect_prediction_scores_nothing_and_one_that_expects_no_change_scores(step: Transition) -> None:
    perfect = Prediction(step.relations_after, step.displacements)
    still = Prediction(step.relations_before, np.zeros_like(step.displacements))
    assert score(step, perfect, "w") == 0.0
    assert score(step, still, "w") > 0.0


def test_rates_are_counted_on_their_own_side_of_the_threshold() -> None:
    values = MonitorReport(2.0, tuple(np.linspace(0.0, 2.5, 26).tolist()), (1.5, 3.0, 4.0)).values()
    assert values["false_alarms"]["alarms"] == 5 and values["false_alarms"]["steps"] == 26
    assert values["detected"]["alarms"] == 2 and values["detected"]["low"] < 2 / 3 < values["detected"]["high"]
    assert values["calibrated_threshold"] == pytest.approx(2.5)
    assert 0.8 < values["roc_auc"] < 1.0
