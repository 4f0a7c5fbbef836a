"""Packets that a rule of iptables hands over are let go some time later, in their order: a network that is slow.

By the kernel's queue of netfilter, through netlink (linux/netfilter/nfnetlink_queue.h): not every kernel has netem.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections import deque
from collections.abc import Iterator

from f2p.clock import SystemClock

NETLINK_NETFILTER = 12
QUEUE = 3 << 8
"""Messages of the queue's part of netfilter."""

PACKET, VERDICT_BATCH, CONFIG = QUEUE, QUEUE | 3, QUEUE | 2
REQUEST, ACKNOWLEDGE = 1, 4
ERROR = 2
PACKET_HEAD, VERDICT_HEAD = 1, 2
COMMAND, PARAMETERS, MOST_WAITING = 1, 2, 3
BIND, COPY_HEAD, ACCEPT = 1, 1, 1

HEAD = struct.Struct("=IHHII")
"""Of a netlink message: length, kind, flags, number, sender."""

FAMILY = struct.Struct(">BBH")
"""Of what belongs to netfilter: protocol family, version, number of the queue."""

ATTRIBUTE = struct.Struct("=HH")

MOST = 65_536
"""Packets that may wait; more are lost (ours: ten processes send some thousand a second)."""

BUFFER = 8 * 2**20
"""Room for what the kernel tells of packets while nobody listens [bytes]."""

LOOK_S = 0.005
"""How often it is looked which packets are due [s]."""


def message(kind: int, queue: int, attributes: list[tuple[int, bytes]], flags: int = REQUEST) -> bytes:
    """Return one message to the kernel."""
    body = FAMILY.pack(socket.AF_UNSPEC, 0, queue)
    for name, value in attributes:
        body += ATTRIBUTE.pack(ATTRIBUTE.size + len(value), name) + value + b"\0" * (-len(value) % 4)
    return HEAD.pack(HEAD.size + len(body), kind, flags, 0, 0) + body


def packets_in(told: bytes) -> Iterator[int]:
    """Yield the numbers of the packets in what the kernel tells. Raises OSError where it refuses something."""
    at = 0
    while at + HEAD.size <= len(told):
        length, kind, _flags, _number, _sender = HEAD.unpack_from(told, at)
        if kind == ERROR:
            (code,) = struct.unpack_from("=i", told, at + HEAD.size)
            if code:
                raise OSError(-code, "the kernel does not queue packets")
        elif kind == PACKET:
            first = at + HEAD.size + FAMILY.size
            size, name = ATTRIBUTE.unpack_from(told, first)
            if name == PACKET_HEAD and size >= ATTRIBUTE.size + 4:
                yield struct.unpack_from(">I", told, first + ATTRIBUTE.size)[0]
        at += max(HEAD.size, length + -length % 4)


@contextlib.contextmanager
def letting_go(queue: int, after_s: float) -> Iterator[None]:
    """Let each packet of a queue go after some time, within the block; what waits at its end goes at once.

    Args:
        queue: Its number, as the rule names it.
        after_s: How long a packet waits [s].

    Raises:
        OSError: The kernel has no such queues, or this process may not have one.
    """
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER) as kernel:
        kernel.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        kernel.bind((0, 0))
        kernel.settimeout(1.0)
        for name, value in (
            (COMMAND, struct.pack(">BBH", BIND, 0, 0)), (PARAMETERS, struct.pack(">IB", 0, COPY_HEAD)),
            (MOST_WAITING, struct.pack(">I", MOST)),
        ):  # fmt: skip
            kernel.send(message(CONFIG, queue, [(name, value)], REQUEST | ACKNOWLEDGE))
            list(packets_in(kernel.recv(2**16)))
        ended = threading.Event()
        thread = threading.Thread(target=_let_go, args=(kernel, queue, after_s, ended), name="f2p-delay")
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join(timeout=5.0)  # the queue ends with its socket, and the kernel drops what waits in it


def _let_go(kernel: socket.socket, queue: int, after_s: float, ended: threading.Event) -> None:
    clock, waiting = SystemClock(), deque[tuple[float, int]]()
    kernel.settimeout(LOOK_S)
    while True:
        with contextlib.suppress(TimeoutError):
            told = kernel.recv(2**16)
            waiting += [(clock.monotonic_s() + after_s, number) for number in packets_in(told)]
        due = [number for at_s, number in waiting if ended.is_set() or at_s <= clock.monotonic_s()]
        if due:  # all up to this one
            kernel.send(message(VERDICT_BATCH, queue, [(VERDICT_HEAD, struct.pack(">II", ACCEPT, due[-1]))]))
            for _ in due:
                waiting.popleft()
        if ended.is_set() and not due:
            return
