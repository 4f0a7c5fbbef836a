"""What a package that brings a node says of it; imports no ROS."""

from f2p.graph.graph import EVERYWHERE, NodeSpec

SPEC = NodeSpec(
    "toy", "says what it was told", EVERYWHERE, after=("monitor",), optional=True, module="toy_node", nice=1
)  # fmt: skip
