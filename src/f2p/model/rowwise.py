"""Layers that see one row of features at a time, run on all rows at once."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn


class Rowwise(nn.Sequential):
    """Layers applied to every row of (..., c), all leading dimensions as one.

    On more than two dimensions a linear layer returns a view, and what is done to a view in place (ReLU) autograd
    answers with copies of the whole gradient: one part in twenty of a step of fine-tuning (ours).
    """

    def forward(self, values: Tensor) -> Tensor:
        """Return what the layers make of the rows. Shapes (..., c) -> (..., d)."""
        rows = values.reshape(-1, values.shape[-1])
        for layer in self:
            rows = layer(rows)
        return rows.view(*values.shape[:-1], rows.shape[-1])


def perceptron(*widths: int) -> Rowwise:
    """Linear layers with ReLU between them and none after the last."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.Linear(inputs, outputs), nn.ReLU(inplace=True)]
    return Rowwise(*layers[:-1])
