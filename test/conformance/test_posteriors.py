"""Every inference mode and every kernel keeps the contract, with a real effect model."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from f2p.model.factory import create
from f2p.posterior.config import PosteriorConfig, SvgdConfig
from f2p.posterior.errors import PosteriorError
from f2p.posterior.infer import infer
from f2p.posterior.kernel import ComparedParticles, kernels
from f2p.posterior.modes import modes
from f2p.scene.relations import relations_of
from f2p.types import (
    Box,
    Cause,
    Execution,
    Failure,
    Goal,
    Outcome,
    Prediction,
    Scene,
    Segment,
    SkillCall,
)

torch.set_num_threads(1)


def scene() -> Scene:
    """A filled box on one of two tables."""
    rng = np.random.default_rng(0)
    rows = [
        ("table_a", "table", Box(np.array([0.7, 0.55, 0.475]), np.array([0.5, 0.9, 0.05]))),
        ("table_b", "table", Box(np.array([0.7, -0.55, 0.475]), np.array([0.5, 0.9, 0.05]))),
        ("box", "open_box", Box(np.array([0.7, 0.5, 0.56]), np.array([0.28, 0.22, 0.12]))),
        ("object_1", "cuboid", Box(np.array([0.65, 0.5, 0.53]), np.array([0.04, 0.04, 0.04]))),
    ]
    return Scene(
        tuple(
            Segment(name, prior, box, box.center + box.size * rng.uniform(-0.5, 0.5, (150, 3)))
            for name, prior, box in rows
        )
    )


@pytest.fixture
def failure() -> Failure:
    """Nothing moved although it should have."""
    before = scene()
    relations = relations_of(before)
    prediction = Prediction(replace(relations, binary=1.0 - relations.binary), np.zeros((4, 3)))
    call = SkillCall("pick_place", "box", np.array([0.0, -1.0, 0.0, 0.0]))
    outcome = Outcome(before, call, before, prediction, relations, relations, Execution(True), "w")
    return Failure("f", outcome, Goal(()), None, Cause.MODEL, 1.0, 0.5, ())


def quick(mode: str, particles: int) -> PosteriorConfig:
    """A few iterations."""
    search = SvgdConfig(iterations=6)
    return PosteriorConfig(mode=mode, particles=particles, state_search=search, action_search=search)


@pytest.mark.parametrize("profile", ["default", "literal"])
@pytest.mark.parametrize("mode", modes.names)
def test_mode_gives_finite_repeatable_particles_of_the_asked_number(mode: str, profile: str, failure: Failure) -> None:
    model = create(profile, seed=0)
    first, second = (infer(failure, model, config=quick(mode, 3), seed=5)[0] for _ in range(2))
    assert first.names == failure.outcome.before.names
    assert first.poses.shape == (3, 4, 4) and len(first.calls) == 3
    for values in (first.poses, first.log_target, first.log_entropy, *(call.parameter for call in first.calls)):
        assert np.all(np.isfinite(values))
    np.testing.assert_array_equal(first.poses, second.poses)
    assert all(call.skill == "pick_place" and call.object == "box" for call in first.calls)
    assert {"states_stop", "actions_stop"} <= set(first.counts)


@pytest.mark.parametrize("mode", modes.names)
def test_weights_that_are_not_finite_are_an_error_with_a_code(mode: str, failure: Failure) -> None:
    model = create("default", seed=0)
    with torch.no_grad():
        for parameter in model.binary_decoder.parameters():
            parameter.fill_(float("nan"))
    with pytest.raises(PosteriorError) as caught:
        infer(failure, model, config=quick(mode, 3))
    assert 601 <= caught.value.code <= 629 and "not finite" in str(caught.value)


@pytest.mark.parametrize("name", kernels.names)
def test_kernel_is_finite_and_equivariant(name: str) -> None:
    generator = torch.Generator().manual_seed(0)
    x, scores = (torch.randn(10, 6, generator=generator, dtype=torch.float64) for _ in range(2))
    order = torch.randperm(10, generator=generator)
    kernel = kernels.make(name)

    def direction(rows: torch.Tensor, slopes: torch.Tensor) -> torch.Tensor:
        return kernel.direction(ComparedParticles(rows, torch.ones_like(rows), ((0, 1, 2), (3, 4, 5))), slopes)

    torch.testing.assert_close(direction(x, scores)[order], direction(x[order], scores[order]))
    assert torch.isfinite(direction(torch.zeros_like(x), scores)).all()
