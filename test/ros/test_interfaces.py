"""The interfaces: all can be imported, error codes are those of the errors, stand-ins match the wire."""

import importlib
import re
from pathlib import Path

import numpy as np
import pytest

from f2p.errors import errors_by_code

pytestmark = pytest.mark.together

ROOT = Path(__file__).resolve().parents[2]
INTERFACES = ROOT / "src" / "f2p_msgs"
KINDS = {"msg": "msg", "srv": "srv", "action": "action"}

FOLLOW_JOINT_TRAJECTORY = {
    "Goal": {
        "trajectory": "trajectory_msgs/JointTrajectory",
        "multi_dof_trajectory": "trajectory_msgs/MultiDOFJointTrajectory",
        "path_tolerance": "sequence<control_msgs/JointTolerance>",
        "component_path_tolerance": "sequence<control_msgs/JointComponentTolerance>",
        "goal_tolerance": "sequence<control_msgs/JointTolerance>",
        "component_goal_tolerance": "sequence<control_msgs/JointComponentTolerance>",
        "goal_time_tolerance": "builtin_interfaces/Duration",
    },
    "Result": {"error_code": "int32", "error_string": "string"},
    "Feedback": {
        "header": "std_msgs/Header",
        "joint_names": "sequence<string>",
        "desired": "trajectory_msgs/JointTrajectoryPoint",
        "actual": "trajectory_msgs/JointTrajectoryPoint",
        "error": "trajectory_msgs/JointTrajectoryPoint",
        "multi_dof_joint_names": "sequence<string>",
        "multi_dof_desired": "trajectory_msgs/MultiDOFJointTrajectoryPoint",
        "multi_dof_actual": "trajectory_msgs/MultiDOFJointTrajectoryPoint",
        "multi_dof_error": "trajectory_msgs/MultiDOFJointTrajectoryPoint",
    },
}
"""Fields in the order in which Humble and Jazzy put them on the wire."""


def interface_files() -> list[Path]:
    return sorted(path for kind in KINDS for path in (INTERFACES / kind).glob(f"*.{kind}"))


def constants(path: Path) -> dict[str, int]:
    """Error codes an interface file declares, by name; NONE left out."""
    found = re.findall(r"^uint16 ([A-Z][A-Z0-9_]*)\s*=\s*(\d+)", path.read_text(), re.MULTILINE)
    return {name: int(value) for name, value in found if name != "NONE"}


def load(path: Path) -> type:
    module = importlib.import_module(f"f2p_msgs.{KINDS[path.suffix[1:]]}")
    return getattr(module, path.stem)


@pytest.mark.parametrize("path", interface_files(), ids=lambda path: path.stem)
def test_every_interface_is_declared_to_cmake(path: Path) -> None:
    assert f"{path.parent.name}/{path.name}\n" in (INTERFACES / "CMakeLists.txt").read_text()


@pytest.mark.parametrize("path", interface_files(), ids=lambda path: path.stem)
def test_every_error_code_is_the_code_of_an_error_that_the_ros_shell_knows(path: Path) -> None:
    packages = ("ros", "loop", "guard", "graph", "errors")
    known = {code: cls.__name__ for code, cls in errors_by_code().items() if cls.__module__.split(".")[1] in packages}
    for name, value in constants(path).items():
        assert value in known, f"{path.stem}.{name} = {value} is the code of no error, so nobody sends it"


def test_a_name_that_several_interfaces_share_means_one_error() -> None:
    kinds: dict[str, set[str]] = {}
    errors = errors_by_code()
    for path in interface_files():
        for name, value in constants(path).items():
            kinds.setdefault(name, set()).add(errors[value].__name__)
    assert {name: found for name, found in kinds.items() if len(found) > 1} == {"BUSY": {"BusyError", "GuardBusyError"}}


@pytest.mark.parametrize("path", interface_files(), ids=lambda path: path.stem)
def test_services_and_actions_answer_with_code_and_message(path: Path) -> None:
    if path.suffix == ".msg":
        return
    answer = path.read_text().split("---\n")[1]
    assert re.search(r"^uint16 NONE=0$", answer, re.MULTILINE)
    assert re.search(r"^uint16 error_code$", answer, re.MULTILINE)
    assert re.search(r"^string error_msg$", answer, re.MULTILINE)


