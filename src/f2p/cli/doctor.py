"""`f2p doctor`: what is wrong with this installation, and, when a stack runs, with its graph and robot."""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from f2p.cli._shared import commands
from f2p.errors import F2pError
from f2p.settings import SettingError

LEAST_DISK_GB = 2.0
"""Free space below which learning and keeping failures are at risk [GB] (promises.md 1.5)."""

LEAST_SHM_MB = 256
"""Free shared memory below which depth images may be lost: several segments of 64 MB [MB] (ros.md 5.1)."""


@dataclass(frozen=True)
class Finding:
    """One checked fact."""

    name: str
    ok: bool
    text: str
    remedy: str = ""


def imported(name: str, remedy: str) -> Finding:
    """Check whether a module can be imported, and its version."""
    try:
        importlib.import_module(name)
    except ImportError as error:
        return Finding(name, False, str(error), remedy)
    try:
        version = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        version = "there"
    return Finding(name, True, version)


def python() -> Finding:
    """Check the interpreter."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Finding("python", (3, 10) <= sys.version_info[:2] <= (3, 12), version, "use Python 3.10 to 3.12")


def disk() -> Finding:
    """Free space where runs are kept."""
    free_gb = shutil.disk_usage(Path.cwd()).free / 1e9
    return Finding("disk", free_gb >= LEAST_DISK_GB, f"{free_gb:.1f} GB free here", f"free at least {LEAST_DISK_GB} GB")


def shared_memory() -> Finding:
    """Room for Fast DDS's segments."""
    from f2p.ros.base.shared_memory import SHARED_MEMORY

    if not SHARED_MEMORY.is_dir():
        remedy = f"mount a tmpfs at {SHARED_MEMORY}; docker: --shm-size 1g"
        return Finding("shared memory", False, f"no {SHARED_MEMORY}", remedy)
    usage = shutil.disk_usage(SHARED_MEMORY)
    free_mb, text = usage.free / 1e6, f"{usage.free / 1e6:.0f} of {usage.total / 1e6:.0f} MB free at {SHARED_MEMORY}"
    return Finding("shared memory", free_mb >= LEAST_SHM_MB, text, "give it more; docker: --shm-size 1g")


def profile() -> Finding:
    """Check whether DDS gets the profile with the large segment."""
    path = os.environ.get("FASTRTPS_DEFAULT_PROFILES_FILE", "")
    ok = bool(path) and Path(path).is_file()
    return Finding("DDS profile", ok, path or "not set", "start processes by ./f2p, f2p up, or source setup/env.sh")


def weights() -> Finding:
    """Check whether the shipped weights are there."""
    from f2p.graph.places import shipped_weights

    path = shipped_weights()
    own = "f2p train, then f2p weights add FILE and f2p weights promote ID"
    return Finding("weights", path.is_file(), str(path), f"take a release that ships them, or make your own: {own}")


def graph() -> Finding:
    """Return lifecycle states of a running stack, if one runs here."""
    import threading

    from f2p.clock import SystemClock
    from f2p.ros.remote.status import GraphStatus

    try:
        status = GraphStatus()
    except SettingError as error:
        return Finding("graph", False, str(error), "set it to the domain of your robot, or unset it")
    clock, pause = SystemClock(), threading.Event()
    try:
        until_s = clock.monotonic_s() + 4.0
        while not status.states() and clock.monotonic_s() < until_s:
            pause.wait(timeout=0.1)
        states = status.states()
    finally:
        status.close()
    if not states:
        return Finding("graph", True, "no stack is running in this ROS domain")
    bad = {name: state for name, state in states.items() if state != "active"}
    text = "all active" if not bad else ", ".join(f"{name} {state}" for name, state in bad.items())
    return Finding("graph", not bad, text, "look at the log files of those processes (runs/up/<stamp>)")


CHECKS: tuple[Callable[[], Finding], ...] = (
    python,
    lambda: imported("numpy", "run the set-up: make test"),
    lambda: imported("torch", "run the set-up: make test"),
    lambda: imported("mujoco", "run the set-up: make test; needed for simulation and learning"),
    lambda: imported("rclpy", "run the set-up, or source a ROS 2 installation"),
    lambda: imported("f2p_msgs.msg", "run the set-up, or colcon build and source install/setup.bash"),
    lambda: imported("control_msgs.action", "run the set-up, or install ros-<distro>-control-msgs"),
    disk, shared_memory, profile, weights, graph,
)  # fmt: skip
"""Every check, in the order of the report."""


def findings() -> list[Finding]:
    """Run all checks; one that breaks is a finding too."""
    out = []
    for check in CHECKS:
        try:
            out.append(check())
        except (F2pError, OSError, ImportError) as error:
            name = getattr(check, "__name__", "check").strip("<>")
            out.append(Finding(name, False, f"{type(error).__name__}: {error}", "see the message"))
    return out


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object last.")] = False) -> None:
    """Say what is wrong with this installation or robot, and what to do about it; exit code 1 if anything is."""
    found, console = findings(), Console()
    table = Table(title="f2p doctor", title_justify="left")
    for column in ("what", "", "found", "what to do"):
        table.add_column(column)
    for item in found:
        mark = "[green]ok[/]" if item.ok else "[red]bad[/]"
        table.add_row(escape(item.name), mark, escape(item.text), escape("" if item.ok else item.remedy))
    console.print(table)
    if as_json:
        typer.echo(json.dumps({"ok": all(item.ok for item in found), "findings": [asdict(item) for item in found]}))
    if not all(item.ok for item in found):
        raise typer.Exit(1)


@commands.register("doctor")
def register(app: typer.Typer) -> None:
    """Add `f2p doctor`."""
    app.command()(doctor)
