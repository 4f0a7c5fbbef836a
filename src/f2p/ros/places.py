"""Where the installed package keeps its files, and which environment its processes get."""

from __future__ import annotations

import os
from pathlib import Path

from f2p.ros.errors import SupervisorError


def share(relative: str) -> Path:
    """A file of `config/` or `launch/`: in the ament share folder when installed, else in the source tree.

    Raises:
        SupervisorError: neither place has it.
    """
    tried = []
    for prefix in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep):
        if prefix:
            tried.append(Path(prefix) / "share" / "f2p" / relative)
    tried.append(Path(__file__).resolve().parents[3] / relative)
    for path in tried:
        if path.exists():
            return path
    raise SupervisorError(f"{relative} is in none of: {', '.join(str(path.parent) for path in tried)}")


SUPERVISOR = "F2P_SUPERVISOR_PID"
"""Variable that `make_supervisor` sets: a process whose supervisor is gone ends itself."""

DOMAINS = 50
"""Demos take domains from 1 to this (ours: those up to 100 are the test suite's, above lie ephemeral ports)."""


def orphaned() -> bool:
    """Whether the supervisor that started this process is gone."""
    supervisor = int(os.environ.get(SUPERVISOR, "0"))
    return supervisor != 0 and os.getppid() != supervisor


def environment() -> dict[str, str]:
    """Variables every process of the graph gets where the caller has not set them (ros.md 4)."""
    profile = str(share("config/fastdds.xml"))
    wanted = {
        "FASTRTPS_DEFAULT_PROFILES_FILE": profile, "FASTDDS_DEFAULT_PROFILES_FILE": profile, "OMP_NUM_THREADS": "1",
        "RMW_IMPLEMENTATION": "rmw_fastrtps_cpp",
    }  # fmt: skip
    if "ROS_AUTOMATIC_DISCOVERY_RANGE" not in os.environ and "ROS_LOCALHOST_ONLY" not in os.environ:
        wanted |= {"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST", "ROS_LOCALHOST_ONLY": "1"}
    return {name: value for name, value in wanted.items() if name not in os.environ}


def own_domain() -> dict[str, str]:
    """Variables of a ROS domain that this process, and nobody who was told one, uses; on this machine only.

    What is exported is not taken over: on a robot's own computer it names the domain of the robot.
    """
    domain = 1 + os.getpid() % DOMAINS
    if os.environ.get("ROS_DOMAIN_ID") == str(domain):
        domain = 1 + domain % DOMAINS
    humble = os.environ.get("ROS_DISTRO") == "humble"  # it knows the older variable only, later ones warn of it
    return {
        "ROS_DOMAIN_ID": str(domain), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST", "ROS_STATIC_PEERS": "",
        "ROS_LOCALHOST_ONLY": "1" if humble else "",
    }  # fmt: skip


def shipped_weights() -> Path:
    """Where the package's own weights are, without importing the model room (and torch with it)."""
    return Path(__file__).resolve().parents[1] / "model" / "shipped" / "default.safetensors"
