"""What a measurement of a formula says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from rnn_notes.equations.draws import Draw
from rnn_notes.equations.worlds import Array

__all__ = ["Measurement", "Worst"]


@dataclass(frozen=True)
class Worst:
    """Where the two sides of an equality part most.

    draw    : sizes, seed and scale of the weights
    letters : the values of the free indices
    error   : the largest difference, relative to the largest term
    left    : the value of the left side
    right   : the value of the right side
    shapes  : the shapes of both, in letters
    allowed : the largest error that rounding explains there, 0 where the shapes differ
    """

    draw: Draw
    letters: Mapping[str, int]
    error: float
    left: Array
    right: Array
    shapes: tuple[str, str]
    allowed: float

    def __str__(self) -> str:
        letters = "".join(f", {name} = {value}" for name, value in self.letters.items())
        return "\n".join(
            [
                f"at {self.draw}{letters}",
                f"  left, {self.shapes[0]}:\n{_rows(self.left)}",
                f"  right, {self.shapes[1]}:\n{_rows(self.right)}",
            ]
        )

    def as_dict(self) -> dict[str, Any]:
        """The same in lists, numbers and strings."""
        return {
            "sizes": dict(self.draw.sizes),
            "seed": self.draw.seed,
            "scale": self.draw.scale,
            "letters": dict(self.letters),
            "left": self.left.tolist(),
            "right": self.right.tolist(),
            "shapes": list(self.shapes),
        }


def _rows(value: Array) -> str:
    """A matrix in lines, as a report shows it; six of each are enough."""
    rows = ["    " + " ".join(f"{x: .6g}" for x in row[:6]) for row in value[:6]]
    return "\n".join(rows)


@dataclass(frozen=True)
class Measurement:
    """Whether a formula holds, and what came out of measuring it.

    latex     : the formula
    holds     : whether both sides agree in every draw
    error     : the largest difference, relative to the largest term; inf where the
                shapes differ
    shapes    : the shape of every factor, as in "V×H = Σ V×1 · 1×H"
    draws     : how many times the sides were compared
    worst     : where they part most
    work      : how many pieces were evaluated
    task      : what was measured, and how
    look      : what finds neighbours that hold, another layout, and what would save it
    translate : what writes a formula of another text in the book's letters
    model     : the name of the model
    layout    : the layout in which it was read
    read      : what each of its letters was read as
    remarks   : what was read otherwise than it is written
    only      : in what unusual reading alone its pieces fit, and it holds
    """

    latex: str
    holds: bool
    error: float
    shapes: str
    draws: int
    worst: Worst
    work: float
    task: Any = field(repr=False, compare=False)
    look: Callable[[], tuple[tuple[str, ...], str, tuple[str, ...]]] = field(
        repr=False, compare=False
    )
    translate: Callable[[Measurement], str] = field(
        repr=False, compare=False, default=lambda measured: ""
    )
    model: str = "book"
    layout: str = "denominator"
    read: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    only: str = ""

    @property
    def tolerance(self) -> float:
        """The largest error that rounding explains where the sides part most."""
        return self.worst.allowed

    @cached_property
    def _looked(self) -> tuple[tuple[str, ...], str, tuple[str, ...]]:
        """What a second look finds; none is taken at a formula that holds."""
        return ((), "", ()) if self.holds or self.only else self.look()

    @cached_property
    def in_book(self) -> str:
        """The formula in the book's letters, where the model is the same network."""
        return self.translate(self)

    @property
    def close(self) -> tuple[str, ...]:
        """Formulas one edit away that hold."""
        return self._looked[0]

    @property
    def other_layout(self) -> str:
        """The layout in which the formula as it stands does hold, or nothing."""
        return self.layout if self.only else self._looked[1]

    @property
    def saved(self) -> tuple[str, ...]:
        """What would make it hold: "holds without biases", "holds for k < t"."""
        return (f"holds {self.only}",) if self.only else self._looked[2]

    def __bool__(self) -> bool:
        return self.holds

    def __str__(self) -> str:
        pieces = [self.without_advice()]
        pieces += [f"it {told}" for told in self.saved]
        pieces += [f"close, and it holds:\n  {latex}" for latex in self.close]
        return "\n".join(pieces)

    def without_advice(self) -> str:
        """What was measured, and nothing of what would hold instead."""
        over = f"over {self.draws} comparison{'s' * (self.draws != 1)}"
        how = "".join(f"\n  {line}" for line in self.reading())
        if self.holds:
            text = f"holds\n  {self.shapes}{how}"
            return f"{text}\n  largest error {self.error:.0e} {over}"
        if self.only:
            return f"does not hold\n  {self.shapes}{how}\n  its pieces fit so alone"
        if self.worst.shapes[0] != self.worst.shapes[1]:
            left, right = self.worst.shapes
            reason = f"the left side is {left}, the right side {right}"
        else:
            reason = f"largest error {self.error:.1e} {over}"
        return f"does not hold\n  {self.shapes}{how}\n  {reason}\n{self.worst}"

    def reading(self) -> list[str]:
        """How the formula was read, where that is not as the book is written."""
        lines = []
        if self.model != "book":
            lines.append(f"in the notation of {self.model}")
            lines += self.read
            lines += [f"in this book: {self.in_book}"] if self.in_book else []
        if self.layout == "mixed":
            lines.append("vectors by vectors have a row for each output (mixed layout)")
        return [*lines, *self.remarks]

    def as_dict(self) -> dict[str, Any]:
        """The same in lists, numbers and strings, ready for JSON; inf is None."""
        return {
            "latex": self.latex,
            "holds": self.holds,
            "error": self.error if self.error < float("inf") else None,
            "tolerance": self.tolerance,
            "shapes": self.shapes,
            "draws": self.draws,
            "worst": self.worst.as_dict(),
            "close": list(self.close),
            "other_layout": self.other_layout,
            "model": self.model,
            "layout": self.layout,
            "read": list(self.read),
            "in_book": self.in_book,
            "remarks": [*self.remarks, *self.saved],
        }
