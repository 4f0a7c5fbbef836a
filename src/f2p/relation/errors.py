"""What can be wrong with the table of relations (1xx)."""

from __future__ import annotations

from collections.abc import Sequence

from f2p.errors import F2pError


class RelationSpecError(F2pError):
    """A specification that does not fit into the table of relations."""

    code = 120

    def __init__(self, name: str, problem: str, known: Sequence[str]) -> None:
        super().__init__(f"relation {name!r} cannot be added: {problem}; the table has: {', '.join(known)}")


class VocabularyFixedError(F2pError):
    """A relation that comes after the vocabulary was fixed."""

    code = 121

    def __init__(self, name: str) -> None:
        super().__init__(
            f"relation {name!r} comes too late: arrays and network heads already have their sizes; "
            "name the module that registers it in F2P_RELATIONS"
        )
