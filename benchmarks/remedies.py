"""Trains three cells on a text that asks for memory, from several starts and seeds.

::

    python -m benchmarks.remedies          writes _build/remedies.json, in an hour

What the page on memory shows is such a run, copied to ``rnn_notes/book/remedies.json``.
The file says when and where.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from benchmarks.seed_spread import recall_text
from rnn_notes import training
from rnn_notes.arrays.arguments import Array
from rnn_notes.arrays.weights import Weights
from rnn_notes.text import Vocabulary
from rnn_notes.training.networks import cell_of

TARGET = Path(__file__).parents[1] / "_build" / "remedies.json"
H, STEPS, RATE, KEPT = 16, 4000, 0.005, 400  # hidden units, steps, Adam's rate, lines
SEEDS = range(6)
Changes = Callable[[np.random.Generator], dict[str, Array]]
STARTS: dict[str, tuple[str, Changes]] = {
    "plain, 0.01": ("rnn", lambda rng: {}),
    "plain, 1/√H": ("rnn", lambda rng: {"Whh": gaussian(rng, 1.0)}),
    "plain, orthogonal": (
        "rnn",
        lambda rng: {"Whh": np.linalg.qr(gaussian(rng, 1))[0]},
    ),
    "plain, identity": ("rnn", lambda rng: {"Whh": np.eye(H)}),
    "LSTM, bf = 0": ("lstm", lambda rng: {"bf": np.full((H, 1), 0.0)}),
    "LSTM, bf = 1": ("lstm", lambda rng: {"bf": np.full((H, 1), 1.0)}),
    "LSTM, bf = 3": ("lstm", lambda rng: {"bf": np.full((H, 1), 3.0)}),
    "GRU, bz = 0": ("gru", lambda rng: {"bz": np.full((H, 1), 0.0)}),
    "GRU, bz = 3": ("gru", lambda rng: {"bz": np.full((H, 1), 3.0)}),
}


GAPS = (10, 20)


def gaussian(rng: np.random.Generator, radius: float) -> Array:
    """A random (H, H) matrix whose spectral radius is about the one given."""
    entries: Array = radius / np.sqrt(H) * rng.standard_normal((H, H))
    return entries


def begun(
    cell: str, changes: Changes, V: int, T: int, rule: str, seed: int
) -> training.State:
    """The state before the first step, some of the weights changed."""
    rng = np.random.default_rng(seed)
    state = training.start(V, H, T, rng, cell=cell, rule=rule)
    return replace(state, params=state.params.replace(**changes(rng)))


def toss_bits(
    params: Weights, letters: Array, gap: int, tosses: Sequence[int]
) -> float:
    """What the second toss of a line costs, in bits, if one of the two has to come.

    1 for a network that guesses, 0 for one that remembers. Mean over the lines.
    """
    cell, line = cell_of(params), gap + 3
    run = cell.forward(params, letters[:-1], letters[1:], *cell.zeros(H))
    bits = []
    for t in range(gap, len(letters) - 1, line):
        right = int(letters[t + 1])
        y = run.ys[t][:, 0]
        bits.append(np.logaddexp(0, y[sum(tosses) - right] - y[right]) / np.log(2))
    return float(np.mean(bits))


def kept(params: Weights, letters: Array, gap: int) -> float:
    """The most that a nudge of all states together can keep over the gap."""
    cell = cell_of(params)
    columns = []
    for place in range(len(cell.states)):
        for unit in range(H):
            states = [z.astype(complex) for z in cell.zeros(H)]
            states[place][unit] += 1e-30j
            run = cell.forward(params, letters[:gap], letters[1 : gap + 1], *states)
            columns.append(np.concatenate(cell.last(run)).imag[:, 0] / 1e-30)
    return float(np.linalg.norm(np.array(columns), 2))


def remedies(gap: int) -> dict[str, dict[str, list[float]]]:
    """For each start: what is kept over the gap before, and bits after the training."""
    text = recall_text(gap)
    vocabulary, line = Vocabulary.of(text), gap + 3
    letters = vocabulary.indices(text)
    read, held_out = letters[: -KEPT * line], letters[-KEPT * line :]
    tosses = vocabulary.encode("ab")
    update = partial(training.adam, learning_rate=RATE)
    found: dict[str, dict[str, list[float]]] = {}
    for name, (cell, changes) in STARTS.items():
        found[name] = {"before": [], "bits": []}
        for seed in SEEDS:
            state = begun(cell, changes, len(vocabulary), 2 * line, "adam", seed)
            found[name]["before"].append(float(f"{kept(state.params, read, gap):.3g}"))
            steps = training.steps(state, read, 2 * line, update)
            params = next(islice(steps, STEPS - 1, None)).params
            bits = toss_bits(params, held_out, gap, tosses)
            found[name]["bits"].append(round(bits, 3))
        print(gap, name, found[name], flush=True)
    return found


def main() -> None:
    """Write the results, and when and where they were found."""
    results = {
        "when": date.today().isoformat(),
        "where": f"{platform.system()} {platform.machine()}, NumPy {np.__version__}",
        "settings": {"H": H, "T": "two lines", "steps": STEPS, "rate": RATE, "clip": 5},
        "gaps": {str(gap): remedies(gap) for gap in GAPS},
    }
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n")
    print(f"Wrote {TARGET}")


if __name__ == "__main__":
    main()
