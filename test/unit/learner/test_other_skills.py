"""What other skills do with the object that one was wrong about: which are tried, how far, and which of them teach."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from f2p.learner.other_skills import done_otherwise, other_skills, surprising
from f2p.sim.world import reconstruct
from f2p.types import Failure, Particles, Prediction, Scene, SkillCall, Transition

MODEL: Any = SimpleNamespace(config=SimpleNamespace(skills=("pick_place", "push", "slide_drawer", "unheard_of")))


def particles_of(failure: Failure, count: int = 3) -> Particles:
    """Some of the failure itself."""
    before, call = failure.outcome.before, failure.outcome.call
    poses = np.repeat(reconstruct(before).poses[None], count, axis=0)
    return Particles(before.names, poses, (call,) * count, np.zeros(count), np.zeros(count))


def test_only_skills_that_the_model_knows_and_that_fit_the_object_are_tried(failure: Failure) -> None:
    before, call = failure.outcome.before, failure.outcome.call
    box = before.segments[before.index("box")]
    assert other_skills(MODEL, call, box) == ("push",)
    assert other_skills(MODEL, SkillCall("push", "box", np.array([0.1, 0.0])), box) == ("pick_place",)
    assert other_skills(MODEL, call, before.segments[before.index("table_a")]) == ()


def test_they_act_on_the_same_object_go_far_and_in_all_directions(failure: Failure) -> None:
    """Pushes of five centimetres taught next to nothing, nor six that went elsewhere than a search would."""
    world = reconstruct(failure.outcome.before)
    poses, calls = done_otherwise(world, particles_of(failure), 8, ("push",), (), seed=0)
    ways = np.array([call.parameter for call in calls])
    apart = np.linalg.norm(ways[:, None] - ways, axis=-1) + np.eye(8)
    assert len(poses) == len(calls) == 8 and {call.step for call in calls} == {calls[0].step}
    assert calls[0].step.object == "box" and apart.min() > 0.08
    assert np.linalg.norm(ways, axis=1).mean() > 0.17 > 0.5 * (0.03 + 0.25)
    assert done_otherwise(world, particles_of(failure), 8, (), (), seed=0)[1] == ()


def test_every_third_acts_on_something_that_was_put_elsewhere_first(failure: Failure) -> None:
    """Without them a search pushed a loose object and believed that others were moved by it."""
    before = failure.outcome.before
    world, inside = reconstruct(before), before.index("object_1")
    poses, calls = done_otherwise(world, particles_of(failure), 9, ("push",), [inside], seed=0)
    loose = [row for row, call in enumerate(calls) if call.object == "object_1"]
    assert len(loose) == 3 and {call.object for call in calls} == {"box", "object_1"}
    moved = np.linalg.norm(poses[:, inside, :2] - world.poses[inside, :2], axis=1)
    assert all((moved[row] > 0.1) == (row in loose) for row in range(len(calls)))


@pytest.mark.parametrize(("travels", "taught"), [(2, 4), (1, 0)])
def test_they_teach_only_where_they_surprise(
    failure: Failure, travels: int, taught: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the model knows already would only move a network that was right."""
    before, call = failure.outcome.before, SkillCall("push", "box", np.array([0.2, 0.0]))
    row, inside = before.index("box"), before.index("object_1")

    class Thinks:
        """Thinks that the box alone is pushed."""

        def __init__(self, model: object, name: str) -> None:
            pass

        def predict(self, scene: Scene, calls: tuple[SkillCall, ...]) -> tuple[Prediction, ...]:
            moved = np.zeros((len(scene.segments), 3))
            moved[row, 0] = 0.2
            return (Prediction(failure.outcome.observed_before, moved),)

    monkeypatch.setattr("f2p.model.predictor.TorchPredictor", Thinks)
    alone = np.zeros((len(before.segments), 3))
    alone[row, 0] = 0.2
    along = alone.copy()
    along[inside, 0] = 0.2
    seen = failure.outcome.observed_before
    one = Transition(before, call, before, seen, seen, alone)
    pushed = [replace(one, displacements=along) if index < travels else one for index in range(4)]
    assert len(surprising(MODEL, pushed, "box", 0.05)) == taught
