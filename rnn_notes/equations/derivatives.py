# ruff: noqa: D102 - the methods are the rules of grammar.lark, under the same names
r"""Derivatives in their spellings: with ``\partial``, ``d``, ``\nabla``, subscripts."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from lark import Token, v_args
from lark.tree import Meta

from rnn_notes.equations.errors import EquationError
from rnn_notes.equations.nodes import Node
from rnn_notes.equations.pieces import Pieces, nodes, span

__all__ = ["Derivatives"]


@v_args(meta=True)
class Derivatives(Pieces):
    """The rules about derivatives, differentials and fractions."""

    def differential(self, meta: Meta, children: list[Any]) -> Node:
        (of,) = nodes(children)
        if of.kind == "power" and not of.form:
            raise EquationError(
                r"is it the power of \mathrm{d} or \mathrm{d} of the power? "
                "expected brackets",
                span(meta),
            )
        return Node("d", span(meta), (of,))

    def derivative(self, meta: Meta, children: list[Any]) -> Node:
        *_, numerator, _, denominator = children
        return self._derivative(meta, children, (numerator, denominator))

    def slashed(self, meta: Meta, children: list[Any]) -> Node:
        _, numerator, link, _, denominator = children
        if link != "/":
            raise EquationError(r"a lone \partial has no meaning", span(meta))
        return self._derivative(meta, children, (numerator, denominator))

    def operator(self, meta: Meta, children: list[Any]) -> Node:
        *_, denominator, numerator = children
        node = self._derivative(meta, children, (numerator, denominator))
        return replace(node, form="open")

    def shared(self, meta: Meta, children: list[Any]) -> Node:
        r"""A derivative with a factor, as in ``\frac{\partial y}{T \partial x}``."""
        _, above, numerator, factor, *_, denominator = children
        self._note(factor, r"read the factor beside \partial as one of the whole")
        slope = Node("derivative", span(meta), (numerator, denominator), "+" in above)
        return Node("fraction", span(meta), (slope, factor))

    def second(self, meta: Meta, children: list[Any]) -> Node:
        *_, of, _, first, _, last = children
        if last is None:
            if first.kind != "power" or first.parts[1].value != "2":
                raise first.fail(r"\partial^2 came above, expected x^2 below")
            first = last = first.parts[0]
        inner = Node("derivative", span(meta), (of, first), False)
        return Node("derivative", span(meta), (inner, last), False)

    def lowered(self, meta: Meta, children: list[Any]) -> Node:
        partial, below, of = children
        self._note(partial, r"read \partial_x y as \frac{\partial y}{\partial x}")
        parts = (of, self._one(partial, below))
        return Node("derivative", span(meta), parts, False)

    def gradient(self, meta: Meta, children: list[Any]) -> Node:
        nabla, below, of = children
        return Node("gradient", span(meta), (of, self._one(nabla, below)))

    def _one(self, sign: Token, below: list[Node]) -> Node:
        """The one variable that a derivative is taken by."""
        if len(below) != 1:
            came = "several variables" if below else "no variable"
            raise EquationError(f"{came} came, expected one", span(sign))
        return below[0]

    def _derivative(
        self, meta: Meta, children: list[Any], parts: tuple[Node, Node]
    ) -> Node:
        above, below = [c for c in children if getattr(c, "type", "") == "PARTIAL"]
        if "+" in below:
            raise EquationError(
                r"\partial^{+} came below the line, expected it above", span(meta)
            )
        return Node("derivative", span(meta), parts, "+" in above)

    def fraction(self, meta: Meta, children: list[Any]) -> Node:
        above, below = nodes(children)
        if above.kind == below.kind == "d":
            parts = above.parts[0], below.parts[0]
            return Node("derivative", span(meta), parts, False)
        if (numerator := _after_d(above)) and (denominator := _after_d(below)):
            self._note(above, r"read d as \partial")
            return Node("derivative", span(meta), (numerator, denominator), False)
        return Node("fraction", span(meta), (above, below))

    def short_fraction(self, meta: Meta, children: list[Token]) -> Node:
        above, below = re.findall(r"\w", children[0].split("frac")[1])
        kinds = ["number" if sign.isdigit() else "name" for sign in (above, below)]
        place = span(meta)
        parts = [
            Node(k, place, (), s) for k, s in zip(kinds, (above, below), strict=True)
        ]
        return Node("fraction", place, tuple(parts))

    def _ratio(self, meta: Meta, factors: tuple[Node, ...], links: list[str]) -> Node:
        """What is written with a slash."""
        ds = [_is_d(factor) for factor in factors]
        if links == ["", "/", ""] and ds == [True, False, True, False]:  # dL/dW
            self._note(factors[0], r"read d as \partial")
            return Node("derivative", span(meta), (factors[1], factors[3]), False)
        if len(factors) != 2:
            raise EquationError(
                r"what is divided by what? expected \frac{...}{...}", span(meta)
            )
        return self.fraction(meta, list(factors))

    def _operators(
        self, factors: tuple[Node, ...], links: list[str]
    ) -> tuple[tuple[Node, ...], list[str]]:
        r"""The factors, \frac{d}{dx} and what follows it taken together."""
        for place, factor in enumerate(factors[:-1]):
            if factor.kind != "fraction" or not _is_d(factor.parts[0]):
                continue
            if by := _after_d(factor.parts[1]):
                self._note(factor, r"read d as \partial")
                of = factors[place + 1]
                whole = (factor.span[0], of.span[1])
                slope = Node("derivative", whole, (of, by), False)
                rest = (*factors[:place], slope, *factors[place + 2 :])
                return self._operators(rest, links[:place] + links[place + 1 :])
        return factors, links


def _is_d(node: Node) -> bool:
    """Whether a factor is the letter d of a derivative."""
    return node.kind == "name" and node.value in ("d", r"\mathrm{d}")


def _after_d(node: Node) -> Node | None:
    """What stands after the letter d in a product, None where none does."""
    if node.kind == "d":
        return node.parts[0]
    if node.kind != "mul" or not _is_d(node.parts[0]) or any(node.value):
        return None
    rest = node.parts[1:]
    if len(rest) == 1:
        return rest[0]
    place = (rest[0].span[0], rest[-1].span[1])
    return Node("mul", place, rest, node.value[1:])
