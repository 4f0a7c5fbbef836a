"""Bodies by name, for scripts that drive one without the running graph.

The graph itself reaches the robot through the guard and the vendor's driver only (promises.md 1.6); none of these has a
guard between the skill and the motors but the steps of `robot/stepping.py`.
"""

from __future__ import annotations

from f2p.registry import Makers
from f2p.robot.protocol import Robot

bodies: Makers[Robot] = Makers("body", "f2p.robot")
"""Importing a member imports no vendor's library; making one may."""
