"""The tree of a formula, before and after its names have a meaning."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from rnn_notes.equations.errors import (
    EquationError,
    MisfitError,
    OutsideError,
    Span,
    WorkError,
)

__all__ = [
    "ALIAS",
    "FONTS",
    "Linear",
    "Node",
    "Remark",
    "compact",
    "derived",
    "plain",
    "with_text",
]

_DEEPEST = 60
_LARGEST = 3000
_MEASURED = ("derivative", "d")
ALIAS = "alias"  # the value of an entry that a letter of the page stands for


FONTS = ("mathbf", "boldsymbol", "bm", "pmb", "mathcal", "mathscr", "mathbb", "mathit")
_WIDE = {r"\widehat": r"\hat", r"\widetilde": r"\tilde", r"\overline": r"\bar"}


@dataclass(frozen=True)
class Remark:
    """What was read otherwise than it is written, and where; strictly an error."""

    text: str
    span: Span


@dataclass(frozen=True)
class Linear:
    """An index such as ``t - 1``: whole multiples of letters, and a constant.

    >>> before = Linear((("t", 1),), -1)
    >>> str(before), before.at({"t": 3})
    ('t - 1', 2)
    """

    terms: tuple[tuple[str, int], ...] = ()
    constant: int = 0

    @classmethod
    def of(cls, letter: str) -> Linear:
        """The index that is a letter alone."""
        return cls(((letter, 1),))

    def at(self, letters: Mapping[str, int]) -> int:
        """The index for given values of its letters."""
        return self.constant + sum(k * letters[name] for name, k in self.terms)

    def plus(self, other: Linear, sign: int = 1) -> Linear:
        """The sum, or with ``sign=-1`` the difference, of two indices."""
        terms = dict(self.terms)
        for name, k in other.terms:
            terms[name] = terms.get(name, 0) + sign * k
        kept = tuple(sorted((name, k) for name, k in terms.items() if k))
        return Linear(kept, self.constant + sign * other.constant)

    def replaced(self, values: Mapping[str, Linear]) -> Linear:
        """The index with other indices in place of letters.

        >>> str(Linear((("t", 2),), 1).replaced({"t": Linear((("s", 1),), -1)}))
        '2s - 1'
        """
        total = Linear((), self.constant)
        for name, k in self.terms:
            other = values.get(name, Linear.of(name))
            scaled = Linear(
                tuple((n, k * m) for n, m in other.terms), k * other.constant
            )
            total = total.plus(scaled)
        return total

    @property
    def letters(self) -> frozenset[str]:
        """The letters that the index depends on, T, V and H among them."""
        return frozenset(name for name, _ in self.terms)

    def __str__(self) -> str:
        pieces = [(k, name) for name, k in self.terms]
        if self.constant or not pieces:
            pieces.append((self.constant, ""))
        text = "".join(
            f" {'-' if k < 0 else '+'} {'' if name and abs(k) == 1 else abs(k)}{name}"
            for k, name in pieces
        )
        return text[3:] if text.startswith(" + ") else f"-{text[3:]}"


@dataclass(frozen=True, eq=False)
class Node:
    """One piece of a formula; compared by identity, so that it can be a key.

    kind    : "number", "name", "add", "mul", "sum", "derivative", …
    span    : where it stands in the text
    parts   : the pieces that it is made of
    value   : what the kind needs besides: a name, signs, the size of a matrix
    form    : "closed" in brackets, "open" where an argument ends without a bracket
    indices : the indices that it uses itself
    binds   : the letters that it gives values to inside its parts

    From these follow ``depth`` and ``size`` of the tree, the letters that are ``free``
    in it (``letters``: in order), and whether something in it is ``measured``, nudged.
    """

    kind: str
    span: Span
    parts: tuple[Node, ...] = ()
    value: Any = None
    form: str = ""
    indices: tuple[Linear, ...] = ()
    binds: tuple[str, ...] = ()
    depth: int = field(init=False)
    size: int = field(init=False)
    free: frozenset[str] = field(init=False)
    letters: tuple[str, ...] = field(init=False)
    measured: bool = field(init=False)

    def __post_init__(self) -> None:
        depth = 1 + max((part.depth for part in self.parts), default=0)
        size = 1 + sum(part.size for part in self.parts)
        measured = self.kind in _MEASURED or any(part.measured for part in self.parts)
        inside = frozenset[str]().union(*(part.free for part in self.parts))
        own = frozenset[str]().union(*(index.letters for index in self.indices))
        free = own | (inside - set(self.binds))
        found = {"depth": depth, "size": size, "free": free, "measured": measured}
        for name, value in found.items():
            object.__setattr__(self, name, value)
        object.__setattr__(self, "letters", tuple(sorted(free)))
        if depth > _DEEPEST:
            raise self.fail(f"it is nested {depth} deep, expected at most {_DEEPEST}")
        if size > _LARGEST:
            raise self.fail(f"it has {size} pieces, expected at most {_LARGEST}")

    def with_parts(self, change: Callable[[Node], Node]) -> Node:
        """The same node with every part changed."""
        parts = tuple([change(part) for part in self.parts])
        if parts == self.parts:
            return self
        return Node(
            self.kind, self.span, parts, self.value, self.form, self.indices, self.binds
        )

    def put_at(self, span: Span) -> Node:
        """The same tree, every node of which says that it stands at ``span``."""
        return replace(self.with_parts(lambda part: part.put_at(span)), span=span)

    def at(self, env: Mapping[str, int]) -> tuple[int, ...]:
        """What its own indices come to for given values of their letters."""
        return tuple([index.at(env) for index in self.indices])

    def within(self, *kinds: str) -> Node:
        """What is left when nodes of these kinds are taken off, each to its first part.

        >>> x = Node("name", (0, 1), value="x")
        >>> Node("transpose", (0, 3), (x,)).within("entry", "transpose").kind
        'name'
        """
        return self.parts[0].within(*kinds) if self.kind in kinds else self

    def inner(self, env: Mapping[str, int]) -> dict[str, int]:
        """The letters inside a definition, given those around it."""
        return {**env, **dict(zip(self.binds, self.at(env), strict=True))}

    def plus(self, number: int) -> Node:
        """The index that is a number more than this one; itself for none."""
        if not number:
            return self
        other = Node("number", self.span, (), str(abs(number)))
        return Node("add", self.span, (self, other), (1, 1 if number > 0 else -1))

    def exchanged(self, new: Callable[[Node], Node | None]) -> Node:
        """The tree with other nodes in place of those for which ``new`` has one."""
        return new(self) or self.with_parts(lambda part: part.exchanged(new))

    def walk(self) -> Iterator[Node]:
        """The node and all that it is made of."""
        yield self
        for part in self.parts:
            yield from part.walk()

    def misfit(self, reason: str) -> MisfitError:
        """The error that says that shapes do not fit, and points here."""
        return MisfitError(reason, self.span)

    def fail(self, reason: str) -> EquationError:
        """The error that says ``reason`` and points here."""
        return EquationError(reason, self.span)

    def too_much(self) -> WorkError:
        """The error that says that the work for this is more than may be done."""
        return WorkError(
            "it takes too much work, expected fewer indices, sums or derivatives in it",
            self.span,
        )

    def outside(self, index: str) -> OutsideError:
        """The error that says that an index here is outside of what is there."""
        return OutsideError(f"{index} falls outside in every draw", self.span)


def derived(trees: Iterable[Node]) -> set[Any]:
    """What stands above a derivative somewhere in trees, where it is a name alone."""
    nodes = (node for tree in trees for node in tree.walk())
    tops = [node.parts[0] for node in nodes if node.kind == "derivative"]
    return {top.value for top in tops if top.kind == "name"}


def compact(node: Node) -> str:
    """The text of a name or a subscript without its spaces.

    >>> x, h = Node("name", (0, 1), value="x"), Node("name", (1, 2), value="h")
    >>> compact(Node("mul", (0, 2), (x, h)))
    'xh'
    """
    if node.kind in ("name", "number"):
        return str(node.value)
    if node.kind == "mul":
        return "".join(compact(part) for part in node.parts)
    if node.kind == "subscripted":
        base, *items = node.parts
        return f"{compact(base)}_{{{','.join(compact(item) for item in items)}}}"
    if node.kind == "add":
        signs = ["+" if sign > 0 else "-" for sign in node.value]
        pieces = [s + compact(p) for s, p in zip(signs, node.parts, strict=True)]
        return "".join(pieces).removeprefix("+")
    return f"<{node.kind}>"  # no name looks like this


def plain(letter: str) -> str:
    r"""A letter without its font, and with the short form of its accent.

    >>> plain(r"\mathbf{h}"), plain(r"\widehat{\mathbf{y}}"), plain(r"\text{raw}")
    ('h', '\\hat{y}', '\\text{raw}')
    """
    bare = re.sub(rf"\\({'|'.join(FONTS)}|mathrm)\{{([^{{}}]*)\}}", r"\2", letter)
    return re.sub(r"^\\[a-z]+", lambda accent: _WIDE.get(accent[0], accent[0]), bare)


def with_text(line: Node) -> Iterator[Node]:
    """Every node that has a text of its own in a line, the line itself first."""
    waiting = [line]
    while waiting:
        node = waiting.pop(0)
        yield node
        if node.kind != "defined" and node.value != ALIAS:
            waiting += node.parts
