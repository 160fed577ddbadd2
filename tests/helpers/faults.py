"""Faults planted by rule: in the package's code, and in the pages' prose.

``package_faults`` and ``prose_faults`` list every place where a rule applies; each
fault knows the file, what it changes, and the source with the change made.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from docs._ext.pages.sentences import places
from rnn_notes.equations.neighbours import RULES
from rnn_notes.equations.neighbours import edits as slips
from rnn_notes.equations.tasks import understood
from tests.helpers import prose

SWAPPED = {
    ast.Add: "-", ast.Sub: "+", ast.Mult: "+", ast.Div: "*",
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">",
    ast.Eq: "!=", ast.NotEq: "==", ast.And: "or", ast.Or: "and",
}  # fmt: skip


Rule = tuple[str, re.Pattern[str], Callable[[str], str]]

PACKAGE_KINDS = (
    "+= to =",
    "comparison",
    "constant",
    "operator",
    "order",
    "sign or not dropped",
    "swapped factors",
    "transpose dropped",
)


@dataclass(frozen=True)
class Fault:
    """One change of one file.

    kind : the rule that made it
    file : path from the root
    line : where it stands, counted from 1
    old  : what stood there
    new  : what stands there now
    text : the whole file with the change made
    label : of the equation that it changes, or the line of code
    """

    kind: str
    file: Path
    line: int
    old: str
    new: str
    text: str
    label: str = ""

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
                code = source.splitlines()[first[0] - 1].strip()
                faults.append(Fault(kind, file, first[0], old, new, text, code))
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


def prose_faults(page: prose.Page) -> list[Fault]:
    """Every fault of a page's prose, in the order of the rules.

    Cells are left alone: what they claim is asserted, and their asserts are the check.
    """
    faults = list(changed(page, PROSE_RULES))
    for code in prose.INLINE_CODE.finditer(page.source):
        if code[1] is None and not in_a_cell(page, code.start()):
            for name in re.finditer(r"\b[A-Za-z]\w{2,}", code[2]):
                first, last = (code.start(2) + n for n in name.span())
                new = misspelt(name[0])
                faults.append(planted(page, "name in code", first, last, new))
    for equation in prose.equations(page):
        start = page.source.index(f"{{measured}} {equation.label}\n")
        first = page.source.index(equation.latex, start)
        lines = [(e.relation, e.shapes.shape) for e in understood(equation.task())]
        for slip in slips(equation.latex, lines, RULES):
            span = first + slip.span[0], first + slip.span[1]
            kind = f"equation, {slip.rule}"
            faults.append(planted(page, kind, *span, slip.text, equation.label))
    return faults


def sentence_faults(page: prose.Page) -> list[Fault]:
    """Every sentence that an assert might carry, with a word changed that matters."""
    return [
        planted(page, kind, first, last, OPPOSITE[page.source[first:last].lower()])
        for kind, first, last, _ in places(page.source)
    ]


def changed(page: prose.Page, rules: list[Rule]) -> Iterator[Fault]:
    """Every place of the page outside of cells where a rule changes a word."""
    for kind, pattern, change in rules:
        for match in pattern.finditer(page.source):
            if not in_a_cell(page, match.start(1)):
                yield planted(page, kind, *match.span(1), change(match[1]))


def planted(
    page: prose.Page, kind: str, first: int, last: int, new: str, label: str = ""
) -> Fault:
    """The page with another text from one place to another."""
    old = page.source[first:last]
    text = page.source[:first] + new + page.source[last:]
    line = page.source.count("\n", 0, first) + 1
    return Fault(kind, Path("docs", f"{page.name}.md"), line, old, new, text, label)


def misspelt(name: str) -> str:
    """The name with its last letter three times; twice, `dWh` is another name."""
    return name + 2 * name[-1]


def turned(shape: str) -> str:
    """The shape of the transpose, or another shape for a square."""
    rows, columns = shape.split("×")
    return f"{columns}×{rows}" if rows != columns else f"{rows}×1"


PROSE_RULES: list[Rule] = [
    ("glued name", re.compile(r"\{glue:text\}`([\w-]+)"), misspelt),
    (
        "reference",
        re.compile(r"\{(?:eq|numref|doc|ref)\}`(?:[^`<]*<)?([\w-]+)"),
        misspelt,
    ),
    ("included line", re.compile(r"^:(?:start|end)-at: \"? *(\w+)", re.M), misspelt),
    ("implementing function", re.compile(r"^:by: ([\w.]+)", re.M), misspelt),
    ("figure", re.compile(r"^`{3}\{drawn\} (\w+)", re.M), misspelt),
    ("shape in a table", re.compile(r"^\| \$.*?\| ([VH1]×[VH1]) \|", re.M), turned),
    (
        "typed number",
        re.compile(r"(?<=[a-z] )(is|are) (?=the |a )"),
        "{} 0.5 times ".format,
    ),
]


OPPOSITE = {
    "all": "no", "every": "no", "never": "always", "always": "never",
    "only": "also", "largest": "smallest", "none": "each",
    "row": "column", "column": "row", "rows": "columns", "columns": "rows",
    "left": "right", "right": "left", "before": "after", "after": "before",
    "one": "two", "two": "three", "three": "four", "four": "five", "five": "six",
    "six": "seven",
}  # fmt: skip


PROSE_KINDS = (
    *(kind for kind, *_ in PROSE_RULES),
    "name in code",
    *(f"equation, {rule}" for rule in RULES),
)


def in_a_cell(page: prose.Page, place: int) -> bool:
    """Whether a place of the source lies in a cell or another block of code."""
    return any(
        match.start(3) <= place < match.end(3)
        for match in prose.FENCE.finditer(page.source)
        if re.match(r"\s*(\{code-cell\}|python)", match[2])
    )
