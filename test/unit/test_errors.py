"""Errors as they go from one process to another."""

from __future__ import annotations

import copy

import pytest

from f2p.errors import F2pError
from f2p.loop.errors import RemoteError
from f2p.model.errors import DivergedError
from f2p.tasks.errors import TaskSizeError


@pytest.mark.parametrize(
    "error",
    [DivergedError("joint", 3.0, 7), TaskSizeError("drawer", 8, 7), RemoteError("it said so", 612), F2pError("plain")],
)
def test_an_error_of_a_worker_keeps_its_kind_and_sentence(error: F2pError) -> None:
    """Those that are written from facts broke the whole pool of processes; a copy is made the way they travel."""
    again = copy.copy(error)
    assert again is not error and type(again) is type(error)
    assert str(again) == str(error) and vars(again) == vars(error)
