"""Pre-training data: single objects only, full containers untouched, the same for the same seed and shard."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.sim.data.draws.pick_place import PickPlaceDrawConfig
from f2p.sim.data.draws.protocol import draws
from f2p.sim.data.pretraining import PretrainingConfig, generate_shard
from f2p.sim.data.random_scenes import RandomSceneConfig
from f2p.types import BINARY_RELATIONS, Transition

SINGLE = PretrainingConfig(("pick_place",))

INSIDE = BINARY_RELATIONS.index("inside")


@pytest.fixture(scope="module")
def data() -> list[Transition]:
    return generate_shard(0, 40, 11, SINGLE)


def test_what_is_grasped_holds_and_carries_nothing(data: list[Transition]) -> None:
    for item in data:
        grasped = item.before.index(item.call.object)
        assert not item.relations_before.binary[:, grasped, INSIDE].any()
        assert item.tag == "pretrain"


def test_containers_with_contents_are_there_and_hold_still(data: list[Transition]) -> None:
    filled = 0
    for item in data:
        for index in np.flatnonzero(item.relations_before.binary[..., INSIDE].any(axis=0)):
            filled += 1
            assert np.linalg.norm(item.displacements[index]) < 0.03
    assert filled >= 12


def test_objects_are_taken_out_and_dropped_in(data: list[Transition]) -> None:
    grasped = [item.before.index(item.call.object) for item in data]
    before = np.array([item.relations_before.binary[i, :, INSIDE].any() for item, i in zip(data, grasped, strict=True)])
    after = np.array([item.relations_after.binary[i, :, INSIDE].any() for item, i in zip(data, grasped, strict=True)])
    assert np.mean(before & ~after) > 0.08
    assert np.mean(~before & after) > 0.04


def test_one_object_moves_and_lands_where_the_parameter_says(data: list[Transition]) -> None:
    misses, others = [], []
    for item in data:
        grasped = item.before.index(item.call.object)
        misses.append(np.linalg.norm((item.displacements[grasped] - item.call.parameter[:3])[:2]))
        others.append(np.linalg.norm(np.delete(item.displacements, grasped, axis=0), axis=-1).max())
    assert np.median(misses) < 0.005
    assert np.mean(np.array(others) < 0.02) > 0.9


def test_a_shard_depends_on_seed_and_index_only(data: list[Transition]) -> None:
    again = generate_shard(0, 8, 11, SINGLE)
    for first, second in zip(data[:8], again, strict=True):
        assert first.before.names == second.before.names
        assert np.array_equal(first.displacements, second.displacements)
        assert np.array_equal(first.before.segments[-1].points, second.before.segments[-1].points)
    other = generate_shard(1, 1, 11, SINGLE)[0]
    assert not np.array_equal(other.call.parameter, data[0].call.parameter)


def test_a_cup_put_over_something_smaller_stands_on_it_and_does_not_hold_it() -> None:
    """A model that had never seen it planned to put a cup over a capsule that lay where the cup was to stand."""
    covering = PickPlaceDrawConfig(cover_share=1.0, take_out_share=0.0)
    config = PretrainingConfig(
        ("pick_place",), {"pick_place": covering}, scenes=RandomSceneConfig(cup_share=1.0, filled_share=0.0)
    )
    found = 0
    for item in generate_shard(0, 40, 3, config):
        cup = item.before.segments[item.before.index(item.call.object)]
        if not cup.shape.contains:
            continue
        target = cup.box.center[:2] + item.call.parameter[:2]
        for index, other in enumerate(item.before.segments):
            if other.shape.solid and other.movable and np.linalg.norm(other.box.center[:2] - target) < 0.02:
                found += 1
                assert not item.relations_after.binary[index, item.before.index(cup.name), INSIDE]
    assert found >= 2


def test_all_skills_have_equal_shares() -> None:
    """In equal shares of the scenes a push came to a ninth of the executions: most of its scenes are of no use."""
    skills = [item.call.skill for item in generate_shard(0, 60, 3)]
    counts = [skills.count(name) for name in draws.names]
    assert len(counts) == 3 and max(counts) - min(counts) <= 2 * PretrainingConfig().scenes_per_model
