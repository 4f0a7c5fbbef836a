"""The recorder as a process of a graph: what passes is recorded, serialized as it came, and found again by others."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from rclpy.node import Node
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import Image, JointState
from std_srvs.srv import Trigger

from f2p.graph import graph
from f2p.graph.places import SUPERVISOR
from f2p.graph.supervisor import Supervisor, SupervisorConfig
from f2p.record.bag import open_bag, survey
from f2p.record.definitions import check_same
from f2p.ros.base import qos
from f2p.ros.base.client import ServiceCaller
from f2p.ros.base.heartbeat import Watch
from f2p.ros.remote.goal import spinning
from f2p.ros.remote.status import GraphStatus
from f2p_msgs.msg import GuardState

pytestmark = pytest.mark.together

UP_S = 120.0
"""Longest bring-up of a process on a busy machine [s]."""


@pytest.fixture
def node(ros_domain: int) -> Iterator[Node]:
    """A node that publishes what a robot would."""
    with spinning("test_recorder") as made:
        yield made


def test_what_passes_is_recorded_on_request_and_when_the_robot_is_held(
    node: Node, tmp_path: Path, until: Callable[..., float]
) -> None:
    supervisor = Supervisor(
        [spec for spec in graph.nodes("sim", ["recorder"]) if spec.name in ("manager", "recorder")], tmp_path,
        SupervisorConfig(), {SUPERVISOR: str(os.getpid())}, ("--ros-args",),
        {"manager": ("-p", "graph:=sim"), "recorder": ("-p", f"folder:={tmp_path}/bags", "-p",
         "recording.after_s:=0.5", "-p", "recording.free_bytes:=0.0")},
    )  # fmt: skip
    watch, status = Watch(node, ["recorder"]), GraphStatus()
    images = node.create_publisher(Image, "/camera/depth/image_rect_raw", qos.SENSOR)
    joints = node.create_publisher(JointState, "/joint_states", qos.STATE)
    guard = node.create_publisher(GuardState, "guard_state", qos.LATCHED)
    image = Image(height=48, width=64, step=128, encoding="16UC1", data=bytes(range(256)) * 24)
    sent = 0

    def bags() -> list[Path]:
        return sorted((tmp_path / "bags").glob("*/metadata.yaml"))

    def passing(condition: Callable[[], bool]) -> Callable[[], bool]:
        def look() -> bool:
            nonlocal sent
            supervisor.poll()
            sent += 1
            joints.publish(JointState(name=["lift"], position=[float(sent)]))
            images.publish(image)
            return condition()

        return look

    try:
        supervisor.start()
        until(passing(lambda: status.states().get("recorder") == "active"), UP_S, "the recorder is active")
        guard.publish(GuardState(mode=GuardState.AUTONOMY))
        ask = {name: ServiceCaller(node, Trigger, f"record/{name}", "recorder", watch) for name in ("start", "stop")}
        assert ask["start"].call(Trigger.Request(), 20.0).message.endswith("-asked")
        began = sent
        until(passing(lambda: sent > began + 200), 60.0, "something passes")
        assert ask["stop"].call(Trigger.Request(), 20.0).success
        until(passing(lambda: len(bags()) == 1), 60.0, "the recording is whole")
        guard.publish(GuardState(mode=GuardState.AUTONOMY, holding=True, error_code=951, reason="late"))
        until(passing(lambda: len(bags()) == 1 and "951: late" in bags()[0].read_text()), 60.0, "the hold is in it")
    finally:
        supervisor.stop()
        status.close()
    (path,) = (one.parent for one in bags())
    found = survey(open_bag(path))
    counts = {topic.name: count for topic, count in found.counts.items()}
    assert found.exit_code == 0 and counts["/joint_states"] > 100 and counts["/f2p/guard_state"] == 2
    for topic in found.counts:
        check_same(topic.kind, topic.definition)
    first = next(one for one in open_bag(path).messages() if one.topic.name.endswith("image_rect_raw"))
    assert deserialize_message(first.data, Image) == image
