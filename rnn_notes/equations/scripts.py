# ruff: noqa: D102 - the methods are the rules of grammar.lark, under the same names
"""Letters with what is around them: fonts, accents, subscripts, superscripts, steps."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from lark import Token, v_args
from lark.tree import Meta
from lark.visitors import Transformer_NonRecursive

from rnn_notes.equations.errors import astray, span
from rnn_notes.equations.nodes import FONTS, Node, Remark

__all__ = ["Scripts", "nodes"]

_SWITCHES = {"bf": "mathbf", "it": "mathit", "cal": "mathcal", "rm": "mathrm"}
_SWITCHES["sf"] = "mathrm"
_SCRIPTED = ("subscripted", "transpose", "power", "prime")
_TRANSPOSE, _INVERSE_TRANSPOSE = "transpose", "inverse transpose"
_TURNED = r"read ^T as a transpose, ^\top"
_RAISED = ("transpose", "power", "elementpower")
_ABOVE = ("(", "[", "<")  # what stands around a step above its letter


def nodes(children: list[Any]) -> tuple[Node, ...]:
    """The nodes among the children of a rule."""
    return tuple(child for child in children if isinstance(child, Node))


@v_args(meta=True)
class Scripts(Transformer_NonRecursive[Token, Any]):
    """The rules about letters, and about what stands below and above a piece.

    A rule without a method of its own makes a node of its own name.

    latex   : the text that is read
    remarks : what was read otherwise than it is written
    """

    def __init__(self, latex: str, remarks: list[Remark]) -> None:
        super().__init__()
        self.latex, self.remarks = latex, remarks

    def __default__(self, data: str, children: list[Any], meta: Meta) -> Node:
        return Node(str(data), span(meta), nodes(children))

    def _note(self, at: Node | Token, text: str) -> None:
        """Remember what was read at a place."""
        place = at.span if isinstance(at, Node) else span(at)
        self.remarks.append(Remark(text, place))

    def _text(self, node: Node) -> str:
        """What is written where a node stands."""
        return self.latex[slice(*node.span)]

    # Letters

    def name(self, meta: Meta, children: list[Any]) -> Node:
        return Node("name", span(meta), (), _letter(children[0]))

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
                self._note(node, f"read {command} as one over the symbol alone")
            first, *rest = node.parts
            return replace(node, parts=(self._marked(command, first), *rest))
        if font and node.kind == "mul":
            return node.with_parts(lambda part: self._marked(command, part))
        raise node.fail(f"{command} over an expression came, expected a symbol")

    # Scripts

    def sub(self, meta: Meta, children: list[Any]) -> list[Node]:
        return [_lower(self._script(child)) for child in children if child != ","]

    def sup(self, meta: Meta, children: list[Any]) -> Node | None:
        return self._script(children[0]) if children else None

    def _script(self, child: Any) -> Node:
        """A script in braces, or the one symbol that LaTeX takes without them."""
        if isinstance(child, Node):
            return child
        if child.type == "NUMBER" and len(child) > 1:
            raise astray(
                child,
                f"{child} came without braces, and LaTeX only raises or lowers its "
                "first digit: expected braces",
            )
        if child.type == "NUMBER":
            return Node("number", span(child), (), str(child))
        return Node("name", span(child), (), _letter(child))

    def top(self, meta: Meta, children: list[Any]) -> str:
        return _TRANSPOSE

    def inverse_top(self, meta: Meta, children: list[Any]) -> str:
        if children[0] != "-":
            raise astray(meta, r"+\top came, expected \top or -\top")
        return _INVERSE_TRANSPOSE

    def angled(self, meta: Meta, children: list[Any]) -> Node:
        (step,) = nodes(children)
        signs = [str(child) for child in children if isinstance(child, Token)]
        if signs[0] != r"\langle" and signs[:2] != ["<", ">"]:
            raise astray(meta, f"{signs[0]} came in a superscript")
        step = replace(step, form="angled")
        last = children[-1]
        if last.type in ("RANGLE", "RELATION"):
            return step
        if last.type == "NAME":
            if last != "T":
                raise astray(last, f"{last} came after a step")
            self._note(last, _TURNED)
        return Node("transpose", span(meta), (step,))

    def subscripted(self, meta: Meta, children: list[Any]) -> Node:
        base: Node = children[0]
        items = [place for item in children[1] for place in self._places(item)]
        if not items:
            return replace(base, span=span(meta))
        if base.kind in (*_RAISED, "prime") and not base.form:
            first, *rest = base.parts  # W^\top_{hh} is W_{hh}^\top
            inner = self.subscripted(meta, [first, items])
            return replace(base, span=span(meta), parts=(inner, *rest))
        if base.kind == "subscripted" and not base.form:
            if not base.value:
                raise base.fail("two subscripts came, expected one, as in h_{t,i}")
            return replace(base, span=span(meta), parts=(*base.parts, *items))
        return Node("subscripted", span(meta), (base, *items))

    def _places(self, item: Node) -> list[Node]:
        """The places that a subscript names: y_{t_i} is entry i at step t."""
        if item.form == "closed":  # h_{(t-1)}
            return [replace(item, form="")]
        if item.kind != "subscripted" or item.value or item.parts[0].kind != "name":
            return [item]
        first, second = item.parts[0], item.parts[-1]
        if len(item.parts) > 2 or second.kind not in ("name", "number"):
            return [item]
        if second.kind == "number":
            return [Node("name", item.span, (), f"{first.value}_{{{second.value}}}")]
        self._note(
            item, f"read the subscript {self._text(item)} as two, step and entry"
        )
        return [first, second]

    def raised(self, meta: Meta, children: list[Any]) -> Node:
        base: Node = children[0]
        sup = children[1]
        place = span(meta)
        if sup is None:
            return replace(base, span=place)
        if base.kind in _RAISED and not base.form:
            raise astray(meta, "two superscripts came, expected one")
        if sup == _TRANSPOSE:
            return Node("transpose", place, (base,))
        if sup == _INVERSE_TRANSPOSE:
            return _inverse_transpose(base, place)
        if sup.kind == "elementwise":
            return Node("elementpower", place, (base, *sup.parts))
        return self._stepped(base, sup, place) or self._power(base, sup, place)

    def _power(self, base: Node, sup: Node, place: tuple[int, int]) -> Node:
        """What is raised by a letter, a word or an expression."""
        if base.kind == "name" and base.value in ("e", r"\mathrm{e}") and not base.form:
            self._note(base, r"read e^{...} as \exp(...)")
            return Node("call", place, (sup,), "exp")
        turned = base.kind != "number" and base.value != r"\mathbb{R}"
        if sup.kind == "name" and sup.value == "T" and turned:
            self._note(sup, _TURNED)
            return Node("transpose", place, (base,), "T")
        if sup.kind == "add" and sup.value == (-1,) and sup.parts[0].value == "T":
            self._note(sup, r"read ^{-T} as the inverse of a transpose, ^{-\top}")
            return _inverse_transpose(base, place)
        first = base.parts[0] if base.kind == "subscripted" else base
        if sup.kind == "name" and first.value == r"\delta":
            self._note(sup, rf"read {sup.value} above \delta as part of its name")
            return self._worded(base, sup, place)
        if sup.kind == "name" and sup.value.startswith((r"\text", r"\mathrm")):
            return self._worded(base, sup, place)
        if sup.kind == "name" and sup.value in ("i", "j") and _at_a_step(base):
            self._note(sup, f"read ^{sup.value} as an entry")
            return replace(base, span=place, parts=(*base.parts, sup))
        return Node("power", place, (base, sup))

    def _worded(self, base: Node, sup: Node, place: tuple[int, int]) -> Node:
        """A letter with a word above it, which is part of its name."""
        if base.kind == "subscripted" and not base.form:
            first, *rest = base.parts
            named = self._worded(first, sup, first.span)
            return replace(base, span=place, parts=(named, *rest))
        if base.kind != "name":
            raise sup.fail(
                "a word came above an expression, expected it above a symbol"
            )
        return replace(base, span=place, value=f"{base.value}^{{{_word(sup)}}}")

    def _stepped(self, base: Node, sup: Node, place: tuple[int, int]) -> Node | None:
        """A letter with its step above it, h^{(t)}; None where it is a power."""
        step, turned = sup, ""
        if sup.kind == "transpose" and not sup.form:
            step, turned = sup.parts[0], _TRANSPOSE
        elif sup.kind == "mul" and sup.value == ("",) and sup.parts[1].value == "T":
            step, turned = sup.parts[0], "T"
        bracket = "<" if step.form == "angled" else self.latex[step.span[0]]
        first, *entries = base.parts if base.kind == "subscripted" else (base,)
        known = first.kind == "name" and not base.form and base.value not in _ABOVE
        if bracket not in _ABOVE or not step.form or not known:
            return None
        index = [replace(place, form="") for place in self._places(_lower(step))]
        parts = (first, *index, *entries)
        stepped = Node("subscripted", place, parts, bracket)
        if turned == "T":
            self._note(sup.parts[1], _TURNED)
        return Node("transpose", place, (stepped,)) if turned else stepped


def _at_a_step(base: Node) -> bool:
    """Whether a letter has one subscript, and that is a step: h_{t-1}."""
    if base.kind != "subscripted" or base.form or len(base.parts) != 2:
        return False
    return any(node.value == "t" for node in base.parts[1].walk())


def _letter(token: Token) -> str:
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


def _inverse_transpose(base: Node, place: tuple[int, int]) -> Node:
    """The transpose of an inverse."""
    minus = Node("add", place, (Node("number", place, (), "1"),), (-1,))
    return Node("transpose", place, (Node("power", place, (base, minus)),))


def _word(name: Node) -> str:
    """The letters of a word."""
    return str(name.value[name.value.find("{") + 1 :]).removesuffix("}")


def _lower(item: Node) -> Node:
    r"""A script whose words are letters like any: W_{\mathrm{hh}} is W_{hh}."""
    if item.kind in ("add", "mul"):
        return item.with_parts(_lower)
    if item.kind == "name" and item.value.startswith((r"\text{", r"\mathrm{")):
        names = [Node("name", item.span, (), sign) for sign in _word(item)]
        links = ("",) * (len(names) - 1)
        return Node("mul", item.span, tuple(names), links) if links else names[0]
    return item
