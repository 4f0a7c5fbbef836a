"""Executions of a push: one object on a table or a shelf is pushed, and nothing stands in its way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from f2p.action.protocol import actions
from f2p.action.push import FARTHEST, NEAREST, PushAction, support_of
from f2p.action.shoved import shoved
from f2p.settings import Settings, number
from f2p.sim.data.draws.protocol import Drawn, alone, draws
from f2p.sim.data.random_scenes import STANDS, RandomSceneConfig, place, sample_bodies
from f2p.sim.world import Body
from f2p.types import Box, Scene, Segment, SkillCall, Transition

NAME = "push"

ASIDE = 0.01
"""Another body that was displaced farther [m] was pushed: such an execution is not kept."""


@dataclass(frozen=True)
class PushDrawConfig(Settings):
    """Where to."""

    anywhere_share: float = number(
        0.1, "pushes that may go over an edge", low=0.0, high=1.0, source="as for pick and place"
    )
    tries: int = number(40, "draws of a push that has room and meets nothing", low=1, high=100_000)


@draws.register(NAME)
class PushDraw:
    """`Draw` of a push."""

    def __init__(self, config: PushDrawConfig | None = None) -> None:
        self.config = config or PushDrawConfig()

    def bodies(self, rng: np.random.Generator, scenes: RandomSceneConfig) -> tuple[Body, ...]:
        """Draw tables and movables of all kinds."""
        return sample_bodies(rng, scenes)

    def scene(self, bodies: Sequence[Body], rng: np.random.Generator, scenes: RandomSceneConfig) -> Drawn | None:
        """Place them and push one that stands alone on a table or a shelf. Raises SamplingError."""
        placement, action = place(bodies, rng, scenes), PushAction()
        poses = placement.poses
        scene = Scene(tuple(
            Segment(body.name, body.prior, Box(pose[:3], body.size, float(pose[3])), np.zeros((0, 3)))
            for body, pose in zip(bodies, poses, strict=True)
        ))  # fmt: skip
        able = [
            i for i in alone(bodies, placement)
            if action.applies(scene.segments[i]) and getattr(support_of(scene, bodies[i].name), "prior", "") in STANDS
        ]  # fmt: skip
        for _ in range(int(self.config.tries) if able else 0):
            index = int(rng.choice(able))
            call = SkillCall(NAME, bodies[index].name, self._push(scene, bodies[index].name, rng))
            roomy = action.has_room(scene, call.object, call.parameter[None]).all()
            if roomy and set(shoved(scene, call)) == {call.object}:
                return Drawn(poses, call)
        return None

    def _push(self, scene: Scene, name: str, rng: np.random.Generator) -> np.ndarray:
        """Draw dx, dy [m]. Shape (2,)."""
        if rng.random() >= self.config.anywhere_share:
            return actions.get(NAME).draw(scene, name, 1, rng)[0]
        angle, far = rng.uniform(-np.pi, np.pi), rng.uniform(NEAREST, FARTHEST)
        return far * np.array([np.cos(angle), np.sin(angle)])

    def keeps(self, transition: Transition) -> bool:
        """Tell whether one object was pushed, by truth."""
        others = np.delete(transition.displacements, transition.before.index(transition.call.object), axis=0)
        return not np.any(np.linalg.norm(others, axis=-1) > ASIDE)
