"""After the guard's death a slow joint goes no further than it needs to keep its speed, and is no slower for it."""

import pytest

from f2p.bench.death import WAY_M, Death, DeathBenchConfig
from f2p.robot.protocol import ARM, TRANSLATE


@pytest.mark.parametrize("joint", [TRANSLATE, ARM])
def test_a_slow_joint_whose_guard_dies_goes_on_for_half_a_step(joint: str) -> None:
    """It went 4.8 cm, for 1.1 s: a step as long as those of a fast one."""
    way, still_s = Death().die(joint, 0.05, 1.3)
    assert 0.005 < way < 0.025 and still_s < 0.65


def test_a_slow_joint_keeps_its_speed_between_steps() -> None:
    assert Death().took(TRANSLATE, 0.05) < WAY_M / 0.05 + 0.4


def test_it_is_measured_for_each_joint_and_speed() -> None:
    measured = Death(DeathBenchConfig(trials=1))(0, lambda *_: None)
    assert len(measured) == 27 and all(one.holds for one in measured), [one for one in measured if not one.holds]
