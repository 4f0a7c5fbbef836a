"""`f2p settings` and `--set`: everything that can be set is shown, and what cannot costs one line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from f2p.cli import build
from f2p.errors import F2pError
from f2p.graph.supervisor import Supervisor
from f2p.scene.segment.geometric import GeometricSegmenter
from f2p.tasks.protocol import TaskInstance


def run(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(build(words[0]), list(words))
    return result.exit_code, result.stdout, result.stderr


def test_the_settings_of_a_command_are_shown_with_their_defaults() -> None:
    code, out, _ = run("settings", "perceive", "--json")
    told = json.loads(out.splitlines()[-1])["perceive"]
    assert code == 0 and told["segmenter_settings.geometric.voxel"] == "0.005"


def test_a_group_that_there_is_not_lists_those_there_are() -> None:
    code, _, line = run("settings", "kitchen")
    assert code == 2 and line.startswith("error 10: no group of settings is called 'kitchen'; choose one of: bench,")


@pytest.mark.parametrize(
    ("command", "assignment", "fact"),
    [
        ("learn", "cycle.gate.most_lost=7", "GateConfig.most_lost = 7.0: must be finite and within [0.0, 1.0]"),
        ("learn", "cycle.gate.most=7", "GateConfig has no setting 'most'; choose among: "),
        ("learn", "learner_settings.dream.steps=1", "this group has no setting 'dream.steps'; choose among: domain_r"),
        ("learn", "gate", "--set 'gate': write name=value"),
        ("evaluate", "cycle.publish=perhaps", "cycle.publish = 'perhaps': must be bool"),
        (
            "evaluate",
            "task_settings.drawer.taken=2",
            "DrawerTaskConfig.taken = 2.0: must be finite and within [0.0, 1.",
        ),
        ("train", "training.joint.rate=nan", "StageConfig.rate = nan: must be finite and within"),
        ("train", "generation.camera_spread=9", "PretrainingConfig.camera_spread = 9.0 m: must be finite and within"),
        ("train", "generation.engine=dream", "PretrainingConfig.engine = 'dream': must be one of: isaacgym, mujoco"),
        ("perceive", "segmenter_settings.geometric.seeds=1", "GeometricConfig has no setting 'seeds'; choose among: "),
        ("run", "found_s=0", "RunConfig.found_s = 0.0 s: must be finite and within [0.1, 600.0]"),
        ("bench", "planning.repeats=0", "PlanningBenchConfig.repeats = 0: must be a whole number and within [1, 1000]"),
        ("bench", "planing.repeats=1", "this group has no setting 'planing.repeats'; choose among: badfiles, console"),
        ("verify", "golden_tolerance=2", "ServingConfig.golden_tolerance = 2.0: must be finite and within [0.0, 1.0]"),
        ("promote", "golden=2", "ServingConfig has no setting 'golden'; choose among: golden_tolerance"),
        ("demo", "demo.first_attempts=0", "DemoConfig.first_attempts = 0: must be a whole number and within [1, 20]"),
        ("demo", "planner.planner.skills=fly", "PlannerConfig.skills = ('fly',): must be some of: pick_place"),
        ("demo", "stretch_sim.task=clear", "stretch_sim.task is set by the demo itself, by its options and its own fo"),
        ("up", "guard.tickle=1", "GuardConfig has no setting 'tickle'; choose among: "),
        ("up", "model_server.answer_s=0", "ModelServerConfig.answer_s = 0.0 s: must be finite and within [0.1, 600.0]"),
        ("up", "supervisor.respawns=-1", "SupervisorConfig.respawns = -1: must be a whole number and within [0, 100]"),
        ("up", "stretch_sim.seed=1", "this group has no setting 'stretch_sim.seed'; choose among: executor, finetune"),
        ("up", "finetune.cycle.transitions=none", "finetune.cycle.transitions cannot be emptied: ROS has no parameter"),
    ],
)
def test_a_setting_that_does_not_do_costs_one_line(command: str, assignment: str, fact: str, tmp_path: Path) -> None:
    words = {
        "learn": ["learn", str(tmp_path)],
        "evaluate": ["evaluate", "tasks", "--folder", str(tmp_path)],
        "train": ["train", "--out", str(tmp_path / "w.safetensors")],
        "perceive": ["perceive", "scan.pcd", "--out", str(tmp_path)],
        "run": ["run", "above(a, b)"],
        "bench": ["bench", "planning"],
        "verify": ["weights", "verify", "--store", str(tmp_path)],
        "promote": ["weights", "promote", "champion", "--store", str(tmp_path)],
        "demo": ["demo", "--out", str(tmp_path)],
        "up": ["up", "--robot", "--logs", str(tmp_path / "logs")],
    }[command]
    if command in ("bench", "demo", "up"):
        pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")
    code, _, line = run(*words, "--set", assignment)
    assert code == 2 and line.splitlines()[-1].startswith(f"error 11: {fact}"), line


def test_a_setting_reaches_what_the_command_makes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def looked(_: Path, look: GeometricSegmenter) -> None:
        seen.append(look.config.voxel)
        raise F2pError("enough")

    monkeypatch.setattr("f2p.cli.perceive.perceive_scan", looked)
    run("perceive", "a.pcd", "--out", str(tmp_path), "--set", "segmenter_settings.geometric.voxel=0.006")
    assert seen == [0.006]


def test_a_demo_plays_the_task_it_is_set_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")
    played: list[TaskInstance] = []

    def looked(instance: TaskInstance, *_: object) -> None:
        played.append(instance)
        raise F2pError("enough")

    monkeypatch.setattr("f2p.cli.demo.run", looked)
    for share in ("0", "1"):
        words = ("--out", str(tmp_path / share), "--objects", "1", "--set", f"demo.task_settings.drawer.taken={share}")
        run("demo", "--task", "drawer", *words)
    assert [len(one.proposal) for one in played] == [3, 2], "to open, put in and shut; to open and take out"


def test_settings_of_nodes_reach_their_parameters_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is not set stays as the graph's own file has it: the file that is written after it holds no defaults."""
    pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")
    started: list[Supervisor] = []
    monkeypatch.setattr("f2p.cli.up._watch", lambda supervisor, *_: started.append(supervisor) or 0)
    words = ("guard.hold_after_s=0.5", "planner.planner.skills=pick_place", "perception.scene.tables.most=3",
             "supervisor.respawns=1", "planner.planner.search.width=5", "finetune.store=w e")  # fmt: skip
    code, _, line = run("up", "--sim", "--logs", str(tmp_path), *(word for one in words for word in ("--set", one)))
    (supervisor,) = started
    assert code == 0 and supervisor.config.respawns == 1, line
    assert [Path(one).name for one in supervisor.arguments if one.endswith("yaml")] == ["sim.yaml", "parameters.yaml"]
    told = {node: entry["ros__parameters"] for node, entry in yaml.safe_load(_last(supervisor).read_text()).items()}
    assert told == {
        "/**/guard": {"hold_after_s": 0.5}, "/**/perception": {"scene.tables.most": 3},
        "/**/finetune": {"store": "w e"}, "/**/planner": {"planner.skills": ["pick_place"], "planner.search.width": 5},
    }  # fmt: skip


def _last(supervisor: Supervisor) -> Path:
    return Path([one for one in supervisor.arguments if one.endswith("yaml")][-1])


def test_every_command_and_node_is_listed() -> None:
    pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")
    code, out, line = run("settings", "--json")
    told = json.loads(out.splitlines()[-1])
    assert code == 0, line
    assert {"bench", "demo", "evaluate", "learn", "perceive", "run", "train", "up", "weights"} <= set(told)
    assert told["node model_server"]["serving.golden_tolerance"] == "0.01" and "planner.skills" in told["node planner"]
    assert told["up"]["guard.hold_after_s"] == told["node guard"]["hold_after_s"]
    assert told["train"]["generation.simulator.physics.friction"] == "0.8"
