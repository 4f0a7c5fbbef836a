"""A driver for tests: the real names and types, a lift that moves at once or not at all. Not part of the product.

Arguments: --stuck (steps never end), --broken (steps abort without a code, as a callback that fails does),
--silent-after N (joint states stop after N seconds).
"""

from __future__ import annotations

import sys
import threading

import rclpy
from control_msgs.action import FollowJointTrajectory
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


class FakeDriver(Node):
    """Publishes states at 30 Hz and does what it is told within one period."""

    def __init__(self, stuck: bool, broken: bool, silent_after: float) -> None:
        super().__init__("stretch_driver")
        self.positions = dict.fromkeys(BODY_JOINTS, 0.1) | {"joint_head_pan": 0.0}
        self.base, self.stuck, self.broken, self.silent_after = 0.0, stuck, broken, silent_after
        self.commands: list[str] = []
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
        self.create_service(Trigger, "/switch_to_position_mode", self.on_mode, callback_group=group)
        self.create_service(SetBool, "/runstop", self.on_runstop, callback_group=group)
        self.create_service(SetBool, "/test/button", self.on_runstop, callback_group=group)
        self.create_timer(1.0 / 30.0, self.tick, callback_group=group)

    def tick(self) -> None:
        self.mode.publish(String(data="position"))
        self.runstopped.publish(Bool(data=self.pressed))
        if self.monotonic.monotonic_s() - self.began > self.silent_after:
            return
        stamp = self.get_clock().now().to_msg()
        joints = JointState(name=list(self.positions), position=list(self.positions.values()),
                            velocity=[0.0] * len(self.positions), effort=[0.0] * len(self.positions))  # fmt: skip
        joints.header.stamp = stamp
        self.joints.publish(joints)
        odometry = Odometry()
        odometry.header.stamp, odometry.pose.pose.position.x = stamp, self.base
        odometry.pose.pose.orientation.w = 1.0
        self.odometry.publish(odometry)

    def execute(self, handle: object) -> FollowJointTrajectory.Result:
        trajectory = handle.request.trajectory
        point = trajectory.points[0]
        print("STEP", dict(zip(trajectory.joint_names, point.positions, strict=True)), flush=True)
        if self.broken:
            handle.abort()
            return FollowJointTrajectory.Result()
        if self.stuck:
            for _ in range(1000):
                if handle.is_cancel_requested or threading.Event().wait(timeout=0.01) or not rclpy.ok():
                    break
            handle.abort()
            return FollowJointTrajectory.Result(error_code=-4)
        for joint, value in zip(trajectory.joint_names, point.positions, strict=True):
            if joint in BASE_JOINTS:
                self.base += value
            else:
                self.positions[joint] = value
        handle.succeed()
        return FollowJointTrajectory.Result()

    def on_stop(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        print("STOP", flush=True)
        response.success = True
        return response

    def on_mode(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        response.success = True
        return response

    def on_runstop(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        self.pressed, response.success = request.data, True
        return response


def main() -> None:
    silent = float(sys.argv[sys.argv.index("--silent-after") + 1]) if "--silent-after" in sys.argv else float("inf")
    rclpy.init()
    executor = MultiThreadedExecutor(num_threads=4)
    node = FakeDriver("--stuck" in sys.argv, "--broken" in sys.argv, silent)
    executor.add_node(node)
    try:
        while rclpy.ok():
            executor.spin_once(timeout_sec=0.5)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass


if __name__ == "__main__":
    main()
