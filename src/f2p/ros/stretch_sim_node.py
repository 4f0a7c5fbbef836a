"""The twin's process: what `stretch_driver`, `robot_state_publisher` and `realsense2_camera` offer, from MuJoCo.

One thread moves the physics in real time and publishes states, one renders depth images, and rclpy's pool answers the
action and the services. It adds, for tests and success checks only, /stretch_sim/reset and /stretch_sim/ground_truth.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import rclpy
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor
from rclpy.node import Node
from std_srvs.srv import Trigger

from f2p.clock import SystemClock
from f2p.errors import F2pError
from f2p.ros.driver_action import DriverInterface
from f2p.ros.driver_topics import CameraTopics, DriverTopics
from f2p.ros.parameters import Parameters
from f2p.settings import number
from f2p.sim.stretch.camera import DepthCamera, DepthCameraConfig, snapshot
from f2p.sim.stretch.driver import StretchDriver
from f2p.sim.stretch.room import world_from_json
from f2p.sim.stretch.twin import Twin
from f2p.sim.world import World
from f2p.tasks import tasks

LONGEST_LAG_S = 0.1
"""Simulated time that is made up for after a hiccup; the rest is lost, as a real robot would not wait [s]."""

POOL = 8
"""Threads of rclpy's pool: goals and changes of mode wait in theirs."""


@dataclass(frozen=True)
class StretchSimConfig:
    """What the twin's process simulates, and how fast."""

    world: str = field(default="", metadata={"text": "world as JSON (sim/stretch/room.py); empty takes the task's",
                                             "runtime": True})  # fmt: skip
    task: str = field(default="transport", metadata={"text": "task whose scene is built", "runtime": True})
    objects: int = number(3, "things in the task's scene", low=1, high=12)
    seed: int = number(0, "seed of the task's scene and of the camera's noise", low=0, high=2**31 - 1)
    real_time_factor: float = number(1.0, "simulated seconds per second", low=0.05, high=5.0)
    state_rate: float = number(30.0, "joint states, odometry, transforms", unit="Hz", low=5.0, high=100.0,
                               source="stretch_ros2 rate")  # fmt: skip
    camera_rate: float = number(15.0, "depth images", unit="Hz", low=0.5, high=60.0, source="stretch_ros2 d435i launch")
    truth_rate: float = number(5.0, "ground truth", unit="Hz", low=0.1, high=30.0)
    broadcast_odom_tf: bool = True
    """Whether odom -> base_link is broadcast; the driver's own default is not to, f2p's launch files ask for it."""


class StretchSim(Node):
    """The twin on the network."""

    def __init__(self) -> None:
        super().__init__("stretch_sim")
        self.parameters = Parameters(self, StretchSimConfig())
        self._monotonic, self._model_lock, self._closing = SystemClock(), threading.Lock(), threading.Event()
        self._driver = StretchDriver(Twin(self._ordered_world()))
        self._camera = DepthCamera(DepthCameraConfig(), self.parameters.config.seed)
        self._interface = DriverInterface(self, self._driver, self._model_lock, self._monotonic)
        self._topics = DriverTopics(self, self._driver, self.parameters.config.broadcast_odom_tf)
        self._images = CameraTopics(self, self._camera.config)
        self.create_service(Trigger, "/stretch_sim/reset", self._on_reset)
        self._threads = [
            threading.Thread(target=self._guarded, args=(work,), name=name, daemon=True)
            for name, work in (("physics", self._move), ("camera", self._look))
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End the threads and whoever waits in a callback."""
        self._closing.set()
        self._interface.closing.set()
        for thread in self._threads:
            thread.join(timeout=2.0)

    def _ordered_world(self) -> World:
        """The world the parameters ask for. Raises F2pError saying what is wrong with them."""
        config = self.parameters.config
        if config.world:
            return world_from_json(config.world)
        return tasks.get(config.task)().make(np.random.default_rng(config.seed), config.objects).world

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

    def _guarded(self, work: Callable[[], None]) -> None:
        """Run a thread's work; if it fails the process ends, to be restarted, rather than stand there mute."""
        try:
            work()
        except Exception as error:
            if self._closing.is_set() or not rclpy.ok():
                return
            self.get_logger().fatal(f"the {threading.current_thread().name} thread ended: {error}")
            rclpy.try_shutdown()
            raise

    def _move(self) -> None:
        """Keep simulated time with real time, and publish states at their rate."""
        config = self.parameters.config
        state_s, truth_s = 1.0 / config.state_rate, 1.0 / config.truth_rate
        last = next_state = next_truth = self._monotonic.monotonic_s()
        while not self._closing.wait(0.005):
            now = self._monotonic.monotonic_s()
            duration = min(now - last, LONGEST_LAG_S) * config.real_time_factor
            with self._model_lock:
                steps = int(duration / self._driver.twin.time_step)
                if steps:
                    self._driver.advance(steps * self._driver.twin.time_step)
                    last = max(last + steps * self._driver.twin.time_step / config.real_time_factor, now - LONGEST_LAG_S)
                if now >= next_truth:
                    self._topics.truth(self._driver)
                    next_truth = _next(next_truth, truth_s, now)
                if now >= next_state:
                    self._topics.states(self._driver)
                    next_state = _next(next_state, state_s, now)

    def _look(self) -> None:
        """Render and publish depth images at their rate, stamped when the shutter opened."""
        period_s = 1.0 / self.parameters.config.camera_rate
        due = self._monotonic.monotonic_s()
        while not self._closing.wait(max(0.0, due - self._monotonic.monotonic_s())):
            due = _next(due, period_s, self._monotonic.monotonic_s())
            with self._model_lock:
                shot, stamp = snapshot(self._driver.twin), self.get_clock().now().to_msg()
            self._images.publish(self._camera.depth_image(shot), stamp)


def _next(due_s: float, period_s: float, now_s: float) -> float:
    """When to act next: on the beat, catching up after a hiccup but not after a standstill [s]."""
    due_s += period_s
    return due_s if due_s > now_s - 3.0 * period_s else now_s


def main() -> None:
    """Be the twin until told to end."""
    rclpy.init(args=sys.argv)
    node = None
    try:
        node = StretchSim()
        executor = MultiThreadedExecutor(num_threads=POOL)
        executor.add_node(node)
        while rclpy.ok():
            executor.spin_once(timeout_sec=0.5)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        if node is not None:
            node.close()
        rclpy.try_shutdown()


if __name__ == "__main__":
    main()
