"""The one seam between a ROS installation and the bare wheels: clouds, quaternions, transforms, subscription events.

`sensor_msgs_py` and `tf_transformations` are used where they exist; elsewhere small equivalents stand in, with the
same names and conventions. Transforms are buffered by our own tree in both places: staleness is part of its contract.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import deque

import numpy as np
from sensor_msgs.msg import PointCloud2, PointField

from f2p.ros.errors import NoTransformError

_NUMPY_TYPES = {
    PointField.INT8: "i1", PointField.UINT8: "u1", PointField.INT16: "i2", PointField.UINT16: "u2",
    PointField.INT32: "i4", PointField.UINT32: "u4", PointField.FLOAT32: "f4", PointField.FLOAT64: "f8",
}  # fmt: skip


def structured_points(cloud: PointCloud2) -> np.ndarray:
    """Return the points of a cloud as a structured array, one named field each; the message must be consistent.

    The equivalent of `sensor_msgs_py.point_cloud2.read_points` on a whole cloud.
    """
    order = ">" if cloud.is_bigendian else "<"
    layout = np.dtype(
        {
            "names": [item.name for item in cloud.fields],
            "formats": [
                (order + _NUMPY_TYPES[item.datatype], (item.count,))
                if item.count > 1
                else order + _NUMPY_TYPES[item.datatype]
                for item in cloud.fields
            ],
            "offsets": [item.offset for item in cloud.fields],
            "itemsize": cloud.point_step,
        }
    )
    rows = np.frombuffer(cloud.data, dtype=np.uint8)[: cloud.row_step * cloud.height].reshape(
        cloud.height, cloud.row_step
    )
    packed = np.ascontiguousarray(rows[:, : cloud.width * cloud.point_step])
    return packed.view(layout).reshape(-1)


def quaternion_matrix(quaternion_xyzw: np.ndarray) -> np.ndarray:
    """Homogeneous rotation matrix of a quaternion (x, y, z, w); the tf_transformations convention. Shape (4, 4)."""
    x, y, z, w = np.asarray(quaternion_xyzw, dtype=np.float64) / np.linalg.norm(quaternion_xyzw)
    out = np.eye(4)
    out[:3, :3] = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    return out


try:
    from rclpy.event_handler import SubscriptionEventCallbacks as _Events
except ImportError:  # Humble
    from rclpy.qos_event import SubscriptionEventCallbacks as _Events

SubscriptionEventCallbacks = _Events

try:
    from sensor_msgs_py.point_cloud2 import read_points as _packed_points
except ImportError:
    _packed_points = structured_points


def read_points(cloud: PointCloud2) -> np.ndarray:
    """Read as `structured_points`, by `sensor_msgs_py` where it exists and no row is padded: it takes rows to touch."""
    padded = cloud.height > 1 and cloud.row_step != cloud.width * cloud.point_step
    return structured_points(cloud) if padded else _packed_points(cloud)


try:
    from tf_transformations import quaternion_matrix as matrix_of_quaternion
except ImportError:
    matrix_of_quaternion = quaternion_matrix


def _slerp(start: np.ndarray, end: np.ndarray, fraction: float) -> np.ndarray:
    """Return spherical interpolation of two unit quaternions."""
    cosine = float(np.dot(start, end))
    end, cosine = (-end, -cosine) if cosine < 0.0 else (end, cosine)
    if cosine > 0.9995:
        out = start + fraction * (end - start)
        return out / np.linalg.norm(out)
    angle = np.arccos(cosine)
    return (np.sin((1 - fraction) * angle) * start + np.sin(fraction * angle) * end) / np.sin(angle)


class Transforms:
    """A tree of frames over time; every answer is for one moment, or an error says why not.

    Safe to use from several threads.

    Args:
        keep_s: How long a transform is remembered [s].
    """

    def __init__(self, keep_s: float = 10.0) -> None:
        self._keep_ns = int(keep_s * 1e9)
        self._lock = threading.Lock()
        self._parents: dict[str, str] = {}
        self._told: dict[str, dict[str, float]] = {}
        self._static: dict[str, np.ndarray] = {}
        self._moving: dict[str, deque[tuple[int, np.ndarray]]] = {}

    def add(self, parent: str, child: str, stamp_ns: int, pose: np.ndarray, static: bool) -> None:
        """Remember child in parent. `pose` is (x, y, z, qx, qy, qz, qw) [m]; what is no pose is dropped."""
        norm = np.linalg.norm(pose[3:])
        if not np.all(np.isfinite(pose)) or not 0.9 < norm < 1.1 or parent == child:
            return
        with self._lock:
            self._parents[child] = parent
            self._told.setdefault(child, {})[parent] = np.inf if static else stamp_ns
            if static:
                self._static[child] = pose
                return
            track = self._moving.setdefault(child, deque())
            if not track or stamp_ns > track[-1][0]:
                track.append((stamp_ns, pose))
            elif stamp_ns < track[-1][0] - self._keep_ns:
                track.clear()  # the clock jumped back: what was known is of another time
                track.append((stamp_ns, pose))
            while track and track[-1][0] - track[0][0] > self._keep_ns:
                track.popleft()

    def lookup(self, target: str, source: str, stamp_ns: int, tolerance_s: float) -> np.ndarray:
        """Return the matrix that takes points of `source` to `target` at `stamp_ns`. Shape (4, 4).

        Args:
            target: Frame of the result.
            source: Frame of the points.
            stamp_ns: The moment [ns].
            tolerance_s: How far outside what is known the moment may lie [s].

        Raises:
            NoTransformError: an unknown frame (with the known ones), two trees, a frame with two parents, or a moment
                too far away.
        """
        with self._lock:
            up_source, up_target = self._chain(source), self._chain(target)
            shared = next((frame for frame in up_source if frame in up_target), None)
            if shared is None:
                raise NoTransformError(f"frames {source!r} and {target!r} are not connected")
            for frame in (*up_source[: up_source.index(shared)], *up_target[: up_target.index(shared)], source, target):
                self._check_parents(frame, stamp_ns)
            shared_from_source = self._product(up_source, shared, stamp_ns, tolerance_s)
            shared_from_target = self._product(up_target, shared, stamp_ns, tolerance_s)
        return np.linalg.inv(shared_from_target) @ shared_from_source

    def _check_parents(self, frame: str, stamp_ns: int) -> None:
        """Raise NoTransformError for a frame with two parents at once: they are those of two robots."""
        parents = [name for name, at_ns in self._told.get(frame, {}).items() if at_ns > stamp_ns - self._keep_ns]
        if len(parents) > 1:
            raise NoTransformError(
                f"frame {frame!r} has {len(parents)} parents: {', '.join(sorted(parents))}; another robot's transforms "
                "arrive here: give each robot's a namespace (driver:=)"
            )

    def _chain(self, frame: str) -> list[str]:
        if frame not in self._parents and frame not in self._parents.values():
            known = ", ".join(sorted({*self._parents, *self._parents.values()})) or "none yet"
            raise NoTransformError(f"no frame {frame!r}; known frames: {known}")
        out = [frame]
        while out[-1] in self._parents:
            parent = self._parents[out[-1]]
            if parent in out:
                raise NoTransformError(f"frames go in a ring: {' < '.join([*out, parent])}")
            out.append(parent)
        return out

    def _product(self, chain: list[str], until: str, stamp_ns: int, tolerance_s: float) -> np.ndarray:
        out = np.eye(4)
        for frame in chain[: chain.index(until)]:
            pose = self._static[frame] if frame in self._static else self._at(frame, stamp_ns, tolerance_s)
            step = matrix_of_quaternion(pose[3:])
            step[:3, 3] = pose[:3]
            out = step @ out
        return out

    def _at(self, frame: str, stamp_ns: int, tolerance_s: float) -> np.ndarray:
        track = self._moving[frame]
        stamps = [stamp for stamp, _ in track]
        slack = int(tolerance_s * 1e9)
        if stamp_ns > stamps[-1] + slack or stamp_ns < stamps[0] - slack:
            away = (stamp_ns - (stamps[-1] if stamp_ns > stamps[-1] else stamps[0])) / 1e9
            raise NoTransformError(f"transform of {frame!r} is {away:+.3f} s away from the moment asked for")
        right = bisect_left(stamps, stamp_ns)
        if right == 0 or right == len(stamps):
            return track[min(right, len(stamps) - 1)][1]
        (before_ns, before), (after_ns, after) = track[right - 1], track[right]
        fraction = (stamp_ns - before_ns) / (after_ns - before_ns)
        position = before[:3] + fraction * (after[:3] - before[:3])
        return np.concatenate([position, _slerp(before[3:], after[3:], fraction)])
