"""Shape priors that no file of ours names: registered here, they are simulated, labelled, inferred, grasped, told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import pytest
import torch

from f2p.action.protocol import actions
from f2p.monitor.values import Arrays, value_from, words_of
from f2p.posterior.bounds import bounds_of
from f2p.posterior.config import LayoutConfig
from f2p.posterior.layout import Layout, layout_of
from f2p.ros.messages.convert import scene_from_msg, scene_to_msg
from f2p.ros.nodes.perception import inventory_of
from f2p.scene.relations import relations_of
from f2p.shape.protocol import FIXED, FREE, Cavity, Grip, Slab, Top, shape_of, shapes
from f2p.sim.data.workspace import tables
from f2p.sim.mujoco import MujocoSimulator
from f2p.sim.world import Body, World
from f2p.skill.errors import UngraspableError
from f2p.skill.grasps import GraspPointConfig, grasps
from f2p.twin.grasp import distance_to_grasp
from f2p.twin.world_json import world_from_json, world_to_json
from f2p.types import Box, Scene, Segment, SkillCall

POST, PEDESTAL = "post", "pedestal"


class Post:
    """A plate with a column on it: too wide to be taken by its plate, held by its column."""

    moves: ClassVar[str] = FREE
    contains: ClassVar[bool] = False
    solid: ClassVar[bool] = False
    support: ClassVar[bool] = False

    def slabs(self, size: np.ndarray, wall: float) -> tuple[Slab, ...]:
        """The lower third, and the column."""
        x, y, z = 0.5 * np.asarray(size)
        plate = Slab(np.array([0.0, 0.0, -2 * z / 3]), np.array([x, y, z / 3]))
        return plate, Slab(np.array([0.0, 0.0, z / 3]), np.array([0.4 * x, 0.4 * y, 2 * z / 3]))

    def tops(self, size: np.ndarray, wall: float) -> tuple[Top, ...]:
        """The column's."""
        return (Top(np.array([0.0, 0.0, 0.5 * size[2]]), 0.2 * np.asarray(size)[:2]),)

    def cavity(self, size: np.ndarray, wall: float) -> Cavity | None:
        """None."""
        return None

    def grips(self, size: np.ndarray, wall: float) -> tuple[Grip, ...]:
        """Across the column."""
        top = np.array([0.0, 0.0, 0.5 * size[2]])
        return tuple(Grip(top, axis, 0.4 * float(size[axis]), 0.4 * float(size[1 - axis])) for axis in (0, 1))


class Pedestal(Post):
    """The same, bolted to the floor."""

    moves: ClassVar[str] = FIXED

    def grips(self, size: np.ndarray, wall: float) -> tuple[Grip, ...]:
        """Nowhere."""
        return ()


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    shapes.register(POST)(Post)
    shapes.register(PEDESTAL)(Pedestal)
    yield
    for name in (POST, PEDESTAL):
        shapes._items.pop(name)
    shape_of.cache_clear()


@pytest.fixture
def world() -> World:
    """A post and a cube on one table, a pedestal with a cube on it beside them."""
    furniture = tables()
    bodies = (*furniture.bodies, Body("post", POST, [0.10, 0.12, 0.09]), Body("cube", "cuboid", [0.05] * 3),
              Body("pedestal", PEDESTAL, [0.3, 0.3, 0.6]), Body("cup", "cuboid", [0.04, 0.04, 0.08]))  # fmt: skip
    poses = [[0.7, 0.5, 0.545, 0.4], [0.7, 0.3, 0.525, 0.0], [1.3, 0.0, 0.3, 0.0], [1.3, 0.0, 0.64, 0.0]]
    return World(bodies, np.array([*furniture.poses, *poses]))


@pytest.fixture
def scene(world: World) -> Scene:
    return Scene(tuple(
        Segment(body.name, body.prior, box, np.random.default_rng(0).normal(box.center, 0.02, (40, 3)))
        for body, box in zip(world.bodies, world.boxes, strict=True)
    ))  # fmt: skip


