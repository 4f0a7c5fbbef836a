"""Goals as text: what is read, what is refused with which words, and when a goal holds."""

from __future__ import annotations

import numpy as np
import pytest

from f2p.scene.errors import GoalSyntaxError, ImpossibleGoalError, UnknownObjectError, UnknownRelationError
from f2p.scene.goals import check_goal, goal_arrays, parse_goal, satisfied
from f2p.types import BINARY_RELATIONS, UNARY_RELATIONS, Goal, GoalRelation, Relations

TEXT = "above(object_1, table_b) & left(object_1, landmark) & not inside(object_1, box)"
NAMES = ("table_b", "box", "object_1", "landmark")


def test_reads_and_writes_the_same_text() -> None:
    """str and parse are inverse; spaces and repeats do not matter."""
    goal = parse_goal(
        "above( object_1 ,table_b)&left(object_1,landmark)& not  inside(object_1, box) & left(object_1, landmark)"
    )
    assert str(goal) == TEXT
    assert parse_goal(str(goal)) == goal
    assert goal.literals[2] == GoalRelation("inside", "object_1", "box", value=False)


@pytest.mark.parametrize(
    "text", ["", "  ", "above()", "above(a, b, c)", "above(a, b) &", "above a b", "above(a, b) or left(a, b)", "(a, b)"]
)
def test_refuses_what_is_no_conjunction(text: str) -> None:
    """The message shows the text and how to write a goal."""
    with pytest.raises(GoalSyntaxError, match=r"write e\.g\. above"):
        parse_goal(text)


@pytest.mark.parametrize("literal", [GoalRelation("above", "", "table_b"), GoalRelation("movable", "")])
def test_a_literal_that_is_said_of_nothing_is_refused(literal: GoalRelation) -> None:
    """Out of a message: an empty name was not looked up in the scene, and ended planning in an unforeseen KeyError."""
    for refused in (lambda: check_goal(Goal((literal,)), NAMES), lambda: goal_arrays(Goal((literal,)), NAMES)):
        with pytest.raises(GoalSyntaxError, match=f"{literal.relation} is said of nothing: its subject has no name"):
            refused()


def test_a_relation_of_one_object_is_a_literal_like_any_other() -> None:
    """It was refused: nobody could ask for an open drawer."""
    goal = parse_goal("drawer_open( cabinet ) & not movable(cabinet) & inside(cup, cabinet)")
    assert str(goal) == "drawer_open(cabinet) & not movable(cabinet) & inside(cup, cabinet)"
    assert goal.literals[0] == GoalRelation("drawer_open", "cabinet") and goal.names == ("cabinet", "cup")
    names = ("cup", "cabinet")
    unary, binary = np.zeros((2, 3)), np.zeros((2, 2, 9))
    unary[1, UNARY_RELATIONS.index("drawer_open")], binary[0, 1, BINARY_RELATIONS.index("inside")] = 0.8, 1.0
    assert satisfied(goal, Relations(names, unary, binary))
    shut = unary * 0.5
    assert not satisfied(goal, Relations(names, shut, binary))
    with pytest.raises(ImpossibleGoalError, match="for its opposite"):
        parse_goal("drawer_open(a) & not drawer_open(a)")


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("movable(cup, plate)", "movable is of one object"),
        ("above(cup)", "above is of two objects"),
        ("drawer_open(cup, cup)", "drawer_open is of one object"),
    ],
)
def test_a_relation_of_another_number_of_objects_is_refused(text: str, fact: str) -> None:
    with pytest.raises(GoalSyntaxError, match=fact):
        parse_goal(text)


def test_unknown_relation_lists_the_choices() -> None:
    """All nine names are in the message."""
    with pytest.raises(UnknownRelationError, match="'ontop'") as caught:
        parse_goal("ontop(a, b)")
    assert all(name in str(caught.value) for name in BINARY_RELATIONS)


def test_unknown_object_lists_the_choices() -> None:
    """The scene's names are in the message."""
    with pytest.raises(UnknownObjectError, match="'object_9'; the scene has: table_b, box, object_1, landmark"):
        check_goal(parse_goal("above(object_9, box)"), NAMES)


@pytest.mark.parametrize(
    "text",
    [
        "above(a, a)",
        "above(a, b) & not above(a, b)",
        "left(a, b) & right(a, b)",
        "below(a, b) & above(a, b)",
        "left(a, b) & left(b, a)",
    ],
)
def test_refuses_what_can_never_be(text: str) -> None:
    """Literals that exclude one another are found before any planning."""
    with pytest.raises(ImpossibleGoalError, match="can never be true"):
        parse_goal(text)


def test_not_left_and_not_right_is_possible() -> None:
    """Neither left nor right is an ordinary goal."""
    assert len(parse_goal("not left(a, b) & not right(a, b)").literals) == 2


def test_arrays_and_truth() -> None:
    """Each literal counts, for batches as for one scene."""
    goal = parse_goal(TEXT)
    arrays = goal_arrays(goal, NAMES)
    subjects, objects, relations = arrays.pairs
    assert subjects.tolist() == [2, 2, 2]
    assert objects.tolist() == [0, 3, 1]
    assert [BINARY_RELATIONS[index] for index in relations] == ["above", "left", "inside"]
    assert arrays.pairs_wanted.tolist() == [True, True, False] and not len(arrays.alone_wanted)
    binary = np.zeros((2, 4, 4, 9), dtype=np.float32)
    binary[:, subjects[:2], objects[:2], relations[:2]] = 0.9
    binary[1, 2, 1, BINARY_RELATIONS.index("inside")] = 0.8
    assert arrays.wanted(np.zeros((2, 4, 3)), binary) == pytest.approx(np.array([[0.9, 0.9, 1.0], [0.9, 0.9, 0.2]]))
    assert satisfied(goal, Relations(NAMES, np.zeros((4, 3)), binary[0]))
    assert not satisfied(goal, Relations(NAMES, np.zeros((4, 3)), binary[1]))


def test_an_empty_goal_is_refused() -> None:
    """A goal without literals would be true of anything."""
    with pytest.raises(GoalSyntaxError):
        check_goal(Goal(()), NAMES)
