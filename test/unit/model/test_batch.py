"""Packing, saving and loading transitions."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from f2p.action.errors import BadParameterError
from f2p.model.batch import POINTS, TransitionBatch, concatenate, mirrored, pack, sample_points
from f2p.model.errors import BadDatasetError, EmptyCloudError, TooManySegmentsError
from f2p.registry import UnknownNameError
from f2p.types import Box, Scene, Segment, SkillCall, Transition

from .conftest import random_transition, simple_relations


def test_pack_keeps_what_a_transition_says(rng: np.random.Generator) -> None:
    transition = random_transition(rng, 3)
    batch = pack([transition], rng, 5)
    index = transition.before.index(transition.call.object)
    assert batch.mask.tolist() == [[True, True, True, False, False]]
    assert batch.object_index.tolist() == [index]
    assert np.allclose(batch.displacements[0, :3], transition.displacements)
    assert np.allclose(batch.parameters[0], transition.call.parameter)
    assert np.array_equal(batch.binary_after[0, :3, :3], transition.relations_after.binary)
    assert not batch.binary_before[0, 3:].any() and not batch.points_before[0, 3:].any()
    assert {tuple(p) for p in batch.points_before[0, 0]} <= {tuple(p) for p in transition.before.segments[0].points}


def test_save_and_load_give_back_every_array(batch: TransitionBatch, tmp_path: Path) -> None:
    path = tmp_path / "deep" / "set.safetensors"
    batch.save(path, {"seed": 3})
    loaded = TransitionBatch.load(path)
    for name, value in batch.arrays().items():
        assert np.array_equal(value, loaded.arrays()[name]) and value.dtype == loaded.arrays()[name].dtype
    manifest = json.loads(path.with_suffix(".json").read_text())
    assert manifest["notes"] == {"seed": 3} and manifest["transitions"] == len(batch)


def test_clouds_of_half_precision_take_half_the_room_and_come_back_as_they_were(
    batch: TransitionBatch, tmp_path: Path
) -> None:
    batch.save(tmp_path / "whole.safetensors")
    rounded = batch.in_half_precision()
    rounded.save(tmp_path / "half.safetensors")
    assert TransitionBatch.load(tmp_path / "half.safetensors").sha256 == rounded.sha256 != batch.sha256
    assert np.allclose(rounded.points_before, batch.points_before, atol=1e-3)
    clouds = 4 * 3 * 128 * 2 * int(batch.mask.sum())
    sizes = [(tmp_path / f"{name}.safetensors").stat().st_size for name in ("whole", "half")]
    assert abs(sizes[0] - sizes[1] - clouds / 2) < 100


@pytest.mark.parametrize("harm", ["truncate", "alter", "no manifest", "foreign"])
def test_a_damaged_file_is_refused(batch: TransitionBatch, tmp_path: Path, harm: str) -> None:
    path = tmp_path / "set.safetensors"
    batch.save(path)
    content = bytearray(path.read_bytes())
    if harm == "truncate":
        path.write_bytes(content[: len(content) // 2])
    elif harm == "alter":
        content[-1] ^= 255
        path.write_bytes(content)
    elif harm == "no manifest":
        path.with_suffix(".json").unlink()
    else:
        path.with_suffix(".json").write_text('{"format": "another"}')
    with pytest.raises(BadDatasetError, match=r"set\.safetensors"):
        TransitionBatch.load(path)


def test_too_many_segments_and_empty_clouds_are_named(rng: np.random.Generator) -> None:
    with pytest.raises(TooManySegmentsError, match="4 segments"):
        pack([random_transition(rng, 4)], rng, 3)
    scene = Scene((Segment("ghost", "cuboid", Box(np.zeros(3), np.ones(3)), np.zeros((0, 3))),))
    relations = simple_relations(scene)
    call = SkillCall("pick_place", "ghost", np.zeros(4))
    with pytest.raises(EmptyCloudError, match="ghost"):
        pack([Transition(scene, call, scene, relations, relations, np.zeros((1, 3)))], rng)
    with pytest.raises(BadDatasetError):
        pack([], rng)


def test_concatenate_and_take_undo_each_other(batch: TransitionBatch) -> None:
    joined = concatenate([batch.take(slice(0, 5)), batch.take(slice(5, None))])
    assert joined.sha256 == batch.sha256
    with pytest.raises(BadDatasetError, match="widths"):
        concatenate([batch, replace(batch, mask=batch.mask[:, :3])])


def test_skills_of_different_width_share_a_batch_and_keep_their_names(
    rng: np.random.Generator, push: str, batch: TransitionBatch, tmp_path: Path
) -> None:
    first = random_transition(rng, 3)
    other = replace(first, call=SkillCall(push, first.call.object, np.array([0.1, 0.5])))
    mixed = concatenate([batch, pack([other, first], rng, batch.segments), pack([other], rng, batch.segments)])
    assert mixed.skills == ("pick_place", push) and mixed.parameters.shape == (len(batch) + 3, 4)
    assert mixed.skill[-3:].tolist() == [1, 0, 1] and not mixed.skill[:-3].any()
    assert np.allclose(mixed.parameters[-1], [0.1, 0.5, 0.0, 0.0])
    assert mixed.of(("pick_place", push)).sha256 == mixed.sha256
    pushed = mixed.of((push,))
    assert (
        pushed.skills == (push,)
        and pushed.skill.tolist() == [0, 0]
        and len(mixed.of(("pick_place",))) == len(batch) + 1
    )
    assert np.array_equal(pushed.parameters, mixed.parameters[[-3, -1]])
    mixed.save(tmp_path / "mixed.safetensors")
    assert TransitionBatch.load(tmp_path / "mixed.safetensors").skills == mixed.skills


@pytest.mark.parametrize(("skills", "fact"), [(["juggle"], "known are: pick_place"), ([], "known are"), (7, "known")])
def test_a_file_of_unknown_skills_is_refused_by_name(
    batch: TransitionBatch, tmp_path: Path, skills: object, fact: str
) -> None:
    path = tmp_path / "set.safetensors"
    batch.save(path)
    manifest = json.loads(path.with_suffix(".json").read_text())
    path.with_suffix(".json").write_text(json.dumps({**manifest, "skills": skills}))
    with pytest.raises(BadDatasetError, match=fact):
        TransitionBatch.load(path)


def test_a_call_that_does_not_fit_its_skill_is_not_packed(rng: np.random.Generator) -> None:
    one = random_transition(rng, 3)
    with pytest.raises(BadParameterError, match="dx, dy, dz, dyaw"):
        pack([replace(one, call=SkillCall("pick_place", one.call.object, np.zeros(3)))], rng)
    with pytest.raises(UnknownNameError, match="pick_place"):
        pack([replace(one, call=SkillCall("juggle", one.call.object, np.zeros(4)))], rng)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 400), st.integers(0, 2**31))
def test_sampled_points_are_points_of_the_cloud(count: int, seed: int) -> None:
    cloud = np.arange(count * 3, dtype=np.float32).reshape(count, 3)
    picked = sample_points(cloud, POINTS, np.random.default_rng(seed))
    assert picked.shape == (POINTS, 3)
    assert set(picked[:, 0]) <= set(cloud[:, 0])
    if count >= POINTS:
        assert len(set(picked[:, 0])) == POINTS


def test_a_mirrored_transition_is_that_of_the_mirrored_scene(rng: np.random.Generator) -> None:
    one, flip = random_transition(rng, 3), np.array([1.0, -1.0, 1.0])

    def exchanged(scene: Scene) -> Scene:
        return Scene(tuple(
            replace(part, points=part.points * flip, box=Box(part.box.center * flip, part.box.size))
            for part in scene.segments
        ))  # fmt: skip

    before, after = exchanged(one.before), exchanged(one.after)
    call = replace(one.call, parameter=one.call.parameter * [1.0, -1.0, 1.0, -1.0])
    other = Transition(
        before, call, after, simple_relations(before), simple_relations(after), one.displacements * flip, "test"
    )
    wanted, found = (pack([each], np.random.default_rng(3), 5) for each in (other, one))
    for name, value in mirrored(found).arrays().items():
        np.testing.assert_allclose(value, wanted.arrays()[name], atol=1e-6, err_msg=name)
    assert mirrored(mirrored(found)).sha256 == found.sha256
