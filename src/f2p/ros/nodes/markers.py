"""The markers' process: what the graph publishes, drawn for rviz and other viewers, and only while one looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from geometry_msgs.msg import PoseArray
from std_msgs.msg import String
from visualization_msgs.msg import MarkerArray

from f2p.errors import F2pError
from f2p.graph.viewing import MARKERS
from f2p.plan.tree import plan_tree
from f2p.report.markers import Mark, failure_marks, particle_marks, plan_marks, scene_marks
from f2p.ros.base import qos
from f2p.ros.base.node import F2pNode, run
from f2p.ros.errors import wire_text
from f2p.ros.messages.bounds import only_within
from f2p.ros.messages.convert import plan_from_msg, scene_from_msg
from f2p.ros.messages.learning import contradictions_from_msg, places_from_msg, status_from_msg
from f2p.ros.messages.markers import markers_to_msg
from f2p.settings import Settings
from f2p.types import Plan, Scene
from f2p_msgs.msg import Failure as FailureMessage
from f2p_msgs.msg import Plan as PlanMessage
from f2p_msgs.msg import SegmentedScene


@dataclass(frozen=True)
class MarkersNodeConfig(Settings):
    """Nothing can be set."""


CONFIG = MarkersNodeConfig
"""What its parameters are made from."""


class MarkersNode(F2pNode):
    """Keeps the newest message of each kind, and draws those that changed with the next heartbeat."""

    def __init__(self) -> None:
        super().__init__("markers", CONFIG())
        self._scene: SegmentedScene | None = None
        self._plan: PlanMessage | None = None
        self._planned_for: SegmentedScene | None = None
        self._failure: FailureMessage | None = None
        self._status, self._places = "", np.zeros((0, 3))
        self._due: set[str] = set()
        self._watched: set[str] = set()

    def connect(self) -> None:
        """Subscribe what the graph publishes latched, and offer one topic for each display."""
        for kind, name, store in (
            (SegmentedScene, "scene", only_within(self._on_scene)), (PlanMessage, "plan", only_within(self._on_plan)),
            (FailureMessage, "failure", only_within(self._on_failure)), (String, "plan_status", self._on_status),
            (PoseArray, "particles", self._on_particles),
        ):  # fmt: skip
            self.create_subscription(kind, name, store, qos.LATCHED, callback_group=self.together)
        self._topics = {name: self.create_publisher(MarkerArray, topic, qos.LATCHED) for name, topic in MARKERS.items()}

    def tick(self) -> None:
        """Draw what changed, or what somebody has just begun to look at; nothing where nobody does."""
        drawn: dict[str, Callable[[], list[Mark]]] = {
            "scene": self._draw_scene, "plan": self._draw_plan, "particles": lambda: particle_marks(self._places),
            "failure": self._draw_failure,
        }  # fmt: skip
        watched = {name for name, topic in self._topics.items() if topic.get_subscription_count() > 0}
        for name in sorted(watched & (self._due | (watched - self._watched))):
            try:
                marks = drawn[name]()
            except F2pError as error:
                self.get_logger().warning(f"{name} cannot be drawn: {wire_text(error)}", throttle_duration_sec=5.0)
                marks = []
            self._topics[name].publish(markers_to_msg(marks, self.get_clock().now().nanoseconds))
            self._due.discard(name)
        self._watched = watched

    def _draw_scene(self) -> list[Mark]:
        scene = self._seen(self._scene)
        return [] if scene is None else scene_marks(scene)

    def _draw_plan(self) -> list[Mark]:
        scene = self._seen(self._planned_for)
        if self._plan is None or scene is None:
            return []
        plan: Plan = plan_from_msg(self._plan)
        return plan_marks(plan, scene, self._status if plan.id in self._status else plan_tree(plan))

    def _draw_failure(self) -> list[Mark]:
        failure = self._failure
        if failure is None:
            return []
        contradictions = list(contradictions_from_msg(failure))
        return failure_marks(failure.cause, failure.message, contradictions, self._seen(self._scene))

    @staticmethod
    def _seen(message: SegmentedScene | None) -> Scene | None:
        return None if message is None else scene_from_msg(message)

    def _on_scene(self, message: SegmentedScene) -> None:
        self._scene = message
        self._due.add("scene")

    def _on_plan(self, message: PlanMessage) -> None:
        self._plan, self._planned_for = message, self._scene
        self._due.add("plan")

    def _on_status(self, message: String) -> None:
        self._status = status_from_msg(message)
        self._due.add("plan")

    def _on_failure(self, message: FailureMessage) -> None:
        self._failure = message
        self._due.add("failure")

    def _on_particles(self, message: PoseArray) -> None:
        self._places = places_from_msg(message)
        self._due.add("particles")


def main() -> None:
    """Run the markers until they are asked to end."""
    run(MarkersNode)


if __name__ == "__main__":
    main()
