"""Depth images to points: what an image and its camera info mean, checked; camera frame in, no frame of the robot."""

from __future__ import annotations

import numpy as np
from sensor_msgs.msg import CameraInfo, Image

from f2p.ros.errors import BadImageError

MOST_PIXELS = 4_000_000
"""Larger images are refused before they are converted (ours: a D435i has 0.9 million)."""


def depth_metres(image: Image) -> np.ndarray:
    """Depth of every pixel [m], NaN where there is none. Shape (height, width), float32.

    Raises:
        BadImageError: an encoding other than 16UC1 (millimetres) or 32FC1 (metres), or sizes that lie.
    """
    kinds = {"16UC1": ("u2", 1e-3), "mono16": ("u2", 1e-3), "32FC1": ("f4", 1.0)}
    if image.encoding not in kinds:
        raise BadImageError(f"depth encoding {image.encoding!r} is not known; choose one of: {', '.join(kinds)}")
    code, scale = kinds[image.encoding]
    kind = np.dtype((">" if image.is_bigendian else "<") + code)
    pixels, row = image.width * image.height, image.width * kind.itemsize
    if not 0 < pixels <= MOST_PIXELS:
        raise BadImageError(f"an image of {image.width} x {image.height} is not between 1 and {MOST_PIXELS} pixels")
    if image.step < row or len(image.data) < image.step * image.height:
        raise BadImageError(f"{len(image.data)} bytes at {image.step} a row do not hold {image.width} x {image.height}")
    rows = np.frombuffer(image.data, np.uint8)[: image.step * image.height].reshape(image.height, image.step)
    depth = np.ascontiguousarray(rows[:, :row]).view(kind).astype(np.float32) * np.float32(scale)
    depth[~np.isfinite(depth) | (depth <= 0.0)] = np.nan
    return depth


def points_camera(image: Image, info: CameraInfo) -> np.ndarray:
    """Points of all pixels with depth in the optical frame [m]. Shape (points, 3), float32.

    Raises:
        BadImageError: see `depth_metres`; or a camera info of another size, or without focal lengths.
    """
    depth = depth_metres(image)
    fx, fy, cx, cy = info.k[0], info.k[4], info.k[2], info.k[5]
    if (info.width, info.height) != (image.width, image.height):
        raise BadImageError(
            f"camera info is for {info.width} x {info.height}, the image has {image.width} x {image.height}"
        )
    if not (np.all(np.isfinite([fx, fy, cx, cy])) and fx > 0.0 and fy > 0.0):
        raise BadImageError(f"camera info has focal lengths {fx}, {fy}; the camera is not calibrated")
    rows, columns = np.nonzero(np.isfinite(depth))
    z = depth[rows, columns]
    return np.stack([(columns - cx) / fx * z, (rows - cy) / fy * z, z], axis=-1).astype(np.float32)
