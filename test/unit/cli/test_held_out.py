"""`f2p evaluate architectures`: shipped weights side by side on what none was trained on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from f2p.cli import build, held_out
from f2p.model import factory
from f2p.model.architectures.protocol import architectures
from f2p.model.batch import TransitionBatch
from f2p.model.factory import SHIPPED, create, save_weights, shipped
from f2p.model.metrics import evaluate


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Held-out executions of the replay set instead of simulated ones, and what was asked for."""
    asked: dict[str, Any] = {}
    batch = TransitionBatch.load(SHIPPED / "replay.safetensors").take(slice(290, None))

    def give(folder: Path, executions: int, seed: int, *_: object, last: int) -> tuple[TransitionBatch, str]:
        asked.update(folder=folder, executions=executions, seed=seed, last=last, batch=batch)
        return batch, "digest"

    monkeypatch.setattr(held_out, "pretraining_data", give)
    return asked


def test_every_shipped_architecture_is_a_row_and_persistence_the_last(tmp_path: Path, few: dict[str, Any]) -> None:
    result = CliRunner().invoke(build("evaluate"), ["evaluate", "architectures", "--folder", str(tmp_path), "--json"])
    assert result.exit_code == 0, result.output
    rows = json.loads(result.stdout.strip().splitlines()[-1])["rows"]
    names = [row["architecture"] for row in rows]
    assert names == [*(name for name in architectures if (SHIPPED / f"{name}.safetensors").exists()), "persistence"]
    assert (few["executions"], few["seed"], few["last"]) == (10_000, 0, 800) and tmp_path in few["folder"].parents
    row, metrics = rows[names.index("points2plans")], evaluate(shipped()[0], few["batch"])
    assert row["f1_next"] == metrics.f1_next["mean"] and row["changed"] == metrics.changed_accuracy
    assert row["parameters"] == 1_396_042 and row["cpu_s"] > 0
    assert rows[-1]["changed"] == 0.0 and rows[-1]["parameters"] is None


def test_weights_of_different_executions_are_not_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few: dict[str, Any]
) -> None:
    monkeypatch.setattr(factory, "SHIPPED", tmp_path)
    for seed, name in enumerate(("points2plans", "stow_gnn")):
        notes: dict[str, object] = {"data_sha256": "a" * 64, "executions": 100, "seed": seed}
        save_weights(create(architecture=name), tmp_path / f"{name}.safetensors", notes)
    result = CliRunner().invoke(build("evaluate"), ["evaluate", "architectures", "--folder", str(tmp_path)])
    assert result.exit_code == 2 and not few
    assert "points2plans, stow_gnn were trained on different executions" in result.stderr
