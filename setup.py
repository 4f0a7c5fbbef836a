"""Builds and installs f2p as a ROS 2 Python package (`colcon build`)."""

from pathlib import Path

from setuptools import find_packages, setup

NAME = "f2p"
SOURCE = Path("src") / NAME
DATA = (".safetensors", ".json", ".npz", ".html", ".css", ".js")


def files(pattern: str) -> list[str]:
    """List the files that a pattern names, in a fixed order."""
    return [str(path) for path in sorted(Path().glob(pattern)) if path.is_file()]


def data_files() -> list[str]:
    """List the files in the package that are not Python; older setuptools know no recursive patterns."""
    return [str(path.relative_to(SOURCE)) for path in sorted(SOURCE.rglob("*")) if path.suffix in DATA]


setup(
    name=NAME,
    version="0.1.0",
    description="Learns from skills that did not do what was predicted, while the robot runs",
    license="Apache-2.0",
    python_requires=">=3.10",
    package_dir={"": "src"},
    packages=find_packages("src", include=[NAME, f"{NAME}.*"]),
    package_data={NAME: data_files()},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{NAME}"]),
        (f"share/{NAME}", ["package.xml"]),
        (f"share/{NAME}/launch", files("launch/*.py")),
        (f"share/{NAME}/config", files("config/*")),
    ],
    install_requires=["setuptools"],
    # What no rosdep key exists for, or what only some processes need.
    extras_require={
        "model": ["torch", "safetensors>=0.4", "cryptography"],
        "perception": ["open3d-cpu>=0.18"],
        "simulation": ["mujoco>=3.2,<4", "hello-robot-stretch-urdf==0.1.2"],
        "record": ["mcap>=1.2", "lz4", "zstandard"],
        "report": ["plotly", "matplotlib"],
        "console": ["viser==1.1.1"],
        "cli": ["typer", "rich"],
    },
    zip_safe=False,
    entry_points={"console_scripts": [f"{NAME} = {NAME}.__main__:main", f"{NAME}_node = {NAME}.ros.main:main"]},
)
