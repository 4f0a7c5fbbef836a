"""What a round of learning reports, and which weights serve, as messages."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from geometry_msgs.msg import Pose, PoseArray
from std_msgs.msg import String

from f2p.codec import tree_of
from f2p.ros.errors import wire_code, wire_text
from f2p.ros.messages.convert import TASK_FRAME, duration_to_msg, filled, stamp_to_msg
from f2p.types import Contradiction, Particles
from f2p.weights.listing import lines_of, skills_of
from f2p_msgs import msg

if TYPE_CHECKING:
    from f2p.errors import F2pError
    from f2p.weights.cycle import LearnReport
    from f2p.weights.store import WeightsStore

MOST_PARTICLES, MOST_STATUS = 1000, 8000
"""Particles that are shown, and characters of a plan's status (ours: a round has dozens; 32 steps of two lines)."""


def gate_to_msg(report: LearnReport) -> msg.GateReport:
    """Return what the gate measured; an empty message where the round did not come to it."""
    if report.gate is None:
        return msg.GateReport()
    out = filled(msg.GateReport(), tree_of(report.gate))
    before, after = report.gate.replay_before, report.gate.replay_after
    out.replay = [msg.ReplayScore(name=name, before=float(before[name]), after=float(after[name])) for name in before]
    return out


def weights_to_msg(
    store: WeightsStore, serving: str, loading: bool, error: F2pError | None, stamp_ns: int
) -> msg.WeightsState:
    """Return which weights serve and which wait; a damaged line of who waits is as if nobody did."""
    manifest = store.manifest(serving)
    state = msg.WeightsState(
        champion=store.champion, previous=store.previous or "", waiting=lines_of(store.folder).get("waiting", ""),
        serving=serving, sha=serving, profile=manifest.profile, skills=list(skills_of(manifest)), loading=loading,
    )  # fmt: skip
    state.header.stamp = stamp_to_msg(stamp_ns)
    if error is not None:
        state.error_code, state.error_msg = wire_code(error), wire_text(error)
    return state


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


def status_from_msg(message: String) -> str:
    """Return how a plan's steps went, as a tree in words."""
    return str(message.data[:MOST_STATUS])


def places_from_msg(message: PoseArray) -> np.ndarray:
    """Return where the object stands in each scene [m], as far as these are places. Shape (particles, 3)."""
    places = [[one.position.x, one.position.y, one.position.z] for one in message.poses[:MOST_PARTICLES]]
    return np.array([place for place in places if np.all(np.isfinite(place))]).reshape(-1, 3)


def contradictions_from_msg(message: msg.Failure) -> tuple[Contradiction, ...]:
    """Return what a failure says came out otherwise than predicted."""
    return tuple(
        Contradiction(one.relation, one.subject, one.object, one.predicted, one.observed)
        for one in message.contradictions
    )
