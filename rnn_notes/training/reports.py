"""What a training tells on its way: lines, a line that moves, and a table.

Losses are in nats a letter. The same in bits is the loss divided by log(2), and the
perplexity is its exponential: as if so many letters were equally likely.
"""

from __future__ import annotations

import csv
import math
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from rnn_notes.arrays.arguments import Array
from rnn_notes.arrays.weights import Weights
from rnn_notes.training import State
from rnn_notes.training.networks import cell_of

__all__ = ["Losses", "Progress", "add_row", "loss_a_letter"]

_MOST = 10_000  # letters that a loss is measured on
_PIECE = 500  # letters of one forward pass: what it leaves behind is let go


@dataclass(frozen=True)
class Losses:
    """What a network pays a letter, in nats.

    recent   : mean since the last line
    smoothed : running mean, which comes late
    held_out : on the text that it does not train on; None where there is none
    """

    recent: float
    smoothed: float
    held_out: float | None

    @property
    def bits(self) -> float:
        """The recent loss in bits."""
        return self.recent / math.log(2)

    @property
    def perplexity(self) -> float:
        """The exponential of the recent loss."""
        return math.exp(min(self.recent, 700))

    def __str__(self) -> str:
        """The losses as a part of a line.

        >>> print(Losses(1.0, 2.0, None))
        loss 1.000 (1.443 bits a letter, perplexity 2.718), smoothed 2.000
        """
        held_out = "" if self.held_out is None else f", held out {self.held_out:#.4g}"
        return (
            f"loss {self.recent:#.4g} ({self.bits:#.4g} bits a letter, perplexity "
            f"{self.perplexity:#.4g}), smoothed {self.smoothed:#.4g}{held_out}"
        )


def loss_a_letter(params: Weights, indices: Sequence[int] | Array) -> float | None:
    """What the network pays a letter on a text, in nats, from states of zero on.

    Measured on the first 10,000 letters at most; None for a text of fewer than two.

    >>> import numpy as np
    >>> from rnn_notes import Params
    >>> params = Params.random(2, 3, np.random.default_rng(0), scale=0)
    >>> loss = loss_a_letter(params, [0, 1, 1])
    >>> bool(np.isclose(loss, np.log(2))), loss_a_letter(params, [0])
    (True, None)
    """
    last = min(len(indices) - 1, _MOST)
    if last < 1:
        return None
    cell, total = cell_of(params), 0.0
    states = cell.zeros(params.H)
    for p in range(0, last, _PIECE):
        end = min(p + _PIECE, last)
        run = cell.forward(params, indices[p:end], indices[p + 1 : end + 1], *states)
        states, total = cell.last(run), total + run.loss
    return total / last


def add_row(path: Path, step: int, losses: Losses) -> None:
    """Append a row to a table of comma-separated values, and its heads to a new one."""
    heads = ("step", "loss", "smoothed", "held_out", "bits", "perplexity")
    numbers = (losses.recent, losses.smoothed, losses.held_out, losses.bits)
    with path.open("a", newline="", encoding="ascii") as file:
        rows = csv.writer(file, lineterminator="\n")
        if not file.tell():
            rows.writerow(heads)
        told = ["" if n is None else f"{n:.6g}" for n in (*numbers, losses.perplexity)]
        rows.writerow([step, *told])


class Progress:
    """A line on a terminal that says how far the training is; elsewhere, nothing."""

    def __init__(self, done: int, total: int, T: int, stream: TextIO) -> None:
        self.first, self.total, self.T, self.stream = done, total, T, stream
        self.live = stream.isatty() and os.environ.get("TERM") != "dumb"
        self.began = self.shown = time.monotonic()

    def left(self, step: int, now: float) -> str:
        """Minutes and seconds to the end, if it goes on as it went so far."""
        seconds = (now - self.began) / (step - self.first)
        left = round(seconds * (self.total - step))
        return f"{left // 60}:{left % 60:02} left"

    def show(self, state: State) -> None:
        """Draw the line anew, at most ten times a second."""
        now = time.monotonic()
        if not self.live or now - self.shown < 0.1:
            return
        self.shown = now
        filled = 20 * state.step // self.total
        line = (
            f"[{'#' * filled}{'.' * (20 - filled)}] step {state.step} of {self.total}, "
            f"loss {state.smooth_loss / self.T:#.4g}, {self.left(state.step, now)}"
        )
        width = shutil.get_terminal_size().columns - 1
        self.stream.write("\r" + line[:width].ljust(width))
        self.stream.flush()

    def clear(self) -> None:
        """Take the line away."""
        if self.live:
            self.stream.write("\r\x1b[K")
            self.stream.flush()
