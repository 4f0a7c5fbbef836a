"""Products are counted where they are done, with and without gradients, and put down to the stage they were done in."""

from __future__ import annotations

import pytest
import torch

from f2p.bench.operations import Products, products_per_second


def test_products_are_put_down_to_their_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("f2p.bench.operations.products_per_second", lambda: 1e6)
    told: list[tuple[str, float, str]] = []
    layer, rows = torch.nn.Linear(20, 30), torch.ones(10, 20)
    with Products() as products:
        progress = products.counting(lambda *words: told.append(words))
        with torch.inference_mode():
            layer(rows)
        progress("one", 1.0, "seen")
        torch.autograd.grad(layer(rows).sum(), [layer.weight])
        progress("two", 1.0, "learned")
    assert told == [("one", 1.0, "seen"), ("two", 1.0, "learned")]
    assert products.seconds("one") == pytest.approx(2 * 10 * 20 * 30 / 1e6)
    assert products.seconds("two") == pytest.approx(2 * products.seconds("one"))
    assert products.seconds() == pytest.approx(3 * products.seconds("one"))


def test_the_rate_is_that_of_a_processor() -> None:
    """A rate in the wrong unit would make every figure beside it nonsense."""
    assert 1e8 < products_per_second() < 1e14
