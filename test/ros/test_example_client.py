"""The example that asks for a goal over plain rclpy, beside an action server that stands in for the orchestrator."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from rclpy.action import ActionServer

from f2p.ros.remote.goal import spinning
from f2p_msgs.action import AchieveGoal

pytestmark = pytest.mark.together

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "08_ask_over_ros.py"


class Answerer:
    """Takes every goal, tells one stage, and ends as it is told."""

    def __init__(self, node: Any) -> None:
        self.asked: list[AchieveGoal.Goal] = []
        self.result = AchieveGoal.Result(success=True)
        self.server = ActionServer(node, AchieveGoal, "achieve_goal", self.answer)

    def answer(self, handle: Any) -> AchieveGoal.Result:
        self.asked.append(handle.request)
        handle.publish_feedback(AchieveGoal.Feedback(stage="plan", detail="planning along the proposal"))
        handle.succeed() if self.result.success else handle.abort()
        return self.result


@pytest.fixture
def answerer(ros_domain: int) -> Iterator[Answerer]:
    with spinning("orchestrator") as node:
        yield Answerer(node)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(EXAMPLE), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=150, check=False)


def test_it_asks_tells_and_ends_as_the_goal_did(answerer: Answerer) -> None:
    done = run("cup", "shelf")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "plan      planning along the proposal" in done.stdout and "reached: True" in done.stdout
    (goal,) = answerer.asked
    assert [(one.relation, one.subject, one.object, one.value) for one in goal.goal] == [
        ("above", "cup", "shelf", True)
    ]
    answerer.result = AchieveGoal.Result(success=False, error_code=472, error_msg="attempts used up")
    failed = run()
    assert failed.returncode == 1 and "error 472: attempts used up" in failed.stdout


def test_without_a_stack_it_says_so(ros_domain: int) -> None:
    done = run()
    assert done.returncode == 1 and "nobody answers" in done.stdout
