"""Pushes that are imagined end on what the body stands on, as those do that are planned."""

from __future__ import annotations

import numpy as np
import torch

from f2p.action.push import FARTHEST, RIM
from f2p.geometry import into_box
from f2p.posterior.action_spaces.bounded import action_space
from f2p.posterior.action_spaces.protocol import Situation
from f2p.posterior.bounds import Bounds, Surface
from f2p.posterior.config import ActionConfig
from f2p.types import Box, Segment, SkillCall

SIZE = np.array([0.06, 0.06, 0.08])


def ends(surface: Surface, poses: np.ndarray, count: int = 200) -> tuple[np.ndarray, np.ndarray]:
    """Where pushes drawn in one of `poses` (2, 2) each end, in the surface's frame [m]; and the pushes."""
    states = np.zeros((count, 2, 4))
    states[:, 1, :2] = np.resize(poses, (count, 2))
    states[:, 1, 2] = surface.height + 0.5 * SIZE[2]
    one = Segment("one", "cuboid", Box(states[0, 1, :3], SIZE), np.zeros((1, 3)))
    situation = Situation(
        SkillCall("push", "one", [0.1, 0.0]), states, 1, one, Bounds((surface,)), None, ActionConfig()
    )
    space = action_space(situation, np.random.default_rng(0))
    pushes = space.parameters(space.draw(count, 1, torch.Generator().manual_seed(0))).double().numpy()
    return into_box(states[:, 1, :2] + pushes, surface.center, surface.yaw), pushes


def test_pushes_end_on_the_board_and_reach_all_of_it() -> None:
    board = Surface("shelf", np.array([0.7, 0.3]), np.array([0.09, 0.16]), 0.4, 0.5)
    found, _ = ends(board, np.array([[0.7, 0.3], [0.68, 0.33]]))
    room = board.half - RIM
    assert np.all(np.abs(found) <= room + 1e-4) and np.all(np.ptp(found, axis=0) > 1.8 * room)


def test_on_a_wide_table_they_are_as_long_as_the_skill_allows_and_from_the_floor_anything() -> None:
    table = Surface("table", np.array([0.7, 0.3]), np.array([0.6, 0.6]), 0.0, 0.5)
    _, pushes = ends(table, np.array([[0.7, 0.3], [0.7, 0.3]]))
    assert np.abs(pushes).max() <= FARTHEST + 1e-6 and np.abs(pushes).max() > 0.95 * FARTHEST
    _, pushes = ends(table, np.array([[2.7, 0.3], [2.7, 0.3]]))
    assert np.abs(pushes).max() > 0.95 * FARTHEST
