"""The callbacks of the grammar: from what a rule has matched to a node."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from typing import Any

from lark import Token, v_args
from lark.tree import Meta

from rnn_notes.equations.errors import astray, span
from rnn_notes.equations.nodes import Linear, Node, Remark, derived
from rnn_notes.equations.runs import without_dots
from rnn_notes.equations.scripts import Scripts, nodes

__all__ = ["build"]

_FUNCTIONS = {"ln": "log"}
_ONES = ("1", r"\mathbf{1}", r"\mathbb{1}", r"\mathbb{I}", r"\mathrm{1}")
_EQUALS = (r"\equiv", r"\triangleq", r"\doteq")
_SAME = {r"\coloneqq": ":=", r"\leqslant": r"\leq", r"\geqslant": r"\geq"}
_UP = {"<": 1, r"\lt": 1, r"\le": 0, r"\leq": 0}
_DOWN = {">": 1, r"\gt": 1, r"\ge": 0, r"\geq": 0}


def build(tree: Any, latex: str, remarks: list[Remark]) -> list[list[Node]]:
    """The items of every line of a formula, from lark's tree of it."""
    lines: list[list[Node]] = _Builder(latex, remarks).transform(tree)
    return lines


@v_args(meta=True)
class _Builder(Scripts):
    """One method a rule of the grammar, under the same name; no recursion."""

    def start(self, meta: Meta, lines: list[Any]) -> list[list[Node]]:
        return [line for some in lines if isinstance(some, list) for line in some]

    def line(self, meta: Meta, items: list[Any]) -> list[list[Node]]:
        """The lines of a row: a second equation after a comma is one of its own."""
        lines: list[list[Node]] = []
        for item in nodes(items):
            if lines and not (_is_equation(item) or _says_top(item, lines)):
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
        factors, links = self._indicators(factors, links)
        if "/" in links:
            return self._ratio(meta, factors, links)
        factors, links = self._whole_argument(factors, links)
        for factor in factors[:-1]:
            if factor.form == "open":
                raise factor.fail("where does its argument end? expected brackets")
        if len(factors) == 1:
            return factors[0]
        whole = Node("mul", span(meta), factors, tuple(links))
        return without_dots(whole, self._note)

    def _whole_argument(
        self, factors: tuple[Node, ...], links: list[str]
    ) -> tuple[tuple[Node, ...], list[str]]:
        r"""The factors, what follows ``\frac{\partial}{\partial x}`` as its argument.

        So it is behind ``\nabla_x`` where what comes first is no scalar that depends on
        x, as in ``\nabla_x x^\top x``. A further derivative, or a sign between factors,
        may be one that ends it.
        """
        place = next((n for n, one in enumerate(factors[:-1]) if _goes_on(one)), None)
        if place is None or any(links[place:]):
            return factors, links
        first, *others = factors[place:]
        if any(other.measured for other in others):
            return factors, links
        whole = self._around(first, others, (*links[place:],))
        return (*factors[:place], whole), links[:place]

    def _around(self, slope: Node, others: list[Node], links: tuple[str, ...]) -> Node:
        """A derivative of what stands in it and of further factors."""
        above, by = slope.parts
        start, end = slope.span[0], others[-1].span[1]
        if above.span == slope.span:  # it is derived twice
            inside = self._around(above, others, links)
        else:
            inside = Node("mul", (above.span[0], end), (above, *others), links)
            head = replace(slope, span=(start, above.span[0]))
            behind = self._text(head).strip()
            self._note(inside, f"read all factors behind {behind} as what is derived")
        return replace(slope, span=(start, end), parts=(inside, by))

    def _indicators(
        self, factors: tuple[Node, ...], links: list[str]
    ) -> tuple[tuple[Node, ...], list[str]]:
        r"""The factors, each \mathbf{1} with the condition behind it as one."""
        for place, (one, said) in enumerate(itertools.pairwise(factors)):
            if one.value in _ONES and said.kind == "set" and len(said.parts) == 1:
                whole = (one.span[0], said.span[1])
                sign = replace(one, kind="name", value=r"\mathbf{1}")
                both = Node("subscripted", whole, (sign, *said.parts))
                rest = (*factors[:place], both, *factors[place + 2 :])
                return self._indicators(rest, links[:place] + links[place + 1 :])
        return factors, links

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

    def condition(self, meta: Meta, children: list[Any]) -> Node:
        return Node("set", span(meta), (self.item(meta, children),), form="closed")

    def arguments(self, meta: Meta, children: list[Any]) -> Node:
        return Node("tuple", span(meta), nodes(children), form="closed")

    def number(self, meta: Meta, children: list[Any]) -> Node:
        return Node("number", span(meta), (), str(children[0]))

    def matrix(self, meta: Meta, children: list[Any]) -> Node:
        rows = [child for child in children if isinstance(child, list)]
        widths = {len(row) for row in rows}
        if len(widths) > 1:
            came = f"rows of {sorted(widths)} entries came"
            raise astray(meta, f"{came}, expected rows of one length")
        entries = tuple(entry for row in rows for entry in row)
        return Node("matrix", span(meta), entries, (len(rows), len(rows[0])))

    def beside(self, meta: Meta, children: list[Any]) -> Node:
        """Blocks in square brackets; their shapes decide how they are put together."""
        parts = nodes(children)
        text = f"[{', '.join(map(self._text, parts))}]"
        return Node("matrix", span(meta), parts, (0, len(parts), text), "closed")

    def above(self, meta: Meta, children: list[Any]) -> Node:
        parts = nodes(children)
        self._note(parts[1], "read ; in square brackets as the next row")
        return Node("matrix", span(meta), parts, (len(parts), 1), "closed")

    def row(self, meta: Meta, children: list[Any]) -> list[Node]:
        return list(nodes(children))

    def braces(self, meta: Meta, children: list[Any]) -> Node:
        items = nodes(children)
        if len(items) == 1 and items[0].kind != "relation":  # braces as brackets
            return replace(items[0], span=span(meta), form="closed")
        return Node("set", span(meta), items)

    # Derivatives and fractions

    def differential(self, meta: Meta, children: list[Any]) -> Node:
        (of,) = nodes(children)
        slanted = "d" if children[0] == "d" else ""
        if of.kind == "power" and not of.form:
            question = r"is it the power of \mathrm{d} or \mathrm{d} of the power?"
            raise astray(meta, f"{question} expected brackets")
        form = "open" if of.form == "open" else ""
        return Node("d", span(meta), (of,), slanted, form)

    def derivative(self, meta: Meta, children: list[Any]) -> Node:
        above, below = [c for c in children if getattr(c, "type", "") == "PARTIAL"]
        if "+" in below:
            raise astray(meta, r"\partial^{+} came below the line, expected it above")
        return Node("derivative", span(meta), nodes(children), "+" in above)

    def slashed(self, meta: Meta, children: list[Any]) -> Node:
        if children[2] != "/":
            raise astray(meta, r"a lone \partial has no meaning")
        return self.derivative(meta, children)

    def operator(self, meta: Meta, children: list[Any]) -> Node:
        node = self.derivative(meta, children)
        return replace(node, parts=node.parts[::-1], form="open")

    big_operator = operator

    def shared(self, meta: Meta, children: list[Any]) -> Node:
        r"""A derivative with a factor, as in ``\frac{\partial y}{T \partial x}``."""
        _, above, numerator, factor, *_, denominator = children
        self._note(factor, r"read the factor beside \partial as one of the whole")
        slope = Node("derivative", span(meta), (numerator, denominator), "+" in above)
        return Node("fraction", span(meta), (slope, factor))

    def second(self, meta: Meta, children: list[Any]) -> Node:
        of, first, *last = nodes(children)
        if not last:
            if first.kind != "power" or first.parts[1].value != "2":
                raise first.fail(r"\partial^2 came above, expected x^2 below")
            first, last = first.parts[0], [first.parts[0]]
        inner = Node("derivative", span(meta), (of, first), False)
        return Node("derivative", span(meta), (inner, *last), False)

    def second_operator(self, meta: Meta, children: list[Any]) -> Node:
        *below, of = children
        return replace(self.second(meta, [of, *below[-4:]]), form="open")

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
            raise astray(sign, f"{came} came, expected one")
        return below[0]

    def fraction(self, meta: Meta, children: list[Any]) -> Node:
        above, below = nodes(children)
        of, by = _after_d(above), _after_d(below)
        if not (of and by):
            return Node("fraction", span(meta), (above, below))
        if not above.kind == below.kind == "d":
            self._note(above, r"read d as \partial")
        return Node("derivative", span(meta), (of, by), False)

    def short_fraction(self, meta: Meta, children: list[Token]) -> Node:
        parts = [
            Node("number" if sign.isdigit() else "name", span(meta), (), sign)
            for sign in re.findall(r"\w", children[0].split("frac")[1])
        ]
        return Node("fraction", span(meta), tuple(parts))

    def _ratio(self, meta: Meta, factors: tuple[Node, ...], links: list[str]) -> Node:
        """What is written with a slash."""
        ds = [_is_d(factor) for factor in factors]
        if links == ["", "/", ""] and ds == [True, False, True, False]:  # dL/dW
            self._note(factors[0], r"read d as \partial")
            return Node("derivative", span(meta), (factors[1], factors[3]), False)
        if len(factors) != 2:
            raise astray(meta, r"what is divided by what? expected \frac{...}{...}")
        return self.fraction(meta, list(factors))

    # Sums and products over a letter

    limits = function

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
        if sub and kind == "sum" and sup is None and (pair := _apart(sub[0])):
            self._note(sub[0], f"read the sum as one over all {pair[0]} but {pair[1]}")
            read, body = [sub[0].parts[:1]], _without(sub[0], pair, body)
        if not read:
            known = rf"\{kind}_{{t=1}}^{{T}} or \{kind}_{{t}}"
            came = rf"the limits of \{kind} are not read"
            raise astray(meta, f"{came}, expected them as in {known}")
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
                self._note(sub[0], "read the indices under one sign as a sign for each")
                return [(item,) for item in sub]
            return []
        if len(sub) == 3 and sup is None:  # k = 1, \dots, t
            self._note(sub[0], "read the first and the last value as limits")
            sub, sup = sub[:1], sub[2]
        if len(sub) != 1:
            return []
        (below,) = sub
        if below.kind == "name":
            if sup is None:
                return [(below,)]
            self._note(below, f"read it as a sum from {below.value} = 1")
            return [(below, replace(_number(1, below), form="unsaid"), sup)]
        if below.kind != "relation" or (sup is None) == (below.value == ("=",)):
            return []
        if sup is None:
            return self._ordered(below)
        return [(*below.parts, sup)] if below.parts[0].kind == "name" else []

    def _ordered(self, below: Node) -> list[tuple[Node, ...]]:
        r"""Limits that are written as an order, ``1 \le k < t``."""
        sides, signs = below.parts, below.value
        if all(sign in _DOWN for sign in signs):
            sides, signs = sides[::-1], signs[::-1]
        orders = _UP if all(sign in _UP for sign in signs) else _DOWN
        if not all(sign in orders for sign in signs):
            return []
        gaps = [orders[sign] for sign in signs]
        if len(sides) == 3 and sides[1].kind == "name":
            low, high = sides[0].plus(gaps[0]), sides[2].plus(-gaps[1])
            index = sides[1]
        elif len(sides) == 2 and sides[0].kind == "name":
            index, low, high = sides[0], _number(1, below), sides[1].plus(-gaps[0])
        elif len(sides) == 2 and sides[1].kind == "name":
            index, low = sides[1], sides[0].plus(gaps[0])
            high = Node("name", below.span, (), "T")
        else:
            return []
        self._note(below, f"read {self._text(below)} as limits that rise")
        return [(index, low, high)]


