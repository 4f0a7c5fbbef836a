"""A task that no file of ours names goes the whole way: settings, command line, chance, failures, learning's trials."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from f2p.cli import build
from f2p.evaluate.experiment import Experiment, ExperimentConfig
from f2p.evaluate.failures import make_failure
from f2p.evaluate.monitor import MonitorExperiment
from f2p.model.factory import shipped
from f2p.model.predictor import TorchPredictor
from f2p.plan.planner import Planner
from f2p.sim.data.workspace import tables
from f2p.sim.protocol import Simulator, make_simulator
from f2p.sim.world import Body, World
from f2p.tasks.chance import chance
from f2p.tasks.protocol import TaskInstance, tasks
from f2p.types import Goal, GoalRelation, SkillStep

NAME = "serve"


class Serve:
    """Cups stand on a tray, a shallow box; the first has to come to the other table. None of ours has trays or cups."""

    name = NAME
    fewest = 1

    def make(self, rng: np.random.Generator, objects: int, simulator: Simulator) -> TaskInstance:
        workspace, tray = tables(), np.array([0.7, 0.45 + 0.2 * rng.random(), 0.525, 0.0])
        cups = tuple(Body(f"cup_{index}", "cuboid", [0.05, 0.05, 0.06]) for index in range(objects))
        places = [tray + [0.0, 0.06 * (index - 0.5 * (objects - 1)), 0.015, 0.0] for index in range(objects)]
        bodies = (*workspace.bodies, Body("tray", "open_box", [0.22, 0.26, 0.05]), *cups)
        world = World(bodies, np.array([*workspace.poses, tray, *places]))
        poses, stable = simulator.settle(world.bodies, world.poses[None])
        assert stable[0]
        goal = Goal((GoalRelation("above", "cup_0", "table_b"),))
        proposal = (SkillStep("pick_place", "tray"),)
        return TaskInstance(NAME, World(world.bodies, poses[0]), goal, proposal, budget=1)


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    """The toy among the tasks, for the time of one test."""
    tasks.register(NAME)(Serve)
    yield
    del tasks._items[NAME]


def test_the_command_line_lists_it_among_the_choices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(build("evaluate"), ["evaluate", "tasks", "--task", "juggle"])
    assert result.exit_code == 2 and NAME in result.stderr.split("one of:")[1]


def test_chance_is_counted_in_its_scenes() -> None:
    found = chance(tasks.make(NAME), make_simulator(), objects=2, trials=6, seed=1)
    assert found.trials == 6 and found.successes < 6


def test_it_is_planned_tried_and_judged_in_an_experiment(tmp_path: Path) -> None:
    config = ExperimentConfig(
        task=NAME, objects=2, trials=2, learners=("original",), failures=1, seeds=1, chance_trials=2
    )
    given, free = Experiment(config, tmp_path, lambda *_: None).rows()
    assert given.setting.task == free.setting.task == NAME
    assert (given.trials, free.trials) == (2, 2)


def test_failures_to_learn_from_are_found_in_its_scenes() -> None:
    predictor = TorchPredictor(shipped()[0], "shipped")
    failure = make_failure(tasks.make(NAME), Planner(lambda: predictor), make_simulator(), 2, 0)
    assert failure.id.startswith(NAME) and failure.outcome.call.object == "tray"


def test_the_monitor_is_measured_on_it(tmp_path: Path) -> None:
    experiment = MonitorExperiment(tasks.make(NAME), make_simulator(), 2, 0, tmp_path, lambda *_: None)
    assert experiment._task.name == NAME
