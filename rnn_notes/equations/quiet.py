"""The quiet line under an equation: the shape of every factor."""

from __future__ import annotations

from rnn_notes.equations.dims import written
from rnn_notes.equations.nodes import Node
from rnn_notes.equations.shapes import Shapes

__all__ = ["line"]

_JOINTS = {"mul": " · ", "hadamard": " ⊙ ", "kronecker": " ⊗ "}


def line(sides: list[Node], shapes: Shapes) -> str:
    """The sides of a chain of equalities, every factor given by its shape."""
    return " = ".join(_shown(side, shapes) for side in sides)


def _shown(node: Node, shapes: Shapes) -> str:
    """A node as shapes: terms and factors one by one, everything else as a whole."""
    if node.kind == "add":
        pieces = [_shown(part, shapes) for part in node.parts]
        signs = [" − " if sign < 0 else " + " for sign in node.value]
        text = "".join(s + p for s, p in zip(signs, pieces, strict=True))
        return text[3:] if text.startswith(" + ") else f"−{text[3:]}"
    if node.kind in _JOINTS:
        return _JOINTS[node.kind].join(_factor(part, shapes) for part in node.parts)
    if node.kind in ("sum", "prod"):
        return f"{'Σ' if node.kind == 'sum' else '∏'} {_factor(node.parts[0], shapes)}"
    if node.kind == "call":
        return f"{node.value}({_shown(node.parts[0], shapes)})"
    if node.kind == "fraction":
        above, below = (_factor(part, shapes) for part in node.parts)
        return f"{above} / {below if ' ' not in below else f'({below})'}"
    if node.kind == "inner":
        left, right = (_shown(part, shapes) for part in node.parts)
        return f"⟨{left}, {right}⟩"
    if node.kind == "norm":
        return f"‖{_shown(node.parts[0], shapes)}‖"
    return written(shapes.shape(node), shapes.scope.sizes)


def _factor(node: Node, shapes: Shapes) -> str:
    """A factor as shapes: a sum in brackets counts as one, unless it has products."""
    if node.kind == "add" and any(part.kind == "mul" for part in node.parts):
        return f"({_shown(node, shapes)})"
    if node.kind in ("add", "hadamard", "kronecker"):
        return written(shapes.shape(node), shapes.scope.sizes)
    return _shown(node, shapes)
