"""Settings: what is declared once is checked wherever a config is made."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import pytest

from f2p.settings import SettingError, Settings, choice, number, overridden
from f2p.weights.gate import GateConfig


@dataclass(frozen=True)
class Inner(Settings):
    margin: float = number(0.1, "kept clear", unit="m", low=0.0, high=1.0)
    kind: str = choice("round", "shape of the margin", lambda: ("round", "square"))


@dataclass(frozen=True)
class Outer(Settings):
    count: int = number(3, "of them", low=1, high=9)
    wide: bool = False
    names: tuple[str, ...] = ()
    corner: tuple[float, float] = (0.0, 1.0)
    folder: Path = Path("runs")
    how: Literal["fast", "exact"] = "fast"
    maybe: str | None = None
    inner: Inner = field(default_factory=Inner)


def test_a_number_that_is_none_is_refused_where_the_config_is_made() -> None:
    """Five places checked, the gate's was none of them: nan let every loss of memory pass."""
    with pytest.raises(SettingError, match=r"GateConfig.most_lost = nan: must be finite and within \[0.0, 1.0\]"):
        GateConfig(most_lost=float("nan"))
    with pytest.raises(SettingError, match=r"Inner.margin = 2.0 m: must be finite and within"):
        dataclasses.replace(Inner(), margin=2.0)


@pytest.mark.parametrize(
    ("given", "fact"),
    [
        ({"count": 3.5}, r"Outer.count = 3.5: must be a whole number and within \[1, 9\]"),
        ({"count": True}, "must be a whole number"),
        ({"wide": 1}, "Outer.wide = 1: must be bool"),
        ({"names": "abc"}, r"Outer.names = 'abc': must be tuple\[str, ...\]"),
        ({"names": ("a", 1)}, "Outer.names"),
        ({"corner": (0.0, float("inf"))}, "Outer.corner"),
        ({"corner": (0.0,)}, r"must be tuple\[float, float\]"),
        ({"folder": "runs"}, "Outer.folder = 'runs': must be Path"),
        ({"how": "slow"}, r"must be Literal\['fast', 'exact'\]"),
        ({"maybe": 3}, r"must be str \| None"),
        ({"inner": None}, "Outer.inner = None: must be Inner"),
    ],
)
def test_a_value_of_another_type_is_refused(given: dict, fact: str) -> None:
    with pytest.raises(SettingError, match=fact):
        Outer(**given)


def test_what_fits_is_taken_as_it_is() -> None:
    made = Outer(count=9, names=("a",), corner=(1, 2), maybe="x", inner=Inner(margin=1, kind="square"))
    assert (made.count, made.names, made.corner, made.inner.margin) == (9, ("a",), (1, 2), 1)


def test_a_name_is_one_of_its_family() -> None:
    with pytest.raises(SettingError, match=r"Inner\.kind = 'oval': must be one of: round, square"):
        Inner(kind="oval")


def test_overrides_reach_into_nested_configs() -> None:
    made = overridden(Outer(), {"inner.margin": 0.5, "count": 4, "inner.kind": "square"})
    assert made == Outer(count=4, inner=Inner(margin=0.5, kind="square"))


@pytest.mark.parametrize(
    ("name", "fact"),
    [
        ("inner.margn", "Inner has no setting 'margn'; choose among: kind, margin"),
        ("iner.margin", "Outer has no setting 'iner.margin'; choose among: corner, count"),
        ("count.most", "Outer has no setting 'count.most'"),
    ],
)
def test_a_name_that_is_none_lists_the_choices_at_its_level(name: str, fact: str) -> None:
    with pytest.raises(SettingError, match=fact):
        overridden(Outer(), {name: 1})


def test_an_override_is_checked_at_every_level() -> None:
    with pytest.raises(SettingError, match=r"Inner\.margin = -1"):
        overridden(Outer(), {"inner.margin": -1})
