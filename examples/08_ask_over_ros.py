"""A goal for a running stack (`./f2p up --sim`) from plain rclpy: nothing of f2p is needed but its messages."""

from __future__ import annotations

import sys

import rclpy
from rclpy.action import ActionClient
from rclpy.node import Node

from f2p_msgs.action import AchieveGoal
from f2p_msgs.msg import GoalRelation, SkillStep


class Asker(Node):
    """Sends one goal and tells what becomes of it."""

    def __init__(self) -> None:
        super().__init__("asker", namespace="f2p")
        self.client = ActionClient(self, AchieveGoal, "achieve_goal")

    def ask(self, relation: str, subject: str, object_: str, within_s: float) -> AchieveGoal.Result | None:
        """Return how a goal ended; None where nobody took it, or it took too long and was taken back."""
        if not self.client.wait_for_server(timeout_sec=10.0):
            print("nobody answers: is the stack up, and in this ROS_DOMAIN_ID?")
            return None
        goal = AchieveGoal.Goal(
            goal=[GoalRelation(relation=relation, subject=subject, object=object_, value=True)],
            proposal=[SkillStep(skill="pick_place", object=subject)],
        )
        sent = self.client.send_goal_async(goal, feedback_callback=lambda told: self.tell(told.feedback))
        rclpy.spin_until_future_complete(self, sent, timeout_sec=10.0)
        if not sent.done() or not sent.result().accepted:
            print("it refuses the goal" if sent.done() else "nobody answers any more: did the stack end just now?")
            return None
        asked = sent.result().get_result_async()
        rclpy.spin_until_future_complete(self, asked, timeout_sec=within_s)
        if not asked.done():
            rclpy.spin_until_future_complete(self, sent.result().cancel_goal_async(), timeout_sec=10.0)
            print(f"it did not end within {within_s:.0f} s and was taken back")
            return None
        return asked.result().result

    def tell(self, feedback: AchieveGoal.Feedback) -> None:
        """Print one stage."""
        print(f"{feedback.elapsed.sec:4} s  {feedback.stage:9} {feedback.detail}", flush=True)


if __name__ == "__main__":
    rclpy.init()
    result = Asker().ask("above", *(sys.argv[1:3] if len(sys.argv) > 2 else ("box", "table_b")), within_s=600.0)
    if result is not None:
        print(f"reached: {result.success}" if result.success else f"error {result.error_code}: {result.error_msg}")
    rclpy.try_shutdown()
    sys.exit(0 if result is not None and result.success else 1)
