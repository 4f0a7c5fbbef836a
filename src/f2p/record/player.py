"""A recording played against a clock: pause, rate, seek, step; and which of its topics may be played at all.

No ROS in here: whoever plays asks what is due, and publishes it. What commands a robot is never due.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from f2p.clock import Clock
from f2p.record.bag import Bag
from f2p.record.values import Recorded, Topic

COMMANDING = re.compile(
    r"geometry_msgs/msg/Twist\w*|sensor_msgs/msg/Joy|(trajectory|control|action)_msgs/.*|\w+/(action|srv)/.*"
    r"|f2p_msgs/msg/(Lease|GuardedTwist|OperatorWord|Heartbeat)"
)
"""Types by which somebody commands a robot, or seems to be one of its processes."""

COMMANDING_NAME = re.compile(r"/_action/|cmd|command|teleop|/clock$|/(rosout|parameter_events)$")
"""Names of the same, in recordings of others; and those that a player has of its own."""

SLOWEST, FASTEST = 0.01, 100.0
"""Bounds of the rate (ours)."""


def harmless(topic: Topic) -> bool:
    """Tell whether a topic only says what was seen: nobody moves or takes over on its account."""
    return not COMMANDING.fullmatch(topic.kind) and not COMMANDING_NAME.search(topic.name)


def latched(topic: Topic) -> bool:
    """Tell whether the last value of a topic holds until the next, as its publisher offered it."""
    return bool(re.search(r"durability: (1|transient_local)\b", topic.qos))


class Player:
    """Where a playback is, and what is due.

    Args:
        bag: The recording.
        clock: The monotonic clock that time passes by.
        rate: How fast: 2 is twice as fast as it was.
    """

    def __init__(self, bag: Bag, clock: Clock, rate: float = 1.0) -> None:
        self._bag, self._clock = bag, clock
        self._rate, self.paused = min(max(rate, SLOWEST), FASTEST), False
        self.refused: set[str] = set()
        """Topics that are not played."""
        self.over = False
        """Whether the end was reached."""
        self._messages: Iterator[Recorded] = iter(())
        self._next: Recorded | None = None
        self._pending: list[Recorded] = []
        self.start_ns = self._at_ns = 0
        self._since_s = clock.monotonic_s()
        self._open()
        self.start_ns = self._at_ns = 0 if self._next is None else self._next.stamp_ns

    @property
    def rate(self) -> float:
        """How fast it plays."""
        return self._rate

    @property
    def position_ns(self) -> int:
        """Time of the recording that is played now [ns]; it stands at the end."""
        if self.paused or self.over:
            return self._at_ns
        return self._at_ns + int((self._clock.monotonic_s() - self._since_s) * self._rate * 1e9)

    @property
    def position_s(self) -> float:
        """Seconds since the recording began."""
        return (self.position_ns - self.start_ns) / 1e9

    def set_rate(self, rate: float) -> None:
        """Go on faster or slower."""
        self._stand(self.position_ns)
        self._rate = min(max(rate, SLOWEST), FASTEST)

    def pause(self, paused: bool) -> None:
        """Stand still, or go on."""
        self._stand(self.position_ns)
        self.paused = paused

    def seek(self, position_s: float) -> None:
        """Go to a moment [s]: what holds there is told anew, whatever lies between is left out."""
        target = self.start_ns + int(max(0.0, position_s) * 1e9)
        self._open()
        holding: dict[str, dict[bytes, Recorded]] = {}
        while self._next is not None and self._next.stamp_ns < target:
            if latched(self._next.topic):
                kept = holding.setdefault(self._next.topic.name, {})
                if not self._next.topic.name.endswith("/tf_static"):  # each of its publishers has a value of its own
                    kept.clear()
                kept[self._next.data] = self._next
            self._advance()
        self._pending = [replace(one, stamp_ns=target) for kept in holding.values() for one in kept.values()]
        self._stand(target)

    def step(self) -> None:
        """Stand still at the next value that holds until another: the next scene, plan, failure or state."""
        self.paused = True
        while self._next is not None:
            one = self._next
            self._pending.append(one)
            self._advance()
            if latched(one.topic):
                self._stand(one.stamp_ns)
                return

    def due(self, most: int = 2000) -> Iterator[Recorded]:
        """Yield what was recorded until now and was not yielded before; at most so many at once."""
        pending, self._pending = self._pending, []
        yield from pending
        until = self.position_ns
        for _ in range(most):
            if self._next is None or self.paused or self._next.stamp_ns > until:
                return
            one = self._next
            self._advance()
            yield one

    def _open(self) -> None:
        self._messages, self._pending, self.over = self._bag.messages(), [], False
        self._next = None
        self._advance()

    def _advance(self) -> None:
        """Take the next message that may be played."""
        for one in self._messages:
            if harmless(one.topic):
                self._next = one
                return
            self.refused.add(one.topic.name)
        if self._next is not None:
            self._stand(self._next.stamp_ns)
        self._next, self.over = None, True

    def _stand(self, at_ns: int) -> None:
        """Count time from here and now on."""
        self._at_ns, self._since_s = at_ns, self._clock.monotonic_s()
