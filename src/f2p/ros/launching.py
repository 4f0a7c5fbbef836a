"""The graph as a launch description, for machines that have `launch_ros`; launch files are loops over the graph."""

from __future__ import annotations

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, SetEnvironmentVariable
from launch.conditions import IfCondition
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from f2p.graph.graph import NodeSpec, nodes, of_graph
from f2p.graph.places import environment, share

EXECUTABLE = "f2p_node"
"""Console script that is any node: its first argument is the node's name in the graph."""

RESPAWN_DELAY_S = 1.0
"""Wait before a dead process is started again [s] (promises.md 5.5: the first back-off)."""


def describe(graph: str) -> LaunchDescription:
    """Describe every process of one of the graphs; the manager among them does the lifecycle.

    Each optional node is an argument of the launch file by its name: `recorder:=false`.
    """
    default = str(share(f"config/{graph}.yaml"))
    running = {spec.name for spec in nodes(graph)}
    entities: list[object] = [
        DeclareLaunchArgument("params_file", default_value=default, description="Parameters keyed by node."),
        # who launches has a network: the driver's launch file is in it, and must be found
        *(SetEnvironmentVariable(name, value) for name, value in environment(discovery=False).items()),
    ]
    for spec in nodes(graph, wanted=[spec.name for spec in of_graph(graph) if spec.optional]):
        if spec.optional:
            value = "true" if spec.name in running else "false"
            entities.append(DeclareLaunchArgument(spec.name, default_value=value, description=spec.text))
        entities.append(_process(spec, [{"graph": graph}] if spec.name == "manager" else []))
    return LaunchDescription(entities)


def _process(spec: NodeSpec, more: list[dict[str, str]]) -> Node:
    """Return one process, with the configuration file and further parameters."""
    return Node(
        package="f2p", executable=EXECUTABLE, name=spec.name, arguments=[spec.name], output="screen",
        parameters=[LaunchConfiguration("params_file"), *more], respawn=spec.respawn,
        respawn_delay=RESPAWN_DELAY_S, prefix=f"nice -n {spec.nice}" if spec.nice else None,
        condition=IfCondition(LaunchConfiguration(spec.name)) if spec.optional else None,
    )  # fmt: skip
