"""What planning, inference and learning ask of a skill effect model, whatever its architecture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor
from torch.nn import Parameter

from f2p.model.latent import Latent


@dataclass(frozen=True, eq=False)
class RelationLogits:
    """Logits of relations; their sigmoid is the probability."""

    unary: Tensor
    """Shape (B, n, 3)."""
    binary: Tensor
    """Entry [i, j] is relation(i, j). Shape (B, n, n, 9)."""


class SkillEffectModel(Protocol):
    """γ of A.11.1 in four parts; also a `torch.nn.Module`.

    Contract: rows of segments outside `mask` influence nothing. In `eval()` mode every answer is deterministic, and
    differentiable in points, translations and parameters. Frame: task frame, [m], [rad].
    """

    def observe(self, points: Tensor, mask: Tensor, ids: Tensor | None = None) -> Latent:
        """Encode clouds (B, n, 128, 3) with mask (B, n); `ids` (B, n) pick identities, 0..n-1 if not given."""

    def moved(self, latent: Latent, translations: Tensor) -> Latent:
        """The latent of the same scene with every segment moved rigidly by `translations` (B, n, 3)."""

    def advance(self, latent: Latent, skill: str, object_index: Tensor, parameters: Tensor) -> tuple[Latent, Tensor]:
        """The latent after `skill` on `object_index` (B,) with `parameters` (B, 4), and displacements (B, n, 3).

        A latent of one scene serves all B parameters.
        """

    def relations(self, latent: Latent) -> RelationLogits:
        """Decode all relations."""

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """As of a module."""

    def state_dict(self) -> dict[str, Tensor]:
        """As of a module."""
