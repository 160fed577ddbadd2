"""The slips of a hand in a reader's function, undone one at a time on its syntax tree.

Where the gallery's loop is not the reader's, their own lines are all there is: each
``Edit`` changes one place in them, as someone would who mends it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass
from itertools import chain, pairwise
from typing import Any

__all__ = ["KINDS", "Edit", "edits_of"]

KINDS = {  # what was slipped: what it is, and where the book explains it
    "a transpose": (
        "The shapes fit with and without it, and only one of the two is the slope.",
        ("transposes", "When shapes lie"),
    ),
    "the step of an index": (
        "What stands beside a signal belongs to the step in which it was used.",
        ("backward", "The five sums"),
    ),
    "a sum and an assignment": (
        "What is used several times gets the sum of what comes back from each use.",
        ("backward", "Why every dW is a sum"),
    ),
    "a sign": (
        "A minus is a plus on the way back, or the other way round.",
        ("backward", "The signals"),
    ),
    "a term too many": (
        "Something is added, or taken off, that the loss does not have.",
        ("dhnext", "The rule"),
    ),
    "a factor too many": (
        "Something is multiplied in that the way forward does not have.",
        ("backward", "Where did the tanh go?"),
    ),
    "the slope of another function": (
        "A slope belongs to its own function, at that function's own value.",
        ("backward", "Where did the tanh go?"),
    ),
    "a function too many": (
        "What comes back is sent through a function, and the slope is without it.",
        ("backward", "Where did the tanh go?"),
    ),
    "the order of the steps": (
        "What comes from later steps has to be there before it is used.",
        ("dhnext", "The rule"),
    ),
    "an axis": (
        "The sum runs along the axis over which the array was spread.",
        ("batches", "Mean or sum"),
    ),
    "letters twice, added once": (
        "`dE[ids] += d` adds once where a letter stands twice in ids.",
        ("check-your-own-loop", "The shapes of code"),
    ),
    "a line too many": (
        "Without it the gradient is right.",
        ("mutants", "More on the way back, and at the output"),
    ),
    "a name for a copy": (
        "Two names for one array: what is written to one changes the other.",
        ("mutants", "In a borrowed array"),
    ),
    "the order of the lines": (
        "A line reads what the next one changes, or needs.",
        ("dhnext", "One name, two moments"),
    ),
    "a part of an array": (
        "What was put side by side has to be cut at the same places on the way back.",
        ("lstm", "The backward pass, line by line"),
    ),
    "never moved": (
        "Each turn of the loop starts from the same array: no later loss counts.",
        ("dhnext", "The rule"),
    ),
    "a term left out": (
        "Two uses, two contributions: one of them does not come back.",
        ("dhnext", "The rule"),
    ),
    "a factor left out": (
        "The way back leaves out what the way forward has multiplied in.",
        ("backward", "Where did the tanh go?"),
    ),
    "one name for another": (
        "Another array of the same shape stands where this one belongs.",
        ("dhnext", "One name, two moments"),
    ),
}  # fmt: skip
_MATRIX = ("dot", "matmul", "outer")
_OPERANDS = (ast.Name, ast.Subscript, ast.Attribute)


@dataclass(frozen=True, eq=False)
class Edit:
    """One place of a tree, and what stands there instead.

    kind      : one of ``KINDS``
    statement : the statement that it is in
    holder, field, place : where it is, the place in a list or None
    new       : what stands there instead; a list where a line is left out or put in
    """

    kind: str
    statement: ast.stmt
    holder: ast.AST
    field: str
    place: int | slice | None
    new: Any

    @contextmanager
    def made(self) -> Iterator[None]:
        """The tree with the edit in it."""
        for node in self.new if isinstance(self.new, list) else [self.new]:
            ast.fix_missing_locations(ast.copy_location(node, self.statement))
        items, place = getattr(self.holder, self.field), self.place
        if place is None:
            setattr(self.holder, self.field, self.new)
        else:
            setattr(self.holder, self.field, [*items])
            getattr(self.holder, self.field)[place] = self.new
        try:
            yield
        finally:
            setattr(self.holder, self.field, items)


@dataclass(frozen=True, eq=False)
class _Place:
    """An expression, and where it stands."""

    statement: ast.stmt
    holder: ast.AST
    field: str
    place: int | None
    node: ast.expr

    def edit(self, kind: str, new: ast.expr) -> Edit:
        """Another expression in its place."""
        return Edit(kind, self.statement, self.holder, self.field, self.place, new)


def edits_of(
    tree: ast.FunctionDef, numpy: str = "np", elsewhere: Sequence[ast.expr] = ()
) -> list[Edit]:
    """The edits of a function, likely ones first.

    Parameters
    ----------
    tree : ast.FunctionDef
        What is edited in place.
    numpy : str
        The name under which the function knows NumPy.
    elsewhere : sequence of ast.expr
        Arrays that it can reach and does not speak of.

    Examples
    --------
    >>> tree = ast.parse("def f(W, d): return W @ d").body[0]
    >>> edit = edits_of(tree)[0]
    >>> with edit.made():
    ...     print(edit.kind, ast.unparse(tree.body[0]), sep=": ")
    a transpose: return W.T @ d
    """
    places = [*_places(tree.body)]
    atoms = _atoms(tree, places)
    slices = {ast.dump(p.node): p.node for p in places if isinstance(p.node, ast.Slice)}
    found = chain(
        *(_of_expression(place, [*slices.values()]) for place in places),
        _of_lines(tree, atoms, numpy),
        *(_more(place, atoms, elsewhere) for place in places),
    )
    order = {kind: k for k, kind in enumerate(KINDS)}
    return sorted(found, key=lambda edit: order[edit.kind])


def _places(body: list[ast.stmt]) -> Iterator[_Place]:
    """The expressions that are read in statements; not those in ``while`` loops."""
    for statement in body:
        if isinstance(statement, ast.While):
            continue
        for field, value in ast.iter_fields(statement):
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                yield from _places(value)
            elif field not in ("args", "decorator_list", "returns", "annotation"):
                yield from _inside(statement, statement, field, value)


def _inside(
    statement: ast.stmt, holder: ast.AST, field: str, value: Any
) -> Iterator[_Place]:
    """The expressions in a field of a node."""
    items = value if isinstance(value, list) else [value]
    for k, node in enumerate(items):
        if not isinstance(node, ast.AST):
            continue
        read = isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
        if isinstance(node, ast.expr) and read:
            place = k if isinstance(value, list) else None
            yield _Place(statement, holder, field, place, node)
        for inner, deeper in ast.iter_fields(node):
            if inner != "func":
                yield from _inside(statement, node, inner, deeper)
            elif isinstance(deeper, ast.Attribute) and (
                deeper.attr == "dot" or not isinstance(deeper.value, ast.Name)
            ):  # not the lists and modules whose functions are called
                yield from _inside(statement, deeper, "value", deeper.value)


def _atoms(tree: ast.FunctionDef, places: list[_Place]) -> list[ast.expr]:
    """The arrays that a function works with, each once: names, and their entries.

    Those first that are handed in or written and never read, as what was forgotten is.
    """
    names = [n for n in ast.walk(tree) if isinstance(n, ast.Name)]
    read = {n.id for n in names if isinstance(n.ctx, ast.Load)}
    given = [argument.arg for argument in tree.args.args]
    written = dict.fromkeys(
        n for n in (*given, *(n.id for n in names)) if n not in read
    )
    found: dict[str, ast.expr] = {}
    for name in written:
        found[name] = ast.Name(name, ast.Load())
    for place in places:
        node = place.node
        base = node.value if isinstance(node, (ast.Subscript, ast.Attribute)) else node
        index = isinstance(place.holder, (ast.Slice, ast.Subscript))
        if not isinstance(base, ast.Name) or (index and place.field != "value"):
            continue
        if isinstance(node, ast.Attribute) and node.attr in ("T", "shape", "size"):
            continue
        if isinstance(node, _OPERANDS):
            found.setdefault(ast.unparse(node), deepcopy(node))
    return [*found.values()]


def _of_expression(place: _Place, slices: list[ast.expr]) -> Iterator[Edit]:
    """The edits of an expression that need nothing but its own parts."""
    node = place.node
    if isinstance(node, _OPERANDS) and (
        isinstance(place.holder, ast.Assign) or place.field == "args"
    ):
        copy = ast.Attribute(node, "copy", ast.Load())
        yield place.edit("a name for a copy", ast.Call(copy, [], []))
    if isinstance(node, ast.BinOp):
        yield from _of_operator(place, node)
    if isinstance(node, ast.Call):
        called = node.func.attr if isinstance(node.func, ast.Attribute) else ""
        if called in _MATRIX:
            yield from _transposed(place, node, node.args)
        turns = isinstance(node.func, ast.Name) and node.func.id == "reversed"
        if len(node.args) == 1 and not node.keywords and called != "dot" and not turns:
            yield place.edit("a function too many", node.args[0])
        axes = [k for k in node.keywords if k.arg == "axis"]
        axes = [k for k in axes if isinstance(k.value, ast.Constant)]
        for keyword in axes:
            for axis in {0, 1, 2} - {keyword.value.value}:  # type: ignore[attr-defined]
                yield Edit("an axis", place.statement, keyword, "value", None,
                           ast.Constant(axis))  # fmt: skip
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield place.edit("a sign", node.operand)
    if place.field == "slice" and _is_step(node):
        for other in _steps(node):
            yield place.edit("the step of an index", other)
    if isinstance(node, ast.Tuple) and place.field == "slice":
        for k, part in enumerate(node.elts):
            for other in _steps(part) if _is_step(part) else ():
                yield Edit("the step of an index", place.statement, node, "elts", k,
                           other)  # fmt: skip
    if isinstance(node, ast.Slice):
        rest = ast.Slice(node.upper, node.lower, None)
        for other in (rest, *slices):
            if ast.dump(other) != ast.dump(node):
                yield place.edit("a part of an array", deepcopy(other))


def _of_operator(place: _Place, node: ast.BinOp) -> Iterator[Edit]:
    """The edits of a sum, a product or a quotient."""
    a, b = node.left, node.right
    if isinstance(node.op, ast.MatMult):
        yield from _transposed(place, node, [a, b])
    if isinstance(node.op, (ast.Add, ast.Sub)):
        other = ast.Sub() if isinstance(node.op, ast.Add) else ast.Add()
        yield place.edit("a sign", ast.BinOp(a, other, b))
        if isinstance(node.op, ast.Sub):
            yield place.edit("a sign", ast.BinOp(b, ast.Sub(), a))
        for part in (a, b):
            yield place.edit("a term too many", part)
    if isinstance(node.op, (ast.Mult, ast.Div)):
        yield place.edit("a factor too many", a)
        if isinstance(node.op, ast.Mult):
            yield place.edit("a factor too many", b)
            if isinstance(a, ast.BinOp) and isinstance(a.op, ast.Mult):
                yield place.edit("a factor too many", a.left)  # as q * (1 - q) is two
    yield from _slopes(place, node)


def _slopes(place: _Place, node: ast.BinOp) -> Iterator[Edit]:
    """The slopes of tanh and of the sigmoid, one for the other."""
    kind = "the slope of another function"
    one = ast.Constant(1)
    h: ast.expr
    if isinstance(node.op, (ast.Sub, ast.Add)) and _is_one(node.left):
        squared = isinstance(node.right, ast.BinOp) and isinstance(
            node.right.op, (ast.Mult, ast.Pow)
        )
        h = node.right.left if squared else node.right  # type: ignore[attr-defined]
        square = ast.BinOp(h, ast.Mult(), h)
        yield place.edit(kind, ast.BinOp(one, ast.Sub(), square))
        less = ast.BinOp(one, ast.Sub(), h)
        yield place.edit(kind, ast.BinOp(h, ast.Mult(), less))
    if isinstance(node.op, ast.Mult):
        h, rest = node.left, node.right
        if isinstance(rest, ast.BinOp) and _is_one(rest.left):
            square = ast.BinOp(rest.right, ast.Mult(), rest.right)
            tanh = ast.BinOp(one, ast.Sub(), square)
            yield place.edit(kind, tanh)
            if isinstance(h, ast.BinOp) and isinstance(h.op, ast.Mult):
                yield place.edit(kind, ast.BinOp(h.left, ast.Mult(), tanh))


def _transposed(place: _Place, node: ast.expr, parts: list[ast.expr]) -> Iterator[Edit]:
    """The edits of a product of matrices: one factor turned, or both exchanged."""
    args, kind = getattr(node, "args", None), "a transpose"
    for k, part in enumerate(parts):
        field, at = ("args", k) if args else (("left", "right")[k], None)
        yield Edit(kind, place.statement, node, field, at, _turned(part))
    if len(parts) == 2:
        product = deepcopy(node)
        a, b = deepcopy(parts[1]), deepcopy(parts[0])
        if isinstance(product, ast.Call):
            product.args = [a, b]
        elif isinstance(product, ast.BinOp):
            product.left, product.right = a, b
        yield place.edit(kind, product)


def _turned(node: ast.expr) -> ast.expr:
    """A matrix the other way round."""
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return node.value
    return ast.Attribute(node, "T", ast.Load())


def _is_one(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value == 1


def _is_step(node: ast.expr) -> bool:
    """Whether an index is a step: a name, or a name and a number more or less."""
    if isinstance(node, ast.BinOp) and isinstance(node.right, ast.Constant):
        node = node.left
    return isinstance(node, ast.Name)


def _steps(node: ast.expr) -> Iterator[ast.expr]:
    """The neighbours of a step."""
    base = node.left if isinstance(node, ast.BinOp) else node
    for one in (base, *(ast.BinOp(base, op, ast.Constant(1))
                        for op in (ast.Sub(), ast.Add()))):  # fmt: skip
        if ast.dump(one) != ast.dump(node):
            yield one


def _of_lines(
    tree: ast.FunctionDef, atoms: list[ast.expr], numpy: str
) -> Iterator[Edit]:
    """The edits of whole lines."""
    for node in ast.walk(tree):
        for field in ("body", "orelse"):
            if isinstance(node, (ast.For, ast.If, ast.With, ast.FunctionDef)):
                yield from _of_block(node, field, numpy)
        if isinstance(node, ast.For):
            yield from _of_loop(node, atoms)


def _of_block(holder: ast.stmt, field: str, numpy: str) -> Iterator[Edit]:
    """The edits of the lines of a block."""
    lines = getattr(holder, field, [])
    for k, (line, after) in enumerate(pairwise(lines)):
        turned = [deepcopy(after), deepcopy(line)]
        swap = slice(k, k + 2)
        yield Edit("the order of the lines", line, holder, field, swap, turned)
    for k, line in enumerate(lines):
        if isinstance(line, (ast.AugAssign, ast.Expr, ast.If)) or (
            isinstance(line, ast.Assign) and k
        ):
            yield Edit("a line too many", line, holder, field, k, ast.Pass())
        for kind, new in _other_lines(line, numpy):
            yield Edit(kind, line, holder, field, k, ast.copy_location(new, line))


def _other_lines(line: ast.stmt, numpy: str) -> Iterator[tuple[str, ast.stmt]]:
    """What a line may have been meant as."""
    kind = "a sum and an assignment"
    if isinstance(line, ast.AugAssign):
        yield kind, ast.Assign([line.target], line.value)
        if isinstance(line.op, (ast.Add, ast.Sub)):
            other = ast.Sub() if isinstance(line.op, ast.Add) else ast.Add()
            yield "a sign", ast.AugAssign(line.target, other, line.value)
    if isinstance(line, ast.Assign) and len(line.targets) == 1:
        target = line.targets[0]
        if isinstance(target, _OPERANDS):
            yield kind, ast.AugAssign(target, ast.Add(), line.value)
            minus = ast.AugAssign(target, ast.Sub(), ast.Constant(1))
            if ast.unparse(line.value) == "-1":
                yield kind, minus
    targets = getattr(line, "targets", [getattr(line, "target", None)])
    if isinstance(line, (ast.Assign, ast.AugAssign)) and isinstance(
        targets[0], ast.Subscript
    ):
        at = ast.parse(f"{numpy}.add.at", mode="eval").body
        args = [_read(targets[0].value), targets[0].slice, line.value]
        yield "letters twice, added once", ast.Expr(ast.Call(at, args, []))
    value = line.value if isinstance(line, ast.Expr) else None
    if isinstance(value, ast.BinOp) and isinstance(value.left, ast.Name):
        target = ast.Name(value.left.id, ast.Store())
        yield kind, ast.AugAssign(target, value.op, value.right)


def _read(target: ast.expr) -> ast.expr:
    """What is written to, as it is read."""
    return ast.parse(ast.unparse(target), mode="eval").body


def _of_loop(loop: ast.For, atoms: list[ast.expr]) -> Iterator[Edit]:
    """A loop the other way round; and what it starts from at each turn, moved on."""
    turned = isinstance(loop.iter, ast.Call) and ast.unparse(loop.iter.func)
    if turned == "reversed":
        new = loop.iter.args[0]  # type: ignore[attr-defined]
    else:
        new = ast.Call(ast.Name("reversed", ast.Load()), [loop.iter], [])
    yield Edit("the order of the steps", loop, loop, "iter", None, new)
    names = [n for n in ast.walk(loop) if isinstance(n, ast.Name)]
    written = {n.id for n in names if isinstance(n.ctx, ast.Store)}
    read = {n.id for n in names if isinstance(n.ctx, ast.Load)}
    known = {ast.unparse(a) for a in atoms if isinstance(a, ast.Name)}
    end = slice(len(loop.body), len(loop.body))
    moved = [ast.Name(n, ast.Load()) for n in sorted(written)]
    values = [*moved, *(a for a in atoms if isinstance(a, ast.Subscript))]
    for name in sorted((read & known) - written):
        for value in values:
            move = ast.Assign([ast.Name(name, ast.Store())], value)
            line = ast.copy_location(move, loop.body[-1])
            yield Edit("never moved", line, loop, "body", end, [line])


def _more(
    place: _Place, atoms: list[ast.expr], elsewhere: Sequence[ast.expr]
) -> Iterator[Edit]:
    """A term or a factor more, and another array in the place of one."""
    node = place.node
    shown = ast.dump(node)
    whole = place.field == "value" and isinstance(
        place.statement, (ast.Assign, ast.AugAssign, ast.Return)
    )
    whole = whole and place.holder is place.statement
    inside = place.holder.op if isinstance(place.holder, ast.BinOp) else None
    factor, term = (isinstance(inside, op) for op in (ast.Mult, (ast.Add, ast.Sub)))
    whole = whole or (place.field == "args" and not isinstance(node, ast.Tuple))
    part = (factor or term) and not isinstance(node, (ast.BinOp, ast.Constant))
    for atom in atoms if whole or part else ():
        if ast.dump(atom) != shown:
            if not term:
                added = ast.BinOp(node, ast.Add(), atom)
                yield place.edit("a term left out", added)
            if not factor:
                scaled = ast.BinOp(node, ast.Mult(), atom)
                yield place.edit("a factor left out", scaled)
    indexed = isinstance(place.holder, ast.Subscript) and place.field == "slice"
    based = isinstance(place.holder, ast.Subscript) and isinstance(node, ast.Name)
    if isinstance(node, _OPERANDS) and not indexed:
        for atom in (*elsewhere, *atoms):
            named = isinstance(atom, ast.Name) or not based
            if ast.dump(atom) != shown and named:
                yield place.edit("one name for another", atom)