def _apart(below: Node) -> tuple[str, ...]:
    r"""The letters of ``k \ne i`` below a sum, none where it says something else."""
    apart = below.kind == "relation" and below.value in ((r"\ne",), (r"\neq",))
    letters = apart and all(side.kind == "name" for side in below.parts)
    return tuple(str(side.value) for side in below.parts) if letters else ()


def _without(below: Node, pair: tuple[str, ...], body: Node) -> Node:
    """What is summed, times zero where two letters are equal and one elsewhere."""
    indices = tuple(map(Linear.of, pair))
    equal = Node("delta", below.span, indices=indices)
    factor = Node("add", below.span, (_number(1, below), equal), (1, -1))
    return Node("mul", body.span, (factor, body), ("",))


def _link(before: Any) -> str:
    """What joins a factor to the one before it."""
    if not isinstance(before, Token):
        return ""
    return "*" if before == r"\ast" else str(before)


def _says_top(item: Node, lines: list[list[Node]]) -> bool:
    """Whether an item says what it is that some derivative before it is of."""
    tops = derived(one for line in lines for one in line)
    return item.value == ("=",) and item.parts[0].value in tops


def _is_equation(item: Node) -> bool:
    """Whether an item is an equation of more than indices and sizes."""
    if item.kind != "relation" or set(item.value) - {"=", ":="}:
        return False
    simple = ("name", "number", "add", "mul", "dots", "set")
    return any(node.kind not in simple for side in item.parts for node in side.walk())


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


def _number(value: int, at: Node) -> Node:
    """A number that stands where a node does."""
    return Node("number", at.span, (), str(value))


def _goes_on(node: Node) -> bool:
    """Whether a derivative's argument cannot end with what stands first in it."""
    if node.kind not in ("derivative", "gradient"):
        return False
    first, by = node.parts
    if node.form == "open":
        return True
    if first.span < by.span:  # it stands above a line
        return False
    numbers = all(part.kind in ("number", "fraction") for part in first.walk())
    return first.kind == "transpose" or numbers
