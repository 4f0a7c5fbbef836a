"""What the driver tells of its own hardware: two IMUs, a magnetometer without values, and diagnostics."""

from __future__ import annotations

import math

from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import Quaternion, Vector3
from sensor_msgs.msg import Imu, MagneticField
from std_msgs.msg import Header

from f2p.robot.protocol import ARM, HEAD_PAN, HEAD_TILT, LIFT, WRIST_PITCH, WRIST_ROLL, WRIST_YAW
from f2p.twin import model as parts
from f2p.twin.driver import StretchDriver

GRAVITY = 9.81
"""[m/s^2]."""

HARDWARE_ID = "stretch-re2-twin"
"""Where the robot has its HELLO_FLEET_ID."""

STEPPERS = {"Lift": LIFT, "Arm": ARM}
SERVOS = {
    "Head/head_pan": HEAD_PAN, "Head/head_tilt": HEAD_TILT, "EndOfArm/wrist_yaw": WRIST_YAW,
    "EndOfArm/wrist_pitch": WRIST_PITCH, "EndOfArm/wrist_roll": WRIST_ROLL,
    "EndOfArm/stretch_gripper": parts.FINGER_LEFT,
}  # fmt: skip
HEALTHY = {"Pimu/Voltage": "12.6", "Pimu/Current": "2.0", "Pimu/Temperature": "25.0", "Pimu/Cliff": "0.0",
           "Pimu/Device": "", "Wacc/Device": str(GRAVITY)}  # fmt: skip
"""Tasks of the driver's updater about what the twin does not have, with a healthy value."""


def imu_base(driver: StretchDriver, stamp: Time) -> Imu:
    """Return the base's IMU: heading, its rate, gravity."""
    heading = driver.odometry[2]
    return Imu(
        header=Header(stamp=stamp, frame_id="imu_mobile_base"),
        orientation=Quaternion(z=math.sin(heading / 2), w=math.cos(heading / 2)),
        angular_velocity=Vector3(z=driver.motors.base_speed[1]), linear_acceleration=Vector3(z=GRAVITY),
    )  # fmt: skip


def imu_wrist(stamp: Time) -> Imu:
    """Return the wrist's accelerometer, which the driver checks for gravity along x."""
    return Imu(header=Header(stamp=stamp, frame_id="accel_wrist"), linear_acceleration=Vector3(x=GRAVITY))


def magnetometer(stamp: Time) -> MagneticField:
    """Return a magnetometer's message without values, as the driver publishes it."""
    return MagneticField(header=Header(stamp=stamp, frame_id="imu_mobile_base"))


def diagnostics(driver: StretchDriver, stamp: Time) -> DiagnosticArray:
    """Return one status for each task of the driver's updater."""
    motors = (False, "Runstop on") if driver.runstopped else (driver.homed, "Hardware not calibrated")
    rows = [_status(name, True, "", {"value": value} if value else {}) for name, value in HEALTHY.items()]
    for name, joint in STEPPERS.items():
        values = {"pos": str(driver.joints()[joint].position)}
        rows += [_status(f"{name}/Device", *motors, values), _status(f"{name}/Motor", True, "", {})]
    rows.append(
        _status("Base/Device", True, "", dict(zip(("x", "y", "theta"), map(str, driver.odometry), strict=True)))
    )
    rows += [_status(f"Base/{wheel}Wheel", True, "", {}) for wheel in ("Left", "Right")]
    rows += [
        _status(name, driver.homed, "Hardware not calibrated", {"pos": str(driver.twin.position(joint))})
        for name, joint in SERVOS.items()
    ]
    return DiagnosticArray(header=Header(stamp=stamp), status=rows)


def _status(name: str, well: bool, problem: str, values: dict[str, str]) -> DiagnosticStatus:
    """Return one row; a problem is a warning, as the driver's own."""
    return DiagnosticStatus(
        level=DiagnosticStatus.OK if well else DiagnosticStatus.WARN, name=f"stretch_driver: {name}",
        message="OK" if well else problem, hardware_id=HARDWARE_ID,
        values=[KeyValue(key=key, value=value) for key, value in values.items()],
    )  # fmt: skip
