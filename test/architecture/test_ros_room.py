"""The ROS shell: every wait has an end, the graph is stated once, launch files and configuration agree with it."""

from __future__ import annotations

import ast
import importlib
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

from f2p.graph import graph, outside
from f2p.graph.errors import GraphError
from f2p.graph.places import CLAIM
from f2p.graph.policy import enclave_of
from f2p.settings import Settings, overridden

from .every import every

ROOT = Path(__file__).resolve().parents[2]
ROS = ROOT / "src" / "f2p" / "ros"
ROS_FILES = sorted(ROS.rglob("*.py"))
WAITS = {
    "wait", "join", "result", "get", "acquire", "wait_for_server", "wait_for_service", "spin_until_future_complete",
    "spin_once", "call", "communicate",
}  # fmt: skip
"""Methods that may wait; each call must carry a time-out, or be of a kind that never waits."""

ROS_PACKAGE = re.compile(
    r"\w+_(msgs|srvs|interfaces)|rclpy|launch|launch_ros|tf2_\w+|tf_transformations|sensor_msgs_py"
)


SLOW = frozenset(("torch", "scipy", "open3d", "mujoco", "matplotlib", "PIL", "plotly", "viser", "rich", "typer", "mcap",
                  "sklearn", "pandas", "dash"))  # fmt: skip
"""Libraries that take as long to import as all else of a process, or longer; ten of them start on two cores."""

NEEDED = {"perception": {"open3d", "scipy"}, "stretch_sim": {"mujoco", "scipy"}, "recorder": {"mcap"},
          "console": {"viser", "rich", "mcap"}}  # fmt: skip
"""Those that a process brings before it is asked for anything; torch of the model server comes when it loads."""

STARTED = """
import importlib, os, sys
import f2p.ros.base.node
from f2p.graph import graph
from f2p.scene.cloud.library import open3d
from f2p.sim.protocol import make_simulator
for spec in graph.OWN:
    if os.fork():
        os.wait()
        continue
    try:
        config = importlib.import_module(spec.module).CONFIG()
        if hasattr(config, "simulator_settings"):
            make_simulator(config.simulator, config.simulator_settings[config.simulator])
        if spec.name == "perception":
            open3d()
        print(spec.name, *sys.modules, flush=True)
    finally:
        os._exit(0)
"""
"""What each process of the graph has imported when its parameters are declared and what it loads at start is made."""


def name_of(path: Path) -> str:
    return str(path.relative_to(ROS))


def is_bounded(call: ast.Call) -> bool:
    names = {item.arg for item in call.keywords}
    return bool(names & {"timeout", "timeout_s", "timeout_sec", "deadline_s", "block"})


@every(ROS_FILES)
def test_every_wait_has_an_end(path: Path) -> None:
    for call in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)):
        if not isinstance(call.func, ast.Attribute) or call.func.attr not in WAITS:
            continue
        owner, method = ast.unparse(call.func.value), call.func.attr
        where = f"{path.name}:{call.lineno}: {owner}.{method}(...)"
        if method == "get" and (len(call.args) == 2 or not call.keywords):
            assert "queue" not in owner and "_jobs" not in owner, f"{where} waits without an end"
            continue  # of a mapping or a registry
        if method == "result" and not call.args and not call.keywords:
            assert owner in ("future", "finished"), f"{where} waits without an end"
            continue  # of an rclpy future inside its own done-callback: never waits
        if method == "join" and call.args and not call.keywords:
            continue  # of a string
        if method == "wait" and call.args and owner.endswith(("closing", "_closing")):
            continue  # an Event's positional time-out
        if (method in ("call", "result") and len(call.args) >= 2) or owner.startswith("patience"):
            continue  # ServiceCaller.call(request, deadline_s); Patience carries its deadline
        if method == "result" and owner.startswith("Patience("):
            continue
        assert is_bounded(call), f"{where} waits without an end"
    text = path.read_text()
    assert "spin_until_future_complete" not in text and "wait_for_server(" not in text
    assert "rclpy.spin(" not in text


