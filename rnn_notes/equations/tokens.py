"""Tokens of a formula, sorted out before the grammar sees them.

``&`` and ``\\\\`` mean cells and rows in a matrix, lines of a calculation elsewhere;
``\\|`` opens and closes; a full stop at the end of a line means nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lark import Token

from rnn_notes.equations.errors import EquationError
from rnn_notes.equations.nodes import Remark
from rnn_notes.equations.words import astray, settled

__all__ = ["Kept", "sorted_out"]

_MATRICES = {"matrix", "bmatrix", "pmatrix", "smallmatrix", "array"}
_CALCULATIONS = {
    *("align", "aligned", "split", "gather", "gathered", "equation", "multline"),
    *("align*", "gather*", "equation*", "multline*", "eqnarray", "eqnarray*"),
    *("alignat", "alignat*", "alignedat", "flalign", "flalign*"),
}
_WHOLE = {"cases", "array"}  # lines of a calculation where nothing stands before
_MOST_TOKENS = 1500
_PAIRS = {"BARS": ("LNORM", "RNORM"), "BAR": ("LBAR", "RBAR")}


class Kept:
    """The tokens that lark keeps though no rule of the grammar names them."""

    always_accept = (
        *("PERIOD", "BARS", "BAR", "ROW", "CELL", "SEPARATOR"),
        *("WORD", "QUAD", "BRACE", "FORALL", "INCREMENT"),
    )

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        """The stream as it comes."""
        return stream


def sorted_out(stream: Iterable[Token], remarks: list[Remark]) -> Iterator[Token]:
    """The tokens that the grammar knows; ``EquationError`` for what is astray."""
    tokens: list[Token] = []
    for token in stream:
        if len(tokens) >= _MOST_TOKENS:
            raise astray(token, f"more than {_MOST_TOKENS} symbols came")
        tokens.append(token)
    return _Lines(remarks).sorted(settled(tokens, remarks))


class _Lines:
    """The state of the filter inside one formula."""

    def __init__(self, remarks: list[Remark]) -> None:
        self.remarks = remarks
        self.environments: list[str] = []
        self.held: list[Token] = []  # dropped at the end of a line or a matrix
        self.separator: Token | None = None
        self.fresh = True  # nothing has been said in this row
        self.started = False
        self.column = 0
        self.open: list[Token] = []  # bars
        self.cases: Token | None = None  # cases that are closed

    def sorted(self, tokens: list[Token]) -> Iterator[Token]:
        """The tokens that the grammar knows."""
        for place, token in enumerate(tokens):
            after = tokens[place + 1] if place + 1 < len(tokens) else None
            kept = self.handled(token, after)
            if kept is None:
                continue
            if kept.type in ("COMMA", "PERIOD", "ROW"):
                self.held.append(kept)
                continue
            if self.cases:
                raise astray(self.cases, "the environment cases came in a formula")
            if self.separator and self.started:
                yield self.separator
            elif kept.type != "END":
                yield from self.held
            self.held, self.separator = [], None
            self.fresh, self.started = False, True
            yield kept
        if self.environments:
            name = self.environments[-1].split()[0]
            raise EquationError(f"\\begin{{{name}}} came, expected its \\end too")
        if self.open:
            raise astray(self.open[-1], f"{self.open[-1]} came, expected its pair too")

    def handled(self, token: Token, after: Token | None) -> Token | None:
        """The token as the grammar sees it, None where it does not."""
        if token.type in ("MATRIX", "END"):
            return self.environment(token)
        if token.type in _PAIRS:
            return self.bars(token, after)
        if token.type == "SEPARATOR":
            self.separator = token
            return None
        inside = bool(self.environments) and self.environments[-1] in _MATRICES
        if inside or token.type not in ("CELL", "ROW"):
            return token
        if token.type == "ROW":
            self.separator = Token.new_borrow_pos("SEPARATOR", token, token)
            self.fresh, self.column = True, 0
            return None
        if self.fresh:  # a row that starts with & goes on with the row before
            self.separator = None
        self.column += not (self.environments and "eqn" in self.environments[-1])
        if self.column and self.column % 2 == 0:
            self.separator = Token.new_borrow_pos("SEPARATOR", token, token)
        return None

    def bars(self, token: Token, after: Token | None) -> Token:
        """A bar that opens, or closes the one of its kind."""
        left, right = _PAIRS[token.type]
        if self.open and self.open[-1].type == token.type:
            self.open.pop()
            return Token.new_borrow_pos(right, token, token)
        if after == "_":
            raise astray(
                token,
                r"a bar with a subscript came, expected \partial^{+} for a derivative "
                "with the states that enter the step held still",
            )
        self.open.append(token)
        return Token.new_borrow_pos(left, token, token)

    def environment(self, token: Token) -> Token | None:
        """The token that opens or closes a matrix, None for that of a calculation."""
        name = token.split("{")[1].split("}")[0].strip()
        if token.type == "MATRIX":
            whole = name in _WHOLE and (self.separator or not self.started)
            if not whole and name not in _MATRICES | _CALCULATIONS:
                raise astray(token, f"the environment {name} came")
            name = f"{name} of lines" if whole else name
            self.environments.append(name)
        elif not self.environments or self.environments[-1].split()[0] != name:
            raise astray(token, f"\\end{{{name}}} came, expected its \\begin before it")
        else:
            name = self.environments.pop()
        if token.type == "END" and name.startswith("cases"):
            self.cases = token
            span = (token.start_pos or 0, token.end_pos or 0)
            self.remarks.append(Remark("read cases as equations that all hold", span))
        return token if name in _MATRICES else None
