"""Alarms on steps that went as intended are false, those on steps never taught are wanted."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest

from f2p.cli.evaluate import monitor_table
from f2p.evaluate import monitor as module
from f2p.evaluate.kept import foundations
from f2p.evaluate.monitor import MonitorExperiment, MonitorReport, as_intended
from f2p.evaluate.onlooker import Onlooker
from f2p.sim.data.pretraining import PretrainingConfig, generate_shard
from f2p.sim.protocol import make_simulator
from f2p.sim.world import World
from f2p.tasks.protocol import tasks
from f2p.twin.eye import Eye
from f2p.types import BINARY_RELATIONS, UNARY_RELATIONS, Goal, Scene, Transition


@pytest.fixture(scope="module")
def step() -> Transition:
    """One that ended where it was to."""
    return next(item for item in generate_shard(0, 12, seed=21) if as_intended(item))


def test_a_fall_and_a_miss_are_not_as_intended(step: Transition) -> None:
    grasped = step.before.index(step.call.object)
    for miss in ([0.05, 0.0, 0.0], [0.0, 0.0, -0.4]):
        displacements = step.displacements.copy()
        displacements[grasped] += miss
        assert not as_intended(dataclasses.replace(step, displacements=displacements))


def test_what_came_to_lie_in_something_else_than_predicted_is_a_surprise(step: Transition) -> None:
    """On the case and not in the drawer it was as intended, and counted as what the monitor is to let pass."""
    truth, name = step.relations_after, step.call.object
    assert not module.otherwise(step, truth)
    inside = BINARY_RELATIONS.index("inside")
    for subject, surprise in ((name, True), (next(one for one in truth.names if one != name), False)):
        binary = truth.binary.copy()
        row = truth.names.index(subject)
        column = next(index for index in range(len(truth.names)) if index != row)
        binary[row, column, inside] = 1.0 - binary[row, column, inside]
        assert module.otherwise(step, dataclasses.replace(truth, binary=binary)) is surprise, subject


def test_a_drawer_that_was_to_open_and_did_not_is_a_surprise() -> None:
    (slid,) = generate_shard(0, 1, seed=21, config=PretrainingConfig(skills=("slide_drawer",)))
    truth, kind = slid.relations_after, UNARY_RELATIONS.index("drawer_open")
    unary = truth.unary.copy()
    unary[truth.names.index(slid.call.object), kind] = 1.0 - truth.value("drawer_open", slid.call.object)
    assert not module.otherwise(slid, truth)
    assert module.otherwise(slid, dataclasses.replace(truth, unary=unary))


def test_rates_are_counted_on_their_own_side_of_the_threshold() -> None:
    scores = tuple(np.linspace(0.0, 2.5, 101).tolist())
    report = MonitorReport(2.0, scores, (*[0.5] * 99, *scores[-2:]), (1.5, 3.0, 4.0))
    values = report.values()
    assert values["familiar"]["alarms"] == 20 and values["familiar"]["steps"] == 101
    assert values["learned"]["alarms"] == 2 and values["false_alarms"]["alarms"] == 22
    assert values["detected"]["alarms"] == 2 and values["detected"]["low"] < 2 / 3 < values["detected"]["high"]
    assert values["calibrated_threshold"] == pytest.approx(2.5), "for each kind by itself"
    assert 0.8 < values["roc_auc"] < 1.0
    known = dataclasses.replace(report, learned=()).values()
    assert known["calibrated_threshold"] == pytest.approx(2.5), "of a task that is not learned, what is known"


@pytest.mark.parametrize("untaught", [(), (0.9,)])
def test_a_few_steps_are_counted_and_promise_nothing(untaught: tuple[float, ...]) -> None:
    """Nothing was shown of a small run, nor of a task that teaches nothing."""
    values = MonitorReport(0.3, (0.1, 0.4), (), untaught).values()
    assert values["familiar"]["alarms"] == 1 and values["learned"]["steps"] == 0
    assert values["calibrated_threshold"] is None and values["roc_auc"] == (1.0 if untaught else None)
    assert "too few steps of a kind" in str(monitor_table(json.loads(json.dumps(values))).caption)


def test_what_the_shipped_model_was_never_taught_scores_higher_than_what_it_was(tmp_path: Path) -> None:
    experiment = MonitorExperiment(tasks.make("transport"), make_simulator(), 3, 40, tmp_path, lambda *_: None)
    report = experiment.report(2, 0)
    assert len(report.familiar) == len(report.untaught) == 2 and report.learned == ()
    assert max(report.familiar) < 0.1 < 0.8 < min(report.untaught)


class Store:
    """As much of a weights store as a published model leaves there."""

    champion = "1" * 64

    def __init__(self, folder: Path) -> None:
        assert folder.is_dir()
        self.path = folder / "previous"

    @property
    def previous(self) -> str | None:
        return self.path.read_text() if self.path.exists() else None


def test_models_are_learned_again_unless_by_the_same_code_from_the_same_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever had once been published there was measured, as what this code learns."""
    learned: list[int] = []

    def learn(*_: object, seed: int) -> None:
        learned.append(seed)
        (tmp_path / f"failure-{seed}" / "previous").write_text("0" * 64)

    for name, fake in (
        ("learn", learn),
        ("open_store", Store),
        ("make_failure", lambda *_: None),
        ("load_predictor", lambda *_: "predictor"),
    ):
        monkeypatch.setattr(module, name, fake)

    def times() -> int:
        learned.clear()
        experiment = MonitorExperiment(tasks.make("transport"), make_simulator(), 3, 7, tmp_path, lambda *_: None)
        assert experiment._models(2)[1] == ("predictor",) * 2
        return len(learned)

    assert [times(), times()] == [2, 0]
    for name in ("code", "weights"):
        other = foundations() | {name: "f" * 64}
        monkeypatch.setattr(module, "foundations", lambda other=other: other)
        assert [times(), times()] == [2, 0], name


