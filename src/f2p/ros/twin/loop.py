"""The twin's two threads: physics with the driver's states in real time, and the depth camera at its own rate."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from rclpy.node import Node

from f2p.clock import Clock
from f2p.ros.twin.topics import CameraTopics, DriverTopics
from f2p.twin.camera import DepthCamera, snapshot
from f2p.twin.driver import StretchDriver

LONGEST_LAG_S = 0.1
"""Simulated time that is made up for after a hiccup; the rest is lost, as a real robot would not wait [s]."""

HEALTH_PERIOD_S = 1.0
"""Diagnostics come once in so long [s], as by diagnostic_updater's default."""

REST_S = 0.005
"""The physics thread looks at the clock this often [s]."""


@dataclass(frozen=True)
class Pace:
    """Rates of the threads [Hz], and simulated seconds per second."""

    factor: float
    states: float
    truth: float
    camera: float


class DriverLoop:
    """Runs a driver until it is closed; a thread that fails says so through `failed`.

    Args:
        node: For its clock and log.
        driver: Shared with the callbacks under `lock`.
        topics: Where states go.
        camera: Renders; its images go to a topic of its own.
        lock: Guards the driver.
        clock: Real time.
        pace: Rates.
    """

    def __init__(
        self, node: Node, driver: StretchDriver, topics: DriverTopics, camera: DepthCamera, lock: threading.Lock,
        clock: Clock, pace: Pace,
    ) -> None:  # fmt: skip
        self._node, self._driver, self._topics, self._camera = node, driver, topics, camera
        self._images = CameraTopics(node, camera.config)
        self._lock, self._clock, self._pace = lock, clock, pace
        self._closing = threading.Event()
        self.failed = threading.Event()
        self._threads = [
            threading.Thread(target=self._watched, args=(work,), name=name, daemon=True)
            for name, work in (("physics", self._move), ("camera", self._look))
        ]
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        """End both threads."""
        self._closing.set()
        for thread in self._threads:
            thread.join(timeout=2.0)

    def _watched(self, work: Callable[[], None]) -> None:
        """Run a thread's work; if it fails the process shall end and be restarted, rather than stand there mute."""
        try:
            work()
        except Exception as error:
            if not self._closing.is_set():
                self._node.get_logger().fatal(f"the {threading.current_thread().name} thread ended: {error!r}")
                self.failed.set()

    def _move(self) -> None:
        """Keep simulated time with real time, and publish states at their rate."""
        pace, twin = self._pace, self._driver.twin
        last = state_due = truth_due = health_due = self._clock.monotonic_s()
        while not self._closing.wait(REST_S):
            now = self._clock.monotonic_s()
            with self._lock:
                steps = int(min(now - last, LONGEST_LAG_S) * pace.factor / twin.time_step)
                if steps:
                    self._driver.advance(steps * twin.time_step)
                    last = max(last + steps * twin.time_step / pace.factor, now - LONGEST_LAG_S)
                if now >= truth_due:
                    self._topics.truth(self._driver)
                    truth_due = following(truth_due, 1.0 / pace.truth, now)
                if now >= state_due:
                    self._topics.states(self._driver)
                    state_due = following(state_due, 1.0 / pace.states, now)
                if now >= health_due:
                    self._topics.diagnostics(self._driver)
                    health_due = following(health_due, HEALTH_PERIOD_S, now)

    def _look(self) -> None:
        """Render and publish depth images at their rate, stamped when the shutter opened."""
        period_s, due = 1.0 / self._pace.camera, self._clock.monotonic_s()
        while not self._closing.wait(max(0.0, due - self._clock.monotonic_s())):
            due = following(due, period_s, self._clock.monotonic_s())
            with self._lock:
                shot, stamp = snapshot(self._driver.twin), self._node.get_clock().now().to_msg()
            self._images.publish(self._camera.depth_image(shot), stamp)


def following(due_s: float, period_s: float, now_s: float) -> float:
    """When to act next: on the beat, catching up after a hiccup but not after a standstill [s]."""
    due_s += period_s
    return due_s if due_s > now_s - 3.0 * period_s else now_s
