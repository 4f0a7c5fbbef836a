"""What can be wrong with the graph and its processes (codes 970 to 972)."""

from __future__ import annotations

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
