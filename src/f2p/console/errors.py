"""What the console refuses."""

from __future__ import annotations

from f2p.errors import F2pError


class PortTakenError(F2pError):
    """The console cannot listen where it was told to."""

    code = 980

    def __init__(self, address: str, port: int, reason: str) -> None:
        super().__init__(
            f"the console cannot listen on {address}:{port}: {reason}; say another --port, or end what listens there"
        )


class TokenFileError(F2pError):
    """A file that holds no token the console would take."""

    code = 981


class OpposedError(F2pError):
    """A button that another operator has just pressed the opposite of, or that only who has the robot may press."""

    code = 982


class NotNowError(F2pError):
    """A button that cannot be pressed as things stand."""

    code = 983


class GateMissingError(F2pError):
    """The web server would not ask who comes in, so it is not started: another viser is installed than tested."""

    code = 984

    def __init__(self, version: str) -> None:
        super().__init__(
            f"viser {version} starts its server otherwise than the console expects, so nobody would be asked for the "
            "token; install the version that requirements/runtime.txt names"
        )
