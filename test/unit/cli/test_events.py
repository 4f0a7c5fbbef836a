"""`f2p events`: lines a person can read, moments as one writes them, one line for what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from f2p.cli import build
from f2p.cli.events import since_ns
from f2p.events import EventLog, Noted

runner = CliRunner()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two tasks."""
    note = EventLog(tmp_path / "events.sqlite", "orchestrator", lambda _: None, lambda _: None)
    note(Noted("task", "asked for: above(a, b)", task="t1"))
    note(
        Noted("failure", "cause model: [it] fell", task="t1", plan="p1", weights="f" * 64, failure="failure-1", code=5)
    )
    note(Noted("task", "reached", task="t2"))
    return tmp_path / "events.sqlite"


def ask(*words: object) -> tuple[int, str]:
    result = runner.invoke(build("events"), ["events", *map(str, words)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_lines_name_time_process_and_ids(file: Path) -> None:
    code, text = ask("--file", file, "--task", "t1", "--since", "1h")
    lines = text.strip().splitlines()
    assert code == 0 and len(lines) == 2
    assert lines[1].endswith(
        "failure: cause model: [it] fell [task=t1 plan=p1 weights=ffffffffffff failure=failure-1] (error 5)"
    )
    assert "orchestrator" in lines[0] and lines[0][:2] == "20"
    found = [json.loads(line) for line in ask("--file", file, "--kind", "task", "--json")[1].strip().splitlines()]
    assert [one["task"] for one in found] == ["t1", "t2"]
    assert "nothing happened that fits" in ask("--file", file, "--task", "zzz")[1]


def test_moments_are_ago_or_dates() -> None:
    now = 10**18
    assert since_ns("90s", now) == now - 90 * 10**9 and since_ns("2h", now) == now - 7200 * 10**9
    assert since_ns("2026-11-27T08:30+00:00", now) == 1795768200 * 10**9
    for text in ("soon", "5", "-3h", "9999999999d"):
        with pytest.raises(typer.BadParameter, match="90s, 15m, 2h, 3d or"):
            since_ns(text, now)


def test_a_file_that_is_missing_costs_one_line(tmp_path: Path) -> None:
    code, text = ask("--file", tmp_path / "gone")
    assert code == 2 and "error 13" in text and "there is no such file" in " ".join(text.split())
