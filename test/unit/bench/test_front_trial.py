"""The trial from the front: what is asked fits the scene, and what falls or is knocked over counts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from f2p.bench.trials.pick_place_front import PickPlaceFrontTrial
from f2p.robot.frames import BASE_START_TASK
from f2p.skill.pick_place_front_plan import FrontPlan
from f2p.skill.pick_place_plan import plan_pick_place
from f2p.twin.twin import Twin


@pytest.fixture(scope="module")
def tried():
    trial, rng = PickPlaceFrontTrial(), np.random.default_rng(1)
    truth = Twin(trial.world(rng)).truth()
    return trial, truth, trial.call(truth, 0, rng)


def test_the_call_is_one_the_skill_can_plan_from_the_front(tried):
    trial, truth, call = tried
    assert isinstance(plan_pick_place(truth.scene, call, BASE_START_TASK, trial.config), FrontPlan)


def test_height_and_neighbours_count(tried):
    trial, truth, call = tried
    index = truth.names.index(call.object)

    def after(row, by):
        poses = truth.poses.copy()
        poses[index, :3] += call.parameter[:3]
        poses[row, :3] += by
        return replace(truth, poses=poses)

    assert trial.off(call, truth, after(index, 0.0)) == pytest.approx(0.0)
    assert trial.off(call, truth, after(index, [0, 0, -0.2])) == pytest.approx(0.2), "fell off the board"
    assert trial.off(call, truth, after(2, [0.05, 0, 0])) == pytest.approx(0.05), "the shelf was shoved"
