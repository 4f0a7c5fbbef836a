"""The perception's process: looks around through the guarded head and makes a named scene of what it saw."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from std_srvs.srv import Trigger
from tf2_msgs.msg import TFMessage

from f2p.errors import CanceledError
from f2p.robot.errors import MotionCancelledError
from f2p.robot.looks import Look
from f2p.ros.base import qos
from f2p.ros.base.heartbeat import Watch
from f2p.ros.base.node import F2pNode, run
from f2p.ros.errors import EmptyViewError, NoImageError
from f2p.ros.messages.bounds import only_within
from f2p.ros.messages.convert import duration_from_msg, scene_to_msg
from f2p.ros.messages.frames import task_frame
from f2p.ros.messages.ground_truth import labelled, scene_of
from f2p.ros.messages.inventory import inventory_of
from f2p.ros.messages.scenes import content_id
from f2p.ros.remote.camera import Looker, LookingConfig, Sighting, Stages
from f2p.ros.remote.guard import GuardClient, GuardClientConfig
from f2p.scene.cloud.library import open3d
from f2p.scene.objects.memory import Memory
from f2p.scene.segment.protocol import segmenters
from f2p.scene.tabletop import TabletopConfig, scene_from_cloud
from f2p.settings import choice, group, number, setting
from f2p.types import Scene
from f2p_msgs.action import PerceiveScene
from f2p_msgs.msg import GroundTruth, SegmentedScene

GROUND_TRUTH = "ground_truth"
"""What is chosen instead of a segmenter in tests with a simulator."""


def segmenter_names() -> tuple[str, ...]:
    """Return what may be chosen."""
    return (*segmenters.names, GROUND_TRUTH)


@dataclass(frozen=True)
class PerceptionConfig(LookingConfig):
    """How views become scenes."""

    deadline_s: float = number(60.0, "longest look around", unit="s", low=1.0, high=600.0, runtime=False)
    segmenter: str = choice("geometric", "how things are told apart; ground_truth in simulation", segmenter_names)
    inventory: str = setting(
        "{}", 'known objects: {"name": ["prior", [x, y, z]]} [m]', source="none: the operator's", runtime=True
    )
    truth_topic: str = setting("/stretch_sim/ground_truth", "where the simulator tells its truth, for tests")
    scene: TabletopConfig = group(TabletopConfig)
    guard: GuardClientConfig = group(GuardClientConfig)

    def __post_init__(self) -> None:
        """Refuse text that cannot be used when it is set, not at the first look."""
        super().__post_init__()
        inventory_of(self.inventory)


CONFIG = PerceptionConfig
"""What its parameters are made from."""


class PerceptionNode(F2pNode):
    """Runs `f2p.scene` on its worker thread."""

    def __init__(self) -> None:
        super().__init__("perception", CONFIG())
        self._memory, self._inventory = Memory(), ""
        self._truth: GroundTruth | None = None

    def connect(self) -> None:
        """Head, camera, the action, the latched scene, and the frame it is in."""
        config = self.parameters.config
        self._looker = Looker(self, GuardClient(self, Watch(self, ["guard"]), config.guard), config)
        self._scenes = self.create_publisher(SegmentedScene, "scene", qos.LATCHED)
        self._task_frame = self.create_publisher(TFMessage, "/tf_static", qos.STATIC_TRANSFORMS)
        self._task_frame.publish(task_frame(self.get_clock().now().to_msg()))
        if config.segmenter == GROUND_TRUTH:
            self.create_subscription(GroundTruth, config.truth_topic, only_within(self._on_truth), qos.STATE,
                                     callback_group=self.together)  # fmt: skip
        self.create_service(Trigger, "forget", self._on_forget, callback_group=self.together)
        self.act(PerceiveScene, "perceive", self._perceive, config.deadline_s)

    def load(self) -> None:
        """Import what looks at clouds, so that the first look takes no longer than the others."""
        open3d()

    def _on_truth(self, message: GroundTruth) -> None:
        self._truth = message

    def _on_forget(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._memory, response.success, response.message = Memory(), True, "names start afresh with the next look"
        return response

    def _perceive(self, handle: Any) -> PerceiveScene.Result:
        def see(aside: float, previous: Scene | None) -> Scene:
            return self._scene_from(handle, aside, previous)

        if self._inventory != self.parameters.config.inventory:
            self._memory, self._inventory = Memory(), self.parameters.config.inventory
        try:
            scene = self._memory.look(see, self.get_logger().info)
        except MotionCancelledError as error:
            raise CanceledError("the look was canceled") from error
        message = scene_to_msg(scene)
        message.id = content_id(message)
        self._scenes.publish(message)
        self.get_logger().info(f"seen: {', '.join(scene.names)}")
        return PerceiveScene.Result(scene=message)

    def _scene_from(self, handle: Any, aside: float, previous: Scene | None) -> Scene:
        """Return what is seen from one place. Raises EmptyViewError when that is nothing."""
        request = handle.request

        def tell(stage: str, look: int, looks: int) -> None:
            handle.publish_feedback(PerceiveScene.Feedback(stage=stage, look=look, looks=looks))

        view = self._looker.look(
            [Look(one.pan, one.tilt) for one in request.looks], duration_from_msg(request.settle), aside,
            lambda: bool(handle.is_cancel_requested), tell,
        )  # fmt: skip
        tell(Stages.SEGMENT, 0, len(request.looks))
        from_ground_truth = self.parameters.config.segmenter == GROUND_TRUTH
        scene = self._true_scene(view) if from_ground_truth else self._seen_scene(view, previous, tuple(request.sought))
        if not scene.segments:
            raise EmptyViewError(f"nothing was left of {len(view.points_task)} points after segmentation")
        return scene

    def _true_scene(self, view: Sighting) -> Scene:
        if self._truth is None:
            raise NoImageError(f"no ground truth on {self.parameters.config.truth_topic}")
        return labelled(view.points_task, scene_of(self._truth), view.stamp_ns)

    def _seen_scene(self, view: Sighting, previous: Scene | None, sought: tuple[str, ...]) -> Scene:
        config = replace(self.parameters.config.scene, known=inventory_of(self._inventory), sought=sought)
        segmenter = segmenters.make(self.parameters.config.segmenter)
        return scene_from_cloud(view.points_task, config, previous, view.sensor_task, view.stamp_ns, segmenter)


def main() -> None:
    """Run the perception until it is asked to end."""
    run(PerceptionNode, images=True)


if __name__ == "__main__":
    main()
