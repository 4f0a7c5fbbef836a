"""The robot's links and joints, read by path from the hello-robot-stretch-urdf wheel.

The wheel's own `urdf_utils` imports stretch_body, which exits without a robot's settings, so it is never imported.
Visual meshes are named, and read by who shows them; a link's collision mesh is reduced to the box around it.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from f2p.twin.errors import description_missing

PACKAGE = "stretch_urdf"
URDF = "RE2V0/stretch_description_RE2V0_tool_stretch_dex_wrist.urdf"
"""RE2 with the dexterous wrist: pitch -90 degrees allows top-down grasps, which a box needs."""


@dataclass(frozen=True, eq=False)
class Link:
    """One link with the joint that hangs it on its parent."""

    name: str
    parent: str
    xyz: np.ndarray
    """Origin in the parent link [m]. Shape (3,)."""
    rpy: np.ndarray
    """Fixed-axis rotation in the parent link [rad]. Shape (3,)."""
    joint: str
    kind: str
    """"fixed", "prismatic", "revolute" or "continuous"."""
    axis: np.ndarray
    """Joint axis in the link's own frame. Shape (3,)."""
    limits: tuple[float, float]
    """Lowest and highest position [m or rad]."""
    mass: float
    """[kg]; 0 where the description has none."""
    box: tuple[np.ndarray, np.ndarray] | None
    """Centre and half extents of the box around the collision mesh, in the link's frame [m]."""
    visual: tuple[Path, np.ndarray] | None = None
    """File of the visual mesh, and its fixed-axis rotation in the link [rad]; None where it is no STL."""


def read_links(path: Path | None = None) -> dict[str, Link]:
    """Return all links by name, parents before children, from the URDF at `path` (default: the installed wheel's).

    Raises:
        RobotDescriptionError: no wheel, or no such file in it.
    """
    path = path or _wheel_file()
    if not path.is_file():
        raise description_missing(PACKAGE, path)
    root = ElementTree.parse(path).getroot()
    joints = {_child(joint, "child", "link"): joint for joint in root.findall("joint")}
    links: dict[str, Link] = {}
    waiting = list(root.findall("link"))
    while waiting:
        element = waiting.pop(0)
        joint = joints.get(str(element.get("name")))
        if joint is not None and _child(joint, "parent", "link") not in links:
            waiting.append(element)
            continue
        link = _link(element, joint, path.parent)
        links[link.name] = link
    return links


def urdf_text() -> str:
    """Return the description as robot_state_publisher publishes it; meshes are named as in the wheel."""
    path = _wheel_file()
    if not path.is_file():
        raise description_missing(PACKAGE, path)
    return path.read_text()


def _wheel_file() -> Path:
    """Return where the wheel put the URDF, found without importing the package."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise description_missing(PACKAGE, None)
    return Path(next(iter(spec.submodule_search_locations))) / URDF


def _child(element: ElementTree.Element, tag: str, attribute: str, default: str = "") -> str:
    """Return the attribute of a child element, or `default`."""
    found = element.find(tag)
    return default if found is None else str(found.get(attribute, default))


def _numbers(text: str) -> np.ndarray:
    return np.array([float(word) for word in text.split()])


def _link(element: ElementTree.Element, joint: ElementTree.Element | None, folder: Path) -> Link:
    """Read one link element and the joint that carries it."""
    joint = ElementTree.Element("joint") if joint is None else joint
    inertial = element.find("inertial")
    return Link(
        name=str(element.get("name")),
        parent=_child(joint, "parent", "link"),
        xyz=_numbers(_child(joint, "origin", "xyz", "0 0 0")),
        rpy=_numbers(_child(joint, "origin", "rpy", "0 0 0")),
        joint=str(joint.get("name", "")),
        kind=str(joint.get("type", "fixed")),
        axis=_numbers(_child(joint, "axis", "xyz", "0 0 1")),
        limits=(float(_child(joint, "limit", "lower", "0")), float(_child(joint, "limit", "upper", "0"))),
        mass=0.0 if inertial is None else float(_child(inertial, "mass", "value", "0")),
        box=_collision_box(element, folder),
        visual=_visual(element, folder),
    )


def _visual(element: ElementTree.Element, folder: Path) -> tuple[Path, np.ndarray] | None:
    """Return a link's visual mesh and how it is turned in the link; all of them lie at its origin."""
    mesh = element.find("visual/geometry/mesh")
    name = "" if mesh is None else str(mesh.get("filename"))
    if not name.lower().endswith(".stl"):
        return None
    return folder / name, _numbers(_child(element, "visual/origin", "rpy", "0 0 0"))


def triangles(path: Path) -> np.ndarray:
    """Return the triangles of a binary STL file [m]. Shape (triangles, 3, 3), float32."""
    raw = path.read_bytes()
    count = int(np.frombuffer(raw, "<u4", 1, 80)[0])
    triangle = np.dtype([("normal", "<f4", 3), ("vertices", "<f4", (3, 3)), ("attribute", "<u2")])
    out: np.ndarray = np.frombuffer(raw, triangle, count, 84)["vertices"]
    return out


def _collision_box(element: ElementTree.Element, folder: Path) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the axis-aligned box around the vertices of a link's collision mesh, in the link's frame."""
    mesh = element.find("collision/geometry/mesh")
    if mesh is None:
        return None
    vertices = triangles(folder / str(mesh.get("filename"))).reshape(-1, 3).astype(np.float64)
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    return 0.5 * (low + high), 0.5 * (high - low)
