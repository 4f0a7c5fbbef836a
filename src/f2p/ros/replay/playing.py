"""A recording on the air, with /clock, in a ROS domain that is its own: no robot's process can be in it."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock
from std_srvs.srv import SetBool, Trigger

from f2p.clock import SystemClock
from f2p.graph.places import joined_domain, own_domain
from f2p.record.bag import Bag
from f2p.record.definitions import check_same
from f2p.record.errors import OtherVersionError
from f2p.record.player import Player, latched
from f2p.record.values import Topic
from f2p.ros.base import qos
from f2p.ros.messages.convert import stamp_to_msg
from f2p.ros.messages.recording import type_of
from f2p.ros.remote.goal import spinning
from f2p.ros.session.demo import refuse_company

TICK_S = 0.01
"""Time between two looks at what is due [s] (ours)."""

DISCOVERED_S = 0.5
"""How long a new publisher waits before its first message, so that who listens already has found it [s] (ours)."""

Keys = Callable[[], str]
"""Returns the key that was pressed since it was last asked; empty for none."""

SEEK_S, FASTER = 5.0, 2.0


class Air:
    """Publishes the messages of a recording as they lay on the wire.

    Args:
        node: Whose publishers they are.
        tell: Takes what is left out.
    """

    def __init__(self, node: Node, tell: Callable[[str], None]) -> None:
        self._node, self._tell = node, tell
        self._publishers: dict[str, Any] = {}
        self._clock = node.create_publisher(Clock, "/clock", qos.STATE)

    def say(self, topic: Topic, data: bytes) -> None:
        """Publish one message, if its type is the one that is installed here."""
        if topic.name not in self._publishers:
            self._publishers[topic.name] = self._made(topic)
        publisher = self._publishers[topic.name]
        if publisher is not None:
            publisher.publish(data)

    def tell_time(self, stamp_ns: int) -> None:
        """Publish the time of the recording."""
        self._clock.publish(Clock(clock=stamp_to_msg(stamp_ns)))

    def _made(self, topic: Topic) -> Any:
        try:
            kind = type_of(topic.kind)
            if topic.definition:
                check_same(topic.kind, topic.definition)
        except (ImportError, AttributeError, ValueError, OtherVersionError) as error:
            self._tell(f"{topic.name} is not played: {error}")
            return None
        keeps = latched(topic)
        made = self._node.create_publisher(kind, topic.name, QoSProfile(
            history=HistoryPolicy.KEEP_LAST, depth=20 if keeps else 10, reliability=ReliabilityPolicy.RELIABLE,
            durability=DurabilityPolicy.TRANSIENT_LOCAL if keeps else DurabilityPolicy.VOLATILE,
        ))  # fmt: skip
        threading.Event().wait(timeout=DISCOVERED_S)
        return made


class Remote:
    """Pause and step as services, `player/pause` and `player/step`, for who has no key to press.

    Args:
        node: Who offers them.
        player: Taken hold of by `apply`, on the thread that plays.
    """

    def __init__(self, node: Node, player: Player) -> None:
        self._player, self._asked = player, deque[Callable[[], None]]()
        node.create_service(SetBool, "player/pause", self._on_pause)
        node.create_service(Trigger, "player/step", self._on_step)

    def apply(self) -> None:
        """Do what was asked for since."""
        while self._asked:
            self._asked.popleft()()

    def _on_pause(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        self._asked.append(partial(self._player.pause, bool(request.data)))
        response.success, response.message = True, f"{'stands' if request.data else 'plays'}"
        return response

    def _on_step(self, _: Trigger.Request, response: Trigger.Response) -> Trigger.Response:
        self._asked.append(self._player.step)
        response.success = True
        return response


def pressed(player: Player, key: str) -> None:
    """Do what a key asks for."""
    if key == " ":
        player.pause(not player.paused)
    elif key in ("+", "-"):
        player.set_rate(player.rate * (FASTER if key == "+" else 1.0 / FASTER))
    elif key in ("<", ">"):
        player.seek(player.position_s + (SEEK_S if key == ">" else -SEEK_S))
    elif key == "n":
        player.step()


def play(
    bag: Bag, rate: float, start_s: float, paused: bool, keys: Keys, tell: Callable[[str], None], namespace: str = "",
    joined: bool = False,
) -> None:  # fmt: skip
    """Play a recording until its end, or until q is pressed.

    Args:
        bag: The recording.
        rate: How fast.
        start_s: Where it begins [s].
        paused: Whether it stands at first.
        keys: What somebody presses.
        tell: Takes lines for people, the domain first.
        namespace: Around the player's own node.
        joined: Whether it plays in the domain that this process is in, which who started it has claimed.

    Raises:
        DomainTakenError: A robot is in the domain, none is left, or it is nobody's; nothing was published.
    """
    player = Player(bag, SystemClock(), rate)
    if start_s > 0.0:
        player.seek(start_s)
    player.pause(paused)
    with joined_domain() if joined else own_domain() as variables:
        os.environ.update(variables)
        refuse_company()
        tell(f"playing in ROS_DOMAIN_ID={variables['ROS_DOMAIN_ID']}, on this machine only; no command is played")
        with spinning("f2p_player", namespace, images=True) as node:
            _until_the_end(player, Air(node, tell), Remote(node, player), keys, tell)


def _until_the_end(player: Player, air: Air, remote: Remote, keys: Keys, tell: Callable[[str], None]) -> None:
    pause, told = threading.Event(), set[str]()
    while not player.over or player.paused:
        key = keys()
        if key == "q":
            return
        pressed(player, key)
        remote.apply()
        for one in player.due():
            air.say(one.topic, one.data)
        air.tell_time(player.position_ns)
        for name in sorted(player.refused - told):
            tell(f"{name} is not played: it commands")
            told.add(name)
        pause.wait(timeout=TICK_S)
