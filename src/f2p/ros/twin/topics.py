"""The twin's publishers: the driver's states, the frames, the depth images, and the truth."""

from __future__ import annotations

import numpy as np
from builtin_interfaces.msg import Time
from nav_msgs.msg import Odometry
from rclpy.node import Node
from sensor_msgs.msg import BatteryState, CameraInfo, Image, JointState
from std_msgs.msg import Bool, String
from std_srvs.srv import Trigger
from tf2_msgs.msg import TFMessage

from f2p.ros.base import qos
from f2p.ros.messages import driver as fill
from f2p.ros.messages.convert import stamp_from_msg
from f2p.twin.camera import DepthCameraConfig
from f2p.twin.driver import StretchDriver
from f2p.twin.world_json import truth_to_json

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
        self._truth = make(String, "/stretch_sim/ground_truth", qos.LATCHED)
        self._limits = make(JointState, "/joint_limits", qos.STATE)
        self._still.publish(self._frames.still(driver.twin, self._now()))
        node.create_service(Trigger, "/get_joint_states", self._on_limits)

    def states(self, driver: StretchDriver) -> None:
        """Publish what the driver's loop publishes; nothing while that loop would hang."""
        if not driver.publishing:
            return
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

    def truth(self, driver: StretchDriver) -> None:
        """Publish what is so."""
        stamp_ns = stamp_from_msg(self._now())
        self._truth.publish(String(data=truth_to_json(driver.twin.truth(), stamp_ns, driver.twin.time_s)))

    def rebuilt(self, driver: StretchDriver) -> None:
        """Read the frames anew: a world with other bodies is another model."""
        self._frames = fill.Frames(driver.twin)

    def _on_limits(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._limits.publish(fill.joint_limits(self._now()))
        response.success = True
        return response

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
