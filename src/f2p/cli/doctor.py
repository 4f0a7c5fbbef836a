"""`f2p doctor`: what is wrong with this installation, and, when a stack runs, with its graph and robot."""

from __future__ import annotations

import getpass
import importlib
import importlib.metadata
import json
import os
import resource
import shutil
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from f2p.cli._shared import NAMESPACE_HELP, commands
from f2p.errors import F2pError
from f2p.graph.finding import Finding
from f2p.graph.graph import within
from f2p.graph.places import here, in_clone, in_container
from f2p.settings import SettingError

LEAST_DISK_GB = 2.0
"""Free space below which learning and keeping failures are at risk [GB] (promises.md 1.5)."""

LEAST_SHM_MB = 256
"""Free shared memory below which depth images may be lost: several segments of 64 MB [MB] (ros.md 5.1)."""

LISTEN_S = 3.0
"""How long a robot is listened to [s] (ours: the slowest topic comes at 5 Hz or more)."""


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


def installing(name: str) -> str:
    """Return how a missing module is installed, in a clone or on a ROS machine."""
    return "run the set-up: make setup" if in_clone() else f"{name}; see the README's list for a ROS machine"


def python() -> Finding:
    """Check the interpreter."""
    version = ".".join(str(part) for part in sys.version_info[:3])
    return Finding("python", (3, 10) <= sys.version_info[:2] <= (3, 12), version, "use Python 3.10 to 3.12")


def place() -> Finding:
    """Tell where this runs, which decides what the other lines advise."""
    distro = os.environ.get("ROS_DISTRO", "no ROS")
    where = "a clone with wheels" if in_clone() else "an installed package"
    return Finding("place", True, f"{where}, {distro}{', in a container' if in_container() else ''}")


def disk() -> Finding:
    """Free space where runs are kept."""
    free_gb = shutil.disk_usage(Path.cwd()).free / 1e9
    return Finding("disk", free_gb >= LEAST_DISK_GB, f"{free_gb:.1f} GB free here", f"free at least {LEAST_DISK_GB} GB")


def shared_memory() -> Finding:
    """Room for Fast DDS's segments."""
    from f2p.ros.base.shared_memory import SHARED_MEMORY

    larger = f"mount -o remount,size=1g {SHARED_MEMORY}, or fastdds shm clean"
    more = "docker: --shm-size 1g" if in_container() else larger
    if not SHARED_MEMORY.is_dir():
        return Finding("shared memory", False, f"no {SHARED_MEMORY}", more)
    usage = shutil.disk_usage(SHARED_MEMORY)
    free_mb, text = usage.free / 1e6, f"{usage.free / 1e6:.0f} of {usage.total / 1e6:.0f} MB free at {SHARED_MEMORY}"
    return Finding("shared memory", free_mb >= LEAST_SHM_MB, text, more)


def profile() -> Finding:
    """Check the DDS profile with the large segment: where nothing is exported, what starts f2p's nodes sets it."""
    from f2p.graph.places import share

    middleware = os.environ.get("RMW_IMPLEMENTATION", "rmw_fastrtps_cpp")
    if middleware != "rmw_fastrtps_cpp":
        return Finding("DDS profile", True, f"{middleware}: not tried by us; the profile is for rmw_fastrtps_cpp")
    told, ours = os.environ.get("FASTRTPS_DEFAULT_PROFILES_FILE", ""), share("config/fastdds.xml")
    remedy = f"unset FASTRTPS_DEFAULT_PROFILES_FILE, or export it as {ours}"
    text = told or "not exported here: launch files and f2p up set it for what they start; the driver has its own"
    return Finding("DDS profile", not told or Path(told).is_file(), text, remedy)


def discovery() -> Finding:
    """Tell how far this process is seen; a robot's own computer and its operator's see each other only on a network."""
    reach = os.environ.get("ROS_AUTOMATIC_DISCOVERY_RANGE") or ""
    here_only = reach == "LOCALHOST" or os.environ.get("ROS_LOCALHOST_ONLY") == "1"
    domain = os.environ.get("ROS_DOMAIN_ID") or "0"
    reached = "this machine only" if here_only else "the whole network"
    return Finding("discovery", True, f"ROS domain {domain}, {reached}")


