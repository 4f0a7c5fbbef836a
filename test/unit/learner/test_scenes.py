"""The scene a failure left, as a scene to learn in: only where something can be done from there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from f2p.learner.fail2progress import Fail2Progress, Fail2ProgressConfig
from f2p.learner.protocol import LearnContext
from f2p.learner.scenes import as_it_was_left
from f2p.model.factory import create
from f2p.posterior.infer import PosteriorConfig
from f2p.posterior.svgd import SvgdConfig
from f2p.sim.mujoco import MujocoSimulator
from f2p.types import BINARY_RELATIONS, Failure, Relations

SHORT = SvgdConfig(iterations=4)


def test_the_scene_after_becomes_the_scene_before(failure: Failure) -> None:
    left = as_it_was_left(failure)
    assert left is not None and left.id == failure.id and left.contradictions == failure.contradictions
    assert left.outcome.before is failure.outcome.after
    assert left.outcome.observed_before is failure.outcome.observed_after


def test_from_the_floor_or_from_nowhere_nothing_is_learned(failure: Failure) -> None:
    outcome = failure.outcome
    assert as_it_was_left(replace(failure, outcome=replace(outcome, unseen=(outcome.call.object,)))) is None
    after = outcome.observed_after
    binary = after.binary.copy()
    binary[after.names.index(outcome.call.object), :, BINARY_RELATIONS.index("above")] = 0.0
    fallen = replace(outcome, observed_after=Relations(after.names, after.unary, binary))
    assert as_it_was_left(replace(failure, outcome=fallen)) is None


def test_particles_stand_on_both_tables(failure: Failure) -> None:
    """The box went from one table to the other; it is learned about on both, in the shares asked for."""
    config = Fail2ProgressConfig(
        targeted=5, aftermath=2, counter_examples=0, posterior=PosteriorConfig(state_search=SHORT, action_search=SHORT)
    )
    data = Fail2Progress(config).respond(failure, LearnContext(create(seed=6), MujocoSimulator(), 3))
    assert data.particles is not None
    outcome, index = failure.outcome, data.particles.names.index(failure.outcome.call.object)
    ends = np.array([scene.segments[index].box.center[1] for scene in (outcome.before, outcome.after)])
    nearer = np.argmin(np.abs(data.particles.poses[:, index, 1, None] - ends), axis=1)
    assert 1 <= np.sum(nearer == 1) <= 2 and 1 <= np.sum(nearer == 0) <= 3
    alone = Fail2Progress(replace(config, aftermath=0)).respond(
        failure, LearnContext(create(seed=6), MujocoSimulator(), 3)
    )
    assert alone.particles is not None
    assert np.all(np.argmin(np.abs(alone.particles.poses[:, index, 1, None] - ends), axis=1) == 0)
