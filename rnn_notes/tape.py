"""A tape: reverse-mode automatic differentiation over NumPy arrays.

Every operation on a node writes a new node at the end of the tape, so the tape holds
the computation in the order in which it ran. Read backwards, each node comes after all
that used it: no sorting and no recursion, however long the tape. ::

    tape = Tape()
    w = tape.variable(np.array([[1.0, 2.0]]), "w")   # (1, 2)
    loss = tanh(w @ np.array([[3.0], [4.0]])).sum()  # a bare array is a constant
    tape.backward(loss)
    w.gradient                                       # (1, 2), dloss / dw
    w.contributions()                                # what each use of w put into it
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rnn_notes.arrays.arguments import Array

__all__ = [
    "RULES",
    "Node",
    "Tape",
    "exp",
    "log",
    "logsumexp",
    "tanh",
    "unbroadcast",
]


def _logsumexp(a: Array, axis: int | None = None) -> Any:
    """log(sum(exp(a))), shifted by the largest entry so that nothing overflows."""
    largest = a.max(axis, keepdims=True)
    total = largest + np.log(np.exp(a - largest).sum(axis, keepdims=True))
    return total.reshape(()) if axis is None else total


def _scatter(g: Array, a: Array, index: Any) -> Array:
    """Zeros like ``a`` with ``g`` at ``index``; what was picked twice adds up."""
    spread = np.zeros_like(a)
    np.add.at(spread, index, g)
    return spread


# Each operation: its value z, then the gradient by each argument, given the gradient g
# by z. An axis is kept with length 1, so that a gradient broadcasts back over it.
# fmt: off
RULES: dict[str, tuple[Callable[..., Any], ...]] = {
    "@": (lambda a, b: a @ b, lambda g, z, a, b: g @ b.T, lambda g, z, a, b: a.T @ g),
    "+": (lambda a, b: a + b, lambda g, z, a, b: g,       lambda g, z, a, b: g),
    "-": (lambda a, b: a - b, lambda g, z, a, b: g,       lambda g, z, a, b: -g),
    "*": (lambda a, b: a * b, lambda g, z, a, b: g * b,   lambda g, z, a, b: g * a),
    "/": (lambda a, b: a / b, lambda g, z, a, b: g / b,   lambda g, z, a, b: -g * z/b),
    "tanh": (np.tanh,         lambda g, z, a: g * (1 - z * z)),
    "exp":  (np.exp,          lambda g, z, a: g * z),
    "log":  (np.log,          lambda g, z, a: g / a),
    ".T":   (lambda a: a.T,   lambda g, z, a: g.T),
    "sum":  (lambda a, axis=None: a.sum(axis, keepdims=axis is not None),
             lambda g, z, a, axis=None: np.broadcast_to(g, a.shape)),
    "logsumexp": (_logsumexp, lambda g, z, a, axis=None: g * np.exp(a - z)),
    "pick": (lambda a, index: a[index], lambda g, z, a, index: _scatter(g, a, index)),
}
# fmt: on


def unbroadcast(g: Array, shape: tuple[int, ...]) -> Array:
    """``g`` summed over the axes along which an array of ``shape`` was repeated.

    >>> unbroadcast(np.ones((3, 5)), (3, 1)).ravel().tolist()
    [5.0, 5.0, 5.0]
    """
    new = g.ndim - len(shape)
    repeated = [i for i, n in enumerate(shape, new) if n == 1 and g.shape[i] > 1]
    axes = (*range(new), *repeated)
    return g.sum(axes, keepdims=True).reshape(shape) if axes else g


def _operation(op: str, swapped: bool = False) -> Callable[..., Node]:
    """The function of nodes that records ``op``; swapped for a right operand."""

    def operation(self: Node, *others: Any, **settings: Any) -> Node:
        arguments = (*others, self) if swapped else (self, *others)
        return self.tape.record(op, *arguments, **settings)

    return operation


@dataclass(eq=False, repr=False)
class Node:
    """One value on the tape, and how it came about.

    tape     : the tape, on which it stands at place ``index``
    op       : its key in ``RULES``; "variable" or "constant" where it has no parents
    parents  : the nodes it was computed from; ``settings`` is what else went in
    value    : ndarray
    constant : whether no variable went into it
    name     : for the reader of a drawing; may be empty
    children : every use of it, as the node that used it and the argument's place there
    gradient : after ``backward`` the derivative of the loss by ``value``, in its shape;
        None for constants and for what the loss does not depend on
    """

    tape: Tape
    index: int
    op: str
    parents: tuple[Node, ...]
    settings: dict[str, Any]
    value: Array
    constant: bool
    name: str = ""
    children: list[tuple[Node, int]] = field(default_factory=list)
    gradient: Array | None = None

    __array_ufunc__ = None  # NumPy leaves ``array @ node`` to the node
    __add__, __radd__ = _operation("+"), _operation("+", swapped=True)
    __sub__, __rsub__ = _operation("-"), _operation("-", swapped=True)
    __mul__, __rmul__ = _operation("*"), _operation("*", swapped=True)
    __truediv__, __rtruediv__ = _operation("/"), _operation("/", swapped=True)
    __matmul__, __rmatmul__ = _operation("@"), _operation("@", swapped=True)
    T, sum = property(_operation(".T")), _operation("sum")

    def __getitem__(self, index: Any) -> Node:
        return self.tape.record("pick", self, index=index)

    def __repr__(self) -> str:
        return f"<{self.name or self.index}: {self.op} {self.value.shape}>"

    def named(self, name: str) -> Node:
        """The node itself, with a name."""
        self.name = name
        return self

    def share(self, place: int) -> Array:
        """What this node adds to the gradient of its ``place``-th parent."""
        values = (parent.value for parent in self.parents)
        adjoint = RULES[self.op][1 + place]
        g = adjoint(self.gradient, self.value, *values, **self.settings)
        return unbroadcast(g, self.parents[place].value.shape)

    def contributions(self) -> list[tuple[Node, Array]]:
        """Each use on which the loss depends, with what it adds to the gradient."""
        uses = [(c, place) for c, place in self.children if c.gradient is not None]
        return [(child, child.share(place)) for child, place in uses]


tanh, exp, log = _operation("tanh"), _operation("exp"), _operation("log")
logsumexp = _operation("logsumexp")  # of all entries, or along an ``axis``


class Tape:
    """The nodes of a computation, in the order in which it ran.

    array : is called on every new value; ``Counter.array`` of
        ``rnn_notes.book.counting`` makes arrays that count the operations done on them

    >>> tape = Tape()
    >>> x = tape.variable([[2.0]], "x")
    >>> loss = (x * x + x).sum()
    >>> tape.backward(loss)
    >>> bool(x.gradient == 2 * 2.0 + 1)
    True
    >>> tape.nodes
    [<x: variable (1, 1)>, <1: * (1, 1)>, <2: + (1, 1)>, <3: sum ()>]
    """

    def __init__(self, array: Callable[[Any], Array] = np.asarray) -> None:
        self.nodes: list[Node] = []
        self.array = array

    def variable(self, value: Any, name: str = "") -> Node:
        """A node by which the loss is differentiated."""
        return self._append("variable", np.asarray(value, float), name=name)

    def constant(self, value: Any, name: str = "") -> Node:
        """A node that is held still."""
        return self._append("constant", np.asarray(value, float), name=name)

    def record(self, op: str, *arguments: Any, **settings: Any) -> Node:
        """The node of an operation on nodes and arrays.

        Raises
        ------
        ValueError
            For nodes of another tape, and for shapes that do not fit.
        """
        parents = tuple(
            a if isinstance(a, Node) else self.constant(a) for a in arguments
        )
        if any(parent.tape is not self for parent in parents):
            raise ValueError(f"{op} got nodes of two tapes, expected one tape")
        values = [parent.value for parent in parents]
        shapes = " and ".join(str(value.shape) for value in values)
        if op == "@" and any(value.ndim != 2 for value in values):
            raise ValueError(f"@ got {shapes}, expected the shapes of two matrices")
        try:
            value = RULES[op][0](*values, **settings)
        except (ValueError, IndexError) as error:
            raise ValueError(f"{op} got {shapes}, which do not fit: {error}") from None
        return self._append(op, value, parents, settings)

    def _append(
        self,
        op: str,
        value: Any,
        parents: Any = (),
        settings: Any = None,
        name: str = "",
    ) -> Node:
        """A new node at the end of the tape, known to its parents."""
        constant = op != "variable" and all(parent.constant for parent in parents)
        index, value = len(self.nodes), self.array(value)
        node = Node(self, index, op, parents, settings or {}, value, constant, name)
        for place, parent in enumerate(parents):
            parent.children.append((node, place))
        self.nodes.append(node)
        return node

    def backward(self, loss: Node) -> None:
        """Write the derivative of ``loss`` by every node into its ``gradient``.

        A node that was used twice receives two shares and they add up: this is where
        the ``+`` of ``Why.T @ dy + dhnext`` comes from.

        Raises
        ------
        ValueError
            Unless the loss is one number.
        """
        if loss.value.size != 1:
            raise ValueError(f"loss has shape {loss.value.shape}, expected one number")
        for node in self.nodes:
            is_variable = node.op == "variable"
            node.gradient = np.zeros_like(node.value) if is_variable else None
        loss.gradient = np.ones_like(loss.value)
        for node in reversed(self.nodes):
            if node.gradient is None:  # the loss does not depend on it
                continue
            for place, parent in enumerate(node.parents):
                if parent.constant:
                    continue
                if parent.gradient is None:
                    parent.gradient = np.zeros_like(parent.value)
                parent.gradient += node.share(place)
