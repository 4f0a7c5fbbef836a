"""What the guard's own topics and action take: nothing beyond a bound, whatever it says."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from f2p.ros.base.heartbeat import Life, Watch
from f2p.ros.errors import BoundError
from f2p.ros.messages.bounds import only_within
from f2p.ros.nodes.guard import GuardNode
from f2p.ros.remote.guard_action import GuardedMoves
from f2p.ros.session.extremes import drawn
from f2p_msgs.action import GuardedMove
from f2p_msgs.msg import GuardedTwist, Heartbeat, Lease, Limits


def fake(done: list[Any], told: list[str]) -> Any:
    """A guard's node whose core takes everything."""
    warn = SimpleNamespace(warning=lambda text, **_: told.append(text), info=told.append)
    core = SimpleNamespace(renew=lambda *given: done.append(given), drive=lambda *given: done.append(given),
                           begin=lambda *given: done.append(given))  # fmt: skip
    return SimpleNamespace(_core=core, _guard=core, _moment=lambda: (None, None), get_logger=lambda: warn,
                           _driver=SimpleNamespace(state=dict), _running=None, _state=dict,
                           _node=SimpleNamespace(executor=None, get_logger=lambda: warn))  # fmt: skip


@pytest.mark.parametrize(
    ("called", "good", "bad", "field"),
    [
        (GuardNode._on_lease, Lease(lease="a"), Lease(lease="a" * 10_000), "Lease.lease"),
        (GuardNode._on_lease, Lease(lease="a"), Lease(holder="a" * 10_000), "Lease.holder"),
        (GuardNode._on_twist, GuardedTwist(), GuardedTwist(lease="a" * 10_000), "GuardedTwist.lease"),
        (GuardNode._on_twist, GuardedTwist(), GuardedTwist(linear_speed=float("nan")), "GuardedTwist.linear_speed"),
    ],
)
def test_leases_and_velocities_beyond_a_bound_are_told_and_forgotten(
    called: Callable[[Any, Any], None], good: Any, bad: Any, field: str
) -> None:
    done: list[Any] = []
    told: list[str] = []
    called(fake(done, told), bad)
    assert not done and field in told[0] and len(told[0]) < 500
    called(fake(done, told), good)
    assert len(done) == 1 and len(told) == 1


def test_a_motion_beyond_a_bound_never_reaches_the_guards_core() -> None:
    done: list[Any] = []
    told: list[str] = []
    handle = SimpleNamespace(request=GuardedMove.Goal(joints=["x"] * 10_000), is_cancel_requested=False,
                             abort=lambda: None)  # fmt: skip
    with pytest.raises(StopIteration) as ended:
        GuardedMoves.move(fake(done, told), handle).send(None)
    result = ended.value.value
    assert len(result.positions) <= Limits.MOST_JOINTS and len(told[0]) < 500
    assert result.error_code == BoundError.code and not done


@pytest.mark.parametrize("kind", [Lease, GuardedTwist])
def test_no_lease_and_no_velocity_raises_in_the_guards_process(kind: type) -> None:
    called = GuardNode._on_lease if kind is Lease else GuardNode._on_twist
    rng = np.random.default_rng(0)
    for _ in range(300):
        called(fake([], []), drawn(kind, rng))


def test_a_beat_beyond_a_bound_is_no_sign_of_life() -> None:
    watch = Watch.__new__(Watch)
    watch._lock, watch._lives, watch._clock = threading.Lock(), {"executor": Life()}, SimpleNamespace(monotonic_s=float)
    heard = only_within(watch._on_beat)
    heard(Heartbeat(node="executor", state="x" * 10_000, pid=7))
    assert watch._lives["executor"].pid == 0
    heard(Heartbeat(node="executor", state="active", pid=7))
    assert watch._lives["executor"].pid == 7
