"""Settings as text: what can be set, and `name=value` as `--set` takes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from f2p.settings import SettingError, Settings, choice, completed, number, overridden
from f2p.settings_text import set_by, settings_of, text_of


@dataclass(frozen=True)
class Edge(Settings):
    margin: float = number(0.1, "kept clear", unit="m", low=0.0, high=1.0, source="A.5")
    kind: str = choice("round", "shape of the margin", lambda: ("round", "square"))


@dataclass(frozen=True)
class Table(Settings):
    count: int = number(3, "of them", low=1, high=9)
    wide: bool = False
    """Whether it is wide."""
    names: tuple[str, ...] = ()
    corner: tuple[float, float] = (0.0, 1.0)
    folder: Path = Path("runs")
    how: Literal["fast", "exact"] = "fast"
    open: float | None = number(None, "left open", low=0.0, high=1.0)
    seen: tuple[str, ...] = field(default=(), metadata={"given": True})
    edge: Edge = field(default_factory=Edge)
    by_name: Mapping[str, Any] = field(default_factory=lambda: {"left": Edge(), "right": Edge(margin=0.2)})


def test_every_setting_is_listed_with_all_that_is_known_of_it() -> None:
    listed = {item.name: item for item in settings_of(Table())}
    assert list(listed) == [
        "count", "wide", "names", "corner", "folder", "how", "open", "edge.margin", "edge.kind", "by_name.left.margin",
        "by_name.left.kind", "by_name.right.margin", "by_name.right.kind",
    ]  # fmt: skip
    margin = listed["by_name.right.margin"]
    assert (margin.default, margin.unit, margin.bounds, margin.source) == (0.2, "m", "0 … 1", "A.5")
    assert listed["wide"].meaning == "Whether it is wide."
    assert listed["edge.kind"].bounds == "round, square"


@pytest.mark.parametrize(
    ("assignment", "name", "value"),
    [
        ("count=4", "count", 4),
        ("wide=Yes", "wide", True),
        ("names=a, b", "names", ("a", "b")),
        ("names=", "names", ()),
        ("corner=-1,2e-1", "corner", (-1.0, 0.2)),
        ("folder=a=b", "folder", Path("a=b")),
        ("how=exact", "how", "exact"),
        ("open=0.5", "open", 0.5),
        ("open=none", "open", None),
    ],
)
def test_a_text_is_read_by_the_type_of_the_field(assignment: str, name: str, value: object) -> None:
    made = getattr(set_by(Table(), [assignment]), name)
    assert made == value and type(made) is type(value)
    assert set_by(Table(), [f"{name}={text_of(value)}"]) == set_by(Table(), [assignment])


def test_names_reach_into_groups_and_the_last_one_counts() -> None:
    made = set_by(Table(), ["edge.margin=0.5", "by_name.left.kind=square", "count=1", "count=2"])
    assert made.edge.margin == 0.5 and made.count == 2
    assert made.by_name == {"left": Edge(kind="square"), "right": Edge(margin=0.2)}


@pytest.mark.parametrize(
    ("assignment", "fact"),
    [
        ("count", "--set 'count': write name=value"),
        ("count=many", "count = 'many': must be int"),
        ("wide=2", "wide = '2': must be bool"),
        ("corner=1", r"corner = '1': must be tuple\[float, float\]"),
        ("edge.margin=nan", r"Edge.margin = nan m: must be finite and within \[0.0, 1.0\]"),
        ("edge.kind=oval", "must be one of: round, square"),
        ("edge.margn=1", "Edge has no setting 'margn'; choose among: kind, margin"),
        ("by_name.up.margin=1", "this group has no setting 'up.margin'; choose among: left, right"),
        ("edge=1", "'edge' is a group or is not set by text; set one of: edge.kind, edge.margin"),
        ("seen=a", "'seen' is a group or is not set by text; set one of: "),
    ],
)
def test_what_is_no_setting_or_does_not_do_is_told_with_the_choices(assignment: str, fact: str) -> None:
    with pytest.raises(SettingError, match=fact):
        set_by(Table(), [assignment])


def test_what_is_left_open_is_filled_and_nothing_else() -> None:
    assert completed(Table(), {"open": 0.3, "count": 5}) == overridden(Table(), {"open": 0.3})
