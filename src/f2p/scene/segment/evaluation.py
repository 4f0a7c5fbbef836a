"""Matched overlap of a segmentation with its annotation: two label arrays go in, precision, recall and F come out."""

from __future__ import annotations

import numpy as np
from scipy.optimize import linear_sum_assignment


def evaluate_labels(predicted: np.ndarray, truth: np.ndarray) -> tuple[float, float, float]:
    """Overlap precision, recall and F of the best one-to-one matching, summed over points.

    Segments and objects are matched by Hungarian assignment so that the common points are most; precision is common
    points by points of all segments, recall by points of all objects (ours, after the overlap measure of unseen-object
    segmentation; points that are no object count against precision when a segment claims them).

    Args:
        predicted: Segment of each point; negative for none. Shape (points,), int.
        truth: Object of each point; negative for none. Shape (points,), int.

    Returns:
        Each within 0..1; all 1 where neither side has any object.
    """
    predicted, truth = np.asarray(predicted), np.asarray(truth)
    claimed, existing = int((predicted >= 0).sum()), int((truth >= 0).sum())
    if claimed == 0 or existing == 0:
        empty = float(claimed == existing)
        return empty, empty, empty
    both = (predicted >= 0) & (truth >= 0)
    segments, rows = np.unique(predicted[both], return_inverse=True)
    objects, columns = np.unique(truth[both], return_inverse=True)
    overlap = np.zeros((len(segments), len(objects)))
    np.add.at(overlap, (rows, columns), 1.0)
    common = overlap[linear_sum_assignment(-overlap)].sum()
    precision, recall = common / claimed, common / existing
    score = 2.0 * precision * recall / (precision + recall) if common else 0.0
    return float(precision), float(recall), float(score)
