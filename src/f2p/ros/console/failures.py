"""The failures as a timeline: those that were heard, and those that lie in the monitor's folder from before."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from f2p.clock import Clock
from f2p.console.view import FailureRow
from f2p.errors import F2pError
from f2p.monitor.case import handled, is_case, read_case, written_ns
from f2p.report.words import PAGE, call_text
from f2p.ros.messages.convert import stamp_from_msg
from f2p.ros.messages.learning import contradictions_from_msg
from f2p_msgs.msg import Failure as FailureMessage

MOST = 20
"""Failures that are shown (ours: a day's)."""

SCAN_S = 2.0
"""Time between two looks into the folder [s] (ours: pages are written some seconds after their failure)."""


def row_from_msg(message: FailureMessage) -> FailureRow:
    """Return what a message says of a failure."""
    step = f"{message.step.skill}({message.step.object})"
    return FailureRow(message.id, stamp_from_msg(message.header.stamp), step, message.cause, message.message,
                      contradictions_from_msg(message))  # fmt: skip


class Timeline:
    """Told by a callback, asked by the window's thread.

    Args:
        folder: Where failures are kept, asked each time; None where that is not on this machine.
        clock: Time between two looks.
    """

    def __init__(self, folder: Callable[[], Path | None], clock: Clock) -> None:
        self._folder, self._clock = folder, clock
        self._heard: deque[FailureRow] = deque(maxlen=MOST)
        self._read: dict[str, FailureRow] = {}
        self._rows: tuple[FailureRow, ...] = ()
        self._looked_s = float("-inf")

    def add(self, row: FailureRow | None) -> None:
        """Take one that was heard."""
        if row is not None and all(one.id != row.id for one in self._heard):
            self._heard.append(row)
            self._looked_s = float("-inf")

    def rows(self) -> tuple[FailureRow, ...]:
        """Return all, the newest first; the same object until something changes."""
        now_s = self._clock.monotonic_s()
        if now_s - self._looked_s > SCAN_S:
            self._looked_s = now_s
            rows = {row.id: row for row in (*self._kept(), *self._heard)}
            found = tuple(sorted(map(self._placed, rows.values()), key=lambda row: -row.stamp_ns)[:MOST])
            self._rows = self._rows if found == self._rows else found
        return self._rows

    def page(self, failure_id: str) -> Path | None:
        """Return the page of a failure in the list, where it is on this machine; an id names nothing else."""
        folder = self._folder()
        if folder is None or all(row.id != failure_id for row in self._rows):
            return None
        path = folder / failure_id / PAGE
        return path if path.resolve().parent.parent == folder.resolve() and path.is_file() else None

    def _placed(self, row: FailureRow) -> FailureRow:
        folder = self._folder()
        if folder is None or not is_case(folder / row.id):
            return row
        case = folder / row.id
        return replace(row, page=(case / PAGE).is_file(), handled=handled(case))

    def _kept(self) -> list[FailureRow]:
        """Return the newest failures of the folder; one that cannot be read is listed as such."""
        folder = self._folder()
        cases = [one for one in folder.glob("*") if is_case(one)] if folder is not None else []
        return [self._of(case) for case in sorted(cases, key=written_ns)[-MOST:]]

    def _of(self, case: Path) -> FailureRow:
        if case.name not in self._read:
            try:
                failure = read_case(case)
                row = FailureRow(
                    case.name, written_ns(case), call_text(failure.outcome.call), failure.cause.value,
                    failure.explanation, failure.contradictions,
                )  # fmt: skip
            except F2pError as error:
                row = FailureRow(case.name, written_ns(case), "unreadable", "unknown", str(error))
            self._read[case.name] = row
        return self._read[case.name]
