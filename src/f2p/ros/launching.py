"""The graph as a launch description, for machines that have `launch_ros`; launch files are loops over the graph."""

from __future__ import annotations

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, SetEnvironmentVariable
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from f2p.graph.graph import nodes
from f2p.graph.places import environment, share

EXECUTABLE = "f2p_node"
"""Console script that is any node: its first argument is the node's name in the graph."""

RESPAWN_DELAY_S = 1.0
"""Wait before a dead process is started again [s] (promises.md 5.5: the first back-off)."""


def describe(sim: bool) -> LaunchDescription:
    """Every process of the simulated or the real robot; the manager among them does the lifecycle."""
    default = str(share(f"config/{'sim' if sim else 'robot'}.yaml"))
    entities: list[object] = [
        DeclareLaunchArgument("params_file", default_value=default, description="Parameters keyed by node."),
        # who launches has a network: the driver's launch file is in it, and must be found
        *(SetEnvironmentVariable(name, value) for name, value in environment(discovery=False).items()),
    ]
    for spec in nodes(sim):
        entities.append(
            Node(
                package="f2p", executable=EXECUTABLE, name=spec.name, arguments=[spec.name], output="screen",
                parameters=[LaunchConfiguration("params_file")], respawn=spec.respawn, respawn_delay=RESPAWN_DELAY_S,
                prefix=f"nice -n {spec.nice}" if spec.nice else None,
            )
        )  # fmt: skip
    return LaunchDescription(entities)
