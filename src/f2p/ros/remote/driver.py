"""The Stretch driver as the guard hears and commands it: joint states, odometry, mode, steps and the stop recipe.

Only the guard's process may make one (promises.md 1.6). The stop recipe is: cancel, a zero velocity in navigation mode,
*and* `/stop_the_robot`, because the driver's cancel alone lets a position move run on (promises.md 0.2).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from action_msgs.msg import GoalStatus
from control_msgs.action import FollowJointTrajectory
from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from rclpy.action import ActionClient
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from sensor_msgs.msg import BatteryState, JointState
from std_msgs.msg import Bool, String
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectoryPoint

from f2p.clock import Clock
from f2p.graph.outside import ACTION
from f2p.guard.driver import NAVIGATION, POSITION, DriverState, base_displacement
from f2p.robot.protocol import BASE_JOINTS, ROTATE, TRANSLATE, Motion
from f2p.robot.stepping import driver_arrays
from f2p.ros.base import qos
from f2p.ros.messages.convert import stamp_from_msg
from f2p.ros.remote.last_stop import LastStop
from f2p.ros.remote.own_time import keep_own_time, other_time

SILENT_S = 1.0
"""A topic that says nothing this long is silent [s] (ours: thirty of the driver's periods)."""

START_DRIVER = (
    "start it, ros2 launch stretch_core stretch_driver.launch.py mode:=position broadcast_odom_tf:=True, in this ROS "
    "domain, or say where it is by driver:="
)
"""What to do where the driver is missing."""

GONE_S = 1.0
"""Joint states silent for this long: a driver started anew, or cut off; what it had accepted is over, and a step that
it did not hear by then never reaches it [s] (ours: longer than answers take on a busy machine)."""

TOLD_MODE_S, UNANSWERED_S = 1.0, 3.0
"""When a mode is asked for again: the driver said yes and tells another one still, or it did not answer [s] (ours: 30
of its periods; an answer may be lost, while a change of mode without a goal takes no time)."""

GOAL_S = 12.0
"""The driver ends any goal of ours within this: its time-out is 10 s a way point [s] (stretch.md 1.3.2)."""


@dataclass
class Accepted:
    """The goal that the driver has."""

    number: int
    joints: tuple[str, ...]
    handle: Any
    accepted_s: float


class Driver:
    """Topics, action and services of `stretch_driver` (stretch.md 1.1).

    Args:
        node: The guard.
        clock: Time of reception.
    """

    def __init__(self, node: Node, clock: Clock) -> None:
        self._node, self._clock = node, clock
        keep_own_time(node)
        self._group = ReentrantCallbackGroup()
        self._joints: JointState | None = None
        self._joints_s = self._base_s = self._mode_s = float("-inf")
        self._base = (0.0, 0.0, 0.0)
        self._base_stamp_ns, self._base_speeds = 0, (0.0, 0.0)
        self._mode, self._runstopped, self._volts = "", False, math.nan
        self._goal: Accepted | None = None
        self._sends = self._stops = 0
        self._unanswered: set[int] = set()
        for kind, name, store in (
            (JointState, "/stretch/joint_states", self._on_joints), (Odometry, "/odom", self._on_odometry),
            (String, "/mode", self._on_mode), (Bool, "/is_runstopped", self._on_runstopped),
            (BatteryState, "/battery", self._on_battery),
        ):  # fmt: skip
            node.create_subscription(kind, name, store, qos.STATE, callback_group=self._group)
        self._steps = ActionClient(node, FollowJointTrajectory, ACTION, callback_group=self._group,
                                   goal_service_qos_profile=qos.perishable(GONE_S))  # fmt: skip
        self._stop = node.create_client(Trigger, "/stop_the_robot", callback_group=self._group)
        self._twists = node.create_publisher(Twist, "/stretch/cmd_vel", qos.STATE)
        self._modes = {
            mode: node.create_client(Trigger, f"/switch_to_{mode}_mode", callback_group=self._group)
            for mode in (POSITION, NAVIGATION)
        }
        self._asked: tuple[str, float, Any] = ("", float("-inf"), None)
        self._runstop = node.create_client(SetBool, "/runstop", callback_group=self._group)
        stop, cancel = map(node.resolve_service_name, (self._stop.srv_name, f"{ACTION}/_action/cancel_goal"))
        self._last_stop = LastStop(node, (stop, cancel, self._twists.topic_name))

    def state(self) -> DriverState:
        """Return the newest state; empty before the first joint states."""
        joints = self._joints
        pending, goal = bool(self._unanswered), self._goal
        if joints is None:
            return DriverState({}, {}, mode=self._mode, runstopped=self._runstopped, pending=pending)
        if goal is not None and self._clock.monotonic_s() - goal.accepted_s > GOAL_S:
            goal = self._goal = None
        velocities = dict(zip(joints.name, joints.velocity, strict=False))
        return DriverState(
            dict(zip(joints.name, joints.position, strict=False)),
            velocities | dict(zip(BASE_JOINTS, self._base_speeds, strict=True)), self._joints_s,
            stamp_from_msg(joints.header.stamp), self._base, self._base_s, self._mode, self._runstopped,
            self._volts, pending, goal.joints if goal is not None else (),
        )  # fmt: skip

    def missing(self) -> str:
        """Return what the driver does not give, in one line with what to do; empty when states come and it listens.

        To a node whose time is not the robot's own nothing counts as given.
        """
        heard = {"/stretch/joint_states": self._joints_s, "/odom": self._base_s, "/mode": self._mode_s}
        oldest = self._clock.monotonic_s() - SILENT_S
        silent = [name for name, at_s in heard.items() if at_s < oldest]
        absent = [] if self._steps.server_is_ready() else [f"action {ACTION}"]
        absent += [
            f"service {one.srv_name}" for one in (self._stop, *self._modes.values()) if not one.service_is_ready()
        ]
        other = other_time(self._node)
        if other or not (silent or absent):
            return other
        parts = [f"{what}: {', '.join(names)}" for what, names in (("no message on", silent), ("no", absent)) if names]
        return f"the driver ({'; '.join(parts)}); {START_DRIVER}"

    def send(
        self, motion: Motion, step: tuple[float, ...], rejected: Callable[[], None],
        result: Callable[[bool, int, str], None],
    ) -> None:  # fmt: skip
        """Send one checked step; exactly one of the callbacks follows, if the driver lives and is not told to stop.

        A step may be accepted after a stop that came when it was under way: no handle was there to cancel, so it is
        stopped then.
        """
        goal = FollowJointTrajectory.Goal()
        goal.trajectory.joint_names = list(motion.joints)
        speeds, accelerations, contacts = driver_arrays(motion)
        goal.trajectory.points = [
            JointTrajectoryPoint(
                positions=list(step), velocities=list(speeds), accelerations=list(accelerations), effort=list(contacts)
            )
        ]

        self._sends += 1
        number, stops = self._sends, self._stops
        self._unanswered.add(number)

        def on_result(future: Any) -> None:
            if self._goal is not None and self._goal.number == number:
                self._goal = None
            ended = future.result()
            if ended.status == GoalStatus.STATUS_CANCELED:  # our own doing; its empty result would read as success
                return
            answer, aborted = ended.result, ended.status != GoalStatus.STATUS_SUCCEEDED
            ok = answer.error_code == FollowJointTrajectory.Result.SUCCESSFUL and not aborted
            result(ok, answer.error_code, answer.error_string)

        def on_handle(future: Any) -> None:
            self._unanswered = {one for one in self._unanswered if one > number}  # older: heard before, or never
            handle = future.result()
            if not handle.accepted:
                rejected()
            elif self._stops != stops:
                handle.cancel_goal_async()
                self._goal = Accepted(number, motion.joints, handle, self._clock.monotonic_s())
                handle.get_result_async().add_done_callback(on_result)
                if number == self._sends:  # a newer step is one the guard has sent since, and it replaces this one
                    self._stop_the_robot()
            else:
                self._goal = Accepted(number, motion.joints, handle, self._clock.monotonic_s())
                handle.get_result_async().add_done_callback(on_result)

        self._steps.send_goal_async(goal).add_done_callback(on_handle)

    def clear(self) -> None:
        """Cancel the goal it has; that it has ended is known by its result."""
        if self._goal is not None:
            self._goal.handle.cancel_goal_async()

    def twist(self, linear: float, turning: float) -> None:
        """Drive the base [m/s, rad/s]; the driver takes it in navigation mode only, and logs an error in others."""
        message = Twist()
        message.linear.x, message.angular.z = linear, turning
        self._twists.publish(message)

    def stop(self) -> None:
        """Follow the stop recipe: cancel, a zero velocity where one counts, and /stop_the_robot."""
        self._stops += 1
        self.clear()
        if self._mode == NAVIGATION:
            self.twist(0.0, 0.0)
        self._stop_the_robot()

    def looked(self, patience_s: float) -> None:
        """Tell what stops the robot after the guard's end that the guard looks."""
        self._last_stop.looked(patience_s)

    def runstop(self) -> None:
        """Trigger the run stop, the last resort; what is held may drop. Does not wait for a driver that has died."""
        self._unanswered.clear()
        if self._runstop.service_is_ready():
            self._runstop.call_async(SetBool.Request(data=True))

    def to_mode(self, mode: str) -> None:
        """Ask for a mode, unless it is the one or was asked for just now: a change of mode waits for every goal."""
        asked, asked_s, answer = self._asked
        passed_s, answered = self._clock.monotonic_s() - asked_s, answer is None or answer.done()
        waits = passed_s < TOLD_MODE_S and mode == asked if answered else passed_s < UNANSWERED_S
        if mode != self._mode and not waits and self._modes[mode].service_is_ready():
            answer = self._modes[mode].call_async(Trigger.Request())
            self._asked = mode, self._clock.monotonic_s(), answer

    def _stop_the_robot(self) -> None:
        if self._stop.service_is_ready():
            self._stop.call_async(Trigger.Request())

    def _on_joints(self, message: JointState) -> None:
        now_s = self._clock.monotonic_s()
        if now_s - self._joints_s > GONE_S:
            self._goal, self._asked = None, ("", float("-inf"), None)
            self._unanswered.clear()
        self._joints, self._joints_s = message, now_s

    def _on_odometry(self, message: Odometry) -> None:
        pose, stamp_ns = message.pose.pose, stamp_from_msg(message.header.stamp)
        heading = 2.0 * math.atan2(pose.orientation.z, pose.orientation.w)
        base, passed_s = (pose.position.x, pose.position.y, heading), (stamp_ns - self._base_stamp_ns) / 1e9
        if passed_s > 0.0:
            moved = base_displacement(self._base, base)
            self._base_speeds = moved[TRANSLATE] / passed_s, moved[ROTATE] / passed_s
        self._base, self._base_stamp_ns, self._base_s = base, stamp_ns, self._clock.monotonic_s()

    def _on_mode(self, message: String) -> None:
        self._mode, self._mode_s = message.data, self._clock.monotonic_s()

    def _on_runstopped(self, message: Bool) -> None:
        self._runstopped = message.data

    def _on_battery(self, message: BatteryState) -> None:
        self._volts = message.voltage
