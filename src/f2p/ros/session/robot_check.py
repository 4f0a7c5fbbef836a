"""Whether a robot is fit for autonomy, judged by what was heard of it; every line says what to do (promises.md 7)."""

from __future__ import annotations

import importlib.metadata
import math
from collections.abc import Callable, Iterator

from f2p.graph.finding import Finding
from f2p.graph.outside import NEEDED, POSITION_MODE
from f2p.robot.kinematics import LIMITS
from f2p.ros.session.robot_facts import RobotFacts

LEAST_STATE_HZ = 20.0
"""The driver publishes at 30 Hz; below this the guard holds now and again [Hz] (ours)."""

LEAST_IMAGE_HZ = 5.0
"""Depth images come at 6 to 15 Hz; below this a look takes too long [Hz] (ours)."""

LEAST_VOLT = 11.5
"""Below this a task may not end before the driver's alarm at 10.5 V, which stops the robot [V] (ours)."""

MOST_LAG_S = 0.3
"""Stamps further from our clock are refused by the guard at 0.5 s [s] (promises.md 1.2)."""

LIMIT_SLACK = 0.02
"""How much narrower the robot's range may be than ours [m or rad] (ours: calibration differs by that much)."""

TRIGGER = "ros2 service call {} std_srvs/srv/Trigger"
START = "start it: ros2 launch stretch_core stretch_driver.launch.py mode:=position broadcast_odom_tf:=True"
CAMERA_START = "start it: ros2 launch stretch_core d435i_low_resolution.launch.py, or say its topics to robot.launch.py"


def judge(facts: RobotFacts, wanted: bool) -> list[Finding]:
    """Return the findings of a robot; one line where none was heard, which is bad only where one was wanted."""
    if not facts.heard:
        return [Finding("driver", not wanted, "none is heard in this ROS domain; no robot was checked", START)]
    return [finding for check in CHECKS for finding in check(facts)]


def driver(facts: RobotFacts) -> Iterator[Finding]:
    """One driver, all of it there, at its rate, by our clock; its version."""
    count = facts.publishers.get("/stretch/joint_states", 0)
    yield Finding(
        "driver", count == 1, f"{count} publish /stretch/joint_states", "let one driver run in this ROS domain"
    )
    missing = [name for name in NEEDED if name not in facts.services]
    yield Finding("driver's services", not missing, f"missing: {', '.join(missing)}" if missing else "all there", START)
    for topic in ("/stretch/joint_states", "/odom"):
        rate = facts.rate(topic)
        text = f"{rate:.1f} Hz"
        yield Finding(topic, rate >= LEAST_STATE_HZ, text, "end what keeps the computer busy; look at the driver's log")
    late = "set the clocks alike (chrony), and let the driver run on this computer"
    yield Finding("clock", abs(facts.lag_s) <= MOST_LAG_S, f"joint states are {facts.lag_s * 1e3:.0f} ms old", late)
    try:
        body = importlib.metadata.version("hello-robot-stretch-body")
    except importlib.metadata.PackageNotFoundError:
        body = "not installed here"
    kind = "newer than" if facts.newer else "as"
    text = f"{kind} stretch_ros2 humble b77baa1, to which f2p is written; stretch_body {body}"
    yield Finding("driver's version", True, text)


def readiness(facts: RobotFacts) -> Iterator[Finding]:
    """Mode, homed, runstop, battery."""
    mode = facts.last["/mode"].data if "/mode" in facts.last else "not told"
    yield Finding("mode", mode == "position", mode, TRIGGER.format(POSITION_MODE))
    homed = "/is_homed" in facts.last and facts.last["/is_homed"].data
    yield Finding("homed", homed, str(homed), f"clear the space around it, then {TRIGGER.format('/home_the_robot')}")
    stopped = "/is_runstopped" not in facts.last or facts.last["/is_runstopped"].data
    release = "hold the button on its head for two seconds until it no longer blinks"
    yield Finding("runstop", not stopped, "pressed" if stopped else "released", release)
    volt = facts.last["/battery"].voltage if "/battery" in facts.last else math.nan
    yield Finding("battery", volt >= LEAST_VOLT, f"{volt:.1f} V", f"charge it to {LEAST_VOLT} V or more")


