"""The package's own losses and gradients, for frameworks to be compared with.

``python -m tests.frameworks.twins PATH`` writes weights, texts, losses and gradients of
all three networks into an ``.npz`` file that needs nothing but NumPy to be read.
"""

import sys

import numpy as np

from rnn_notes.gru import loss_and_gradients as gru
from rnn_notes.lstm import loss_and_gradients as lstm
from rnn_notes.rnn import loss_and_gradients as rnn
from rnn_notes.training.networks import CELLS

V, H, T, B = 4, 5, 8, 2
PASSES = {"rnn": rnn, "lstm": lstm, "gru": gru}


def twin(name):
    """One network's arrays by name, summed over a batch of B sequences."""
    rng = np.random.default_rng([7, len(name)])
    cell, run = CELLS[name], PASSES[name]
    shapes = cell.Params.shapes(V, H)
    params = cell.Params(**{n: 0.7 * rng.standard_normal(s) for n, s in shapes.items()})
    inputs, targets = rng.integers(V, size=(2, B, T))
    first = [rng.standard_normal((H, B)) for _ in cell.states]

    def summed(piece, states):
        """Loss, gradients by name and last states of a piece of the text."""
        runs = [
            run(params, x[piece], y[piece], *(s[:, b : b + 1] for s in states))
            for b, (x, y) in enumerate(zip(inputs, targets, strict=True))
        ]
        names = runs[0][1]._fields
        join = {n: np.hstack if n.endswith("prev") else sum for n in names}
        gradients = {n: join[n]([getattr(r[1], n) for r in runs]) for n in names}
        return sum(r[0] for r in runs), gradients, [np.hstack([r[2] for r in runs])]

    loss, gradients, _ = summed(slice(None), first)
    arrays = {**params.arrays(), **gradients, "loss": loss}
    arrays |= {"inputs": inputs, "targets": targets}
    arrays |= dict(zip(cell.states, first, strict=True))
    if name == "rnn":  # in two chunks, as training cuts it
        _, early, middle = summed(slice(T // 2), first)
        _, late, _ = summed(slice(T // 2, None), middle)
        arrays["dWhh_cut"] = early["dWhh"] + late["dWhh"]
    return arrays


def main(path):
    """Write the file."""
    arrays = {f"{c}.{n}": a for c in CELLS for n, a in twin(c).items()}
    np.savez(path, **arrays)


if __name__ == "__main__":
    main(sys.argv[1])
