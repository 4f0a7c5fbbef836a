"""The driver's trajectory action and its services, answered by the driver model.

Callbacks run on a pool of threads and wait there, as the driver's do; one lock guards the model, which knows whether
the driver's own two threads could hear them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from control_msgs.action import FollowJointTrajectory
from geometry_msgs.msg import Twist
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_srvs.srv import SetBool, Trigger

from f2p.ros.base import qos
from f2p.ros.messages.driver import feedback, goal_from_msg, joint_limits
from f2p.twin.driver import StretchDriver
from f2p.twin.goals import GoalStatus

POLL_S = 0.01
"""How often a running goal looks at its fate, as the driver does [s]."""

SERVICES = {
    "/switch_to_position_mode": "position", "/switch_to_navigation_mode": "navigation",
    "/switch_to_trajectory_mode": "trajectory", "/home_the_robot": "homing", "/stow_the_robot": "stowing",
    "/stop_the_robot": "stop",
}  # fmt: skip
"""Trigger services and what each asks the model for."""


class DriverInterface:
    """Action and services of one driver.

    Args:
        node: Where they live.
        driver: The model.
        lock: Guards it against the physics thread.
        closing: Ends everybody who waits in a callback.
    """

    def __init__(self, node: Node, driver: StretchDriver, lock: threading.Lock, closing: threading.Event) -> None:
        self._node, self._driver, self._lock, self._closing = node, driver, lock, closing
        group, services = ReentrantCallbackGroup(), MutuallyExclusiveCallbackGroup()
        self._action = ActionServer(
            node, FollowJointTrajectory, "/stretch_controller/follow_joint_trajectory", self._execute,
            goal_callback=self._on_goal, cancel_callback=self._on_cancel, callback_group=group,
        )  # fmt: skip
        for name, what in SERVICES.items():
            node.create_service(Trigger, name, self._asking(what), callback_group=services)
        node.create_service(SetBool, "/runstop", self._on_runstop, callback_group=services)
        node.create_service(SetBool, "/self_collision_avoidance", self._on_avoidance, callback_group=services)
        node.create_service(Trigger, "/get_joint_states", self._on_limits, callback_group=services)
        node.create_service(SetBool, "/stretch_sim/press_runstop", self._on_button, callback_group=group)
        node.create_subscription(Twist, "/stretch/cmd_vel", self._on_twist, 1, callback_group=group)
        self._limits = node.create_publisher(JointState, "/joint_limits", qos.STATE)

    def _on_goal(self, request: FollowJointTrajectory.Goal) -> GoalResponse:
        """Reject what comes too soon; the model checks the rest when the goal runs. Waits for one of two threads."""
        self._until(lambda: self._driver.free)
        with self._lock:
            return GoalResponse.ACCEPT if self._driver.accept_goal() else GoalResponse.REJECT

    def _on_cancel(self, _handle: ServerGoalHandle) -> CancelResponse:
        """Take every cancel, once there is a thread to hear it."""
        self._until(lambda: self._driver.free)
        return CancelResponse.ACCEPT

    def _execute(self, handle: ServerGoalHandle) -> FollowJointTrajectory.Result:
        """Send the goal to the model, tell how it goes, and wait for its fate."""
        goal = goal_from_msg(handle.request)
        with self._lock:
            self._driver.start_goal(goal)
        while goal.status is GoalStatus.ACTIVE and not self._closing.wait(POLL_S):
            with self._lock:
                if handle.is_cancel_requested:
                    self._driver.cancel(goal)
                going = self._driver.feedback() if goal is self._driver.active_goal else None
            if going is not None:
                stamp = self._node.get_clock().now().to_msg()
                handle.publish_feedback(feedback(list(goal.joints), *going, stamp))
        result = FollowJointTrajectory.Result(error_code=goal.error_code, error_string=goal.error_string)
        if goal.status is GoalStatus.SUCCEEDED:
            handle.succeed()
        elif goal.status is GoalStatus.CANCELED:
            handle.canceled()
        else:
            handle.abort()
        return result

    def _asking(self, what: str) -> Callable[[Trigger.Request, Trigger.Response], Trigger.Response]:
        """Return the callback of a Trigger service."""

        def on_call(_: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
            response.success, response.message = self._ask(what)
            return response

        return on_call

    def _ask(self, what: str) -> tuple[bool, str]:
        """Ask the model and wait as the driver's callers do: until no goal is active, until homed, or for ever."""
        with self._lock:
            call = self._driver.ask(what)
        self._until(lambda: call.done)
        return call.success and call.done, call.message

    def _until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition, or the end of the process."""
        while not condition() and not self._closing.wait(POLL_S):
            pass

    def _on_runstop(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        response.success, response.message = self._ask("runstopped" if request.data else "released")
        return response

    def _on_avoidance(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        """Answer as the driver does; the model's joints never meet one another, so there is nothing to avoid."""
        response.success, _ = self._ask("report")
        response.message = f"is self collision avoidance enabled: {request.data}"
        return response

    def _on_limits(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success, response.message = self._ask("report")
        self._limits.publish(joint_limits(self._node.get_clock().now().to_msg()))
        return response

    def _on_button(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        with self._lock:
            self._driver.press_runstop(request.data)
        response.success, response.message = True, "pressed" if request.data else "released"
        return response

    def _on_twist(self, message: Twist) -> None:
        with self._lock:
            self._driver.twist(message.linear.x, message.angular.z)
