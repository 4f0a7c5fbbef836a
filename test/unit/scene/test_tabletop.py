"""The robot's look at its tables, on ray-cast clouds: names, places, relations, and what happens to what is hidden."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from raycast import TOP, WALL, cloud_of, random_scene, standing, table

from f2p.geometry import rotate_z
from f2p.scene.errors import CloudTooSmallError, NoSupportError
from f2p.scene.objects.hidden import HiddenConfig, free_share
from f2p.scene.objects.memory import remembered
from f2p.scene.objects.priors import fit_box, fit_footprint
from f2p.scene.objects.rays import Rays
from f2p.scene.objects.tracking import Detection, KnownObject, TrackingConfig, match
from f2p.scene.relations import relations_of
from f2p.scene.tabletop import TabletopConfig, _named_tables, scene_from_cloud
from f2p.types import Box, Scene, Segment

SIZES = {"object_1": (0.05, 0.04, 0.045), "object_2": (0.035, 0.035, 0.055), "object_3": (0.055, 0.035, 0.03)}


def inventory(scene: Scene) -> TabletopConfig:
    """What the operator would write down about a scene."""
    known = tuple(KnownObject(item.name, item.prior, item.box.size) for item in scene.segments if item.prior != "table")
    return TabletopConfig(known=known)


def packed(y: float = 0.5, yaw: float = 0.3, height: float = 0.07, x: float = 0.68) -> Scene:
    """Three objects of distinct sizes in an open box, a landmark on the right table."""
    box = standing("box", x, y, (0.22, 0.18, height), yaw, prior="open_box")
    spots = {"object_1": (0.055, 0.03), "object_2": (-0.04, 0.045), "object_3": (0.02, -0.05)}
    movables = [
        standing(name, *(box.box.center[:2] + rotate_z(np.array(spot), yaw)), SIZES[name], yaw + 0.4, TOP + WALL)
        for name, spot in spots.items()
    ]
    mark = standing("landmark", 0.7, -0.35, (0.06, 0.06, 0.12), 0.2)
    return Scene((table("table_a", 0.55), table("table_b", -0.55), box, *movables, mark))


def check(seen: Scene, truth: Scene, tolerance: float = 0.02) -> None:
    """Names right, centres near, relations (contact aside: millimetres) nearly all equal."""
    assert set(seen.names) == set(truth.names)
    order = [seen.index(name) for name in truth.names]
    for segment in truth.segments:
        found = seen.segments[seen.index(segment.name)]
        assert found.prior is segment.prior
        assert np.linalg.norm(found.box.center - segment.box.center) < tolerance, segment.name
        assert len(found.points) > 0
    keep = [0, 1, 2, 3, 4, 5, 7, 8]
    equal = relations_of(seen).binary[np.ix_(order, order)] == relations_of(truth).binary
    assert equal[..., keep].mean() > 0.97


def test_sees_the_packed_scene() -> None:
    """Two tables, the box with three objects in it, the landmark."""
    truth = packed()
    seen = scene_from_cloud(cloud_of(truth, np.random.default_rng(0)), inventory(truth), stamp_ns=7)
    check(seen, truth)
    assert seen.names[:3] == ("table_a", "table_b", "box")
    assert seen.stamp_ns == 7
    assert relations_of(seen).value("inside", "object_2", "box") == 1.0


@pytest.mark.parametrize("seed", [0, 4])
def test_sees_random_scenes(seed: int) -> None:
    """Tables, box and landmark in scenes of all kinds."""
    rng = np.random.default_rng(seed)
    truth = random_scene(rng)
    seen = scene_from_cloud(cloud_of(truth, rng), inventory(truth))
    for name in ("table_a", "table_b", "box", "landmark"):
        error = seen.segments[seen.index(name)].box.center - truth.segments[truth.index(name)].box.center
        assert np.linalg.norm(error) < 0.02, name


def test_names_without_an_inventory() -> None:
    """The box is found by its shape, the objects are numbered from left to right."""
    truth = packed()
    seen = scene_from_cloud(cloud_of(truth, np.random.default_rng(1)))
    assert set(seen.names) == {"table_a", "table_b", "box", "object_1", "object_2", "object_3", "object_4"}
    lateral = [seen.segments[seen.index(f"object_{i}")].box.center[1] for i in (1, 2, 3, 4)]
    assert lateral == sorted(lateral, reverse=True)


def test_names_follow_the_box_to_the_other_table() -> None:
    """No inventory; objects in a box that moved keep the names that the first look gave them."""
    before, after = packed(), packed(y=-0.7, yaw=-0.2, x=0.72)
    first = scene_from_cloud(cloud_of(before, np.random.default_rng(2)))
    second = scene_from_cloud(cloud_of(after, np.random.default_rng(3)), previous=first)
    assert set(second.names) == set(first.names)
    for one in before.segments[3:6]:
        name = min(first.segments[3:], key=lambda item: np.linalg.norm(item.box.center - one.box.center)).name
        now = after.segments[after.index(one.name)].box.center
        assert np.linalg.norm(second.segments[second.index(name)].box.center - now) < 0.02


def test_a_hidden_object_is_placed_in_the_box_that_hides_it() -> None:
    """High walls hide what stands behind the near one; it is in the scene all the same, inside the box."""
    box = standing("box", 0.72, 0.5, (0.22, 0.18, 0.14), 0.0, prior="open_box")
    low = standing("object_1", 0.72 - 0.11 + WALL + 0.025, 0.5, (0.035, 0.05, 0.03), 0.0, TOP + WALL)
    truth = Scene((table("table_a", 0.55), table("table_b", -0.55), box, low))
    cloud = cloud_of(truth, np.random.default_rng(4))
    seen = scene_from_cloud(cloud, inventory(truth))
    assert relations_of(seen).value("inside", "object_1", "box") == 1.0
    assert "object_1" not in scene_from_cloud(cloud, replace(inventory(truth), sought=("object_1",))).names


def test_a_hidden_object_is_not_left_in_mid_air() -> None:
    """The box was moved; where the object was is seen to be free, so it is not kept there."""
    before = packed(height=0.07)
    first = scene_from_cloud(cloud_of(before, np.random.default_rng(5)), inventory(before))
    gone = packed(y=-0.7)
    without = Scene(tuple(item for item in gone.segments if item.name not in ("object_1", "object_2", "object_3")))
    second = scene_from_cloud(cloud_of(without, np.random.default_rng(6)), inventory(before), first)
    old = first.segments[first.index("object_1")].box.center
    for name in {"object_1", "object_2", "object_3"} & set(second.names):
        assert np.linalg.norm(second.segments[second.index(name)].box.center - old) > 0.5


def test_finds_what_fell_on_the_floor() -> None:
    """An object between the tables keeps its name; it is above no table."""
    truth = packed()
    on_floor = standing("object_1", 0.75, 0.0, SIZES["object_1"], 0.3, on=0.0)
    fallen = Scene((*truth.segments[:3], *truth.segments[4:], on_floor))
    seen = scene_from_cloud(cloud_of(fallen, np.random.default_rng(7)), inventory(truth))
    found = seen.segments[seen.index("object_1")]
    assert np.linalg.norm(found.box.center - on_floor.box.center) < 0.02
    relations = relations_of(seen)
    assert relations.value("above", "object_1", "table_a") == relations.value("above", "object_1", "table_b") == 0.0


def test_what_floats_is_the_robot() -> None:
    """A gripper over a table is no object."""
    truth = packed()
    gripper = Segment("gripper", "cuboid", Box([0.6, 0.25, 0.72], [0.06, 0.1, 0.12]), np.zeros((1, 3)))
    cloud = cloud_of(Scene((*truth.segments, gripper)), np.random.default_rng(8))
    check(scene_from_cloud(cloud, inventory(truth)), truth)


def test_two_objects_of_one_height_side_by_side() -> None:
    """They look like one longer object; the inventory tells them apart."""
    one = standing("object_1", 0.7, 0.5, (0.05, 0.04, 0.04))
    other = standing("object_2", 0.7, 0.54 + 0.0005, (0.05, 0.04, 0.04))
    truth = Scene((table("table_a", 0.55), one, other))
    seen = scene_from_cloud(cloud_of(truth, np.random.default_rng(9)), inventory(truth))
    centers = sorted(item.box.center[1] for item in seen.segments[1:])
    assert centers == pytest.approx([0.5, 0.5405], abs=0.012)


def test_a_known_table_keeps_its_extents() -> None:
    """Seen in part, a table is still the table of the scene before."""
    truth = packed()
    cloud = cloud_of(truth, np.random.default_rng(10))
    first = scene_from_cloud(cloud, inventory(truth))
    second = scene_from_cloud(cloud[cloud[:, 1] > 0.25], inventory(truth), first)
    assert np.array_equal(second.segments[0].box.size, first.segments[0].box.size)
    assert "table_b" not in second.names
    assert "table_b" in remembered(first, second).names


def test_a_box_over_the_edge_does_not_lengthen_its_table() -> None:
    """Its floor is level and nearly as high as the table: on the edge between two relations that decides one."""
    truth = packed(y=-0.97, yaw=0.2, x=0.7)
    seen = scene_from_cloud(cloud_of(truth, np.random.default_rng(13)), inventory(truth))
    assert np.abs(seen.segments[1].box.size - truth.segments[1].box.size).max() < 0.02
    assert np.abs(seen.segments[1].box.center - truth.segments[1].box.center).max() < 0.01


@pytest.mark.parametrize("below_rim", [0.0, 0.008])
def test_a_box_that_is_full_to_the_rim_is_a_box(below_rim: float) -> None:
    """Its contents show at the height of its rim; there is one box, and they are in it."""
    before = packed()
    box, height = before.segments[2], 0.07 - WALL - below_rim
    movables = [
        standing(name, *(box.box.center[:2] + rotate_z(np.array(spot), 0.3)), (0.07, 0.055, height), 0.3, TOP + WALL)
        for name, spot in {"object_1": (0.06, 0.03), "object_2": (-0.05, 0.03), "object_3": (0.0, -0.045)}.items()
    ]
    truth = Scene((*before.segments[:3], *movables, before.segments[6]))
    seen = scene_from_cloud(cloud_of(truth, np.random.default_rng(13)), inventory(truth))
    assert set(seen.names) == set(truth.names)
    assert all(relations_of(seen).value("inside", movable.name, "box") == 1.0 for movable in movables)


def test_refuses_what_shows_no_table() -> None:
    """The message says what was looked for; garbage is refused before."""
    with pytest.raises(NoSupportError, match="things on it or is seen to end"):
        scene_from_cloud(np.random.default_rng(0).uniform([0.4, -1, 0.2], [1, 1, 1], (2000, 3)))
    with pytest.raises(CloudTooSmallError):
        scene_from_cloud(np.full((1000, 3), np.nan))
    floor = np.random.default_rng(0).uniform([0.4, -1, -0.01], [1, 1, 0.01], (5000, 3))
    with pytest.raises(NoSupportError):
        scene_from_cloud(floor)


def test_free_space() -> None:
    """A box in front of a seen wall is free, one behind it is hidden."""
    y, z = np.meshgrid(np.linspace(-0.5, 0.5, 100), np.linspace(-0.5, 0.5, 100))
    wall = np.stack([np.full(y.size, 1.0), y.ravel(), z.ravel()], axis=1)
    config = HiddenConfig()
    view = Rays(wall, np.zeros(3), config.ray, config.beyond)
    assert free_share(view, Box([0.6, 0, 0], [0.05, 0.05, 0.05])) == 1.0
    assert free_share(view, Box([1.4, 0, 0], [0.05, 0.05, 0.05])) == 0.0


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_fits_any_rectangle(seed: int) -> None:
    """Centre and extents within 3 mm, the same rectangle whichever way its yaw is told."""
    rng = np.random.default_rng(seed)
    size, yaw, center = rng.uniform(0.03, 0.3, 2), rng.uniform(-np.pi, np.pi), rng.uniform(-1, 1, 2)
    steps = np.linspace(-0.5, 0.5, 25)
    grid = np.stack(np.meshgrid(steps, steps), axis=-1).reshape(-1, 2)
    found, extents, angle = fit_footprint(rotate_z(grid * size, yaw) + center, 0.0)
    assert np.allclose(found, center, atol=0.003)
    assert np.allclose(np.sort(extents), np.sort(size), atol=0.004)
    assert -np.pi / 4 - 1e-9 <= angle < np.pi / 4 + 1e-9


def test_a_box_stands_on_what_is_below_it() -> None:
    """The foot is hidden; the box reaches down to the support all the same, unless it is seen to end far above."""
    rng = np.random.default_rng(0)
    top = np.concatenate([rng.uniform(-0.03, 0.03, (500, 2)), np.full((500, 1), 0.55)], axis=1)
    side = rng.uniform([-0.03, -0.03, 0.52], [-0.029, 0.03, 0.55], (300, 3))
    cloud = np.concatenate([top, side])
    box = fit_box(cloud, 0.5)
    assert box.center[2] == pytest.approx(0.525, abs=0.002)
    assert fit_box(cloud, 0.4).size[2] == pytest.approx(0.03, abs=0.004)


def in_a_box(spots: dict[str, tuple[float, float]], y: float, yaw: float, turned: int) -> list[Detection]:
    """Objects of one size in a nearly square box; the fit counts its yaw from another side every `turned` quarter."""
    at = np.array([0.68, y, TOP + 0.04])
    size = np.array([0.233, 0.236, 0.08])
    shown = size if turned % 2 == 0 else size[[1, 0, 2]]
    box = Box(at, shown, yaw + turned * np.pi / 2.0)
    places = [at + [*rotate_z(np.array(spot), yaw), -0.01] for spot in spots.values()]
    movables = [Box(place, np.array([0.04, 0.04, 0.04]), yaw) for place in places]
    nothing = np.zeros((0, 3))
    return [
        Detection("open_box", box, nothing, TOP),
        *(Detection("cuboid", movable, nothing, TOP, container=0) for movable in movables),
    ]


@pytest.mark.parametrize("turned", [0, 1, 2, 3])
def test_alike_objects_keep_their_names_when_their_nearly_square_box_is_carried(turned: int) -> None:
    """Seen from another place the same box may be counted from another side: what is in it did not change places."""
    spots = {"object_1": (0.06, 0.05), "object_2": (-0.06, 0.05), "object_3": (0.0, -0.06)}
    names = ("box", *spots)
    before = in_a_box(spots, 0.5, 0.3, turned=0)
    known = [
        KnownObject(name, item.prior, item.box.size, item.box) for name, item in zip(names, before, strict=True)
    ]  # fmt: skip
    found = match(in_a_box(spots, -0.5, 0.3, turned), known, TrackingConfig())
    assert {index: item.name for index, item in found.items()} == dict(enumerate(names))


def test_a_table_that_looks_larger_keeps_its_name() -> None:
    """What stands half over its edge may lengthen it: a goal that names it must still find it."""
    known, seen = Box([0.7, -0.55, 0.475], [0.5, 0.9, 0.05]), Box([0.7, -0.58, 0.475], [0.5, 0.97, 0.05])
    before = Scene((Segment("table_b", "table", known, np.zeros((1, 3))),))
    top = SimpleNamespace(box=seen, points_task=np.zeros((1, 3)))
    (found,) = _named_tables([top], before, TabletopConfig())
    assert found.name == "table_b" and found.box is seen
