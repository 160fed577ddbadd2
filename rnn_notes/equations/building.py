"""The callbacks of the grammar: from what a rule has matched to a node."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from typing import Any

from lark import Token, v_args
from lark.tree import Meta

from rnn_notes.equations.bigs import Bigs
from rnn_notes.equations.derivatives import Derivatives
from rnn_notes.equations.errors import EquationError
from rnn_notes.equations.letters import Names
from rnn_notes.equations.nodes import Node, Remark
from rnn_notes.equations.pieces import nodes, span
from rnn_notes.equations.runs import without_dots
from rnn_notes.equations.scripts import Scripts

__all__ = ["build"]

_FUNCTIONS = {"ln": "log"}
_EQUALS = (r"\equiv", r"\triangleq", r"\doteq")
_SAME = {r"\coloneqq": ":=", r"\leqslant": r"\leq", r"\geqslant": r"\geq"}


def build(tree: Any, latex: str, remarks: list[Remark]) -> list[list[Node]]:
    """The items of every line of a formula, from lark's tree of it."""
    lines: list[list[Node]] = _Builder(latex, remarks).transform(tree)
    return lines


@v_args(meta=True)
class _Builder(Bigs, Derivatives, Names, Scripts):
    """One method a rule of the grammar, under the same name; no recursion."""

    def start(self, meta: Meta, lines: list[Any]) -> list[list[Node]]:
        return [line for some in lines if isinstance(some, list) for line in some]

    def line(self, meta: Meta, items: list[Any]) -> list[list[Node]]:
        """The lines of a row: a second equation after a comma is one of its own."""
        lines: list[list[Node]] = []
        for item in nodes(items):
            if lines and not _is_equation(item):
                lines[-1].append(item)
            else:
                lines.append([item])
        return lines

    def item(self, meta: Meta, children: list[Any]) -> Node:
        sides = nodes(children)
        if len(sides) == 1:
            return sides[0]
        symbols = [self._symbol(c) for c in children if isinstance(c, Token)]
        if len(symbols) > 1 and symbols[-1] == r"\in" and "=" in symbols:
            self._note(sides[-1], r"left out the \in at the end: shapes are derived")
            sides, symbols = sides[:-1], symbols[:-1]
        if len(sides) > 2 and any(side.kind == "dots" for side in sides[1:-1]):
            kept = [n for n, side in enumerate(sides) if n == 0 or side.kind != "dots"]
            self._note(sides[0], "left out the dots between two relations")
            symbols = [symbols[n - 1] for n in kept[1:]]
            sides = tuple(sides[n] for n in kept)
        return Node("relation", span(meta), sides, tuple(symbols))

    def _symbol(self, token: Token) -> str:
        """A relation as the reader knows it."""
        if token in _EQUALS or "{" in token:
            self._note(token, f"read {token} as =")
            return "="
        return _SAME.get(token, str(token))

    def expression(self, meta: Meta, children: list[Any]) -> Node:
        terms, signs, sign = [], [], 1
        for child in children:
            if isinstance(child, Node):
                terms.append(child)
                signs.append(sign)
            elif child is not None:
                sign = -1 if child == "-" else 1
        if len(terms) == 1 and signs == [1]:
            return terms[0]
        total = Node("add", span(meta), tuple(terms), tuple(signs))
        return without_dots(total, self._note)

    def term(self, meta: Meta, children: list[Any]) -> Any:
        return children[0]

    def hadamard(self, meta: Meta, children: list[Any]) -> Node:
        return self._chain("hadamard", meta, children)

    def kronecker(self, meta: Meta, children: list[Any]) -> Node:
        return self._chain("kronecker", meta, children)

    def _chain(self, kind: str, meta: Meta, children: list[Any]) -> Node:
        first, last = nodes(children)
        if last.kind == kind and not last.form:
            return Node(kind, span(meta), (first, *last.parts))
        if last.kind in ("hadamard", "kronecker") and not last.form:
            raise last.fail(r"\odot and \otimes meet, expected brackets to say which")
        return Node(kind, span(meta), (first, last))

    def product(self, meta: Meta, children: list[Any]) -> Node:
        factors, links = nodes(children), []
        for before, child in itertools.pairwise(children):
            if isinstance(child, Node):  # a link, or nothing, stands before it
                links.append(_link(before))
        if "/" in links:
            return self._ratio(meta, factors, links)
        factors, links = self._operators(factors, links)
        for factor in factors[:-1]:
            if factor.form == "open":
                raise factor.fail("where does its argument end? expected brackets")
        if len(factors) == 1:
            return factors[0]
        whole = Node("mul", span(meta), factors, tuple(links))
        return without_dots(whole, self._note)

    def open_call(self, meta: Meta, children: list[Any]) -> Node:
        called = self.call(meta, children)
        return called if children[1].form == "closed" else replace(called, form="open")

    big_call = open_call

    def function(self, meta: Meta, children: list[Any]) -> list[Any]:
        return children

    def call(self, meta: Meta, children: list[Any]) -> Node:
        (function, prime, sup), argument = children
        name = re.findall("[A-Za-z]+", function.replace("-", ""))[-1].lower()
        name = _FUNCTIONS.get(name, name)
        if not re.match(r"\\(operatorname|mathrm|mathop|text|[a-z]+$)", function):
            known = name in ("tanh", "exp", "log", "det")
            better = f"\\{name}" if known else rf"\operatorname{{{name}}}"
            self._note(function, f"read {function} as {better}")
        parts = argument.parts if argument.kind == "tuple" else (argument,)
        called = Node("call", span(meta), parts, name + ("'" if prime else ""))
        return called if sup is None else self.raised(meta, [called, sup])

    def paren(self, meta: Meta, children: list[Any]) -> Node:
        (inside,) = nodes(children)
        return replace(inside, span=span(meta), form="closed")

    def tuple(self, meta: Meta, children: list[Any]) -> Node:
        return Node("tuple", span(meta), nodes(children), form="closed")

    def number(self, meta: Meta, children: list[Any]) -> Node:
        return Node("number", span(meta), (), str(children[0]))

    def dots(self, meta: Meta, children: list[Any]) -> Node:
        return Node("dots", span(meta))

    def matrix(self, meta: Meta, children: list[Any]) -> Node:
        rows = [child for child in children if isinstance(child, list)]
        widths = {len(row) for row in rows}
        if len(widths) > 1:
            raise EquationError(
                f"rows of {sorted(widths)} entries came, expected rows of one length",
                span(meta),
            )
        entries = tuple(entry for row in rows for entry in row)
        return Node("matrix", span(meta), entries, (len(rows), len(rows[0])))

    def row(self, meta: Meta, children: list[Any]) -> list[Node]:
        return list(nodes(children))

    def inner(self, meta: Meta, children: list[Any]) -> Node:
        return Node("inner", span(meta), nodes(children))

    def norm(self, meta: Meta, children: list[Any]) -> Node:
        return Node("norm", span(meta), nodes(children))

    def bars(self, meta: Meta, children: list[Any]) -> Node:
        return Node("bars", span(meta), nodes(children))

    def set(self, meta: Meta, children: list[Any]) -> Node:
        items = nodes(children)
        if len(items) == 1 and items[0].kind != "relation":  # braces as brackets
            return replace(items[0], span=span(meta), form="closed")
        return Node("set", span(meta), items)


def _link(before: Any) -> str:
    """What joins a factor to the one before it."""
    if not isinstance(before, Token):
        return ""
    return "*" if before == r"\ast" else str(before)


def _is_equation(item: Node) -> bool:
    """Whether an item is an equation of more than indices and sizes."""
    if item.kind != "relation" or set(item.value) - {"=", ":="}:
        return False
    simple = ("name", "number", "add", "mul", "dots", "set")
    return any(node.kind not in simple for side in item.parts for node in side.walk())
