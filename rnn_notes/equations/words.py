r"""Words, wide spaces and braces of a formula, sorted out before its rows are.

A word in ``\text{...}`` is a function before an argument, a letter of its own in a
subscript, a joint between two equations, or a remark at the end of a line. Anywhere
else it could mean something, and is an error.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

from lark import Token

from rnn_notes.equations.errors import astray, span
from rnn_notes.equations.nodes import Remark

__all__ = ["after_group", "settled"]

_FUNCTIONS = {
    *("tanh", "exp", "log", "ln", "softmax", "diag", "vec", "tr", "det", "max", "min"),
    *("relu", "sigmoid", "sign", "sqrt", "mean", "sum", "onehot", "prod"),
}
_JOINTS = {"and", "und", "et", "y", "e", "i.e", "ie"}
_JOINTS |= {"that is", "so", "so that", "hence"}
_CONDITIONS = {"for", "for all", "if", "when", "where", "with", "für", "falls", "wenn"}
_CONDITIONS |= {"para", "para todo", "se", "si", "pour", "pour tout", "mit"}
_NUMBER = "left out {}, the number of an equation"
_ENDS = ("ROW", "SEPARATOR", "END")
_END = Token("END", "")
_BEFORE_OPERAND = {"NAME", "FUNCTION", "WORD", "MARK", "NUMBER", "FRAC"}
_BEFORE_OPERAND |= {"LPAR", "LBRACE"}
_INSIDE = {"RELATION", "SIGN", "ODOT", "OTIMES", "LINK", "BIG", "COMMA", "CELL", *_ENDS}


def settled(tokens: list[Token], remarks: list[Remark]) -> list[Token]:
    """The tokens in which no word, wide space or brace over a term is left."""
    return _Words(_unbraced(tokens), remarks).settled()


class _Words:
    """The tokens of one formula, and where one is among them."""

    def __init__(self, tokens: list[Token], remarks: list[Remark]) -> None:
        self.tokens, self.remarks = tokens, remarks
        self.out: list[Token] = []
        self.scripts: list[bool] = []  # of the open braces: which are a script's
        self.skipped: set[int] = set()

    def settled(self) -> list[Token]:
        for place, token in enumerate(self.tokens):
            if place in self.skipped:
                continue
            if token == "{":
                self.scripts.append(self.last("^", "_"))
            elif token == "}" and self.scripts:
                self.scripts.pop()
            handle = getattr(self, f"_{token.type.lower()}", None)
            kept = handle(place, token) if handle else token
            if kept is not None:
                self.out.append(kept)
        return self.out

    def last(self, *texts: str) -> bool:
        """Whether the last token that was kept is one of these."""
        return bool(self.out) and self.out[-1] in texts

    def following(self, place: int, *types: str) -> int:
        """The place of the next token that is none of these and no space."""
        place += 1
        while place < len(self.tokens) and self.tokens[place].type in ("QUAD", *types):
            place += 1
        return place

    def ends(self, place: int) -> bool:
        """Whether nothing more is said in the line after a token."""
        after = self.following(place, "COMMA", "PERIOD", "RBRACE")
        return after >= len(self.tokens) or self.tokens[after].type in _ENDS

    def starts(self) -> bool:
        """Whether nothing was said in the line before."""
        return not self.out or self.out[-1].type in (*_ENDS, "MATRIX")

    def comma(self, token: Token) -> Token | None:
        """A comma in the place of a token, unless one stands there already."""
        if self.starts() or self.out[-1].type == "COMMA":
            return None
        return Token.new_borrow_pos("COMMA", token, token)

    # What each kind of token becomes

    def _increment(self, place: int, token: Token) -> Token:
        raise astray(
            token,
            f"{token} came, which is an instruction and claims nothing: expected =, "
            r"and what all the steps add up to, as in \sum_{t=1}^{T}",
        )

    def _period(self, place: int, token: Token) -> Token:
        after = self.tokens[place + 1 : place + 2]
        close = after and after[0].start_pos == token.end_pos and not self.starts()
        if close and after[0].type in {*_BEFORE_OPERAND, "BIG"}:
            self.remarks.append(Remark("read . as a product", span(token)))
            return Token.new_borrow_pos("LINK", r"\cdot", token)
        return token

    def _forall(self, place: int, token: Token) -> Token | None:
        name = self.following(place)
        if name < len(self.tokens) and self.ends(name):
            self.skipped.add(name)  # \forall t says nothing more
            return None
        return self.comma(token)

    def _quad(self, place: int, token: Token) -> Token | None:
        after = self.following(place)
        if self.scripts or after >= len(self.tokens) or self.starts():
            return None
        if self.tokens[after] == "(":
            return self.bracketed(token, after)
        joined = self.out[-1].type in _INSIDE or self.tokens[after].type in _INSIDE
        if joined or not (self.related(place, -1) and self.related(place, 1)):
            return None
        return self.comma(token)

    def bracketed(self, token: Token, opened: int) -> Token | None:
        """A comma before a condition in brackets; none before an equation's number."""
        closed = opened + 1
        while closed < len(self.tokens) and self.tokens[closed] not in ("(", ")"):
            closed += 1
        if closed >= len(self.tokens) or not self.ends(closed):
            return None
        inside = self.tokens[opened + 1 : closed]
        types = [one.type for one in inside]
        if types in (["NUMBER"], ["NUMBER", "NAME"]):
            number = "".join(inside)
            self.skipped |= set(range(opened, closed + 1))
            said = _NUMBER.format(f"({number})")
            self.remarks.append(Remark(said, span(self.tokens[opened])))
            return None
        if "RELATION" not in types:
            return None
        self.skipped |= {opened, closed}
        return self.comma(token)

    def related(self, place: int, step: int) -> bool:
        """Whether a relation stands between a space and the next one that way."""
        place += step
        depth = 0
        while 0 <= place < len(self.tokens):
            token = self.tokens[place]
            depth += (token in ("{", "(", "[")) - (token in ("}", ")", "]"))
            if token.type in (*_ENDS, "MATRIX") or (token.type == "QUAD" and step > 0):
                return False
            if token.type == "RELATION" and depth == 0:
                return True
            place += step
        return False

    def _word(self, place: int, token: Token) -> Token | None:
        said = _inside(token).strip().replace("one-hot", "onehot")
        letters = "".join(re.findall(r"[A-Za-z]+", said))
        if any(self.scripts) or self.last("^", "_"):
            return _name(token, letters) if letters else None
        if not re.sub(r"\W", "", said):
            return None
        plain = said.strip(" .,:;()").lower()
        after = self.following(place)
        if self.ends(place) and not self.starts():
            return self.ending(place, token, said)
        if plain in _JOINTS and not self.starts():
            return Token.new_borrow_pos("SEPARATOR", token, token)
        if plain in _CONDITIONS:
            return self.comma(token)
        if said.endswith(":") and (self.starts() or self.last(",")):
            self.remarks.append(Remark(f"left out the words “{said}”", span(token)))
            return None
        if re.fullmatch("[A-Za-z]+", said):
            return self.word(token, said, *self.tokens[after : after + 1])
        raise astray(
            token, f"the words “{said}” came inside a formula, expected them at its end"
        )

    def word(self, token: Token, said: str, after: Token = _END) -> Token:
        """A function before an argument, a letter of its own elsewhere."""
        argument = after in ("(", "[") or after.type in ("LSET", "PRIME")
        known = said.lower() in _FUNCTIONS and len(said) > 1
        if argument or (known and (after.type in _BEFORE_OPERAND or after == "^")):
            return Token.new_borrow_pos("FUNCTION", token, token)
        return _name(token, said)

    def ending(self, place: int, token: Token, said: str) -> Token | None:
        """A letter in the place of a word that ends a line, if it may be one."""
        if re.fullmatch(r"\(\w{0,2}[\d.]+\w?\)", said):
            self.remarks.append(Remark(_NUMBER.format(said), span(token)))
            return None
        if re.search(r"[<>=≤≥]|\d", said):
            raise astray(
                token,
                f"the words “{said}” came, expected a condition outside of them, as in "
                r", \quad t < T",
            )
        apart = self.tokens[place - 1].type in ("QUAD", "COMMA")
        if not apart and re.fullmatch("[A-Za-z]+", _inside(token)):
            return _name(token, said)
        self.remarks.append(Remark(f"left out the words “{said}”", span(token)))
        return None


