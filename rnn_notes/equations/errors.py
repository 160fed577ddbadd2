"""What is raised for a formula that is not understood."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

__all__ = [
    "BothWaysError",
    "EquationError",
    "MisfitError",
    "OutsideError",
    "SizeError",
    "Span",
    "UnshapedError",
    "WorkError",
    "astray",
    "pointing",
    "span",
    "visible",
]

Span = tuple[int, int]
_FUNCTION = re.compile(r"(vec|diag|tr|softmax|tanh|exp|log)(?![a-z])")


class EquationError(ValueError):
    """A formula is not understood; the message ends with a caret under the place.

    reason   : what came and what was expected
    position : where in ``latex``, counted from 0
    latex    : the formula, or the ``where`` text, in which the place lies
    close    : formulas one edit away that are understood and hold
    advice   : what to do next, in lines

    >>> print(EquationError("no symbol q is known", (4, 5), "L = q"))
    no symbol q is known
      L = q
          ^
    """

    close: tuple[str, ...] = ()
    advice: tuple[str, ...] = ()

    def __init__(self, reason: str, span: Span = (0, 0), latex: str = "") -> None:
        if len(reason) > 200 and "\n" not in reason:  # it quotes the formula
            reason = f"{reason[:120]} … {reason[-60:]}"
        self.reason = reason
        self.span = span
        self.latex = latex
        super().__init__(reason)

    @property
    def position(self) -> int:
        """Where in ``latex`` the trouble starts, counted from 0."""
        return self.span[0]

    def __str__(self) -> str:
        if not self.latex:
            return "\n".join([self.reason, *self.advice])
        start = self.latex.rfind("\n", 0, self.position) + 1
        line = self.latex[start:].split("\n", 1)[0]
        column = self.position - start
        width = max(1, min(self.span[1] - self.position, len(line) - column))
        left = max(0, column - 50)  # a long line is shown around the place
        shown = line[left : max(left + 70, column + 10)]
        before, after = "…" * (left > 0), "…" * (left + len(shown) < len(line))
        caret = " " * (column - left + len(before)) + "^" * min(width, 20)
        shown = f"{before}{shown}{after}"
        near = "".join(f"\nclose, and it holds:\n  {latex}" for latex in self.close)
        advice = "".join(f"\n{line}" for line in self.advice)
        return f"{self.reason}\n  {shown}\n  {caret}{near}{advice}"

    def within(self, latex: str) -> EquationError:
        """The same error, pointing into a text unless it points into another."""
        return type(self)(self.reason, self.span, self.latex or latex)


class MisfitError(EquationError):
    """The pieces of a formula do not fit each other in shape."""


class OutsideError(EquationError):
    """An index falls outside what a draw has, so the formula does not speak of it."""


class SizeError(EquationError):
    """A size is none that can be drawn."""


class WorkError(EquationError):
    """Measuring a formula takes too much work."""


class BothWaysError(EquationError):
    """A product rises in one case and falls in another."""


class UnshapedError(EquationError):
    """A quantity of a model has no shape yet."""


def span(matched: Any) -> Span:
    """Where a token of lark's, or what a rule has matched, stands."""
    return matched.start_pos or 0, matched.end_pos or 0


def astray(matched: Any, reason: str) -> EquationError:
    """The error that points at a token, or at what a rule has matched."""
    return EquationError(reason, span(matched))


@contextmanager
def pointing(latex: str) -> Iterator[None]:
    """A context whose errors point into a text, unless they point into another."""
    try:
        yield
    except EquationError as error:
        word = _FUNCTION.match(latex, error.position)
        if word and error.reason.endswith("is not known"):
            error.reason += rf": write \operatorname{{{word[0]}}}"
        raise error.within(latex) from None


def visible(text: str) -> str:
    r"""A text whose control and bidirectional characters are written out.

    >>> visible("a\x1b[1m\u202e")
    'a\\x1b[1m\\u202e'
    """
    return "".join(c if c == "\n" or c.isprintable() else repr(c)[1:-1] for c in text)
