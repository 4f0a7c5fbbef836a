"""The stretch_body backend against a recorded stand-in of the library: calls, units, and what is missing."""

import sys
import types

import pytest

from f2p.robot.errors import BackendMissingError, StaleStateError
from f2p.robot.protocol import ARM, FINGER, LIFT, TRANSLATE, WRIST_ROLL, Motion
from f2p.robot.stretch_body import StretchBodyRobot


class Part:
    def __init__(self, name, calls):
        self._name, self._calls = name, calls

    def __getattr__(self, method):
        return lambda *values, **options: self._calls.append((self._name, method, values, options))


class Library:
    homed = True

    def __init__(self):
        self.calls = []
        self.lift, self.arm, self.base = (Part(name, self.calls) for name in ("lift", "arm", "base"))
        self.end_of_arm, self.head = Part("end_of_arm", self.calls), Part("head", self.calls)
        turning = {"pos": 0.1, "vel": 0.0, "effort": 3.0}
        linear = {"pos": 0.6, "vel": 0.0, "motor": {"effort_pct": 5.0, "in_guarded_event": False}}
        wrist = {name: dict(turning) for name in ("wrist_yaw", "wrist_pitch", "wrist_roll")}
        self.status = {
            "lift": linear, "arm": linear, "base": {"x": 1.0, "y": 2.0, "theta": 0.0},
            "end_of_arm": {**wrist, "stretch_gripper": {"pos_pct": 35.0, "vel": 0.0, "effort": 1.0}},
            "head": {"head_pan": turning, "head_tilt": turning}, "pimu": {"runstop_event": False},
        }  # fmt: skip

    def startup(self):
        return True

    def is_homed(self):
        return self.homed

    def stop(self):
        self.calls.append(("robot", "stop", (), {}))

    def get_status(self):
        return self.status

    def push_command(self):
        self.calls.append(("robot", "push_command", (), {}))


@pytest.fixture
def library(monkeypatch):
    made = Library()
    monkeypatch.setenv("HELLO_FLEET_PATH", "/nowhere")
    monkeypatch.setenv("HELLO_FLEET_ID", "stretch-re2-test")
    module = types.ModuleType("stretch_body.robot")
    module.Robot = lambda: made
    monkeypatch.setitem(sys.modules, "stretch_body", types.ModuleType("stretch_body"))
    monkeypatch.setitem(sys.modules, "stretch_body.robot", module)
    return made


def test_needs_the_robots_settings(monkeypatch):
    monkeypatch.delenv("HELLO_FLEET_PATH", raising=False)
    with pytest.raises(BackendMissingError, match="HELLO_FLEET_PATH"):
        StretchBodyRobot()


def test_a_robot_that_is_not_homed_is_refused(library):
    library.homed = False
    with pytest.raises(BackendMissingError, match="not homed"):
        StretchBodyRobot()
    assert ("robot", "stop", (), {}) in library.calls


def test_state_in_our_units(library):
    state = StretchBodyRobot().state()
    assert state.position(LIFT) == 0.6
    assert state.position(FINGER) == pytest.approx(0.045 / 0.342)
    assert state.base_task == pytest.approx((0.27, 0.0, 1.5707963))
    assert state.joints[ARM].effort == 5.0


def test_a_step_becomes_calls_and_one_push(library):
    robot = StretchBodyRobot()
    robot._send(Motion((LIFT, WRIST_ROLL), (0.65, 0.2), (0.1, 0.0), (12.0, 0.0)))
    guard = {"v_m": 0.1, "contact_thresh_pos": 12.0, "contact_thresh_neg": -12.0}
    assert library.calls == [
        ("lift", "move_to", (0.65,), guard),
        ("end_of_arm", "move_to", ("wrist_roll", 0.2), {"v_r": None}),
        ("robot", "push_command", (), {}),
    ]
    robot._send(Motion((TRANSLATE,), (0.05,)))
    assert library.calls[-2] == ("base", "translate_by", (0.05,), {"v_m": None, "contact_thresh": None})
    robot._send(Motion((FINGER,), (0.045 / 0.342,)))
    assert library.calls[-2][2] == ("stretch_gripper", pytest.approx(35.0))


def test_stop_reaches_every_joint(library):
    StretchBodyRobot().stop()
    assert {call[0] for call in library.calls} == {"lift", "arm", "base", "end_of_arm", "head", "robot"}


def test_standard_wrist_is_named_as_the_problem(library):
    robot = StretchBodyRobot()
    del library.status["end_of_arm"]["wrist_pitch"]
    with pytest.raises(StaleStateError, match="dexterous wrist"):
        robot.state()
