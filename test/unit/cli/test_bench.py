"""`f2p bench`: all names are known before anything is measured, or nothing is."""

from __future__ import annotations

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from typer.testing import CliRunner

from f2p.bench.protocol import benchmarks
from f2p.cli import build


def test_an_unknown_name_costs_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its error came when the names before it had been measured, and took their results with it."""
    monkeypatch.setitem(benchmarks._items, "swapping", lambda *_: lambda *_: pytest.fail("measured"))
    result = CliRunner().invoke(build("bench"), ["bench", "swapping", "nope", "--json"])
    assert result.exit_code == 2 and "error 10: no benchmark is called 'nope'; choose one of: " in result.stderr
