"""Who is asked, and which answer counts: never one from before the robot was taken, and none that is no choice."""

from __future__ import annotations

import threading
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("rclpy", reason="no rclpy: run the set-up (make test) first")

from f2p.console.buttons import FACTS, Press
from f2p.errors import CanceledError
from f2p.loop.errors import RemoteError, UnclearFailureError
from f2p.loop.operator import Choice, Plea
from f2p.robot.errors import TakenOverError
from f2p.ros.messages.convert import duration_from_msg
from f2p.ros.remote.asking import AskedOperator, place_text
from f2p.ros.remote.station import CHOICES
from f2p.teleop.keys import ORDERS
from f2p_msgs.msg import GuardState, OperatorWord


class FakeNode:
    """Keeps what is subscribed and published."""

    def __init__(self) -> None:
        self.heard: dict[str, Any] = {}
        self.told: list[Any] = []
        self.others = ["f2p_teleop_41"]

    def create_publisher(self, *_: object) -> SimpleNamespace:
        return SimpleNamespace(publish=self.told.append)

    def create_subscription(self, _kind: type, name: str, store: Any, *_: object, **__: object) -> None:
        self.heard[name] = store

    def resolve_topic_name(self, name: str) -> str:
        return f"/f2p/{name}"

    def get_publishers_info_by_topic(self, name: str) -> list[SimpleNamespace]:
        assert name == "/f2p/operator"
        return [SimpleNamespace(node_name=one) for one in self.others]

    def get_clock(self) -> SimpleNamespace:
        from builtin_interfaces.msg import Time

        return SimpleNamespace(now=lambda: SimpleNamespace(to_msg=Time))

    def say(self, choice: str, failure_id: str = "") -> None:
        self.heard["operator"](OperatorWord(choice=choice, failure_id=failure_id))

    def mode(self, mode: str) -> None:
        self.heard["guard_state"](GuardState(mode=mode))


UNCLEAR, TAKEN = Plea(UnclearFailureError("unclear"), failure_id="failure-1"), Plea(TakenOverError("taken"))


def made(canceled: bool = False, wait_s: float = 0.2) -> tuple[FakeNode, AskedOperator]:
    node = FakeNode()
    return node, AskedOperator(node).bound(lambda: canceled, wait_s)


def later(job: Any) -> threading.Timer:
    timer = threading.Timer(0.1, job)
    timer.start()
    return timer


def test_an_answer_counts_once_and_the_call_ends_with_it() -> None:
    node, operator = made(wait_s=5.0)
    later(lambda: node.say("skip", "failure-1"))
    assert operator.ask(UNCLEAR) is Choice.SKIP
    assert [one.wanted for one in node.told] == [True, False]
    assert duration_from_msg(node.told[0].patience) == 5.0
    assert node.told[0].failure_id == "failure-1" and node.told[0].error_code == UnclearFailureError.code
    _, operator._wait_s = None, 0.1
    assert operator.ask(UNCLEAR) is None, "the same word is no second answer"
    assert not node.told[-1].wanted


def test_words_from_before_the_call_and_words_that_are_none_do_not_count() -> None:
    node, operator = made()
    node.say("done")
    later(lambda: node.say("dance"))
    assert operator.ask(UNCLEAR) is None


def test_a_hand_back_may_come_before_it_is_waited_for_but_not_before_the_robot_was_taken() -> None:
    node, operator = made()
    node.say("resume")
    node.mode(GuardState.OPERATOR)
    node.mode(GuardState.AUTONOMY)
    assert operator.takeovers == 1
    assert operator.ask(TAKEN) is None, "the operator fell silent, and gave nothing back"
    node.mode(GuardState.OPERATOR)
    node.mode(GuardState.AUTONOMY)
    node.say("resume")
    assert operator.ask(Plea(RemoteError("taken", TakenOverError.code))) is Choice.RESUME


def test_nothing_goes_on_while_an_operator_has_the_robot() -> None:
    node, operator = made()
    node.mode(GuardState.OPERATOR)
    node.say("resume")
    assert operator.ask(TAKEN) is None, "another operator has taken it meanwhile"


def test_it_can_be_canceled_and_nobody_is_present_where_nobody_could_answer() -> None:
    node, operator = made(canceled=True)
    with pytest.raises(CanceledError):
        operator.ask(UNCLEAR)
    assert not node.told[-1].wanted
    node.others = []
    assert not operator.places


def test_places_say_how_one_answers_there_once_each() -> None:
    node, operator = made(wait_s=77.0)
    node.others = ["f2p_teleop_41", "f2p_teleop_41", "f2p_console_7", "teleop", "console", "glove"]
    told = operator.places
    assert len(told) == 5 and operator.patience_s == 77.0 and all(len(one) < 200 for one in told)
    for wanted in ("f2p teleop (node f2p_teleop_41): r look again and plan afresh, y the step is done, k skip it",
                   "f2p console (node f2p_console_7): Resume,", "the console (node console): Resume,",
                   "the gamepad (node teleop): ", "the node glove"):  # fmt: skip
        assert any(one.startswith(wanted) for one in told), wanted
    for facts in (FACTS[one].label for one in (Press.RESUME, Press.DONE, Press.SKIP, Press.GIVE_UP)):
        assert facts in place_text("console") and facts in place_text("f2p_console_7")
    assert {key for key, order in ORDERS.items() if order in CHOICES} == set("rykG"), "the keys that the text names"


def test_a_new_goal_begins_without_old_words() -> None:
    node, operator = made()
    node.say("give_up")
    again = operator.bound(lambda: False, 0.1)
    assert again.ask(TAKEN) is None


def test_a_node_without_a_name_yet_is_no_place_to_answer_at() -> None:
    """A person was told to answer at "the node _NODE_NAME_UNKNOWN_"."""
    node = FakeNode()
    node.others = ["_NODE_NAME_UNKNOWN_", "f2p_teleop_41"]
    assert AskedOperator(node).places == (place_text("f2p_teleop_41"),)
