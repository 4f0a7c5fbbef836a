"""Any float through the guard; a million of them is `f2p bench gate`."""

from __future__ import annotations

from f2p.bench.gate import put_through


def test_no_float_of_all_gets_out_or_makes_the_guard_raise() -> None:
    """Of 200,000 goals 700 ended in a bare ValueError or OverflowError, 50 of them inside the tick."""
    count = put_through(20_000, 0)
    assert count.goals == 20_000 and count.sent > 500 and count.refused > 5000
    assert count.bad == 0, count
