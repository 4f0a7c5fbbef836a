"""Who may command: leases that their holders renew, of a rank, under one activation of the guard; void is for ever."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from f2p.guard.errors import LeaseError
from f2p.guard.rules import GuardConfig

LEASE_MEMORY_S = 5.0
"""A lease not renewed for this long is forgotten, and known as void [s] (ours)."""

MOST_LEASES = 64
"""Leases kept at a time; beyond, the one of the lowest rank that was renewed longest ago makes room (ours)."""

MOST_VOID = 1024
"""Void leases remembered: their names come with a random part, and an old skill asks at once (ours)."""


class Rank(IntEnum):
    """Who goes first; the runstop is above both."""

    AUTONOMY = 0
    OPERATOR = 1


@dataclass(frozen=True)
class Renewal:
    """One message of a holder."""

    lease: str
    rank: Rank = Rank.AUTONOMY
    epoch: int = 0
    """The guard's activation that it was taken under."""
    stamp_ns: int = 0


@dataclass(frozen=True)
class Held:
    """What is known of one lease."""

    renewed_s: float
    """Monotonic [s]."""
    rank: Rank
    stamp_ns: int


class Leases:
    """All leases of one guard.

    A lease that fell silent, or was withdrawn, is void for ever: whoever held it takes a new one, with a new name, and
    so begins anew. That is what keeps an interrupted skill from going on by itself.
    """

    def __init__(self) -> None:
        self.epoch = 0
        self._held: dict[str, Held] = {}
        self._void: dict[str, str] = {}

    def renew(self, news: Renewal, now_s: float, now_ns: int, config: GuardConfig) -> None:
        """Note that a holder renewed its lease. Raises LeaseError when that does not count."""
        name, known = news.lease, self._held.get(news.lease)
        if name in self._void:
            raise LeaseError(f"lease {name!r} is void: {self._void[name]}")
        if news.epoch != self.epoch:
            raise LeaseError(f"lease {name!r} was taken under another activation of the guard; take a new one")
        skew_s = (now_ns - news.stamp_ns) / 1e9
        if not abs(skew_s) <= config.stamp_skew_s:
            raise LeaseError(f"lease {name!r} is stamped {skew_s:+.3f} s from now, more than {config.stamp_skew_s} s")
        if known is not None and news.stamp_ns < known.stamp_ns:
            raise LeaseError(f"lease {name!r}: a renewal older than the last one")
        if known is not None and now_s - known.renewed_s > config.lease_void_s:
            self.withdraw(name, f"it was not renewed for {now_s - known.renewed_s:.2f} s")
            raise LeaseError(f"lease {name!r} is void: {self._void[name]}")
        rival = self._rival(name, now_s, config)
        if known is None and news.rank is Rank.OPERATOR and rival:
            raise LeaseError(f"lease {name!r}: another operator has the robot, under {rival!r}")
        rank = news.rank if known is None else known.rank
        self._held[name] = Held(now_s, rank, news.stamp_ns)
        if len(self._held) > MOST_LEASES:
            del self._held[min(self._held, key=lambda one: (self._held[one].rank, self._held[one].renewed_s))]

    def _rival(self, name: str, now_s: float, config: GuardConfig) -> str:
        """Return another operator's lease that is in force; empty where there is none."""
        return next((
            other for other, held in self._held.items()
            if other != name and held.rank is Rank.OPERATOR and now_s - held.renewed_s <= config.lease_void_s
        ), "")  # fmt: skip

    def withdraw(self, name: str, why: str) -> None:
        """Make one lease void."""
        self._held.pop(name, None)
        self._void[name] = why
        if len(self._void) > MOST_VOID:
            del self._void[next(iter(self._void))]

    def withdraw_all(self, why: str, up_to: Rank) -> None:
        """Make every lease void that is not of a higher rank than `up_to`."""
        for name in [name for name, held in self._held.items() if held.rank <= up_to]:
            self.withdraw(name, why)

    def expire(self, now_s: float) -> None:
        """Forget those that were not renewed for long; they are void."""
        for name in [name for name, held in self._held.items() if now_s - held.renewed_s > LEASE_MEMORY_S]:
            self.withdraw(name, f"it was not renewed for {LEASE_MEMORY_S:.0f} s")

    def held(self, name: str, now_s: float, config: GuardConfig) -> Held:
        """Return a lease that is in force. Raises LeaseError saying why it is not."""
        known = self._held.get(name)
        if known is not None and now_s - known.renewed_s > config.lease_void_s:
            self.withdraw(name, f"it was not renewed for {now_s - known.renewed_s:.2f} s")
            known = None
        if known is None:
            void = self._void.get(name)
            rival = self._rival(name, now_s, config)
            besides = f"; another operator has the robot, under {rival!r}" if rival else ""
            raise LeaseError(
                f"lease {name!r} is void: {void}" if void else f"nobody renews a lease called {name!r}{besides}"
            )
        return known

    def age_s(self, name: str, now_s: float) -> float:
        """Return time since a lease was renewed [s]; infinite for one that is not in force."""
        known = self._held.get(name)
        return float("inf") if known is None else now_s - known.renewed_s

    def why_void(self, name: str) -> str:
        """Return why a lease is void; empty where it is not."""
        return self._void.get(name, "")

    def rank(self, now_s: float, config: GuardConfig) -> Rank:
        """Return the highest rank of which a lease is in force: renewed, and not void."""
        ranks = [held.rank for held in self._held.values() if now_s - held.renewed_s <= config.lease_void_s]
        return max(ranks, default=Rank.AUTONOMY)
