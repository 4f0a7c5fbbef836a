"""What a camera took and how the robot stood at one moment, small enough to stand within a page."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from matplotlib import colormaps
from PIL import Image

from f2p.robot.frames import BASE_START_TASK

MOST_PIXELS = 480
"""Longer side of a picture in a page [pixels] (ours: some tens of KB each)."""

LARGEST_PIXELS = 4096 * 4096
"""Largest picture that is decoded, so that a small file cannot become gigabytes [pixels] (ours)."""

_FORMATS = ("JPEG", "PNG")
_GAP = (70, 70, 70)
"""Colour of pixels without depth."""


@dataclass(frozen=True, eq=False)
class Stance:
    """Where the robot stood."""

    joints: Mapping[str, float] = field(default_factory=dict)
    """Positions by name [m or rad]."""
    base_task: tuple[float, float, float] = BASE_START_TASK
    """Base in the task frame (x, y [m], heading [rad])."""


@dataclass(frozen=True, eq=False)
class Glimpse:
    """One moment as it was recorded."""

    jpeg: bytes
    """The camera's picture; empty where none was recorded."""
    depth: bool = False
    """Whether it is of depth, coloured."""
    stance: Stance | None = None
    """None where no joint states were recorded."""


def shrunk(data: bytes) -> bytes:
    """Return a compressed picture as a small JPEG. Raises ValueError where it is none, or too large to be decoded."""
    try:
        with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
            if image.width * image.height > LARGEST_PIXELS:
                raise ValueError(f"a picture of {image.width} x {image.height} pixels is too large")
            return _jpeg(image.convert("RGB"))
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise ValueError(f"no picture: {error}") from error


def drawn_depth(metres: np.ndarray) -> bytes:
    """Return depth as a small JPEG, near in dark and far in light colours; grey where there is none.

    Args:
        metres: NaN where there is none. Shape (height, width).
    """
    known = np.isfinite(metres)
    low, high = np.percentile(metres[known], (2.0, 98.0)) if known.any() else (0.0, 1.0)
    share = np.clip((np.where(known, metres, low) - low) / max(high - low, 1e-3), 0.0, 1.0)
    colours = (255.0 * colormaps["viridis"](share)[..., :3]).astype(np.uint8)
    colours[~known] = _GAP
    return _jpeg(Image.fromarray(colours))


def _jpeg(image: Image.Image) -> bytes:
    image.thumbnail((MOST_PIXELS, MOST_PIXELS))
    out = io.BytesIO()
    image.save(out, format="JPEG", quality=80)
    return out.getvalue()
