"""`f2p settings` and `--set`: everything that can be set is shown, and what cannot costs one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from f2p.cli import build
from f2p.errors import F2pError
from f2p.scene.segment.geometric import GeometricSegmenter


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(build(words[0]), list(words))
    return result.exit_code, result.stdout, result.stderr


def test_the_settings_of_a_command_are_shown_with_their_defaults() -> None:
    code, out, _ = run("settings", "perceive", "--json")
    told = json.loads(out.splitlines()[-1])["perceive"]
    assert code == 0 and told["segmenter_settings.geometric.seed"] == "0"


def test_a_group_that_there_is_not_lists_those_there_are() -> None:
    code, _, line = run("settings", "kitchen")
    assert code == 2 and line.startswith("error 10: no group of settings is called 'kitchen'; choose one of: evaluate,")


@pytest.mark.parametrize(
    ("command", "assignment", "fact"),
    [
        ("learn", "cycle.gate.most_lost=7", "GateConfig.most_lost = 7.0: must be finite and within [0.0, 1.0]"),
        ("learn", "cycle.gate.most=7", "GateConfig has no setting 'most'; choose among: "),
        ("learn", "learner_settings.dream.steps=1", "this group has no setting 'dream.steps'; choose among: domain_r"),
        ("learn", "gate", "--set 'gate': write name=value"),
        ("evaluate", "cycle.publish=perhaps", "cycle.publish = 'perhaps': must be bool"),
        ("train", "joint.rate=nan", "StageConfig.rate = nan: must be finite and within"),
        ("perceive", "segmenter_settings.geometric.seeds=1", "GeometricConfig has no setting 'seeds'; choose among: "),
    ],
)
def test_a_setting_that_does_not_do_costs_one_line(command: str, assignment: str, fact: str, tmp_path: Path) -> None:
    words = {
        "learn": ["learn", str(tmp_path)],
        "evaluate": ["evaluate", "tasks", "--folder", str(tmp_path)],
        "train": ["train", "--out", str(tmp_path / "w.safetensors")],
        "perceive": ["perceive", "scan.pcd", "--out", str(tmp_path)],
    }[command]
    code, _, line = run(*words, "--set", assignment)
    assert code == 2 and line.splitlines()[-1].startswith(f"error 11: {fact}"), line


def test_a_setting_reaches_what_the_command_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def looked(_: Path, look: GeometricSegmenter) -> None:
        seen.append(look.config.seed)
        raise F2pError("enough")

    monkeypatch.setattr("f2p.cli.perceive.perceive_scan", looked)
    run("perceive", "a.pcd", "--out", str(tmp_path), "--set", "segmenter_settings.geometric.seed=3")
    assert seen == [3]
