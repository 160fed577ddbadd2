"""The callbacks of the grammar: from what a rule has matched to a node."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from typing import Any

from lark import Token, v_args
from lark.tree import Meta
from lark.visitors import Transformer_NonRecursive

from rnn_notes.equations.errors import EquationError, Span
from rnn_notes.equations.nodes import Node

FUNCTIONS = {"ln": "log"}
TRANSPOSE, INVERSE_TRANSPOSE = "transpose", "inverse transpose"


def build(tree: Any) -> list[list[Node]]:
    """The items of every line of a formula, from lark's tree of it."""
    lines: list[list[Node]] = _Builder().transform(tree)
    return lines


def _span(meta: Meta) -> Span:
    """Where the matched text stands."""
    return (meta.start_pos, meta.end_pos)


def _nodes(children: list[Any]) -> tuple[Node, ...]:
    """The nodes among the children of a rule."""
    return tuple(child for child in children if isinstance(child, Node))


@v_args(meta=True)
class _Builder(Transformer_NonRecursive[Token, Any]):
    """One method a rule of the grammar, under the same name; no recursion."""

    def start(self, meta: Meta, lines: list[Any]) -> list[list[Node]]:
        return [line for line in lines if isinstance(line, list)]

    def line(self, meta: Meta, items: list[Any]) -> list[Node]:
        return list(_nodes(items))

    def item(self, meta: Meta, children: list[Any]) -> Node:
        sides = _nodes(children)
        if len(sides) == 1:
            return sides[0]
        relations = tuple(str(child) for child in children if isinstance(child, Token))
        return Node("relation", _span(meta), sides, relations)

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
        return Node("add", _span(meta), tuple(terms), tuple(signs))

    def term(self, meta: Meta, children: list[Any]) -> Any:
        return children[0]

    def hadamard(self, meta: Meta, children: list[Any]) -> Node:
        return self._chain("hadamard", meta, children)

    def kronecker(self, meta: Meta, children: list[Any]) -> Node:
        return self._chain("kronecker", meta, children)

    def _chain(self, kind: str, meta: Meta, children: list[Any]) -> Node:
        first, last = _nodes(children)
        if last.kind == kind and not last.form:
            return Node(kind, _span(meta), (first, *last.parts))
        if last.kind in ("hadamard", "kronecker") and not last.form:
            raise last.fail(r"\odot and \otimes meet, expected brackets to say which")
        return Node(kind, _span(meta), (first, last))

    def product(self, meta: Meta, children: list[Any]) -> Node:
        factors, links = _nodes(children), []
        for before, child in itertools.pairwise(children):
            if isinstance(child, Node):  # a link, or nothing, stands before it
                links.append(str(before) if isinstance(before, Token) else "")
        if "/" in links:
            return self._ratio(meta, factors)
        for factor in factors[:-1]:
            if factor.form == "open":
                raise factor.fail("where does its argument end? expected brackets")
        if len(factors) == 1:
            return factors[0]
        return Node("mul", _span(meta), factors, tuple(links))

    def _ratio(self, meta: Meta, factors: tuple[Node, ...]) -> Node:
        if len(factors) != 2:
            raise EquationError(
                r"what is divided by what? expected \frac{...}{...}", _span(meta)
            )
        return self.fraction(meta, list(factors))

    def big(self, meta: Meta, children: list[Any]) -> Node:
        command, (sub, sup), *rest = children
        body = rest[-1]
        if isinstance(rest[0], Token) and rest[0] == "-":
            body = Node("add", body.span, (body,), (-1,))
        kind = "sum" if "sum" in command else "prod"
        index = sub[0] if sub and len(sub) == 1 else None
        low = None
        if index is not None and index.kind == "relation" and index.value == ("=",):
            index, low = index.parts
        paired = (low is None) == (sup is None) and not isinstance(sup, str)
        if index is None or index.kind != "name" or not paired:
            raise EquationError(
                f"the limits of \\{kind} are not read, expected them as in "
                f"\\{kind}_{{t=1}}^{{T}} or \\{kind}_{{t}}",
                _span(meta),
            )
        limits = () if low is None else (low, sup)
        return Node(kind, _span(meta), (index, *limits, body))

    def limits(self, meta: Meta, children: list[Any]) -> list[Any]:
        return children

    def limits_reversed(self, meta: Meta, children: list[Any]) -> list[Any]:
        return children[::-1]

    def open_call(self, meta: Meta, children: list[Any]) -> Node:
        return replace(self.call(meta, children), form="open")

    def call(self, meta: Meta, children: list[Any]) -> Node:
        function, argument = children
        name = re.findall(r"[a-z]+", function)[-1]
        name = FUNCTIONS.get(name, name)
        return Node("call", _span(meta), (argument,), name)

    def differential(self, meta: Meta, children: list[Any]) -> Node:
        (of,) = _nodes(children)
        if of.kind == "power" and not of.form:
            raise EquationError(
                r"is it the power of \mathrm{d} or \mathrm{d} of the power? "
                "expected brackets",
                _span(meta),
            )
        return Node("d", _span(meta), (of,))

    def derivative(self, meta: Meta, children: list[Any]) -> Node:
        _, above, numerator, below, denominator = children
        return self._derivative(meta, above, below, (numerator, denominator))

    def slashed(self, meta: Meta, children: list[Any]) -> Node:
        above, numerator, link, below, denominator = children
        if link != "/":
            raise EquationError(r"a lone \partial has no meaning", _span(meta))
        return self._derivative(meta, above, below, (numerator, denominator))

    def operator(self, meta: Meta, children: list[Any]) -> Node:
        _, above, below, denominator, numerator = children
        node = self._derivative(meta, above, below, (numerator, denominator))
        return replace(node, form="open")

    def _derivative(
        self, meta: Meta, above: Token, below: Token, parts: tuple[Node, Node]
    ) -> Node:
        if "+" in below:
            raise EquationError(
                r"\partial^{+} came below the line, expected it above", _span(meta)
            )
        return Node("derivative", _span(meta), parts, "+" in above)

    def fraction(self, meta: Meta, children: list[Any]) -> Node:
        above, below = _nodes(children)
        if above.kind == below.kind == "d":
            parts = above.parts[0], below.parts[0]
            return Node("derivative", _span(meta), parts, False)
        return Node("fraction", _span(meta), (above, below))

    def paren(self, meta: Meta, children: list[Any]) -> Node:
        (inside,) = _nodes(children)
        return replace(inside, span=_span(meta), form="closed")

    def name(self, meta: Meta, children: list[Any]) -> Node:
        letter = re.sub(r"\s+", " ", children[0])
        letter = re.sub(r"^(\\[a-z]+) ?\{? ?(\\?\w+) ?\}?$", r"\1{\2}", letter)
        if re.fullmatch(r"\\[A-Za-z]+|[A-Za-z]", str(children[0])):
            letter = str(children[0])
        return Node("name", _span(meta), (), letter)

    def number(self, meta: Meta, children: list[Any]) -> Node:
        return Node("number", _span(meta), (), str(children[0]))

    def dots(self, meta: Meta, children: list[Any]) -> Node:
        return Node("dots", _span(meta))

    def matrix(self, meta: Meta, children: list[Any]) -> Node:
        rows = [child for child in children if isinstance(child, list)]
        widths = {len(row) for row in rows}
        if len(widths) > 1:
            raise EquationError(
                f"rows of {sorted(widths)} entries came, expected rows of one length",
                _span(meta),
            )
        entries = tuple(entry for row in rows for entry in row)
        return Node("matrix", _span(meta), entries, (len(rows), len(rows[0])))

    def row(self, meta: Meta, children: list[Any]) -> list[Node]:
        return list(_nodes(children))

    def inner(self, meta: Meta, children: list[Any]) -> Node:
        return Node("inner", _span(meta), _nodes(children))

    def norm(self, meta: Meta, children: list[Any]) -> Node:
        return Node("norm", _span(meta), _nodes(children))

    def set(self, meta: Meta, children: list[Any]) -> Node:
        return Node("set", _span(meta), _nodes(children))

    def sub(self, meta: Meta, children: list[Any]) -> list[Node]:
        return [self._script(child) for child in children if child != ","]

    def sup(self, meta: Meta, children: list[Any]) -> Node | None:
        return self._script(children[0]) if children else None

    def _script(self, child: Any) -> Node:
        """A script in braces, or the one symbol that LaTeX takes without them."""
        if isinstance(child, Node):
            return child
        start, end = child.start_pos or 0, child.end_pos or 0
        if child.type == "NUMBER" and len(child) > 1:
            raise EquationError(
                f"{child} came without braces, and LaTeX only raises or lowers its "
                "first digit: expected braces",
                (start, end),
            )
        kind = "number" if child.type == "NUMBER" else "name"
        return Node(kind, (start, end), (), str(child))

    def top(self, meta: Meta, children: list[Any]) -> str:
        return TRANSPOSE

    def inverse_top(self, meta: Meta, children: list[Any]) -> str:
        if children[0] != "-":
            raise EquationError(r"+\top came, expected \top or -\top", _span(meta))
        return INVERSE_TRANSPOSE

    def elementwise(self, meta: Meta, children: list[Any]) -> Node:
        return Node("elementwise", _span(meta), _nodes(children))

    def subscripted(self, meta: Meta, children: list[Any]) -> Node:
        base: Node = children[0]
        items = children[1]
        if not items:  # what \text{...} in it has left
            return replace(base, span=_span(meta))
        if base.kind in ("transpose", "power") and not base.form:
            first, *rest = base.parts  # W^\top_{hh} is W_{hh}^\top
            inner = self.subscripted(meta, [first, items])
            return replace(base, span=_span(meta), parts=(inner, *rest))
        if base.kind == "subscripted" and not base.form:
            raise base.fail("two subscripts came, expected one, as in h_{t,i}")
        return Node("subscripted", _span(meta), (base, *items))

    def raised(self, meta: Meta, children: list[Any]) -> Node:
        base: Node = children[0]
        sup = children[1]
        if sup is None:
            return replace(base, span=_span(meta))
        if base.kind in ("transpose", "power", "elementpower") and not base.form:
            raise EquationError("two superscripts came, expected one", _span(meta))
        if sup == TRANSPOSE:
            return Node("transpose", _span(meta), (base,))
        if sup == INVERSE_TRANSPOSE:
            minus = Node(
                "add", _span(meta), (Node("number", _span(meta), (), "1"),), (-1,)
            )
            inverse = Node("power", _span(meta), (base, minus))
            return Node("transpose", _span(meta), (inverse,))
        if sup.kind == "elementwise":
            return Node("elementpower", _span(meta), (base, *sup.parts))
        return Node("power", _span(meta), (base, sup))
