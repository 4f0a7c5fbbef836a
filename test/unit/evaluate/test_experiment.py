"""How trials are dealt to learned models: every scene once per row, the same scenes for every learner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from f2p.evaluate.experiment import Cell, Experiment, ExperimentConfig


def dealt(experiment: Experiment, learner: str) -> list[list[int]]:
    return [experiment._scenes(cell) for cell in experiment._cells(learner)]


def test_every_scene_is_tried_once_per_learner(tmp_path: Path) -> None:
    experiment = Experiment(ExperimentConfig(trials=50, failures=5, seeds=3), tmp_path, lambda *_: None)
    shares = dealt(experiment, "fail2progress")
    assert len(shares) == 15 and sorted(number for share in shares for number in share) == list(range(50))
    assert max(map(len, shares)) - min(map(len, shares)) <= 1
    assert dealt(experiment, "original") == [list(range(50))]


def test_cells_have_folders_of_their_own(tmp_path: Path) -> None:
    experiment = Experiment(ExperimentConfig(), tmp_path, lambda *_: None)
    names = [cell.name for learner in ("fail2progress", "random") for cell in experiment._cells(learner)]
    assert len(set(names)) == 30 and Cell("random", 4, 2).name in names


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
