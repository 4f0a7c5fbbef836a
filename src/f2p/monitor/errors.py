"""What a monitor can refuse, and why (codes 5xx)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from f2p.errors import F2pError


class MonitorError(F2pError):
    """Base of this package's errors."""


class NotEnoughRunsError(MonitorError):
    """Too few successful runs to promise a false-alarm rate."""

    code = 501

    def __init__(self, runs: int, needed: int, false_alarms: float) -> None:
        super().__init__(
            f"{runs} successful runs cannot bound false alarms at {false_alarms:.1%}; record at least {needed}, "
            f"or allow more false alarms"
        )


class BadScoreError(MonitorError):
    """A monitor score that is no number."""

    code = 502

    def __init__(self, count: int) -> None:
        super().__init__(f"{count} of the scores are not finite; leave runs with broken perception out")


class DifferentScenesError(MonitorError):
    """Relations that are not about the same objects."""

    code = 503

    def __init__(self, expected: Sequence[str], found: Sequence[str], what: str) -> None:
        super().__init__(f"{what} is about {', '.join(found) or 'nothing'}; expected {', '.join(expected)}")


class NotACaseError(MonitorError):
    """A folder that does not hold a failure, or only a part of one."""

    code = 504

    def __init__(self, folder: Path | str, reason: str) -> None:
        super().__init__(f"{str(folder)!r} is not a whole failure folder: {reason}; expected what `write_case` leaves")


class CaseExistsError(MonitorError):
    """A folder that is already there is never written over."""

    code = 505

    def __init__(self, folder: Path | str) -> None:
        super().__init__(f"{str(folder)!r} exists already; failures are never overwritten: choose another folder")


class CaseNotWrittenError(MonitorError):
    """A failure folder that could not be written; nothing is left of it."""

    code = 506

    def __init__(self, folder: Path | str, reason: str) -> None:
        super().__init__(f"cannot write the failure to {str(folder)!r}: {reason}; free space or choose another folder")
