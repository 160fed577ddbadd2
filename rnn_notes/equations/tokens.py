"""Tokens of a formula, sorted out before the grammar sees them.

``&`` and ``\\\\`` mean cells and rows in a matrix, lines of a calculation elsewhere;
``\\|`` opens and closes; a full stop at the end of a line means nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from lark import Token

from rnn_notes.equations.errors import EquationError, astray, span
from rnn_notes.equations.nodes import Remark
from rnn_notes.equations.words import after_group, settled

__all__ = ["AS_DIFFERENTIAL", "OPERATOR", "SLANTED", "sorted_out"]

_MATRICES = {"matrix", "bmatrix", "pmatrix", "smallmatrix", "array"}
_CALCULATIONS = {
    *("align", "aligned", "split", "gather", "gathered", "equation", "multline"),
    *("align*", "gather*", "equation*", "multline*", "eqnarray", "eqnarray*"),
    *("alignat", "alignat*", "alignedat", "flalign", "flalign*"),
}
_WHOLE = {"cases", "array"}  # lines of a calculation where nothing stands before
_MOST_TOKENS = 1500
OPERATOR = r"read d as \partial"
AS_DIFFERENTIAL = "read {} as a differential"
SLANTED = {AS_DIFFERENTIAL.format(letter) for letter in ("d", r"\delta")}
_OPERANDS = {"NAME", "MARK", "FUNCTION", "WORD", "LPAR", "LSQB", "BAR"}
_PAIRS = {"BARS": ("LNORM", "RNORM"), "BAR": ("LBAR", "RBAR")}


def sorted_out(stream: Iterable[Token], remarks: list[Remark]) -> Iterator[Token]:
    """The tokens that the grammar knows; ``EquationError`` for what is astray."""
    tokens: list[Token] = []
    for token in stream:
        if len(tokens) >= _MOST_TOKENS:
            raise astray(token, f"more than {_MOST_TOKENS} symbols came")
        tokens.append(token)
    tokens = _with_operators(_with_cases(tokens), remarks)
    tokens = _with_differentials(tokens, remarks)
    return _Lines(remarks).sorted(settled(_by_cases(tokens, remarks), remarks))


def _with_operators(tokens: list[Token], remarks: list[Remark]) -> list[Token]:
    r"""The tokens with \partial for d, in ``\frac{d}{dx}``, ``\frac{d^2 y}{dx^2}``."""
    out: list[Token | None] = list(tokens)
    for n, token in enumerate(tokens[:-5]):
        if token.type != "FRAC" or tokens[n + 1] != "{" or not _is_d(tokens[n + 2]):
            continue
        below, power = after_group(tokens, n + 1), after_group(tokens, n + 4)
        twice = re.fullmatch(r"\^\{?2\}?", "".join(tokens[n + 3 : power]))
        end = after_group(tokens, below) if twice else below + 2
        ds = [p for p in range(below + 1, min(end, len(tokens))) if _is_d(tokens[p])]
        if not (twice or below == n + 4) or ds[:1] != [below + 1]:
            continue
        for place in (n + 2, *ds):
            out[place] = Token.new_borrow_pos("PARTIAL", r"\partial", tokens[place])
        if twice:
            out[n + 2] = Token.new_borrow_pos("SECOND", r"\partial^2", tokens[n + 2])
            out[n + 3 : power] = [None] * (power - n - 3)
        remarks.append(Remark(OPERATOR, span(tokens[n + 2])))
    return [token for token in out if token is not None]


def _is_d(token: Token) -> bool:
    return bool(re.fullmatch(r"d|\\mathrm\W*d\W*", token))


def _with_differentials(tokens: list[Token], remarks: list[Remark]) -> list[Token]:
    r"""The tokens with d and \partial as differentials, if none is of a derivative."""
    out = list(tokens)
    found = [n for n, one in enumerate(tokens) if one == "d" or one.type == "PARTIAL"]
    for n in found:
        before, after = tokens[n - 1] if n else "", tokens[n + 1 : n + 2]
        apart = before not in ("{", "_", "^") and "/" not in tokens
        if not apart or not after or after[0].type not in _OPERANDS:
            return tokens
        out[n] = Token.new_borrow_pos("D", tokens[n], tokens[n])
    if found:
        first = tokens[found[0]]
        remarks.append(Remark(AS_DIFFERENTIAL.format(first), span(first)))
    return out


def _by_cases(tokens: list[Token], remarks: list[Remark]) -> list[Token]:
    r"""The tokens with ``y = \begin{cases} a & i = j \\ …`` as a line for each case.

    Each line says the left side again; "otherwise" is the opposite of the case before.
    """
    outer = [n for n, token in enumerate(tokens) if token.type in ("MATRIX", "END")]
    outer = [n for n in outer if _environment(tokens[n]) == "cases"]
    if [tokens[n].type for n in outer] != ["MATRIX", "END"] or outer[0] == 0:
        return tokens
    first, last = outer
    head = tokens[:first]
    ends = [n for n, token in enumerate(head) if token.type in ("ROW", "SEPARATOR")]
    start = ends[-1] + 1 if ends else 0
    rows = [_cut(row, "CELL") for row in _cut(tokens[first + 1 : last], "ROW")]
    if head[-1].type != "RELATION" or any(len(row) != 2 for row in rows):
        return tokens
    out, said = head[:start], list[Token]()
    for value, condition in rows:
        words = [token for token in condition if token.type == "WORD"]
        if any(re.search("otherwise|else|sonst", word) for word in words):
            condition = [_opposite(token) for token in said]
        if len(out) > start:
            out.append(Token.new_borrow_pos("SEPARATOR", ";", tokens[first]))
        comma = Token.new_borrow_pos("COMMA", ",", tokens[first])
        said = _trimmed(condition)
        out += [*head[start:], *_trimmed(value), comma, *said]
    place = tokens[first].start_pos or 0
    remarks.append(Remark("read cases as one equation for each", (place, place + 6)))
    return out + tokens[last + 1 :]


def _with_cases(tokens: list[Token]) -> list[Token]:
    r"""The tokens with an array behind a brace, ``\{ \begin{array}{ll}``, as cases."""
    out: list[Token] = []
    closing = ""
    for token in tokens:
        if token.type == "MATRIX" and out and out[-1].type == "LSET":
            out[-1] = Token.new_borrow_pos("MATRIX", r"\begin{cases}", token)
            closing = _environment(token)
        elif closing and token.type == "END" and _environment(token) == closing:
            out.append(Token.new_borrow_pos("END", r"\end{cases}", token))
            closing = ""
        else:
            out.append(token)
    return out


def _environment(token: Token) -> str:
    """The environment that a token opens or closes."""
    return token.split("{")[1].split("}")[0].strip()


def _cut(tokens: list[Token], kind: str) -> list[list[Token]]:
    """The tokens between those of a kind; empty pieces at the end are none."""
    pieces: list[list[Token]] = [[]]
    for token in tokens:
        if token.type == kind:
            pieces.append([])
        else:
            pieces[-1].append(token)
    return pieces if pieces[-1] else pieces[:-1]


def _trimmed(tokens: list[Token]) -> list[Token]:
    """The tokens without commas, full stops and spaces at their end."""
    while tokens and tokens[-1].type in ("COMMA", "PERIOD", "QUAD"):
        tokens = tokens[:-1]
    return tokens


def _opposite(token: Token) -> Token:
    """An order as what it is not; ``EquationError`` where that is not one order."""
    if token.type != "RELATION":
        return token
    turned = {"=": r"\ne", r"\ne": "=", r"\neq": "="}.get(str(token))
    if turned is None:
        raise astray(token, f"{token} came before a last case, expected = or \\ne")
    return Token.new_borrow_pos("RELATION", turned, token)


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
        self.brackets = 0  # square ones that are open
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
            if kept == "=" and not self.started:
                said = "left out the = at the start"
                self.remarks.append(Remark(said, span(kept)))
                continue
            if kept == "=" and str(self.separator).startswith(r"\\"):
                self.held, self.separator = [], None  # it goes on with the row before
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
        self.brackets += (token == "[") - (token == "]")
        if token == ";" and self.brackets > 0:
            return Token.new_borrow_pos("ROW", token, token)
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
        name = _environment(token)
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
            said = "read cases as equations that all hold"
            self.remarks.append(Remark(said, span(token)))
        return token if name in _MATRICES else None
