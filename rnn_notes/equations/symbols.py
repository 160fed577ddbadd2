"""What the letters of a formula stand for: a model's quantities, a page's letters."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from rnn_notes.equations.errors import EquationError
from rnn_notes.equations.nodes import Linear, Node, Remark

__all__ = [
    "PAGE",
    "SCALAR",
    "STEPS",
    "Alias",
    "Condition",
    "Definition",
    "Dim",
    "Letter",
    "Quantity",
    "Scope",
    "Shape",
    "Total",
    "family",
    "size_of",
    "total",
]

Dim = tuple[str, ...]  # a product of sizes: ("H", "V") is H·V, () is 1
Shape = tuple[Dim, Dim]

SCALAR: Shape = ((), ())
STEPS = "T"  # the size that counts steps, in every model
PAGE = "page: "  # before the name of a page's own letter, so that it is nobody else's


class Total(str):
    """A size that is a sum of sizes, ``(H+V)``, which are its ``parts``."""

    __slots__ = ("parts",)
    parts: tuple[Dim, ...]


def total(dims: Iterable[Dim]) -> Dim:
    """The sum of sizes, as one size.

    >>> total([("H",), ("V",)]), total([("H",), ("3", "H")]), total([(), ()])
    (('(H+V)',), ('4', 'H'), ('2',))
    """
    counts = Counter[Dim]()
    for dim in dims:
        whole = dim[0] if len(dim) == 1 else None
        for part in whole.parts if isinstance(whole, Total) else (dim,):
            numbers = [int(name) for name in part if name.isdigit()]
            counts[tuple(n for n in part if not n.isdigit())] += math.prod(numbers)
    parts = tuple((*[str(k)] * (k > 1), *dim) for dim, k in sorted(counts.items()))
    if len(parts) == 1:
        return parts[0]
    whole = Total(f"({'+'.join('·'.join(part) or '1' for part in parts)})")
    whole.parts = parts
    return (whole,)


def size_of(dim: Dim, sizes: Mapping[str, int]) -> int:
    """The number that a product of sizes comes to.

    >>> size_of((*total([("H",), ("V",)]), "2"), {"H": 3, "V": 4})
    14
    """
    product = 1
    for name in dim:
        if isinstance(name, Total):
            product *= sum(size_of(part, sizes) for part in name.parts)
        else:
            product *= int(name) if name.isdigit() else sizes[name]
    return product


def family(name: str) -> str:
    """The key of a letter with an index, where it may have a meaning without one too.

    >>> family("L")
    'L_'
    """
    return f"{name}_"


@dataclass(frozen=True)
class Quantity:
    """A quantity of a model.

    shape   : its shape, None while it is not known
    indexed : whether it has one value a step
    role    : "parameter", "input", "onehot" or "computed"
    note    : what it is, in words
    book    : what the book calls it
    """

    shape: Shape | None
    indexed: bool
    role: str
    note: str = ""
    book: str = ""

    @property
    def is_target(self) -> bool:
        """Whether it is the letter that is due."""
        return self.note.startswith("target")

    @property
    def depends_on_nothing(self) -> bool:
        """Whether it is one draw, so that no other draw moves it."""
        drawn = not (self.indexed or self.role == "computed")
        return drawn and not self.note.startswith("constant")


@dataclass(frozen=True)
class Letter:
    r"""A variable that a page declares, as ``A \in \mathbb{R}^{H \times V}``."""

    shape: Shape
    indexed: bool = False


@dataclass(frozen=True)
class Definition:
    r"""A letter that is defined, as ``\delta_t = p_t - e_t`` on a page.

    A definition that says no more than another name for a quantity is that quantity.
    """

    parameters: tuple[str, ...]
    body: Node
    same: bool = False


@dataclass(frozen=True)
class Alias:
    r"""A letter for an entry, as ``w_{11}`` in a matrix that stands for ``W_{hy}``."""

    entry: Node


@dataclass(frozen=True)
class Condition:
    """Indices in an order, as ``1 <= t < T``, and where that is said."""

    sides: tuple[Linear, ...]
    orders: tuple[Callable[[int, int], bool], ...]
    node: Node

    def holds(self, env: Mapping[str, int]) -> bool:
        """Whether it holds for given values of the letters."""
        values = [side.at(env) for side in self.sides]
        pairs = zip(values, self.orders, values[1:], strict=False)
        return all(order(a, b) for a, order, b in pairs)

    @property
    def letters(self) -> frozenset[str]:
        """The letters that the condition speaks of, sizes too."""
        return frozenset[str]().union(*(side.letters for side in self.sides))


@dataclass
class Scope:
    """Everything that the letters of one formula stand for.

    model      : the model whose quantities the formula speaks of
    quantities : those, by name
    functions  : functions of one letter that the model defines, as ``f(z)``
    bindings   : letters of the page, which win over the model's own
    given      : those among them that are the model's further names
    sizes      : sizes that are fixed
    size_names : every letter that stands for a size
    renamed    : other names for sizes
    ranges     : the indices that a page declares, with their first and last value
    conditions : what must hold of the indices, as ``s > t``
    fixed      : arrays with numbers where a page fixes an entry, nan elsewhere
    still      : quantities whose differential is zero
    remarks    : how something was read that can be read in more than one way
    called     : by which names the formula calls each of the model's quantities
    """

    model: Any = None
    quantities: dict[str, Quantity] = field(default_factory=dict)
    functions: dict[str, Definition] = field(default_factory=dict)
    bindings: dict[str, Letter | Definition | Alias] = field(default_factory=dict)
    given: frozenset[str] = frozenset()
    sizes: dict[str, int] = field(default_factory=dict)
    size_names: set[str] = field(default_factory=lambda: {STEPS})
    renamed: dict[str, str] = field(default_factory=dict)
    ranges: dict[str, tuple[Linear, Linear]] = field(default_factory=dict)
    conditions: list[Condition] = field(default_factory=list)
    fixed: dict[str, Any] = field(default_factory=dict)
    still: set[str] = field(default_factory=set)
    remarks: list[Remark] | None = None
    called: dict[str, set[str]] = field(default_factory=dict)

    def note(
        self, text: str, node: Node, strictly: type[EquationError] = EquationError
    ) -> None:
        """Note a lenient reading; strictly it is an error."""
        if self.remarks is None:
            raise strictly(f"strictly: {text}", node.span)
        self.tell(text, node)

    def tell(self, text: str, node: Node) -> None:
        """Note once what a reader should know of the reading, strict or not."""
        known = self.remarks
        if known is not None and text not in [remark.text for remark in known]:
            known.append(Remark(text, node.span))

    def binds(self, key: object) -> bool:
        """Whether this page gives a letter its meaning, and not the model alone."""
        return key in self.bindings and key not in self.given

    def bind(self, key: str, binding: Letter | Definition | Alias, node: Node) -> None:
        """Give a letter its meaning, unless it had one from this page."""
        if self.binds(key):
            raise node.fail(f"{key.rstrip('_')} has a meaning already")
        self.given -= {key}
        self.bindings[key] = binding

    def family(self, name: str) -> str:
        """The key of the model's quantity of this name with one value a step, or ""."""
        for key in (name, family(name)):
            if key in self.quantities and self.quantities[key].indexed:
                return key
        return ""

    @property
    def losses(self) -> list[str]:
        """The numbers that the model computes once."""
        return [
            name
            for name, known in self.quantities.items()
            if known.role == "computed" and known.shape == SCALAR and not known.indexed
        ]

    def known(self, name: object) -> Quantity | None:
        """The model's quantity of this name, if it has one."""
        return self.quantities.get(str(name))

    def shape(self, name: str) -> Shape | None:
        """The shape of a quantity by its name, as in ``value`` of its node."""
        binding = self.bindings.get(name.removeprefix(PAGE))
        if name.startswith(PAGE) and isinstance(binding, Letter):
            return binding.shape
        return self.quantities[name].shape
