"""The network around one process of this machine: cut, slow, or losing packets; for `f2p bench promises`.

As of one on another machine. Rules of iptables on the UDP ports of the process, in a network namespace of our own, so
that nobody else is touched:

    sudo unshare --net sh -c 'ip link set lo up; f2p bench promises --set promises.faults=cut,lose,delay'

What two processes with images tell each other by shared memory goes on, as on one machine it would.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

from f2p.ros.session.delay import letting_go
from f2p.settings import SettingError

LOST = 0.3
"""Share of the packets that is lost where not all are (promises.md 5.11)."""

DELAY_S = 0.2
"""Time that every packet is late where the network is slow, each way [s] (promises.md 5.33)."""

QUEUE = 33
"""Number of the queue in which packets wait; it is one of our own network's."""

AT_ONCE = 15
"""Ports that one rule takes (iptables, multiport)."""

RULE_S = 10.0
"""Longest change of one rule [s] (ours: the kernel takes milliseconds)."""


def require_own() -> None:
    """Raise SettingError where there is more of a network than a loopback of our own, or rules cannot be made."""
    alone = [name for _, name in socket.if_nameindex()] == ["lo"]
    if not alone or os.geteuid() != 0 or shutil.which("iptables") is None:
        raise SettingError(
            "faults = cut, lose and delay need iptables, root and a network of one's own: "
            "sudo unshare --net sh -c 'ip link set lo up; f2p bench promises --set promises.faults=cut,lose,delay'"
        )


def ports_of(pid: int) -> list[int]:
    """Return the UDP ports that a process listens at or sends from; none where it is gone."""
    inodes = set()
    with contextlib.suppress(OSError):
        for link in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                inodes.add(str(link.readlink()).removeprefix("socket:[").removesuffix("]"))
    rows = [line.split() for line in Path("/proc/self/net/udp").read_text().splitlines()[1:]]
    return sorted({int(row[1].split(":")[1], 16) for row in rows if row[9] in inodes})


def rules(ports: list[int], what: list[str]) -> list[list[str]]:
    """Return the rules, each as words of iptables, that do something with what goes to and from some ports."""
    groups = [ports[first : first + AT_ONCE] for first in range(0, len(ports), AT_ONCE)]
    return [
        ["INPUT", "-p", "udp", "-m", "multiport", "--ports", ",".join(map(str, some)), *what] for some in groups
    ]  # fmt: skip


@contextlib.contextmanager
def dropping(pid: int, share: float) -> Iterator[None]:
    """Drop a share of what a process is told and says within the block. Raises OSError where that cannot be done."""
    seldom = [] if share >= 1.0 else ["-m", "statistic", "--mode", "random", "--probability", str(share)]
    with _ruled(pid, [*seldom, "-j", "DROP"]):
        yield


@contextlib.contextmanager
def delaying(pid: int, after_s: float) -> Iterator[None]:
    """Have what a process is told and says come late [s] in the block. Raises OSError where that cannot be done."""
    with letting_go(QUEUE, after_s), _ruled(pid, ["-j", "NFQUEUE", "--queue-num", str(QUEUE)]):
        yield


@contextlib.contextmanager
def _ruled(pid: int, what: list[str]) -> Iterator[None]:
    made: list[list[str]] = []
    try:
        for rule in rules(ports_of(pid), what):
            _change("-I", rule)
            made.append(rule)
        yield
    finally:
        for rule in made:
            _change("-D", rule)


def _change(how: str, rule: list[str]) -> None:
    """Insert or delete one rule; others may hold the lock of the table."""
    done = subprocess.run(["iptables", "-w", how, *rule], capture_output=True, text=True, check=False, timeout=RULE_S)
    if done.returncode:
        raise OSError(f"iptables: {done.stderr.strip()}")
