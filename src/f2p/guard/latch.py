"""The latch: why nothing moves until an operator resumes. It outlasts the guard's process, which is started anew.

A guard that was killed while it was latched came back and took motions once the button was released. So the reason lies
in a file, and the next guard of the same bring-up begins with it. Another bring-up is a person's doing: it begins
without.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Callable
from pathlib import Path

MOST_BYTES = 4096
"""Of a file that is read [bytes] (ours: a reason is one line)."""


class Latch:
    """Set by the guard, cleared by an operator.

    Args:
        file: Where the reason is kept; None keeps it in this process only.
        bring_up: Names whoever starts this process anew; a reason of another bring-up does not count.
        log: Told when the file cannot be written.
    """

    def __init__(
        self, file: Path | None = None, bring_up: str = "", log: Callable[[str], None] = lambda _text: None
    ) -> None:
        self._file, self._bring_up, self._log = file, bring_up, log
        self.why = self._kept()

    def set(self, why: str) -> None:
        """Latch, and keep the reason."""
        self.why = why
        if self._file is None:
            return
        gathered = self._file.with_name(f".{self._file.name}.{os.getpid()}")
        try:
            gathered.write_text(json.dumps({"bring_up": self._bring_up, "why": why}))
            gathered.replace(self._file)
        except OSError as error:
            self._log(f"the latch will not outlast this process: {error}")

    def clear(self) -> str:
        """Let motions begin again; the reason that is cleared, or empty."""
        cleared, self.why = self.why, ""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.unlink(missing_ok=True)
        return cleared

    def _kept(self) -> str:
        """Return the reason that a guard of this bring-up left, or empty."""
        if self._file is None:
            return ""
        try:
            with self._file.open("rb") as file:
                told = json.loads(file.read(MOST_BYTES))
            return str(told["why"]) if told["bring_up"] == self._bring_up else ""
        except (OSError, ValueError, KeyError, TypeError):
            return ""
