"""Depth images to points: what an image and its camera info mean, checked; camera frame in, no frame of the robot."""

from __future__ import annotations

import array

import numpy as np
from sensor_msgs.msg import CameraInfo, Image, PointCloud2, PointField

from f2p.ros.base.compat import read_points
from f2p.ros.errors import BadImageError, CloudError

MOST_PIXELS = 4_000_000
"""Larger images are refused before they are converted (ours: a D435i has 0.9 million)."""

MOST_POINTS = 5_000_000
"""Larger clouds are refused before they are converted (promises.md 5.8: 20 million points must not hurt)."""


def depth_metres(image: Image) -> np.ndarray:
    """Return the depth of every pixel [m], NaN where there is none. Shape (height, width), float32.

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
    with np.errstate(invalid="ignore"):
        depth = np.ascontiguousarray(rows[:, :row]).view(kind).astype(np.float32) * np.float32(scale)
    depth[~np.isfinite(depth) | (depth <= 0.0)] = np.nan
    return depth


def points_camera(image: Image, info: CameraInfo) -> np.ndarray:
    """Return points of all pixels with usable depth in the optical frame [m]. Shape (points, 3), float32.

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
    with np.errstate(over="ignore", invalid="ignore"):  # what no float32 holds becomes infinite and is left out
        points = np.stack([(columns - cx) / fx * z, (rows - cy) / fy * z, z], axis=-1).astype(np.float32)
    return points[np.all(np.isfinite(points), axis=1)]


def cloud_points(cloud: PointCloud2) -> np.ndarray:
    """Return finite points of a cloud message in its own frame [m]. Shape (points, 3), float32.

    Raises:
        CloudError: too large, sizes or fields that lie, no x, y, z, or not one finite point.
    """
    count = cloud.width * cloud.height
    if not 0 < count <= MOST_POINTS:
        raise CloudError(f"a cloud of {count} points is not between 1 and {MOST_POINTS} points")
    points = points_of(cloud)
    points = points[np.all(np.isfinite(points), axis=1)]
    if not len(points):
        raise CloudError(f"none of the {count} points is finite")
    return points


def points_of(cloud: PointCloud2) -> np.ndarray:
    """Return all points of a cloud message in its own frame, finite or not [m]. Shape (points, 3), float32.

    Raises:
        CloudError: sizes or fields that lie, or no x, y, z.
    """
    count = cloud.width * cloud.height
    if not count:
        return np.zeros((0, 3), np.float32)
    names = {item.name: item for item in cloud.fields}
    missing = [axis for axis in "xyz" if axis not in names]
    if missing:
        raise CloudError(f"a cloud needs fields x, y, z; it has: {', '.join(names)[:100] or 'none'}")
    sizes = {PointField.FLOAT32: 4, PointField.FLOAT64: 8}
    for axis in "xyz":
        item = names[axis]
        if item.datatype not in sizes or item.count not in (0, 1):
            raise CloudError(
                f"field {axis} must be one float32 or float64, not datatype {item.datatype} x {item.count}"
            )
        if item.offset + sizes[item.datatype] > cloud.point_step:
            raise CloudError(f"field {axis} at byte {item.offset} lies outside a point of {cloud.point_step} bytes")
    if cloud.row_step < cloud.width * cloud.point_step or len(cloud.data) < cloud.row_step * cloud.height:
        raise CloudError(
            f"{len(cloud.data)} bytes, {cloud.row_step} a row, do not hold {count} points of {cloud.point_step} bytes"
        )
    trimmed = PointCloud2(
        height=cloud.height, width=cloud.width, fields=[names[axis] for axis in "xyz"], data=cloud.data,
        is_bigendian=cloud.is_bigendian, point_step=cloud.point_step, row_step=cloud.row_step,
    )  # fmt: skip
    rows = read_points(trimmed)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.stack([np.asarray(rows[axis]).astype(np.float32) for axis in "xyz"], axis=-1)


def cloud_of(points: np.ndarray) -> PointCloud2:
    """Return points (n, 3) as a cloud message without a header, x, y, z in single precision."""
    packed = np.ascontiguousarray(points, dtype="<f4").reshape(-1, 3)
    out = PointCloud2(height=1, width=len(packed), point_step=12, row_step=12 * len(packed), is_dense=True)
    kind = PointField.FLOAT32
    out.fields = [PointField(name=axis, offset=4 * at, datatype=kind, count=1) for at, axis in enumerate("xyz")]
    out.data = array.array("B", packed.tobytes())
    return out
