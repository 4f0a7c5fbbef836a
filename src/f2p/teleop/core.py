"""The operator's hands: key presses and gamepad messages with their times in, what is wanted now out.

What is wanted ends by itself: a key counts for as long as it repeats, a gamepad for as long as it sends. Whoever lets
go, pulls the plug or loses the line has stopped wanting, and a gamepad that comes back with its deadman held down is
not believed before that was let go once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from f2p.robot.protocol import BASE_JOINTS, ROTATE, TRANSLATE
from f2p.settings import Settings, group, number
from f2p.teleop.keys import MOTIONS, ORDERS, SPEEDS, STOPS
from f2p.teleop.pad import Pad, PadConfig, pad_of
from f2p.teleop.wish import STILL, TOP, Order, Speed, Wish


@dataclass(frozen=True)
class TeleopConfig(Settings):
    """How long what is held counts, and how fast the three speeds are."""

    key_after_s: float = number(
        0.10, "silence of a key that ends what it moves", unit="s", low=0.04, high=1.0,
        source="promises.md 23: zero within 0.15 s; terminals repeat every 0.03 to 0.04 s, a Linux console every 0.09",
    )  # fmt: skip
    pad_after_s: float = number(0.10, "silence of the gamepad that ends what it moves", unit="s", low=0.04, high=1.0,
                                source="promises.md 23; joy_node repeats at 20 Hz")  # fmt: skip
    slow: float = number(0.2, "share of the top speed when slow", low=0.02, high=1.0)
    medium: float = number(0.5, "…when medium", low=0.02, high=1.0)
    fast: float = number(1.0, "…when fast", low=0.02, high=1.0)
    pad: PadConfig = group(PadConfig)


class Teleop:
    """What one operator's keyboard and gamepad want; time is the monotonic clock's.

    Args:
        config: Patience and speeds.
    """

    def __init__(self, config: TeleopConfig | None = None) -> None:
        self.config = config or TeleopConfig()
        self.speed = Speed.SLOW
        self._keys: dict[str, float] = {}
        self._pad, self._before, self._pad_s = Pad(), Pad(), -math.inf
        self._armed = False
        self._base_first: bool | None = None

    def key(self, key: str, now_s: float) -> Order | None:
        """Note that a key was pressed, or repeated itself; the order that it is, if it is one."""
        if key in SPEEDS:
            self.speed = SPEEDS[key]
        elif key in STOPS:
            self._keys = {key: now_s}
        elif key in MOTIONS:
            self._keys[key] = now_s
        return ORDERS.get(key)

    def joy(self, axes: Sequence[float], buttons: Sequence[int], now_s: float) -> Order | None:
        """Take a message of the gamepad; the order that it is, if it is one."""
        config, pad = self.config.pad, pad_of(axes, buttons)
        if pad is None:
            self._armed, self._pad_s = False, -math.inf
            return None
        if now_s - self._pad_s > self.config.pad_after_s:
            self._armed, self._before = False, pad
        else:
            self._before = self._pad
        self._pad, self._pad_s = pad, now_s
        self._armed = self._armed or not pad.held(config.deadman)
        if self._pressed_now(config.slower):
            self.speed = Speed(max(self.speed - 1, Speed.SLOW))
        if self._pressed_now(config.faster):
            self.speed = Speed(min(self.speed + 1, Speed.FAST))
        return Order.RESUME if self._pressed_now(config.resume) and not pad.held(config.deadman) else None

    def let_go(self) -> None:
        """Want nothing any more, whatever was held: the terminal is gone."""
        self._keys, self._armed = {}, False

    def wish(self, now_s: float) -> Wish:
        """Return what is wanted now."""
        if now_s - self._pad_s > self.config.pad_after_s:
            self._armed = False
        self._keys = {key: at_s for key, at_s in self._keys.items() if now_s - at_s <= self.config.key_after_s}
        pad_held = self._armed and self._pad.held(self.config.pad.deadman)
        if not self._keys and not pad_held:
            self._base_first = None
            return STILL
        shares = dict.fromkeys(TOP, 0.0)
        for joint, share in (self._pad.shares(self.config.pad) if pad_held else {}).items():
            shares[joint] += share
        for joint, direction in (MOTIONS[key] for key in self._keys if key in MOTIONS):
            shares[joint] += direction
        level = (self.config.slow, self.config.medium, self.config.fast)[self.speed]
        return self._one_at_a_time(
            {joint: min(max(share, -1.0), 1.0) * level * TOP[joint] for joint, share in shares.items()}
        )

    def _one_at_a_time(self, speeds: dict[str, float]) -> Wish:
        """Return the base's speeds or the body's; whichever began goes on until it is let go."""
        base = any(speeds[joint] for joint in BASE_JOINTS)
        jogs = tuple(sorted((one, speed) for one, speed in speeds.items() if speed and one not in BASE_JOINTS))
        if self._base_first is None or not (base and jogs):
            self._base_first = base
        held = replace(STILL, pressed=True)
        if self._base_first:
            return replace(held, linear=speeds[TRANSLATE], turning=speeds[ROTATE])
        return replace(held, jogs=jogs)

    def _pressed_now(self, button: int) -> bool:
        return self._pad.held(button) and not self._before.held(button)
