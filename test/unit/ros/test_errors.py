"""An error becomes a code on the wire that is never that of success."""

from __future__ import annotations

import pytest

from f2p.errors import UNFORESEEN, F2pError
from f2p.guard.errors import GuardError
from f2p.loop.errors import RemoteError
from f2p.ros.errors import BusyError, wire_code, wire_text


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (BusyError("at work"), 478, "at work"),
        (RemoteError("from afar", 804), 804, "from afar"),
        (ValueError("two\nlines"), UNFORESEEN, "ValueError: two lines"),
        (GuardError("a base without a code"), UNFORESEEN, "a base without a code"),
        (F2pError(""), UNFORESEEN, "F2pError: "),
    ],
)
def test_codes_and_texts(error: Exception, code: int, text: str) -> None:
    assert (wire_code(error), wire_text(error)) == (code, text)
