"""The ROS room: every wait has an end, the graph is stated once, launch files and configuration agree with it."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import re
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
import yaml

from f2p.graph import graph
from f2p.graph.errors import GraphError

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


def name_of(path: Path) -> str:
    return str(path.relative_to(ROS))


def is_bounded(call: ast.Call) -> bool:
    names = {item.arg for item in call.keywords}
    return bool(names & {"timeout", "timeout_s", "timeout_sec", "deadline_s", "block"})


@pytest.mark.parametrize("path", ROS_FILES, ids=name_of)
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
    for sim in (True, False):
        names = [spec.name for spec in graph.nodes(sim)]
        for spec in graph.nodes(sim):
            assert all(names.index(need) < names.index(spec.name) for need in spec.needs)
        assert ("stretch_sim" in names) is sim
    with pytest.raises(GraphError, match="there are: manager, "):
        graph.node("toaster")


def test_a_ring_of_needs_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    ring = (graph.NodeSpec("a", "", needs=("b",)), graph.NodeSpec("b", "", needs=("a",)))
    monkeypatch.setattr(graph, "GRAPH", ring)
    with pytest.raises(GraphError, match="cannot be ordered: a needs"):
        graph.nodes(sim=True)


@pytest.mark.parametrize("spec", graph.GRAPH, ids=lambda spec: spec.name)
def test_every_node_of_the_graph_is_a_module_with_main(spec: graph.NodeSpec) -> None:
    path = ROOT / "src" / (spec.module.replace(".", "/") + ".py")
    assert path.exists(), f"{spec.module} is missing"
    assert any(isinstance(node, ast.FunctionDef) and node.name == "main" for node in ast.parse(path.read_text()).body)


def test_every_node_file_is_in_the_graph() -> None:
    files = {path.stem for path in (ROS / "nodes").glob("*.py")} - {"__init__"}
    assert files == {spec.name for spec in graph.GRAPH}


def test_both_graphs_have_the_same_nodes_for_the_manager_to_bring_up() -> None:
    """It has no parameter that would tell it which graph it is in."""
    sim, robot = ({spec.name for spec in graph.nodes(sim) if spec.lifecycle} for sim in (True, False))
    assert sim == robot == {spec.name for spec in graph.GRAPH if spec.lifecycle}


def test_what_keeps_time_comes_before_what_computes() -> None:
    """Beside four busy processes depth images came at 13.2 Hz without, at 14.9 Hz with."""
    nice = {spec.name: spec.nice for spec in graph.GRAPH}
    assert nice.pop("guard") < nice.pop("stretch_sim") < min(nice.values())
    assert min(nice["model_server"], nice["planner"], nice["finetune"]) > 0


def test_only_the_guard_speaks_to_the_driver() -> None:
    """Whoever makes a client of the driver's action or services, or publishes velocity, is the guard."""
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


@pytest.mark.parametrize("name", ["sim", "robot"])
def test_configuration_names_only_nodes_and_parameters_that_exist(name: str) -> None:
    told = yaml.safe_load((ROOT / "config" / f"{name}.yaml").read_text())
    names = {spec.name for spec in graph.nodes(sim=name == "sim")}
    assert set(told) <= names
    for node, entry in told.items():
        known = _parameters_of(node)
        for parameter in entry["ros__parameters"]:
            assert parameter in known, f"{node} has no parameter {parameter!r}; there are: {sorted(known)}"


def _parameters_of(node: str) -> set[str]:
    """Field names of the config dataclasses that a node's file names."""
    pytest.importorskip("rclpy", reason="node files import rclpy: run the set-up first")
    module = importlib.import_module(f"f2p.ros.nodes.{node}")
    out: set[str] = set()
    for value in vars(module).values():
        if isinstance(value, type) and dataclasses.is_dataclass(value) and value.__name__.endswith("Config"):
            out |= {item.name for item in dataclasses.fields(value)}
    return out


class _Recorder(ModuleType):
    """Stands in for a module of `launch` or `launch_ros`: keeps what launch files construct."""

    def __init__(self, name: str, made: list[SimpleNamespace]) -> None:
        super().__init__(name)
        self._made = made

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)

        def make(*args: object, **kwargs: object) -> SimpleNamespace:
            out = SimpleNamespace(kind=name, args=args, kwargs=kwargs)
            self._made.append(out)
            return out

        return make


@pytest.mark.parametrize("name", ["sim", "robot"])
def test_launch_files_equal_the_graph(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[SimpleNamespace] = []
    monkeypatch.delenv("FASTRTPS_DEFAULT_PROFILES_FILE", raising=False)
    monkeypatch.setenv("RMW_IMPLEMENTATION", "another")
    for module in ("launch", "launch.actions", "launch.substitutions", "launch_ros", "launch_ros.actions"):
        monkeypatch.setitem(sys.modules, module, _Recorder(module, made))
    monkeypatch.delitem(sys.modules, "f2p.ros.launching", raising=False)
    source = (ROOT / "launch" / f"{name}.launch.py").read_text()
    space: dict[str, Any] = {}
    spec = importlib.util.spec_from_loader("launch_file", loader=None)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    exec(compile(source, name, "exec"), module.__dict__)
    space = module.__dict__
    space["generate_launch_description"]()
    monkeypatch.delitem(sys.modules, "f2p.ros.launching", raising=False)
    nodes = [item.kwargs for item in made if item.kind == "Node"]
    expected = graph.nodes(sim=name == "sim")
    assert [item["name"] for item in nodes] == [spec.name for spec in expected]
    assert [item["arguments"] for item in nodes] == [[spec.name] for spec in expected]
    assert [item["respawn"] for item in nodes] == [spec.respawn for spec in expected]
    assert all(item["package"] == "f2p" and item["parameters"] for item in nodes)
    told = dict(item.args for item in made if item.kind == "SetEnvironmentVariable")
    assert Path(told["FASTRTPS_DEFAULT_PROFILES_FILE"]).samefile(ROOT / "config" / "fastdds.xml"), "images are lost"
    assert "RMW_IMPLEMENTATION" not in told, "what the caller has set stays"
    assert not {"ROS_LOCALHOST_ONLY", "ROS_AUTOMATIC_DISCOVERY_RANGE"} & set(told), "the driver would not be found"
    kinds = [item.kind for item in made if item.kind in ("SetEnvironmentVariable", "Node")]
    assert kinds == sorted(kinds, reverse=True), "processes get what was set before them"
