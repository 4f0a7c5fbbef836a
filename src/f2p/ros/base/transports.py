"""What DDS sends by in this process: shared memory where images are, and UDP alone everywhere else.

What a killed process leaves in shared memory makes others deaf, or holds them up (promises.md 0.12): its successor may
listen at a file that a sender has removed, and a lock that it held is waited for, two seconds at a time, on the thread
that sends (Fast DDS 2.14.5, `open_or_create_and_lock_named_mutex`). A socket goes with its process. So only what sends
or hears images, which UDP loses (ros.md 5.1), has shared memory; the guard has none.

A range of LOCALHOST means two transports of each kind: the middleware adds its own to those of the profile, and sends
everything by both (rmw_fastrtps of Jazzy, `create_participant`). So a profile says "this machine only" instead, and
binds to the loopback address, which the middleware's own does not.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from f2p.graph.places import share
from f2p.ros.base.shared_memory import forget, keep_off, sweep

PROFILES = "FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE"
"""Fast DDS 2 reads the first, Fast DDS 3 the second."""

RANGE, LOCALHOST_ONLY, PEERS = "ROS_AUTOMATIC_DISCOVERY_RANGE", "ROS_LOCALHOST_ONLY", "ROS_STATIC_PEERS"


@contextlib.contextmanager
def transports(images: bool = False) -> Iterator[None]:
    """Choose what this process sends by; ROS is to begin and its node to be made within the block.

    What a person has chosen stays: another middleware, or a profile of his own.

    Args:
        images: Whether it sends or hears images.
    """
    sweep()
    chosen = chosen_of(os.environ, images)
    if images or not chosen:
        forget()
        keep_off()
    before = {name: os.environ.get(name) for name in chosen}
    os.environ.update(chosen)
    try:
        yield
    finally:
        for name, value in before.items():
            os.environ.pop(name, None) if value is None else os.environ.update({name: value})


def chosen_of(environment: Mapping[str, str], images: bool) -> dict[str, str]:
    """Return the variables that DDS is to begin with; none where a person has chosen.

    Args:
        environment: Of the process.
        images: Whether it sends or hears images.
    """
    middleware, reach = environment.get("RMW_IMPLEMENTATION", ""), environment.get(RANGE, "").upper()
    here = reach == "LOCALHOST" or environment.get(LOCALHOST_ONLY) == "1"
    if not (middleware == "" or middleware.startswith("rmw_fastrtps")) or not _is_ours(environment):
        return {}
    if here and environment.get(PEERS):
        return {}  # the middleware reads them, and a profile cannot
    profile = str(share(f"config/fastdds{'_here' if here else ''}{'' if images else '_udp'}.xml"))
    return dict.fromkeys(PROFILES, profile) | ({RANGE: "SYSTEM_DEFAULT", LOCALHOST_ONLY: ""} if here else {})


def _is_ours(environment: Mapping[str, str]) -> bool:
    """Tell whether no profile is set, or the one that comes with f2p."""
    told, ours = {environment[name] for name in PROFILES if environment.get(name)}, share("config/fastdds.xml")
    try:
        return all(Path(one).read_bytes() == ours.read_bytes() for one in told)
    except OSError:
        return False
