"""`f2p learn`: whom its options ask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from f2p.cli import build
from f2p.learner.errors import NotTeachableError
from f2p.learner.protocol import Learner


@pytest.mark.parametrize(
    ("options", "learner"),
    [((), "fail2progress"), (("--learner", "random"), "random"), (("--literal",), "literal")],
)
def test_the_learner_is_the_one_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, options: tuple[str, ...], learner: str
) -> None:
    asked: list[str] = []

    def learn(_failure: Any, learner: Learner, *_: Any, **__: Any) -> None:
        asked.append(learner.name)
        raise NotTeachableError("failure-1", "execution")

    monkeypatch.setattr("f2p.weights.cycle.learn", learn)
    monkeypatch.setattr("f2p.monitor.case.read_case", lambda _folder: None)
    monkeypatch.setattr("f2p.weights.modules.open_store", lambda _folder: None)
    result = CliRunner().invoke(build("learn"), ["learn", str(tmp_path), "--seed", "3", *options])
    assert result.exit_code == 2 and "error 701" in result.output, result.output
    assert asked == [learner]


def test_two_learners_are_refused(tmp_path: Path) -> None:
    """The one that was named was dropped without a word."""
    words = ["learn", str(tmp_path), "--literal", "--learner", "random"]
    result = CliRunner().invoke(build("learn"), words)
    assert result.exit_code == 2 and result.stderr.startswith("error 11: --literal is a learner itself, and --learner")
    assert len(result.stderr.splitlines()) == 1


def test_a_simulator_that_there_is_not_is_refused_with_the_choices(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("f2p.monitor.case.read_case", lambda _folder: None)
    result = CliRunner().invoke(build("learn"), ["learn", str(tmp_path), "--simulator", "bullet"])
    assert result.exit_code == 2 and result.stderr.startswith(
        "error 10: no simulator is called 'bullet'; choose one of"
    )
    assert len(result.stderr.splitlines()) == 1
