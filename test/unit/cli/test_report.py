"""`f2p report` of what cannot be read: one line, no page."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from typer.testing import CliRunner

from f2p.cli import build
from f2p.report import case as bound  # noqa: F401 - before what it reads with is replaced


def test_a_truncated_account_of_learning_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("f2p.monitor.case.read_case", lambda _: SimpleNamespace(id="failure-1"))
    folder = tmp_path / "store" / "datasets" / "failure-1-random-0"
    folder.mkdir(parents=True)
    (folder / "learn.json").write_text('{"failure": "failure-1", "wei')
    words = ["report", str(tmp_path), "--store", str(tmp_path / "store")]
    result = CliRunner().invoke(build("report"), words)
    assert result.exit_code == 2 and not result.stdout
    assert len(result.stderr.splitlines()) == 1
    assert f"'{folder}' is not a whole data set: learn.json cannot be read" in result.stderr
