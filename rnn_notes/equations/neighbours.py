r"""Formulas one edit away: what a slip of the pen makes of a formula.

A rule looks at a node of an equation that is understood and yields edits of its text: a
transpose dropped or added, factors swapped, an index moved. When a formula fails, the
neighbours that hold are what its author may have meant; and the neighbours of a formula
that holds are false formulas to test the measuring with.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from rnn_notes.equations.errors import Span
from rnn_notes.equations.nodes import Linear, Node, with_text
from rnn_notes.equations.symbols import SCALAR, Shape

__all__ = ["ADDED", "CLOSE", "RULES", "WIDER", "Line", "Rule", "edits"]

_OPENING = re.compile(r"\\(left|[bB]igg?[lm]?)\s*$")
_PARTIAL = re.compile(r"\\partial(\s*\^\s*(\{\s*\+\s*\}|\+))?")
_WEIGHTS = {
    "W_{xh}": ["W_{hh}"],
    "W_{hh}": ["W_{xh}", "W_{hy}"],
    "W_{hy}": ["W_{hh}"],
    "b_{h}": ["b_y"],
    "b_{y}": ["b_h"],
}
_RECURRENT = {"W_{xh}", "W_{hh}", "b_{h}"}
_RELATIVES = {"a": "h", "h": "a", "y": "p", "p": "y", "e": "p", "x": "h"}
_STEP = Linear((), 1)

Line = tuple[Node, Callable[[Node], Shape]]  # a line of a formula, and its shapes
_Edits = Iterator[tuple[Span, str]]


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


@dataclass(frozen=True)
class _Text:
    """The text of a formula, where its pieces stand in it, and their shapes."""

    latex: str
    shape: Callable[[Node], Shape]

    def span(self, node: Node) -> Span:
        """Where a node stands, with the \\left of its bracket."""
        start, end = node.span
        opening = _OPENING.search(self.latex[:start])
        return (opening.start() if opening else start), end

    def of(self, node: Node) -> str:
        """The text of a node."""
        return self.latex[slice(*self.span(node))]

    def between(self, left: Node, right: Node) -> Span:
        """Where the text between two nodes stands."""
        return self.span(left)[1], self.span(right)[0]

    def pairs(self, node: Node) -> Iterator[tuple[Node, Node]]:
        """Neighbouring parts neither of which is a number; numbers commute."""
        for left, right in itertools.pairwise(node.parts):
            if SCALAR not in (self.shape(left), self.shape(right)):
                yield left, right


@dataclass(frozen=True)
class Rule:
    """What one slip of the pen makes of a node of some kinds."""

    kinds: tuple[str, ...]
    edits: Callable[[_Text, Node], _Edits]


_SLIPS: dict[str, Rule] = {}  # what spoils a formula that holds, and may mend another
WIDER: dict[str, Rule] = {}  # what may mend a formula that fails, besides
_SPOILT: dict[str, Rule] = {}  # what spoils a formula that holds, besides
ADDED: dict[str, Rule] = {}  # what code means, and texts that follow it leave out


def _rule(
    name: str, *kinds: str, among: dict[str, Rule] = _SLIPS
) -> Callable[[Callable[[_Text, Node], _Edits]], None]:
    """A decorator that puts the rule of this name among others."""
    return lambda edits: among.update({name: Rule(kinds, edits)})


@_rule("transpose dropped", "transpose")
def _(text: _Text, node: Node) -> _Edits:
    r"""``h_t^\top`` becomes ``h_t``."""
    if not node.form:
        yield text.span(node), text.of(node.parts[0])


@_rule("transpose added", "mul", "hadamard", "kronecker", "add", "relation")
def _(text: _Text, node: Node) -> _Edits:
    r"""``h_t`` becomes ``h_t^\top`` where it is a factor, a term or a side."""
    for part in node.parts:
        simple = part.kind in ("quantity", "defined", "derivative", "d")
        simple |= part.kind == "call" and part.value != "diag"  # that is symmetric
        said = (simple and part.form != "open") or part.form == "closed"
        if said and text.shape(part) != SCALAR:
            yield text.span(part), f"{text.of(part)}^\\top"


@_rule("factors swapped", "mul", "kronecker")
def _(text: _Text, node: Node) -> _Edits:
    r"""``A B`` becomes ``B A``."""
    for left, right in text.pairs(node):
        if right.kind not in ("sum", "prod"):
            joint = text.latex[slice(*text.between(left, right))]
            whole = text.span(left)[0], text.span(right)[1]
            yield whole, text.of(right) + joint + text.of(left)


@_rule("odot for product", "mul")
def _(text: _Text, node: Node) -> _Edits:
    r"""``A B`` becomes ``A \odot B``."""
    for left, right in text.pairs(node):
        yield text.between(left, right), r" \odot "


@_rule("product for odot", "hadamard")
def _(text: _Text, node: Node) -> _Edits:
    r"""``A \odot B`` becomes ``A B``."""
    for left, right in text.pairs(node):
        yield text.between(left, right), r"\, "


@_rule("index moved", "quantity", "defined")
def _(text: _Text, node: Node) -> _Edits:
    """``h_t`` becomes ``h_{t-1}`` or ``h_{t+1}``."""
    script = re.search(r"_\s*(\{[^{},]*|\\?\w)", text.of(node))
    if script is None or not (node.indices and node.indices[0].letters):
        return
    start, end = (text.span(node)[0] + place for place in script.span(1))
    braces = script[1][0] == "{"
    alone = not braces or text.latex[end : end + 1] == "}"
    for step in (-1, 1):
        moved = str(node.indices[0].plus(_STEP, step)).replace(" ", "")
        if alone:
            new = moved if len(moved) == 1 else f"{{{moved}}}"
            yield (start, end + braces), new
        else:
            yield (start, end), f"{{{moved}"


@_rule("sign flipped", "add")
def _(text: _Text, node: Node) -> _Edits:
    """``a + b`` becomes ``a - b``; a leading minus goes."""
    for left, right in itertools.pairwise(node.parts):
        place = text.between(left, right)
        joint = text.latex[slice(*place)]
        yield place, joint.translate(str.maketrans("+-", "-+"))
    if node.value[0] < 0:
        place = text.span(node)[0], text.span(node.parts[0])[0]
        yield place, text.latex[slice(*place)].replace("-", "", 1)


@_rule("limits moved", "sum", "prod")
def _(text: _Text, node: Node) -> _Edits:
    """``t=1`` becomes ``t=2``, ``T`` becomes ``T-1`` above a sum or a product."""
    yield from _limits(text, node, 1)


@_rule("limits widened", "sum", "prod", among=WIDER)
def _(text: _Text, node: Node) -> _Edits:
    """``t=2`` becomes ``t=1``, ``T-1`` becomes ``T`` above a sum or a product."""
    yield from _limits(text, node, -1)


def _limits(text: _Text, node: Node, step: int) -> _Edits:
    """The first limit a step later, the last one a step earlier; 1 to T at the most."""
    if not node.indices:
        return
    head = (node.span[0], text.span(node.parts[0])[0])
    words = text.latex[slice(*head)]
    low, high = (re.escape(str(index)).replace(r"\ ", " *") for index in node.indices)
    later, earlier = (
        str(index.plus(_STEP, sign)).replace(" ", "")
        for index, sign in zip(node.indices, (step, -step), strict=True)
    )
    for pattern, new in (
        (rf"(=\s*){low}(\s*\}})", rf"\g<1>{later}\g<2>"),
        (rf"(\^\s*)(?:\{{\s*{high}\s*\}}|{high})", rf"\g<1>{{{earlier}}}"),
    ):
        changed = re.sub(pattern, new, words, count=1)
        if changed != words and not re.search(r"=0\}|\{T\+1\}", changed):
            yield head, changed


@_rule("weight changed", "quantity")
def _(text: _Text, node: Node) -> _Edits:
    """``W_{hy}`` becomes ``W_{hh}``, ``b_h`` becomes ``b_y``."""
    for other in _WEIGHTS.get(node.value, []):
        yield text.span(node), other


@_rule("letter changed", "quantity")
def _(text: _Text, node: Node) -> _Edits:
    """``p_t`` becomes ``y_t``, ``h_t`` becomes ``a_t``: a function is forgotten."""
    if node.value in _RELATIVES:
        start = text.span(node)[0]
        yield (start, start + 1), _RELATIVES[node.value]


@_rule("plus changed", "derivative")
def _(text: _Text, node: Node) -> _Edits:
    r"""``\partial^{+}`` becomes ``\partial``, and the other way round."""
    below = {n.value for n in node.parts[1].walk()}
    found = _PARTIAL.search(text.of(node))
    if found and (node.value or below & _RECURRENT):
        start = text.span(node)[0]
        span = start + found.start(), start + found.end()
        yield span, r"\partial " if node.value else r"\partial^{+} "


def _dropped(text: _Text, node: Node, first: str, other: str) -> _Edits:
    """One part gone: the first with what follows it, another with what is before."""
    yield (text.span(node.parts[0])[0], text.span(node.parts[1])[0]), first
    for before, part in itertools.pairwise(node.parts):
        yield (text.span(before)[1], text.span(part)[1]), other


@_rule("term dropped", "add", among=_SPOILT)
def _(text: _Text, node: Node) -> _Edits:
    """``a + b`` becomes ``a`` or ``b``."""
    if len(node.parts) > 1:
        yield from _dropped(text, node, "-" if node.value[1] < 0 else "", "")


@_rule("factor dropped", "mul", "hadamard", "kronecker", among=_SPOILT)
def _(text: _Text, node: Node) -> _Edits:
    """``A B`` becomes ``A`` or ``B``."""
    yield from _dropped(text, node, "", " ")


@_rule("diag added", "mul", among=ADDED)
def _(text: _Text, node: Node) -> _Edits:
    r"""``v A`` becomes ``\operatorname{diag}(v) A``, as code means it."""
    for part in node.parts:
        if text.shape(part) != SCALAR and () in text.shape(part):
            of = rf"\left({text.of(part)}\right)"
            yield text.span(part), rf"\operatorname{{diag}}{of}"


CLOSE = WIDER | _SLIPS  # what a formula that fails is compared with
RULES = _SLIPS | _SPOILT  # what a formula that holds is spoilt with


def edits(
    latex: str, lines: Iterable[Line], rules: Mapping[str, Rule]
) -> Iterator[_Edit]:
    """Every edit that the rules make of a formula, given its lines; each text once."""
    seen = {latex}
    for relation, shape in lines:
        text = _Text(latex, shape)
        for name, rule in rules.items():
            for node in (n for n in with_text(relation) if n.kind in rule.kinds):
                for span, new in rule.edits(text, node):
                    edit = _Edit(name, span, new)
                    if (edited := edit.of(latex)) not in seen:
                        seen.add(edited)
                        yield edit
