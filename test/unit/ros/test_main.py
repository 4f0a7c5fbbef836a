"""`f2p_node`: what it reads of its arguments, and what it says where it may not have its priority."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from f2p.ros import main


def test_namespace_and_files_are_read_from_ros_arguments() -> None:
    words = ["f2p_node", "--ros-args", "-r", "__node:=guard", "--params-file", "a.yaml", "--params-file", "b.yaml"]
    assert main.told_files(words) == [Path("a.yaml"), Path("b.yaml")]
    assert main.told_namespace(words) == "/f2p"
    assert main.told_namespace([*words, "-r", "__ns:=/left/f2p"]) == "/left/f2p"


def test_a_priority_that_is_refused_is_told_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """As an ordinary user the guard ran beside everything else, and nobody knew."""

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "setpriority", refuse)
    told = main.take_priority(-10)
    assert "instead of" in told and "/etc/security/limits.d" in told and "\n" not in told


def test_a_priority_that_is_given_is_not_talked_about(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(os, "setpriority", lambda _which, _who, nice: asked.append(nice))
    monkeypatch.setattr(os, "getpriority", lambda _which, _who: 3)
    assert not main.take_priority(-10) and asked == [-7]
