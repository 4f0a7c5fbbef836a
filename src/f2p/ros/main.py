"""`f2p_node NAME`: be any process of the graph (the one executable that launch files start)."""

from __future__ import annotations

import importlib
import sys

from f2p.ros import graph


def main() -> None:
    """Run the node named by the first argument."""
    name = sys.argv.pop(1) if len(sys.argv) > 1 else ""
    importlib.import_module(graph.node(name).module).main()


if __name__ == "__main__":
    main()
