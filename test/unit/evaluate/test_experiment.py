"""How trials are dealt to learned models: every scene once per row, the same scenes for every learner."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from f2p.errors import F2pError
from f2p.evaluate import experiment as module
from f2p.evaluate import failures
from f2p.evaluate.errors import NoFailureError
from f2p.evaluate.experiment import Cell, Experiment, ExperimentConfig
from f2p.evaluate.kept import foundations
from f2p.learner.errors import DatasetNotWrittenError, TooFewTransitionsError
from f2p.learner.untargeted import UntargetedConfig
from f2p.model.errors import BadDatasetError, DivergedError
from f2p.posterior.errors import AllRejectedError
from f2p.sim.errors import BodyError
from f2p.tasks.packed_box import PackedBoxConfig
from f2p.weights.cycle_config import CycleConfig
from f2p.weights.errors import NoSpaceError
from f2p.weights.gate import GateConfig


def dealt(experiment: Experiment, learner: str) -> list[list[int]]:
    return [experiment._scenes(cell) for cell in experiment._cells(learner, None)]


def test_every_scene_is_tried_once_per_learner(tmp_path: Path) -> None:
    experiment = Experiment(ExperimentConfig(trials=50, failures=5, seeds=3), tmp_path, lambda *_: None)
    shares = dealt(experiment, "fail2progress")
    assert len(shares) == 15 and sorted(number for share in shares for number in share) == list(range(50))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    assert dealt(experiment, "original") == shares, "no learner is treated by its name"


def test_cells_have_folders_of_their_own(tmp_path: Path) -> None:
    experiment = Experiment(ExperimentConfig(), tmp_path, lambda *_: None)
    names = [cell.name for learner in ("fail2progress", "random")
             for transitions in (None, 5) for cell in experiment._cells(learner, transitions)]  # fmt: skip
    assert len(set(names)) == 60 and Cell("random", 4, 2, 5).name in names and Cell("random", 4, 2).name in names


def test_a_stopped_cell_starts_again_from_the_shipped_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A cell killed after publishing left a champion that knows; learning on top of it would flatter the row."""
    experiment = Experiment(ExperimentConfig(trials=2), tmp_path, lambda *_: None)
    cell, seen = Cell("fail2progress", 0, 0), []
    (tmp_path / cell.name / "weights").mkdir(parents=True)

    def learned(_cell: Cell, folder: Path) -> tuple[Any, dict[str, Any]]:
        seen.append(folder.exists())
        return None, {"passed": True}

    monkeypatch.setattr(experiment, "_learned", learned)
    monkeypatch.setattr(experiment, "_try", lambda *_: [])
    experiment._cell(cell)
    assert seen == [False]


@pytest.fixture
def lone_cell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Experiment:
    """An experiment whose only learner is `random`, on a failure and a model that are never looked at."""
    monkeypatch.setattr(module, "open_store", lambda *_: SimpleNamespace(champion="0" * 64))
    monkeypatch.setattr(module, "load_predictor", lambda *_: SimpleNamespace(weights_id="0" * 64))
    monkeypatch.setattr(module, "make_failure", lambda *_: None)
    return Experiment(ExperimentConfig(trials=1, learners=("random",)), tmp_path, lambda *_: None)


