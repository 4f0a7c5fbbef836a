"""`f2p evaluate`: what it refuses is one line with the choices, before anything is computed."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from f2p.cli import build

runner = CliRunner()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--learners", ""), "no learner is called ''; choose one of: fail2progress, literal, original, random, small"),
        (("--learners", "original,guess"), "no learner is called 'guess'; choose one of: fail2progress"),
        (("--task", "juggle"), "no task is called 'juggle'; choose one of: bring, clear, transport"),
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
