"""The buttons that drive are those of the keyboard, and every other one is on the panel."""

from __future__ import annotations

import inspect

import pytest

pytest.importorskip("viser", reason="no viser: run the set-up (make test) first")

from f2p.console import panel
from f2p.console.buttons import Press
from f2p.teleop.core import TeleopConfig
from f2p.teleop.keys import MOTIONS
from f2p.teleop.keys import SPEEDS as KEYS


def test_driving_is_by_the_keys_of_the_teleop_often_enough() -> None:
    assert set(panel.DRIVE.values()) <= set(MOTIONS) and set(panel.SPEEDS.values()) == set(KEYS)
    assert TeleopConfig().key_after_s / 2 >= 1.0 / panel.HOLD_HZ
    for label, key in panel.DRIVE.items():
        opposite = {"Forward": "Back", "Lift up": "Lift down", "Arm out": "Arm in", "Open gripper": "Close gripper",
                    "Turn left": "Turn right", "Wrist left": "Wrist right"}.get(label)  # fmt: skip
        if opposite:
            joint, sign = MOTIONS[key]
            assert MOTIONS[panel.DRIVE[opposite]] == (joint, -sign) and sign == 1


def test_every_button_is_on_the_panel() -> None:
    source = inspect.getsource(panel)
    assert all(f"Press.{press.name}" in source for press in Press)


def test_viewers_are_counted_from_one() -> None:
    assert [panel.operator(one) for one in (0, 1, None)] == ["operator 1", "operator 2", "operator 1"]
