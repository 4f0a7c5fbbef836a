"""What object-centric architectures share: PointConv, identities, where segments are, and three decoders (A.11.2).

`literal` profiles follow A.11.2. `default` ones encode every segment centred on its own centroid and add an embedding
of that centroid and of where the cloud ends, so that moving a segment costs one small network; and they tell the
dynamics which object is grasped and how the others are related to it (ours).
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import torch
from torch import Tensor, nn

from f2p.action.protocol import Opens, actions, moves, width_of
from f2p.model.architectures.dynamics import FeatureConfig, Manipulation, SkillDynamics
from f2p.model.architectures.protocol import Architecture
from f2p.model.encoded import Encoded
from f2p.model.errors import TooManySegmentsError, UnknownSkillError
from f2p.model.heads import BinaryDecoder, BoxDecoder, PositionDecoder, UnaryDecoder, gaps, picked, with_grasped
from f2p.model.latent import Clouds, ObjectLatent
from f2p.model.pointconv import Neighbourhoods, PointConv, PointConvConfig, neighbourhoods
from f2p.model.protocol import RelationLogits
from f2p.model.rowwise import perceptron
from f2p.model.transitions import Transitions
from f2p.settings import Settings, group, number, setting


@dataclass(frozen=True)
class ObjectCentricConfig(Settings):
    """Sizes and options of the shared parts; an architecture adds those of its dynamics."""

    centred: bool = setting(
        True, "encode each segment about its own centroid", source="ours: generalises and makes moving cheap"
    )
    scale: float = number(10.0, "factor on centred coordinates", low=0.1, high=100.0, source="ours: objects are small")
    centroid_scale: float = number(2.0, "factor on centroids before their embedding", unit="1/m", low=0.1, high=100.0)
    extent_scale: float = number(5.0, "factor on extents before their embedding", unit="1/m", low=0.1, high=100.0)
    identities: int = number(16, "identities drawn from", low=2, high=256, source="ours: 8 do not hold 7 objects")
    identity_width: int = number(128, "features of an identity", low=1, high=1024, source="A.11.2")
    pair_geometry: bool = setting(
        True, "give the binary decoder how the bounding boxes of a pair lie to each other",
        source="ours: what stands on what",
    )  # fmt: skip
    encoder: PointConvConfig = group(PointConvConfig)
    dynamics: FeatureConfig = group(FeatureConfig)
    skills: tuple[str, ...] = group(lambda: actions.names, "one dynamics network each", source="A.10")


C = TypeVar("C", bound=ObjectCentricConfig)


def literal(config: C) -> C:
    """Return `config` without what we added to the shared parts: what the appendix says, wherever it can be done."""
    plain = dataclasses.replace(
        config.dynamics, grasped_flag=False, relation_features=False, placement_features=False, zero_output=False
    )
    return dataclasses.replace(config, centred=False, scale=1.0, pair_geometry=False, dynamics=plain)


class ObjectCentric(Architecture[ObjectLatent]):
    """A skill effect model with one latent per segment; architectures say what dynamics each skill has."""

    dynamics_class: ClassVar[type[SkillDynamics]]
    """Built once a skill from latent width, number of parameters and the config's `dynamics`."""
    groups: ClassVar = {
        "encoder": ("encoder.",),
        "embedding": ("identity.", "place.", "place_linear."),
        "decoders": ("unary_decoder.", "binary_decoder."),
        "dynamics": ("dynamics.", "position_decoder.", "box_decoder."),
    }

    def __init__(self, config: ObjectCentricConfig) -> None:
        super().__init__()
        self.config = config
        width = config.encoder.width_3 + config.identity_width
        self.encoder = PointConv(config.encoder)
        self.identity = nn.Embedding(config.identities, config.identity_width)
        if config.centred:
            outputs = config.encoder.width_3
            self.place = perceptron(9, 128, outputs)
            self.place_linear = nn.Linear(9, outputs, bias=False)
        make: Any = self.dynamics_class
        self.dynamics = nn.ModuleDict({skill: make(width, width_of(skill), config.dynamics) for skill in config.skills})
        self.position_decoder = PositionDecoder(width)
        if any(self.reshapes(skill) for skill in config.skills):
            self.box_decoder = BoxDecoder(width)
        self.unary_decoder = UnaryDecoder(width)
        self.binary_decoder = BinaryDecoder(width, config.pair_geometry)

    def only_of(self, skill: str) -> tuple[str, ...]:
        """Its network."""
        return (f"dynamics.{skill}.",)

    @property
    def max_segments(self) -> int:
        """As many as there are identities."""
        return self.config.identities

    def encoding(self, data: Transitions) -> Encoded:
        """Return the observations of `data`, their neighbourhoods remembered."""
        return Encoded(self, data)

    def observe(self, points: Tensor, mask: Tensor, ids: Tensor | None = None) -> ObjectLatent:
        """Encode clouds (B, n, 128, 3) with mask (B, n); `ids` (B, n) pick identities, 0..n-1 if not given."""
        clouds, neighbours = self.encode(points, mask)
        kept = (None, None) if self.config.centred else (points, neighbours)
        return self.assemble(clouds, mask, ids, *kept)

    def observe_rigid(self, points: Tensor, turned: Tensor) -> ObjectLatent:
        """See `Perception`: neighbourhoods are found in the first scene only, what is not turned is encoded once."""
        batch, segments = points.shape[:2]
        own = torch.arange(batch * segments).view(batch, segments)
        index, inverse = torch.unique(torch.where(turned, own, own[0]), return_inverse=True)
        prepared, centroid, extent = self.prepared(points.flatten(0, 1)[index])
        neighbours = neighbourhoods(prepared[:segments].detach(), self.config.encoder)
        shape = self.encoder(prepared, neighbours.take(index % segments))
        clouds = Clouds(shape[inverse], centroid[inverse], extent[inverse])
        kept = (None, None) if self.config.centred else (points, neighbours.take(own.flatten() % segments))
        return self.assemble(clouds, torch.ones(batch, segments, dtype=torch.bool), None, *kept)

    def prepared(self, points: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return what the encoder is given of clouds (M, 128, 3), their centroids (M, 3) and extents (M, 6)."""
        centroid = points.mean(-2)
        centred = points - centroid.unsqueeze(-2)
        extent = torch.cat([centred.amin(-2), centred.amax(-2)], -1)
        return (centred * self.config.scale if self.config.centred else points), centroid, extent

    def encode(
        self, points: Tensor, mask: Tensor, neighbours: Neighbourhoods | None = None
    ) -> tuple[Clouds, Neighbourhoods]:
        """Encode clouds (B, n, 128, 3), zero off the mask; also returns the neighbourhoods of all B·n of them."""
        prepared, centroid, extent = self.prepared(points.flatten(0, 1))
        neighbours = neighbours or neighbourhoods(prepared.detach(), self.config.encoder)
        present = mask.flatten().nonzero().squeeze(-1)
        encoded = self.encoder(prepared[present], neighbours.take(present))
        shape = torch.zeros(len(prepared), encoded.shape[-1], dtype=encoded.dtype).index_copy(0, present, encoded)
        values = (value.view(*mask.shape, -1) * mask.unsqueeze(-1) for value in (shape, centroid, extent))
        return Clouds(*values), neighbours

    def assemble(
        self,
        clouds: Clouds,
        mask: Tensor,
        ids: Tensor | None = None,
        points: Tensor | None = None,
        neighbours: Neighbourhoods | None = None,
    ) -> ObjectLatent:
        """Assemble the latent of encoded segments. Raises TooManySegmentsError for fewer identities than segments."""
        if mask.shape[1] > self.config.identities:
            raise TooManySegmentsError(mask.shape[1], self.config.identities)
        index = torch.arange(mask.shape[1]).expand(mask.shape) if ids is None else ids
        identity = self.identity(index)
        features = self._features(clouds, identity)
        return ObjectLatent(features, clouds.shape, clouds.centroid, clouds.extent, identity, mask, points, neighbours)

    def _features(self, clouds: Clouds, identity: Tensor) -> Tensor:
        """Return X = P ⊕ ID. Shape (B, n, 256)."""
        shape = self._placed(clouds).add_(clouds.shape) if self.config.centred else clouds.shape
        return torch.cat([shape, identity], -1)

    def _placed(self, clouds: Clouds) -> Tensor:
        """Return what P owes to where a cloud is and ends, and not to its shape. Shape (B, n, 128)."""
        config = self.config
        where = torch.cat([clouds.centroid * config.centroid_scale, clouds.extent * config.extent_scale], -1)
        return self.place(where).add_(self.place_linear(where))

    def moved(self, latent: ObjectLatent, translations: Tensor) -> ObjectLatent:
        """Return the latent with every segment moved by `translations` (B, n, 3) [m]; differentiable in them."""
        latent = latent.expanded(len(translations))
        centroid = latent.centroid + translations
        if self.config.centred or latent.points is None:
            features = self._features(Clouds(latent.shape, centroid, latent.extent), latent.identity)
            return dataclasses.replace(latent, centroid=centroid, features=features)
        points = latent.points + translations.unsqueeze(-2)
        clouds, neighbours = self.encode(points, latent.mask, latent.neighbours)
        return self._assembled_again(latent, clouds, points, neighbours)

    def _assembled_again(
        self, latent: ObjectLatent, clouds: Clouds, points: Tensor, neighbours: Neighbourhoods
    ) -> ObjectLatent:
        """Return `latent` with other clouds under the same identities."""
        return dataclasses.replace(
            latent,
            features=self._features(clouds, latent.identity),
            shape=clouds.shape,
            centroid=clouds.centroid,
            points=points,
            neighbours=neighbours,
        )

    def advance(
        self, latent: ObjectLatent, skill: str, object_index: Tensor, parameters: Tensor
    ) -> tuple[ObjectLatent, Tensor]:
        """Return X + δX after `skill` on `object_index` (B,) with `parameters` (B, P), and displacements (B, n, 3) [m].

        Raises UnknownSkillError for a skill this model was not built for.
        """
        latent, act = self._acted_on(latent, skill, object_index, parameters)
        change = self.dynamics[skill](latent, act)
        displacements = self.position_decoder(change) * latent.mask.unsqueeze(-1)
        points = None if latent.points is None else latent.points + displacements.unsqueeze(-2)
        after = dataclasses.replace(
            latent, features=latent.features + change, centroid=latent.centroid + displacements, points=points
        )
        return self._shaped(after, change, object_index) if self.reshapes(skill) else after, displacements

    def reshapes(self, skill: str) -> bool:
        """Tell whether `skill` opens something; only what is encoded about its centroid can be reshaped."""
        return bool(self.config.centred) and isinstance(actions.get(skill), Opens)

    def _shaped(self, after: ObjectLatent, change: Tensor, object_index: Tensor) -> ObjectLatent:
        """Return `after` with the box and the shape of segments `object_index` (B,) as δX = `change` says."""
        own = _at(object_index, after)
        by = self.box_decoder(change) * own
        clouds = Clouds(after.shape, after.centroid + by[..., :3], after.extent + by[..., 3:])
        shape = after.features[..., : after.shape.shape[-1]] - self._placed(clouds)
        return dataclasses.replace(
            after, shape=torch.where(own, shape, after.shape), centroid=clouds.centroid, extent=clouds.extent
        )

    def reshaped(self, latent: ObjectLatent, after: ObjectLatent, object_index: Tensor) -> ObjectLatent:
        """See `Dynamics`: its features are those of the predicted shape in the predicted box."""
        own = _at(object_index, latent)
        clouds = Clouds(
            torch.where(own, after.shape, latent.shape),
            torch.where(own, after.centroid, latent.centroid),
            torch.where(own, after.extent, latent.extent),
        )
        features = self._features(clouds, latent.identity)
        return dataclasses.replace(
            latent, features=features, shape=clouds.shape, centroid=clouds.centroid, extent=clouds.extent
        )

    def shape_error(self, predicted: ObjectLatent, after: ObjectLatent, object_index: Tensor) -> Tensor:
        """See `Dynamics`: the mean over the nine numbers of their boxes."""
        return (picked(predicted.boxes, object_index) - picked(after.boxes, object_index)).abs().mean(-1)

    def displacements(self, latent: ObjectLatent, skill: str, object_index: Tensor, parameters: Tensor) -> Tensor:
        """See `Architecture`: the linear layer that δX comes from and the one that reads it are one product."""
        latent, act = self._acted_on(latent, skill, object_index, parameters)
        dynamics: Any = self.dynamics[skill]
        return self.position_decoder.after(dynamics.output, dynamics.change(latent, act)) * latent.mask.unsqueeze(-1)

    def _acted_on(
        self, latent: ObjectLatent, skill: str, object_index: Tensor, parameters: Tensor
    ) -> tuple[ObjectLatent, Manipulation]:
        """Return a latent for every row of parameters, and what the dynamics are given of them."""
        if skill not in self.dynamics:
            raise UnknownSkillError(skill, tuple(self.dynamics))
        related = self._related(latent, object_index)
        latent = latent.expanded(len(parameters))
        return latent, self._given(latent, skill, object_index, parameters, related)

    def _related(self, latent: ObjectLatent, object_index: Tensor) -> Tensor | None:
        """Relations of every segment to and from the manipulated one, if they are asked for. Shape (B, n, 18)."""
        if not self.config.dynamics.relation_features:
            return None
        count = len(object_index)
        if latent.batch == 1 and bool((object_index == object_index[0]).all()):
            object_index = object_index[:1]  # one scene, one object: the same for all candidates
        latent = latent.expanded(len(object_index))
        related = torch.sigmoid(with_grasped(self.binary_decoder, latent.features, latent.boxes, object_index))
        return related.expand(count, -1, -1)

    def _given(
        self, latent: ObjectLatent, skill: str, object_index: Tensor, parameters: Tensor, related: Tensor | None
    ) -> Manipulation:
        """Return what the segments get of a skill, as far as the dynamics ask for it."""
        placement = None
        if self.config.dynamics.placement_features:
            placement = _placement(latent, object_index, parameters @ parameters.new_tensor(moves(skill)))
        return Manipulation(object_index, parameters, related, placement)

    def relations(self, latent: ObjectLatent) -> RelationLogits:
        """Decode all relations of a latent."""
        return RelationLogits(self.unary_decoder(latent.features), self.binary_decoder(latent.features, latent.boxes))

    def pair_logits(self, latent: ObjectLatent, subjects: Tensor, objects: Tensor) -> Tensor:
        """Return binary logits of some pairs only; `subjects`, `objects` (pairs,). Shape (B, pairs, 9)."""
        return self.binary_decoder.pairs(latent.features, latent.boxes, subjects, objects)


def _at(object_index: Tensor, latent: ObjectLatent) -> Tensor:
    """Mark segments `object_index` (B,) of every scene. Shape (B, n, 1), bool."""
    return torch.zeros_like(latent.mask).scatter(1, object_index.unsqueeze(-1), True).unsqueeze(-1)


def _placement(latent: ObjectLatent, object_index: Tensor, displacement: Tensor) -> Tensor:
    """Return how the manipulated object, moved by `displacement` (B, 3), lies to every segment. Shape (B, n, 45)."""
    grasped = picked(latent.boxes, object_index)
    placed = torch.cat([grasped[:, :3] + displacement, grasped[:, 3:]], -1)
    return gaps(placed.unsqueeze(1), latent.boxes)
