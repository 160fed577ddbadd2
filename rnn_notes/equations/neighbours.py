r"""Formulas one edit away: what a slip of the pen makes of a formula.

A rule looks at an equation that is understood and yields edits of its text: a transpose
dropped or added, factors swapped, an index moved. When a formula fails, the neighbours
that hold are what its author may have meant; and the neighbours of a formula that holds
are false formulas to test the measuring with.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from rnn_notes.equations.errors import EquationError, Span
from rnn_notes.equations.nodes import Linear, Node, with_text
from rnn_notes.equations.shapes import Shapes
from rnn_notes.equations.symbols import SCALAR, Shape

__all__ = ["CLOSE", "RULES", "Line", "Rule", "Shapeless", "diag_added", "edits"]

_OPENING = re.compile(r"\\(left|[bB]igg?[lm]?)\s*$")
_WEIGHTS = {
    "W_{xh}": ["W_{hh}"],
    "W_{hh}": ["W_{xh}", "W_{hy}"],
    "W_{hy}": ["W_{hh}"],
    "b_{h}": ["b_y"],
    "b_{y}": ["b_h"],
}
_RECURRENT = ("W_{xh}", "W_{hh}", "b_{h}")
_RELATIVES = {"a": "h", "h": "a", "y": "p", "p": "y", "e": "p", "x": "h"}


@dataclass(frozen=True)
class _Edit:
    """One edit of a text: a rule's name, and what stands in place of what.

    >>> _Edit("a letter changed", (4, 5), "q").of("L = p")
    'L = q'
    """

    rule: str
    span: Span
    text: str

    def of(self, latex: str) -> str:
        """The text after the edit."""
        return latex[: self.span[0]] + self.text + latex[self.span[1] :]


class _Text:
    """The text of a formula and where its pieces stand in it, brackets whole."""

    def __init__(self, latex: str) -> None:
        self.latex = latex

    def span(self, node: Node) -> Span:
        """Where a node stands, with the \\left of its bracket."""
        start, end = node.span
        opening = _OPENING.search(self.latex[:start])
        return (opening.start() if opening else start), end

    def of(self, node: Node) -> str:
        """The text of a node."""
        start, end = self.span(node)
        return self.latex[start:end]

    def between(self, left: Node, right: Node) -> Span:
        """Where the text between two nodes stands."""
        return self.span(left)[1], self.span(right)[0]


class Line(Protocol):
    """A line of a formula, such as an ``Equation``: its tree, and shapes in it."""

    @property
    def relation(self) -> Node:
        """The whole line."""

    def shape(self, node: Node) -> Shape:
        """The shape of one of its nodes."""


@dataclass(frozen=True)
class Shapeless:
    """A line whose shapes do not fit, so that they are known of some pieces alone."""

    relation: Node
    shapes: Shapes

    def shape(self, node: Node) -> Shape:
        """Unknown sizes, which are those of no scalar, where the pieces do not fit."""
        try:
            return self.shapes.of(node)
        except EquationError:
            return ("?",), ("?",)


_Shaper = Callable[[Node], Shape]
Rule = Callable[[_Text, _Shaper, Node], Iterator[tuple[Span, str]]]


def _transpose_dropped(
    text: _Text, shape: _Shaper, node: Node
) -> Iterator[tuple[Span, str]]:
    r"""``h_t^\top`` becomes ``h_t``."""
    if node.kind == "transpose" and not node.form:
        yield text.span(node), text.of(node.parts[0])


def _transpose_added(
    text: _Text, shape: _Shaper, node: Node
) -> Iterator[tuple[Span, str]]:
    r"""``h_t`` becomes ``h_t^\top`` where it is a factor, a term or a side."""
    if node.kind not in ("mul", "hadamard", "kronecker", "add", "relation"):
        return
    for part in node.parts:
        simple = part.kind in ("quantity", "defined", "derivative", "d")
        simple |= part.kind == "call" and part.value != "diag"  # that is symmetric
        if shape(part) != SCALAR and (simple or part.form == "closed"):
            if part.form == "open":
                continue
            yield text.span(part), f"{text.of(part)}^\\top"


def _factors_swapped(
    text: _Text, shape: _Shaper, node: Node
) -> Iterator[tuple[Span, str]]:
    r"""``A B`` becomes ``B A``; numbers commute, so they stay."""
    if node.kind in ("mul", "kronecker"):
        for left, right in itertools.pairwise(node.parts):
            shapes = shape(left), shape(right)
            if SCALAR not in shapes and right.kind not in ("sum", "prod"):
                start, end = text.between(left, right)
                pieces = text.of(right), text.latex[start:end], text.of(left)
                whole = text.span(left)[0], text.span(right)[1]
                yield whole, "".join(pieces)


def _odot_for_product(
    text: _Text, shape: _Shaper, node: Node
) -> Iterator[tuple[Span, str]]:
    r"""``A B`` becomes ``A \odot B``."""
    if node.kind == "mul":
        for left, right in itertools.pairwise(node.parts):
            shapes = shape(left), shape(right)
            if SCALAR not in shapes:
                yield text.between(left, right), r" \odot "


def _product_for_odot(
    text: _Text, shape: _Shaper, node: Node
) -> Iterator[tuple[Span, str]]:
    r"""``A \odot B`` becomes ``A B``."""
    if node.kind == "hadamard":
        for left, right in itertools.pairwise(node.parts):
            if shape(left) != SCALAR:
                yield text.between(left, right), r"\, "


def _sign_flipped(
    text: _Text, shape: _Shaper, node: Node
) -> Iterator[tuple[Span, str]]:
    """``a + b`` becomes ``a - b``; a leading minus goes."""
    if node.kind != "add":
        return
    for left, right in itertools.pairwise(node.parts):
        start, end = text.between(left, right)
        joint = text.latex[start:end]
        swapped = joint.translate(str.maketrans("+-", "-+"))
        yield (start, end), swapped
    start, first = text.span(node)[0], text.span(node.parts[0])[0]
    if node.value[0] < 0:
        yield (start, first), text.latex[start:first].replace("-", "", 1)


def _index_moved(text: _Text, shape: _Shaper, node: Node) -> Iterator[tuple[Span, str]]:
    """``h_t`` becomes ``h_{t-1}`` or ``h_{t+1}``."""
    if node.kind in ("quantity", "defined"):
        for index in node.indices[:1]:
            script = re.search(r"_\s*(\{[^{},]*|\\?\w)", text.of(node))
            if script is None or not index.letters:
                continue
            start = text.span(node)[0] + script.start(1)
            whole = text.span(node)[0] + script.end(1)
            alone = script[1][0] != "{" or text.latex[whole : whole + 1] == "}"
            for step in (-1, 1):
                moved = str(index.plus(Linear((), step))).replace(" ", "")
                if alone:
                    end = whole + (script[1][0] == "{")
                    yield (start, end), moved if len(moved) == 1 else f"{{{moved}}}"
                else:
                    yield (start, whole), f"{{{moved}"


def _limits_moved(
    text: _Text, shape: _Shaper, node: Node
) -> Iterator[tuple[Span, str]]:
    """``t=1`` becomes ``t=2``, ``T`` becomes ``T-1`` above a sum or a product."""
    if node.kind in ("sum", "prod") and node.indices:
        head = (node.span[0], text.span(node.parts[0])[0])
        words = text.latex[slice(*head)]
        low, high = (
            re.escape(str(index)).replace(r"\ ", " *") for index in node.indices
        )
        step = Linear((), 1)
        raised = str(node.indices[0].plus(step)).replace(" ", "")
        lowered = str(node.indices[1].plus(step, -1)).replace(" ", "")
        for pattern, new in (
            (rf"(=\s*){low}(\s*\}})", rf"\g<1>{raised}\g<2>"),
            (rf"(\^\s*)(?:\{{\s*{high}\s*\}}|{high})", rf"\g<1>{{{lowered}}}"),
        ):
            changed = re.sub(pattern, new, words, count=1)
            if changed != words:
                yield head, changed


def _term_dropped(
    text: _Text, shape: _Shaper, node: Node
) -> Iterator[tuple[Span, str]]:
    """``a + b`` becomes ``a`` or ``b``."""
    if node.kind == "add" and len(node.parts) > 1:
        for place, part in enumerate(node.parts):
            start, end = text.span(part)
            if place:
                yield (text.span(node.parts[place - 1])[1], end), ""
            else:
                minus = "-" if node.value[1] < 0 else ""
                yield (start, text.span(node.parts[1])[0]), minus


def _factor_dropped(
    text: _Text, shape: _Shaper, node: Node
) -> Iterator[tuple[Span, str]]:
    """``A B`` becomes ``A`` or ``B``."""
    if node.kind in ("mul", "hadamard", "kronecker"):
        for place, part in enumerate(node.parts):
            start, end = text.span(part)
            if place:
                yield (text.span(node.parts[place - 1])[1], end), " "
            else:
                yield (start, text.span(node.parts[1])[0]), ""


def diag_added(text: _Text, shape: _Shaper, node: Node) -> Iterator[tuple[Span, str]]:
    r"""``v A`` becomes ``\operatorname{diag}(v) A``, as code means it."""
    if node.kind == "mul":
        for part in node.parts:
            if shape(part) != SCALAR and () in shape(part):
                of = rf"\left({text.of(part)}\right)"
                yield text.span(part), rf"\operatorname{{diag}}{of}"


def _weight_changed(
    text: _Text, shape: _Shaper, node: Node
) -> Iterator[tuple[Span, str]]:
    """``W_{hy}`` becomes ``W_{hh}``, ``b_h`` becomes ``b_y``."""
    if node.kind == "quantity" and node.value in _WEIGHTS:
        for other in _WEIGHTS[node.value]:
            yield text.span(node), other


def _letter_changed(
    text: _Text, shape: _Shaper, node: Node
) -> Iterator[tuple[Span, str]]:
    """``p_t`` becomes ``y_t``, ``h_t`` becomes ``a_t``: a function is forgotten."""
    if node.kind == "quantity" and node.value in _RELATIVES:
        start = text.span(node)[0]
        yield (start, start + 1), _RELATIVES[node.value]


def _plus_changed(
    text: _Text, shape: _Shaper, node: Node
) -> Iterator[tuple[Span, str]]:
    r"""``\partial^{+}`` becomes ``\partial``, and the other way round."""
    below = [n.value for part in node.parts[1:] for n in part.walk()]
    if node.kind == "derivative" and (node.value or {*below} & {*_RECURRENT}):
        found = re.search(r"\\partial(\s*\^\s*(\{\s*\+\s*\}|\+))?", text.of(node))
        if found:
            start = text.span(node)[0]
            span = start + found.start(), start + found.end()
            yield span, r"\partial " if node.value else r"\partial^{+} "


# What a formula that fails is compared with.
CLOSE: dict[str, Rule] = {
    "transpose dropped": _transpose_dropped,
    "transpose added": _transpose_added,
    "factors swapped": _factors_swapped,
    "odot for product": _odot_for_product,
    "product for odot": _product_for_odot,
    "index moved": _index_moved,
    "sign flipped": _sign_flipped,
    "limits moved": _limits_moved,
    "weight changed": _weight_changed,
    "letter changed": _letter_changed,
    "plus changed": _plus_changed,
}
# What a formula that holds is spoilt with.
RULES = CLOSE | {"term dropped": _term_dropped, "factor dropped": _factor_dropped}


def edits(
    latex: str, lines: Iterable[Line], rules: Mapping[str, Rule]
) -> Iterator[_Edit]:
    """Every edit that the rules make of a formula, given its lines; each text once."""
    text, seen = _Text(latex), {latex}
    for line in lines:
        for name, rule in rules.items():
            for node in with_text(line.relation):
                for span, new in rule(text, line.shape, node):
                    edit = _Edit(name, span, new)
                    if (edited := edit.of(latex)) not in seen:
                        seen.add(edited)
                        yield edit
