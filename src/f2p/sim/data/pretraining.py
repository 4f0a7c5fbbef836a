"""The executions the shipped model is pre-trained on: one object is picked and placed; filled containers never move."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from f2p.relation.table import carried, held
from f2p.settings import Settings, choice, group, number
from f2p.shape.cuboid import CUBOID
from f2p.shape.open_box import OPEN_BOX
from f2p.shape.table import TABLE
from f2p.sim.data.random_scenes import Placement, RandomSceneConfig, place, sample_bodies
from f2p.sim.errors import SamplingError
from f2p.sim.labelled import SimulationConfig
from f2p.sim.motion.protocol import ToolMotionConfig
from f2p.sim.protocol import DEFAULT_SIMULATOR, make_simulator, simulators
from f2p.sim.world import Body
from f2p.types import BINARY_RELATIONS, SkillCall, Transition

SHARD = 200
"""Transitions per shard."""

MOVED = 0.03
"""A filled container that was displaced farther [m] was moved: such an execution is not kept."""


@dataclass(frozen=True)
class PretrainingConfig(Settings):
    """How random executions are drawn."""

    scenes: RandomSceneConfig = group(RandomSceneConfig)
    simulator: SimulationConfig = group(
        lambda: SimulationConfig(threads=1, rest_time=0.5, motion=ToolMotionConfig(settle_time=0.6))
    )
    engine: str = choice(DEFAULT_SIMULATOR, "simulator that executes", lambda: simulators.names)
    scenes_per_model: int = number(
        8, "random placements that share one set of bodies and one camera", low=1, high=10_000
    )
    take_out_share: float = number(0.35, "grasps of a content, where there is one", low=0.0, high=1.0)
    into_share: float = number(0.28, "placements into an open box, where there is one", low=0.0, high=1.0)
    onto_share: float = number(0.08, "placements on another object that is wide enough", low=0.0, high=1.0)
    anywhere_share: float = number(
        0.06, "placements drawn from the whole workspace", low=0.0, high=1.0,
        source="ours: half of them fall, enough to learn what falls",
    )  # fmt: skip
    careful_share: float = number(0.8, "placements on a table or in a box that avoid other objects", low=0.0, high=1.0)
    tries: int = number(40, "draws of a careful placement before it is taken as it is", low=1, high=100_000)
    camera_sideways: float = number(
        0.15, "spread of the camera along y", unit="m", low=0.0, high=1.0, source="ours: the base drives"
    )
    camera_spread: float = number(0.04, "spread of the camera along x and z", unit="m", low=0.0, high=0.5)


DEFAULT = PretrainingConfig()


def graspable(bodies: Sequence[Body], placement: Placement) -> list[int]:
    """Return movables that hold nothing and carry nothing: moving them moves one object."""
    filled = set(placement.container.tolist())
    out = []
    for i, body in enumerate(bodies):
        if not body.free or i in filled:
            continue
        delta = placement.poses[:, :3] - placement.poses[i, :3]
        near = np.linalg.norm(delta[:, :2], axis=-1) < 0.5 * np.linalg.norm(body.size[:2])
        if not np.any(near & (delta[:, 2] > 0.02)):
            out.append(i)
    return out


def _target(
    bodies: Sequence[Body], placement: Placement, index: int, rng: np.random.Generator, config: PretrainingConfig
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
    tables = [i for i, body in enumerate(bodies) if body.prior == TABLE]
    table = int(rng.choice(tables))
    top = poses[table, 2] + 0.5 * bodies[table].size[2] + half
    if rng.random() < config.anywhere_share:
        xy = rng.uniform([0.30, -1.20], [1.20, 1.20])
        return np.array([*xy, top + rng.uniform(-0.05, 0.05)])

    def on_table() -> np.ndarray:
        return poses[table, :2] + rng.uniform(-0.5, 0.5, 2) * bodies[table].size[:2]

    return np.array([*_careful(on_table, bodies, poses, (index,), rng, config), top + rng.uniform(0.0, 0.02)])


def _careful(
    draw: Callable[[], np.ndarray],
    bodies: Sequence[Body],
    poses: np.ndarray,
    besides: tuple[int, ...],
    rng: np.random.Generator,
    config: PretrainingConfig,
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
    bodies: Sequence[Body], placement: Placement, rng: np.random.Generator, config: PretrainingConfig
) -> SkillCall | None:
    """Return a random single-object call, or None when nothing may be grasped."""
    choices = graspable(bodies, placement)
    if not choices:
        return None
    contents = [i for i in choices if placement.container[i] >= 0]
    index = int(rng.choice(contents if contents and rng.random() < config.take_out_share else choices))
    target = _target(bodies, placement, index, rng, config)
    turn = rng.uniform(-np.pi / 2, np.pi / 2) if rng.random() < 0.7 else 0.0
    return SkillCall("pick_place", bodies[index].name, np.array([*(target - placement.poses[index, :3]), turn]))


def _jittered(config: PretrainingConfig, rng: np.random.Generator) -> SimulationConfig:
    """Return the simulator's configuration with the camera moved a little."""
    camera = config.simulator.camera
    spread = np.array([config.camera_spread, config.camera_sideways, config.camera_spread])
    position = np.array(camera.position_task) + rng.normal(size=3) * spread
    return replace(config.simulator, camera=replace(camera, position_task=tuple(position.tolist())))


def _moves_one_object(transition: Transition) -> bool:
    """Tell whether the grasped body held and carried nothing, and no filled container was dragged, by truth."""
    grasped = transition.before.index(transition.call.object)
    truth = transition.relations_before.binary
    filled = np.any(held(truth), axis=0)
    touching = truth[..., BINARY_RELATIONS.index("contact")] > 0.5
    carries = np.any(carried(truth)[:, grasped] & touching[:, grasped])
    dragged = filled & (np.linalg.norm(transition.displacements, axis=-1) > MOVED)
    return not (filled[grasped] or carries or np.any(dragged))


def _some(rng: np.random.Generator, config: PretrainingConfig) -> list[Transition]:
    """Return one set of bodies, several random placements and calls."""
    bodies = sample_bodies(rng, config.scenes)
    poses, calls = [], []
    for _ in range(config.scenes_per_model):
        try:
            placement = place(bodies, rng, config.scenes)
        except SamplingError:
            continue
        call = _call(bodies, placement, rng, config)
        if call is not None:
            poses.append(placement.poses)
            calls.append(call)
    if not poses:
        return []
    simulator = make_simulator(config.engine, _jittered(config, rng))
    batch = simulator.simulate(bodies, np.stack(poses), calls, int(rng.integers(2**31)), tag="pretrain")
    return [item for item in batch.kept if _moves_one_object(item)]


def generate_shard(index: int, count: int, seed: int, config: PretrainingConfig = DEFAULT) -> list[Transition]:
    """Return shard `index` of the data of `seed`: `count` transitions, the same whenever and wherever it is made."""
    rng = np.random.default_rng((seed, index))
    out: list[Transition] = []
    while len(out) < count:
        out.extend(_some(rng, config))
    return out[:count]
