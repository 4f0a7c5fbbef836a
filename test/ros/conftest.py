"""Real DDS for every test: a domain of its own, processes of its own, which end with it however it ends."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from f2p.clock import SystemClock
from f2p.graph.places import DOMAINS, free_domain
from f2p.ros.base.shared_memory import sweep

ROOT = Path(__file__).resolve().parents[2]
LAST_DOMAIN = 100
"""Above lie ephemeral ports."""

WITH_ME = "setpriv", "--pdeathsig", "KILL"
"""Runs a program that the kernel kills when who started it is gone: a killed test once left drivers and guards behind,
which later tests heard in their domain."""

_NEXT_DOMAIN = iter(range(10_000))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Every test here is a ROS test, and says so when it cannot run."""
    here = Path(__file__).parent
    for item in items:
        if here in Path(item.path).parents:
            item.add_marker(pytest.mark.ros)


def a_domain() -> contextlib.AbstractContextManager[int]:
    """Claim a domain that no other test, of whichever run, and no demo has: each time another, while there are."""
    first, most = next(_NEXT_DOMAIN) + os.getpid() * 7, LAST_DOMAIN - DOMAINS
    return free_domain(DOMAINS + 1 + (first + offset) % most for offset in range(most))


@pytest.fixture
def ros_domain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[int]:
    """A domain of this test's own for it and its processes, and a folder for what outlasts a process."""
    with a_domain() as domain:
        for name, value in {
            "ROS_DOMAIN_ID": str(domain), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST", "OMP_NUM_THREADS": "1",
            "XDG_RUNTIME_DIR": str(tmp_path),
            "FASTRTPS_DEFAULT_PROFILES_FILE": str(ROOT / "config" / "fastdds.xml"),
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        yield domain


class Processes:
    """Child processes of one test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.children: dict[str, subprocess.Popen] = {}

    def start(self, name: str, *arguments: str) -> subprocess.Popen:
        """Run `python arguments…` with its output in a file."""
        with (self.folder / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                (*WITH_ME, sys.executable, *arguments), stdout=log, stderr=subprocess.STDOUT, cwd=self.folder
            )
        self.children[name] = child
        return child

    def log(self, name: str) -> str:
        """What a child has said."""
        return (self.folder / f"{name}.log").read_text()

    def end(self) -> None:
        """Kill what still runs, by id, and give back its shared memory."""
        for child in self.children.values():
            if child.poll() is None:
                child.kill()
            child.wait(timeout=10)
        sweep()


@pytest.fixture
def processes(tmp_path: Path, ros_domain: int) -> Iterator[Processes]:
    """Starts processes in the test's own domain and ends them."""
    made = Processes(tmp_path)
    yield made
    made.end()


@pytest.fixture
def until() -> Callable[..., float]:
    """Wait until a condition holds; the seconds it took. Fails the test after `within` seconds."""
    clock, pause = SystemClock(), threading.Event()

    def wait(condition: Callable[[], bool], within: float, what: str) -> float:
        start = clock.monotonic_s()
        while not condition():
            if clock.monotonic_s() - start > within:
                pytest.fail(f"{what}: not within {within} s")
            pause.wait(timeout=0.005)
        return clock.monotonic_s() - start

    return wait
