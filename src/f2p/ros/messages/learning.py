"""What a round of learning reports, as messages."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from geometry_msgs.msg import Pose, PoseArray

from f2p.codec import tree_of
from f2p.ros.messages.convert import TASK_FRAME, duration_to_msg, filled, stamp_to_msg
from f2p.types import Particles
from f2p_msgs import msg

if TYPE_CHECKING:
    from f2p.weights.cycle import LearnReport


def gate_to_msg(report: LearnReport) -> msg.GateReport:
    """Return what the gate measured; an empty message where the round did not come to it."""
    if report.gate is None:
        return msg.GateReport()
    out = filled(msg.GateReport(), tree_of(report.gate))
    before, after = report.gate.replay_before, report.gate.replay_after
    out.replay = [msg.ReplayScore(name=name, before=float(before[name]), after=float(after[name])) for name in before]
    return out


def times_to_msg(report: LearnReport) -> list[msg.StageTime]:
    """Return how long each stage took."""
    return [msg.StageTime(stage=name, duration=duration_to_msg(value)) for name, value in report.seconds.items()]


def particles_to_msg(particles: Particles, acted_on: str, stamp_ns: int) -> PoseArray:
    """Return where one object stands in each of the scenes that were inferred; nothing where it is in none."""
    out = PoseArray()
    out.header.frame_id, out.header.stamp = TASK_FRAME, stamp_to_msg(stamp_ns)
    if acted_on in particles.names:
        for x, y, z, yaw in particles.poses[:, particles.names.index(acted_on)]:
            pose = Pose()
            pose.position.x, pose.position.y, pose.position.z = float(x), float(y), float(z)
            pose.orientation.z, pose.orientation.w = math.sin(yaw / 2), math.cos(yaw / 2)
            out.poses.append(pose)
    return out
