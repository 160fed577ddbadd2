"""What all callbacks of the grammar share: spans, and remarks on what they read."""

from __future__ import annotations

from typing import Any

from lark import Token
from lark.tree import Meta
from lark.visitors import Transformer_NonRecursive

from rnn_notes.equations.errors import Span
from rnn_notes.equations.nodes import Node, Remark

__all__ = ["Pieces", "nodes", "span"]


def span(meta: Meta | Token) -> Span:
    """Where the matched text stands."""
    return (meta.start_pos or 0, meta.end_pos or 0)


def nodes(children: list[Any]) -> tuple[Node, ...]:
    """The nodes among the children of a rule."""
    return tuple(child for child in children if isinstance(child, Node))


class Pieces(Transformer_NonRecursive[Token, Any]):
    """The callbacks' common ground.

    latex   : the text that is read
    remarks : what was read otherwise than it is written
    """

    def __init__(self, latex: str, remarks: list[Remark]) -> None:
        super().__init__()
        self.latex, self.remarks = latex, remarks

    def _note(self, at: Node | Token, text: str) -> None:
        """Remember what was read at a place."""
        place = at.span if isinstance(at, Node) else span(at)
        self.remarks.append(Remark(text, place))

    def _text(self, node: Node) -> str:
        """What is written where a node stands."""
        return self.latex[slice(*node.span)]
