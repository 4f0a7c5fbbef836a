"""What planning, inference and learning ask of a skill effect model, whatever its architecture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, Self, TypeVar

from torch import Tensor


class Latent(Protocol):
    """The state of B scenes as a model sees it; only that model knows what is in it."""

    def expanded(self, batch: int) -> Self:
        """Return the latent for `batch` candidates: that of one scene is repeated, any other returned as it is."""

    def gathered(self, others: Sequence[Self], index: Tensor) -> Self:
        """Return scenes `index` (k,) of these and of all `others`, counted through, as one latent."""

    def detached(self) -> Self:
        """Return the same values without a gradient."""

    def difference(self, other: Self) -> Tensor:
        """Measure how far every segment is from `other`, as a mean square (latent loss, A.11.2). Shape (B, n)."""


L = TypeVar("L", bound=Latent)
L_contra = TypeVar("L_contra", bound=Latent, contravariant=True)
"""The latent of one architecture."""


@dataclass(frozen=True, eq=False)
class RelationLogits:
    """Logits of relations; their sigmoid is the probability."""

    unary: Tensor
    """Shape (B, n, 3)."""
    binary: Tensor
    """Entry [i, j] is relation(i, j). Shape (B, n, n, 9)."""


class Perception(Protocol[L]):
    """Clouds to latents."""

    @property
    def max_segments(self) -> int:
        """Segments that a scene may have; identities are 0 .. max_segments - 1."""

    def observe(self, points: Tensor, mask: Tensor, ids: Tensor | None = None) -> L:
        """Encode clouds (B, n, 128, 3) with mask (B, n); `ids` (B, n) pick identities, 0..n-1 if not given."""

    def observe_rigid(self, points: Tensor, turned: Tensor) -> L:
        """Encode clouds (B, n, 128, 3) of one scene in B poses, so that much need be computed only once.

        Clouds of `turned` (n,) segments are those of the first pose moved rigidly; all others are the same in all.
        """

    def moved(self, latent: L, translations: Tensor) -> L:
        """Return the latent of the same scene with every segment moved rigidly by `translations` (B, n, 3)."""


class Dynamics(Protocol[L]):
    """A latent and a skill to the latent after it."""

    def advance(self, latent: L, skill: str, object_index: Tensor, parameters: Tensor) -> tuple[L, Tensor]:
        """Return the latent after `skill` on `object_index` (B,) with `parameters` (B, P), and displacements (B, n, 3).

        A latent of one scene serves all B parameters. Raises UnknownSkillError for a skill the model has not learned.
        """

    def reshapes(self, skill: str) -> bool:
        """Tell whether `skill` may leave the object it acts on in another shape: moving its cloud is not enough."""

    def reshaped(self, latent: L, after: L, object_index: Tensor) -> L:
        """Return `latent`, in which segments were only moved, with segments `object_index` (B,) shaped as in `after`.

        `after` is what `advance` made of a skill that reshapes.
        """

    def shape_error(self, predicted: L, after: L, object_index: Tensor) -> Tensor:
        """Measure by how much what is predicted of segments `object_index` (B,) ends elsewhere than seen [m]. (B,)."""


class Decoders(Protocol[L_contra]):
    """Latents to relations."""

    def relations(self, latent: L_contra) -> RelationLogits:
        """Decode all relations."""

    def pair_logits(self, latent: L_contra, subjects: Tensor, objects: Tensor) -> Tensor:
        """Return binary logits of some pairs only; `subjects`, `objects` (pairs,). Shape (B, pairs, 9)."""


class SkillEffectModel(Perception[L], Dynamics[L], Decoders[L], Protocol[L]):
    """γ of A.11.1 in three parts.

    Contract: rows of segments outside the mask influence nothing. In `eval()` mode every answer is deterministic, and
    differentiable in points, translations and parameters. Frame: task frame, [m], [rad].
    """
