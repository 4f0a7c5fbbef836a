"""Somebody who holds keys of `f2p teleop` in a pseudo-terminal, or a gamepad beside it, and knows when."""

from __future__ import annotations

import contextlib
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator

from rclpy.node import Node
from sensor_msgs.msg import Joy

from f2p.clock import Clock
from f2p.ros.base import qos

REPEAT_S = 0.033
"""Time between two repeats of a key that is held [s] (the rate of most terminals)."""

PAD_S = 0.05
"""Time between two messages of a gamepad [s] (joy_node's own rate)."""

DEADMAN, AXES, BUTTONS = 4, 8, 11
"""The button that is held, and how many axes and buttons an Xbox gamepad has."""


class Gamepad:
    """What `joy_node` sends for somebody with a gamepad, who lets go of it or pulls the plug.

    Args:
        node: Whose executor publishes.
        clock: Of presses.
    """

    def __init__(self, node: Node, clock: Clock) -> None:
        self._clock, self._joys = clock, node.create_publisher(Joy, "/joy", qos.STATE)
        self._held: tuple[int, float] | None = None
        self._plugged = True
        self.pressed_s = self.released_s = float("-inf")
        node.create_timer(PAD_S, self._send)

    @contextlib.contextmanager
    def holding(self, axis: int, share: float, unplug: bool) -> Iterator[None]:
        """Hold the deadman and a stick for the length of the block, and then let go, or pull the plug for a while."""
        self._held = axis, share
        self.pressed_s = self._clock.monotonic_s()
        self._send()
        try:
            yield
        finally:
            if unplug:
                self._plugged = False
            else:
                self._held = None
                self.released_s = self._clock.monotonic_s()
                self._send()

    def plug_in(self) -> None:
        """Be there again, with nothing held."""
        self._held, self._plugged = None, True

    def _send(self) -> None:
        """Publish the present state, as often as the gamepad does and when it changes."""
        if not self._plugged:
            return
        joy = Joy(axes=[0.0] * AXES, buttons=[0] * BUTTONS)
        if self._held is not None:
            joy.axes[self._held[0]], joy.buttons[DEADMAN] = self._held[1], 1
            self.released_s = self._clock.monotonic_s()
        self._joys.publish(joy)


class Fingers:
    """A running `f2p teleop`; its processes are started in this process's ROS domain.

    Args:
        clock: Of presses.
        options: More of its command line.
    """

    def __init__(self, clock: Clock, *options: str) -> None:
        self._clock = clock
        self._master, terminal = pty.openpty()
        self._child = subprocess.Popen(
            (sys.executable, "-m", "f2p", "teleop", *options), stdin=terminal, stdout=terminal, stderr=terminal
        )
        os.close(terminal)
        self.shown = ""
        self.pressed_s = self.released_s = float("-inf")
        self._reader = threading.Thread(target=self._read, name="f2p-terminal", daemon=True)
        self._reader.start()

    @contextlib.contextmanager
    def holding(self, key: bytes) -> Iterator[None]:
        """Hold a key for the length of the block; `pressed_s` and `released_s` say when."""
        let_go = threading.Event()

        def repeat() -> None:
            while not let_go.wait(timeout=REPEAT_S):
                self.released_s = self._clock.monotonic_s()
                os.write(self._master, key)

        self.pressed_s = self.released_s = self._clock.monotonic_s()
        os.write(self._master, key)
        thread = threading.Thread(target=repeat, name="f2p-finger", daemon=True)
        thread.start()
        try:
            yield
        finally:
            let_go.set()
            thread.join(timeout=1.0)

    def press(self, key: bytes) -> None:
        """Press a key once."""
        os.write(self._master, key)

    def close(self) -> None:
        """Quit."""
        with contextlib.suppress(OSError):
            self.press(b"q")
        try:
            self._child.wait(timeout=10.0)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait(timeout=5.0)
        os.close(self._master)

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while data := os.read(self._master, 4096):
                self.shown = (self.shown + data.decode("utf-8", "replace"))[-20_000:]
