"""What a round of learning reports, as messages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from f2p.codec import tree_of
from f2p.ros.messages.convert import duration_to_msg, filled
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
