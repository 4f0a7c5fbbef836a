"""A driver for tests: the real names and types, joints that move at once or not at all. Not part of the product.

Arguments: --stuck (steps never end), --broken (steps abort without a code, as a callback that fails does),
--silent-after N (joint states stop after N seconds), --rolls N (joints and base move at N a second, until they are told
to stop; a cancel alone does not stop them).
"""

from __future__ import annotations

import os
import sys
import threading
from functools import partial

import rclpy
from control_msgs.action import FollowJointTrajectory
from geometry_msgs.msg import Twist
from nav_msgs.msg import Odometry
from rclpy.action import ActionServer, CancelResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor
from rclpy.node import Node
from sensor_msgs.msg import JointState
from std_msgs.msg import Bool, String
from std_srvs.srv import SetBool, Trigger

from f2p.clock import SystemClock
from f2p.robot.protocol import BASE_JOINTS, BODY_JOINTS
from f2p.ros.base import qos


def say(line: str) -> None:
    """One whole line at once: print writes text and line end apart, and callbacks answer side by side."""
    os.write(sys.stdout.fileno(), f"{line}\n".encode())


class FakeDriver(Node):
    """Publishes states at 30 Hz and does what it is told within one period."""

    def __init__(self, stuck: bool, broken: bool, silent_after: float, rolls: float) -> None:
        super().__init__("stretch_driver")
        self.positions = dict.fromkeys(BODY_JOINTS, 0.1) | {"joint_head_pan": 0.0}
        self.base, self.stuck, self.broken, self.silent_after = 0.0, stuck, broken, silent_after
        self.rolls, self.left = rolls, dict.fromkeys((*BODY_JOINTS, *BASE_JOINTS), 0.0)
        self.lock, self.mode_name = threading.Lock(), "position"
        self.stops, self.monotonic = 0, SystemClock()
        self.began = self.monotonic.monotonic_s()
        group = ReentrantCallbackGroup()
        self.joints = self.create_publisher(JointState, "/stretch/joint_states", qos.STATE)
        self.odometry = self.create_publisher(Odometry, "/odom", qos.STATE)
        self.mode = self.create_publisher(String, "/mode", qos.STATE)
        self.runstopped = self.create_publisher(Bool, "/is_runstopped", qos.STATE)
        self.pressed = False
        ActionServer(self, FollowJointTrajectory, "/stretch_controller/follow_joint_trajectory", self.execute,
                     callback_group=group, cancel_callback=lambda _: CancelResponse.ACCEPT)  # fmt: skip
        self.create_service(Trigger, "/stop_the_robot", self.on_stop, callback_group=group)
        for mode in ("position", "navigation"):
            self.create_service(Trigger, f"/switch_to_{mode}_mode", partial(self.on_mode, mode), callback_group=group)
        self.create_subscription(Twist, "/stretch/cmd_vel", self.on_twist, qos.STATE, callback_group=group)
        self.twist, self.twist_s = 0.0, float("-inf")
        self.create_service(SetBool, "/runstop", self.on_runstop, callback_group=group)
        self.create_service(SetBool, "/test/button", self.on_runstop, callback_group=group)
        self.create_timer(1.0 / 30.0, self.tick, callback_group=group)

    def tick(self) -> None:
        self.mode.publish(String(data=self.mode_name))
        self.runstopped.publish(Bool(data=self.pressed))
        if self.monotonic.monotonic_s() - self.began > self.silent_after:
            return
        stamp = self.get_clock().now().to_msg()
        speeds = self.roll(1.0 / 30.0)
        joints = JointState(name=list(self.positions), position=list(self.positions.values()),
                            velocity=[speeds.get(joint, 0.0) for joint in self.positions],
                            effort=[0.0] * len(self.positions))  # fmt: skip
        joints.header.stamp = stamp
        self.joints.publish(joints)
        odometry = Odometry()
        odometry.header.stamp, odometry.pose.pose.position.x = stamp, self.base
        odometry.pose.pose.orientation.w = 1.0
        self.odometry.publish(odometry)

    def roll(self, period_s: float) -> dict[str, float]:
        """Move everything one period on; the speeds."""
        speeds = {}
        with self.lock:
            if self.mode_name == "navigation" and self.monotonic.monotonic_s() - self.twist_s < 0.5:
                self.base += self.twist * period_s
            for joint, left in self.left.items():
                moved = min(max(left, -self.rolls * period_s), self.rolls * period_s)
                self.left[joint] -= moved
                speeds[joint] = moved / period_s
                if joint in BASE_JOINTS:
                    self.base += moved
                else:
                    self.positions[joint] += moved
        return speeds

    def follow(self, handle: object, joints: list[str], values: list[float]) -> FollowJointTrajectory.Result:
        """Give the joints their targets, and wait until they are there or the goal is canceled."""
        with self.lock:
            for joint, value in zip(joints, values, strict=True):
                self.left[joint] = value if joint in BASE_JOINTS else value - self.positions[joint]
        for _ in range(1000):
            if handle.is_cancel_requested:
                handle.canceled()
                return FollowJointTrajectory.Result()
            if not any(self.left[joint] for joint in joints) or not rclpy.ok():
                break
            threading.Event().wait(timeout=0.01)
        handle.succeed()
        return FollowJointTrajectory.Result()

    def execute(self, handle: object) -> FollowJointTrajectory.Result:
        trajectory = handle.request.trajectory
        point = trajectory.points[0]
        say(f"STEP {dict(zip(trajectory.joint_names, point.positions, strict=True))}")
        if self.broken:
            handle.abort()
            return FollowJointTrajectory.Result()
        if self.stuck:
            for _ in range(1000):
                if handle.is_cancel_requested or threading.Event().wait(timeout=0.01) or not rclpy.ok():
                    break
            handle.abort()
            return FollowJointTrajectory.Result(error_code=-4)
        if self.rolls:
            return self.follow(handle, trajectory.joint_names, list(point.positions))
        for joint, value in zip(trajectory.joint_names, point.positions, strict=True):
            if joint in BASE_JOINTS:
                self.base += value
            else:
                self.positions[joint] = value
        handle.succeed()
        return FollowJointTrajectory.Result()

    def on_stop(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        say("STOP")
        with self.lock:
            self.left = dict.fromkeys(self.left, 0.0)
        response.success = True
        return response

    def on_mode(self, mode: str, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        say(f"MODE {mode}")
        self.mode_name, response.success = mode, True
        return response

    def on_twist(self, message: Twist) -> None:
        say(f"TWIST {message.linear.x}")
        self.twist, self.twist_s = message.linear.x, self.monotonic.monotonic_s()

    def on_runstop(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        self.pressed, response.success = request.data, True
        return response


def main() -> None:
    silent = float(sys.argv[sys.argv.index("--silent-after") + 1]) if "--silent-after" in sys.argv else float("inf")
    rolls = float(sys.argv[sys.argv.index("--rolls") + 1]) if "--rolls" in sys.argv else 0.0
    rclpy.init()
    executor = MultiThreadedExecutor(num_threads=6)
    node = FakeDriver("--stuck" in sys.argv, "--broken" in sys.argv, silent, rolls)
    executor.add_node(node)
    try:
        while rclpy.ok():
            executor.spin_once(timeout_sec=0.5)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass


if __name__ == "__main__":
    main()