def priority() -> Finding:
    """Check whether the guard may run before everything else."""
    from f2p.graph.graph import node

    wanted = os.getpriority(os.PRIO_PROCESS, 0) + node("guard").nice
    lowest = 20 - resource.getrlimit(resource.RLIMIT_NICE)[0]
    may = _may_nice() or lowest <= wanted
    login = f"'{getpass.getuser()} - nice {wanted}' in /etc/security/limits.d/f2p.conf, and a new login"
    return Finding(
        "priority", may, f"niceness {wanted} for the guard is {'allowed' if may else f'refused (lowest: {lowest})'}",
        "docker: --cap-add SYS_NICE" if in_container() else login,
    )  # fmt: skip


def _may_nice() -> bool:
    """Tell whether this process has CAP_SYS_NICE."""
    line = next(one for one in Path("/proc/self/status").read_text().splitlines() if one.startswith("CapEff:"))
    return bool(int(line.split()[1], 16) >> 23 & 1)


def weights() -> Finding:
    """Check whether the shipped weights are there."""
    from f2p.graph.places import shipped_weights

    path = shipped_weights()
    own = f"{here('train')}, then {here('weights add FILE')} and {here('weights promote ID')}"
    return Finding("weights", path.is_file(), str(path), f"take a release that ships them, or make your own: {own}")


def graph(namespace: str = "") -> Finding:
    """Return lifecycle states of a running stack, if one runs here."""
    from f2p.clock import SystemClock
    from f2p.ros.remote.status import GraphStatus

    try:
        status = GraphStatus(namespace)
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
        return Finding("graph", True, f"no stack is running in {within(namespace)} of this ROS domain")
    bad = {name: state for name, state in states.items() if state != "active"}
    text = "all active" if not bad else ", ".join(f"{name} {state}" for name, state in bad.items())
    logs = "the log files of those processes (runs/up/<stamp> of f2p up, ~/.ros/log of ros2 launch), and the next lines"
    return Finding("graph", not bad, text, f"look at {logs}")


def robot(namespace: str, wanted: bool) -> list[Finding]:
    """Listen to the robot in this ROS domain, if there is one, and to what the nodes say they wait for."""
    from f2p.ros.remote.goal import spinning
    from f2p.ros.remote.waiting import Waiting
    from f2p.ros.session.robot_check import judge
    from f2p.ros.session.robot_facts import listen

    with spinning("f2p_doctor", namespace, images=True) as node:
        waiting = Waiting(node)
        facts = listen(node, LISTEN_S)
        late = {name: word.message for name, word in waiting.words().items() if not word.ok}
    says = [Finding(name, False, text, "do what it says, or wait until it has started") for name, text in late.items()]
    return [*says, *judge(facts, wanted)]


CHECKS: tuple[Callable[[], Finding], ...] = (
    python, place,
    lambda: imported("numpy", installing("pip install numpy")),
    lambda: imported("torch", installing("pip install torch")),
    lambda: imported("mujoco", installing("pip install mujoco, for simulation and learning")),
    lambda: imported("rclpy", "make setup, or source /opt/ros/<distro>/setup.bash"),
    lambda: imported("f2p_msgs.msg", "make setup, or colcon build and source install/setup.bash"),
    lambda: imported("control_msgs.action", "make setup, or apt install ros-<distro>-control-msgs"),
    disk, shared_memory, profile, discovery, priority, weights,
)  # fmt: skip
"""Every check of the installation, in the order of the report."""


def findings(namespace: str = "", wanted: bool = False) -> list[Finding]:
    """Run all checks; one that breaks is a finding too."""
    checks: list[Callable[[], Finding | list[Finding]]] = [
        *CHECKS, lambda: graph(namespace), lambda: robot(namespace, wanted),
    ]  # fmt: skip
    out: list[Finding] = []
    for check in checks:
        try:
            found = check()
        except (F2pError, OSError, ImportError) as error:
            name = getattr(check, "__name__", "check").strip("<>")
            found = Finding(name, False, f"{type(error).__name__}: {error}", "see the message")
        out += found if isinstance(found, list) else [found]
    return out


def doctor(
    needed: Annotated[bool, typer.Option("--robot", help="A robot has to be there; otherwise it may be.")] = False,
    namespace: Annotated[str, typer.Option(help=NAMESPACE_HELP)] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object last.")] = False,
) -> None:
    """Say what is wrong with this installation, stack or robot, and what to do about it; exit code 1 if anything is.

    It moves nothing. What it cannot see is whether the robot stops: `f2p handshake` tries that.
    """
    found, console = findings(namespace, needed), Console()
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
