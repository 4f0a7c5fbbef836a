"""An engine becomes a simulator: scenes come to rest, calls become paths, and what happens is labelled and seen.

What is random, what is true and what is visible is decided here, whichever engine moves the bodies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from f2p.action.protocol import actions, filled_up, width_of
from f2p.settings import Settings, group, number
from f2p.sim.errors import BatchError, SkillNotSimulatedError
from f2p.sim.motion.protocol import ToolMotionConfig, motions, paths_of
from f2p.sim.physics.clouds import Camera, CameraConfig, StateClouds, moved_cloud
from f2p.sim.physics.engine import FARTHEST, Engine, Runs, States
from f2p.sim.physics.labels import label
from f2p.sim.physics.scene_builder import BuiltScene, PhysicsConfig, build
from f2p.sim.protocol import SimulationBatch
from f2p.sim.world import Body, World
from f2p.types import Box, Relations, Scene, Segment, SkillCall, Transition

if TYPE_CHECKING:
    import mujoco


@dataclass(frozen=True)
class SimulationConfig(Settings):
    """Everything about a simulation but its engine."""

    physics: PhysicsConfig = group(PhysicsConfig)
    motion: ToolMotionConfig = group(ToolMotionConfig)
    camera: CameraConfig = group(CameraConfig)
    threads: int = number(2, "threads of a batch on the processor", low=1, high=1024)
    rest_time: float = number(0.3, "physics before a call, so that it starts from rest", unit="s", low=0.0, high=5.0)
    settle_time: float = number(1.0, "physics of `settle`", unit="s", low=0.1, high=10.0)
    stable_tilt: float = number(
        0.008, "a body whose box grew more by tipping does not stand upright", unit="m", low=0.001, high=1.0
    )
    stable_distance: float = number(
        0.03, "a body that moved farther while settling was not at rest there", unit="m", low=0.001, high=1.0
    )


@dataclass(frozen=True, eq=False)
class _Snapshot:
    """One labelled state of one run."""

    scene: Scene
    relations: Relations
    look: StateClouds
    positions: np.ndarray


class LabelledSimulator:
    """`Simulator` on any engine. Keeps the last set of bodies that was built.

    Args:
        config: Motions, camera, and what counts as rest.
        engine: Moves the bodies.
    """

    def __init__(self, config: SimulationConfig, engine: Engine) -> None:
        self.config = config
        self._engine = engine
        self._camera = Camera(self.config.camera)
        self._built: BuiltScene | None = None
        self._data: mujoco.MjData | None = None

    @staticmethod
    def default_config() -> SimulationConfig:
        """Say what it is made from where nobody says otherwise; an engine may have to be started to be made."""
        return SimulationConfig()

    def _build(self, bodies: Sequence[Body]) -> BuiltScene:
        if self._built is None or self._built.bodies != tuple(bodies):
            self._built, self._data = build(bodies, self.config.physics), None
        return self._built

    def _start(self, bodies: Sequence[Body], poses: np.ndarray, openings: np.ndarray | None) -> tuple[BuiltScene, Runs]:
        poses = np.asarray(poses, dtype=float)
        if poses.ndim != 3 or poses.shape[1:] != (len(bodies), 4) or not len(poses):
            raise BatchError(f"poses of shape {poses.shape} for {len(bodies)} bodies, expected (runs, bodies, 4)")
        opened = np.zeros(len(bodies)) if openings is None else np.asarray(openings, dtype=float)
        if opened.shape not in ((len(bodies),), poses.shape[:2]):
            raise BatchError(f"openings of shape {opened.shape}, expected {poses.shape[:2]} or {poses.shape[1:2]}")
        scene = self._build(bodies)
        return scene, self._engine(scene, States.at_rest(scene, poses, np.broadcast_to(opened, poses.shape[:2])))

    def with_friction(self, friction: float) -> LabelledSimulator:
        """Return the same with another sliding friction. See `VariableFriction`."""
        physics = replace(self.config.physics, friction=friction)
        return LabelledSimulator(replace(self.config, physics=physics), self._engine)

    def settle(
        self, bodies: Sequence[Body], poses: np.ndarray, openings: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Let M scenes come to rest. See `Simulator.settle`."""
        scene, runs = self._start(bodies, poses, openings)
        before = runs.states()
        runs.advance(self._steps(self.config.settle_time))
        after = runs.states()
        moved = np.linalg.norm(after.positions - before.positions, axis=-1).max(-1)
        moved = np.maximum(moved, np.abs(after.openings - before.openings).max(-1))
        rested, extents = after.boxes(scene)
        tipped = np.abs(extents - np.stack([body.size for body in bodies])).max((1, 2)) > self.config.stable_tilt
        stable = (moved < self.config.stable_distance) & (after.speeds < 0.05) & ~tipped
        return rested, after.alive & stable

    def simulate(
        self,
        bodies: Sequence[Body],
        poses: np.ndarray,
        calls: Sequence[SkillCall],
        seed: int,
        *,
        tag: str = "particle",
        seen: Scene | None = None,
        openings: np.ndarray | None = None,
    ) -> SimulationBatch:
        """Execute one call in each of M scenes. See `Simulator.simulate`."""
        scene, runs = self._start(bodies, poses, openings)
        if seen is not None and seen.names != tuple(body.name for body in bodies):
            raise BatchError(f"seen are {', '.join(seen.names)}, simulated {', '.join(body.name for body in bodies)}")
        acted_on, parameters, sane = self._requests(scene, len(poses), calls)
        rngs = [np.random.default_rng((seed, run)) for run in range(len(poses))]
        if self.config.rest_time > 0:
            runs.advance(self._steps(self.config.rest_time))
        before = self._look(scene, runs, rngs, [seen] * len(poses))
        states = runs.states()
        boxes, sizes = states.boxes(scene)
        skills, opened = [call.skill for call in calls], np.where(states.alive[:, None], states.openings, 0.0)
        path = paths_of(scene, boxes, sizes, skills, acted_on, parameters, openings=opened, config=self.config.motion)
        runs.carry(path, acted_on)
        after = self._look(scene, runs, rngs, [None if one is None else one.scene for one in before])
        transitions: list[Transition | None] = []
        counts: Counter[str] = Counter(runs=len(poses), blown_up=0, hidden_before=0, hidden_after=0)
        for call, usable, first, last in zip(calls, sane, before, after, strict=True):
            if first is None or last is None or not usable:
                counts["blown_up"] += 1
                transitions.append(None)
                continue
            counts["hidden_before"] += int(first.look.hidden.sum())
            counts["hidden_after"] += int(last.look.hidden.sum())
            moved = last.positions - first.positions
            transitions.append(Transition(first.scene, call, last.scene, first.relations, last.relations, moved, tag))
        return SimulationBatch(tuple(transitions), dict(counts))

    def observe(self, world: World, seed: int) -> Scene:
        """Return the scene as the camera sees it. See `Simulator.observe`."""
        return self._still(world, seed).scene

    def relations(self, world: World) -> Relations:
        """Return the true relations of a world. See `Simulator.relations`."""
        return self._still(world, 0).relations

    def _still(self, world: World, seed: int) -> _Snapshot:
        scene, runs = self._start(world.bodies, world.poses[None], world.openings)
        (snapshot,) = self._look(scene, runs, [np.random.default_rng(seed)], [None])
        if snapshot is None:
            raise BatchError("the world has a pose that is not finite")
        return snapshot

    def _steps(self, seconds: float) -> int:
        return max(1, round(seconds / self.config.physics.time_step))

    def _requests(
        self, scene: BuiltScene, count: int, calls: Sequence[SkillCall]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return bodies acted on and parameters of all calls, and which of them are of this world; or a clear error."""
        if len(calls) != count:
            raise BatchError(f"{len(calls)} calls for {count} scenes")
        names = [body.name for body in scene.bodies]
        still = World(scene.bodies, np.zeros((len(names), 4))).scene.segments
        possible = {skill: [one.name for one in still if actions.get(skill).applies(one)] for skill in motions}
        for call in calls:
            if call.object not in possible.get(call.skill, ()):
                choices = tuple(f"{skill}({name})" for skill, fitting in possible.items() for name in fitting)
                raise SkillNotSimulatedError(call.skill, call.object, choices)
            if call.parameter.shape != (width_of(call.skill),):
                raise BatchError(f"{call.skill} with parameters of shape {call.parameter.shape}")
        parameters = filled_up([call.parameter for call in calls])
        sane = np.all(np.abs(np.nan_to_num(parameters, nan=np.inf)) < 2.0 * FARTHEST, axis=-1)
        return np.array([names.index(call.object) for call in calls]), np.where(sane[:, None], parameters, 0.0), sane

    def _look(
        self,
        scene: BuiltScene,
        runs: Runs,
        rngs: Sequence[np.random.Generator],
        earlier: Sequence[Scene | None],
    ) -> list[_Snapshot | None]:
        """Label and see all runs as they are now; None for those that blew up."""
        states, contacts = runs.states(), runs.contacts()
        boxes = states.boxes(scene)
        return [
            self._snapshot(scene, states, run, boxes, contacts[run], rng, previous) if states.alive[run] else None
            for run, (rng, previous) in enumerate(zip(rngs, earlier, strict=True))
        ]

    def _snapshot(
        self,
        scene: BuiltScene,
        states: States,
        run: int,
        boxes: tuple[np.ndarray, np.ndarray],
        contact: np.ndarray,
        rng: np.random.Generator,
        earlier: Scene | None,
    ) -> _Snapshot:
        """Label and see one run. Hidden clouds follow those of `earlier` rigidly."""
        import mujoco

        from f2p.sim.physics.rollout import posed

        if self._data is None:
            self._data = mujoco.MjData(scene.model)
        poses, sizes = (array[run] for array in boxes)
        look = self._camera.look(scene, posed(scene, self._data, states, run), poses, sizes, rng)
        segments = []
        for i, body in enumerate(scene.bodies):
            points = look.points[i]
            if look.hidden[i] and earlier is not None:
                points = moved_cloud(earlier.segments[i].points, earlier.segments[i].box.pose, poses[i])
            box = Box(center=poses[i, :3], size=sizes[i], yaw=float(poses[i, 3]))
            segments.append(Segment(body.name, body.prior, box, points, float(states.openings[run, i])))
        relations = label(scene, poses, sizes, contact, states.openings[run])
        return _Snapshot(Scene(tuple(segments)), relations, look, states.positions[run])
