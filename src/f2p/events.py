"""What happened, as rows that a person can ask for: one SQLite file that every process of the stack writes to.

A row names the task, plan, weights and failure it belongs to. Writing never stops a process: on a full disk or a
damaged file the event is in the log alone, and the log says so.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from f2p.clock import Clock, SystemClock
from f2p.errors import F2pError

EVENTS = "runs/events.sqlite"
"""Where they are kept unless a parameter says otherwise."""

EVENTS_TEXT = "file of the events that f2p events lists; empty: they are only logged"
"""Of the parameter."""

BUSY_S = 2.0
"""Longest wait for another process that writes [s] (ours: a row takes a millisecond)."""

MOST_ROWS = 200_000
"""Rows that are kept; the oldest go first (ours: a week of tasks, 60 MB)."""

_COLUMNS = ("stamp_ns", "node", "kind", "text", "task", "plan", "step", "weights", "failure", "code", "facts")
_TABLE = f"""
CREATE TABLE IF NOT EXISTS events (id INTEGER PRIMARY KEY, {", ".join(_COLUMNS)});
CREATE INDEX IF NOT EXISTS by_task ON events (task); CREATE INDEX IF NOT EXISTS by_time ON events (stamp_ns);
CREATE INDEX IF NOT EXISTS by_weights ON events (weights, kind);
"""


class EventsError(F2pError):
    """A file of events that cannot be read."""

    code = 13

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(f"{str(path)!r} holds no events: {reason}")


@dataclass(frozen=True)
class Noted:
    """One thing that happened."""

    kind: str
    """task, plan, step, failure, attempt, learned, swap, rollback, shadow, waiting, lifecycle …"""
    text: str
    """One line for people."""
    node: str = ""
    stamp_ns: int = 0
    task: str = ""
    plan: str = ""
    step: int | None = None
    """Which step of the plan, from 0."""
    weights: str = ""
    """Of a step or plan: those that predicted it."""
    failure: str = ""
    code: int = 0
    """Error code; 0 where it is none."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What else is known, as JSON."""

    def __str__(self) -> str:
        ids = {"task": self.task, "plan": self.plan, "weights": self.weights[:12], "failure": self.failure}
        told = " ".join(f"{name}={value}" for name, value in ids.items() if value)
        return f"{self.kind}: {self.text}" + (f" [{told}]" if told else "")


Note = Callable[[Noted], None]
"""Takes an event: logs it, and keeps it where there is a file."""


def unnoted(_event: Noted) -> None:
    """Take an event and forget it."""


class EventLog:
    """Writes events of one process; from any thread.

    Args:
        path: The file; made when the first event comes.
        node: Who writes.
        log: Takes one line for each event.
        warn: Takes one line when events can no longer be kept.
        clock: When things happen.
    """

    def __init__(
        self, path: Path | str, node: str, log: Callable[[str], object], warn: Callable[[str], object],
        clock: Clock | None = None,
    ) -> None:  # fmt: skip
        self._path, self._node, self._log, self._warn = Path(path) if path else None, node, log, warn
        self._clock, self._lock, self._told = clock or SystemClock(), threading.Lock(), ""

    def __call__(self, event: Noted) -> None:
        """Log an event and keep it."""
        self._log(str(event))
        if self._path is None:
            return
        values = (
            self._clock.stamp_ns(), self._node, event.kind, event.text, event.task, event.plan, event.step,
            event.weights, event.failure, event.code, json.dumps(event.facts, default=str),
        )  # fmt: skip
        marks = ", ".join("?" * len(_COLUMNS))
        try:
            with self._lock, _opened(self._path) as database:
                database.executescript(_TABLE)
                database.execute(f"INSERT INTO events ({', '.join(_COLUMNS)}) VALUES ({marks})", values)
                database.execute("DELETE FROM events WHERE id <= (SELECT max(id) FROM events) - ?", (MOST_ROWS,))
            self._told = ""
        except (sqlite3.Error, OSError) as error:
            if str(error) != self._told:
                self._told = str(error)
                self._warn(f"events are not kept in {self._path}: {error}")


def read_events(
    path: Path | str, task: str = "", since_ns: int = 0, failure: str = "", weights: str = "",
    kinds: Collection[str] = (), most: int = 1000,
) -> list[Noted]:  # fmt: skip
    """Return events, oldest first; of many the newest.

    Args:
        path: The file.
        task: Only those of the task whose id begins so: its own, and those of its plans and failures.
        since_ns: Only those after [ns].
        failure: Only those of the failure whose id begins so.
        weights: Only those of the weights whose id begins so.
        kinds: Only those of these kinds; all where there are none.
        most: How many at most.

    Raises:
        EventsError: There is no such file, or it is none of ours.
    """
    if not Path(path).is_file():
        raise EventsError(path, "there is no such file; a running stack writes it")
    wanted, values = ["stamp_ns >= ?"], [since_ns, *_begins(failure), *_begins(weights)]
    wanted += ["failure GLOB ?"] * bool(failure) + ["weights GLOB ?"] * bool(weights)
    if kinds:
        wanted.append(f"kind IN ({', '.join('?' * len(kinds))})")
        values += kinds
    if task:
        of_task = "SELECT {0} FROM events WHERE task GLOB ? AND {0} != ''"
        wanted.append(
            f"(task GLOB ? OR plan IN ({of_task.format('plan')}) OR failure IN ({of_task.format('failure')}))"
        )
        values += 3 * _begins(task)
    query = f"SELECT {', '.join(_COLUMNS)} FROM events WHERE {' AND '.join(wanted)} ORDER BY id DESC LIMIT ?"
    try:
        with _opened(Path(path)) as database:
            rows = database.execute(query, (*values, most)).fetchall()
        return [Noted(**{**dict(zip(_COLUMNS, row, strict=True)), "facts": json.loads(row[-1])}) for row in rows[::-1]]
    except (sqlite3.Error, ValueError, TypeError) as error:
        raise EventsError(path, str(error)) from error


def _begins(text: str) -> list[Any]:
    """Return the pattern of what begins so, its own letters taken as they are; nothing for nothing."""
    return ["".join(f"[{letter}]" if letter in "*?[" else letter for letter in text) + "*"] if text else []


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the file for one transaction."""
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path, timeout=BUSY_S)
    try:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        with database:
            yield database
    finally:
        database.close()
