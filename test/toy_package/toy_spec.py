"""What a package that brings a node says of it; imports no ROS."""

from f2p.graph.endpoints import Endpoints
from f2p.graph.graph import EVERYWHERE, NodeSpec, register

register(
    NodeSpec("toy", "says its text", EVERYWHERE, after=("monitor",), optional=True, module="toy_node", nice=1,
             endpoints=Endpoints(publishes=("toy/said",)))
)  # fmt: skip
