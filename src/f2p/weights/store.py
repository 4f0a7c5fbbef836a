"""The store: immutable weights named by their content, and two one-line files that say which are served.

    <folder>/<sha256>.safetensors   the tensors, written once
    <folder>/<sha256>.json          the manifest; its presence makes the weights known
    <folder>/champion               id of the weights in service
    <folder>/previous               id of the weights before
    <folder>/waiting                id of a candidate that waits for a person's approval
    <folder>/pinned                 id of the weights that are to stay, while a person wants that
    <folder>/trusted/*.pem          public keys, one of which must have signed what comes from elsewhere

Publishing is compare-and-swap: whoever was made from weights that are no longer the champion is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from f2p.files import sweep_partials
from f2p.weights.checks import CheckConfig, check_norms, checked_tensors, header_of, sha256_of
from f2p.weights.errors import (
    BadLineError,
    BadManifestError,
    BadWeightsFileError,
    NobodyWaitsError,
    NoChampionError,
    NoPreviousError,
    ParentMovedError,
    PinnedError,
    ServesStillError,
    UnknownWeightsError,
    WithdrawnError,
)
from f2p.weights.files import locked, read_regular, remove, write_whole
from f2p.weights.manifest import Manifest
from f2p.weights.remarks import readmit, withdraw, withdrawn

_ID = re.compile(r"[0-9a-f]{64}")
_MOST_MANIFEST = 4 * 2**20

Expected = Callable[[Manifest], dict[str, list[Any]]]
"""What tensors an architecture has: name to [dtype, shape]."""


@dataclass(frozen=True, eq=False)
class LoadedWeights:
    """Weights that passed every check that needs no predictions."""

    manifest: Manifest
    tensors: dict[str, Tensor]

    @property
    def weights_id(self) -> str:
        """sha-256 of the file they came from."""
        return self.manifest.weights_id


class WeightsStore:
    """One folder of weights. Safe for several processes; readers never wait."""

    def __init__(self, folder: Path | str, expected: Expected, config: CheckConfig | None = None) -> None:
        """Use `folder`, which need not exist yet; `expected` says what an architecture must contain."""
        self.folder = Path(folder)
        self.config = config or CheckConfig()
        self._expected = expected

    def put(self, data: bytes, manifest: Manifest) -> str:
        """Keep weights without serving them; returns their id. Keeping the same bytes twice is no error.

        Raises:
            BadManifestError: The manifest speaks of other bytes, or holds numbers that are not finite.
            BadWeightsFileError: The bytes are no weights of that architecture.
            NoSpaceError, StoreWriteError: Nothing half-written is left.
        """
        weights_id = sha256_of(data)
        if manifest.weights_id != weights_id:
            raise BadManifestError(weights_id, f"it is of other weights ({manifest.weights_id[:12]})")
        if len(data) > self.config.most_bytes:
            raise BadWeightsFileError(weights_id, f"{len(data)} bytes, at most {self.config.most_bytes} are kept")
        checked_tensors(data, self._expected(manifest), weights_id, self.config)
        words = manifest.to_bytes()
        if not self._manifest_path(weights_id).exists():
            write_whole(self._tensors_path(weights_id), data)
            write_whole(self._manifest_path(weights_id), words)
        return weights_id

    def load(self, weights_id: str) -> LoadedWeights:
        """Read weights from bytes and check them.

        Raises:
            UnknownWeightsError: No such weights here.
            BadManifestError, BadWeightsFileError: They must not be served; says why.
        """
        if not _ID.fullmatch(weights_id) or not self._manifest_path(weights_id).exists():
            raise UnknownWeightsError(weights_id, self.ids)
        manifest = self.manifest(weights_id)
        data = self.bytes_of(weights_id)
        if sha256_of(data) != weights_id:
            raise BadWeightsFileError(weights_id, "its contents are not those it is named after (truncated or altered)")
        if header_of(data, weights_id, self.config) != manifest.tensors:
            raise BadManifestError(weights_id, "it describes other tensors than the file has")
        tensors = checked_tensors(data, self._expected(manifest), weights_id, self.config)
        if manifest.parent is not None and self._manifest_path(manifest.parent).exists():
            parent = self.bytes_of(manifest.parent)
            if sha256_of(parent) == manifest.parent:
                expected = self._expected(self.manifest(manifest.parent))
                old = checked_tensors(parent, expected, manifest.parent, self.config)
                check_norms(tensors, old, weights_id, self.config)
        return LoadedWeights(manifest, tensors)

    def manifest(self, weights_id: str) -> Manifest:
        """Return the manifest of weights. Raises BadManifestError when it is not theirs."""
        path = self._manifest_path(weights_id)
        try:
            data = read_regular(path, _MOST_MANIFEST)
        except BadWeightsFileError as error:
            raise BadManifestError(path, error.reason) from error
        manifest = Manifest.from_bytes(data, str(path))
        if manifest.weights_id != weights_id:
            raise BadManifestError(path, f"it is of other weights ({manifest.weights_id[:12]})")
        return manifest

    def publish(self, weights_id: str, parent: str | None) -> None:
        """Make weights the champion if the champion is still `parent` (None: if there is none yet).

        Raises:
            ParentMovedError: Another champion was published meanwhile; these weights stay in the store.
            UnknownWeightsError, BadWeightsFileError, BadManifestError: They must not be served.
            NoSpaceError, StoreWriteError, StoreBusyError: The champion is unchanged.
        """
        self.load(weights_id)
        with locked(self.folder / ".publish.lock"):
            sweep_partials(self.folder)
            champion = self._line("champion")
            if champion != parent:
                raise ParentMovedError(parent, champion)
            self._require_unpinned(weights_id)
            if reason := withdrawn(self.folder, weights_id):
                raise WithdrawnError(weights_id, reason)
            self._point_to(weights_id, champion)

    def promote(self, asked: str) -> str:
        """Make any weights of the store the champion because a person says so; returns their id.

        It repairs damaged lines as well: of a champion that cannot be read there is no going back.
        """
        weights_id = self.resolve(asked)
        self.load(weights_id)
        with locked(self.folder / ".publish.lock"):
            self._require_unpinned(weights_id)
            self._point_to(weights_id, self._sound_line("champion"))
            readmit(self.folder, weights_id)
            if self._sound_line("previous") is None:
                remove(self.folder / "previous")
        return weights_id

    def rollback(self) -> str:
        """Make the previous champion the champion again; returns its id.

        Raises:
            NoChampionError, NoPreviousError: There is nothing to go back from or to.
        """
        with locked(self.folder / ".publish.lock"):
            champion, previous = self.champion, self._line("previous")
            if previous is None or previous == champion:
                raise NoPreviousError(self.folder)
            self.load(previous)
            self._require_unpinned(previous)
            self._point_to(previous, champion)
        return previous

    def keep_waiting(self, weights_id: str) -> None:
        """Have weights wait for a person's approval, in place of those that do; they must be fit to be served."""
        self.load(weights_id)
        with locked(self.folder / ".publish.lock"):
            write_whole(self.folder / "waiting", f"{weights_id}\n".encode())

    def refuse(self, asked: str, reason: str) -> str:
        """Withdraw weights because a person says so, those that wait or others; returns their id.

        Raises:
            ServesStillError: They are the champion.
            WeightsError: There are none of that name, or it cannot be noted.
        """
        weights_id = self.resolve(asked)
        with locked(self.folder / ".publish.lock"):
            if weights_id == self._sound_line("champion"):
                raise ServesStillError(weights_id)
            withdraw(self.folder, weights_id, reason)
            self._wait_no_more(weights_id)
        return weights_id

    @property
    def waiting(self) -> str | None:
        """Id of the candidate that waits for approval, if any. Raises BadLineError."""
        return self._line("waiting")

    def pin(self) -> str:
        """Keep the champion: until `unpin` nothing else is published, promoted or rolled back to; returns its id."""
        with locked(self.folder / ".publish.lock"):
            champion = self.champion
            write_whole(self.folder / "pinned", f"{champion}\n".encode())
        return champion

    def unpin(self) -> None:
        """Let other weights serve again."""
        with locked(self.folder / ".publish.lock"):
            remove(self.folder / "pinned")

    @property
    def pinned(self) -> str | None:
        """Id of the weights that are to stay, if any. Raises BadLineError."""
        return self._line("pinned")

    @property
    def champion(self) -> str:
        """Id of the weights in service. Raises NoChampionError."""
        champion = self._line("champion")
        if champion is None:
            raise NoChampionError(self.folder)
        return champion

    @property
    def previous(self) -> str | None:
        """Id of the weights that were in service before, if any."""
        return self._line("previous")

    @property
    def served(self) -> tuple[str, ...]:
        """Ids of champion and previous, as far as their lines can be read."""
        return tuple(one for one in map(self._sound_line, ("champion", "previous")) if one is not None)

    @property
    def ids(self) -> tuple[str, ...]:
        """All weights of the store, sorted."""
        found = (path.stem for path in self.folder.glob("*.json")) if self.folder.is_dir() else ()
        return tuple(sorted(stem for stem in found if _ID.fullmatch(stem)))

    def resolve(self, asked: str) -> str:
        """Return the id meant by `champion`, `previous`, `waiting`, an id or its beginning. Raises WeightsError."""
        if asked == "champion":
            return self.champion
        if asked == "previous":
            if self.previous is None:
                raise NoPreviousError(self.folder)
            return self.previous
        if asked == "waiting":
            if self.waiting is None:
                raise NobodyWaitsError(self.folder)
            return self.waiting
        matches = [one for one in self.ids if one.startswith(asked)] if re.fullmatch(r"[0-9a-f]{4,64}", asked) else []
        if len(matches) != 1:
            raise UnknownWeightsError(asked, self.ids)
        return matches[0]

    def bytes_of(self, weights_id: str) -> bytes:
        """Return a weights file's bytes as they are. Raises BadWeightsFileError."""
        return read_regular(self._tensors_path(weights_id), int(self.config.most_bytes))

    def _require_unpinned(self, wanted: str) -> None:
        """Raise PinnedError where other weights than `wanted` are to stay."""
        pinned = self._line("pinned")
        if pinned not in (None, wanted):
            raise PinnedError(str(pinned), wanted)

    def _point_to(self, weights_id: str, champion: str | None) -> None:
        """Write both lines, `previous` first: after a crash in between, the old champion still serves."""
        if champion is not None and champion != weights_id:
            write_whole(self.folder / "previous", f"{champion}\n".encode())
        write_whole(self.folder / "champion", f"{weights_id}\n".encode())
        self._wait_no_more(weights_id)

    def _wait_no_more(self, weights_id: str) -> None:
        """Take weights from among those that wait, also where the line that says so is damaged."""
        if (self.folder / "waiting").exists() and self._sound_line("waiting") in (None, weights_id):
            remove(self.folder / "waiting")

    def _line(self, name: str) -> str | None:
        """Return the id in a one-line file, None where there is none."""
        path = self.folder / name
        if not path.exists():
            return None
        try:
            line = read_regular(path, 256).decode(errors="replace").strip()
        except BadWeightsFileError as error:
            raise BadLineError(path, error.reason) from error
        if not _ID.fullmatch(line):
            raise BadLineError(path, f"it does not hold an id but {line[:40]!r}")
        return line

    def _sound_line(self, name: str) -> str | None:
        """Return the id in a one-line file, None where there is none or it is damaged."""
        try:
            return self._line(name)
        except BadLineError:
            return None

    def _tensors_path(self, weights_id: str) -> Path:
        return self.folder / f"{weights_id}.safetensors"

    def _manifest_path(self, weights_id: str) -> Path:
        return self.folder / f"{weights_id}.json"
