"""Playback on a clock of the test's: rate, pause, seek and step; and that nothing that commands is ever due."""

from __future__ import annotations

from pathlib import Path

import pytest

from f2p.record.bag import open_bag
from f2p.record.player import Player, harmless
from f2p.record.subjects import LATCHED, STATE, qos_text
from f2p.record.values import Recorded, Topic
from f2p.record.writer import BagFolder

S, START_NS = 1_000_000_000, 1_700_000_000_000_000_000
JOINTS = Topic("/joint_states", "sensor_msgs/msg/JointState", qos=qos_text(STATE))
PLAN = Topic("/f2p/plan", "f2p_msgs/msg/Plan", qos=qos_text(LATCHED))
TWIST = Topic("/stretch/cmd_vel", "geometry_msgs/msg/Twist", qos=qos_text(STATE))


class Hand:
    """A clock that runs when it is told to."""

    now_s = 5.0

    def monotonic_s(self) -> float:
        return self.now_s

    def stamp_ns(self) -> int:
        return 0


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def player(tmp_path: Path, hand: Hand) -> Player:
    """Joint states and twists of seconds 0 to 20, a plan at 4 and one at 12."""
    bag = BagFolder(tmp_path / "bag", 60.0, {})
    for second in range(21):
        bag.write(Recorded(JOINTS, START_NS + second * S, str(second).encode()))
        bag.write(Recorded(TWIST, START_NS + second * S, b"go"))
        if second in (4, 12):
            bag.write(Recorded(PLAN, START_NS + second * S, f"plan {second}".encode()))
    bag.end()
    return Player(open_bag(tmp_path / "bag"), hand)


def due(player: Player) -> list[str]:
    return [one.data.decode() for one in player.due()]


def test_it_plays_as_fast_as_it_was_or_as_it_is_told(player: Player, hand: Hand) -> None:
    assert due(player) == ["0"]
    hand.now_s += 2.5
    assert due(player) == ["1", "2"] and player.position_s == pytest.approx(2.5)
    player.set_rate(4.0)
    hand.now_s += 1.0
    assert due(player) == ["3", "4", "plan 4", "5", "6"] and player.position_s == pytest.approx(6.5)


def test_time_stands_while_it_is_paused(player: Player, hand: Hand) -> None:
    hand.now_s += 1.0
    due(player)
    player.pause(True)
    hand.now_s += 100.0
    assert due(player) == [] and player.position_s == pytest.approx(1.0)
    player.pause(False)
    hand.now_s += 1.0
    assert due(player) == ["2"]


def test_after_a_jump_what_holds_there_is_told_anew(player: Player, hand: Hand) -> None:
    player.seek(8.0)
    told = list(player.due())
    assert [one.data for one in told] == [b"plan 4", b"8"] and told[0].stamp_ns == START_NS + 8 * S
    player.seek(1.0)
    assert due(player) == ["1"], "back, before there was a plan"
    player.seek(-5.0)
    assert due(player) == ["0"]


def test_a_step_goes_to_the_next_value_that_holds_and_stands(player: Player, hand: Hand) -> None:
    due(player)
    player.step()
    assert due(player) == ["1", "2", "3", "4", "plan 4"] and player.position_s == pytest.approx(4.0)
    hand.now_s += 50.0
    assert due(player) == [] and player.paused
    player.step()
    assert due(player)[-1] == "plan 12"


def test_the_end_is_the_end_until_somebody_goes_back(player: Player, hand: Hand) -> None:
    hand.now_s += 1000.0
    assert due(player)[-1] == "20" and player.over and player.position_s == pytest.approx(20.0)
    player.seek(19.0)
    assert not player.over and due(player) == ["plan 12", "19"]


def test_nothing_that_commands_is_ever_due_and_it_is_said(player: Player, hand: Hand) -> None:
    hand.now_s += 1000.0
    assert "go" not in due(player) and player.refused == {"/stretch/cmd_vel"}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("/stretch/cmd_vel", "geometry_msgs/msg/Twist"), ("/x", "geometry_msgs/msg/TwistStamped"),
        ("/f2p/lease", "f2p_msgs/msg/Lease"), ("/f2p/guarded_twist", "f2p_msgs/msg/GuardedTwist"),
        ("/f2p/joy", "sensor_msgs/msg/Joy"), ("/arm", "trajectory_msgs/msg/JointTrajectory"),
        ("/stretch_controller/follow_joint_trajectory/_action/feedback", "control_msgs/action/X_FeedbackMessage"),
        ("/f2p/achieve_goal/_action/status", "action_msgs/msg/GoalStatusArray"),
        ("/f2p/heartbeat/guard", "f2p_msgs/msg/Heartbeat"), ("/gripper/command", "std_msgs/msg/Float64"),
        ("/clock", "rosgraph_msgs/msg/Clock"),
    ],
)  # fmt: skip
def test_what_commands_by_type_or_by_name_is_refused(name: str, kind: str) -> None:
    assert not harmless(Topic(name, kind))


def test_what_only_tells_is_played() -> None:
    for topic in (JOINTS, PLAN, Topic("/tf_static", "tf2_msgs/msg/TFMessage"), Topic("/odom", "nav_msgs/msg/Odometry")):
        assert harmless(topic)
