"""What the guard hears and tells, between messages and values."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from f2p.guard.beats import Beat
from f2p.guard.core import Guard
from f2p.guard.driver import DriverState
from f2p.guard.errors import LatchedError
from f2p.guard.leases import Rank, Renewal
from f2p.guard.rules import GuardConfig
from f2p.guard.work import Now
from f2p.robot.protocol import Motion
from f2p.ros.base.heartbeat import Life
from f2p.ros.errors import wire_code
from f2p.ros.messages.convert import stamp_from_msg
from f2p_msgs.action import GuardedMove
from f2p_msgs.msg import GuardState, Heartbeat, Lease


def motion_from_msg(request: GuardedMove.Goal) -> Motion:
    """Return the motion of a goal, unchecked."""
    return Motion(tuple(request.joints), tuple(request.targets), tuple(request.speeds),
                  tuple(request.contact_thresholds))  # fmt: skip


def renewal_from_msg(lease: Lease) -> Renewal:
    """Return a renewal. Raises ValueError for a rank that there is not."""
    return Renewal(lease.lease, Rank(lease.rank), lease.epoch, stamp_from_msg(lease.header.stamp))


def beats_of(lives: Mapping[str, Life], gone: Callable[[str, int], bool]) -> dict[str, Beat]:
    """Return the newest beats of some nodes; `gone` tells whether the process of a node is no more."""
    return {
        name: Beat(life.pid, life.received_s, life.state == Heartbeat.ACTIVE, gone(name, life.pid))
        for name, life in lives.items()
    }


def state_to_msg(guard: Guard, now: Now, config: GuardConfig, active: bool) -> GuardState:
    """Return who may command and why not, without a stamp."""
    held = LatchedError(guard.latched) if guard.latched else guard.holding
    mode = GuardState.LATCHED if guard.latched else guard.rank(now, config).name.lower()
    return GuardState(
        mode=mode if active else GuardState.NOBODY, epoch=guard.epoch, holding=held is not None,
        latched=bool(guard.latched), error_code=0 if held is None else wire_code(held), reason=str(held or ""),
    )  # fmt: skip


def differs(new: GuardState, told: GuardState | None) -> bool:
    """Tell whether a state is another than the last that was told; an age within its reason is no change."""
    return told is None or any(
        getattr(new, name) != getattr(told, name) for name in ("mode", "epoch", "holding", "latched", "error_code")
    )


def feedback_of(guard: Guard, request: GuardedMove.Goal, state: DriverState) -> GuardedMove.Feedback:
    """Return where the running motion is."""
    here = guard.positions(state)
    feedback = GuardedMove.Feedback(progress=guard.progress(state))
    feedback.state = feedback.HELD if guard.holding is not None else feedback.MOVING
    feedback.positions = [float(here.get(joint, 0.0)) for joint in request.joints]
    return feedback
