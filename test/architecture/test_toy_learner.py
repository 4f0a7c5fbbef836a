"""A learner that no file of ours names goes the whole way: settings, budget, round, command line, experiment, tries."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
from typer.testing import CliRunner

from f2p.cli import build
from f2p.evaluate import experiment
from f2p.evaluate.experiment import Experiment, ExperimentConfig
from f2p.evaluate.trial import Trial
from f2p.learner.protocol import LearnContext, LearnedData, learners
from f2p.model.factory import shipped
from f2p.model.predictor import TorchPredictor
from f2p.model.recipe import FinetuneConfig, StageConfig
from f2p.monitor.case import write_case
from f2p.monitor.compare import compare
from f2p.scene.goals import parse_goal
from f2p.settings import SettingError, Settings, number
from f2p.sim.protocol import make_simulator
from f2p.sim.world import reconstruct
from f2p.types import Cause, Execution, Failure, Outcome, SkillCall
from f2p.weights.golden import golden_scene

NAME = "test_toy"


@dataclass(frozen=True)
class ToyConfig(Settings):
    """How often the failed step is done again."""

    copies: int = number(2, "times", low=1, high=50)


class Toy:
    """Does the failed step again and again, learns for one step, and asks for two tries."""

    name: ClassVar[str] = NAME

    def __init__(self, config: ToyConfig | None = None) -> None:
        self.config = config or ToyConfig()

    def respond(self, failure: Failure, context: LearnContext) -> LearnedData:
        world, call = reconstruct(failure.outcome.before), failure.outcome.call
        count = context.budget(self.config.copies)
        batch = context.simulator.simulate(
            world.bodies, np.repeat(world.poses[None], count, axis=0), [call] * count, seed=context.seed
        )
        context.progress("simulate", 1.0, "again")
        recipe = FinetuneConfig(stage=StageConfig(steps=1, batch=2, warmup=0), replayed=1)
        return LearnedData(batch.kept, recipe=recipe, tries=2)


@pytest.fixture(autouse=True)
def toy() -> Iterator[None]:
    """The toy among the learners, for the time of one test."""
    learners.register(NAME)(Toy)
    yield
    del learners._items[NAME]


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A failure folder: a filled box was carried, and the shipped model expected what is in it to stay."""
    world, call = reconstruct(golden_scene()), SkillCall("pick_place", "box", np.array([0.0, -1.25, 0.0, 0.0]))
    (one,) = make_simulator().simulate(world.bodies, world.poses[None], (call,), seed=0).kept
    prediction = TorchPredictor(shipped()[0], "shipped").predict(one.before, (call,))[0]
    outcome = Outcome(
        one.before, call, one.after, prediction, one.relations_before, one.relations_after, Execution(True), "shipped"
    )
    found, goal = compare(outcome), parse_goal("above(object_1, table_b)")
    failure = Failure("toy-1", outcome, goal, None, Cause.MODEL, found.score, 2.0, found.contradictions)
    return write_case(failure, tmp_path_factory.mktemp("failures") / "toy-1")


def test_it_is_made_with_settings_of_its_own() -> None:
    assert NAME in learners.names and learners.make(NAME, ToyConfig(copies=7)).config.copies == 7
    with pytest.raises(SettingError, match=r"ToyConfig\.copies = 0"):
        ToyConfig(copies=0)


@pytest.mark.parametrize("words", [("learn", "{case}", "--learner"), ("evaluate", "tasks", "--learners")])
def test_the_command_line_lists_it_among_the_choices(case: Path, tmp_path: Path, words: tuple[str, ...]) -> None:
    places = ("--store" if words[0] == "learn" else "--folder", str(tmp_path / "runs"))
    result = CliRunner().invoke(build(words[0]), [word.format(case=case) for word in words] + ["guess", *places])
    assert result.exit_code == 2 and "no learner is called 'guess'; choose one of:" in result.stderr
    assert NAME in result.stderr.split("choose one of:")[1]


def test_a_failure_is_learned_from_by_name_within_a_budget(case: Path, tmp_path: Path) -> None:
    words = ["learn", str(case), "--learner", NAME, "--store", str(tmp_path), "--transitions", "3", "--json"]
    result = CliRunner().invoke(build("learn"), words)
    assert result.exit_code == 1, "one step teaches nothing, and the gate says so"
    told = json.loads(result.stdout.splitlines()[-1])
    assert (told["learner"], told["dataset"]["transitions"], told["tries"]) == (NAME, 3, 2)
    assert told["gate"]["passed"] is False and told["published"] is False and told["reliability"] is None


def test_it_is_compared_with_the_others_and_has_its_second_try(
    case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file compares its name: how often it may try is what it answered."""
    asked: list[int] = []

    def run_trial(*_: object, tries: int, **__: object) -> Trial:
        asked.append(tries)
        return Trial(True, 0.5, True, None)

    monkeypatch.setattr(experiment, "run_trial", run_trial)
    monkeypatch.setattr(experiment, "chance", lambda *_: SimpleNamespace(rate=0.1))
    config = ExperimentConfig(trials=1, failures=1, seeds=1, learners=(NAME,), transitions=(3,))
    given, free = Experiment(config, tmp_path, lambda *_: None).rows()
    assert asked == [2, 2] and (given.setting.learner, given.setting.skeleton) == (NAME, "given")
    assert (given.successes, given.trials, given.setting.transitions, free.rate) == (1, 1, 3, 1.0)
    assert (tmp_path / f"{NAME}-f0-s0-n3" / "result.json").exists()
