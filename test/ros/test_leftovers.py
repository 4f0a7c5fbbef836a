"""A test that is killed leaves no process behind, and its domain is free again; no two tests share one."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from f2p.graph.errors import DomainTakenError
from f2p.graph.places import free_domain

from .conftest import WITH_ME

pytestmark = pytest.mark.together

RUN = """
import subprocess, sys, threading
from f2p.graph.places import free_domain
with free_domain([int(sys.argv[1])]):
    child = subprocess.Popen([*sys.argv[2:], sys.executable, "-c", "import threading; threading.Event().wait(60)"])
    print(child.pid, flush=True)
    threading.Event().wait(60)
"""
"""What a run of the tests does: it claims a domain and starts a process."""


def running(pid: int) -> bool:
    """Whether a process is there, and not only its ended entry."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


@pytest.mark.parametrize("stopped", [False, True])
def test_a_killed_run_takes_its_processes_along_and_frees_its_domain(
    until: Callable[..., float], ros_domain: int, stopped: bool
) -> None:
    """Drivers and guards of a killed run once published into the domains of later ones."""
    number = 900 + ros_domain  # beyond what DDS knows: claims are all that is looked at
    run = subprocess.Popen([sys.executable, "-c", RUN, str(number), *WITH_ME], stdout=subprocess.PIPE, text=True)
    assert run.stdout is not None
    child = int(run.stdout.readline())
    with pytest.raises(DomainTakenError, match=f"others have all ROS domains from {number} to {number}"), \
            free_domain([number]):  # fmt: skip
        pytest.fail("two would hear each other")
    program = os.fsencode(sys.executable)
    until(lambda: Path(f"/proc/{child}/cmdline").read_bytes().startswith(program), 10, "what it started")
    if stopped:
        os.kill(child, signal.SIGSTOP)
    assert running(child)
    run.kill()
    run.wait(timeout=10)
    until(lambda: not running(child), 5, "the end of what it started")
    with free_domain([number]) as again:
        assert again == number
