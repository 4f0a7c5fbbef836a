"""The last stop: a small process beside the guard that stops the robot once the guard's is gone, or looks no more.

A driver goes on with what it was told when nobody is there any more (promises.md 0.4). The kernel closes a pipe with
the process that holds its other end, also of one that was killed; whoever waits at that pipe has only to say what has
long been prepared. Of one that hangs, or was stopped, it hears no look any more, and the kernel says at once that its
thread has no turn though a look is due; a guard that stood still for so long ends its motions itself, once it can. It
commands nothing else, and ends with the guard; the next one starts its own.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import struct
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import rclpy
from action_msgs.srv import CancelGoal
from geometry_msgs.msg import Twist
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions
from std_srvs.srv import Trigger

from f2p.clock import Clock, SystemClock
from f2p.graph.priority import take_priority
from f2p.graph.turns import Standstill, Turns, turns_of
from f2p.ros.base import qos
from f2p.ros.base.timers import steady_timer
from f2p.ros.base.transports import transports

LOOK_S = 5.0
"""How often the guard looks whether it is there still, and starts it anew at the most [s] (ours)."""

TOLD_S = 1.0
"""Longest wait for the answer to the stop [s] (ours: it goes out at once; this is for what has to be sent again)."""

FOUND_S = 3.0
"""Longest wait for the driver to be found, where the guard ends as soon as it has begun [s] (ours: found in one)."""

DUE_S = 0.025
"""A look of the guard that was not heard in this time is missed, and the kernel is asked for the guard, again and again
[s] (ours: the guard looks every 0.02 s)."""

STANDING_LOOKS = 3
"""So many answers after the first that find the guard's thread without a turn are no lateness any more: after 0.1 s
(measured, on two processors at a load of 10: once in 75 s it stood for 0.07 s, otherwise for 0.03 s at most)."""

LOOKED = struct.Struct("d")
"""What goes through the pipe at each look of the guard: how long it may be silent from then on [s]."""


class LastStop:
    """The guard's end of the pipe; it starts the process, and anew where that ended.

    Args:
        node: The guard's.
        names: What is told: the service that stops, the one that cancels goals, the topic of velocities.
    """

    def __init__(self, node: Node, names: tuple[str, str, str]) -> None:
        self._log, self._words = node.get_logger().warning, (node.get_namespace(), *names, *_enclave(sys.argv))
        self._process = self._start()
        steady_timer(node, LOOK_S, self._look)

    def looked(self, patience_s: float) -> None:
        """Tell that the guard looks, and for how long that counts [s]; never waits, whoever hears it."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):  # it does not read, or is gone: `_look` sees to that
            os.write(self._process.stdin.fileno(), LOOKED.pack(patience_s))

    def _start(self) -> subprocess.Popen[bytes]:
        """Start it in a session of its own: what ends the guard by its group shall not end what outlasts it."""
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, *self._words], stdin=subprocess.PIPE, start_new_session=True
        )  # fmt: skip

        assert process.stdin is not None
        os.set_blocking(process.stdin.fileno(), False)
        return process

    def _look(self) -> None:
        ended = self._process.poll()
        if ended is not None:
            self._log(f"what stops the robot after the guard's end has ended itself (exit {ended}); it is started anew")
            self._process = self._start()


def _enclave(arguments: list[str]) -> list[str]:
    """Return the ROS arguments that name the guard's enclave of SROS2, where there is one."""
    at = arguments.index("--enclave") if "--enclave" in arguments else len(arguments)
    enclave = arguments[at : at + 2]
    return ["--ros-args", *enclave] if enclave else []


def watch(pipe: int, tell: Callable[[], None], stands: Callable[[], bool], clock: Clock) -> None:
    """Tell once of each silence of the guard, and of its end; return then.

    Args:
        pipe: Where its looks come from, each with how long it may be silent from then on.
        tell: Stops the robot.
        stands: Whether the guard is seen to hang or to be stopped; asked while a look is missed.
        clock: Of its silence.
    """
    until_s: float | None = None
    while True:
        ready, _, _ = select.select([pipe], [], [], None if until_s is None else DUE_S)
        looks = os.read(pipe, 4096 * LOOKED.size) if ready else b""
        if looks:
            until_s = clock.monotonic_s() + LOOKED.unpack(looks[-LOOKED.size :])[0]
        elif ready:
            tell()
            return
        elif until_s is not None and (stands() or clock.monotonic_s() > until_s):
            tell()
            until_s = None


class StandsStill:
    """Whether a process hangs or was stopped, as the kernel says; to be asked every `DUE_S` while a look is missed.

    Args:
        pid: The guard's.
        turns: What the kernel says of a process.
    """

    def __init__(self, pid: int, turns: Callable[[int], Turns | None] = turns_of) -> None:
        self._pid, self._turns, self._standstill = pid, turns, Standstill(turns)

    def __call__(self) -> bool:
        """Ask."""
        now = self._turns(self._pid)
        return now is not None and (now.stopped or self._standstill.looks(self._pid) >= STANDING_LOOKS)


def stop(node: Node, stopper: Any, canceler: Any, velocities: Any) -> None:
    """Follow the stop recipe: cancel every goal, a zero velocity, and /stop_the_robot; wait a moment for its answer."""
    velocities.publish(Twist())
    found = stopper.wait_for_service(timeout_sec=FOUND_S)
    node.get_logger().warning("the guard looks no more: the robot is told to stop")
    if canceler.service_is_ready():
        canceler.call_async(CancelGoal.Request())  # no goal named: all
    if not found:
        return
    answer, clock = stopper.call_async(Trigger.Request()), SystemClock()
    executor = SingleThreadedExecutor(context=node.context)
    executor.add_node(node)
    until_s = clock.monotonic_s() + TOLD_S
    while not answer.done() and clock.monotonic_s() < until_s:
        executor.spin_once(timeout_sec=0.1)
    executor.remove_node(node)


def main() -> None:
    """Prepare, wait at the pipe for the guard's silence or end, stop the robot."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # it ends with the guard
    take_priority(0)  # the guard's, in a session of its own
    namespace, stopping, canceling, velocity, *arguments = sys.argv[1:]
    with transports():
        rclpy.init(args=arguments, signal_handler_options=SignalHandlerOptions.NO)
        node = rclpy.create_node("guard_last_stop", namespace=namespace)
    stopper, canceler = node.create_client(Trigger, stopping), node.create_client(CancelGoal, canceling)
    velocities = node.create_publisher(Twist, velocity, qos.STATE)
    tell = lambda: stop(node, stopper, canceler, velocities)  # noqa: E731
    watch(sys.stdin.fileno(), tell, StandsStill(os.getppid()), SystemClock())
    node.destroy_node()
    rclpy.try_shutdown()


if __name__ == "__main__":
    main()
