"""Quaternions (w, x, y, z) of many bodies at once, as MuJoCo orders them; scipy has them the other way round."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.spatial.transform import Rotation


def rotation_matrices(quaternions: np.ndarray) -> np.ndarray:
    """Return the rotation matrices of quaternions (..., 4), unit but for rounding. Shape (..., 3, 3)."""
    return np.asarray(_rotations(quaternions).as_matrix()).reshape(*quaternions.shape[:-1], 3, 3)


def yaw_quaternions(yaws: np.ndarray) -> np.ndarray:
    """Return quaternions (w, x, y, z) of rotations about +z. Shape (..., 4)."""
    from scipy.spatial.transform import Rotation

    return _quaternions(Rotation.from_euler("z", np.ravel(yaws)[:, None]), np.shape(yaws))


def quaternion_product(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the Hamilton product of unit quaternions (w, x, y, z), broadcast. Shape (..., 4)."""
    first, second = np.broadcast_arrays(first, second)
    return _quaternions(_rotations(first) * _rotations(second), first.shape[:-1])


def _rotations(quaternions: np.ndarray) -> Rotation:
    from scipy.spatial.transform import Rotation

    return Rotation.from_quat(np.roll(quaternions.reshape(-1, 4), -1, axis=-1))


def _quaternions(rotations: Rotation, shape: tuple[int, ...]) -> np.ndarray:
    return np.roll(np.asarray(rotations.as_quat()), 1, axis=-1).reshape(*shape, 4)