def test_an_onlooker_sees_through_the_robots_eyes_and_keeps_names() -> None:
    """The box and what is in it are found where they are, before and after somebody moved them."""
    instance = tasks.make("clear").make(np.random.default_rng(5), 3, make_simulator())
    world, onlooker = instance.world, Onlooker(Eye(0), instance.world.bodies)
    moved = [world.index(name) for name in ("box", "object_1", "object_2", "object_3")]
    poses = world.poses.copy()
    poses[moved, 1] += world.poses[1, 1] - world.poses[0, 1]
    for now in (world, World(world.bodies, poses)):
        seen = onlooker.look(now)
        assert set(seen.names) == set(world.names)
        for name in ("box", "object_1", "object_2", "object_3"):
            error = seen.segments[seen.index(name)].box.center - now.poses[now.index(name), :3]
            assert np.linalg.norm(error) < 0.02, name


def test_what_was_just_handled_is_looked_for_from_beside_and_not_guessed() -> None:
    """Behind the landmark it is hidden; it had been in the box, and was guessed to be there still."""
    instance = tasks.make("transport").make(np.random.default_rng(2), 3, make_simulator())
    world, onlooker = instance.world, Onlooker(Eye(0), instance.world.bodies)
    onlooker.look(world)
    movable, mark, poses = world.index("object_1"), world.index("landmark"), world.poses.copy()
    away = poses[mark, :2] / np.linalg.norm(poses[mark, :2])
    bottom = poses[mark, 2] - 0.5 * world.bodies[mark].size[2]
    poses[movable, :3] = [*(poses[mark, :2] + 0.1 * away), bottom + 0.5 * world.bodies[movable].size[2]]
    seen = onlooker.look(World(world.bodies, poses), ("object_1",))
    assert "object_1" in seen.names
    assert np.linalg.norm(seen.segments[seen.index("object_1")].box.center - poses[movable, :3]) < 0.02


@pytest.mark.parametrize(("name", "objects", "table"), [("packing", 3, "table"), ("drawer", 1, "table_a")])
def test_tables_that_nobody_named_are_called_what_the_task_calls_them(name: str, objects: int, table: str) -> None:
    """They were called from left to right, and no step of these tasks was ever looked at."""
    instance = tasks.make(name).make(np.random.default_rng(3), objects, make_simulator())
    scene = Onlooker(Eye(0), instance.world.bodies).look(instance.world)
    assert module._seen(scene, instance) and table in scene.names
    assert not module._seen(Scene(scene.segments[:-1]), dataclasses.replace(instance, goal=Goal(()))), "an object"


def test_things_that_are_as_large_are_called_what_they_truly_are() -> None:
    """Which is which nobody can see; a call went to the one that was named the other."""
    world = tasks.make("clear").make(np.random.default_rng(5), 3, make_simulator()).world
    first, second = world.index("object_1"), world.index("object_2")
    bodies = list(world.bodies)
    bodies[second] = dataclasses.replace(bodies[second], size=bodies[first].size)
    for poses in (world.poses, world.poses[[*range(first), second, first, *range(second + 1, len(bodies))]]):
        now = World(tuple(bodies), poses)
        onlooker = Onlooker(Eye(0), bodies)
        for seen in (onlooker.introduce(now), onlooker.look(now)):
            for name in ("object_1", "object_2"):
                error = seen.segments[seen.index(name)].box.center - poses[now.index(name), :3]
                assert np.linalg.norm(error[:2]) < 0.03, name
