"""The graph as a launch description, for machines that have `launch_ros`; launch files are loops over the graph."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from launch import LaunchContext, LaunchDescription
from launch.actions import DeclareLaunchArgument, ExecuteProcess, OpaqueFunction, SetEnvironmentVariable
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node

from f2p.errors import F2pError
from f2p.graph.graph import NodeSpec, nodes, of_graph, within
from f2p.graph.graph import node as of_node
from f2p.graph.outside import moved
from f2p.graph.places import claimed, environment, share
from f2p.graph.viewing import MARKERS, MARKERS_NODE
from f2p.ros.base.parameter_files import check
from f2p.ros.replay.launched import claimed_domain, player_command
from f2p.settings import value_of
from f2p.settings_text import set_by

EXECUTABLE = "f2p_node"
"""Console script that is any node: its first argument is the node's name in the graph."""

RESPAWN_DELAY_S = 1.0
"""Wait before a dead process is started again [s] (promises.md 5.5: the first back-off)."""

SWITCH = ["true", "false"]

COMMON: dict[str, tuple[str, str, list[str] | None]] = {
    "namespace": ("", "Namespace around f2p: 'left' makes /left/f2p/guard, /left/f2p/achieve_goal and so on.", None),
    "use_sim_time": ("false", "Whether nodes take their time from /clock; the guard does not: nothing moves.", SWITCH),
    "log_level": ("info", "Least severity that is logged.", ["debug", "info", "warn", "error", "fatal"]),
    "driver": (
        "",
        "Namespace of the names that are not ours, the driver's, the camera's and TF's, such as /left.",
        None,
    ),
    "enclaves": ("false", "Whether each node is in its enclave of SROS2, such as /f2p/guard (SECURITY.md).", SWITCH),
    "rviz": ("false", "Whether rviz2 is started too, with f2p's displays and the node that draws them.", SWITCH),
}
"""Default and description, and the choices where there are some, of arguments that every graph has."""

SETTINGS = {
    "depth_topic": ("perception", "depth_topic", "Topic of the depth images."),
    "info_topic": ("perception", "info_topic", "Topic of the depth camera's info."),
    "cloud_topic": ("perception", "cloud_topic", "Topic of clouds to use instead of depth images."),
    "simulator": ("finetune", "simulator", "Simulator that learning uses, by name."),
    "task": ("stretch_sim", "task", "Task whose scene the simulated robot stands in."),
    "seed": ("stretch_sim", "seed", "Seed of that scene."),
}
"""Node, parameter and description of arguments that are a parameter of one node; empty: as its file or default says."""


PLAYED: dict[str, tuple[str, str, list[str] | None]] = {
    "bag": (
        "",
        "A recording, or a failure's folder, to play in a ROS domain of its own on this machine. Empty: nodes only, "
        "in the domain that is exported.",
        None,
    ),
    "rate": ("1.0", "How fast it is played.", None),
    "start": ("0.0", "Where playing begins [s].", None),
    "paused": ("false", "Whether it stands at first, until player/pause is called with false.", SWITCH),
}
"""Of the graph of a recording."""


def describe(graph: str) -> LaunchDescription:
    """Describe every process of one of the graphs; the manager among them does the lifecycle.

    Each optional node is an argument of the launch file by its name: `recorder:=false`.
    """
    running, here = {spec.name for spec in nodes(graph)}, {spec.name for spec in of_graph(graph)}
    default = str(share(f"config/{graph}.yaml"))
    entities: list[object] = [
        DeclareLaunchArgument("params_file", default_value=default, description="Parameters, keyed /**/NODE."),
        *(_argument(name, *facts) for name, facts in (COMMON | (PLAYED if graph == "replay" else {})).items()),
        *(_argument(name, "", f"{text} Empty: as params_file says.")
          for name, (node, _parameter, text) in SETTINGS.items() if node in here),
        *(_argument(spec.name, "true" if spec.name in running else "false", spec.text, SWITCH)
          for spec in of_graph(graph) if spec.optional),
        # who launches has a network: the driver's launch file is in it, and must be found
        *(SetEnvironmentVariable(name, value) for name, value in environment(discovery=False).items()),
        OpaqueFunction(function=_processes, args=[graph]),
    ]  # fmt: skip
    return LaunchDescription(entities)


