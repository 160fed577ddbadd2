"""Tokens of a formula, sorted out before the grammar sees them.

``&`` and ``\\\\`` mean cells and rows in a matrix, lines of a calculation elsewhere;
``\\|`` opens and closes; a full stop at the end of a line means nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

from lark import Token

from rnn_notes.equations.errors import EquationError

MATRICES = {"matrix", "bmatrix", "pmatrix", "smallmatrix"}
CALCULATIONS = {
    *("align", "aligned", "split", "gather", "gathered", "equation"),
    *("align*", "gather*", "equation*"),
}
MOST_TOKENS = 1500


class Sorter:
    """The filter between the lexer and the parser (what lark calls a postlexer)."""

    always_accept = ("PERIOD", "BARS", "ROW", "CELL", "SEPARATOR")

    def process(self, stream: Iterator[Token]) -> Iterator[Token]:
        """The tokens that the grammar knows; ``EquationError`` for what is astray."""
        return _Lines().sorted(stream)


class _Lines:
    """The state of the filter inside one formula."""

    def __init__(self) -> None:
        self.environments: list[str] = []
        self.held: list[Token] = []  # dropped at the end of a line or a matrix
        self.separator: Token | None = None
        self.fresh = True  # nothing has been said in this row
        self.column = 0
        self.bars = False

    def sorted(self, stream: Iterator[Token]) -> Iterator[Token]:
        """The tokens that the grammar knows."""
        started = False
        for count, token in enumerate(stream):
            if count >= MOST_TOKENS:
                raise _astray(token, f"more than {MOST_TOKENS} symbols came")
            kept = self.handled(token)
            if kept is None:
                continue
            if kept.type in ("COMMA", "PERIOD", "ROW"):
                self.held.append(kept)
                continue
            if self.separator and started:
                yield self.separator
            elif kept.type != "END":
                yield from self.held
            self.held, self.separator = [], None
            self.fresh, started = False, True
            yield kept
        if self.environments:
            name = self.environments[-1]
            raise EquationError(f"\\begin{{{name}}} came, expected its \\end too")

    def handled(self, token: Token) -> Token | None:
        """The token as the grammar sees it, None where it does not."""
        if token.type in ("MATRIX", "END"):
            return self.environment(token)
        if token.type == "BARS":
            self.bars = not self.bars
            return Token.new_borrow_pos("LNORM" if self.bars else "RNORM", token, token)
        if token.type == "SEPARATOR":
            self.separator = token
            return None
        inside = bool(self.environments) and self.environments[-1] in MATRICES
        if inside or token.type not in ("CELL", "ROW"):
            return token
        if token.type == "ROW":
            self.separator = Token.new_borrow_pos("SEPARATOR", token, token)
            self.fresh, self.column = True, 0
            return None
        if self.fresh:  # a row that starts with & goes on with the row before
            self.separator = None
        self.column += 1
        if self.column % 2 == 0:
            self.separator = Token.new_borrow_pos("SEPARATOR", token, token)
        return None

    def environment(self, token: Token) -> Token | None:
        """The token that opens or closes a matrix, None for that of a calculation."""
        name = token.split("{")[1].rstrip("} ").strip()
        if token.type == "MATRIX":
            if name not in MATRICES | CALCULATIONS:
                raise _astray(token, f"the environment {name} came")
            self.environments.append(name)
        elif not self.environments or self.environments.pop() != name:
            raise _astray(
                token, f"\\end{{{name}}} came, expected its \\begin before it"
            )
        return token if name in MATRICES else None


def _astray(token: Token, reason: str) -> EquationError:
    """The error that points at a token."""
    start = token.start_pos or 0
    return EquationError(reason, (start, start + len(token)))
