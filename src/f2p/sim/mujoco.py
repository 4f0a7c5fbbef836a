"""The simulator on MuJoCo: M scenes of the same bodies as one batch on the processor, labelled and seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from f2p.settings import Settings, number
from f2p.sim.errors import BatchError, SkillNotSimulatedError
from f2p.sim.motion.pick_place import PICK_PLACE, PickPlaceConfig, pick_place_path
from f2p.sim.physics.clouds import Camera, CameraConfig, StateClouds, moved_cloud
from f2p.sim.physics.labels import contacts, label
from f2p.sim.physics.rollout import FARTHEST, Batch
from f2p.sim.physics.scene_builder import BuiltScene, PhysicsConfig, build
from f2p.sim.protocol import SimulationBatch, simulators
from f2p.sim.world import Body, World
from f2p.types import Box, Relations, Scene, Segment, SkillCall, Transition


@dataclass(frozen=True)
class MujocoConfig(Settings):
    """Everything about the default simulator."""

    physics: PhysicsConfig = field(default_factory=PhysicsConfig)
    motion: PickPlaceConfig = field(default_factory=PickPlaceConfig)
    camera: CameraConfig = field(default_factory=CameraConfig)
    threads: int = 2
    """Threads of a batch."""
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


@simulators.register("mujoco")
class MujocoSimulator:
    """`Simulator` on MuJoCo's CPU rollouts. Keeps the last compiled set of bodies."""

    def __init__(self, config: MujocoConfig | None = None) -> None:
        self.config = config or MujocoConfig()
        self._camera = Camera(self.config.camera)
        self._built: BuiltScene | None = None

    def _build(self, bodies: Sequence[Body]) -> BuiltScene:
        if self._built is None or self._built.bodies != tuple(bodies):
            self._built = build(bodies, self.config.physics)
        return self._built

    def _batch(self, bodies: Sequence[Body], poses: np.ndarray, openings: np.ndarray | None) -> Batch:
        poses = np.asarray(poses, dtype=float)
        if poses.ndim != 3 or poses.shape[1:] != (len(bodies), 4) or not len(poses):
            raise BatchError(f"poses of shape {poses.shape} for {len(bodies)} bodies, expected (runs, bodies, 4)")
        opened = np.zeros(len(bodies)) if openings is None else np.asarray(openings, dtype=float)
        if opened.shape not in ((len(bodies),), poses.shape[:2]):
            raise BatchError(f"openings of shape {opened.shape}, expected {poses.shape[:2]} or {poses.shape[1:2]}")
        return Batch(self._build(bodies), poses, np.broadcast_to(opened, poses.shape[:2]), self.config.threads)

    def settle(
        self, bodies: Sequence[Body], poses: np.ndarray, openings: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Let M scenes come to rest. See `Simulator.settle`."""
        batch = self._batch(bodies, poses, openings)
        before, opened = batch.positions(), batch.openings()
        batch.advance(self._steps(self.config.settle_time))
        moved = np.linalg.norm(batch.positions() - before, axis=-1).max(-1)
        moved = np.maximum(moved, np.abs(batch.openings() - opened).max(-1))
        rested, extents = batch.boxes()
        tipped = np.abs(extents - np.stack([body.size for body in bodies])).max((1, 2)) > self.config.stable_tilt
        stable = (moved < self.config.stable_distance) & (batch.speeds() < 0.05) & ~tipped
        return rested, batch.alive & stable

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
        batch = self._batch(bodies, poses, openings)
        if seen is not None and seen.names != tuple(body.name for body in bodies):
            raise BatchError(f"seen are {', '.join(seen.names)}, simulated {', '.join(body.name for body in bodies)}")
        grasped, parameters = self._requests(batch, calls)
        rngs = [np.random.default_rng((seed, run)) for run in range(batch.runs)]
        if self.config.rest_time > 0:
            batch.advance(self._steps(self.config.rest_time))
        counts: Counter[str] = Counter(runs=batch.runs, blown_up=0, hidden_before=0, hidden_after=0)
        before = [self._snapshot(batch, run, rngs[run], seen) for run in range(batch.runs)]
        boxes, sizes = batch.boxes()
        path = pick_place_path(batch.scene, boxes, sizes, grasped, parameters, config=self.config.motion)
        batch.carry(path, grasped)
        transitions: list[Transition | None] = []
        for run, first in enumerate(before):
            after = self._snapshot(batch, run, rngs[run], None if first is None else first.scene)
            if first is None or after is None:
                counts["blown_up"] += 1
                transitions.append(None)
                continue
            counts["hidden_before"] += int(first.look.hidden.sum())
            counts["hidden_after"] += int(after.look.hidden.sum())
            displacement = after.positions - first.positions
            transitions.append(
                Transition(first.scene, calls[run], after.scene, first.relations, after.relations, displacement, tag)
            )
        return SimulationBatch(tuple(transitions), dict(counts))

    def observe(self, world: World, seed: int) -> Scene:
        """The scene as the camera sees it. See `Simulator.observe`."""
        return self._still(world, seed).scene

    def relations(self, world: World) -> Relations:
        """True relations of a world. See `Simulator.relations`."""
        return self._still(world, 0).relations

    def _still(self, world: World, seed: int) -> _Snapshot:
        batch = self._batch(world.bodies, world.poses[None], world.openings)
        snapshot = self._snapshot(batch, 0, np.random.default_rng(seed), None)
        if snapshot is None:
            raise BatchError("the world has a pose that is not finite")
        return snapshot

    def _steps(self, seconds: float) -> int:
        return max(1, round(seconds / self.config.physics.time_step))

    def _requests(self, batch: Batch, calls: Sequence[SkillCall]) -> tuple[np.ndarray, np.ndarray]:
        """Grasped body indices and parameters of all calls, or a clear error."""
        if len(calls) != batch.runs:
            raise BatchError(f"{len(calls)} calls for {batch.runs} scenes")
        names = [body.name for body in batch.scene.bodies]
        movable = tuple(names[i] for i in batch.scene.free)
        for call in calls:
            if call.skill != PICK_PLACE or call.object not in movable:
                raise SkillNotSimulatedError(call.skill, call.object, tuple(f"{PICK_PLACE}({n})" for n in movable))
        parameters = np.stack([call.parameter for call in calls])
        sane = np.all(np.abs(np.nan_to_num(parameters, nan=np.inf)) < 2.0 * FARTHEST, axis=-1)
        batch.alive &= sane
        return np.array([names.index(call.object) for call in calls]), np.where(sane[:, None], parameters, 0.0)

    def _snapshot(self, batch: Batch, run: int, rng: np.random.Generator, earlier: Scene | None) -> _Snapshot | None:
        """Label and see one run; None when it blew up. Hidden clouds follow those of `earlier` rigidly."""
        if not batch.alive[run]:
            return None
        data = batch.data(run)
        poses, sizes = (array[run] for array in batch.boxes())
        look = self._camera.look(batch.scene, data, poses, sizes, rng)
        openings = batch.openings()[run]
        segments = []
        for i, body in enumerate(batch.scene.bodies):
            points = look.points[i]
            if look.hidden[i] and earlier is not None:
                points = moved_cloud(earlier.segments[i].points, earlier.segments[i].box.pose, poses[i])
            box = Box(center=poses[i, :3], size=sizes[i], yaw=float(poses[i, 3]))
            segments.append(Segment(body.name, body.prior, box, points, float(openings[i])))
        relations = label(batch.scene, poses, sizes, contacts(batch.scene, data), openings)
        return _Snapshot(Scene(tuple(segments)), relations, look, batch.positions()[run])
