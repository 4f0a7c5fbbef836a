"""Layouts: the tree of bodies, and poses that are what they should be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from f2p.posterior.bounds import Bounds, Surface, bounds_of
from f2p.posterior.config import LayoutConfig
from f2p.posterior.errors import BoundsError, NoSurfaceError, NotFiniteError, NothingToInferError
from f2p.posterior.layout import Layout, layout_of
from f2p.scene.relations import binary_relations, relations_of
from f2p.types import BINARY_RELATIONS, Box, Scene, Segment

Maker = Callable[..., Scene]
torch.set_num_threads(1)


def laid_out(scene: Scene, relative: bool = True) -> Layout:
    return layout_of(scene, relations_of(scene), bounds_of(scene), LayoutConfig(relative=relative))


def named_parents(layout: Layout) -> dict[str, str | None]:
    return {
        layout.names[index]: layout.names[parent] if parent >= 0 else None
        for index, parent in zip(layout.free, layout.parents, strict=True)
    }


def test_contents_have_their_container_as_parent(make_scene: Maker) -> None:
    parents = named_parents(laid_out(make_scene(2)))
    assert parents == {"box": None, "landmark": None, "object_1": "box", "object_2": "box"}
    assert set(named_parents(laid_out(make_scene(2), relative=False)).values()) == {None}


def test_what_stands_on_an_object_goes_with_it(make_scene: Maker) -> None:
    scene = make_scene(0)
    pebble = Box(np.array([0.705, -0.5, 0.675]), np.array([0.03, 0.03, 0.03]))
    stacked = Scene((*scene.segments, Segment("pebble", "cuboid", pebble, np.zeros((1, 3)))))
    assert named_parents(laid_out(stacked))["pebble"] == "landmark"


@pytest.mark.parametrize("relative", [True, False])
def test_the_start_is_the_observed_scene(make_scene: Maker, relative: bool) -> None:
    layout = laid_out(make_scene(5), relative)
    values = torch.as_tensor(layout.start.reshape(1, -1), dtype=torch.float32)
    poses = layout.poses(values)[0].numpy()
    np.testing.assert_allclose(poses[:, :2], layout.observed[:, :2], atol=1e-5)
    np.testing.assert_allclose(poses[:, 3], layout.observed[:, 3], atol=1e-5)
    np.testing.assert_allclose(poses[:, 2], layout.observed[:, 2], atol=0.011)


def test_moving_and_turning_a_container_takes_its_contents_along(make_scene: Maker) -> None:
    scene = make_scene(3)
    layout = laid_out(scene)
    values = torch.as_tensor(layout.start.reshape(1, -1), dtype=torch.float32)
    moved = values.clone()
    row = layout.free.index(scene.index("box"))
    moved[0, 3 * row : 3 * row + 3] += torch.tensor([0.05, -0.2, 0.4])
    before, after = layout.poses(values)[0], layout.poses(moved)[0]
    box, movable, landmark = (scene.index(name) for name in ("box", "object_1", "landmark"))
    arm = (before[movable] - before[box])[:2]
    turn = torch.tensor(0.4)
    rotation = torch.tensor([[turn.cos(), -turn.sin()], [turn.sin(), turn.cos()]])
    torch.testing.assert_close((after[movable] - after[box])[:2], rotation @ arm)
    torch.testing.assert_close((after[movable] - before[movable])[3], turn)
    torch.testing.assert_close(after[landmark], before[landmark])


def test_drawn_scenes_keep_contents_inside_and_bodies_on_their_table(make_scene: Maker) -> None:
    scene = make_scene(3)
    layout = laid_out(scene)
    draws = layout.prior.draw(200, torch.Generator().manual_seed(0))
    poses = layout.poses(layout.prior.squash(draws)).numpy().astype(float)
    relations = binary_relations(poses[..., :3], layout.sizes, poses[..., 3])
    box, movable, table = (scene.index(name) for name in ("box", "object_1", "table_a"))
    assert relations[:, movable, box, BINARY_RELATIONS.index("inside")].mean() > 0.9
    assert relations[:, box, table, BINARY_RELATIONS.index("above")].all()


def test_gradients_reach_every_variable(make_scene: Maker) -> None:
    layout = laid_out(make_scene(3))
    values = torch.as_tensor(np.repeat(layout.start.reshape(1, -1), 2, 0) + 0.01).float().requires_grad_(True)
    layout.poses(values)[..., [0, 1, 3]].square().sum().backward()
    assert bool((values.grad.abs() > 0).all())


def test_furniture_is_no_particle_and_nothing_free_is_an_error(make_scene: Maker) -> None:
    scene = make_scene(0)
    bare = Scene(scene.segments[:2])
    with pytest.raises(NothingToInferError, match="table_a, table_b"):
        laid_out(bare)


def test_boxes_that_are_not_finite_are_an_error(make_scene: Maker) -> None:
    scene = make_scene(1)
    bad = replace(scene.segments[2], box=Box(np.array([np.nan, 0.5, 0.5]), np.array([0.3, 0.2, 0.1])))
    with pytest.raises(NotFiniteError, match="a box of the failure"):
        layout_of(
            Scene((*scene.segments[:2], bad)), relations_of(Scene(scene.segments[:3])), bounds_of(scene), LayoutConfig()
        )


def test_what_hangs_in_the_air_stays_near(make_scene: Maker) -> None:
    scene = make_scene(0)
    lifted = replace(scene.segments[3], box=Box(np.array([0.7, 0.0, 0.9]), np.array([0.05, 0.05, 0.05])))
    layout = laid_out(Scene((*scene.segments[:3], lifted)))
    assert np.all(layout.room[1] <= 0.2)


def test_contents_that_fill_their_container_keep_a_little_room(make_scene: Maker) -> None:
    scene = make_scene(1)
    size = np.array([0.29, 0.23, 0.04])
    tight = replace(scene.segments[4], box=Box(np.array([0.7, 0.5, 0.53]), size, 0.1))
    layout = laid_out(Scene((*scene.segments[:4], tight)))
    assert np.all(layout.room > 0)
    assert bool((layout.prior.low < layout.prior.high).all())


def test_bounds_name_what_is_wrong(make_scene: Maker) -> None:
    scene = make_scene(1)
    assert [item.name for item in bounds_of(scene).surfaces] == ["table_a", "table_b"]
    with pytest.raises(NoSurfaceError, match="box, landmark, object_1"):
        bounds_of(Scene(scene.segments[2:]))
    with pytest.raises(NoSurfaceError):
        Bounds(())
    with pytest.raises(BoundsError, match="surface tip"):
        Surface("tip", np.zeros(2), np.array([0.1, -0.1]), 0.0, 0.5)
    turned = Surface("top", np.array([1.0, 0.0]), np.array([0.5, 0.1]), np.pi / 2, 0.5)
    assert turned.contains(np.array([1.0, 0.4])) and not turned.contains(np.array([1.4, 0.0]))
