"""A console beside a stack: its ears, its seat, its requests and its window, made for any node that spins."""

from __future__ import annotations

import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from rclpy.node import Node

from f2p.clock import Clock, SystemClock
from f2p.console.access import is_loopback, token_for
from f2p.console.buttons import Press
from f2p.console.desk import Desk
from f2p.console.draft import Draft
from f2p.console.server import check_free
from f2p.console.view import View
from f2p.console.window import Window
from f2p.ros.base.dozing import DozingGroup
from f2p.ros.base.heartbeat import Watch
from f2p.ros.console.listening import Listener
from f2p.ros.console.requests import Requests
from f2p.ros.console.seat import GIVE, Seat
from f2p.ros.remote.guard import GuardClientConfig
from f2p.ros.remote.station import Station
from f2p.settings import Settings, group, number, setting
from f2p.teleop.core import Teleop, TeleopConfig

STIR_S = 2.0
"""Time between two looks whether the robot is held here, or somebody is asked [s] (ours: often enough)."""

ASKED = ("guard", "perception", "model_server", "orchestrator", "recorder")
"""Nodes whose heartbeats are heard: those that buttons ask."""


@dataclass(frozen=True)
class ConsoleConfig(Settings):
    """Where the console listens, who may come in, and its hands."""

    address: str = setting("127.0.0.1", "where it listens; an address that others reach asks for a token")
    port: int = number(8080, "port; 0 takes a free one", low=0, high=65535, source="viser")
    token_file: str = setting("", "file with the token, made where it is not there; empty: a token is asked for only "
                                  "on an address that others reach, a new one each time")  # fmt: skip
    hands: TeleopConfig = group(TeleopConfig, fixed=True)
    guard: GuardClientConfig = group(GuardClientConfig, fixed=True)


class Console:
    """Made on the node's thread, opened on any.

    Args:
        node: Whose executor listens and sends.
        config: Where it listens.
        clock: Time.
    """

    def __init__(self, node: Node, config: ConsoleConfig, clock: Clock | None = None) -> None:
        clock = clock or SystemClock()
        self._config, self.draft, self._group = config, Draft(), DozingGroup(node, clock)
        watch = Watch(node, ASKED, clock, group=self._group)
        self._station = Station(node, watch, Teleop(config.hands), config.guard, clock, self._group)
        self.listener = Listener(node, self._station, watch, clock, self._group)
        self._seat = Seat(node, self._station, watch, clock)
        self._requests = Requests(node, watch, self.draft, self.listener.weights, self._note, self.listener.waiting)
        self.desk = Desk(self._jobs(), clock)
        self._window = Window(self.desk, self.draft, self._station.key, self._view)
        node.create_timer(STIR_S, self._stir_while_busy, callback_group=MutuallyExclusiveCallbackGroup())

    def open(self) -> str:
        """Listen; returns the address to open, with the token where one is asked for.

        Raises:
            PortTakenError, TokenFileError, GateMissingError: It cannot.
        """
        config = self._config
        token = token_for(config.address, Path(config.token_file).expanduser() if config.token_file else None)
        port = self._window.open(token, config.address, config.port, self.listener.page)
        self._station.start()
        return f"{_url(config, port)}{f'?token={token}' if token else ''}"

    @property
    def lively(self) -> bool:
        """Whether the threads that hold the lease and draw work."""
        return self._station.lively and self._window.lively

    @property
    def private(self) -> bool:
        """Whether only this machine reaches it."""
        return is_loopback(self._config.address)

    def let_go(self) -> None:
        """Want nothing of the robot any more."""
        self._station.let_go()

    def close(self) -> None:
        """Turn everybody out; the robot stands, and what was taken is not given back by that."""
        self._requests.close()
        self._window.close()
        self._station.close()

    def _stir_while_busy(self) -> None:
        """Keep awake what a lease or an answer needs, also when whoever pressed is gone."""
        if self._station.holding or self.desk.busy or self._requests.pursuing:
            self._group.stir()

    def _note(self, text: str) -> None:
        self.desk.note(text)

    def _view(self) -> View:
        return replace(self.listener.view(), notes=self.desk.notes)

    def _jobs(self) -> dict[Press, Callable[[str], str]]:
        """Return what each button does, for whom."""
        seat, ask = self._seat, self._requests
        jobs: dict[Press, Callable[[str], str]] = {
            Press.HOLD: seat.hold, Press.PAUSE: seat.take, Press.TAKE_OVER: seat.take, Press.UNLATCH: seat.unlatch,
            Press.LOOK: ask.look, Press.RUN: ask.run, Press.CANCEL: ask.cancel, Press.APPROVE: ask.approve,
            Press.REFUSE: ask.refuse, Press.ROLL_BACK: ask.roll_back,
        }  # fmt: skip
        jobs |= {button: _of(seat.give, button.value) for button in Press if button.value in GIVE}
        recorded = {Press.MARK: "mark", Press.RECORD: "start", Press.STOP_RECORD: "stop"}
        jobs |= {button: _of(ask.record, what) for button, what in recorded.items()}
        return {button: self._awake(job) for button, job in jobs.items()}

    def _awake(self, job: Callable[[str], str]) -> Callable[[str], str]:
        """Return a job for which what it needs is awake first."""

        def stirred(who: str) -> str:
            self._group.stir()
            return job(who)

        return stirred


def _of(job: Callable[[str], str], what: str) -> Callable[[str], str]:
    """Return a button's job that does one thing for whomever."""
    return lambda _who: job(what)


def announced(config: ConsoleConfig) -> str:
    """Return where a console that is about to start will be, without its token. Raises PortTakenError."""
    check_free(config.address, config.port)
    return _url(config, config.port) if config.port else "on a free port, which its log names"


def _url(config: ConsoleConfig, port: int) -> str:
    everywhere, literal = config.address in ("0.0.0.0", "::"), ":" in config.address
    host = socket.gethostname() if everywhere else f"[{config.address}]" if literal else config.address
    return f"http://{host}:{port}/"