def test_it_rests_is_seen_labelled_and_put_elsewhere_in_simulation(world: World) -> None:
    simulator = MujocoSimulator()
    _, stable = simulator.settle(world.bodies, world.poses[None])
    assert stable.tolist() == [True]
    seen = simulator.observe(world, 0).segments[world.index("post")]
    high = seen.points[seen.points[:, 2] > 0.54]
    assert len(high) and np.linalg.norm(high[:, :2] - [0.7, 0.5], axis=1).max() < 0.045, "only its column is up there"
    truth = simulator.relations(world)
    assert truth.unary[:, 0].tolist() == [0, 0, 1, 1, 0, 1]
    assert truth.value("above", "cup", "pedestal") == truth.value("below", "table_a", "post") == 1
    call = SkillCall("pick_place", "post", [0.0, -1.0, 0.0, 0.0])
    done = simulator.simulate(world.bodies, world.poses[None], [call], 0).kept[0]
    assert done.displacements[world.index("post")] == pytest.approx([0.0, -1.0, 0.0], abs=0.02)
    assert done.relations_after.value("above", "post", "table_b") == 1


def test_a_skill_takes_it_where_it_says(scene: Scene) -> None:
    assert actions.get("pick_place").applies(scene.segments[scene.index("post")])
    assert not actions.get("pick_place").applies(scene.segments[scene.index("pedestal")])
    found = grasps(scene, "post", GraspPointConfig())
    assert found[0].pose.z == pytest.approx(0.59) and found[0].clearance > 0
    assert {round(one.opening, 3) for one in found} >= {0.062, 0.070}, "around a column of 40 by 48 mm"
    with pytest.raises(UngraspableError, match="it is a pedestal; a gripper holds: cuboid, open_box, post"):
        grasps(scene, "pedestal", GraspPointConfig())
    body = Body("post", POST, [0.10, 0.12, 0.09])
    across, over = distance_to_grasp(body, np.array([0, 0, 0, 0]), body.size, np.array([0.0, 0.01, 0.045]))
    assert (across, over) == pytest.approx((0.01, 0.0))


def laid_out(scene: Scene) -> Layout:
    return layout_of(scene, relations_of(scene), bounds_of(scene), LayoutConfig(relative=True))


def test_inference_puts_objects_on_it_and_keeps_objects_off_it(scene: Scene) -> None:
    tops = {surface.name: surface for surface in bounds_of(scene).surfaces}
    assert set(tops) == {"table_a", "table_b", "pedestal"}
    assert tops["pedestal"].half == pytest.approx([0.06, 0.06]) and tops["pedestal"].height == pytest.approx(0.6)
    layout = laid_out(scene)
    free = [layout.names[index] for index in layout.free]
    assert free == ["post", "cube", "cup"]
    assert layout.frames[2] == pytest.approx([1.3, 0.0, 0.64, 0.0]) and layout.room[2] == pytest.approx([0.04, 0.04])
    assert layout.apart.tolist() == [[0, 1]], "the post is in the way of the cube"


def test_what_stands_on_it_goes_along_with_it(scene: Scene) -> None:
    pebble = Segment("pebble", "cuboid", Box([0.7, 0.5, 0.605], [0.03, 0.03, 0.03], 0.4), np.zeros((1, 3)))
    beside = Segment("beside", "cuboid", Box([0.735, 0.5, 0.605], [0.02, 0.02, 0.03], 0.4), np.zeros((1, 3)))
    layout = laid_out(Scene((*scene.segments, pebble, beside)))
    parents = dict(zip(layout.free, layout.parents, strict=True))
    names = layout.names
    assert parents[names.index("pebble")] == names.index("post")
    assert parents[names.index("beside")] == -1, "over its plate, not over its column"
    values = torch.as_tensor(layout.start.reshape(1, -1), dtype=torch.float32)
    values[0, 3 * layout.free.index(names.index("post"))] += 0.1
    moved = layout.poses(values)[0].numpy() - layout.observed
    assert moved[names.index("pebble"), :2] == pytest.approx(moved[names.index("post"), :2], abs=1e-5)


def test_messages_failure_folders_worlds_and_inventories_carry_it(scene: Scene, world: World) -> None:
    assert [one.prior for one in scene_from_msg(scene_to_msg(scene)).segments] == [one.prior for one in scene.segments]
    arrays = Arrays()
    words = json.loads(json.dumps(words_of(scene, arrays)))
    assert value_from(Scene, words, arrays).segments[scene.index("post")].prior == POST
    assert world_from_json(world_to_json(world)).bodies[world.index("pedestal")].prior == PEDESTAL
    (known,) = inventory_of(json.dumps({"post": [POST, [0.1, 0.12, 0.09]]}))
    assert known.prior == POST
