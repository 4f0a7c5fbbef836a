"""`f2p up`: which nodes may be chosen is said before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from f2p.cli import build


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--without", "guard"], "error 970: 'guard' is no optional node of the graph 'sim'; there are: console, "),
        (["--robot", "--with", "stretch_sim"], "'stretch_sim' is no optional node of the graph 'robot'"),
        (["--with", "toaster"], "error 970: no node 'toaster' in the graph; there are: manager, "),
    ],
)
def test_only_optional_nodes_can_be_chosen(tmp_path: Path, arguments: list[str], told: str) -> None:
    result = CliRunner().invoke(build("up"), ["up", "--logs", str(tmp_path / "logs"), *arguments])
    assert result.exit_code == 2
    assert told in " ".join(result.stderr.split())
    assert not (tmp_path / "logs").exists()