def limits(facts: RobotFacts) -> Iterator[Finding]:
    """Compare the driver's joint limits with ours: it clamps what is beyond without a word (stretch.md 1.3.3)."""
    told = facts.last.get("/joint_limits")
    if told is None:
        yield Finding(
            "joint limits", False, "not told", TRIGGER.format("/get_joint_states") + " should answer; see its log"
        )
        return
    theirs = {name: (low, high) for name, low, high in zip(told.name, told.position, told.velocity, strict=False)}
    narrow = [
        f"{name} {low:.2f} … {high:.2f} (ours {ours[0]:.2f} … {ours[1]:.2f})"
        for name, (low, high) in theirs.items()
        if (ours := LIMITS.get(name)) and not (low <= ours[0] + LIMIT_SLACK and ours[1] - LIMIT_SLACK <= high)
    ]
    known = sum(name in LIMITS for name in theirs)
    remedy = "calibrate and home the robot; f2p would ask for positions that the driver cuts short without a word"
    yield Finding("joint limits", not narrow and known > 0, "; ".join(narrow) or f"{known} joints reach as far", remedy)


def camera(facts: RobotFacts) -> Iterator[Finding]:
    """Depth images at their rate, with intrinsics of their size, as the camera gives them and not turned upright."""
    topic, info_topic = "/camera/depth/image_rect_raw", "/camera/depth/camera_info"
    rate = facts.rate(topic)
    yield Finding("depth images", rate >= LEAST_IMAGE_HZ, f"{rate:.1f} Hz", CAMERA_START)
    image, info = facts.last.get(topic), facts.last.get(info_topic)
    if image is None or info is None:
        yield Finding("camera info", info is not None, "none" if info is None else "without images", CAMERA_START)
        return
    fx, fy, cx, cy = info.k[0], info.k[4], info.k[2], info.k[5]
    fits = (image.width, image.height) == (info.width, info.height)
    sane = (
        all(map(math.isfinite, (fx, fy, cx, cy))) and fx > 0.0 < fy and 0.0 < cx < info.width and 0.0 < cy < info.height
    )
    text = f"{image.width} x {image.height}, f = {fx:.0f}, {fy:.0f}, centre {cx:.0f}, {cy:.0f}"
    yield Finding("camera info", fits and sane, text, "give the camera_info of the same stream as the depth images")
    remedy = "give the topic that the camera publishes, not the one turned upright: its frame is not turned with it"
    yield Finding("camera upright", image.width > image.height, "as the camera gives it", remedy)


def transforms(facts: RobotFacts) -> Iterator[Finding]:
    """One tree of frames, of one robot, from the base to the camera."""
    two = [f"{child} has {' and '.join(sorted(told))}" for child, told in facts.parents.items() if len(told) > 1]
    remedy = "another robot's frames are in this ROS domain: take another domain, or driver:=/NAMESPACE for each"
    yield Finding("TF", not two, "; ".join(two) or f"{len(facts.parents)} frames, each with one parent", remedy)
    image = facts.last.get("/camera/depth/image_rect_raw")
    frame = start = image.header.frame_id if image is not None else ""
    for _ in range(len(facts.parents)):
        frame = next(iter(facts.parents.get(frame, ())), frame)
        if frame == "base_link":
            break
    if start:
        text = f"from base_link to {start}" if frame == "base_link" else f"{start} hangs on {frame}, not on base_link"
        yield Finding("camera on the robot", frame == "base_link", text, "start robot_state_publisher with the driver")


CHECKS: tuple[Callable[[RobotFacts], Iterator[Finding]], ...] = (driver, readiness, limits, camera, transforms)
"""In the order of the report."""
