# ruff: noqa: D102 - the methods are the rules of grammar.lark, under the same names
r"""Sums and products, and the limits that people write at them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lark import Token, v_args
from lark.tree import Meta

from rnn_notes.equations.errors import EquationError
from rnn_notes.equations.nodes import Node
from rnn_notes.equations.pieces import Pieces, span

__all__ = ["Bigs"]

_UP = {"<": 1, r"\lt": 1, r"\le": 0, r"\leq": 0}
_DOWN = {">": 1, r"\gt": 1, r"\ge": 0, r"\geq": 0}
_Limits = tuple[Node | None, ...]


@v_args(meta=True)
class Bigs(Pieces):
    r"""The rules about ``\sum`` and ``\prod``."""

    def limits(self, meta: Meta, children: list[Any]) -> list[Any]:
        return children

    def limits_reversed(self, meta: Meta, children: list[Any]) -> list[Any]:
        return children[::-1]

    def big(self, meta: Meta, children: list[Any]) -> Node:
        command, (sub, sup), *rest = children
        body: Node = rest[-1]
        if isinstance(rest[0], Token) and rest[0] == "-":
            body = Node("add", body.span, (body,), (-1,))
        kind = "sum" if "sum" in command else "prod"
        read = [] if isinstance(sup, str) else self._limits(sub or [], sup)
        falls = kind == "prod" and sub and sub[0].value and sub[0].value[0] in _DOWN
        if falls and sub[0].kind == "relation":  # t \ge i > k goes down from t
            read = [(index, high, low) for index, low, high in read]
        if not read:
            raise EquationError(
                f"the limits of \\{kind} are not read, expected them as in "
                f"\\{kind}_{{t=1}}^{{T}} or \\{kind}_{{t}}",
                span(meta),
            )
        body, behind = self._bracketed(kind, body)
        for limits in reversed(read):
            body = Node(kind, span(meta), (*limits, body))
        if not behind:
            return body
        place = (span(meta)[0], body.parts[-1].span[1])
        first = replace(body, span=place, form="closed")
        return Node("mul", span(meta), (first, *behind), ("",) * len(behind))

    def _bracketed(self, kind: str, body: Node) -> tuple[Node, tuple[Node, ...]]:
        """What a product is over, and the factors behind its brackets."""
        if kind == "sum" or body.kind != "mul" or body.form:
            return body, ()
        first, *rest = body.parts
        if first.form != "closed" or self.latex[first.span[0]] == "{":
            return body, ()
        if any(factor.form == "closed" for factor in rest) or set(body.value) != {""}:
            return body, ()
        self._note(first, "read the product as one over its brackets alone")
        return first, tuple(rest)

    def _limits(self, sub: list[Node], sup: Node | None) -> list[tuple[Node, ...]]:
        """Index, first and last of every letter that is bound; empty if not read."""
        if len(sub) > 1 and sub[1].kind != "dots":
            if sup is None and all(item.kind == "name" for item in sub):
                self._note(sub[0], "read the letters under one sign as a sign for each")
                return [(item,) for item in sub]
            return []
        if len(sub) == 3 and sup is None:  # k = 1, \dots, t
            self._note(sub[0], "read the first and the last value as limits")
            sub, sup = sub[:1], sub[2]
        if len(sub) != 1:
            return []
        (below,) = sub
        if below.kind == "name":
            if sup is not None:
                self._note(below, f"read it as a sum from {below.value} = 1")
                unsaid = replace(_number(1, below), form="unsaid")
                return [(below, unsaid, sup)]
            return [(below,)]
        if below.kind != "relation":
            return []
        if below.value == ("=",):
            index, low = below.parts
            known = index.kind == "name" and sup is not None
            return [(index, low, sup)] if known and sup is not None else []
        return self._ordered(below) if sup is None else []

    def _ordered(self, below: Node) -> list[tuple[Node, ...]]:
        r"""Limits that are written as an order, ``1 \le k < t``."""
        sides, signs = below.parts, below.value
        if all(sign in _DOWN for sign in signs):
            sides, signs = sides[::-1], signs[::-1]
        orders = {**_UP, **_DOWN}
        if not (all(s in _UP for s in signs) or all(s in _DOWN for s in signs)):
            return []
        gaps = [orders[sign] for sign in signs]
        if len(sides) == 3 and sides[1].kind == "name":
            low, high = _shifted(sides[0], gaps[0]), _shifted(sides[2], -gaps[1])
            index = sides[1]
        elif len(sides) == 2 and sides[0].kind == "name":
            index, low, high = sides[0], _number(1, below), _shifted(sides[1], -gaps[0])
        elif len(sides) == 2 and sides[1].kind == "name":
            index, low = sides[1], _shifted(sides[0], gaps[0])
            high = Node("name", below.span, (), "T")
        else:
            return []
        self._note(below, f"read {self._text(below)} as limits that rise")
        return [(index, low, high)]


def _number(value: int, at: Node) -> Node:
    """A number that stands where a node does."""
    return Node("number", at.span, (), str(value))


def _shifted(limit: Node, by: int) -> Node:
    """A limit moved by one, or as it is."""
    if not by:
        return limit
    return Node("add", limit.span, (limit, _number(1, limit)), (1, by))
