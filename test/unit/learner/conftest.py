"""A model failure around a filled box, and a simulator that only answers."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
import pytest

from f2p.plan.analytic import AnalyticPredictor
from f2p.scene.relations import relations_of
from f2p.sim.protocol import SimulationBatch
from f2p.sim.world import Body
from f2p.types import Box, Cause, Execution, Failure, Goal, GoalRelation, Outcome, Scene, Segment, SkillCall, Transition
from f2p.weights.golden import golden_scene

MOVE = np.array([0.0, -1.25, 0.0, 0.0])


class RecordingSimulator:
    """Answers every call with a scene in which nothing moves, and remembers what it was asked."""

    def __init__(self, blown_up: int = 0) -> None:
        self.blown_up = blown_up
        self.asked: list[tuple[tuple[Body, ...], np.ndarray, tuple[SkillCall, ...], int, str]] = []

    def simulate(
        self,
        bodies: Sequence[Body],
        poses: np.ndarray,
        calls: Sequence[SkillCall],
        seed: int,
        tag: str = "particle",
        openings: np.ndarray | None = None,
    ) -> SimulationBatch:
        self.asked.append((tuple(bodies), poses, tuple(calls), seed, tag))
        scenes = [self._scene(bodies, pose) for pose in poses]
        transitions = [
            None
            if index < self.blown_up
            else Transition(
                scene, call, scene, relations_of(scene), relations_of(scene), np.zeros((len(bodies), 3)), tag
            )
            for index, (scene, call) in enumerate(zip(scenes, calls, strict=True))
        ]
        return SimulationBatch(tuple(transitions), {"runs": len(calls), "blown_up": self.blown_up})

    def settle(
        self, bodies: Sequence[Body], poses: np.ndarray, openings: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        return np.array(poses), np.ones(len(poses), dtype=bool)

    @staticmethod
    def _scene(bodies: Sequence[Body], poses: np.ndarray) -> Scene:
        return Scene(
            tuple(
                Segment(body.name, body.prior, Box(pose[:3], body.size, float(pose[3])), pose[:3] + np.zeros((8, 3)))
                for body, pose in zip(bodies, poses, strict=True)
            )
        )


@pytest.fixture
def simulator() -> RecordingSimulator:
    """A simulator that records."""
    return RecordingSimulator()


@pytest.fixture
def failure() -> Failure:
    """The box was carried, its contents travelled, the model expected them to stay."""
    before, call = golden_scene(), SkillCall("pick_place", "box", MOVE)
    carried = ("box", "object_1", "object_2")
    after = Scene(
        tuple(
            dataclasses.replace(one, box=Box(one.box.center + MOVE[:3], one.box.size), points=one.points + MOVE[:3])
            if one.name in carried
            else one
            for one in before.segments
        )
    )
    prediction = AnalyticPredictor().predict(before, (call,))[0]
    outcome = Outcome(
        before, call, after, prediction, relations_of(before), relations_of(after), Execution(True), "analytic"
    )
    goal = Goal((GoalRelation("above", "object_1", "table_b"),))
    return Failure("box-1", outcome, goal, None, Cause.MODEL, 20.0, 2.0, (), "the contents moved along")
