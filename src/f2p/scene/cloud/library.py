"""Open3D, imported when a cloud is first looked at, and without its viewers and its own learning.

Those two bring scikit-learn, pandas and a web server: with them an import takes 1.9 s of processor time and 190 MB, as
here 0.5 s and 40 MB. Whoever wants them in the same process can still import them.

What it does here: planes, and reading PLY and XYZ. What it does not do, measured by `test/compare_open3d.py` (CPU time
a scan of mOSD, one thread): normals (its .028 s, ours .006 s, from pairs that are known), voxels with the cell of each
point (its .168 s, ours .015 s), clusters (its DBSCAN .012 s, our graph .006 s), oriented boxes (its least box is 19 mm
wrong where ours is 3 mm: it knows no up, and depth noise counts in full), and PCD with labels (`pcd.py`).
"""

from __future__ import annotations

import os
import sys
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np

from f2p.scene.errors import LibraryMissingError

LEFT_OUT = "open3d.visualization", "open3d.ml"
"""What Open3D imports with itself and nothing here asks for."""


@cache
def _imported() -> Any:
    # its search for planes ends elsewhere from run to run with more threads, and takes more processor time; read once
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    stand_ins = {name: ModuleType(name) for name in LEFT_OUT if name not in sys.modules}
    sys.modules.update(stand_ins)
    try:
        import open3d
    finally:
        for name in stand_ins:
            del sys.modules[name]

    open3d.utility.set_verbosity_level(open3d.utility.VerbosityLevel.Error)
    return open3d


def open3d() -> Any:
    """Import the module.

    Raises:
        LibraryMissingError: It is not installed, or lacks a library of the system.
    """
    try:
        return _imported()
    except (ImportError, OSError) as error:
        raise LibraryMissingError(str(error)) from error


def cloud_of(points: np.ndarray) -> Any:
    """Return points (n, 3) as Open3D's `PointCloud`."""
    geometry, utility = open3d().geometry, open3d().utility
    return geometry.PointCloud(utility.Vector3dVector(np.asarray(points, dtype=np.float64)))
