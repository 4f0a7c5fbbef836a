"""`f2p_node NAME`: be any process of the graph (the one executable that launch files and `f2p up` start)."""

from __future__ import annotations

import contextlib
import importlib
import itertools
import sys
from collections.abc import Sequence
from pathlib import Path

from f2p.graph import ending


def main() -> None:
    """Run the node named by the first argument; a line and exit code 2 where it cannot be run."""
    ending.leave_at_once()  # before what takes longer to import
    from f2p.errors import F2pError
    from f2p.graph import graph
    from f2p.graph.places import claimed, comm
    from f2p.graph.priority import take_priority
    from f2p.ros.base.parameter_files import check

    name = sys.argv.pop(1) if len(sys.argv) > 1 else ""
    try:
        spec = graph.node(name)
        namespace = told_namespace(sys.argv)
        claim = claimed(spec.name, namespace)
        for path in told_files(sys.argv):
            check(path, namespace, only=spec.name)
    except F2pError as error:
        print(f"error {error.code}: {error}", file=sys.stderr)
        sys.exit(2)
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(comm(spec.name))
    if refused := take_priority(spec.nice):
        print(f"{spec.name}: {refused}", file=sys.stderr, flush=True)
    with claim:
        importlib.import_module(spec.module).main()


def told_namespace(arguments: Sequence[str]) -> str:
    """Return the absolute namespace that ROS arguments tell, `-r __ns:=/left/f2p`; otherwise the one of the graph."""
    from f2p.graph import graph

    told = [one.removeprefix("__ns:=") for one in arguments if one.startswith("__ns:=")]
    return (told[-1].rstrip("/") or "/") if told else graph.within("")


def told_files(arguments: Sequence[str]) -> list[Path]:
    """Return the parameter files that ROS arguments tell."""
    return [Path(after) for one, after in itertools.pairwise(arguments) if one == "--params-file"]


if __name__ == "__main__":
    main()
