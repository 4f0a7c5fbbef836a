"""What the weights package can refuse, and why (codes 8xx)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from f2p.errors import F2pError


class WeightsError(F2pError):
    """Base of this package's errors."""


class UnknownWeightsError(WeightsError):
    """An id, or the beginning of one, that the store does not hold exactly once."""

    code = 801

    def __init__(self, asked: str, choices: Sequence[str]) -> None:
        held = ", ".join(one[:12] for one in choices) or "none"
        super().__init__(f"no weights are called {asked!r}, or more than one; held: {held}")


class BadWeightsFileError(WeightsError):
    """A file that must not be served."""

    code = 802

    def __init__(self, source: Path | str, reason: str) -> None:
        self.reason = reason
        super().__init__(f"weights {str(source)!r} refused: {reason}")


class ParentMovedError(WeightsError):
    """Somebody else published in the meantime (PARENT_MOVED)."""

    code = 803

    def __init__(self, parent: str | None, champion: str | None) -> None:
        super().__init__(
            f"PARENT_MOVED: these weights were made from {_short(parent)}, but the champion is now {_short(champion)}; "
            f"learn again from the champion, or promote by hand"
        )


class NoSpaceError(WeightsError):
    """The disk is full (NO_SPACE); nothing half-written is left and the champion is untouched."""

    code = 804

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(
            f"NO_SPACE: cannot write {str(path)!r}: {reason}; free space and try again, the champion is untouched"
        )


class NoChampionError(WeightsError):
    """A store that serves nothing yet."""

    code = 805

    def __init__(self, folder: Path | str) -> None:
        super().__init__(f"the store {str(folder)!r} has no champion; promote some weights first (f2p weights promote)")


class NoPreviousError(WeightsError):
    """Nothing to roll back to."""

    code = 806

    def __init__(self, folder: Path | str) -> None:
        super().__init__(f"the store {str(folder)!r} has no previous champion to roll back to; promote by id instead")


class BadManifestError(WeightsError):
    """A manifest that is missing, truncated, or another file's."""

    code = 807

    def __init__(self, source: Path | str, reason: str) -> None:
        super().__init__(f"manifest {str(source)!r} refused: {reason}")


class StoreWriteError(WeightsError):
    """The store cannot be written for another reason than a full disk."""

    code = 808

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(f"cannot write {str(path)!r}: {reason}; check the permissions of the store's folder")


class StoreBusyError(WeightsError):
    """Another process holds a lock of the store."""

    code = 809

    def __init__(self, path: Path | str, holder: str) -> None:
        super().__init__(f"{str(path)!r} is held by {holder or 'another process'}; wait for it or end that process")


class WrongAnswersError(WeightsError):
    """Weights that load but do not answer as their manifest says."""

    code = 810

    def __init__(self, weights_id: str, gap: float, tolerance: float) -> None:
        super().__init__(
            f"weights {weights_id[:12]} answer the golden questions otherwise than their manifest says (by {gap:.3g}, "
            f"allowed {tolerance:.3g}); they must not be served"
        )


class BadLineError(WeightsError):
    """One of the two lines that say which weights are served is damaged."""

    code = 812

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(
            f"{str(path)!r} does not say which weights are meant: {reason}; f2p weights promote <id> writes it anew"
        )


class NotProvenError(WeightsError):
    """Weights that load, and predict worse than those in service (NOT_PROVEN)."""

    code = 813

    def __init__(self, weights_id: str, reasons: Sequence[str]) -> None:
        super().__init__(f"NOT_PROVEN: weights {weights_id[:12]} must not serve: {'; '.join(reasons)}")


class SignatureError(WeightsError):
    """A signature that is asked for and missing, damaged, or somebody else's."""

    code = 814

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(f"signature {str(path)!r} refused: {reason}; nothing was taken")


class KeyFileError(WeightsError):
    """A file that is no key of the kind that is needed."""

    code = 815

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(f"key {str(path)!r} cannot be used: {reason}; openssl genpkey -algorithm ed25519 makes one")


class PinnedError(WeightsError):
    """A store whose champion a person has pinned (PINNED)."""

    code = 816

    def __init__(self, pinned: str, wanted: str) -> None:
        super().__init__(
            f"PINNED: weights {pinned[:12]} are to serve until f2p weights pin --off; {wanted[:12]} stay in the store"
        )


class WithdrawnError(WeightsError):
    """Weights that served, or wanted to, and were sent away with a reason."""

    code = 817

    def __init__(self, weights_id: str, reason: str) -> None:
        super().__init__(
            f"weights {weights_id[:12]} were withdrawn: {reason}; f2p weights promote brings them back all the same"
        )


class NobodyWaitsError(WeightsError):
    """No candidate waits for approval."""

    code = 818

    def __init__(self, folder: Path | str) -> None:
        super().__init__(f"no candidate waits in the store {str(folder)!r}; f2p weights list shows what it holds")


class ServesStillError(WeightsError):
    """Weights that were to be sent away while they serve."""

    code = 819

    def __init__(self, weights_id: str) -> None:
        super().__init__(
            f"weights {weights_id[:12]} serve, and only those that do not can be refused; f2p weights rollback puts "
            "those before in their place, and sends these away"
        )


def _short(weights_id: str | None) -> str:
    """Shorten an id as people read it."""
    return weights_id[:12] if weights_id else "nothing"
