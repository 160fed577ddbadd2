# ruff: noqa: D102 - the methods are the rules of grammar.lark, under the same names
"""Letters with their fonts and accents."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from lark import Token, v_args
from lark.tree import Meta

from rnn_notes.equations.nodes import FONTS, Node
from rnn_notes.equations.pieces import Pieces, span

__all__ = ["Names", "letter"]

_SWITCHES = {"bf": "mathbf", "it": "mathit", "cal": "mathcal", "rm": "mathrm"}
_SWITCHES["sf"] = "mathrm"
_SCRIPTED = ("subscripted", "transpose", "power", "prime")


@v_args(meta=True)
class Names(Pieces):
    """The rules about letters."""

    def name(self, meta: Meta, children: list[Any]) -> Node:
        return Node("name", span(meta), (), letter(children[0]))

    def mark(self, meta: Meta, children: list[Any]) -> Node:
        command, inside = children
        marked = self._marked(str(command), inside)
        return replace(marked, span=span(meta), form="")

    def sub_mark(self, meta: Meta, children: list[Any]) -> list[Node]:
        return [self.mark(meta, children)]

    def _marked(self, command: str, node: Node) -> Node:
        """A node whose letter has a font or an accent."""
        font = command[1:] in FONTS
        if node.kind == "name" or (font and node.kind == "number"):
            return replace(node, kind="name", value=_with_mark(command, node.value))
        if node.kind in _SCRIPTED:
            if not font:
                self._note(node, f"read {command} as one over the letter alone")
            first, *rest = node.parts
            return replace(node, parts=(self._marked(command, first), *rest))
        if font and node.kind == "mul":
            return node.with_parts(lambda part: self._marked(command, part))
        raise node.fail(f"{command} over an expression came, expected a letter")


def letter(token: Token) -> str:
    r"""The one way in which a letter is written inside the engine, ``\mathbf{h}``."""
    text = re.sub(r"\s+", " ", token)
    if switch := re.fullmatch(r"\{ ?\\([a-z]+) ?(\\?[A-Za-z]+) ?\}", text):
        return rf"\{_SWITCHES[switch[1]]}{{{switch[2]}}}"
    if re.fullmatch(r"\\[A-Za-z]+|[A-Za-z]", text):
        return text
    if text.isalpha():
        return rf"\text{{{text}}}"
    return re.sub(r"^(\\[a-z]+) ?\{? ?(\\?\w+) ?\}?$", r"\1{\2}", text)


def _with_mark(command: str, value: str) -> str:
    """A letter with one more mark: a font inside of an accent, one font alone."""
    outer = re.fullmatch(r"(\\[a-z]+)\{(.*)\}", value)
    if outer and command[1:] in FONTS:
        accent = outer[1][1:] not in FONTS
        inner = _with_mark(command, outer[2]) if accent else outer[2]
        return f"{outer[1] if accent else command}{{{inner}}}"
    return f"{command}{{{value}}}"
