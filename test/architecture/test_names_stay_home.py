"""A member of a family is named in its own file and where data of it is made; everybody else asks the family.

So a new member needs no change elsewhere, and none of the old ones is treated apart. Each row says which names, and
where they may stand: a folder with all that is in it, or a single file with the reason.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

from f2p.action.protocol import actions
from f2p.model.architectures.protocol import architectures
from f2p.relation.table import vocabulary
from f2p.shape.protocol import shapes
from f2p.sim.protocol import simulators
from f2p.tasks.protocol import tasks

SOURCE = Path(__file__).resolve().parents[2] / "src" / "f2p"


@dataclass(frozen=True)
class Family:
    """Names of one family, and their homes."""

    names: frozenset[str]
    folder: str
    """Whose files bring the members, one each."""
    homes: dict[str, str]
    """Other folders (with a slash at the end) and files where they may be named, each with why."""


FAMILIES = {
    "skill": Family(
        frozenset(actions.names),
        "action/",
        {
            "sim/motion/": "one file a skill: the tool's path",
            "skill/": "one file a skill: what the robot does",
            "posterior/action_spaces/": "one file a skill: the variables of its particles",
            "tasks/": "the proposals of common sense",
            "evaluate/monitor.py": "such a proposal",
            "bench/planning.py": "what is planned there",
            "bench/trials/": "one file a skill: what it is tried on",
            "sim/data/": "what is pre-trained on",
            "weights/golden.py": "the calls of the golden questions",
        },
    ),
    "shape": Family(
        frozenset(shapes.names),
        "shape/",
        {
            "scene/tabletop.py": "what the segmenter takes a cluster of points for",
            "scene/objects/standing.py": "the same",
            "tasks/": "the scenes of a task are made of certain shapes",
            "sim/data/": "so are those to pre-train on",
            "weights/golden.py": "and the one of the golden questions",
        },
    ),
    "simulator": Family(
        frozenset(simulators.names) | {"MujocoSimulator"},
        "sim/",
        {"cli/doctor.py": "the library of that name is looked for"},
    ),
    "task": Family(
        frozenset(tasks.names) - frozenset(shapes.names),  # a task may be called by what it is about
        "tasks/",
        {
            "bench/": "what is measured on",
            "ros/session/bench.py": "the same",
            "cli/": "defaults of options",
            "evaluate/experiment.py": "the default of a setting",
            "ros/nodes/stretch_sim.py": "the same",
        },
    ),
    "architecture": Family(
        frozenset(architectures.names),
        "model/architectures/",
        {"model/shipping.py": "whose weights are served where nobody says"},
    ),
    "relation": Family(
        # left, right, front and contact are said of other objects too
        frozenset(name for name, _ in vocabulary()) - {"left", "right", "front", "contact"},
        "relation/",
        {
            "tasks/": "goals",
            "evaluate/monitor.py": "a goal",
            "plan/ties.py": "the wish that what is moved stands on furniture, off its rim",
            "weights/golden.py": "a golden question",
            "model/vocabulary.py": "what weights mean that were made before manifests said it",
        },
    ),
}


def names_in(path: Path, family: Family) -> dict[str, int]:
    """Names of the family that a file says as text or imports from the member's file, with the line."""
    found: dict[str, int] = {}
    package = "f2p." + family.folder.rstrip("/").replace("/", ".")
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in family.names:
            found.setdefault(node.value, node.lineno)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(package + "."):
            member = (node.module or "").removeprefix(package + ".")
            if member in family.names:
                found.setdefault(member, node.lineno)
    return found


def homes_of(path: Path, family: Family) -> list[str]:
    """The rows that let a file say the names."""
    name = path.relative_to(SOURCE).as_posix()
    return [home for home in (family.folder, *family.homes) if name == home or name.startswith(home.rstrip("/") + "/")]


@pytest.mark.parametrize("kind", FAMILIES)
def test_names_of_members_stay_where_they_belong(kind: str) -> None:
    family = FAMILIES[kind]
    strays = {
        path.relative_to(SOURCE).as_posix(): names
        for path in sorted(SOURCE.rglob("*.py"))
        if not homes_of(path, family) and (names := names_in(path, family))
    }
    assert not strays, f"{strays}: ask the {kind} (see its protocol) instead of comparing names"


@pytest.mark.parametrize("kind", FAMILIES)
def test_no_home_stands_empty(kind: str) -> None:
    family = FAMILIES[kind]
    lived_in = {home for path in SOURCE.rglob("*.py") if names_in(path, family) for home in homes_of(path, family)}
    assert set(family.homes) <= lived_in, "a file that names no member any more needs no row"