def _inside(token: Token) -> str:
    """What stands between the braces of a word."""
    if token.startswith("{"):
        return re.sub(r"^\{\s*\\[a-z]+\s+", "", token[:-1])
    return token[token.index("{") + 1 : -1]


def _name(token: Token, letters: str) -> Token:
    """A letter of its own; one that is upright if it is a single one."""
    font = r"\mathrm" if len(letters) == 1 else r"\text"
    name = Token.new_borrow_pos("NAME", token, token)
    return name.update(value=f"{font}{{{letters}}}")


def _unbraced(tokens: list[Token]) -> list[Token]:
    r"""The tokens without \underbrace and what is under it, and without \boxed."""
    out: list[Token] = []
    skipped: set[int] = set()
    for place, token in enumerate(tokens):
        if token == "{" and (not place or tokens[place - 1].type in _ENDS):
            end = after_group(tokens, place)
            depths = zip(tokens[place:end], _depths(tokens[place:]), strict=False)
            if any(one.type == "RELATION" and depth == 1 for one, depth in depths):
                skipped |= {place, end - 1}  # \large{a = b}
        if token.type == "BRACE":
            end = after_group(tokens, place + 1)
            skipped.add(place)
            if token == r"\boxed":
                skipped |= {place + 1, end - 1}
            elif tokens[end : end + 1] in (["_"], ["^"]):
                skipped |= set(range(end, after_group(tokens, end + 1)))
        if place not in skipped:
            out.append(token)
    return out


def _depths(tokens: list[Token]) -> Iterator[int]:
    """How many braces are open behind each of the tokens."""
    return itertools.accumulate((one == "{") - (one == "}") for one in tokens)


def after_group(tokens: list[Token], place: int) -> int:
    """The place after the group in braces, or the one token, that starts here."""
    ends = (n for n, depth in enumerate(_depths(tokens[place:]), 1) if depth == 0)
    return place + next(ends, len(tokens) - place)
