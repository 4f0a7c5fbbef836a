"""What an operator decided about a failure lies in its folder, beside what others did, and nowhere else."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from f2p.monitor.case import note_operator, operator_notes
from f2p.ros.base.worker import Worker
from f2p.ros.remote.notes import OperatorNotes
from f2p_msgs.msg import OperatorWord


@pytest.fixture
def failures(tmp_path: Path) -> Path:
    """A folder of failures with one in it."""
    folder = tmp_path / "failures"
    (folder / "failure-1").mkdir(parents=True)
    (folder / "failure-1" / "case.json").write_text("{}")
    return folder


def test_decisions_add_up_oldest_first(failures: Path) -> None:
    assert operator_notes(failures / "failure-1") == []
    for choice in ("resume", "done"):
        assert note_operator(failures, "failure-1", {"choice": choice, "driven": {"joint_lift": 0.1}})
    told = operator_notes(failures / "failure-1")
    assert [one["choice"] for one in told] == ["resume", "done"] and told[0]["driven"] == {"joint_lift": 0.1}


@pytest.mark.parametrize("name", ["../failure-1", "nowhere", "", "failure-1/../failure-1", "/etc", "a" * 200])
def test_a_name_that_is_no_failure_here_writes_nothing(failures: Path, name: str) -> None:
    before = sorted(failures.parent.rglob("*"))
    assert not note_operator(failures, name, {"choice": "done"})
    assert sorted(failures.parent.rglob("*")) == before


@pytest.mark.parametrize("content", ["{", "[1, 2]", '{"a": 1}', "[NaN]"])
def test_notes_that_are_none_are_written_anew(failures: Path, content: str) -> None:
    (failures / "failure-1" / "operator.json").write_text(content)
    assert operator_notes(failures / "failure-1") == []
    assert note_operator(failures, "failure-1", {"choice": "skip"})
    assert [one["choice"] for one in operator_notes(failures / "failure-1")] == ["skip"]


def heard(failures: Path, word: OperatorWord) -> list[str]:
    """What the node logs when a word comes in."""
    said: list[str] = []
    stores: list[Any] = []
    log = SimpleNamespace(info=said.append, warning=said.append)
    node = SimpleNamespace(
        create_subscription=lambda _kind, _name, store, *_, **__: stores.append(store), get_logger=lambda: log
    )
    worker = SimpleNamespace(submit=lambda job, _deadline_s: job())
    OperatorNotes(node, worker, lambda: failures)
    stores[0](word)
    return said


def test_a_word_on_the_wire_comes_to_the_folder_with_what_was_driven(failures: Path) -> None:
    word = OperatorWord(choice="done", holder="me", failure_id="failure-1", joints=["joint_lift"], driven=[0.2])
    assert heard(failures, word) == ["failure-1: the operator says done"]
    (told,) = operator_notes(failures / "failure-1")
    assert (told["choice"], told["holder"], told["driven"]) == ("done", "me", {"joint_lift": 0.2})


def test_words_about_no_failure_or_another_robots_leave_nothing(failures: Path) -> None:
    assert heard(failures, OperatorWord(choice="resume")) == []
    assert "not kept" in heard(failures, OperatorWord(choice="resume", failure_id="failure-9"))[0]
    assert heard(failures, OperatorWord(choice="x" * 200, failure_id="failure-1")) == [], "beyond its bounds"
    assert operator_notes(failures / "failure-1") == []


def test_a_disk_that_is_full_is_said_and_what_was_noted_stays(failures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    note_operator(failures, "failure-1", {"choice": "done"})

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("f2p.monitor.case.write_whole", full)
    said = heard(failures, OperatorWord(choice="skip", failure_id="failure-1"))
    assert "is not kept" in said[0] and "No space left" in said[0]
    assert [one["choice"] for one in operator_notes(failures / "failure-1")] == ["done"]


def test_more_words_than_can_be_written_are_said_and_end_nothing(failures: Path) -> None:
    """A hundred a second ended the monitor: what a callback raises ends its process."""
    stores: list[Any] = []
    said: list[str] = []
    node = SimpleNamespace(
        create_subscription=lambda _kind, _name, store, *_, **__: stores.append(store),
        get_logger=lambda: SimpleNamespace(info=said.append, warning=lambda text, **_: said.append(text)),
    )
    disk, worker = threading.Event(), Worker("notes", waiting=2)

    def slow() -> Path:
        disk.wait(timeout=10)
        return failures

    OperatorNotes(node, worker, slow)
    for _ in range(5):
        stores[0](OperatorWord(choice="done", holder="me", failure_id="failure-1"))
    assert said and all("is not kept" in text and "jobs waiting" in text for text in said)
    disk.set()
    assert worker.close(10.0)
