"""Weights from a file: measured before they may serve, compared, promoted, rolled back; bad ones are refused."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch

from f2p.model.factory import save_weights
from f2p.weights.difference import difference
from f2p.weights.errors import WeightsError
from f2p.weights.exchange import export, take_exported, take_trained
from f2p.weights.modules import load_module, open_store


def main() -> None:
    """Move weights between two stores, and try to bring in some that have lost what they knew."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        here, there = open_store(folder / "here"), open_store(folder / "there")
        model, _ = load_module(here, here.champion)
        with torch.no_grad():  # as a fine-tune would, a little
            for tensor in model.parameters():
                tensor.mul_(1.0 + 1e-4)
        save_weights(model, folder / "new.safetensors", {"made": "an example"})
        new = take_trained(here, folder / "new.safetensors")
        print(f"taken: {new.weights_id[:12]}, F1 on old tasks {new.measured.f1['next']:.3f}")

        old = here.champion
        found = difference(here, old, new.weights_id)
        print(f"{len(found.changed)} of {found.tensors} tensors differ, answers by {found.golden_gap:.1e} at most")
        here.promote(new.weights_id)
        print(f"promoted: {here.champion[:12]} serves; {here.rollback()[:12]} after a rollback")

        files = export(here, new.weights_id, folder / "out")
        print(f"exported: {', '.join(path.name for path in files)}")
        print(f"imported elsewhere: {take_exported(there, folder / 'out.safetensors').weights_id == new.weights_id}")

        with torch.no_grad():
            for tensor in model.parameters():
                tensor.zero_()
        save_weights(model, folder / "empty.safetensors", {"made": "an example"})
        try:
            take_trained(there, folder / "empty.safetensors")
        except WeightsError as error:
            print(f"refused: {error}")


if __name__ == "__main__":
    main()
