"""Executions of pick and place: one object is taken and put somewhere; filled containers never move."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from f2p.relation.table import carried, held
from f2p.settings import Settings, number
from f2p.shape.cuboid import CUBOID
from f2p.shape.open_box import OPEN_BOX
from f2p.sim.data.draws.protocol import MOVED, Drawn, alone, draws
from f2p.sim.data.random_scenes import STANDS, Placement, RandomSceneConfig, place, sample_bodies
from f2p.sim.world import Body
from f2p.types import BINARY_RELATIONS, SkillCall, Transition

NAME = "pick_place"


@dataclass(frozen=True)
class PickPlaceDrawConfig(Settings):
    """What is taken, and where it is put."""

    take_out_share: float = number(0.35, "grasps of a content, where there is one", low=0.0, high=1.0)
    into_share: float = number(0.28, "placements into an open box, where there is one", low=0.0, high=1.0)
    onto_share: float = number(0.08, "placements on another object that is wide enough", low=0.0, high=1.0)
    cover_share: float = number(
        0.35, "placements of an open box over something smaller, where there is one", low=0.0, high=1.0,
        source="ours: it stands on it, and does not hold it; with fewer a cup over its capsule counted as filled",
    )  # fmt: skip
    anywhere_share: float = number(
        0.1, "placements drawn from the whole workspace", low=0.0, high=1.0,
        source="ours: half of them fall, enough to learn what falls",
    )  # fmt: skip
    careful_share: float = number(0.8, "placements on a table or in a box that avoid other objects", low=0.0, high=1.0)
    tries: int = number(40, "draws of a careful placement before it is taken as it is", low=1, high=100_000)


@draws.register(NAME)
class PickPlaceDraw:
    """`Draw` of pick and place."""

    def __init__(self, config: PickPlaceDrawConfig | None = None) -> None:
        self.config = config or PickPlaceDrawConfig()

    def bodies(self, rng: np.random.Generator, scenes: RandomSceneConfig) -> tuple[Body, ...]:
        """Draw tables and movables of all kinds."""
        return sample_bodies(rng, scenes)

    def scene(self, bodies: Sequence[Body], rng: np.random.Generator, scenes: RandomSceneConfig) -> Drawn | None:
        """Place them and take one. Raises SamplingError."""
        placement = place(bodies, rng, scenes)
        call = _call(bodies, placement, rng, self.config)
        return None if call is None else Drawn(placement.poses, call)

    def keeps(self, transition: Transition) -> bool:
        """Tell whether one object was moved, by truth."""
        return _moves_one_object(transition)


def _target(
    bodies: Sequence[Body], placement: Placement, index: int, rng: np.random.Generator, config: PickPlaceDrawConfig
) -> np.ndarray:
    """Return a placement (x, y, z) for body `index`: into a box, on an object, anywhere, or on a table."""
    poses = placement.poses
    half = 0.5 * bodies[index].size[2]
    boxes = [
        i for i, body in enumerate(bodies)
        if body.prior == OPEN_BOX and i not in (index, placement.container[index])
        and body.size[:2].min() > bodies[index].size[:2].max() + 0.03 and body.size[2] > 0.8 * bodies[index].size[2]
    ]  # fmt: skip
    others = [
        i for i, body in enumerate(bodies) if body.prior == CUBOID and i != index
        and body.size[:2].min() > 0.7 * bodies[index].size[:2].max()
    ]  # fmt: skip
    below = _smaller(bodies, placement, index) if config.cover_share else []
    if below and rng.random() < config.cover_share:
        other = int(rng.choice(below))
        xy = poses[other, :2] + rng.uniform(-0.25, 0.25, 2) * bodies[index].size[:2]
        return np.array([*xy, poses[other, 2] + 0.5 * bodies[other].size[2] + half + rng.uniform(0.0, 0.02)])
    drawn = rng.random()
    if drawn < config.into_share and boxes:
        box = int(rng.choice(boxes))
        room = 0.5 * (bodies[box].size[:2].min() - np.linalg.norm(bodies[index].size[:2])) - bodies[box].board

        def within_box() -> np.ndarray:
            return poses[box, :2] + rng.uniform(-1.0, 1.0, 2) * max(room, 0.0)

        xy = _careful(within_box, bodies, poses, (index, box), rng, config)
        return np.array([*xy, poses[box, 2] - 0.5 * bodies[box].size[2] + half + rng.uniform(0.01, 0.06)])
    if drawn < config.into_share + config.onto_share and others:
        other = int(rng.choice(others))
        xy = poses[other, :2] + rng.normal(size=2) * 0.01
        return np.array([*xy, poses[other, 2] + 0.5 * bodies[other].size[2] + half + rng.uniform(0.0, 0.02)])
    tables = [i for i, body in enumerate(bodies) if body.prior in STANDS]
    table = int(rng.choice(tables))
    top = poses[table, 2] + 0.5 * bodies[table].size[2] + half
    if rng.random() < config.anywhere_share:
        xy = rng.uniform([0.30, -1.20], [1.20, 1.20])
        return np.array([*xy, top + rng.uniform(-0.05, 0.05)])

    def on_table() -> np.ndarray:
        return poses[table, :2] + rng.uniform(-0.5, 0.5, 2) * bodies[table].size[:2]

    return np.array([*_careful(on_table, bodies, poses, (index,), rng, config), top + rng.uniform(0.0, 0.02)])


def _smaller(bodies: Sequence[Body], placement: Placement, index: int) -> list[int]:
    """Return loose solid objects that an open box `index` would cover; none for anything but an open box."""
    if bodies[index].prior != OPEN_BOX:
        return []
    return [
        i for i, body in enumerate(bodies)
        if body.prior == CUBOID and placement.container[i] < 0
        and body.size[:2].max() < bodies[index].size[:2].min() - 2.0 * bodies[index].board
    ]  # fmt: skip


def _careful(
    draw: Callable[[], np.ndarray],
    bodies: Sequence[Body],
    poses: np.ndarray,
    besides: tuple[int, ...],
    rng: np.random.Generator,
    config: PickPlaceDrawConfig,
) -> np.ndarray:
    """Draw an (x, y); mostly one where body `besides[0]` meets no movable but `besides`, whichever way it turns."""
    radii = np.array([0.5 * np.linalg.norm(body.size[:2]) for body in bodies])
    other = np.array([body.free and i not in besides for i, body in enumerate(bodies)])
    draws = config.tries if rng.random() < config.careful_share else 1
    for _ in range(draws):
        xy = draw()
        if not np.any(other & (np.linalg.norm(poses[:, :2] - xy, axis=-1) < radii + radii[besides[0]])):
            break
    return xy


def _call(
    bodies: Sequence[Body], placement: Placement, rng: np.random.Generator, config: PickPlaceDrawConfig
) -> SkillCall | None:
    """Return a random single-object call, or None when nothing may be grasped."""
    choices = alone(bodies, placement)
    if not choices:
        return None
    contents = [i for i in choices if placement.container[i] >= 0]
    index = int(rng.choice(contents if contents and rng.random() < config.take_out_share else choices))
    target = _target(bodies, placement, index, rng, config)
    turn = rng.uniform(-np.pi / 2, np.pi / 2) if rng.random() < 0.7 else 0.0
    return SkillCall(NAME, bodies[index].name, np.array([*(target - placement.poses[index, :3]), turn]))


def _moves_one_object(transition: Transition) -> bool:
    """Tell whether the grasped body held and carried nothing, and no filled container was dragged, by truth."""
    grasped = transition.before.index(transition.call.object)
    truth = transition.relations_before.binary
    filled = np.any(held(truth), axis=0)
    touching = truth[..., BINARY_RELATIONS.index("contact")] > 0.5
    carries = np.any(carried(truth)[:, grasped] & touching[:, grasped])
    dragged = filled & (np.linalg.norm(transition.displacements, axis=-1) > MOVED)
    return not (filled[grasped] or carries or np.any(dragged))
