"""Presses: done once, noted with who pressed, and never against another operator without a word."""

from __future__ import annotations

import threading

import pytest

from f2p.clock import Clock
from f2p.console.buttons import FACTS, Press
from f2p.console.desk import GIVES, OPPOSED_S, TAKES, Desk
from f2p.console.errors import NotNowError, OpposedError


class Hands(Clock):
    """A desk whose jobs only write down what they are asked, and a clock that is set by hand."""

    def __init__(self) -> None:
        self.now_s, self.done = 100.0, list[tuple[Press, str]]()
        self.desk = Desk({press: self._job(press) for press in Press}, self)

    def _job(self, press: Press) -> object:
        def job(who: str) -> str:
            self.done.append((press, who))
            return f"did {press}"

        return job

    def monotonic_s(self) -> float:
        return self.now_s

    def stamp_ns(self) -> int:
        return round(self.now_s * 1e9)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.mark.parametrize("press", Press, ids=str)
def test_every_button_is_described_does_its_job_and_is_noted_with_who_pressed_it(hands: Hands, press: Press) -> None:
    assert FACTS[press].label and FACTS[press].hint.endswith(".")
    assert hands.desk.press(press, "operator 1") == f"did {press}"
    assert hands.done == [(press, "operator 1")]
    (note,) = hands.desk.notes
    assert note.endswith(f" operator 1: {FACTS[press].label}: did {press}")


@pytest.mark.parametrize(
    ("first", "second"), [(one, press) for press in Press for one in sorted(FACTS[press].opposites)], ids=str
)
def test_the_opposite_of_what_another_operator_has_just_pressed_is_refused_in_clear_words(
    hands: Hands, first: Press, second: Press
) -> None:
    hands.desk.press(first, "operator 1")
    hands.now_s += 1.0
    wanted = f"operator 1 pressed {FACTS[first].label} 1 s ago, and {FACTS[second].label} is the opposite: agree with"
    with pytest.raises(OpposedError, match=wanted):
        hands.desk.press(second, "operator 2")
    assert hands.done == [(first, "operator 1")] and "error 982" in hands.desk.notes[0]
    hands.desk.press(second, "operator 1")
    assert hands.done[-1] == (second, "operator 1"), "who pressed it may take it back at once"


def test_what_stops_the_robot_yields_to_nothing(hands: Hands) -> None:
    for press in GIVES | {Press.RUN, Press.LOOK}:
        hands.desk.press(press, "operator 1")
        for stop in TAKES:
            hands.desk.press(stop, "operator 2")
            assert hands.done[-1] == (stop, "operator 2")
        hands.desk.press(Press.TAKE_OVER, "operator 1")
        hands.now_s += OPPOSED_S + 1.0


def test_only_who_has_the_robot_gives_it_back_until_another_takes_it_or_he_leaves(hands: Hands) -> None:
    hands.desk.press(Press.PAUSE, "operator 1")
    hands.now_s += OPPOSED_S + 0.1
    with pytest.raises(OpposedError, match=r"operator 1 has the robot, .* press Take over to have it instead"):
        hands.desk.press(Press.RESUME, "operator 2")
    hands.desk.press(Press.TAKE_OVER, "operator 2")
    assert hands.desk.holder == "operator 2"
    hands.desk.press(Press.RESUME, "operator 2")
    assert hands.desk.holder == ""
    hands.desk.press(Press.HOLD, "operator 1")
    hands.now_s += OPPOSED_S + 0.1
    hands.desk.left("operator 1")
    assert "operator 1 left and has the robot still" in hands.desk.notes[0]
    hands.desk.press(Press.RESUME, "operator 2")


def test_what_failed_takes_nothing_and_is_noted_with_its_code(hands: Hands) -> None:
    def fail(_who: str) -> str:
        raise NotNowError("no guard is heard")

    hands.desk = Desk({Press.TAKE_OVER: fail}, hands)
    with pytest.raises(NotNowError):
        hands.desk.press(Press.TAKE_OVER, "operator 1")
    assert hands.desk.holder == "" and hands.desk.notes[0].endswith("Take over: error 983: no guard is heard")


def test_a_button_that_is_being_done_is_not_done_twice_but_a_stop_is(hands: Hands) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(_who: str) -> str:
        begun.set()
        assert go_on.wait(timeout=10)
        return "looked"

    hands.desk = Desk({Press.LOOK: slow, Press.HOLD: slow}, hands)
    for press in (Press.LOOK, Press.HOLD):
        begun.clear()
        go_on.clear()
        thread = threading.Thread(target=hands.desk.press, args=(press, "operator 1"))
        thread.start()
        assert begun.wait(timeout=10)
        if press is Press.LOOK:
            with pytest.raises(NotNowError, match="Look again is being done already, for operator 1"):
                hands.desk.press(press, "operator 2")
        go_on.set()
        if press is Press.HOLD:
            hands.desk.press(press, "operator 2")
        thread.join(timeout=10)
