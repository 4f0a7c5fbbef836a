"""What has to come from the operating system: a compiler, CMake, Python's headers and what Open3D is linked with.

Missing ones are installed when we are root; otherwise the exact command is said and set-up stops.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from progress import SetupError, run_logged


@dataclass(frozen=True)
class Need:
    """One program or library that must be there, and the Debian package that brings it."""

    package: str
    what: str
    is_there: Callable[[], bool]


def has_program(name: str) -> Callable[[], bool]:
    """Return a check that a program can be found."""
    return lambda: shutil.which(name) is not None


def has_library(name: str) -> Callable[[], bool]:
    """Return a check that a shared library can be loaded."""

    def is_there() -> bool:
        try:
            ctypes.CDLL(name)
        except OSError:
            return False
        return True

    return is_there


def has_header() -> bool:
    """Tell whether this interpreter's headers are there: the interfaces are compiled against them."""
    return (Path(sysconfig.get_path("include")) / "Python.h").is_file()


def has_venv() -> bool:
    """Tell whether this interpreter can make virtual environments with pip in them."""
    check = "import ensurepip, venv"
    return subprocess.run([sys.executable, "-c", check], stderr=subprocess.DEVNULL, check=False).returncode == 0


NEEDS = (
    Need("g++", "a C++ compiler, for the ROS interfaces", has_program("g++")),
    Need("make", "make, for the ROS interfaces", has_program("make")),
    Need("cmake", "CMake, for the ROS interfaces", has_program("cmake")),
    Need("python3.11-dev", "Python's headers, for the ROS interfaces", has_header),
    Need("python3.11-venv", "Python's venv module", has_venv),
    Need("libgomp1", "the OpenMP library, for Open3D", has_library("libgomp.so.1")),
    Need("libgl1", "the OpenGL library, which Open3D is linked with", has_library("libGL.so.1")),
    Need("libx11-6", "the X11 library, which Open3D is linked with", has_library("libX11.so.6")),
)
"""Open3D's wheel for the CPU is linked with the last three (`readelf -d`); libusb it neither needs nor loads."""


def missing(needs: tuple[Need, ...] = NEEDS) -> list[Need]:
    """List the needs that are not met."""
    return [need for need in needs if not need.is_there()]


def install_command(packages: list[str]) -> list[str]:
    """Return the command that installs Debian packages, without asking."""
    return ["apt-get", "install", "-y", "--no-install-recommends", *packages]


def explain(lacking: list[Need]) -> str:
    """Say what is missing and which command brings it."""
    lines = [f"  {need.package}: {need.what}" for need in lacking]
    command = " ".join(["sudo", *install_command([need.package for need in lacking])])
    return "\n".join(["this machine lacks:", *lines, "install it with", f"  {command}", "and start again"])


def install_missing(log: Path) -> None:
    """Install what is missing when we may, else raise with the command to run.

    Raises:
        SetupError: Something is missing and cannot be installed from here.
    """
    lacking = missing()
    if not lacking:
        return
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise SetupError(explain(lacking))
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = install_command([need.package for need in lacking])
    try:
        run_logged(command, log, environment)
    except SetupError:
        run_logged(["dpkg", "--configure", "-a"], log, environment)  # an interrupted one has to be ended first
        run_logged(["apt-get", "update"], log, environment)
        run_logged(command, log, environment)
    still = missing()
    if still:
        raise SetupError(explain(still))
