"""Pictures in a page are small whatever was recorded, and the robot is drawn where it stood."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from PIL import Image

from f2p.report.seen import LARGEST_PIXELS, MOST_PIXELS, Stance, drawn_depth, shrunk
from f2p.report.stretch import boxes, trace
from f2p.robot.frames import BASE_START_TASK
from f2p.robot.protocol import ARM, LIFT


def compressed(size: tuple[int, int], kind: str = "PNG", mode: str = "RGB") -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, (10, 200, 30) if mode == "RGB" else 1).save(out, format=kind)
    return out.getvalue()


def test_a_picture_is_small_and_shows_the_same() -> None:
    with Image.open(io.BytesIO(shrunk(compressed((1920, 1080))))) as image:
        assert image.size == (MOST_PIXELS, 270) and image.format == "JPEG"
        assert np.allclose(np.asarray(image).mean((0, 1)), (10, 200, 30), atol=4)


def test_near_is_dark_far_is_light_and_nothing_is_grey() -> None:
    metres = np.full((40, 80), 0.5, np.float32)
    metres[:, 40:], metres[:10] = 3.0, np.nan
    with Image.open(io.BytesIO(drawn_depth(metres))) as image:
        shown = np.asarray(image).astype(float)
    near, far, nothing = shown[20:, :30].mean((0, 1)), shown[20:, 50:].mean((0, 1)), shown[:7].mean((0, 1))
    assert far.sum() > 2 * near.sum() and np.allclose(nothing, 70, atol=5)
    assert drawn_depth(np.full((4, 4), np.nan))


@pytest.mark.parametrize(
    "data",
    [b"", b"no picture", compressed((64, 64))[:60], compressed((64, 64), "GIF")],
    ids=["0", "text", "cut", "gif"],
)
def test_what_is_no_picture_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="no picture"):
        shrunk(data)


def test_a_small_file_that_becomes_huge_is_refused_before_it_is_decoded() -> None:
    side = math.isqrt(LARGEST_PIXELS) + 100
    with pytest.raises(ValueError, match="is too large"):
        shrunk(compressed((side, side), mode="1"))


def test_the_robot_is_drawn_where_and_as_it_stood() -> None:
    start, moved = boxes(), boxes(Stance({LIFT: 0.9, ARM: 0.4}, (0.27, -0.5, math.pi / 2)))
    base = moved[0].mean(0) - start[0].mean(0)
    assert np.allclose(base, (0.0, -0.5 - BASE_START_TASK[1], 0.0), atol=1e-9)
    reach = (moved[-1].mean(0) - moved[0].mean(0)) - (start[-1].mean(0) - start[0].mean(0))
    assert np.linalg.norm(reach) == pytest.approx(0.3, abs=0.02), "the arm is 30 cm farther out"
    assert trace().name == "Stretch, where the task began" and trace(Stance()).name == "Stretch, as it stood"
