"""What the letters of a formula stand for: the network's own, and those of a page."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rnn_notes.equations.nodes import Linear, Node

Dim = tuple[str, ...]  # a product of sizes: ("H", "V") is H·V, () is 1
Shape = tuple[Dim, Dim]

SCALAR: Shape = ((), ())
H, V = ("H",), ("V",)

# Without an index.                     With the index t of a step.
CONSTANTS: dict[str, Shape] = {
    "W_{xh}": (H, V),
    "W_{hh}": (H, H),
    "W_{hy}": (V, H),
    "b_{h}": (H, ()),
    "b_{y}": (V, ()),
    "L": SCALAR,
}
FAMILIES: dict[str, Shape] = {
    "x": (V, ()),
    "e": (V, ()),
    "a": (H, ()),
    "h": (H, ()),
    "y": (V, ()),
    "p": (V, ()),
    r"\ell": SCALAR,
}
SIZES = ("T", "V", "H")
PAGE = "page: "  # before the name of a page's own letter, so that it is nobody else's


@dataclass(frozen=True)
class Letter:
    r"""A variable that a page declares, as ``A \in \mathbb{R}^{H \times V}``."""

    shape: Shape
    indexed: bool = False


@dataclass(frozen=True)
class Definition:
    r"""A letter that a page defines, as ``\delta_t = p_t - e_t``."""

    parameters: tuple[str, ...]
    body: Node


@dataclass(frozen=True)
class Alias:
    r"""A letter for an entry, as ``w_{11}`` in a matrix that stands for ``W_{hy}``."""

    entry: Node


@dataclass(frozen=True)
class Condition:
    """Indices in an order, as ``1 <= t < T``, and where that is said."""

    sides: tuple[Linear, ...]
    relations: tuple[str, ...]
    node: Node

    @property
    def letters(self) -> frozenset[str]:
        """The letters that the condition speaks of, sizes too."""
        return frozenset[str]().union(*(side.letters for side in self.sides))


@dataclass
class Scope:
    """Everything that the letters of one formula stand for.

    bindings   : letters of the page, which win over the network's own
    sizes      : sizes that are fixed
    size_names : every letter that stands for a size
    ranges     : the indices that a page declares, with their first and last value
    conditions : what must hold of the indices, as ``s > t``
    fixed      : arrays with numbers where a page fixes an entry, nan elsewhere
    still      : quantities whose differential is zero
    """

    bindings: dict[str, Letter | Definition | Alias] = field(default_factory=dict)
    sizes: dict[str, int] = field(default_factory=dict)
    size_names: set[str] = field(default_factory=lambda: set(SIZES))
    ranges: dict[str, tuple[Linear, Linear]] = field(default_factory=dict)
    conditions: list[Condition] = field(default_factory=list)
    fixed: dict[str, Any] = field(default_factory=dict)
    still: set[str] = field(default_factory=set)

    def bind(self, key: str, binding: Letter | Definition | Alias, node: Node) -> None:
        """Nothing; the letter has its meaning, unless it had one from this page."""
        if key in self.bindings:
            raise node.fail(f"{key} has a meaning already")
        self.bindings[key] = binding

    def shape(self, name: str) -> Shape:
        """The shape of a quantity by its name, as in ``value`` of its node."""
        binding = self.bindings.get(name.removeprefix(PAGE))
        if name.startswith(PAGE) and isinstance(binding, Letter):
            return binding.shape
        return (CONSTANTS | FAMILIES)[name]
