"""Relations that no file of ours names go the whole way: labels, goals, training, monitor, inference, weights."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from f2p.model.errors import ForeignWeightsError
from f2p.model.factory import load_weights
from f2p.types import BINARY_RELATIONS, UNARY_RELATIONS

HERE = Path(__file__).resolve().parent


def with_relations(modules: str, *command: str) -> subprocess.CompletedProcess[str]:
    """A process with `modules` named in F2P_RELATIONS; the vocabulary of this one is fixed."""
    path = os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        [sys.executable, *command], env={**os.environ, "F2P_RELATIONS": modules, "PYTHONPATH": path},
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("toy")


@pytest.fixture(scope="module")
def said(folder: Path) -> dict[str, Any]:
    """What the other process found."""
    done = with_relations("toy_relations", str(HERE / "toy_relation_process.py"), str(folder))
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_they_come_behind_ours_in_every_array(said: dict[str, Any]) -> None:
    assert said["unary"] == [*UNARY_RELATIONS, "tall"] and said["binary"] == [*BINARY_RELATIONS, "near"]
    assert said["shapes"] == [[3, 4], [3, 3, 10], [1]]


def test_scenes_are_labelled_and_goals_ask_for_them(said: dict[str, Any]) -> None:
    assert (said["before"], said["after"]) == (1.0, 0.0) and said["tall"] == [0.0, 0.0, 1.0]
    assert said["satisfied"] == [True, False]


def test_a_model_is_trained_on_them_and_kept(said: dict[str, Any], folder: Path) -> None:
    assert said["losses"] == 5 and said["loaded"]
    manifest = json.loads((folder / "toy.json").read_text())
    assert manifest["vocabulary"]["binary"] == said["binary"]


def test_the_monitor_tells_of_them_and_inference_uses_them(said: dict[str, Any]) -> None:
    assert said["contradicted"] == "near(bowl, mug) is false", "stated once, since it is symmetric"
    assert said["score"] == pytest.approx(0.5 / 0.55), "half a metre and the slack"
    assert said["placed"][-1] == "near" and said["inferred_from"]


def test_messages_and_failure_folders_carry_them(said: dict[str, Any]) -> None:
    assert said["kept"] == said["told"] == 1.0


def test_weights_of_another_vocabulary_are_refused_with_both_named(said: dict[str, Any], folder: Path) -> None:
    ours = ", ".join(UNARY_RELATIONS)
    assert said["shipped"].startswith("ForeignWeightsError")
    assert f"for the unary relations {ours}, here they are {ours}, tall" in said["shipped"]
    with pytest.raises(ForeignWeightsError, match=r"drawer_open, tall, here they are .*drawer_open"):
        load_weights(folder / "toy.safetensors")


def test_a_relation_that_comes_late_is_told_where_to_go(said: dict[str, Any]) -> None:
    assert said["late"].startswith("VocabularyFixedError") and "F2P_RELATIONS" in said["late"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("register(BinarySpec('left', print))", "'left' cannot be added: the name is taken"),
        ("register(BinarySpec('next to', print))", "a goal could not name it"),
        ("register(BinarySpec('beside'))", "it has no function and no converse"),
        ("register(BinarySpec('beside', converse='besides'))", "it refers to 'besides'"),
        ("from f2p.types import Box", "the plug-in 'bad_relations' of F2P_RELATIONS cannot be imported"),
    ],
)
def test_what_does_not_fit_stops_the_process_with_its_reason(tmp_path: Path, text: str, problem: str) -> None:
    head = "from f2p.relation.spec import BinarySpec\nfrom f2p.relation.table import register\n"
    (tmp_path / "bad_relations.py").write_text(head + text)
    script = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import f2p.types"
    done = with_relations("bad_relations", "-c", script)
    assert done.returncode == 1 and problem in done.stderr
