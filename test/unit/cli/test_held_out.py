"""`f2p evaluate architectures`: shipped weights side by side on what none was trained on."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from f2p.cli import build, held_out
from f2p.model import factory
from f2p.model.architectures.protocol import architectures
from f2p.model.batch import TransitionBatch
from f2p.model.factory import SHIPPED, built, create, save_weights, shipped
from f2p.model.metrics import evaluate
from f2p.sim.data.pretraining import PretrainingConfig


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Held-out executions of the replay set instead of simulated ones, and what was asked for."""
    asked: dict[str, Any] = {}
    batch = TransitionBatch.load(SHIPPED / "replay.safetensors").of(("pick_place",)).take(slice(-10, None))

    def give(
        folder: Path, executions: int, seed: int, *_: object, config: PretrainingConfig
    ) -> tuple[TransitionBatch, str]:
        asked.update(folder=folder, executions=executions, seed=seed, config=config, batch=batch)
        return batch, "digest"

    monkeypatch.setattr(held_out, "pretraining_data", give)
    return asked


def test_every_shipped_architecture_is_a_row_and_persistence_the_last(tmp_path: Path, few: dict[str, Any]) -> None:
    result = CliRunner().invoke(build("evaluate"), ["evaluate", "architectures", "--folder", str(tmp_path), "--json"])
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout.strip().splitlines()[-1])["rows"]
    names = [row["architecture"] for row in rows]
    assert names == [*(name for name in architectures if (SHIPPED / f"{name}.safetensors").exists()), "persistence"]
    assert (few["executions"], few["seed"]) == (800, 1) and tmp_path in few["folder"].parents
    row, metrics = rows[names.index("points2plans")], evaluate(shipped()[0], few["batch"])
    assert row["f1_next"] == metrics.f1_next["mean"] and row["changed"] == metrics.changed_accuracy
    assert row["parameters"] == sum(value.numel() for value in shipped()[0].state_dict().values()) and row["cpu_s"] > 0
    assert rows[-1]["changed"] == 0.0 and rows[-1]["parameters"] is None


def test_only_skills_that_all_of_them_know_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: dict[str, Any]
) -> None:
    monkeypatch.setattr(factory, "SHIPPED", tmp_path)
    for seed, name in enumerate(("points2plans", "stow_gnn")):
        model = create(architecture=name)
        if name == "stow_gnn":
            model = built(name, replace(model.config, skills=("pick_place",)))
        save_weights(model, tmp_path / f"{name}.safetensors", {"seed": seed})
    result = CliRunner().invoke(build("evaluate"), ["evaluate", "architectures", "--folder", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert few["config"].skills == ("pick_place",) and few["seed"] == 2
