"""The driver's trajectory action and its services, answered by the driver model.

Callbacks run on a pool of threads and wait there, as the driver's do; one lock guards the model.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from control_msgs.action import FollowJointTrajectory
from geometry_msgs.msg import Twist
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.node import Node
from std_srvs.srv import SetBool, Trigger
from trajectory_msgs.msg import JointTrajectoryPoint

from f2p.clock import Clock
from f2p.twin.driver import StretchDriver
from f2p.twin.goals import GoalStatus, Point, TrajectoryGoal

POLL_S = 0.01
"""How often a running goal looks at its fate, as the driver does [s]."""

CHANGE_DEADLINE_S = 60.0
"""A change of mode that takes longer is answered with failure [s]."""

MODES = {
    "/switch_to_position_mode": "position", "/switch_to_navigation_mode": "navigation",
    "/home_the_robot": "homing", "/stow_the_robot": "stowing",
}  # fmt: skip
"""Trigger services and the mode each asks for."""


class DriverInterface:
    """Action and services of one driver.

    Args:
        node: Where they live.
        driver: The model.
        lock: Guards it against the physics thread.
        clock: For deadlines.
    """

    def __init__(self, node: Node, driver: StretchDriver, lock: threading.Lock, clock: Clock) -> None:
        self._node, self._driver, self._lock, self._clock = node, driver, lock, clock
        self.closing = threading.Event()
        group = ReentrantCallbackGroup()
        self._action = ActionServer(
            node, FollowJointTrajectory, "/stretch_controller/follow_joint_trajectory", self._execute,
            goal_callback=self._on_goal, cancel_callback=lambda _: CancelResponse.ACCEPT, callback_group=group,
        )  # fmt: skip
        for name, mode in MODES.items():
            node.create_service(Trigger, name, self._changer(mode), callback_group=group)
        node.create_service(Trigger, "/stop_the_robot", self._on_stop, callback_group=group)
        node.create_service(SetBool, "/runstop", self._on_runstop, callback_group=group)
        node.create_service(SetBool, "/stretch_sim/press_runstop", self._on_button, callback_group=group)
        node.create_subscription(Twist, "/stretch/cmd_vel", self._on_twist, 1, callback_group=group)

    def _on_goal(self, request: FollowJointTrajectory.Goal) -> GoalResponse:
        """Reject what comes too soon; the model checks the rest when the goal runs."""
        with self._lock:
            return GoalResponse.ACCEPT if self._driver.accept_goal() else GoalResponse.REJECT

    def _execute(self, handle: ServerGoalHandle) -> FollowJointTrajectory.Result:
        """Send the goal to the model and wait for its fate."""
        trajectory = handle.request.trajectory
        goal = TrajectoryGoal(tuple(trajectory.joint_names), tuple(_point(point) for point in trajectory.points))
        with self._lock:
            self._driver.start_goal(goal)
        while goal.status is GoalStatus.ACTIVE and not self.closing.wait(POLL_S):
            if handle.is_cancel_requested:
                with self._lock:
                    self._driver.cancel(goal)
        result = FollowJointTrajectory.Result(error_code=goal.error_code, error_string=goal.error_string)
        if goal.status is GoalStatus.SUCCEEDED:
            handle.succeed()
        elif goal.status is GoalStatus.CANCELED:
            handle.canceled()
        else:
            handle.abort()
        return result

    def _changer(self, mode: str) -> Callable[[Trigger.Request, Trigger.Response], Trigger.Response]:
        """Return the callback of a Trigger service that changes the mode, and waits for homing and stowing to end."""

        def on_change(_: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            response.success, response.message = self._change(mode)
            if response.success and mode in ("homing", "stowing"):
                self._until(lambda: self._driver.mode != mode)
            return response

        return on_change

    def _change(self, mode: str) -> tuple[bool, str]:
        """Change the mode; waits, as the driver does, until no goal is active."""
        with self._lock:
            pending = self._driver.change_mode(mode)
        if not self._until(lambda: pending.done):
            return False, f"no change to {mode} within {CHANGE_DEADLINE_S} s"
        return pending.success, pending.message

    def _until(self, condition: Callable[[], bool]) -> bool:
        """Wait for a condition, at most `CHANGE_DEADLINE_S`."""
        end_s = self._clock.monotonic_s() + CHANGE_DEADLINE_S
        while not condition():
            if self._clock.monotonic_s() > end_s or self.closing.wait(POLL_S):
                return False
        return True

    def _on_stop(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        with self._lock:
            self._driver.stop_the_robot()
        response.success, response.message = True, "Stopped the robot."
        return response

    def _on_runstop(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        response.success, response.message = self._change("runstopped" if request.data else "released")
        return response

    def _on_button(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        with self._lock:
            self._driver.press_runstop(request.data)
        response.success, response.message = True, "pressed" if request.data else "released"
        return response

    def _on_twist(self, message: Twist) -> None:
        with self._lock:
            self._driver.twist(message.linear.x, message.angular.z)


def _point(point: JointTrajectoryPoint) -> Point:
    """Return a way point's arrays."""
    return Point(tuple(point.positions), tuple(point.velocities), tuple(point.accelerations), tuple(point.effort))
