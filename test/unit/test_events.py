"""Events: one line and one row each, asked for by task, time, failure and weights; a bad file stops nobody."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from f2p.events import EventLog, EventsError, Noted, read_events


class Ticks:
    """A clock that goes on by a second a question."""

    now_s = 0

    def stamp_ns(self) -> int:
        self.now_s += 1
        return self.now_s * 10**9

    def monotonic_s(self) -> float:
        return float(self.now_s)


def log_in(path: Path | str, told: list[str], clock: Ticks | None = None) -> EventLog:
    return EventLog(path, "tester", told.append, lambda text: told.append(f"! {text}"), clock or Ticks())


def test_an_event_is_one_line_and_can_be_asked_for(tmp_path: Path) -> None:
    told: list[str] = []
    note = log_in(tmp_path / "deep" / "events.sqlite", told)
    note(Noted("task", "asked for: above(a, b)", task="abc1"))
    note(Noted("plan", "pick_place(a)", task="abc1", plan="p1", weights="f" * 64))
    note(Noted("learned", "by another process", plan="p1", weights="e" * 64, failure="failure-1", facts={"x": 1.5}))
    note(Noted("step", "step 1", task="abc2", plan="p2", step=0, weights="f" * 64, code=612))
    assert told[1] == f"plan: pick_place(a) [task=abc1 plan=p1 weights={'f' * 12}]"
    path = tmp_path / "deep" / "events.sqlite"
    assert [one.kind for one in read_events(path)] == ["task", "plan", "learned", "step"]
    assert [one.kind for one in read_events(path, task="abc1")] == ["task", "plan", "learned"], (
        "with what its plans led to"
    )
    assert [one.plan for one in read_events(path, weights="ffff")] == ["p1", "p2"]
    assert [one.kind for one in read_events(path, since_ns=3 * 10**9)] == ["learned", "step"]
    assert [one.kind for one in read_events(path, kinds=("step", "plan"))] == ["plan", "step"]
    assert [one.kind for one in read_events(path, most=1)] == ["step"], "of many the newest"
    (one,) = read_events(path, failure="failure-1")
    assert one.facts == {"x": 1.5} and one.node == "tester" and one.stamp_ns == 3 * 10**9
    assert read_events(path, task="*") == read_events(path, task="'; DROP TABLE events; --") == []


def test_processes_write_at_once(tmp_path: Path) -> None:
    path, told = tmp_path / "events.sqlite", []

    def write(number: int) -> None:
        note = log_in(path, told)
        for index in range(25):
            note(Noted("step", str(index), task=str(number)))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(read_events(path)) == 100 and not any(line.startswith("!") for line in told)


def test_a_file_that_cannot_be_written_stops_nobody_and_is_told_of_once(tmp_path: Path) -> None:
    told: list[str] = []
    (tmp_path / "file").write_text("no folder")
    note = log_in(tmp_path / "file" / "events.sqlite", told)
    for _ in range(3):
        note(Noted("task", "x"))
    assert told.count("task: x") == 3 and sum(line.startswith("! events are not kept in") for line in told) == 1
    silent: list[str] = []
    log_in("", silent)(Noted("task", "y"))
    assert silent == ["task: y"]


def test_what_holds_no_events_is_said_to_hold_none(tmp_path: Path) -> None:
    (tmp_path / "odd").write_bytes(b"no database at all" * 100)
    for name, says in (("gone", "there is no such file"), ("odd", "not a database")):
        with pytest.raises(EventsError, match=says):
            read_events(tmp_path / name)
