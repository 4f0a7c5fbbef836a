"""A simulator that no file of ours names goes the whole way: settings, nodes, command line, tasks, experiment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from f2p.cli import build
from f2p.evaluate.experiment import Experiment, ExperimentConfig
from f2p.learner.protocol import LearnContext, learners
from f2p.model.factory import shipped
from f2p.model.predictor import TorchPredictor
from f2p.monitor.compare import compare
from f2p.ros.nodes.finetune import FinetuneNodeConfig
from f2p.ros.nodes.monitor import MonitorNodeConfig
from f2p.scene.goals import parse_goal
from f2p.settings import SettingError
from f2p.sim.labelled import LabelledSimulator, SimulationConfig
from f2p.sim.motion.protocol import ToolPath
from f2p.sim.physics.engine import States
from f2p.sim.physics.rollout import touching_all
from f2p.sim.physics.scene_builder import BuiltScene
from f2p.sim.protocol import make_simulator, simulators
from f2p.tasks.chance import chance, execute
from f2p.tasks.protocol import tasks
from f2p.types import Cause, Execution, Failure, Outcome, SkillCall

NAME = "weightless"


class Weightless:
    """Runs in which nothing falls and nothing is pushed: what is held goes along the path, the rest stays."""

    def __init__(self, scene: BuiltScene, start: States) -> None:
        self._scene, self._states = scene, start

    def advance(self, steps: int) -> None:
        """Nothing moves by itself."""

    def carry(self, path: ToolPath, grasped: np.ndarray) -> None:
        positions = self._states.positions.copy()
        for run, body in enumerate(grasped):
            if path.holding[run].any():
                positions[run, body] = path.positions[run, np.flatnonzero(path.holding[run])[-1]]
        self._states = replace(self._states, positions=positions)

    def states(self) -> States:
        return self._states

    def contacts(self) -> np.ndarray:
        return touching_all(self._scene, self._states)


class WeightlessSimulator(LabelledSimulator):
    """`Simulator` without physics."""

    def __init__(self, config: SimulationConfig | None = None) -> None:
        super().__init__(config or SimulationConfig(), Weightless)


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    """The toy among the simulators, for the time of one test."""
    simulators.register(NAME)(WeightlessSimulator)
    yield
    del simulators._items[NAME]


def test_settings_and_nodes_take_it_and_no_other() -> None:
    for config in (ExperimentConfig, FinetuneNodeConfig, MonitorNodeConfig):
        assert config(simulator=NAME).simulator == NAME
        with pytest.raises(SettingError, match=rf"simulator = 'bullet': must be one of: .*{NAME}"):
            config(simulator="bullet")


@pytest.mark.parametrize("words", [("learn", "."), ("evaluate", "tasks"), ("evaluate", "monitor")])
def test_the_command_line_lists_it_among_the_choices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setattr("f2p.monitor.case.read_case", lambda _folder: None)
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(build(words[0]), [*words, "--simulator", "bullet"])
    assert result.exit_code == 2
    refused = result.stderr.splitlines()[-1]
    assert refused.startswith("error 1") and NAME in refused.split("one of:")[1]


def test_learning_on_the_command_line_is_given_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[Any] = []

    class EnoughError(Exception):
        """The rest is another test's."""

    def learn(*values: Any, **_: Any) -> None:
        given.extend(values)
        raise EnoughError

    monkeypatch.setattr("f2p.weights.cycle.learn", learn)
    monkeypatch.setattr("f2p.monitor.case.read_case", lambda _folder: None)
    words = ["learn", str(tmp_path), "--simulator", NAME, "--store", str(tmp_path / "store")]
    assert isinstance(CliRunner().invoke(build("learn"), words).exception, EnoughError)
    assert any(isinstance(value, WeightlessSimulator) for value in given)


@pytest.mark.parametrize("name", list(tasks))
def test_every_task_is_made_executed_and_judged_in_it(name: str) -> None:
    simulator = make_simulator(NAME)
    task = tasks.make(name)
    objects = max(2, task.fewest)
    instance = task.make(np.random.default_rng(1), objects, simulator)
    first = next(index for index, body in enumerate(instance.world.bodies) if body.free)
    call = SkillCall("pick_place", instance.world.names[first], [0.05, 0.0, 0.0, 0.0])
    transition, after = execute(simulator, instance.world, call, 0)
    assert transition is not None
    others = np.delete(transition.displacements, first, axis=0)
    assert np.abs(others).max() == 0.0, "without weight contents stay behind: so it was this one"
    assert after.names == instance.world.names
    assert chance(task, simulator, objects, 2, 0).trials == 2


def test_a_learner_simulates_in_it() -> None:
    simulator = make_simulator(NAME)
    instance = tasks.make("bring").make(np.random.default_rng(1), 2, simulator)
    call = SkillCall("pick_place", "box", [0.0, -1.0, 0.0, 0.0])
    one, _ = execute(simulator, instance.world, call, 0)
    assert one is not None
    prediction = TorchPredictor(shipped()[0], "shipped").predict(one.before, (call,))[0]
    truth = (one.relations_before, one.relations_after)
    outcome = Outcome(one.before, call, one.after, prediction, *truth, Execution(True), "shipped")
    found, goal = compare(outcome), parse_goal("above(box, table_b)")
    failure = Failure("toy", outcome, goal, None, Cause.MODEL, found.score, 2.0, found.contradictions)
    data = learners.make("random").respond(failure, LearnContext(shipped()[0], simulator, 0, transitions=4))
    assert len(data.transitions) == 4
    assert all(np.count_nonzero(np.abs(item.displacements).max(1)) <= 1 for item in data.transitions)


def test_an_experiment_is_run_in_it(tmp_path: Path) -> None:
    config = ExperimentConfig(
        trials=1, learners=("original",), failures=1, seeds=1, objects=1, chance_trials=2, simulator=NAME
    )
    given, free = Experiment(config, tmp_path, lambda *_: None).rows()
    assert (given.trials, free.trials) == (1, 1)