@pytest.mark.parametrize(
    "error",
    [
        TooFewTransitionsError(1, 27, {}),
        AllRejectedError(20, 3),
        BodyError("box", "is odd"),
        DivergedError("x", 1.0, 3),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_learner_that_fails_is_tried_with_what_it_had(
    lone_cell: Experiment, monkeypatch: pytest.MonkeyPatch, error: F2pError
) -> None:
    monkeypatch.setattr(module, "learn", raising(error))
    _, facts = lone_cell._learned(Cell("random", 0, 0), lone_cell.folder)
    assert facts == {"passed": False, "error": str(error)}


@pytest.mark.parametrize(
    "error",
    [DatasetNotWrittenError("there", "full"), NoSpaceError("there", "full"), BadDatasetError("replay", "truncated")],
    ids=lambda error: type(error).__name__,
)
def test_a_full_disk_is_no_trial_of_the_learner(
    lone_cell: Experiment, monkeypatch: pytest.MonkeyPatch, error: F2pError
) -> None:
    """The untaught model was tried instead, and counted as what the learner had made."""
    monkeypatch.setattr(module, "learn", raising(error))
    with pytest.raises(type(error)):
        lone_cell._cell(Cell("random", 0, 0))
    assert not (lone_cell.folder / "random-f0-s0" / "result.json").exists()


def raising(error: Exception) -> Any:
    def learn(*_: Any) -> None:
        raise error

    return learn


def test_a_cell_is_done_again_unless_it_rests_on_the_same_code_weights_and_recipe(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[Cell] = []

    def learned(cell: Cell, _folder: Path) -> tuple[Any, dict[str, Any]]:
        done.append(cell)
        return None, {"passed": True}

    monkeypatch.setattr(Experiment, "_learned", lambda _self, *facts: learned(*facts))
    monkeypatch.setattr(Experiment, "_try", lambda *_: [])

    def times(config: ExperimentConfig) -> int:
        done.clear()
        Experiment(config, tmp_path, lambda *_: None)._cell(Cell("random", 0, 0))
        return len(done)

    config, path = ExperimentConfig(trials=1), tmp_path / "random-f0-s0" / "result.json"
    assert [times(config), times(config)] == [1, 0]
    assert times(dataclasses.replace(config, cycle=CycleConfig(gate=GateConfig(least_gain=0.5)))) == 1
    assert times(config) == 1, "the recipe is another one again"
    config = dataclasses.replace(config, learner_settings={"random": UntargetedConfig(transitions=99)})
    assert [times(config), times(config)] == [1, 0]
    config = dataclasses.replace(config, task_settings={config.task: PackedBoxConfig(wall_least=0.08)})
    assert [times(config), times(config)] == [1, 0], "the task is another one"
    for name in ("weights", "code"):
        other = foundations() | {name: "f" * 64}
        monkeypatch.setattr(module, "foundations", lambda _, other=other: other)
        assert [times(config), times(config)] == [1, 0], name
    path.write_bytes(path.read_bytes()[:-3])
    assert [times(config), times(config)] == [1, 0], "what was cut short is not done"


def test_a_task_that_teaches_nothing_is_an_error_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "run_plan", lambda *_: None)
    anything = SimpleNamespace(observe=lambda *_: None, plan=lambda *_: None)
    instance = SimpleNamespace(world=None, goal=None, proposal=(), budget=1)
    task = SimpleNamespace(name="transport", make=lambda *_: instance)
    with pytest.raises(NoFailureError, match="50 scenes of task 'transport' and no contradiction"):
        failures.make_failure(task, anything, anything, 3, 0)


def test_processes_of_their_own_do_cells_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the original weights nothing is learned: quick, and whole. What was done aside is read, not done again."""
    config = ExperimentConfig(
        trials=2, learners=("original",), failures=2, seeds=1, chance_trials=1, skeletons=("given",)
    )
    told: list[str] = []
    experiment = Experiment(config, tmp_path, lambda *said: told.append(said[2]), workers=2)
    monkeypatch.setattr(experiment, "_learned", lambda *_: pytest.fail("a cell was done again"))
    (row,) = experiment.rows()
    assert row.trials == 2 and told[-1] == "2 of 2 models"


def test_a_skeleton_that_was_not_tried_is_tried_when_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[bool] = []

    def rows(*skeletons: str) -> list[str]:
        experiment = Experiment(
            ExperimentConfig(trials=1, learners=("original",), failures=1, seeds=1, skeletons=skeletons),
            tmp_path,
            lambda *_: None,
        )
        monkeypatch.setattr(experiment, "_chance", lambda: 0.1)
        monkeypatch.setattr(experiment, "_learned", lambda *_: (None, {"passed": True}))
        monkeypatch.setattr(experiment, "_try", lambda *facts: tried.append(facts[3]) or [])
        return [row.setting.skeleton for row in experiment.rows()]

    assert rows("given") == ["given"] and tried == [False]
    assert rows("given", "free") == ["given", "free"] and tried == [False, False, True]
    assert rows("free") == ["free"] and len(tried) == 3
