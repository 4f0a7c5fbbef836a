"""`f2p evaluate`: what it refuses is one line with the choices, before anything is computed."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from f2p.cli import build, evaluate
from f2p.evaluate.rows import Row, Setting

runner = CliRunner()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--learners", ""), "no learner is called ''; choose one of: domain_randomization, "),
        (
            ("--learners", "original,guess"),
            "no learner is called 'guess'; choose one of: domain_randomization, fail2progress",
        ),
        (("--transitions", "5,none"), "'none' is no number of transitions; give whole numbers from 2 on"),
        (("--task", "juggle"), "no task is called 'juggle'; choose one of: bring, clear, drawer, "),
    ],
)
def test_unknown_names_are_one_line_with_the_choices(tmp_path: Path, words: tuple[str, ...], says: str) -> None:
    result = runner.invoke(build("evaluate"), ["evaluate", "tasks", "--folder", str(tmp_path), *words])
    assert result.exit_code == 2 and says in result.stderr
    assert [line for line in result.stderr.splitlines() if line.startswith("error ")]


def test_what_the_disk_refuses_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "there")

    monkeypatch.setattr("f2p.cli.evaluate._tasks", refuse)
    result = runner.invoke(build("evaluate"), ["evaluate", "tasks", "--folder", str(tmp_path)])
    assert result.exit_code == 2 and "error: [Errno 13] Permission denied: 'there'" in result.stderr


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("tasks", "--failures", "0"), "tasks is about what is learned: give a failure at least"),
        (("monitor", "--folder", "/proc/x"), "error: [Errno 2] No such file or directory: '/proc/x'"),
        (("tasks", "--folder", "/proc/x"), "error: [Errno 2] No such file or directory: '/proc/x'"),
        (("tasks", "--folder", "/proc"), "error: [Errno 2] No such file or directory: '/proc'"),
    ],
)
def test_what_must_end_in_an_error_is_refused_before_it_computes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], says: str
) -> None:
    """The first learned for two minutes, the others counted chance for ten seconds."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("f2p.evaluate.monitor.MonitorExperiment._models", lambda *_: pytest.fail("learned"))
    monkeypatch.setattr("f2p.evaluate.experiment.chance", lambda *_: pytest.fail("simulated"))
    result = runner.invoke(build("evaluate"), ["evaluate", *words])
    assert result.exit_code == 2 and says in result.stderr


def test_the_unit_of_a_column_is_shown() -> None:
    """A unit in brackets is a style to rich: it was not there."""
    console = Console(width=200)
    with console.capture() as capture:
        console.print(evaluate.table([Row(Setting("transport", "points2plans", 3, "original", "free"), 2, 1, 0.1, {
            "mean_belief": 0.5, "passed_gate": 1, "models": 2, "calibration_gap": 0.1, "carried_error": 0.05,
            "old_f1_next": 0.9,
        })], "title"))  # fmt: skip
    assert "carried [cm]" in capture.get()
