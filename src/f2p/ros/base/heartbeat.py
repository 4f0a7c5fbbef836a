"""Signs of life: every node publishes them from its ticking timer; whoever waits for a node watches them."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from rclpy.callback_groups import CallbackGroup, MutuallyExclusiveCallbackGroup
from rclpy.node import Node

from f2p.clock import Clock, SystemClock
from f2p.graph import graph
from f2p.ros.base import qos
from f2p.ros.base.compat import SubscriptionEventCallbacks
from f2p.ros.messages.bounds import only_within
from f2p_msgs.msg import Heartbeat


class Pulse:
    """The publishing side.

    Args:
        node: Who lives.
        spec: Its period and lease.
    """

    def __init__(self, node: Node, spec: graph.NodeSpec) -> None:
        self._node, self._name, self._sequence = node, spec.name, 0
        profile = qos.heartbeat(spec.heartbeat_s, spec.dead_after_s)
        self._publisher = node.create_publisher(Heartbeat, spec.heartbeat_topic, profile)

    def beat(self, state: str) -> None:
        """Publish one beat; publishing asserts the liveliness."""
        message = Heartbeat(node=self._name, state=state, sequence=self._sequence, pid=os.getpid())
        message.header.stamp = self._node.get_clock().now().to_msg()
        self._publisher.publish(message)
        self._sequence += 1


@dataclass(frozen=True)
class Life:
    """What is known of one watched node."""

    pid: int = 0
    """Process id of the last beat; 0 before the first."""
    state: str = "unknown"
    received_s: float = float("-inf")
    """When the last beat was received, monotonic [s]."""
    lost: bool = False
    """Whether the middleware reported its liveliness lost since."""
    worked: bool = False
    """Whether this process has been active."""


class Watch:
    """The listening side; may be asked from any thread.

    Args:
        node: Whose executor delivers the beats.
        names: Nodes of the graph to watch.
        clock: Time of reception.
        depth: Beats of each that wait to be looked at; where it is one, the newest is seen and others are lost.
        group: Of the callbacks; one of its own unless given.
    """

    def __init__(
        self, node: Node, names: Iterable[str], clock: Clock | None = None, depth: int = 1,
        group: CallbackGroup | None = None,
    ) -> None:  # fmt: skip
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._lives: dict[str, Life] = {}
        self._specs = {name: graph.node(name) for name in names}
        group = group or MutuallyExclusiveCallbackGroup()
        for name, spec in self._specs.items():
            self._lives[name] = Life()
            events = SubscriptionEventCallbacks(liveliness=partial(self._on_liveliness, name))
            node.create_subscription(
                Heartbeat, spec.heartbeat_topic, only_within(self._on_beat),
                qos.heartbeat(spec.heartbeat_s, spec.dead_after_s, depth), callback_group=group,
                event_callbacks=events,
            )  # fmt: skip

    def life(self, name: str) -> Life:
        """Return the last that was heard of `name`."""
        with self._lock:
            return self._lives[name]

    def alive(self, name: str) -> bool:
        """Tell whether `name` beats within its lease."""
        life = self.life(name)
        return not life.lost and self._clock.monotonic_s() - life.received_s <= self._specs[name].dead_after_s

    def gone(self, name: str) -> bool:
        """Tell whether `name` has been silent for two leases: not merely late on a busy machine."""
        return self._clock.monotonic_s() - self.life(name).received_s > 2.0 * self._specs[name].dead_after_s

    def active(self, name: str) -> bool:
        """Tell whether `name` lives and can be asked for work."""
        return self.alive(name) and self.life(name).state == Heartbeat.ACTIVE

    def _on_beat(self, beat: Heartbeat) -> None:
        with self._lock:
            if beat.node in self._lives:
                last, pid = self._lives[beat.node], int(beat.pid)
                worked = beat.state == Heartbeat.ACTIVE or (last.worked and last.pid == pid)
                self._lives[beat.node] = Life(pid, beat.state, self._clock.monotonic_s(), worked=worked)

    def _on_liveliness(self, name: str, event: Any) -> None:
        with self._lock:
            if event.alive_count == 0:
                last = self._lives[name]
                self._lives[name] = Life(last.pid, "lost", last.received_s, lost=True, worked=last.worked)
