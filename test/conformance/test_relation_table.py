"""Every relation in the table is what its specification says of it, on boxes that meet, stack and nest often."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.relation.spec import BinarySpec, UnarySpec
from f2p.relation.table import binary_specs, mirrored, unary_specs
from f2p.scene.relations import binary_relations, unary_relations
from f2p.shape.protocol import hollow, shapes
from f2p.types import BINARY_RELATIONS, UNARY_RELATIONS

PRIORS = list(shapes)


def relations(mirror: float = 1.0) -> np.ndarray:
    """Three hundred scenes of one body of each prior, or the same with y the other way. Shape (300, n, n, kinds)."""
    rng = np.random.default_rng(0)
    sizes = rng.uniform(0.02, 0.5, (300, len(PRIORS), 3)) * rng.choice([0.2, 1.0], (300, len(PRIORS), 1))
    centers, yaws = rng.uniform(-0.3, 0.3, (300, len(PRIORS), 3)), rng.uniform(-np.pi, np.pi, (300, len(PRIORS)))
    flip = np.array([1.0, mirror, 1.0])
    return binary_relations(centers * flip, sizes, mirror * yaws, containers=hollow(PRIORS))


@pytest.fixture(scope="module")
def binary() -> np.ndarray:
    return relations()


@pytest.fixture(params=binary_specs(), ids=lambda spec: spec.name)
def spec(request: pytest.FixtureRequest) -> BinarySpec:
    found: BinarySpec = request.param
    return found


def test_it_holds_of_some_pairs_and_of_none_with_itself(spec: BinarySpec, binary: np.ndarray) -> None:
    values = binary[..., BINARY_RELATIONS.index(spec.name)]
    assert 0.0 < values.mean() < 0.9
    assert not values[:, range(len(PRIORS)), range(len(PRIORS))].any()


def test_its_converse_states_the_same_from_the_other_side(spec: BinarySpec, binary: np.ndarray) -> None:
    if spec.converse is not None:
        values, other = (binary[..., BINARY_RELATIONS.index(name)] for name in (spec.name, spec.converse))
        assert np.array_equal(values, np.swapaxes(other, -1, -2))
        assert spec.name in {one.converse for one in binary_specs() if one.name == spec.converse}


def test_what_it_excludes_never_holds_with_it(spec: BinarySpec, binary: np.ndarray) -> None:
    for name in spec.excludes:
        both = binary[..., BINARY_RELATIONS.index(spec.name)] & binary[..., BINARY_RELATIONS.index(name)]
        assert not both.any()
        assert spec.name in {other for one in binary_specs() if one.name == name for other in one.excludes}


def test_it_says_what_it_becomes_where_left_and_right_are_exchanged(spec: BinarySpec, binary: np.ndarray) -> None:
    """Learning from mirrored transitions teaches what is false if it does not."""
    kind = BINARY_RELATIONS.index(spec.name)
    assert np.array_equal(mirrored(binary)[..., kind], relations(mirror=-1.0)[..., kind])


def test_only_what_is_hollow_contains(spec: BinarySpec, binary: np.ndarray) -> None:
    held = binary[..., BINARY_RELATIONS.index(spec.name)].any(axis=(0, 1))
    assert not spec.contains or (held.any() and not held[~hollow(PRIORS)].any())


@pytest.mark.parametrize("spec", unary_specs(), ids=lambda spec: spec.name)
def test_a_relation_of_one_holds_only_of_what_it_is_about(spec: UnarySpec) -> None:
    priors, openings = [*PRIORS, *PRIORS], [0.0] * len(PRIORS) + [0.1] * len(PRIORS)
    values = unary_relations(priors, openings, np.full((len(priors), 3), 0.3))
    mine = values[:, UNARY_RELATIONS.index(spec.name)]
    assert mine.any() and not mine.all()
    if spec.only_of is not None:
        assert np.all(values[:, UNARY_RELATIONS.index(spec.only_of)] >= mine)
