"""Parameters from outside: what does not do ends the process with one line and exit code 2, before anything starts."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

import rclpy
from rclpy.node import Node
from rclpy.parameter import Parameter

from f2p.ros.base.parameters import Parameters
from f2p.ros.errors import BadViewRequestError
from f2p.ros.nodes.perception import PerceptionConfig, inventory_of
from f2p.ros.nodes.planner import PlannerNodeConfig
from f2p.settings import SettingError

pytestmark = pytest.mark.together


@pytest.fixture
def context(ros_domain: int) -> Iterator[rclpy.Context]:
    made = rclpy.Context()
    rclpy.init(context=made)
    yield made
    made.try_shutdown()


def parameters(context: rclpy.Context, **given: object) -> Parameters[PerceptionConfig]:
    """The parameters of a node that is given some from outside."""
    overrides = [Parameter(name, value=value) for name, value in given.items()]
    node = Node("perception", context=context, parameter_overrides=overrides)
    out = Parameters(node, PerceptionConfig())
    node.destroy_node()
    return out


def test_an_integer_does_for_a_number(context: rclpy.Context) -> None:
    """`-p settle_s:=3` is an integer to ROS, and was a trace."""
    config = parameters(context, settle_s=3, image_s=4.5).config
    assert (config.settle_s, type(config.settle_s), config.image_s) == (3.0, float, 4.5)


@pytest.mark.parametrize(
    ("given", "fact"),
    [
        ({"settle_s": 99.0}, "settle_s out of range Min: 0.0, Max: 5.0"),
        ({"settle_s": 99}, "settle_s out of range Min: 0.0, Max: 5.0"),
        ({"settle_s": "soon"}, "expecting type 'DOUBLE'"),
        ({"settle_s": True}, "expecting type 'DOUBLE'"),
        ({"depth_topic": 7}, "expecting type 'STRING'"),
        ({"segmenter": "nope"}, "segmenter = 'nope': must be one of: geometric, ground_truth"),
    ],
)
def test_a_value_that_does_not_do_is_a_setting_error(context: rclpy.Context, given: dict, fact: str) -> None:
    with pytest.raises(SettingError, match=fact):
        parameters(context, **given)


@pytest.mark.parametrize(
    "text",
    [
        '{"cup": ["cuboid", [NaN, 0.1, 0.1]]}', '{"cup": ["cuboid", [0.1, 1e999, 0.1]]}',
        '{"cup": ["cuboid", [0.1, -0.1, 0.1]]}', '{"cup": ["cuboid", [0.1, 0.0, 0.1]]}', '{"": ["cuboid", [1, 1, 1]]}',
        '{"cup": ["cuboid", [1, 1]]}', '{"cup": ["soup", [1, 1, 1]]}', '{"cup": "cuboid"}', "[]", "cup", "[" * 100_000,
        '{"cup": ["cuboid", [1' + "0" * 400 + ", 1, 1]]}",
    ],
)  # fmt: skip
def test_an_inventory_that_is_none_is_refused_at_the_start(text: str) -> None:
    """It was found out at the first look, or never: a cup of negative size is like nothing that is seen."""
    with pytest.raises(BadViewRequestError, match=r"inventory .* cannot be read"):
        PerceptionConfig(inventory=text)


def test_an_inventory_is_read(context: rclpy.Context) -> None:
    (cup,) = inventory_of('{"cup": ["cuboid", [0.07, 0.08, 0.1]]}')
    assert cup.name == "cup" and cup.size.tolist() == [0.07, 0.08, 0.1]
    mine = parameters(context)
    refused = mine._on_set([Parameter("inventory", value='{"": ["cuboid", [1, 1, 1]]}')])
    assert not refused.successful and "needs a name" in refused.reason


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("-p", "settle_s:=99.0"), "error 11: parameter settle_s: "),
        (("--params-file", "BROKEN"), "parse params file"),
        (("--params-file", "/nowhere.yaml"), "Error opening YAML file"),
    ],
)
def test_a_node_says_in_one_line_why_it_does_not_start(
    ros_domain: int, tmp_path: Path, arguments: tuple[str, ...], line: str
) -> None:
    (tmp_path / "BROKEN").write_text("perception:\n  ros__parameters: [1, {")
    done = subprocess.run(
        (sys.executable, "-m", "f2p.ros.nodes.perception", "--ros-args", *arguments),
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2 and line in done.stderr
    ours = [one for one in done.stderr.splitlines() if "[rcl]" not in one]
    assert len(ours) == 1 and ours[0].startswith("error 11: ")


def test_nested_settings_are_parameters_with_dotted_names(context: rclpy.Context) -> None:
    overrides = {
        "scene.tables.most": 7, "scene.workspace_low": [0.2, -1.0, 0.1], "scene.voxel": 0.003,
    }  # fmt: skip
    node = Node(
        "perception", context=context, parameter_overrides=[Parameter(n, value=v) for n, v in overrides.items()]
    )
    made = Parameters(node, PerceptionConfig())
    scene = made.config.scene
    assert (scene.tables.most, scene.workspace_low, scene.voxel) == (7, (0.2, -1.0, 0.1), 0.003)
    told = node.describe_parameter("scene.voxel")
    assert told.floating_point_range[0].to_value == 0.05 and "[m]" in told.description
    assert "scene.known" not in node.get_parameters_by_prefix(""), "what a look is given is no setting"
    (result,) = node.set_parameters([Parameter("scene.voxel", value=0.004)])
    assert result.successful and made.config.scene.voxel == 0.004
    (result,) = node.set_parameters([Parameter("scene.voxel", value=4.0)])
    assert not result.successful and made.config.scene.voxel == 0.004
    node.destroy_node()


@pytest.mark.parametrize(
    ("given", "fact"),
    [({"scene.workspace_low": [0.2, 1.0]}, "TabletopConfig.workspace_low"), ({"scene.voxel": 4.0}, "scene.voxel")],
)
def test_a_nested_value_that_does_not_do_is_a_setting_error(context: rclpy.Context, given: dict, fact: str) -> None:
    with pytest.raises(SettingError, match=fact):
        parameters(context, **given)


def test_the_learner_s_own_settings_are_parameters_of_the_node_that_learns(context: rclpy.Context) -> None:
    pytest.importorskip("torch")
    from f2p.ros.nodes.finetune import CONFIG

    names = {
        "learner_settings.fail2progress.posterior.states.margin": 0.01, "cycle.gate.most_lost": 0.2,
        "learner_settings.fail2progress.posterior.action_search.kernel": "single",
    }  # fmt: skip
    node = Node("finetune", context=context, parameter_overrides=[Parameter(n, value=v) for n, v in names.items()])
    config = Parameters(node, CONFIG()).config
    posterior = config.learner_settings["fail2progress"].posterior
    assert (posterior.states.margin, posterior.action_search.kernel) == (0.01, "single")
    assert config.cycle.gate.most_lost == 0.2
    node.destroy_node()


def test_the_skills_of_a_search_are_a_parameter_and_have_to_be_known(context: rclpy.Context) -> None:
    overrides = [Parameter("planner.skills", value=["pick_place"])]
    node = Node("planner", context=context, parameter_overrides=overrides)
    made = Parameters(node, PlannerNodeConfig())
    assert made.config.planner.skills == ("pick_place",)
    node.destroy_node()
    node = Node("planner", context=context, parameter_overrides=[Parameter("planner.skills", value=["fly"])])
    with pytest.raises(SettingError, match=r"skills = \('fly',\): must be some of: pick_place"):
        Parameters(node, PlannerNodeConfig())
    node.destroy_node()


def test_what_is_read_at_the_start_only_is_refused_later(context: rclpy.Context) -> None:
    """`camera_rate` and others reported success and changed nothing."""
    from f2p.ros.nodes.stretch_sim import StretchSimConfig

    node = Node("stretch_sim", context=context)
    Parameters(node, StretchSimConfig())
    for name in ("camera_rate", "state_rate", "truth_rate", "real_time_factor"):
        (result,) = node.set_parameters([Parameter(name, value=2.0)])
        assert not result.successful and node.describe_parameter(name).read_only, name
    node.destroy_node()
