"""Builds the ROS interfaces for Python, in a folder whose name CMake can bear, and installs them whole.

rosidl's CMake files do not bear spaces, colons or umlauts in a path. So colcon works in a folder of its own under the
temporary one: copies of the packages in it, and a link to this clone through which it finds everything else.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from pathlib import Path

from progress import SetupError, run_logged

PACKAGES = ("src/f2p_msgs", "src/ros_standins/control_msgs", "src/ros_standins/tf2_msgs")

BUILDER_PYTHON = "/opt/python/cp311-cp311"
"""Where Python was on the machine that built the ROS wheels; their CMake files name it."""

PLAIN = re.compile(r"[A-Za-z0-9_./+-]+")
"""Paths that CMake files bear unquoted."""


def cmake_replacements(include: str, numpy_include: str) -> dict[str, str]:
    """Return what to write in place of the folders of the machine that built the ROS wheels."""
    return {
        f"{BUILDER_PYTHON}/lib/python3.11/site-packages/numpy/_core/include": numpy_include,
        f"{BUILDER_PYTHON}/include/python3.11": include,
    }


def rewrite(folder: Path, endings: tuple[str, ...], replacements: dict[str, str]) -> int:
    """Replace text in all files below `folder` that have one of the endings; returns how many files changed.

    A file is there as it was or as it is to be, at any moment.
    """
    changed = 0
    for path in sorted(item for item in folder.rglob("*") if item.suffix in endings and item.is_file()):
        before = path.read_text()
        after = before
        for old, new in replacements.items():
            after = after.replace(old, new)
        if after != before:
            temporary = path.with_name(f"{path.name}.new")
            temporary.write_text(after)
            shutil.copymode(path, temporary)
            os.replace(temporary, path)
            changed += 1
    return changed


def working_folder(root: Path) -> Path:
    """Return the folder to build in: the same for the same clone and user, so that an interrupted build is found.

    Raises:
        SetupError: No temporary folder has a plain name.
    """
    mark = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
    for parent in (tempfile.gettempdir(), "/tmp", "/var/tmp"):
        if PLAIN.fullmatch(parent) and os.access(parent, os.W_OK):
            return Path(parent) / f"f2p-interfaces-{os.getuid()}-{mark}"
    raise SetupError(f"no temporary folder without spaces or umlauts: TMPDIR is {tempfile.gettempdir()!r}; set another")


def build(root: Path, venv: Path, target: Path, log: Path) -> None:
    """Build and install `PACKAGES` of the clone `root` with the tools in `venv`.

    What was in `target` stays until the new is complete.
    """
    work = working_folder(root)
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(mode=0o700)  # raises where it is somebody else's
    try:
        clone, made = work / "clone", work / "install"
        clone.symlink_to(root)
        for package in PACKAGES:
            shutil.copytree(root / package, work / "src" / Path(package).name)
        _run_colcon(work, clone / venv.relative_to(root), made, log)
        rewrite(made, (".sh", ".bash", ".zsh", ".cmake", ""), {str(made): str(target), str(clone): str(root)})
        _replace(target, made)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _run_colcon(work: Path, venv: Path, made: Path, log: Path) -> None:
    """Build what is in `work/src` into `made`; every path that CMake sees lies in `work`."""
    jobs = len(os.sched_getaffinity(0))
    environment = {**os.environ, "CMAKE_PREFIX_PATH": str(venv), "MAKEFLAGS": f"-j{jobs}"}
    options = ["--merge-install", "--install-base", str(made), "--build-base", str(work / "build")]
    cmake = [f"-DPython3_EXECUTABLE={venv}/bin/python", "-DPYTHON_ONLY=ON", "-DBUILD_TESTING=OFF", "-Wno-dev"]
    colcon = ["colcon", "--log-base", str(work / "log"), "build", "--base-paths", str(work / "src")]
    command = [*colcon, *options, "--cmake-args", *cmake]
    sourced = ["bash", "-c", 'source "$1" && shift && exec "$@"', "bash", str(venv.parent / "setup/env.sh")]
    run_logged([*sourced, *command], log, environment)


def _replace(target: Path, made: Path) -> None:
    """Put `made` in the place of `target`, which is whole before and after, or not there for a moment between."""
    new, old = target.with_name(f"{target.name}.new"), target.with_name(f"{target.name}.old")
    for rest in (new, old):
        shutil.rmtree(rest, ignore_errors=True)
    shutil.copytree(made, new, symlinks=True)
    if target.exists():
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)