def test_package_xml_names_the_ros_packages_that_are_imported_and_no_others() -> None:
    told = set(re.findall(r"<exec_depend>(\w+)</exec_depend>", (ROOT / "package.xml").read_text()))
    used = set()
    for path in (ROOT / "src" / "f2p").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [item.name for item in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            used |= {name.split(".")[0] for name in names}
    ros = {name for name in used if ROS_PACKAGE.fullmatch(name)}
    assert ros <= told, "an import that nobody is told to install"
    assert {name for name in told if not name.startswith("python3")} == ros, "a package that nobody imports"


def test_the_graph_can_be_ordered_and_needs_are_met() -> None:
    for name in graph.GRAPHS:
        names = [spec.name for spec in graph.nodes(name)]
        for spec in graph.nodes(name):
            assert all(names.index(need) < names.index(spec.name) for need in spec.needs)
        assert ("stretch_sim" in names) is (name == "sim")
    with pytest.raises(GraphError, match="there are: manager, "):
        graph.node("toaster")
    with pytest.raises(GraphError, match="no graph 'kitchen'; there are: robot, sim, replay"):
        graph.nodes("kitchen")


def test_on_a_recording_nothing_moves_and_no_weights_change() -> None:
    assert [spec.name for spec in graph.nodes("replay")] == [
        "manager", "perception", "model_server", "planner", "monitor",
    ]  # fmt: skip


def test_nobody_needs_what_may_be_left_out_or_has_no_lifecycle() -> None:
    """The manager would wait for it for ever."""
    for spec in graph.OWN:
        for need in map(graph.node, (*spec.needs, *spec.after)):
            assert need.lifecycle
            assert spec.optional or not need.optional or need.name in spec.after


def test_a_ring_of_needs_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    ring = (graph.NodeSpec("a", "", needs=("b",)), graph.NodeSpec("b", "", needs=("a",)))
    monkeypatch.setattr(graph, "OWN", ring)
    with pytest.raises(GraphError, match="cannot be ordered: a needs b; b needs a"):
        graph.nodes("sim")


def test_optional_nodes_run_when_wanted_and_nobody_else_can_be_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = (
        graph.NodeSpec("a", ""),
        graph.NodeSpec("on", "", optional=True),
        graph.NodeSpec("off", "", optional=True, by_default=False, needs=("on",), graphs=frozenset({"sim"})),
    )
    monkeypatch.setattr(graph, "OWN", rows)

    def names(*how: object) -> list[str]:
        return [spec.name for spec in graph.nodes("sim", *how)]

    assert names() == ["a", "on"] and names((), ["on"]) == ["a"] and names(["off", "on"]) == ["a", "on", "off"]
    for how, told in (
        ((["a"],), "'a' is no optional node of the graph 'sim'; there are: off, on"),
        (((), ["b"]), "no node 'b' in the graph; there are: a, on, off"),
        ((["on"], ["on"]), "both wanted and not: on"),
        ((["off"], ["on"]), "cannot be ordered: off needs on"),
    ):
        with pytest.raises(GraphError, match=told):
            names(*how)
    with pytest.raises(GraphError, match="'off' is no optional node of the graph 'robot'"):
        graph.nodes("robot", ["off"])
    with pytest.raises(GraphError, match=r"is in \['kitchen'\]; the graphs are: robot, sim, replay"):
        graph.NodeSpec("a", "", frozenset({"kitchen"}))


@pytest.mark.parametrize("spec", graph.OWN, ids=lambda spec: spec.name)
def test_every_node_of_the_graph_is_a_module_with_main(spec: graph.NodeSpec) -> None:
    path = ROOT / "src" / (spec.module.replace(".", "/") + ".py")
    assert path.exists(), f"{spec.module} is missing"
    assert any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in ast.parse(path.read_text()).body)


def test_every_node_file_is_in_the_graph() -> None:
    files = {path.stem for path in (ROS / "nodes").glob("*.py")} - {"__init__"}
    assert files == {spec.name for spec in graph.OWN}


def test_what_keeps_time_comes_before_what_computes() -> None:
    """Beside four busy processes depth images came at 13.2 Hz without, at 14.9 Hz with."""
    nice = {spec.name: spec.nice for spec in graph.OWN}
    assert nice.pop("guard") < nice.pop("stretch_sim") < min(nice.values())
    assert min(nice["model_server"], nice["planner"], nice["finetune"]) > 0


def test_only_the_guard_speaks_to_the_driver() -> None:
    """Whoever makes a client of the driver's action or services, or publishes velocity, is the guard.

    What it starts to stop the robot after its own end is told the names of the stop by it, and knows no others.
    """
    endpoints = ("/stretch_controller", "/stop_the_robot", "/switch_to", "/runstop", "cmd_vel")
    speakers = set()
    for path in ROS_FILES:
        if path.parent.name == "twin":
            continue
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith(endpoints):
                speakers.add(name_of(path))
    assert speakers == {"remote/driver.py"}
    importers = [name_of(path) for path in ROS_FILES if "f2p.ros.remote.driver" in path.read_text()]
    assert importers == ["nodes/guard.py"]
    assert [name_of(path) for path in ROS_FILES if "remote.last_stop" in path.read_text()] == ["remote/driver.py"]


def test_names_of_our_own_are_relative_to_the_namespace_that_is_called_f2p() -> None:
    """`graph.NAMESPACE` is where the nodes are; a name that says f2p/ again would be /f2p/f2p/..., or f2p's alone."""
    for path in ROS_FILES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert not re.fullmatch(r"/?f2p/\w+(/\w+)*", node.value), f"{path.name}:{node.lineno}: {node.value!r}"


