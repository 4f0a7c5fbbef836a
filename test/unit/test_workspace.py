"""The README's standard workspace: colcon and rosdep find both packages, each once, the messages first."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """What the README's commands make; the clone is a link here, which colcon follows as it follows the other."""
    text = (ROOT / "README.md").read_text()
    assert "ln -s f2p/src/f2p_msgs ." in text and "colcon build" in text, "the README says another workspace"
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "f2p").symlink_to(ROOT)
    (tmp_path / "src" / "f2p_msgs").symlink_to("f2p/src/f2p_msgs")
    return tmp_path


CRAWL = """
import argparse, sys
from colcon_core.package_augmentation import augment_packages
from colcon_core.package_discovery import add_package_discovery_arguments, discover_packages
from colcon_core.package_identification import get_package_identification_extensions
from colcon_core.topological_order import topological_order_packages
parser = argparse.ArgumentParser()
add_package_discovery_arguments(parser)
found = discover_packages(parser.parse_args(sys.argv[1:]), get_package_identification_extensions())
augment_packages(found)
print(*(one.descriptor.name for one in topological_order_packages(found)))
"""
"""What `colcon build` does first; the wheels lack `colcon list`."""


def listed(folder: Path, *arguments: str) -> list[str]:
    pytest.importorskip("colcon_core", reason="no colcon: run the set-up (make test) first")
    command = (sys.executable, "-c", CRAWL, *arguments)
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.split()


def test_colcon_finds_both_packages_in_a_workspace_and_in_the_clone(workspace: Path) -> None:
    """It looks for no package inside of a package: without the link the messages were not built."""
    assert listed(workspace) == ["f2p_msgs", "f2p"]
    bases = yaml.safe_load((ROOT / "colcon_defaults.yaml").read_text())["build"]["base-paths"]
    assert listed(ROOT, "--base-paths", *bases) == ["f2p_msgs", "f2p"]


def test_rosdep_finds_both_packages_in_a_workspace(workspace: Path) -> None:
    packages = pytest.importorskip("catkin_pkg.packages")  # what rosdep looks with
    assert sorted(one.name for one in packages.find_packages(str(workspace / "src")).values()) == ["f2p", "f2p_msgs"]
