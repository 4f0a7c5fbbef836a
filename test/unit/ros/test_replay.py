"""`f2p replay`: what comes out again is held against the record, bit for bit; what cannot be replayed says why."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from action_msgs.msg import GoalStatus, GoalStatusArray
from rclpy.serialization import serialize_message
from sensor_msgs.msg import JointState
from typer.testing import CliRunner

from f2p.cli import build
from f2p.monitor.calibrate import MonitorConfig
from f2p.monitor.case import write_case
from f2p.monitor.compare import compare
from f2p.monitor.outcome import outcome_of
from f2p.plan.analytic import AnalyticPredictor
from f2p.record.definitions import own_definition
from f2p.record.values import Recorded, Topic
from f2p.record.writer import BagFolder
from f2p.ros.messages.convert import failure_to_msg, plan_to_msg, scene_to_msg
from f2p.scene.goals import parse_goal
from f2p.types import Cause, Execution, Failure, Plan, SkillCall
from f2p.weights.golden import golden_scene

S = 1_000_000_000
CALL = SkillCall("pick_place", "box", [0.0, -1.25, 0.0, 0.0])
runner = CliRunner()


def failed() -> Failure:
    """A box that stayed where it was although it was to be carried."""
    before, after = replace(golden_scene(), stamp_ns=10 * S), replace(golden_scene(), stamp_ns=30 * S)
    plan = Plan("p", parse_goal("above(box, table_b)"), (CALL,), 0.9, AnalyticPredictor().predict(before, (CALL,)),
                "analytic", believed=True)  # fmt: skip
    outcome = outcome_of(before, after, plan, 0, Execution(True))
    found = compare(outcome)
    limit = MonitorConfig().threshold
    return Failure("failure-1", outcome, plan.goal, plan, Cause.MODEL, found.score, limit, found.contradictions, "why")


FAILED = failed()


def recording(folder: Path, **changed: Any) -> Path:
    """One executed step, as the recorder writes it; `changed` names fields of the failure that are told otherwise."""
    assert FAILED.plan is not None
    failure = failure_to_msg(FAILED, "", 40 * S)
    for name, value in changed.items():
        setattr(failure, name, value)
    done = GoalStatusArray(status_list=[GoalStatus(status=GoalStatus.STATUS_SUCCEEDED)])
    said = [
        (10, "/f2p/scene", "f2p_msgs/msg/SegmentedScene", scene_to_msg(FAILED.outcome.before)),
        (12, "/f2p/plan", "f2p_msgs/msg/Plan", plan_to_msg(FAILED.plan, 12 * S)),
        (20, "/f2p/execute_skill/_action/status", "action_msgs/msg/GoalStatusArray", done),
        (31, "/f2p/scene", "f2p_msgs/msg/SegmentedScene", scene_to_msg(FAILED.outcome.after)),
        (40, "/f2p/failure", "f2p_msgs/msg/Failure", failure),
    ]
    bag = BagFolder(folder, 60.0, {})
    for at_s, name, kind, message in said:
        bag.write(Recorded(Topic(name, kind, own_definition(kind)), at_s * S, serialize_message(message)))
    bag.end()
    return folder


def replay(*words: object) -> tuple[int, str]:
    result = runner.invoke(build("replay"), ["replay", *map(str, words)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_a_check_is_what_was_recorded_bit_for_bit_and_so_is_its_certificate(tmp_path: Path) -> None:
    path, kept = recording(tmp_path / "bag"), tmp_path / "certificate.json"
    code, said = replay(path, "--out", kept, "--json")
    made = json.loads(said.splitlines()[-1])
    assert code == 0 and [step["kind"] for step in made["steps"]] == ["check"], said
    assert made["steps"][0]["agrees"] and float.fromhex(made["steps"][0]["parts"]["score"]) == FAILED.score
    copied = shutil.copytree(path, tmp_path / "elsewhere" / "bag")
    code, said = replay(copied, "--against", kept)
    assert code == 0 and "bit for bit" in said


def test_a_record_that_says_something_else_is_told_and_so_is_where_a_certificate_differs(tmp_path: Path) -> None:
    code, said = replay(recording(tmp_path / "bag", score=float(np.nextafter(FAILED.score, 99.0))), "--json")
    assert code == 1 and json.loads(said.splitlines()[-1])["steps"][0]["agrees"] is False
    made = json.loads(said.splitlines()[-1])
    kept = tmp_path / "certificate.json"
    from f2p.record.certificate import ReplayedStep, certificate

    steps = [ReplayedStep(**{**made["steps"][0], "parts": {**made["steps"][0]["parts"], "score": "0x0p+0"}})]
    kept.write_text(json.dumps(certificate(made["recording"], steps).as_json()))
    code, said = replay(tmp_path / "bag", "--against", kept)
    assert code == 1 and "step 1, check, differs in: score" in said.replace("\n", " ")


def test_a_cut_recording_is_replayed_as_far_as_it_goes(tmp_path: Path) -> None:
    path = recording(tmp_path / "bag")
    (file,) = path.glob("*.mcap")
    with file.open("r+b") as stream:
        stream.truncate(file.stat().st_size - 4)  # within the summary: all messages are whole
    assert replay(path)[0] == 0
    (path / "metadata.yaml").write_text(
        (path / "metadata.yaml").read_text().replace("message_count: 5", "message_count: 9")
    )
    code, said = replay(path)
    assert code == 3 and "4 more messages" in said


def test_a_failures_folder_carries_its_recording_and_both_are_run_again(tmp_path: Path) -> None:
    case = write_case(FAILED, tmp_path / "failure-1")
    recording(case / "recording")
    carried = shutil.copytree(case, tmp_path / "usb" / "failure-1")
    shutil.rmtree(case)
    code, said = replay(carried, "--json")
    made = json.loads(said.splitlines()[-1])
    assert [step["kind"] for step in made["steps"]] == ["check", "case", "check"]
    assert made["steps"][0]["agrees"] and made["steps"][2]["agrees"]
    assert made["steps"][1]["parts"]["simulated"] != "not asked"
    assert json.loads(replay(carried, "--json")[1].splitlines()[-1])["digest"] == made["digest"], (
        "once more, bit for bit"
    )
    assert code == (0 if made["steps"][1]["agrees"] else 1)


def test_messages_of_another_version_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = recording(tmp_path / "bag")
    newer = own_definition("f2p_msgs/msg/Failure") + "\nfloat64 confidence\n"
    monkeypatch.setattr("f2p.record.definitions.own_definition", lambda kind: newer)
    code, said = replay(path)
    assert code == 2 and said.startswith(
        "error 561: f2p_msgs/msg/SegmentedScene of the recording is not that of this f2p"
    )


def test_another_robot_and_a_recording_without_scenes_are_refused(tmp_path: Path) -> None:
    kind = "sensor_msgs/msg/JointState"
    bag = BagFolder(tmp_path / "bag", 60.0, {})
    topic = Topic("/stretch/joint_states", kind, own_definition(kind))
    bag.write(Recorded(topic, S, serialize_message(JointState(name=["panda_joint1"], position=[0.0]))))
    bag.end()
    code, said = replay(tmp_path / "bag")
    assert code == 2 and said.startswith("error 563: the recording is of another robot: its joint states lack")
    (tmp_path / "empty").mkdir()
    assert replay(tmp_path / "empty")[0] == 1
    bag = BagFolder(tmp_path / "text", 60.0, {})
    bag.write(Recorded(Topic("/said", "std_msgs/msg/String", "string data"), S, b""))
    bag.end()
    code, said = replay(tmp_path / "text")
    assert code == 2 and "no scene was recorded" in said


def test_a_failures_folder_with_parts_missing_is_refused(tmp_path: Path) -> None:
    case = write_case(FAILED, tmp_path / "failure-1")
    (case / "arrays.safetensors").unlink()
    code, said = replay(case)
    assert code == 2 and "arrays.safetensors is missing" in said.replace("\n", " ")