@pytest.mark.parametrize("name", graph.GRAPHS)
def test_configuration_names_only_nodes_and_parameters_that_exist(name: str) -> None:
    told = yaml.safe_load((ROOT / "config" / f"{name}.yaml").read_text())
    names = {spec.name for spec in graph.of_graph(name)}
    assert set(told) <= {f"/**/{one}" for one in names}, "a key that counts in one namespace only"
    for key, entry in told.items():
        node = key.removeprefix("/**/")
        known = _parameters_of(node)
        overridden(known, _flat(entry["ros__parameters"]))


def _parameters_of(node: str) -> Settings:
    """The config that a node's parameters are made from."""
    pytest.importorskip("rclpy", reason="node files import rclpy: run the set-up first")
    config: Settings = importlib.import_module(f"f2p.ros.nodes.{node}").CONFIG()
    return config


def _flat(told: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested maps as dotted names."""
    out: dict[str, Any] = {}
    for name, value in told.items():
        out |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return out


def test_a_process_imports_no_slow_library_before_it_needs_it() -> None:
    """With torch, MuJoCo and scikit-learn where nobody needed them yet, bring-up took 4 s of processor time more."""
    pytest.importorskip("rclpy", reason="node files import rclpy: run the set-up first")
    done = subprocess.run([sys.executable, "-c", STARTED], capture_output=True, text=True, check=True, timeout=120)
    found = {name: SLOW & set(modules) for name, *modules in map(str.split, done.stdout.splitlines())}
    assert set(found) == {spec.name for spec in graph.OWN}, done.stderr
    assert {name: slow for name, slow in found.items() if slow} == NEEDED


@pytest.mark.parametrize("name", graph.GRAPHS)
def test_launch_files_equal_the_graph(name: str, launched: Callable[[str], list[SimpleNamespace]]) -> None:
    made = launched(name)
    nodes = [item.kwargs for item in made if item.kind == "Node"]
    expected = graph.nodes(name)
    assert [item["name"] for item in nodes] == [spec.name for spec in expected]
    assert [item["arguments"] for item in nodes] == [[spec.name] for spec in expected]
    assert [item["exec_name"] for item in nodes] == [f"f2p-{spec.name}" for spec in expected]
    assert [item["respawn"] for item in nodes] == [spec.respawn for spec in expected]
    assert all(item["package"] == "f2p" and item["parameters"] for item in nodes)
    told = dict(item.args for item in made if item.kind == "SetEnvironmentVariable")
    assert Path(told["FASTRTPS_DEFAULT_PROFILES_FILE"]).samefile(ROOT / "config" / "fastdds.xml"), "images are lost"
    assert "RMW_IMPLEMENTATION" not in told, "what the caller has set stays"
    assert not {"ROS_LOCALHOST_ONLY", "ROS_AUTOMATIC_DISCOVERY_RANGE"} & set(told), "the driver would not be found"
    kinds = [item.kind for item in made if item.kind in ("SetEnvironmentVariable", "Node")]
    assert kinds == sorted(kinds, reverse=True), "processes get what was set before them"


@pytest.mark.parametrize("name", graph.GRAPHS)
def test_arguments_of_launch_files_are_described_and_reach_the_nodes(
    name: str, launched: Callable[..., list[SimpleNamespace]], tmp_path: Path
) -> None:
    """In a namespace the settings of the file were not applied: they were keyed by the bare name of the node."""
    made = launched(name)
    arguments = {one.args[0]: one.kwargs for one in made if one.kind == "DeclareLaunchArgument"}
    wanted = {"namespace", "params_file", "use_sim_time", "log_level", "driver", "depth_topic", "info_topic", "rviz"}
    wanted |= {"cloud_topic"} | {"sim": {"simulator", "task", "seed"}, "robot": {"simulator"}, "replay": set()}[name]
    assert wanted <= set(arguments) and all(len(one["description"]) > 15 for one in arguments.values())
    told = {"namespace": "left", "driver": "/left", "depth_topic": "/eye/depth", "log_level": "debug"}
    if name == "sim":
        told |= {"seed": "7"}
    nodes = {one.kwargs["name"]: one.kwargs for one in launched(name, **told) if one.kind == "Node"}
    assert {one["namespace"] for one in nodes.values()} == {"/left/f2p"}
    assert all(("/tf", "/left/tf") in one["remappings"] for one in nodes.values())
    goal = "/stretch_controller/follow_joint_trajectory/_action/send_goal"
    assert (goal, f"/left{goal}") in nodes["perception"]["remappings"]
    assert nodes["perception"]["ros_arguments"] == ["--log-level", "debug"]
    closed = [one.kwargs for one in launched(name, namespace="left", enclaves="true") if one.kind == "Node"]
    assert {one["name"]: one["ros_arguments"][2:] for one in closed} == {
        node: ["--enclave", enclave_of(node, "left")] for node in nodes
    }
    assert nodes["perception"]["parameters"][1]["depth_topic"] == "/eye/depth"
    assert nodes["manager"]["parameters"][1]["graph"] == name
    if name == "sim":
        assert nodes["stretch_sim"]["parameters"][1]["seed"] == 7


def test_a_recording_is_launched_in_a_domain_of_its_own_with_its_player(
    launched: Callable[..., list[SimpleNamespace]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ROS_DOMAIN_ID", "7")
    bag = tmp_path / "bag.mcap"
    bag.write_bytes(b"\x89MCAP0\r\n" + bytes(32))
    assert not [one for one in launched("replay") if one.kind == "ExecuteProcess"], "no player where nothing is played"
    told = {"bag": str(bag), "rate": "2", "start": "3.5", "paused": "true", "namespace": "left"}
    made = launched("replay", **told)
    (player,) = [one.kwargs for one in made if one.kind == "ExecuteProcess"]
    wanted = [str(bag), "--play", "--joined", "--rate", "2", "--from", "3.5", "--paused", "--namespace", "left"]
    assert player["cmd"] == [sys.executable, "-m", "f2p", "replay", *wanted]
    domain = dict(one.args for one in made if one.kind == "SetEnvironmentVariable")
    assert domain["ROS_DOMAIN_ID"] not in ("", "7", "0") and domain["ROS_AUTOMATIC_DISCOVERY_RANGE"] == "LOCALHOST"
    nodes = [one.kwargs for one in made if one.kind == "Node"]
    assert {"perception", "monitor"} <= {one["name"] for one in nodes}
    assert all(one["parameters"][1]["use_sim_time"] is True for one in nodes)
    with socket.socket(socket.AF_UNIX) as claim, pytest.raises(OSError, match="in use"):
        claim.bind(f"{CLAIM}{domain['ROS_DOMAIN_ID']}")
    for bad, line in (
        ({"bag": str(tmp_path / "none")}, "error 5"), ({"bag": str(bag), "rate": "fast"}, "rate = 'fast': must be"),
        ({"bag": str(bag), "start": "-1"}, "start = '-1': must be a number from 0 to inf"),
    ):  # fmt: skip
        with pytest.raises(RuntimeError, match=line):
            launched("replay", **bad)


@pytest.mark.parametrize(
    ("told", "line"),
    [
        ({"namespace": "9x"}, "error 970: namespace '9x': write letters"),
        ({"driver": "left"}, "error 970: the driver's namespace 'left': write an absolute one"),
        ({"seed": "soon"}, "error 11: seed = 'soon': must be int"),
        ({"params_file": "/nowhere.yaml"}, "error 973: parameter file '/nowhere.yaml': "),
    ],
    ids=lambda item: next(iter(item)) if isinstance(item, dict) else "",
)
def test_a_launch_that_cannot_be_is_refused_in_one_line_before_anything_starts(
    launched: Callable[..., list[SimpleNamespace]], told: dict[str, str], line: str
) -> None:
    with pytest.raises(RuntimeError, match=re.escape(line)) as caught:
        launched("sim", **told)
    assert "\n" not in str(caught.value)


def test_every_name_of_the_driver_that_we_use_can_be_moved() -> None:
    names = {*outside.TOPICS, *outside.SERVICES, outside.ACTION}
    for path in ROS_FILES:
        nodes = list(ast.walk(ast.parse(path.read_text())))
        parts = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values}
        for node in (node for node in nodes if isinstance(node, ast.Constant) and id(node) not in parts):
            name = str(node.value)
            ours = name.startswith(("/clock", "/diagnostics", "/dev/", "/proc/"))  # or the system's
            if re.fullmatch(r"/[a-z_]+(/[a-z_]+)*", name) and not ours:
                assert name in names, f"{path.name}:{node.lineno}: {name} is not in graph/outside.py"


def test_with_rviz_comes_the_node_that_draws_for_it_in_its_namespace(
    launched: Callable[..., list[SimpleNamespace]],
) -> None:
    made = {one.kwargs.get("name"): one.kwargs for one in launched("robot", rviz="true") if one.kind == "Node"}
    assert "markers" in made and "markers" not in {one.name for one in graph.nodes("robot")}
    assert Path(made[None]["arguments"][1]).samefile(ROOT / "config" / "f2p.rviz") and not made[None]["remappings"]
    told = {"rviz": "true", "namespace": "left", "driver": "/left"}
    (rviz,) = [one.kwargs for one in launched("robot", **told) if one.kwargs.get("package") == "rviz2"]
    assert ("/f2p/markers/plan", "/left/f2p/markers/plan") in rviz["remappings"]
    assert ("/robot_description", "/left/robot_description") in rviz["remappings"]
