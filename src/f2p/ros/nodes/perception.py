"""The perception's process: looks around through the guarded head and makes a named scene of what it saw."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace

import numpy as np
from std_msgs.msg import String
from std_srvs.srv import Trigger

from f2p.ros.base import qos
from f2p.ros.base.heartbeat import Watch
from f2p.ros.base.node import F2pNode, run
from f2p.ros.errors import BadViewRequestError, EmptyViewError, NoImageError
from f2p.ros.messages.convert import scene_to_msg
from f2p.ros.messages.ground_truth import labelled, scene_from_json
from f2p.ros.remote.camera import Looker, LookingConfig, Sighting
from f2p.ros.remote.guard import GuardClient
from f2p.scene.cloud.library import open3d
from f2p.scene.objects.memory import Memory
from f2p.scene.objects.tracking import KnownObject
from f2p.scene.tabletop import TabletopConfig, scene_from_cloud
from f2p.settings import choice, number
from f2p.shape.protocol import shapes
from f2p.types import Scene
from f2p_msgs.msg import SegmentedScene
from f2p_msgs.srv import PerceiveScene

SEGMENTERS = ("geometric", "ground_truth")


@dataclass(frozen=True)
class PerceptionConfig(LookingConfig):
    """How views become scenes."""

    deadline_s: float = number(60.0, "longest look around", unit="s", low=1.0, high=600.0)
    segmenter: str = choice(SEGMENTERS[0], "geometric, or ground_truth in simulation (tests)", lambda: SEGMENTERS)
    inventory: str = field(
        default="{}", metadata={"text": 'known objects: {"name": ["prior", [x, y, z]]} [m]', "runtime": True}
    )
    truth_topic: str = "/stretch_sim/ground_truth"
    scene: TabletopConfig = field(default_factory=TabletopConfig)

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
        self._truth: String | None = None

    def connect(self) -> None:
        """Head, camera, the services and the latched scene."""
        config = self.parameters.config
        self._watch = Watch(self, ["guard"])
        self._looker = Looker(self, GuardClient(self, self._watch), config)
        self._scenes = self.create_publisher(SegmentedScene, "scene", qos.LATCHED)
        if config.segmenter == "ground_truth":
            self.create_subscription(String, config.truth_topic, self._on_truth, qos.STATE,
                                     callback_group=self.together)  # fmt: skip
        self.create_service(Trigger, "forget", self._on_forget, callback_group=self.together)
        self.serve(PerceiveScene, "perceive", self._perceive, config.deadline_s)

    def load(self) -> None:
        """Import what looks at clouds, so that the first look takes no longer than the others."""
        open3d()

    def _on_truth(self, message: String) -> None:
        self._truth = message

    def _on_forget(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._memory, response.success, response.message = Memory(), True, "names start afresh with the next look"
        return response

    def _perceive(self, request: PerceiveScene.Request, response: PerceiveScene.Response) -> None:
        def see(aside: float, previous: Scene | None) -> Scene:
            return self._scene_from(request, aside, previous)

        if self._inventory != self.parameters.config.inventory:
            self._memory, self._inventory = Memory(), self.parameters.config.inventory
        scene = self._memory.look(see, self.get_logger().info)
        response.scene = scene_to_msg(scene)
        self._scenes.publish(response.scene)
        self.get_logger().info(f"seen: {', '.join(scene.names)}")

    def _scene_from(self, request: PerceiveScene.Request, aside: float, previous: Scene | None) -> Scene:
        """Return what is seen from one place. Raises EmptyViewError when that is nothing."""
        view = self._looker.look(list(request.pan), list(request.tilt), float(request.settle), aside)
        by_truth = self.parameters.config.segmenter == "ground_truth"
        scene = self._true_scene(view) if by_truth else self._seen_scene(view, previous, tuple(request.sought))
        if not scene.segments:
            raise EmptyViewError(f"nothing was left of {len(view.points_task)} points after segmentation")
        return scene

    def _true_scene(self, view: Sighting) -> Scene:
        if self._truth is None:
            raise NoImageError(f"no ground truth on {self.parameters.config.truth_topic}")
        return labelled(view.points_task, scene_from_json(self._truth.data), view.stamp_ns)

    def _seen_scene(self, view: Sighting, previous: Scene | None, sought: tuple[str, ...]) -> Scene:
        config = replace(self.parameters.config.scene, known=inventory_of(self._inventory), sought=sought)
        return scene_from_cloud(view.points_task, config, previous, view.sensor_task, view.stamp_ns)


def inventory_of(text: str) -> tuple[KnownObject, ...]:
    """Return known objects of an inventory parameter. Raises BadViewRequestError when it cannot be read."""
    try:
        return tuple(_known(name, *entry) for name, entry in json.loads(text).items())
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise BadViewRequestError(f"inventory {text[:80]!r} cannot be read: {error}") from error


def _known(name: str, prior: str, size: list[float]) -> KnownObject:
    """Return one entry of an inventory. Raises ValueError or TypeError when it is none."""
    extents = np.array(size, dtype=np.float64).reshape(3)
    if not name or not np.all(np.isfinite(extents) & (extents > 0.0)):
        raise ValueError(f"{name!r} needs a name and three sizes that are finite and positive, not {size}")
    if prior not in shapes.names:
        raise ValueError(f"{name!r} has the unknown shape prior {prior!r}; choose one of: {', '.join(shapes.names)}")
    return KnownObject(name, prior, extents)


def main() -> None:
    """Run the perception until it is asked to end."""
    run(PerceptionNode)


if __name__ == "__main__":
    main()
