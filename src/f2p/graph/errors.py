"""What can be wrong with the graph and its processes (codes 970 to 975)."""

from __future__ import annotations

from pathlib import Path

from f2p.errors import F2pError


class GraphError(F2pError):
    """The robot graph is inconsistent, or a node is not part of it."""

    code = 970


class SupervisorError(F2pError):
    """A process could not be started or keeps dying."""

    code = 971


class DomainTakenError(F2pError):
    """A robot, or another demo, is already in the ROS domain that a demo wanted for itself."""

    code = 972


class ParameterFileError(F2pError):
    """A parameter file that cannot be read, or that means nodes, settings or values that there are not."""

    code = 973

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"parameter file {str(path)!r}: {why}")


class StackRunsError(F2pError):
    """The same node of a graph runs on this machine already, in the same ROS domain and namespace."""

    code = 974


class HandshakeError(F2pError):
    """The arm did not move as the stop handshake asked, or nobody pressed the button."""

    code = 975
