"""Subscriptions that are emptied now and then: nothing is lost, mixed up or late on paper, and no message wakes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from rclpy.serialization import deserialize_message
from std_msgs.msg import String

from f2p.clock import SystemClock
from f2p.record.subjects import Subject
from f2p.ros.base import drained
from f2p.ros.base.drained import Drained
from f2p.ros.messages.recording import profile_of
from f2p.ros.remote.goal import spinning

pytestmark = pytest.mark.together

NAMES, EACH = ("/one", "/two"), 40


@pytest.fixture
def listener(ros_domain: int) -> Iterator[tuple[Node, SingleThreadedExecutor]]:
    rclpy.init()
    node, executor = rclpy.create_node("listener"), SingleThreadedExecutor()
    executor.add_node(node)
    yield node, executor
    executor.shutdown(timeout_sec=2.0)
    node.destroy_node()
    rclpy.try_shutdown()


def test_what_came_is_taken_in_its_order_with_its_time_and_wakes_nobody(
    until: Callable[..., float], monkeypatch: pytest.MonkeyPatch, listener: tuple[Node, SingleThreadedExecutor]
) -> None:
    monkeypatch.setattr(drained, "PERIOD_S", 3600.0)
    (node, executor), clock = listener, SystemClock()
    heard: list[tuple[str, float, float]] = []
    taker = Drained(node)

    def take(data: bytes, age: float) -> None:
        heard.append((deserialize_message(data, String).data, age, clock.stamp_ns() / 1e9 - age))

    for name in reversed(NAMES):
        taker.listen(String, name, take, profile_of(Subject(name, "std_msgs/msg/String")))
    with spinning("speaker") as speaker:
        said = {name: speaker.create_publisher(String, name, 10) for name in NAMES}

        def found() -> bool:
            for name in NAMES:
                said[name].publish(String(data=name))
            taker.look()
            return {text for text, *_ in heard} == set(NAMES)

        until(found, 30.0, "it is listened to")
        threading.Event().wait(timeout=0.5)
        taker.look(last=True)
        heard.clear()
        executor.spin_once(timeout_sec=0.0)
        for number in range(EACH):
            for name in NAMES:
                said[name].publish(String(data=f"{number}{name}"))
                threading.Event().wait(timeout=0.002)
        threading.Event().wait(timeout=0.5)
        began_s = clock.monotonic_s()
        executor.spin_once(timeout_sec=0.3)
        assert clock.monotonic_s() - began_s > 0.25 and not heard, "no message wakes the executor"
        taker.look()
    assert [text for text, *_ in heard] == [f"{number}{name}" for number in range(EACH) for name in NAMES]
    came = [at for *_, at in heard]
    assert all(later > earlier - 0.05 for earlier, later in pairwise(came)), "but for what this test is held up by"
    assert came[-1] - came[0] > EACH * 0.004 and 0.5 < heard[-1][1] < 20.0


def test_a_look_that_takes_long_makes_nothing_younger() -> None:
    """Of 16 thousand messages of a recording 306 were stamped before one that they came after, by some milliseconds."""

    class Slow:
        """A clock by which to take a message lasts a second."""

        now_ns = 10_000_000_000

        def stamp_ns(self) -> int:
            return self.now_ns

        def take(self, _data: bytes, age_s: float) -> None:
            came.append(round(self.now_ns - age_s * 1e9))
            self.now_ns += 1_000_000_000

    made, came = object.__new__(Drained), list[int]()
    made._clock, made._from = Slow(), []
    take = made._clock.take
    made._later = [(3_000_000_000, take, b""), (4_000_000_000, take, b"")]
    made.look()
    assert came == [3_000_000_000, 4_000_000_000]


def test_what_comes_while_it_looks_waits_for_the_next_look_or_the_last() -> None:
    """Of two topics one is emptied first: what came on it meanwhile would be written after what came later."""

    class Topic:
        """A subscription with messages that came at given times."""

        msg_type = String

        def __init__(self, *came_ns: int) -> None:
            self.handle, self.came = self, list(came_ns)

        def __enter__(self) -> None: ...
        def __exit__(self, *_: object) -> None: ...

        def take_message(self, _kind: object, _raw: bool) -> tuple[bytes, dict[str, int]] | None:
            return (b"", {"received_timestamp": self.came.pop(0)}) if self.came else None

    made = object.__new__(Drained)
    made._clock, made._later = SystemClock(), []
    heard: list[str] = []
    now_ns = SystemClock().stamp_ns()
    first, second = Topic(now_ns - 50), Topic(now_ns - 100, now_ns + 3_600_000_000_000)
    made._from = [(topic, partial(lambda name, _data, _age: heard.append(name), name))
                  for topic, name in ((first, "first"), (second, "second"))]  # fmt: skip
    made.look()
    assert heard == ["second", "first"]
    first.came.append(now_ns + 1)
    made.look()
    assert heard == ["second", "first", "first"]
    made.look(last=True)
    assert heard == ["second", "first", "first", "second"]
