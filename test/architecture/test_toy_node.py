"""A node of another package joins the graph without a file of ours being touched."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from f2p.graph import graph
from f2p.graph.errors import GraphError
from f2p.graph.policy import policy
from f2p.graph.supervisor import make_supervisor
from f2p.plugins import PluginError
from f2p.registry import Registry

TOY = Path(__file__).resolve().parents[1] / "toy_package"


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Puts a package where Python looks for packages, and has what is there asked for anew."""

    def install(folder: Path) -> None:
        monkeypatch.syspath_prepend(folder)
        monkeypatch.setattr(graph, "_OTHERS", Registry("node"))
        for name in ("toy_spec", "bad_spec"):
            monkeypatch.delitem(sys.modules, name, raising=False)

    return install


def bringing(folder: Path, spec: str) -> Path:
    """A package whose plug-in is `spec` in Python."""
    (folder / "bad-1.dist-info").mkdir()
    (folder / "bad-1.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: bad\nVersion: 1\n")
    (folder / "bad-1.dist-info" / "entry_points.txt").write_text("[f2p.plugins]\nbad = bad_spec\n")
    (folder / "bad_spec.py").write_text(spec)
    return folder


@pytest.fixture
def toy(installed: Callable[[Path], None]) -> graph.NodeSpec:
    """The toy's row, once its package is there."""
    with pytest.raises(GraphError, match="no node 'toy'"):
        graph.node("toy")
    installed(TOY)
    return graph.node("toy")


def test_it_has_its_enclave_with_what_its_package_says_of_it(toy: graph.NodeSpec) -> None:
    (enclave,) = [one for one in ElementTree.fromstring(policy([toy])).iter("enclave") if one.get("path") == "/f2p/toy"]
    assert "~/said" in [topic.text for topic in enclave.findall("./profiles/profile/topics[@publish]/topic")]


@pytest.mark.parametrize("name", graph.GRAPHS)
def test_it_has_its_place_in_the_order(toy: graph.NodeSpec, name: str) -> None:
    names = [spec.name for spec in graph.nodes(name)]
    assert names.index("toy") > names.index("monitor")
    assert "toy" not in [spec.name for spec in graph.nodes(name, unwanted=["toy"])]


def test_launch_files_start_it_unless_told_otherwise(
    toy: graph.NodeSpec, launched: Callable[..., list[SimpleNamespace]]
) -> None:
    names = [item.kwargs["name"] for item in launched("robot", toy="false") if item.kind == "Node"]
    assert "toy" not in names and "guard" in names
    made = launched("robot")
    (node,) = [item.kwargs for item in made if item.kind == "Node" and item.kwargs["name"] == "toy"]
    assert node["arguments"] == ["toy"] and node["exec_name"] == "f2p-toy"
    (argument,) = [item for item in made if item.kind == "DeclareLaunchArgument" and item.args == ("toy",)]
    assert (argument.kwargs["default_value"], argument.kwargs["description"]) == ("true", toy.text)


def test_it_is_supervised_with_the_others(toy: graph.NodeSpec, tmp_path: Path) -> None:
    supervisor = make_supervisor("sim", tmp_path)
    assert toy in supervisor.specs
    assert supervisor.command_of(toy) == (sys.executable, "-m", "f2p.ros.main", "toy")
    assert toy not in make_supervisor("sim", tmp_path, (), (), ["toy"]).specs


def test_its_row_is_read_without_ros(toy: graph.NodeSpec) -> None:
    """The command line, and launch, read every row."""
    script = "import sys; from f2p.graph.graph import node; node('toy'); sys.exit('rclpy' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TOY), os.environ.get("PYTHONPATH", "")])}
    assert subprocess.run([sys.executable, "-c", script], env=environment, check=False, timeout=60).returncode == 0


def test_a_package_whose_node_has_a_name_of_ours_is_named(installed: Callable[[Path], None], tmp_path: Path) -> None:
    text = "from f2p.graph.graph import NodeSpec, register; register(NodeSpec('guard', ''))"
    installed(bringing(tmp_path, text))
    with pytest.raises(PluginError, match=r"'bad_spec' of the package 'bad' .* there is a node 'guard' already"):
        graph.nodes("sim")


def test_the_guard_imports_nothing_of_other_packages(installed: Callable[[Path], None], tmp_path: Path) -> None:
    """It has to run whatever else is installed."""
    installed(bringing(tmp_path, "raise SystemError('bad day')"))
    assert graph.node("guard").name == "guard"
    with pytest.raises(PluginError, match="bad day"):
        graph.node("toy")
