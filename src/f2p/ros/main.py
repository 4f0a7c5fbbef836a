"""`f2p_node NAME`: be any process of the graph (the one executable that launch files start)."""

from __future__ import annotations

import importlib
import sys

from f2p.graph import graph
from f2p.graph.errors import GraphError


def main() -> None:
    """Run the node named by the first argument; exit code 2 where there is no such node."""
    name = sys.argv.pop(1) if len(sys.argv) > 1 else ""
    try:
        module = graph.node(name).module
    except GraphError as error:
        print(f"error {error.code}: {error}", file=sys.stderr)
        sys.exit(2)
    importlib.import_module(module).main()


if __name__ == "__main__":
    main()
