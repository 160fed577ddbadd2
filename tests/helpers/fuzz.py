"""Formulas, models and clauses spoilt at random: lost, doubled, swapped, spliced."""

import random
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

from rnn_notes.equations.model import names, shipped

__all__ = ["formulas", "models", "spoilt"]

CORPUS = Path(__file__).parents[1] / "equations"
PIECE = re.compile(r"\\[A-Za-z]+|\\.|\s+|\w|.", re.DOTALL)
STRANGE = [
    *(r"\frac", r"\sum", r"\prod_{k}", r"\left", r"\partial", "^", "_", "{", "}", "'"),
    *(
        "|",
        r"\|",
        "&",
        r"\\",
        ";",
        "%",
        r"\text{x}",
        r"\text{for all}",
        r"\quad",
        "(3)",
    ),
    *(r"\begin{cases}", r"\end{cases}", r"\begin{bmatrix}", r"\end{bmatrix}", "9" * 40),
    *(
        "\x00",
        "é",
        "∂",
        "^{(t)}",
        "^{<t>}",
        "_{t-1}",
        r"\hat",
        r"\mathbf{1}",
        r"\nabla_h",
    ),
    *(
        r"\in",
        r"\mathbb{R}^{H}",
        r"\operatorname{onehot}(V)",
        "= 0",
        r"\dots",
        r"\boxed",
    ),
]


def formulas() -> list[str]:
    """The formulas of the corpora."""
    found = []
    for name in ("true.toml", "false.toml", "foreign.toml"):
        (tables,) = tomllib.loads((CORPUS / name).read_text("utf-8")).values()
        found += [table["latex"] for table in tables]
    return found


def models() -> list[str]:
    """The texts of the models that are shipped."""
    return [shipped(name).text for name in names()]


def spoilt(texts: list[str], rng: random.Random) -> Iterator[str]:
    """Texts after one to three random accidents, without end."""
    while True:
        pieces = PIECE.findall(rng.choice(texts))
        for _ in range(rng.randint(1, 3)):
            place = rng.randrange(len(pieces) + 1)
            accident = rng.randrange(5)
            if accident == 0:
                del pieces[place : place + rng.randint(1, 4)]
            elif accident == 1:
                pieces.insert(place, rng.choice(STRANGE))
            elif accident == 2:
                pieces[place:place] = pieces[place : place + rng.randint(1, 9)]
            elif accident == 3 and pieces:
                pieces[place % len(pieces)] = pieces[rng.randrange(len(pieces))]
            else:
                other = PIECE.findall(rng.choice(texts))
                pieces[place:] = other[rng.randrange(len(other)) :]
        yield "".join(pieces)
