r"""Answers to exercises that ask for a formula: right or wrong, without the solution.

To measure true is not enough: $x = x$ does. An answer is right if

- it is one equation without conditions, and its left side is what was asked for;
- its right side does not hold the left side again, nor differentiates by its variable;
- it holds.
"""

from __future__ import annotations

from rnn_notes.equations.errors import EquationError
from rnn_notes.equations.kinds import Layout
from rnn_notes.equations.measuring import measure, says_nothing_of
from rnn_notes.equations.nodes import Node
from rnn_notes.equations.parsing import parse

__all__ = ["judge"]


def judge(
    latex: str,
    asked: str,
    layout: Layout | None = "denominator",
    where: str = "",
    model: str | None = None,
) -> tuple[bool, str]:
    r"""Whether an answer is right, and what to tell whoever gave it.

    asked  : the left side that an answer has
    layout, model : as in ``measure``
    where  : further letters, as in ``measure``; where it defines what is asked for, an
        answer has no derivative at all, for it would repeat the definition

    >>> asked = r"\frac{\partial L}{\partial b_y}"
    >>> judge(asked + r" = \sum_{t=1}^{T} (p_t - e_t)", asked)[0]
    True
    >>> print(judge(asked + " = p_T - e_T", asked)[1].partition("\n")[0])
    Wrong: does not hold
    >>> judge(f"{asked} = {asked}", asked)
    (False, 'Wrong: the right side holds what is asked for.')
    """
    try:
        fault = _misses(latex, asked, defined=f"{asked.strip()} =" in where)
        if fault:
            return False, f"Wrong: {fault}."
        found = measure(latex, layout=layout, where=where, model=model)
        if found and says_nothing_of(found.task):
            return False, "Wrong: it would hold in any other network too."
    except EquationError as error:
        error.close = error.advice = ()  # these would give the solution away
        return False, f"Not understood: {error}"
    if not found:
        return False, f"Wrong: {found.without_advice()}"
    return True, f"Right: it {found}"


def _misses(latex: str, asked: str, defined: bool) -> str:
    r"""Why a formula is no answer, whether it holds or not; nothing if it may be one.

    >>> _misses("a_t = h_t", "y_t", defined=False)
    'the left side is not y_t'
    >>> _misses("y_t = b_y, t = 1", "y_t", defined=False)
    'an answer is one equation, without conditions'
    """
    [[[wanted, _]]] = [[item.parts for item in line] for line in parse(f"{asked} = 0")]
    lines = parse(latex)
    if len(lines) > 1 or len(lines[0]) > 1 or lines[0][0].kind != "relation":
        return "an answer is one equation, without conditions"
    left, *others = lines[0][0].parts
    if not _same(left, wanted):
        return f"the left side is not {asked}"
    pieces = [node for side in others for node in side.walk()]
    slopes = [node for node in pieces if node.kind == "derivative"]
    if any(_same(node, wanted) for node in pieces):
        return "the right side holds what is asked for"
    if defined and slopes:
        return "the right side holds a derivative, as the definition does"
    if wanted.kind == "derivative":
        variable = wanted.parts[-1]
        by = [node for slope in slopes for node in slope.parts[-1].walk()]
        if any(_same(node, variable) for node in by):
            return "the right side differentiates by the same variable"
    return ""


def _same(a: Node, b: Node) -> bool:
    """Whether two pieces are written alike, but for spaces and brackets.

    >>> [[[left, right]]] = [[r.parts for r in line] for line in parse("h_t = h_{ t }")]
    >>> _same(left, right)
    True
    """
    return (
        (a.kind, a.value, len(a.parts)) == (b.kind, b.value, len(b.parts))
        and all(map(_same, a.parts, b.parts))
    )  # fmt: skip
