"""Where the installed package keeps its files, and which environment its processes get."""

from __future__ import annotations

import contextlib
import os
import socket
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from f2p.graph.errors import DomainTakenError, StackRunsError, SupervisorError
from f2p.model.shipping import DEFAULT_ARCHITECTURE, SHIPPED


def share(relative: str) -> Path:
    """Return a file of `config/` or `launch/`: in the ament share folder when installed, else in the source tree.

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


def in_clone() -> bool:
    """Tell whether this is a clone with its own set-up, and not an installed package."""
    clone = Path(__file__).resolve().parents[3]
    return (clone / "f2p").is_file() and (clone / "setup").is_dir()


def in_container() -> bool:
    """Tell whether this runs in a container of docker or podman."""
    return Path("/.dockerenv").exists() or Path("/run/.containerenv").exists()


def here(words: str) -> str:
    """Return a command of ours as it is typed where this process runs: in a clone, or after `colcon build`."""
    return f"./f2p {words}" if in_clone() else f"ros2 run f2p f2p {words}"


SUPERVISOR = "F2P_SUPERVISOR_PID"
"""Variable that `make_supervisor` sets: a process whose supervisor is gone ends itself."""

DOMAINS = 50
"""Demos take domains from 1 to this (ours: those up to 100 are the test suite's, above lie ephemeral ports)."""

CLAIM = "\0f2p-ros-domain-"
"""Beginning of the abstract socket that a demo or a test holds for its domain: it reaches as far as the network that
DDS is on, and is gone with its process."""


def orphaned() -> bool:
    """Tell whether the supervisor that started this process is gone."""
    supervisor = int(os.environ.get(SUPERVISOR, "0"))
    return supervisor != 0 and os.getppid() != supervisor


def environment(discovery: bool = True) -> dict[str, str]:
    """Return variables every process of the graph gets where the caller has not set them (ros.md 4).

    Args:
        discovery: Also those that keep it to this machine.
    """
    profile = str(share("config/fastdds.xml"))
    wanted = {
        "FASTRTPS_DEFAULT_PROFILES_FILE": profile, "FASTDDS_DEFAULT_PROFILES_FILE": profile, "OMP_NUM_THREADS": "1",
        "RMW_IMPLEMENTATION": "rmw_fastrtps_cpp",
    }  # fmt: skip
    if discovery and "ROS_AUTOMATIC_DISCOVERY_RANGE" not in os.environ and "ROS_LOCALHOST_ONLY" not in os.environ:
        wanted |= {"ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST", "ROS_LOCALHOST_ONLY": "1"}
    return {name: value for name, value in wanted.items() if name not in os.environ}


@contextlib.contextmanager
def own_domain() -> Iterator[dict[str, str]]:
    """Variables of a ROS domain that is this block's alone among demos, on this machine only.

    What is exported is not taken over: on a robot's own computer it names the domain of the robot.

    Raises:
        DomainTakenError: Every domain is another demo's.
    """
    with free_domain(1 + (os.getpid() + offset) % DOMAINS for offset in range(DOMAINS)) as domain:
        yield _variables_of(domain)


@contextlib.contextmanager
def joined_domain() -> Iterator[dict[str, str]]:
    """Variables of the ROS domain that this process was put in by one that claimed it with `own_domain`.

    Raises:
        DomainTakenError: Nobody claimed it, or it reaches beyond this machine: a robot may be in it.
    """
    domain = os.environ.get("ROS_DOMAIN_ID", "")
    wanted = _variables_of(int(domain)) if domain.isdecimal() else {}
    with socket.socket(socket.AF_UNIX) as claim:
        nobodys = not wanted or _bound(claim, f"{CLAIM}{domain}")
    if nobodys or any(os.environ.get(name, "") != value for name, value in wanted.items()):
        raise DomainTakenError(
            f"ROS domain {domain or '0'} was not claimed for a replay on this machine only, and a robot may be in it; "
            "leave --joined away, and it plays in a domain of its own"
        )
    yield wanted


@contextlib.contextmanager
def free_domain(among: Iterable[int]) -> Iterator[int]:
    """Claim the first ROS domain that nobody has claimed on this machine and that is not the exported one.

    The claim ends with the block or with this process, however that ends.

    Raises:
        DomainTakenError: There is none.
    """
    exported, tried = os.environ.get("ROS_DOMAIN_ID"), []
    for domain in among:
        tried.append(domain)
        with socket.socket(socket.AF_UNIX) as claim:
            if str(domain) != exported and _bound(claim, f"{CLAIM}{domain}"):
                yield domain
                return
    raise DomainTakenError(f"others have all ROS domains from {min(tried)} to {max(tried)}; end one of them")


def claimed(name: str, namespace: str) -> socket.socket:
    """Hold the name of a node on this machine for as long as the socket that is returned lives.

    Whoever holds it is the only process of that name in this ROS domain and namespace; it is free again the moment its
    process is gone, however that ended, which no discovery notices as soon.

    Raises:
        StackRunsError: Another process holds it.
    """
    domain = os.environ.get("ROS_DOMAIN_ID") or "0"
    claim = socket.socket(socket.AF_UNIX)
    if not _bound(claim, f"\0f2p-node-{domain}{namespace}/{name}"):
        claim.close()
        raise StackRunsError(
            f"{namespace}/{name} runs on this machine already, in ROS domain {domain} (pgrep -x {comm(name)}); end it, "
            f"or take another namespace or another ROS_DOMAIN_ID"
        )
    return claim


def bring_up() -> str:
    """Name whoever started this process and starts it anew: its id, and when it began, since ids come round."""
    parent = os.getppid()
    try:
        began = Path(f"/proc/{parent}/stat").read_text().rpartition(")")[2].split()[19]  # proc(5): starttime
    except (OSError, IndexError):
        began = ""
    return f"{parent} {began}"


def runtime_file(name: str, namespace: str) -> Path:
    """Return a file of this user that outlasts a process but no boot, for one ROS domain and namespace."""
    domain = os.environ.get("ROS_DOMAIN_ID") or "0"
    folder = Path(os.environ.get("XDG_RUNTIME_DIR") or tempfile.gettempdir())
    return folder / f"f2p-{name}-{os.getuid()}-{domain}{namespace.replace('/', '-')}.json"


def comm(name: str) -> str:
    """Return what `top`, `ps` and `pgrep` call the process of a node; the kernel keeps 15 letters."""
    return f"f2p-{name}"[:15]


def _bound(claim: socket.socket, name: str) -> bool:
    """Tell whether the name was free, and is now the socket's."""
    try:
        claim.bind(name)
    except OSError:
        return False
    return True


def _variables_of(domain: int) -> dict[str, str]:
    """Return the environment variables of processes in a domain on this machine only."""
    humble = os.environ.get("ROS_DISTRO") == "humble"  # it knows the older variable only, later ones warn of it
    return {
        "ROS_DOMAIN_ID": str(domain), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST", "ROS_STATIC_PEERS": "",
        "ROS_LOCALHOST_ONLY": "1" if humble else "",
    }  # fmt: skip


def shipped_weights() -> Path:
    """Return where the package's own weights are."""
    return SHIPPED / f"{DEFAULT_ARCHITECTURE}.safetensors"
