"""The twin's process: what `stretch_driver`, `robot_state_publisher` and `realsense2_camera` offer, from MuJoCo.

One thread moves the physics in real time and publishes states, one renders depth images, and rclpy's pool answers the
action and the services. It adds, for tests and success checks only, /stretch_sim/reset and /stretch_sim/ground_truth.
"""

from __future__ import annotations

import sys
import threading
from dataclasses import dataclass

import numpy as np
import rclpy
from rclpy.executors import MultiThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import Trigger

from f2p.clock import SystemClock
from f2p.errors import F2pError
from f2p.graph import ending, graph
from f2p.graph.graph import NAMESPACE
from f2p.graph.places import orphaned
from f2p.ros.base.heartbeat import Pulse
from f2p.ros.base.parameters import Parameters
from f2p.ros.base.timers import steady_timer
from f2p.ros.base.transports import transports
from f2p.ros.twin.action import DriverInterface
from f2p.ros.twin.loop import DriverLoop, Pace
from f2p.ros.twin.topics import DriverTopics
from f2p.settings import Settings, group, number, setting
from f2p.sim.protocol import make_simulator
from f2p.sim.world import World
from f2p.tasks.protocol import tasks
from f2p.twin.camera import DepthCamera, DepthCameraConfig
from f2p.twin.driver import StretchDriver
from f2p.twin.driver_config import DriverConfig
from f2p.twin.twin import Twin, TwinConfig
from f2p.twin.world_json import world_from_json
from f2p_msgs.msg import Heartbeat

POOL = 16
"""Threads of rclpy's pool: what the driver would not hear waits in one; the model knows of the driver's two."""

WORLD_TEXT = "world as JSON, see f2p.twin.world_json; empty takes the task's scene"


@dataclass(frozen=True)
class StretchSimConfig(Settings):
    """What the twin's process simulates, and how fast.

    World, task, objects and seed count from the next reset on, everything else from the next start.
    """

    world: str = setting("", WORLD_TEXT, runtime=True)
    task: str = setting("transport", "task whose scene is built", runtime=True)
    objects: int = number(3, "objects in the task's scene", low=1, high=12)
    seed: int = number(0, "seed of the task's scene; at start also of the camera's noise", low=0, high=2**31 - 1)
    real_time_factor: float = number(1.0, "simulated seconds per second", low=0.05, high=5.0, runtime=False)
    state_rate: float = number(30.0, "joint states, odometry, transforms", unit="Hz", low=5.0, high=100.0,
                               source="stretch_ros2 rate", runtime=False)  # fmt: skip
    camera_rate: float = number(
        15.0, "depth images", unit="Hz", low=0.5, high=60.0, source="stretch_ros2 d435i launch", runtime=False
    )
    truth_rate: float = number(5.0, "ground truth", unit="Hz", low=0.1, high=30.0, runtime=False)
    broadcast_odom_tf: bool = setting(
        True,
        "whether odom -> base_link is broadcast",
        source="as f2p's launch files ask the driver",
    )
    twin: TwinConfig = group(TwinConfig, fixed=True)
    driver: DriverConfig = group(DriverConfig, fixed=True)
    camera: DepthCameraConfig = group(DepthCameraConfig, fixed=True)


CONFIG = StretchSimConfig
"""What its parameters are made from."""


class StretchSim(Node):
    """The twin on the network."""

    def __init__(self) -> None:
        super().__init__("stretch_sim", namespace=NAMESPACE)
        self.parameters = Parameters(self, CONFIG())
        config, monotonic = self.parameters.config, SystemClock()
        self._model_lock = threading.Lock()
        self._driver = StretchDriver(Twin(self._ordered_world(), config.twin), config.driver, clock=monotonic)
        self._topics = DriverTopics(self, self._driver, config.broadcast_odom_tf)
        self._closing = threading.Event()
        self._interface = DriverInterface(self, self._driver, self._model_lock, self._closing)
        self.create_service(Trigger, "/stretch_sim/reset", self._on_reset)
        spec, pulse = graph.node("stretch_sim"), Pulse(self, graph.node("stretch_sim"))
        steady_timer(self, spec.heartbeat_s, lambda: pulse.beat(Heartbeat.ACTIVE))  # who hangs is started anew
        pace = Pace(config.real_time_factor, config.state_rate, config.truth_rate, config.camera_rate)
        camera = DepthCamera(config.camera, config.seed)
        self.loop = DriverLoop(self, self._driver, self._topics, camera, self._model_lock, monotonic, pace)

    def close(self) -> None:
        """End the threads and whoever waits in a callback."""
        self._closing.set()
        self.loop.close()

    def _ordered_world(self) -> World:
        """Return the world the parameters ask for. Raises F2pError saying what is wrong with them."""
        config = self.parameters.config
        if config.world:
            return world_from_json(config.world)
        rng = np.random.default_rng(config.seed)
        return tasks.make(config.task).make(rng, config.objects, make_simulator()).world

    def _on_reset(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        """Start again in the world the parameters ask for now."""
        try:
            world = self._ordered_world()
            with self._model_lock:
                self._driver.reset(world)
                self._topics.rebuilt(self._driver)
                self._topics.truth(self._driver)
            response.success, response.message = True, f"{len(world.bodies)} bodies: {', '.join(world.names)}"
        except F2pError as error:
            response.success, response.message = False, str(error)
        return response


def main() -> None:
    """Run the twin until it is asked to end; goals that wait are answered before the network goes."""
    ending.heed()
    with transports(images=True):
        rclpy.init(args=sys.argv, signal_handler_options=SignalHandlerOptions.NO)
        node = StretchSim()
    executor = MultiThreadedExecutor(num_threads=POOL)
    executor.add_node(node)
    while rclpy.ok() and not (ending.told.is_set() or node.loop.failed.is_set() or orphaned()):
        executor.spin_once(timeout_sec=0.2)
    node.close()
    executor.shutdown(timeout_sec=2.0)
    node.destroy_node()
    rclpy.try_shutdown()
    sys.exit(1 if node.loop.failed.is_set() else 0)


if __name__ == "__main__":
    main()
