"""Formulas that are true by construction, and the same broken by one edit.

What a model's text says is true in that model. One edit of the right side makes it
false: a sign, a factor, a term left out, an earlier step, another array of the same
shape, a transpose, a limit. Both are then put into contexts that keep true what is true
and false what is false.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from rnn_notes.equations import EquationError, measure
from rnn_notes.equations.model import Model, clauses, names, shipped
from rnn_notes.equations.nodes import Node, compact
from rnn_notes.equations.parsing import parse

__all__ = ["CONTEXTS", "Broken", "broken", "holds", "truths"]

CONTEXTS = {
    "as it is": "{left} = {right}",
    "twice": "2 \\left({left}\\right) = 2 \\left({right}\\right)",
    "transposed": "\\left({left}\\right)^\\top = \\left({right}\\right)^\\top",
    "and itself": "{left} + {left} = {left} + \\left({right}\\right)",
    "negative": "-\\left({right}\\right) = -{left}",
    "no difference": "\\lVert {left} - \\left({right}\\right) \\rVert_F = 0",
    "a third": "\\frac{{{left}}}{{3}} = \\frac{{{right}}}{{3}}",
}


@dataclass(frozen=True)
class Broken:
    """A formula that is false, and how it was made."""

    model: str
    edit: str
    context: str
    latex: str


def truths() -> Iterator[tuple[str, str, str]]:
    """Model, left and right side of all that is computed in the models' texts."""
    for name in names():
        for clause in clauses(shipped(name).text):
            if clause.text.startswith("%") or r"\in" in clause.text:
                continue
            [[item]] = parse(clause.text, [])
            left, right = (clause.text[slice(*side.span)] for side in item.parts)
            yield name, left, right


def broken() -> Iterator[Broken]:
    """Every truth, broken by every edit, in every context."""
    for name, left, right in truths():
        for edit, wrong in edits(right, shipped(name)):
            for context, frame in CONTEXTS.items():
                latex = frame.format(left=left, right=wrong)
                yield Broken(name, edit, context, latex)


def holds(latex: str, model: str) -> bool:
    """Whether a formula is understood and holds."""
    try:
        return measure(latex, model=model).holds
    except EquationError:
        return False


def edits(latex: str, model: Model) -> Iterator[tuple[str, str]]:
    """The name and the result of every edit of one side."""
    [[side]] = parse(latex, [])
    for node in pieces(side):
        if node.kind == "add":
            yield from edits_of_terms(latex, node)
        elif node.kind in ("name", "subscripted"):
            yield from edits_of_a_letter(latex, node, model)
        elif node.kind == "sum":
            low = node.parts[1]
            yield "limit", replaced(latex, low.span, f"{latex[slice(*low.span)]}+1")
        elif node.kind == "call" and node.value == "tanh":
            text = latex[slice(*node.span)].replace(r"\tanh", r"\operatorname{sigmoid}")
            yield "function", replaced(latex, node.span, text)


def pieces(node: Node) -> Iterator[Node]:
    """A node and all that it is made of, but for subscripts."""
    yield node
    for part in node.parts if node.kind != "subscripted" else ():
        yield from pieces(part)


def edits_of_terms(latex: str, node: Node) -> Iterator[tuple[str, str]]:
    """A sign turned, a term left out and a term taken twice, one at a time."""
    texts = [latex[slice(*part.span)] for part in node.parts]
    for place, text in enumerate(texts):
        others = list(zip(node.value, texts, strict=True))
        sign, _ = others.pop(place)
        for name, new in (("sign", (-sign, text)), ("twice", (sign, f"2 {text}"))):
            yield name, sum_of(latex, node, [*others[:place], new, *others[place:]])
        if others:
            yield "term", sum_of(latex, node, others)


def sum_of(latex: str, node: Node, terms: list[tuple[int, str]]) -> str:
    """The formula with other terms in the place of a sum's."""
    text = "".join(f"{'+' if sign > 0 else '-'} {term} " for sign, term in terms)
    text = f"({text})" if node.form == "closed" else text.removeprefix("+ ")
    return replaced(latex, node.span, text)


def edits_of_a_letter(
    latex: str, node: Node, model: Model
) -> Iterator[tuple[str, str]]:
    """An earlier step, another array of the same shape, a transpose."""
    if node.kind == "subscripted" and compact(node.parts[1]) == "t":
        yield "step", replaced(latex, node.parts[1].span, "{t-1}")
    known = model.quantities.get(compact(node))
    if known is None or known.shape is None or known.role != "parameter":
        return
    for name, other in model.quantities.items():
        same = (other.role, other.shape) == (known.role, known.shape)
        if same and name != compact(node):
            yield "letter", replaced(latex, node.span, f"{{{name}}}")
    rows, columns = known.shape
    if rows == columns:
        yield "transpose", replaced(latex, node.span, f"{{{compact(node)}}}^\\top")


def replaced(latex: str, span: tuple[int, int], text: str) -> str:
    """A formula with another text in one place."""
    return f"{latex[: span[0]]} {text} {latex[span[1] :]}"


def main() -> int:
    """The number of broken formulas that hold, each of which is printed."""
    every = list(broken())
    accepted = [one for one in every if holds(one.latex, one.model)]
    print(*accepted, f"{len(accepted)} of {len(every)} broken formulas hold", sep="\n")
    return min(len(accepted), 1)


if __name__ == "__main__":
    raise SystemExit(main())
