"""A skill effect model as the planner sees it: scenes and candidates in, probabilities out, numpy on both sides."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from f2p.action.protocol import widest, width_of
from f2p.model.architectures.protocol import Architecture
from f2p.model.batch import segment_points
from f2p.model.errors import BadParametersError, TooManySegmentsError
from f2p.model.protocol import Latent
from f2p.model.rollouts import Rollouts
from f2p.model.threads import limit_threads
from f2p.scene.goals import GoalArrays, goal_arrays
from f2p.settings import Settings, number, setting
from f2p.shape.protocol import FREE
from f2p.types import Goal, Prediction, Relations, Scene, SkillCall, SkillStep

Rollout = Literal["geometric", "latent"]


@dataclass(frozen=True)
class PredictorConfig(Settings):
    """How a model is rolled out."""

    rollout: Rollout = setting(
        "geometric", "geometric: move each segment as predicted and embed it anew, what a skill opens in the shape "
        "predicted; latent: go on from X + δX",
        source="method.md A16",
    )  # fmt: skip
    move_threshold: float = number(
        0.002, "a smaller predicted displacement moves nothing", unit="m", low=0.0, high=0.1, source="Points2Plans"
    )
    chunk: int = number(128, "most candidates rolled out at once", low=1, high=100_000, source="ours: fits the cache")
    kept: int = number(
        1024, "most candidates whose rollout is kept for other goals", low=0, high=100_000, source="ours: 15 MB"
    )
    remembered: int = number(8, "encoded scenes kept", low=1, high=1000)


class TorchPredictor:
    """Fulfils the planner's `Predictor` with one model, pinned to the weights it was given.

    P(goal) is the model's times `reliability`, the chance that the model is right where it believes. What is fixed
    stays where it is, whatever the model says: of tables and cases it was learned that they go with contents.

    Thread-safe; the model must not be trained while it is here.
    """

    def __init__(
        self,
        model: Architecture,
        weights_id: str,
        rollout: Rollout = "geometric",
        config: PredictorConfig | None = None,
        reliability: float = 1.0,
    ) -> None:
        limit_threads()
        self.weights_id, self.reliability = weights_id, reliability
        self.config = config or PredictorConfig(rollout=rollout)
        self._model = model.eval()
        self._encoded: OrderedDict[str, Latent] = OrderedDict()
        self._rollouts = Rollouts(int(self.config.kept))
        self._lock = threading.Lock()

    def detect(self, scene: Scene) -> Relations:
        """Return probabilities of all relations of `scene` as it is seen now."""
        with torch.inference_mode():
            return self._decoded(scene, self._latent(scene))

    def score(self, scene: Scene, skeleton: tuple[SkillStep, ...], parameters: np.ndarray, goal: Goal) -> np.ndarray:
        """Return P(goal) after the last step of each candidate: the product over its literals, summed as logarithms.

        Args:
            scene: Where the plan starts.
            skeleton: H steps.
            parameters: Shape (candidates, H, P), filled up to the widest skill.
            goal: A conjunction over the scene's names.

        Returns:
            Shape (candidates,), float64.

        Raises:
            BadParametersError: `parameters` does not fit the skeleton or is not finite.
        """
        arrays = goal_arrays(goal, scene.names)
        with torch.inference_mode():
            latents = self._rolled_out(scene, skeleton, _checked(parameters, skeleton))
            out = [self._log_chance(latent, arrays).exp().numpy() for latent in latents]
        return self.reliability * np.concatenate(out)

    def _log_chance(self, latent: Latent, goal: GoalArrays) -> Tensor:
        """Return ln P(goal) of the scenes of a latent (B,): only what the goal speaks of is decoded. Shape (B,)."""
        parts = []
        if len(goal.pairs_wanted):
            subjects, objects, kinds = map(torch.from_numpy, goal.pairs)
            logits = self._model.pair_logits(latent, subjects, objects)
            parts.append(logits[:, torch.arange(len(kinds)), kinds] * _sign(goal.pairs_wanted))
        if len(goal.alone_wanted):
            subjects, kinds = map(torch.from_numpy, goal.alone)
            parts.append(self._model.relations(latent).unary[:, subjects, kinds] * _sign(goal.alone_wanted))
        return functional.logsigmoid(torch.cat(parts, -1)).double().sum(-1)

    def predict(self, scene: Scene, calls: tuple[SkillCall, ...]) -> tuple[Prediction, ...]:
        """Return relations and displacements expected after each of `calls`."""
        out = []
        with torch.inference_mode():
            latent = self._latent(scene)
            for call in calls:
                parameters = torch.from_numpy(_checked(call.parameter[None, None], (call.step,))[:, 0])
                latent, displacements = self._step(scene, latent, call.step, parameters)
                out.append(Prediction(self._decoded(scene, latent), displacements[0].double().numpy()))
        return tuple(out)

    def _rolled_out(self, scene: Scene, skeleton: tuple[SkillStep, ...], parameters: np.ndarray) -> Sequence[Latent]:
        """Return latents after the last step, chunk by chunk; kept: several goals are asked of the same candidates."""
        of, rows = (scene_digest(scene), skeleton), [row.tobytes() for row in parameters]
        known = self._rollouts.find(of, rows)
        if known is not None:
            return known
        start, steps = self._latent(scene), list(enumerate(skeleton))
        while len(steps) > 1 and (parameters[:, steps[0][0]] == parameters[0, steps[0][0]]).all():
            index, step = steps.pop(0)  # what all candidates begin with is rolled out once
            start, _ = self._step(scene, start, step, torch.from_numpy(parameters[:1, index, : width_of(step.skill)]))
        out, chunks = [], torch.from_numpy(parameters).tensor_split(-(-len(parameters) // int(self.config.chunk)))
        for chunk in chunks:
            latent = start
            for index, step in steps:
                latent, _ = self._step(scene, latent, step, chunk[:, index, : width_of(step.skill)])
            out.append(latent)
        self._rollouts.add(of, rows, out, [len(chunk) for chunk in chunks])
        return out

    def _step(self, scene: Scene, latent: Latent, step: SkillStep, parameters: Tensor) -> tuple[Latent, Tensor]:
        """Return the latent after one step of every candidate, and displacements (candidates, n, 3)."""
        index = torch.full((len(parameters),), scene.index(step.object))
        if self.config.rollout == "latent":
            return self._model.advance(latent, step.skill, index, parameters)
        after = None
        if self._model.reshapes(step.skill):
            after, displacements = self._model.advance(latent, step.skill, index, parameters)
        else:
            displacements = self._model.displacements(latent, step.skill, index, parameters)
        far = displacements.norm(dim=-1, keepdim=True) > self.config.move_threshold
        free = torch.tensor([one.shape.moves == FREE for one in scene.segments]).unsqueeze(-1)
        displacements = torch.where(far & free, displacements, 0.0)
        moved = self._model.moved(latent, displacements)
        return moved if after is None else self._model.reshaped(moved, after, index), displacements

    def _decoded(self, scene: Scene, latent: Latent) -> Relations:
        """Return probabilities of all relations of a latent of one scene."""
        logits = self._model.relations(latent)
        binary = torch.sigmoid(logits.binary[0]).numpy()
        binary = binary * ~np.eye(len(scene.names), dtype=bool)[..., None]
        return Relations(scene.names, torch.sigmoid(logits.unary[0]).numpy(), binary)

    def _latent(self, scene: Scene) -> Latent:
        """Return the encoded scene, remembered by its content. Raises TooManySegmentsError and EmptyCloudError."""
        limit = self._model.max_segments
        if not 0 < len(scene.segments) <= limit:
            raise TooManySegmentsError(len(scene.segments), limit)
        key = scene_digest(scene)
        with self._lock:
            if key in self._encoded:
                self._encoded.move_to_end(key)
                return self._encoded[key]
        points = torch.from_numpy(segment_points(scene.segments, np.random.default_rng(0)))
        latent = self._model.observe(points.unsqueeze(0), torch.ones(1, len(scene.segments), dtype=torch.bool))
        with self._lock:
            self._encoded[key] = latent
            while len(self._encoded) > self.config.remembered:
                self._encoded.popitem(last=False)
        return latent


def scene_digest(scene: Scene) -> str:
    """Return the digest of the clouds and the names of a scene."""
    digest = hashlib.sha256()
    for segment in scene.segments:
        digest.update(f"{segment.name}:{segment.points.shape}".encode())
        digest.update(np.ascontiguousarray(segment.points).tobytes())
    return digest.hexdigest()


def _sign(wanted: np.ndarray) -> Tensor:
    """Return +1 where a literal shall hold and -1 where it shall not, double."""
    return torch.from_numpy(np.where(wanted, 1.0, -1.0))


def _checked(parameters: np.ndarray, skeleton: tuple[SkillStep, ...]) -> np.ndarray:
    """Return parameters as float32 of shape (candidates, H, P). Raises BadParametersError and UnknownNameError."""
    parameters, width = np.asarray(parameters, np.float32), widest([step.skill for step in skeleton])
    if parameters.ndim != 3 or parameters.shape[1:] != (len(skeleton), width) or not len(parameters):
        raise BadParametersError(
            f"parameters have shape {parameters.shape}; a skeleton of {len(skeleton)} steps needs "
            f"(candidates, {len(skeleton)}, {width}) with at least one step and one candidate"
        )
    if not np.isfinite(parameters).all():
        raise BadParametersError("parameters hold numbers that are not finite")
    return parameters
