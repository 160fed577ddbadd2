"""Faults planted by rule: in the package's code, and in the pages' prose.

``package_faults`` and ``prose_faults`` list every place where a rule applies; each
fault knows the file, what it changes, and the source with the change made.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import prose

SWAPPED = {
    ast.Add: "-", ast.Sub: "+", ast.Mult: "+", ast.Div: "*",
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">",
    ast.Eq: "!=", ast.NotEq: "==", ast.And: "or", ast.Or: "and",
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """One change of one file.

    kind : the rule that made it
    file : path from the root
    line : where it stands, counted from 1
    old  : what stood there
    new  : what stands there now
    text : the whole file with the change made
    """

    kind: str
    file: Path
    line: int
    old: str
    new: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.kind}: {self.old!r} -> {self.new!r}"


def package_faults(path: Path) -> list[Fault]:
    """Every fault of a module, in the order of its lines; docstrings are left alone."""
    source = path.read_text(encoding="utf-8")
    starts = [0]
    for line in source.encode().splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    faults = []
    for node in executed(ast.parse(source)):
        for kind, first, last, new in edits(node):
            begin = starts[first[0] - 1] + first[1]
            end = starts[last[0] - 1] + last[1]
            data = source.encode()
            old = data[begin:end].decode()
            if kind == "operator" or kind == "comparison":
                new = re.sub(r"(?<![*@])[-+*/<>=!]=?|\band\b|\bor\b", new, old, count=1)
            if kind == "swapped factors":
                left, right = old.split("@", 1)
                new = f"{right.strip()} @ {left.strip()}"
            text = (data[:begin] + new.encode() + data[end:]).decode()
            if text != source and parses(text):
                file = path.relative_to(prose.ROOT)
                faults.append(Fault(kind, file, first[0], old, new, text))
    return faults


Place = tuple[int, int]


def edits(node: ast.AST) -> Iterator[tuple[str, Place, Place, str]]:
    """Kind, first place, last place and new text of every rule that applies."""
    match node:
        case ast.BinOp(left=left, op=ast.MatMult(), right=right):
            yield "swapped factors", start(left), end(right), ""
        case ast.BinOp(left=left, op=op, right=right) if type(op) in SWAPPED:
            yield "operator", end(left), start(right), SWAPPED[type(op)]
        case ast.Compare(left=left, ops=[op], comparators=[right]) if (
            type(op) in SWAPPED
        ):
            yield "comparison", end(left), start(right), SWAPPED[type(op)]
        case ast.BoolOp(op=op, values=[left, right, *_]):
            yield "operator", end(left), start(right), SWAPPED[type(op)]
        case ast.Attribute(value=value, attr="T"):
            yield "transpose dropped", end(value), end(node), ""
        case ast.AugAssign(target=target, op=ast.Add(), value=value):
            yield "+= to =", end(target), start(value), " = "
        case ast.UnaryOp(op=ast.USub() | ast.Not(), operand=operand):
            yield "sign or not dropped", start(node), start(operand), ""
        case ast.Constant(value=bool(value)):
            yield "constant", start(node), end(node), str(not value)
        case ast.Constant(value=int(value)):
            yield "constant", start(node), end(node), str(value + 1)
        case ast.keyword(arg="order", value=ast.Constant(value="F") as value):
            yield "order", start(value), end(value), '"C"'


def start(node: ast.expr) -> Place:
    """Line and byte where an expression begins."""
    return node.lineno, node.col_offset


def end(node: ast.expr) -> Place:
    """Line and byte just after an expression."""
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return node.end_lineno, node.end_col_offset


def executed(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node that runs: no annotations, no messages of errors, no doc."""
    for name, value in ast.iter_fields(tree):
        if name in ("annotation", "returns") or isinstance(tree, ast.Raise):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.JoinedStr) or not isinstance(child, ast.AST):
                continue
            yield child
            yield from executed(child)


def parses(source: str) -> bool:
    """Whether Python can read the source."""
    try:
        ast.parse(source)
    except SyntaxError:
        return False
    return True
