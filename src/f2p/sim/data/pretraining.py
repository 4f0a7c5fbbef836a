"""The executions the shipped model is pre-trained on: single objects are moved, by one skill or several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from f2p.settings import Settings, choice, choices, group, number
from f2p.sim.data.draws.protocol import draws
from f2p.sim.data.random_scenes import RandomSceneConfig
from f2p.sim.errors import SamplingError
from f2p.sim.labelled import SimulationConfig
from f2p.sim.motion.protocol import ToolMotionConfig
from f2p.sim.protocol import DEFAULT_SIMULATOR, make_simulator, simulators
from f2p.types import Transition

SHARD = 200
"""Transitions per shard."""


@dataclass(frozen=True)
class PretrainingConfig(Settings):
    """How random executions are drawn."""

    skills: tuple[str, ...] = choices(
        "what is executed, in equal shares of what is kept", lambda: draws.names, default=lambda: draws.names
    )
    draw_settings: Mapping[str, Any] = group(draws.configs, "of each skill")
    scenes: RandomSceneConfig = group(lambda: RandomSceneConfig(cup_share=0.25, shelf_share=0.25, pack_share=0.125))
    simulator: SimulationConfig = group(
        lambda: SimulationConfig(threads=1, rest_time=0.5, motion=ToolMotionConfig(settle_time=0.6))
    )
    engine: str = choice(DEFAULT_SIMULATOR, "simulator that executes", lambda: simulators.names)
    scenes_per_model: int = number(
        8, "random placements that share one set of bodies and one camera", low=1, high=10_000
    )
    camera_sideways: float = number(
        0.15, "spread of the camera along y", unit="m", low=0.0, high=1.0, source="ours: the base drives"
    )
    camera_spread: float = number(0.04, "spread of the camera along x and z", unit="m", low=0.0, high=0.5)


DEFAULT = PretrainingConfig()


def _jittered(config: PretrainingConfig, rng: np.random.Generator) -> SimulationConfig:
    """Return the simulator's configuration with the camera moved a little."""
    camera = config.simulator.camera
    spread = np.array([config.camera_spread, config.camera_sideways, config.camera_spread])
    position = np.array(camera.position_task) + rng.normal(size=3) * spread
    return replace(config.simulator, camera=replace(camera, position_task=tuple(position.tolist())))


def _some(skill: str, rng: np.random.Generator, config: PretrainingConfig) -> list[Transition]:
    """Return executions of one skill with one set of bodies, in several random scenes."""
    draw = draws.make(skill, config.draw_settings.get(skill))
    bodies = draw.bodies(rng, config.scenes)
    found = []
    for _ in range(config.scenes_per_model):
        try:
            drawn = draw.scene(bodies, rng, config.scenes)
        except SamplingError:
            continue
        if drawn is not None:
            found.append(drawn)
    if not found:
        return []
    simulator = make_simulator(config.engine, _jittered(config, rng))
    shut = np.zeros(len(bodies))
    batch = simulator.simulate(
        bodies, np.stack([one.poses for one in found]), [one.call for one in found], int(rng.integers(2**31)),
        tag="pretrain", openings=np.stack([shut if one.openings is None else one.openings for one in found]),
    )  # fmt: skip
    return [item for item in batch.kept if draw.keeps(item)]


def generate_shard(index: int, count: int, seed: int, config: PretrainingConfig = DEFAULT) -> list[Transition]:
    """Return shard `index` of the data of `seed`: `count` transitions, the same whenever and wherever it is made.

    The skill of which there is least comes next: of some most scenes are of no use (a push that has room), and
    equal shares of the scenes left a ninth of the executions to them.
    """
    rng = np.random.default_rng((seed, index))
    out: list[Transition] = []
    made = dict.fromkeys(config.skills, 0)
    while len(out) < count:
        skill = min(made, key=lambda name: made[name])
        found = _some(skill, rng, config)
        made[skill] += len(found)
        out.extend(found)
    return out[:count]
