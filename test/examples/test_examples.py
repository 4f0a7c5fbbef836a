"""The examples run, say what they promise, and stay short enough to be read at one sitting."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
OVER_ROS = "08_ask_over_ros.py"
"""Runs in test/ros, beside a process that answers."""
SAID = {
    "01_relations_of_a_scene.py": "inside(",
    "02_plan_and_execute.py": "not as predicted: ",
    "03_learn_from_a_failure.py": "fresh scenes solved",
    "04_push_without_ros.py": "with a stuck wheel: False, error 403",
    "05_look_at_a_depth_image.py": "inside(object_1, box) is True",
    "06_doubt_and_keep.py": "cause model",
    "07_weights_in_and_out.py": "refused: NOT_PROVEN",
}


def test_there_are_eight_and_each_says_in_a_line_what_it_shows_and_is_short() -> None:
    assert [path.name[:2] for path in EXAMPLES] == [f"{number:02}" for number in range(1, 9)]
    assert {path.name for path in EXAMPLES} == {*SAID, OVER_ROS}
    for path in EXAMPLES:
        lines = path.read_text().splitlines()
        assert len(lines) < 60 and lines[0].startswith('"""') and lines[0].endswith('"""'), path.name


@pytest.mark.parametrize("path", [path for path in EXAMPLES if path.name in SAID], ids=lambda path: path.name)
def test_an_example_runs_and_says_so(path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, str(path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stderr
    assert SAID[path.name] in done.stdout