def test_every_interface_is_spoken() -> None:
    """By our own processes, or as a part of another interface: what nobody sends is a promise nobody keeps."""
    code = "\n".join(path.read_text() for path in (ROOT / "src" / "f2p" / "ros").rglob("*.py"))
    parts = "\n".join(path.read_text() for path in interface_files())
    spoken = set(re.findall(r"\b[A-Z]\w+", code)) | set(re.findall(r"^f2p_msgs/(\w+)", parts, re.MULTILINE))
    assert [path.stem for path in interface_files() if path.stem not in spoken] == []


def test_the_stages_of_a_fine_tune_are_those_that_are_told() -> None:
    text = (INTERFACES / "action" / "FineTune.action").read_text().split("---\n")[2]
    documented = set(re.findall(r'^string [A-Z_]+="(\w+)"', text, re.MULTILINE))
    told = {"finetune"}  # the name of a stage of training, not of a call
    packages = [*(ROOT / "src/f2p/learner").glob("*.py"), *(ROOT / "src/f2p/weights").glob("*.py")]
    for path in [*packages, ROOT / "src/f2p/posterior/infer.py", ROOT / "src/f2p/model/encoded.py"]:
        told |= set(re.findall(r'\b(?:progress|report)\("(\w+)"', path.read_text()))
    assert documented == told


@pytest.mark.parametrize("path", interface_files(), ids=lambda path: path.stem)
def test_every_field_is_described(path: Path) -> None:
    described = False
    for line in path.read_text().splitlines():
        if line.startswith("#") or line == "---":
            described = line.startswith("#")
        elif line.strip() == "":
            described = False
        elif "=" in line.split("#")[0] or "#" in line:
            continue
        else:
            if line.startswith(("uint16 error_code", "f2p_msgs/")):  # these types describe themselves
                described = True
            assert described, f"{path.name}: nothing says what `{line}` is"


@pytest.mark.ros
@pytest.mark.parametrize("path", interface_files(), ids=lambda path: path.stem)
def test_every_interface_can_be_imported_with_its_constants(path: Path) -> None:
    interface = load(path)
    holder = {".msg": "", ".srv": "Response", ".action": "Result"}[path.suffix]
    owner = getattr(interface, holder) if holder else interface
    for name, value in constants(path).items():
        assert getattr(owner, name) == value
    for part in {".msg": [""], ".srv": ["Request", "Response"], ".action": ["Goal", "Result", "Feedback"]}[path.suffix]:
        assert (getattr(interface, part) if part else interface)() is not None


@pytest.mark.ros
@pytest.mark.parametrize("part", FOLLOW_JOINT_TRAJECTORY)
def test_trajectory_stand_in_has_the_fields_of_the_wire(part: str) -> None:
    from control_msgs.action import FollowJointTrajectory

    fields = getattr(FollowJointTrajectory, part).get_fields_and_field_types()
    assert list(fields.items()) == list(FOLLOW_JOINT_TRAJECTORY[part].items())


@pytest.mark.ros
def test_other_stand_ins_have_the_fields_of_the_wire() -> None:
    from control_msgs.action import FollowJointTrajectory
    from control_msgs.msg import JointComponentTolerance, JointTolerance
    from tf2_msgs.msg import TFMessage

    numbers = {"position": "double", "velocity": "double", "acceleration": "double"}
    assert list(JointTolerance.get_fields_and_field_types().items()) == list({"name": "string", **numbers}.items())
    expected = {"joint_name": "string", "component": "uint16", **numbers}
    assert list(JointComponentTolerance.get_fields_and_field_types().items()) == list(expected.items())
    assert TFMessage.get_fields_and_field_types() == {"transforms": "sequence<geometry_msgs/TransformStamped>"}
    assert FollowJointTrajectory.Result.GOAL_TOLERANCE_VIOLATED == -5
    assert FollowJointTrajectory.Result.OLD_HEADER_TIMESTAMP == -3


@pytest.mark.ros
def test_a_scene_survives_the_wire() -> None:
    from rclpy.serialization import deserialize_message, serialize_message

    from f2p.ros.messages.views import cloud_of, points_of
    from f2p_msgs.msg import Segment, SegmentedScene

    points = cloud_of(np.array([[1.0, 2.0, 3.0]]))
    scene = SegmentedScene(segments=[Segment(name="box", prior=Segment.OPEN_BOX, points=points)])
    again = deserialize_message(serialize_message(scene), SegmentedScene)
    assert again == scene
    assert again.segments[0].prior == "open_box"
    assert points_of(again.segments[0].points).tolist() == [[1.0, 2.0, 3.0]]
