"""`f2p_node`: what it reads of its arguments."""

from __future__ import annotations

from pathlib import Path

from f2p.ros import main


def test_namespace_and_files_are_read_from_ros_arguments() -> None:
    words = ["f2p_node", "--ros-args", "-r", "__node:=guard", "--params-file", "a.yaml", "--params-file", "b.yaml"]
    assert main.told_files(words) == [Path("a.yaml"), Path("b.yaml")]
    assert main.told_namespace(words) == "/f2p"
    assert main.told_namespace([*words, "-r", "__ns:=/left/f2p"]) == "/left/f2p"
