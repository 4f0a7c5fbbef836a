"""A set-point that follows a target with bounded speed and acceleration, as the motors' firmware does."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass
class Trapezoid:
    """Position and velocity of one set-point; a new target keeps the velocity it finds."""

    position: float
    speed: float
    """Largest speed [m/s or rad/s]."""
    acceleration: float
    """[m/s^2 or rad/s^2]."""
    velocity: float = 0.0
    target: float = math.nan
    """Where it is going; NaN holds the position."""

    @property
    def moving(self) -> bool:
        """Whether the set-point has not arrived."""
        return not math.isnan(self.target) and (self.target != self.position or self.velocity != 0.0)

    def go(self, target: float, speed: float, acceleration: float) -> None:
        """Take a new target from wherever the set-point is and however fast it moves."""
        self.target, self.speed, self.acceleration = target, speed, acceleration

    def hold(self, position: float) -> None:
        """Stand at `position` now."""
        self.position, self.velocity, self.target = position, 0.0, position

    def advance(self, step_s: float) -> float:
        """Move on by `step_s` and return the new position."""
        if not self.moving:
            return self.position
        left = self.target - self.position
        change = self.acceleration * step_s
        # the speed from which it can still stop at the target, one step of reaction included
        braking = math.sqrt(2.0 * self.acceleration * abs(left) + 0.25 * change * change) - 0.5 * change
        wanted = math.copysign(min(self.speed, braking), left)
        self.velocity += min(max(wanted - self.velocity, -change), change)
        if abs(left) <= abs(self.velocity) * step_s + 1e-9 and abs(self.velocity) <= 2.0 * change:
            self.position, self.velocity = self.target, 0.0
        else:
            self.position += self.velocity * step_s
        return self.position
