"""A driver that only notes what it is told and when: joints that follow at one speed, no model, no camera.

For measuring how fast a command is on the wire; what a Stretch makes of it is the twin's matter.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import partial
from typing import Any

from control_msgs.action import FollowJointTrajectory
from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from rclpy.action import ActionServer, CancelResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from rclpy.task import Future
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool, String
from std_srvs.srv import SetBool, Trigger

from f2p.clock import Clock
from f2p.graph.outside import ACTION
from f2p.robot.protocol import BASE_JOINTS, BODY_JOINTS
from f2p.ros.base import qos

PERIOD_S = 1.0 / 30.0
"""Of the driver's states [s]."""

SPEED = 0.05
"""Of every joint and the base [m/s or rad/s]: slow, so that a step is under way when the next one is due (ours)."""

TWIST_S = 0.5
"""The driver's own watchdog of a velocity [s] (stretch.md 1.1)."""


@dataclass(frozen=True)
class NotedCommand:
    """One command."""

    at_s: float
    """Monotonic [s]."""
    what: str
    """"step", "cancel", "stop", "twist" or "mode"."""
    moves: bool = False
    """Whether it asks for a movement."""


class NotingDriver:
    """The names and types of `stretch_driver` on a node.

    Args:
        node: Where they live; nothing else should keep its executor.
        clock: Of the notes.
    """

    def __init__(self, node: Node, clock: Clock) -> None:
        self._node, self._clock, self._lock = node, clock, threading.Lock()
        self._noted: list[NotedCommand] = []
        self._positions = dict.fromkeys(BODY_JOINTS, 0.1)
        self._left = dict.fromkeys((*BODY_JOINTS, *BASE_JOINTS), 0.0)
        self._base, self._twist, self._twist_s, self._mode = 0.0, 0.0, float("-inf"), "position"
        self._goals: list[tuple[Any, Future]] = []
        group = ReentrantCallbackGroup()
        self._publishers = [
            node.create_publisher(kind, name, qos.STATE)
            for kind, name in ((JointState, "/stretch/joint_states"), (Odometry, "/odom"), (String, "/mode"),
                               (Bool, "/is_runstopped"))
        ]  # fmt: skip
        ActionServer(node, FollowJointTrajectory, ACTION, self._execute, callback_group=group,
                     cancel_callback=self._on_cancel)  # fmt: skip
        node.create_service(Trigger, "/stop_the_robot", self._on_stop, callback_group=group)
        node.create_service(SetBool, "/runstop", self._on_runstop, callback_group=group)
        for mode in ("position", "navigation"):
            node.create_service(Trigger, f"/switch_to_{mode}_mode", partial(self._on_mode, mode), callback_group=group)
        node.create_subscription(Twist, "/stretch/cmd_vel", self._on_twist, qos.STATE, callback_group=group)
        node.create_timer(PERIOD_S, self._tick, callback_group=group)

    def noted(self, since_s: float) -> list[NotedCommand]:
        """Return the commands since a time, oldest first."""
        with self._lock:
            return [one for one in self._noted if one.at_s >= since_s]

    def position(self, joint: str) -> float:
        """Return where a joint is [m or rad]; of the base how far it came."""
        return self._base if joint in BASE_JOINTS else self._positions[joint]

    def _note(self, what: str, moves: bool = False) -> None:
        with self._lock:
            self._noted.append(NotedCommand(self._clock.monotonic_s(), what, moves))

    def _tick(self) -> None:
        speeds = {joint: self._advance(joint) / PERIOD_S for joint in self._left}
        if self._mode == "navigation" and self._clock.monotonic_s() - self._twist_s < TWIST_S:
            self._base += self._twist * PERIOD_S
        for handle, done in [goal for goal in self._goals if not goal[1].done()]:
            joints = handle.request.trajectory.joint_names
            if handle.is_cancel_requested or not any(self._left[joint] for joint in joints):
                done.set_result(handle.is_cancel_requested)
        self._goals = [goal for goal in self._goals if not goal[1].done()]
        joints, odometry = JointState(name=list(self._positions), position=list(self._positions.values())), Odometry()
        joints.velocity, joints.effort = [speeds[joint] for joint in joints.name], [0.0] * len(joints.name)
        joints.header.stamp = odometry.header.stamp = self._node.get_clock().now().to_msg()
        odometry.pose.pose.position.x, odometry.pose.pose.orientation.w = self._base, 1.0
        states = (joints, odometry, String(data=self._mode), Bool(data=False))
        for publisher, message in zip(self._publishers, states, strict=True):
            publisher.publish(message)

    def _advance(self, joint: str) -> float:
        """Move one joint for one period; the way."""
        way = min(max(self._left[joint], -SPEED * PERIOD_S), SPEED * PERIOD_S)
        self._left[joint] -= way
        if joint in BASE_JOINTS:
            self._base += way
        else:
            self._positions[joint] += way
        return way

    async def _execute(self, handle: Any) -> FollowJointTrajectory.Result:
        self._note("step", moves=True)
        trajectory = handle.request.trajectory
        for joint, value in zip(trajectory.joint_names, trajectory.points[0].positions, strict=True):
            self._left[joint] = value if joint in BASE_JOINTS else value - self._positions[joint]
        done = Future(executor=self._node.executor)
        self._goals.append((handle, done))
        handle.canceled() if await done else handle.succeed()
        return FollowJointTrajectory.Result()

    def _on_cancel(self, _handle: Any) -> CancelResponse:
        self._note("cancel")
        return CancelResponse.ACCEPT

    def _on_stop(self, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._note("stop")
        self._left, response.success = dict.fromkeys(self._left, 0.0), True
        return response

    def _on_runstop(self, _request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        response.success = True
        return response

    def _on_mode(self, mode: str, _request: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._note("mode")
        self._mode, response.success = mode, True
        return response

    def _on_twist(self, message: Twist) -> None:
        self._note("twist", moves=bool(message.linear.x or message.angular.z))
        self._twist, self._twist_s = message.linear.x, self._clock.monotonic_s()
