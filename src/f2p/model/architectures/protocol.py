"""What an architecture brings so that it can be trained, kept, served and learned with: config, profiles, groups."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Container, Mapping
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import torch
from torch import Tensor, nn

from f2p.model.protocol import L, Latent, RelationLogits
from f2p.model.transitions import Progress, Rows, Transitions
from f2p.registry import Registry

GROUPS = ("encoder", "embedding", "decoders", "dynamics")
"""Groups of parameters that a recipe may freeze: what clouds are encoded by; what else latents of an observation depend
on; what says which relations a latent shows; what predicts effects."""

L_co = TypeVar("L_co", bound=Latent, covariant=True)


class Encoding(Protocol[L_co]):
    """The observations of one data set as latents of one model. Thread-safe."""

    def latents(self, rows: Rows) -> tuple[L_co, L_co]:
        """Return latents of some transitions before and after the skill."""

    def freeze(self, progress: Progress | None = None) -> None:
        """Remember what the encoder says: its parameters change no more."""


class Architecture(nn.Module, ABC, Generic[L]):
    """A `SkillEffectModel` that is a module built from a config alone; its state dict are its weights.

    Subclasses are registered in `architectures`, set the class variables, and take their config as the one argument.
    """

    config_class: ClassVar[type[Any]]
    """A frozen dataclass, of numbers, switches, names and further such dataclasses, with a field `skills`."""
    profiles: ClassVar[Mapping[str, Callable[[], Any]]]
    """Configurations by name; `default` is one of them."""
    groups: ClassVar[Mapping[str, tuple[str, ...]]]
    """Prefixes of parameters by their group, one of GROUPS; every parameter is in one."""

    config: Any

    def only_of(self, skill: str) -> tuple[str, ...]:
        """Return prefixes of parameters that no other skill uses; none where an architecture shares all of them."""
        return ()

    @property
    @abstractmethod
    def max_segments(self) -> int:
        """As of `Perception`."""

    @abstractmethod
    def observe(self, points: Tensor, mask: Tensor, ids: Tensor | None = None) -> L:
        """See `Perception`."""

    def observe_rigid(self, points: Tensor, turned: Tensor) -> L:
        """See `Perception`; an architecture that encodes every cloud by itself can do so for less."""
        return self.observe(points, torch.ones(points.shape[:2], dtype=torch.bool))

    @abstractmethod
    def moved(self, latent: L, translations: Tensor) -> L:
        """See `Perception`."""

    @abstractmethod
    def advance(self, latent: L, skill: str, object_index: Tensor, parameters: Tensor) -> tuple[L, Tensor]:
        """See `Dynamics`."""

    def displacements(self, latent: L, skill: str, object_index: Tensor, parameters: Tensor) -> Tensor:
        """Return the second of what `advance` does; an architecture that can for less without the first does so."""
        return self.advance(latent, skill, object_index, parameters)[1]

    def reshapes(self, skill: str) -> bool:
        """See `Dynamics`; an architecture that cannot predict another shape says no."""
        return False

    def reshaped(self, latent: L, after: L, object_index: Tensor) -> L:
        """See `Dynamics`; asked only of an architecture that reshapes."""
        return latent

    def shape_error(self, predicted: L, after: L, object_index: Tensor) -> Tensor:
        """See `Dynamics`; asked only of an architecture that reshapes."""
        return torch.zeros(len(object_index))

    @abstractmethod
    def relations(self, latent: L) -> RelationLogits:
        """See `Decoders`."""

    def pair_logits(self, latent: L, subjects: Tensor, objects: Tensor) -> Tensor:
        """See `Decoders`; an architecture that can decode some pairs for less does so."""
        return self.relations(latent).binary[:, subjects, objects]

    def encoding(self, data: Transitions) -> Encoding[L]:
        """Return the observations of `data` as latents; an architecture that can remember parts of them does so."""
        return ObservedAnew(self, data)


architectures: Registry[type[Architecture]] = Registry("architecture", "f2p.model.architectures")
"""Classes by name of the architecture."""


def architecture_of(model: Architecture) -> str:
    """Return the name that the class of `model` is registered under."""
    return next(name for name in architectures if architectures.get(name) is type(model))


class ObservedAnew(Generic[L]):
    """Every observation encoded whenever it is asked for; fulfils `Encoding`."""

    def __init__(self, model: Architecture[L], data: Transitions) -> None:
        self._model, self._data = model, data

    def latents(self, rows: Rows) -> tuple[L, L]:
        """See `Encoding`."""
        mask, width = rows.labels.mask, rows.labels.mask.shape[1]
        clouds = self._data.clouds[:, rows.index, :width] + rows.shift.unsqueeze(-2)
        return self._model.observe(clouds[0], mask, rows.ids), self._model.observe(clouds[1], mask, rows.ids)

    def freeze(self, progress: Progress | None = None) -> None:
        """Remember nothing."""


def parameters_outside(
    model: Architecture, frozen: tuple[str, ...], skills: Container[str] | None = None
) -> list[nn.Parameter]:
    """Return the parameters that learn; the others stop asking for gradients.

    Args:
        model: Whose.
        frozen: Groups that stay as they are.
        skills: What only other skills use stays as it is too; all of them learn if not given.
    """
    prefixes = [prefix for group in frozen for prefix in model.groups[group]]
    if skills is not None:
        prefixes += [prefix for skill in model.config.skills if skill not in skills for prefix in model.only_of(skill)]
    kept, trained = tuple(prefixes), []
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(not name.startswith(kept))
        if parameter.requires_grad:
            trained.append(parameter)
    return trained
