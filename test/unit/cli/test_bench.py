"""`f2p bench`: all names are known before anything is measured, or nothing is."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from typer.testing import CliRunner

from f2p.bench.protocol import Benchmark, Measurement, benchmarks
from f2p.cli import build
from f2p.cli.bench import measuring, usual
from f2p.registry import Makers


def known() -> Makers[Benchmark]:
    """Return the family once its members are in; what is put into it before would be found registered twice."""
    assert {"graph", "learning", "planning", "scan", "swapping"} <= set(measuring())
    return benchmarks


def test_an_unknown_name_costs_no_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its error came when the names before it had been measured, and took their results with it."""
    monkeypatch.setitem(known()._items, "swapping", lambda *_: lambda *_: pytest.fail("measured"))
    result = CliRunner().invoke(build("bench"), ["bench", "swapping", "nope", "--json"])
    assert result.exit_code == 2 and "error 10: no benchmark is called 'nope'; choose one of: " in result.stderr


@pytest.mark.parametrize(("value", "code"), [(1.0, 0), (2.0, 0), (2.1, 1)])
def test_the_exit_code_says_whether_all_limits_were_kept(
    monkeypatch: pytest.MonkeyPatch, value: float, code: int
) -> None:
    """And the load of the machine stands above the times, without which nobody can judge them."""
    made = [Measurement("kept", 1.0, "Hz", 1.0, at_least=True), Measurement("a time", value, "s", 2.0, products=0.5)]
    monkeypatch.setitem(known()._items, "swapping", lambda *_: lambda *_: made)
    result = CliRunner().invoke(build("bench"), ["bench", "swapping", "--json"])
    assert result.exit_code == code
    told = json.loads(result.stdout)
    assert [one["holds"] for one in told["measurements"]] == [True, code == 0] and len(told["load_average"]) == 3
    assert "load average" in result.stderr and "0.5 s" in result.stderr
    assert ("not kept" in result.stderr) == bool(code)


def test_a_folder_without_scans_is_one_line() -> None:
    result = CliRunner().invoke(build("bench"), ["bench", "scan", "--set", "scan.folder=/nowhere"])
    assert result.exit_code == 2 and "/nowhere: holds no .pcd file" in result.stderr.replace("\n", " ")


def test_what_takes_hours_runs_only_when_it_is_named() -> None:
    """Beside it, `f2p bench` would not end before the evening."""
    assert {"flood", "promises"} <= set(known().names)
    assert {"flood", "promises"}.isdisjoint(usual()) and "graph" in usual()
