"""What tests of all kinds share."""

from __future__ import annotations

import os

import pytest

os.environ.setdefault("OMP_NUM_THREADS", "1")  # as the command line and the graph set it, before anything counts cores

from f2p.action.protocol import actions
from f2p.sim.motion.protocol import motions

from .toy_push import PUSH, Push, push_path


@pytest.fixture
def push(monkeypatch: pytest.MonkeyPatch) -> str:
    """A second skill's name, registered for the length of a test as a plug-in would register it."""
    assert PUSH not in actions.names and PUSH not in motions.names
    monkeypatch.setitem(actions._items, PUSH, Push())
    monkeypatch.setitem(motions._items, PUSH, push_path)
    return PUSH
