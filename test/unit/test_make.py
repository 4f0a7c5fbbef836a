"""`make test` runs every test once: beside others, or alone."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

from _pytest.mark.expression import Expression

ROOT = Path(__file__).resolve().parents[2]


def chosen(name: str) -> Expression:
    """The marks that one of the Makefile's parts asks for."""
    found = re.search(rf'^{name} := -m "(.*)"$', (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert found is not None, name
    return Expression.compile(found[1])


def test_every_test_is_in_one_part_and_only_ros_tests_run_alone() -> None:
    """A mark that both parts left out would be a test that nobody runs."""
    beside, alone = chosen("BESIDE"), chosen("ALONE")
    for marks in itertools.chain.from_iterable(
        itertools.combinations(("ros", "together", "slow"), count) for count in range(4)
    ):
        found = [part.evaluate(lambda name, marks=marks, **_: name in marks) for part in (beside, alone)]
        assert sum(found) == 1, marks
        assert found == [False, True] if "ros" in marks and "together" not in marks else [True, False], marks


def test_both_parts_are_run_and_what_fails_is_tried_again_in_its_own() -> None:
    recipe = (ROOT / "Makefile").read_text().split("else\n")[1].split("endif")[0]
    assert recipe.count("$(BESIDE)") == recipe.count("$(ALONE)") == 2
