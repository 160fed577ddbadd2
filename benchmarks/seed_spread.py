"""Trains the book's network again and again, from other seeds: ten minutes alone.

::

    python -m benchmarks.seed_spread   writes _build/seeds.json

What the pages show is such a run, copied to ``rnn_notes/book/seeds.json``: a build
trains one network, and these are ninety-eight. The file says when and where.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np

from rnn_notes.book.trained import corpus, kept_loss, trained
from rnn_notes.training.settings import Settings

TARGET = Path(__file__).parents[1] / "_build" / "seeds.json"
LONGER = (0, 10_000, 40_000)
DOUBLED = (250, 500, 1000, 2000, 4000, 8000, 16_000)
BACKS, RATES = (1, 5, 25, 100), (0.1, 0.05)
UPDATES = {"cut": 2500, "recalled": 2000}


def learnt(seeds: Sequence[int]) -> dict[str, list[float]]:
    """Nats a letter on the kept text after each stage, one for each seed."""
    plain = (Settings(H=64, T=25, learning_rate=0.1, seed=seed) for seed in seeds)
    nets = [trained(settings=settings, stages=LONGER) for settings in plain]
    return {str(n): [round(kept_loss(net, n), 4) for net in nets] for n in LONGER[1:]}


def cut(seeds: Sequence[int]) -> dict[str, dict[str, list[float]]]:
    """Nats a letter after a training cut so, by learning rate and by letters back."""
    return {
        str(rate): {str(back): [piece(s, rate, back) for s in seeds] for back in BACKS}
        for rate in RATES
    }


def piece(seed: int, rate: float, back: int) -> float:
    """Nats a letter on the kept text, one update for every 100 letters."""
    settings = Settings(H=64, T=100, seed=seed, learning_rate=rate)
    last = UPDATES["cut"]
    return round(kept_loss(trained(None, settings, (0, last), back=back), last), 4)


def recall_text(dots: int = 4) -> str:
    """Lines of a coin toss, some dots and the toss again."""
    coins = np.random.default_rng(0).choice(["a", "b"], 4000)
    return "".join(f"{c}{'.' * dots}{c}\n" for c in coins)


def recalled(seeds: Sequence[int]) -> dict[str, list[float]]:
    """Nats a line of the recall text, by letters back."""
    text, last = recall_text(), UPDATES["recalled"]

    def line(seed: int, back: int) -> float:
        settings = Settings(H=16, T=28, seed=seed)
        net = trained(text, settings, (0, last), back=back)
        return round(7 * kept_loss(net, last), 4)

    return {str(back): [line(s, back) for s in seeds] for back in (4, 7, 28)}


def overfitted(seeds: Sequence[int]) -> dict[str, dict[str, list[float]]]:
    """Nats a letter of a text of 8,000 letters, read and kept, after each stage."""
    settings = (Settings(H=64, T=25, learning_rate=0.1, seed=seed) for seed in seeds)
    nets = [trained(corpus()[:8000], each, (0, *DOUBLED)) for each in settings]
    again = [replace(net, kept=net.read) for net in nets]
    return {
        name: {str(n): [round(kept_loss(net, n), 4) for net in some] for n in DOUBLED}
        for name, some in {"read": again, "kept": nets}.items()
    }


def main() -> None:
    """Write the results, and when and where they were found."""
    results = {
        "when": date.today().isoformat(),
        "where": f"{platform.system()} {platform.machine()}, NumPy {np.__version__}",
        "updates": UPDATES,
        "learnt": learnt(range(5)),
        "cut": cut(range(8)),
        "recalled": recalled(range(8)),
        "overfitted": overfitted(range(5)),
    }
    TARGET.parent.mkdir(exist_ok=True)
    TARGET.write_text(json.dumps(results, indent=1) + "\n")
    print(f"Wrote {TARGET}")


if __name__ == "__main__":
    main()