def _argument(name: str, default: str, text: str, choices: list[str] | None = None) -> DeclareLaunchArgument:
    return DeclareLaunchArgument(name, default_value=default, description=text, choices=choices)


def _processes(context: LaunchContext, graph: str) -> list[object]:
    """Return the processes, by what the arguments are; raises RuntimeError, of one line, before any of them starts."""
    told = _Told(context)
    try:
        if graph == "replay" and told("bag"):
            return _played(told, graph)
        return [*_checked(told, graph)]
    except F2pError as error:
        raise RuntimeError(f"error {error.code}: {error}") from error


def _played(told: _Told, graph: str) -> list[object]:
    """Return a domain of its own, the processes that work on a recording in it, and the player. Raises F2pError."""
    command = player_command(told("bag"), told("rate"), told("start"), told("paused") == "true", told("namespace"))
    nodes_, variables = _checked(told, graph, sim_time=True), claimed_domain()
    player = ExecuteProcess(cmd=command, name="f2p-player", output="screen")
    return [*(SetEnvironmentVariable(name, value) for name, value in variables.items()), *nodes_, player]


def _checked(told: _Told, graph: str, sim_time: bool = False) -> list[Node]:
    """Return the processes. Raises F2pError where arguments or parameter file do not do, or the same runs already."""
    namespace, parameters = within(told("namespace")), Path(told("params_file"))
    wanted = {spec.name: told(spec.name) == "true" for spec in of_graph(graph) if spec.optional}
    if told("rviz") == "true":
        wanted[MARKERS_NODE] = True
    specs = nodes(graph, [name for name, on in wanted.items() if on], [name for name, on in wanted.items() if not on])
    check(parameters, namespace)
    for spec in specs:
        claimed(spec.name, namespace).close()
    common: dict[str, Any] = {"use_sim_time": sim_time or told("use_sim_time") == "true"}
    own = _own({spec.name for spec in specs}, told)
    own["manager"]["graph"] = graph
    out = [_process(spec, namespace, told, [str(parameters), {**common, **own[spec.name]}]) for spec in specs]
    if told("rviz") == "true":
        view = ["-d", str(share("config/f2p.rviz"))]
        here = [(f"{within('')}/{topic}", f"{namespace}/{topic}") for topic in MARKERS.values()]
        moves = [*moved(told("driver")), *(one for one in here if namespace != within(""))]
        out.append(Node(package="rviz2", executable="rviz2", arguments=view, remappings=moves))
    return out


class _Told:
    """What the arguments of the launch file are."""

    def __init__(self, context: LaunchContext) -> None:
        self._context = context

    def __call__(self, name: str) -> str:
        return str(LaunchConfiguration(name).perform(self._context))


def _own(names: set[str], told: _Told) -> dict[str, dict[str, Any]]:
    """Return parameters that single nodes get from arguments. Raises SettingError where a value does not do."""
    out: dict[str, dict[str, Any]] = {name: {} for name in names}
    for argument, (node, parameter, _text) in SETTINGS.items():
        if node in names and told(argument):
            config = set_by(importlib.import_module(of_node(node).module).CONFIG(), [f"{parameter}={told(argument)}"])
            out[node][parameter] = value_of(config, parameter)
    return out


def _process(spec: NodeSpec, namespace: str, told: _Told, parameters: list[Any]) -> Node:
    """Return one process; it takes its priority by itself, and says where it may not."""
    enclave = ["--enclave", f"{namespace}/{spec.name}"] if told("enclaves") == "true" else []
    return Node(
        package="f2p", executable=EXECUTABLE, exec_name=f"f2p-{spec.name}", name=spec.name, namespace=namespace,
        arguments=[spec.name], output="screen", parameters=parameters, remappings=list(moved(told("driver"))),
        ros_arguments=["--log-level", told("log_level"), *enclave], respawn=spec.respawn, respawn_delay=RESPAWN_DELAY_S,
    )  # fmt: skip
