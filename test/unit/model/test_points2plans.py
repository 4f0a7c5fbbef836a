"""The model in both profiles: shapes, masks, gradients, permutations."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from f2p.model.architectures.dynamics import Manipulation
from f2p.model.architectures.points2plans import Points2Plans
from f2p.model.errors import TooManySegmentsError, UnknownSkillError
from f2p.model.factory import create
from f2p.model.latent import ObjectLatent

PROFILES = ("default", "literal")


@pytest.fixture(scope="module", params=PROFILES)
def model(request: pytest.FixtureRequest) -> Points2Plans:
    """A model in double precision whose zero-initialised parts were given something to say."""
    made = create(request.param, seed=1).double()
    generator = torch.Generator().manual_seed(0)
    for value in made.parameters():
        if not value.any():
            value.data = 0.05 * torch.randn(value.shape, generator=generator, dtype=value.dtype)
    return made


@pytest.fixture(scope="module")
def clouds() -> torch.Tensor:
    """Two scenes of four clouds."""
    rng = np.random.default_rng(3)
    return torch.from_numpy(rng.normal(size=(2, 4, 128, 3)) * 0.03 + rng.uniform(-0.5, 0.5, (2, 4, 1, 3)))


def whole(clouds: torch.Tensor) -> torch.Tensor:
    """A mask without gaps."""
    return torch.ones(clouds.shape[:2], dtype=torch.bool)


def test_shapes_are_those_of_the_contract(model: Points2Plans, clouds: torch.Tensor) -> None:
    latent = model.observe(clouds, whole(clouds))
    assert latent.features.shape == (2, 4, 256) and latent.shape.shape == (2, 4, 128)
    assert latent.centroid.shape == (2, 4, 3) and latent.identity.shape == (2, 4, 128)
    after, displacements = model.advance(latent, "pick_place", torch.tensor([0, 3]), torch.ones(2, 4).double())
    assert after.features.shape == (2, 4, 256) and displacements.shape == (2, 4, 3)
    logits = model.relations(after)
    assert logits.unary.shape == (2, 4, 3) and logits.binary.shape == (2, 4, 4, 9)
    pairs = model.pair_logits(after, torch.tensor([1, 3]), torch.tensor([0, 2]))
    assert torch.allclose(pairs[:, 0], logits.binary[:, 1, 0]) and torch.allclose(pairs[:, 1], logits.binary[:, 3, 2])


def test_absent_segments_influence_nothing(model: Points2Plans, clouds: torch.Tensor) -> None:
    mask = whole(clouds)
    mask[:, 3] = False
    other = clouds.clone()
    other[:, 3] += 5.0
    index, parameters = torch.tensor([0, 1]), torch.ones(2, 4).double()
    results = []
    for points, present in ((clouds, mask), (other, mask), (clouds[:, :3], mask[:, :3])):
        after, displacements = model.advance(model.observe(points, present), "pick_place", index, parameters)
        results.append((displacements[:, :3], model.relations(after).binary[:, :3, :3]))
    for displacements, binary in results[1:]:
        assert torch.allclose(displacements, results[0][0]) and torch.allclose(binary, results[0][1])


def test_moving_a_latent_is_observing_moved_clouds(model: Points2Plans, clouds: torch.Tensor) -> None:
    translations = torch.from_numpy(np.random.default_rng(5).normal(size=(2, 4, 3)) * 0.2)
    moved = model.moved(model.observe(clouds, whole(clouds)), translations)
    seen = model.observe(clouds + translations.unsqueeze(2), whole(clouds))
    assert torch.allclose(moved.features, seen.features, atol=1e-4)
    assert torch.allclose(moved.centroid, seen.centroid)


def test_poses_of_one_scene_are_observed_like_scenes_of_their_own(model: Points2Plans, clouds: torch.Tensor) -> None:
    """What is computed only once must be what would be computed every time."""
    centres, yaws = clouds[:1].mean(2, keepdim=True), torch.tensor([0.0, 0.4, -0.7], dtype=torch.float64)
    poses = clouds[:1].repeat(3, 1, 1, 1)
    cosine, sine = torch.cos(yaws)[:, None, None], torch.sin(yaws)[:, None, None]
    x, y, z = (poses - centres).unbind(-1)
    turned = torch.tensor([True, False, True, True])
    rotated = torch.stack([cosine * x - sine * y, sine * x + cosine * y, z], -1) + centres
    poses = torch.where(turned[:, None, None], rotated, poses)
    with torch.no_grad():
        expected, found = model.observe(poses, whole(poses)), model.observe_rigid(poses, turned)
        torch.testing.assert_close(found.features, expected.features)
        torch.testing.assert_close(found.boxes, expected.boxes)
        shift = torch.full((3, 4, 3), 0.1, dtype=torch.float64)
        torch.testing.assert_close(model.moved(found, shift).features, model.moved(expected, shift).features)


def test_one_scene_serves_many_candidates(model: Points2Plans, clouds: torch.Tensor) -> None:
    latent = model.observe(clouds[:1], whole(clouds[:1]))
    parameters = torch.from_numpy(np.random.default_rng(7).normal(size=(3, 4)))
    together, moves = model.advance(latent, "pick_place", torch.tensor([2, 2, 2]), parameters)
    apart, move = model.advance(latent, "pick_place", torch.tensor([2]), parameters[1:2])
    assert torch.allclose(together.features[1], apart.features[0]) and torch.allclose(moves[1], move[0])
    translations = torch.from_numpy(np.random.default_rng(8).normal(size=(3, 4, 3)))
    many, one = model.moved(latent, translations), model.moved(latent, translations[2:])
    assert torch.allclose(many.features[2], one.features[0])


def probability(
    model: Points2Plans, latent: ObjectLatent, translations: torch.Tensor, parameters: torch.Tensor
) -> torch.Tensor:
    """A scalar that depends on everything: logits and displacements after moving and acting."""
    moved = model.moved(latent, translations)
    after, displacements = model.advance(moved, "pick_place", torch.tensor([1, 2]), parameters)
    return model.relations(after).binary.tanh().sum() + displacements.tanh().sum() + model.relations(moved).unary.sum()


def test_gradients_through_moved_and_advance_are_the_numeric_ones(model: Points2Plans, clouds: torch.Tensor) -> None:
    rng = np.random.default_rng(9)
    latent = model.observe(clouds, whole(clouds)).detached()
    translations = torch.from_numpy(rng.normal(size=(2, 4, 3)) * 0.1).requires_grad_()
    parameters = torch.from_numpy(rng.normal(size=(2, 4)) * 0.3).requires_grad_()
    grads = torch.autograd.grad(probability(model, latent, translations, parameters), (translations, parameters))
    step = 1e-6
    for which, grad in enumerate(grads):
        assert grad.abs().max() > 0
        for flat in (0, 3, 7):
            values = []
            for sign in (1, -1):
                inputs = [translations.detach().clone(), parameters.detach().clone()]
                inputs[which].view(-1)[flat] += sign * step
                values.append(float(probability(model, latent, *inputs).detach()))
            assert float(grad.view(-1)[flat]) == pytest.approx((values[0] - values[1]) / (2 * step), rel=1e-3, abs=1e-5)


def test_observing_is_differentiable_in_the_points(model: Points2Plans, clouds: torch.Tensor) -> None:
    points = clouds.clone().requires_grad_()
    model.relations(model.observe(points, whole(clouds))).binary.sum().backward()
    assert torch.isfinite(points.grad).all() and points.grad.abs().max() > 0


def test_permuting_segments_with_their_identities_permutes_the_answers(
    model: Points2Plans, clouds: torch.Tensor
) -> None:
    order, ids = torch.tensor([2, 0, 3, 1]), torch.tensor([[4, 9, 1, 15]]).expand(2, 4)
    parameters = torch.ones(2, 4).double() * 0.2
    one = model.advance(model.observe(clouds, whole(clouds), ids), "pick_place", torch.tensor([2, 2]), parameters)
    other = model.advance(
        model.observe(clouds[:, order], whole(clouds), ids[:, order]), "pick_place", torch.tensor([0, 0]), parameters
    )
    assert torch.allclose(one[1][:, order], other[1])
    assert torch.allclose(
        model.relations(one[0]).binary[:, order][:, :, order], model.relations(other[0]).binary, atol=1e-6
    )


def test_unknown_skills_and_too_many_segments_are_named(model: Points2Plans, clouds: torch.Tensor) -> None:
    latent = model.observe(clouds, whole(clouds))
    with pytest.raises(UnknownSkillError, match="pick_place"):
        model.advance(latent, "juggle", torch.tensor([0, 0]), torch.ones(2, 4).double())
    with pytest.raises(TooManySegmentsError, match="17 segments"):
        model.assemble(None, torch.ones(1, 17, dtype=torch.bool))


def test_a_fresh_default_model_says_nothing_moves_by_relation_features(clouds: torch.Tensor) -> None:
    model = create("default")
    assert not model.dynamics["pick_place"].relations.weight.any()
    literal = create("literal")
    assert not hasattr(literal.dynamics["pick_place"], "flag") and not literal.config.centred


def test_relation_features_tell_contents_from_bystanders(clouds: torch.Tensor) -> None:
    model = create("default", seed=2)
    dynamics = model.dynamics["pick_place"]
    latent = model.observe(clouds[:1].float(), whole(clouds[:1]))
    index, parameters = torch.tensor([0]), torch.ones(1, 4)
    torch.nn.init.normal_(dynamics.relations.weight, generator=torch.Generator().manual_seed(0))
    torch.nn.init.normal_(dynamics.output.weight, generator=torch.Generator().manual_seed(1))
    related = torch.zeros(1, 4, 18)
    inside = related.clone()
    inside[0, 2, 8] = 1.0
    one, other = (dynamics(latent, Manipulation(index, parameters, told)) for told in (related, inside))
    change = (one - other).abs().sum(-1)[0]
    assert change.argmax() == 2


def test_the_latent_dataclass_detaches_every_tensor(model: Points2Plans, clouds: torch.Tensor) -> None:
    latent = model.observe(clouds.clone().requires_grad_(), whole(clouds)).detached()
    tensors = [getattr(latent, item.name) for item in dataclasses.fields(ObjectLatent)]
    floats = [value for value in tensors if isinstance(value, torch.Tensor) and value.is_floating_point()]
    assert not any(value.requires_grad for value in floats)
