"""Errors of the model package, codes 200 to 299."""

from __future__ import annotations

from pathlib import Path

from f2p.errors import F2pError


class ModelError(F2pError):
    """Base of the model package."""

    code = 200


class BadWeightsError(ModelError):
    """A weights file that is truncated, foreign, or does not fit its manifest or its architecture."""

    code = 201

    def __init__(self, source: str | Path, fact: str) -> None:
        super().__init__(f"{source}: not usable as weights: {fact}")


class ForeignWeightsError(BadWeightsError):
    """Weights that are sound and made for something else: another architecture, relation vocabulary or skill."""

    code = 209

    def __init__(self, source: str | Path, fact: str) -> None:
        super().__init__(source, fact)


class BadDatasetError(ModelError):
    """A file of transitions that is truncated, foreign or does not fit its manifest."""

    code = 202

    def __init__(self, source: str | Path, fact: str) -> None:
        super().__init__(f"{source}: not usable as transitions: {fact}")


class TooManySegmentsError(ModelError):
    """More segments than the model has identities or the batch has room for."""

    code = 203

    def __init__(self, segments: int, limit: int) -> None:
        super().__init__(f"{segments} segments in the scene, at most {limit} fit; drop some before predicting")


class EmptyCloudError(ModelError):
    """A segment without points."""

    code = 204

    def __init__(self, name: str) -> None:
        super().__init__(f"segment {name!r} has no points; the model needs at least one per segment")


class BadParametersError(ModelError):
    """Candidates whose shape does not fit the skeleton, or that are not finite."""

    code = 205


class UnknownSkillError(ModelError):
    """A skill that this model was not trained for."""

    code = 206

    def __init__(self, skill: str, choices: tuple[str, ...]) -> None:
        super().__init__(f"this effect model knows no skill {skill!r}; choose one of: {', '.join(choices)}")


class TrainingError(ModelError):
    """Training that cannot go on: no data, a checkpoint that does not fit, or one of the causes below."""

    code = 207


class DivergedError(TrainingError):
    """A loss that is no longer finite."""

    code = 208

    def __init__(self, stage: str, loss: float, step: int) -> None:
        super().__init__(f"{stage}: the loss is {loss} at step {step}; lower the learning rate")
