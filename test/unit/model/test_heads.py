"""How boxes lie to each other, and that the decoders say the same of a pair however it is asked for."""

from __future__ import annotations

import pytest
import torch

from f2p.model.heads import GAPS, SCALES, BinaryDecoder, gaps, with_grasped


def box(center: tuple[float, float, float], size: tuple[float, float, float]) -> torch.Tensor:
    half = 0.5 * torch.tensor(size, dtype=torch.float64)
    return torch.cat([torch.tensor(center, dtype=torch.float64), -half, half])


def distances(subject: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
    """The distances behind the coarsest scale [m], five rows of x, y, z."""
    values = gaps(subject, other)
    assert values.shape == (GAPS,)
    return (torch.atanh(values[-15:]) * SCALES[-1]).view(5, 3)


def test_a_cube_that_stands_on_a_table_touches_it_from_above_and_keeps_its_distance_from_the_edge() -> None:
    table, cube = box((0.7, -0.5, 0.475), (0.5, 0.9, 0.05)), box((0.9, -0.4, 0.52), (0.04, 0.04, 0.04))
    between, over, under, above_the_top, below_the_bottom = distances(cube, table)
    assert between.tolist() == pytest.approx([0.2, 0.1, 0.045])
    assert over.tolist() == pytest.approx([0.2 - 0.25, 0.1 - 0.45, 0.02])
    assert under.tolist() == pytest.approx([-0.25 - 0.2, -0.45 - 0.1, -0.025 - 0.045])
    assert above_the_top[2].item() == pytest.approx(0.0, abs=1e-9)
    assert below_the_bottom[2].item() == pytest.approx(-0.025 - 0.045 - 0.02)


def test_all_pairs_some_pairs_and_pairs_with_the_grasped_one_agree() -> None:
    torch.manual_seed(0)
    decoder = BinaryDecoder(8, pair_geometry=True).double()
    features, boxes = torch.randn(2, 4, 8).double(), torch.randn(2, 4, 9).double()
    every = decoder(features, boxes)
    subjects, objects = torch.tensor([0, 3]), torch.tensor([2, 1])
    some = decoder.pairs(features, boxes, subjects, objects)
    torch.testing.assert_close(some, torch.stack([every[:, 0, 2], every[:, 3, 1]], 1))
    grasped = with_grasped(decoder, features, boxes, torch.tensor([1, 3]))
    torch.testing.assert_close(grasped[0], torch.cat([every[0, :, 1], every[0, 1]], -1))
    torch.testing.assert_close(grasped[1], torch.cat([every[1, :, 3], every[1, 3]], -1))


def test_geometry_is_only_looked_at_where_asked_for() -> None:
    torch.manual_seed(0)
    features, here = torch.randn(1, 3, 8), torch.randn(1, 3, 9)
    literal, default = (BinaryDecoder(8, pair_geometry=geometry) for geometry in (False, True))
    assert torch.equal(literal(features, here), literal(features, 2 * here))
    assert not torch.equal(default(features, here), default(features, 2 * here))
