"""The tree of a formula, from its LaTeX."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from lark import Lark, Token, UnexpectedCharacters, UnexpectedEOF, UnexpectedToken
from lark.exceptions import VisitError

from rnn_notes.equations.building import build
from rnn_notes.equations.errors import EquationError, Span
from rnn_notes.equations.nodes import Node, Remark
from rnn_notes.equations.tokens import sorted_out

__all__ = ["parse"]

_LONGEST = 6000
_LONE = r"a lone \partial came, expected it as in \frac{\partial y}{\partial x}"
_HINTS = {
    "TOP": r"; write the transpose as ^\top",
    "RELATION": "; each line has one chain of equalities",
    "RPAR": "; expected the bracket that it closes, with something in it",
    "PERIOD": "; a full stop ends a line",
}


def parse(latex: str, remarks: list[Remark] | None = None) -> list[list[Node]]:
    r"""The items of every line: an equation, then the conditions after its commas.

    remarks : a list to which is added what was read otherwise than it is written;
              without one the formula is read strictly, as the book is

    Raises
    ------
    EquationError
        For what is not in the language, or is too long or deep.

    Examples
    --------
    >>> [[equation]] = parse(r"y_t = W_{hy} h_t + b_y")
    >>> equation.kind, [side.kind for side in equation.parts]
    ('relation', ['subscripted', 'add'])
    >>> remarks: list[Remark] = []
    >>> [[product]] = parse("W^T h", remarks)
    >>> product.kind, remarks[0].text
    ('mul', 'read ^T as a transpose, ^\\top')
    """
    if len(latex) > _LONGEST:
        raise EquationError(
            f"{len(latex)} characters came, expected at most {_LONGEST}"
        )  # without the text: no one wants to read it
    read = _parsed(latex)
    if isinstance(read, EquationError):
        raise read.within(latex)
    lines, found = read
    if remarks is None and found:
        raise EquationError(f"strictly: {found[0].text}", found[0].span, latex)
    if remarks is not None:
        remarks.extend(found)
    return [list(line) for line in lines]


@lru_cache(256)
def _parsed(latex: str) -> tuple[list[list[Node]], list[Remark]] | EquationError:
    """The items of every line and what was read otherwise, or what went wrong."""
    found: list[Remark] = []
    try:
        return build(_tree(latex, found), latex, found), found
    except EquationError as error:
        return error
    except VisitError as error:
        if not isinstance(error.orig_exc, EquationError):
            raise
        return error.orig_exc
    except UnexpectedCharacters as error:
        return _unreadable(latex, error.pos_in_stream or 0)
    except UnexpectedToken as error:
        lone = {"LINK", "SIGN"} & set(error.expected) == {"LINK"}
        reason, span = _unexpected(latex, error.token)
        return EquationError(_LONE if lone else reason, span, latex)
    except UnexpectedEOF:
        return EquationError(*_unexpected(latex, None), latex)


def _tree(latex: str, remarks: list[Remark]) -> Any:
    """Lark's tree of a formula."""
    parser = _parser()
    feeding = parser.parse_interactive(start="start")
    for token in sorted_out(parser.lex(latex), remarks):
        feeding.feed_token(token)
    return feeding.feed_token(Token("$END", "", len(latex), end_pos=len(latex)))


@cache
def _parser() -> Lark:
    """The parser that belongs to the grammar; it builds lark's own tree."""
    grammar = files(__package__).joinpath("grammar.lark").read_text(encoding="utf-8")
    parser = Lark(
        grammar,
        parser="lalr",
        lexer="basic",
        propagate_positions=True,
        maybe_placeholders=True,
        start=["start", "kept"],
    )
    parser.lexer = parser._build_lexer()  # lex() would build one for every formula
    return parser


def _unreadable(latex: str, start: int) -> EquationError:
    """The error for characters that are in no symbol of the language."""
    command = re.compile(r"\\([A-Za-z]+(\s*\{[^{}\\]*\})?|.?)|.").match(latex, start)
    word = command[0] if command else ""
    return EquationError(
        f"{word} is not in the language", (start, start + len(word)), latex
    )


def _unexpected(latex: str, token: Token | None) -> tuple[str, Span]:
    """What to say of a token that does not fit, and where it stands."""
    if token is None or token.type == "$END":
        if not latex.strip():
            return "nothing came, expected a formula", (0, 1)
        return "the formula ends here, and something is missing", (len(latex),) * 2
    start = token.start_pos or 0
    hint = _HINTS.get(token.type, "")
    return f"{token} does not fit here{hint}", (start, start + len(token))
