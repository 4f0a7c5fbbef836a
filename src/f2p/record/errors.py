"""What can be wrong with a recording (codes 560 to 569)."""

from __future__ import annotations

from pathlib import Path

from f2p.errors import F2pError


class NotABagError(F2pError):
    """A path where no recording is, or one of which nothing can be read."""

    code = 560

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{str(path)!r} is no recording: {why}")


class OtherVersionError(F2pError):
    """A recording whose messages are defined otherwise than here."""

    code = 561

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(f"{kind} of the recording is not that of this f2p: {why}; replay it with the f2p it is from")


class RecorderFullError(F2pError):
    """Too little of the disk is free to record; everything else goes on."""

    code = 562

    def __init__(self, folder: Path, free: int, least: int) -> None:
        super().__init__(
            f"{free / 1e9:.2f} GB are free for {str(folder)!r}, and {least / 1e9:.2f} GB are kept free; "
            "remove old recordings, then ask again"
        )


class OtherRobotError(F2pError):
    """A recording of another robot than a Stretch."""

    code = 563

    def __init__(self, why: str) -> None:
        super().__init__(f"the recording is of another robot: {why}")


class NothingToReplayError(F2pError):
    """A recording in which nothing can be run again."""

    code = 564

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{str(path)!r}: {why}; f2p record show tells what is in it")


class NotACertificateError(F2pError):
    """A file that is no replay certificate."""

    code = 565

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{str(path)!r} is no replay certificate: {why}")
