"""The twin's publishers: the driver's states, the frames, the depth images, and the truth."""

from __future__ import annotations

import numpy as np
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from nav_msgs.msg import Odometry
from rclpy.node import Node
from sensor_msgs.msg import BatteryState, CameraInfo, Image, Imu, JointState, MagneticField
from std_msgs.msg import Bool, String
from tf2_msgs.msg import TFMessage

from f2p.ros.base import qos
from f2p.ros.messages import driver as fill
from f2p.ros.messages import driver_health as health
from f2p.ros.messages.convert import stamp_from_msg
from f2p.ros.messages.ground_truth import truth_to_msg
from f2p.twin.camera import DepthCameraConfig
from f2p.twin.description import urdf_text
from f2p.twin.driver import StretchDriver
from f2p_msgs.msg import GroundTruth

TOOL = "tool_stretch_dex_wrist"


class DriverTopics:
    """States at the driver's rate; the caller holds the lock.

    Args:
        node: Where they live.
        driver: Read once for the fixed frames.
        broadcast_odometry: Whether /tf has odom -> base_link.
    """

    def __init__(self, node: Node, driver: StretchDriver, broadcast_odometry: bool) -> None:
        self._node, self._broadcast = node, broadcast_odometry
        self._frames = fill.Frames(driver.twin)
        make = node.create_publisher
        self._joints = [make(JointState, name, qos.STATE) for name in ("/stretch/joint_states", "/joint_states")]
        self._odometry = make(Odometry, "/odom", qos.STATE)
        self._battery = make(BatteryState, "/battery", qos.STATE)
        self._mode, self._tool = make(String, "/mode", qos.STATE), make(String, "/tool", qos.STATE)
        self._homed, self._runstopped = make(Bool, "/is_homed", qos.STATE), make(Bool, "/is_runstopped", qos.STATE)
        self._moving = make(TFMessage, "/tf", qos.TRANSFORMS)
        self._still = make(TFMessage, "/tf_static", qos.STATIC_TRANSFORMS)
        self._truth = make(GroundTruth, "/stretch_sim/ground_truth", qos.LATCHED)
        self._imus = [make(Imu, name, qos.STATE) for name in ("/imu_mobile_base", "/imu_wrist")]
        self._magnetometer = make(MagneticField, "/magnetometer_mobile_base", qos.STATE)
        self._diagnostics = make(DiagnosticArray, "/diagnostics", qos.STATE)
        self._description = make(String, "/robot_description", qos.LATCHED)
        self._description.publish(String(data=urdf_text()))
        self._ticks = -1
        self._still.publish(self._frames.still(driver.twin, self._now()))

    def states(self, driver: StretchDriver) -> None:
        """Publish what the driver's loop publishes; nothing while that loop hangs, but for what it did before."""
        if not driver.publishing and driver.ticks == self._ticks:
            return
        self._ticks = driver.ticks
        stamp = self._now()
        joints = fill.joint_states(driver, stamp)
        for publisher in self._joints:
            publisher.publish(joints)
        self._odometry.publish(fill.odometry(driver, stamp))
        self._battery.publish(fill.battery(stamp))
        self._mode.publish(String(data=driver.mode))
        self._tool.publish(String(data=TOOL))
        self._homed.publish(Bool(data=driver.homed))
        self._runstopped.publish(Bool(data=driver.runstopped))
        self._moving.publish(self._frames.moving(driver, stamp, self._broadcast))
        for publisher, reading in zip(
            self._imus, (health.imu_base(driver, stamp), health.imu_wrist(stamp)), strict=True
        ):
            publisher.publish(reading)
        self._magnetometer.publish(health.magnetometer(stamp))

    def diagnostics(self, driver: StretchDriver) -> None:
        """Publish what the driver's updater tells once a second; it hangs with the loop."""
        if driver.publishing:
            self._diagnostics.publish(health.diagnostics(driver, self._now()))

    def truth(self, driver: StretchDriver) -> None:
        """Publish what is so."""
        stamp_ns = stamp_from_msg(self._now())
        self._truth.publish(truth_to_msg(driver.twin.truth(), stamp_ns, driver.twin.time_s))

    def rebuilt(self, driver: StretchDriver) -> None:
        """Read the frames anew: a world with other bodies is another model."""
        self._frames = fill.Frames(driver.twin)

    def _now(self) -> Time:
        return self._node.get_clock().now().to_msg()


class CameraTopics:
    """Depth image and camera info, best effort, as the simulated and the real camera publish them."""

    def __init__(self, node: Node, config: DepthCameraConfig) -> None:
        self._config = config
        self._image = node.create_publisher(Image, "/camera/depth/image_rect_raw", qos.SENSOR)
        self._info = node.create_publisher(CameraInfo, "/camera/depth/camera_info", qos.SENSOR)

    def publish(self, depth_mm: np.ndarray, stamp: Time) -> None:
        """Publish one image. Shape (height, width), uint16 [mm]."""
        self._info.publish(fill.camera_info(self._config, stamp))
        self._image.publish(fill.depth_image(depth_mm, stamp))
