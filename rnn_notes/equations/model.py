r"""A model: a network as a text of formulas, a clause a line, and its forward pass.

::

    x_t \in \operatorname{onehot}(V)             an input, one-hot, at every step
    W \in \mathbb{R}^{H \times V}                a parameter
    h_0 \in \mathbb{R}^{H}                       a state before the first step
    h_t = \tanh(W x_t + h_{t-1})                 computed, in any order that can be
    L = \sum_{t=1}^{T} h_t^\top h_t
    f(z) = \tanh(z)                              a function
    \tau = T                                     another name for a size

Clauses end at a line's end or at ``;``. What follows ``%`` is a comment: after a clause
it says what a letter is and, after its last ``=``, what the book calls it; alone on a
line, ``title: …`` or ``option NAME: CLAUSES``, clauses in place of those of the model.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from graphlib import CycleError, TopologicalSorter
from importlib.resources import files
from pathlib import Path

from rnn_notes.equations.clauses import Clauses, relations
from rnn_notes.equations.draws import MOST_DRAWN, Draw
from rnn_notes.equations.errors import EquationError, UnshapedError, pointing
from rnn_notes.equations.evaluation import Budget, compiled, reads
from rnn_notes.equations.kinds import Shapes, Sized
from rnn_notes.equations.nodes import Node, compact
from rnn_notes.equations.parsing import parse
from rnn_notes.equations.reading import Reader
from rnn_notes.equations.symbols import (
    STEPS,
    Definition,
    Quantity,
    Scope,
    Shape,
)
from rnn_notes.equations.worlds import Key, Plan, Step

__all__ = ["Model", "clauses", "find", "names", "shipped", "text_of"]

_STEP = "t"
_IN = (r"\in",)
_ZERO = ("number", "0")
_APART = r";(?![^\[]*\])"  # between clauses, not between blocks
_LONGEST = 20_000
_MOST_QUANTITIES = 60


@dataclass(frozen=True)
class _Clause:
    """One clause of a text, what a comment says of it, and where it starts."""

    text: str
    note: str = ""
    book: str = ""


def clauses(text: str) -> Iterator[_Clause]:
    r"""The clauses of a text, comments on lines of their own among them.

    >>> [c.text for c in clauses("a = 1; b = 2 % two\n% three")]
    ['a = 1', 'b = 2', '% three']
    """
    for line in text.splitlines():
        code, _, comment = re.sub(r"\\%", "", line).partition("%")
        pieces = [piece.strip() for piece in re.split(_APART, code) if piece.strip()]
        if not pieces and comment.strip():
            yield _Clause(f"% {comment.strip()}")
        note, _, book = comment.rpartition("=") if "=" in comment else (comment, "", "")
        for piece in pieces:
            yield _Clause(piece, note.strip(), book.strip())


class Model:
    """A network, read from its text.

    name, title : what it is called
    text        : the text that it is
    quantities  : parameters, inputs and what is computed, by name
    equations   : how the latter are computed
    firsts      : shapes of the states before the first step
    functions   : functions that it names
    sizes       : the letters of its sizes, ``T`` among them
    options     : changes that have a name, as texts of clauses
    place       : where the index of a step stands: "", "(", "<" or "["

    Raises ``EquationError`` for what is no clause, for a letter with two meanings, and
    for what cannot be computed.
    """

    def __init__(self, text: str, name: str = "") -> None:
        if len(text) > _LONGEST:
            raise EquationError(f"a model of {len(text)} characters came")
        self.name, self.title, self.text = name, name, text
        self.equations: dict[str, Definition] = {}
        self.firsts: dict[str, Shape] = {}
        self.options: dict[str, str] = {}
        self.also: list[str] = []
        self.double: set[str] = set()
        self.place = ""
        self.origins: dict[str, tuple[Node, str]] = {}  # by name, its place in a clause
        self.scope = Scope(model=self, remarks=[])
        self.quantities = self.scope.quantities
        self.functions, self.sizes = self.scope.functions, self.scope.size_names
        self.shapes = Shapes(self.scope)
        self.changed: dict[tuple[str, ...], Model] = {}
        self.read()

    # Reading

    def read(self) -> None:
        """Read all clauses; declarations first, since letters need a meaning."""
        said = [one for clause in self.said() for one in self.relations(clause)]
        names = [self.called(i.parts[0]) for i, _ in said if not self.is_other(i)]
        stepwise = {name for name, index in names if index}
        self.double = stepwise & {name for name, index in names if not index}
        declared = [one for one in said if one[0].value == _IN]
        others = [one for one in said if one[0].value != _IN]
        further = itertools.chain(*map(clauses, self.also))
        also = [one for clause in further for one in self.relations(clause)]
        functions = [one for one in others + also if self.is_function(one[0].parts[0])]
        rest = [one for one in others if one not in functions]
        rules = (
            (self.declare, declared),
            (self.announce, others),
            (self.define, functions),
            (self.define, rest),
        )
        for rule, clauses_ in rules:
            for item, clause in clauses_:
                with pointing(clause.text):
                    rule(item, clause)
        self.find_shapes()
        reader = Clauses(self.scope)
        for item, clause in (one for one in also if one not in functions):
            with pointing(clause.text):
                if self.is_size(item):
                    self.define(item, clause)
                else:
                    reader.definition(item.parts[0], item.parts[-1])
        self.scope.given = frozenset(self.scope.bindings)

    def said(self) -> Iterator[_Clause]:
        """Every clause of the text; titles and options are noted on the way."""
        for clause in clauses(self.text):
            comment = clause.text.removeprefix("%").strip()
            word, _, rest = comment.partition(":")
            if not clause.text.startswith("%"):
                yield clause
            elif word == "title":
                self.title = rest.strip()
            elif word.startswith("also "):
                self.also.append(comment.removeprefix("also "))
            elif word.startswith("option "):
                self.options[word.removeprefix("option ").strip()] = rest.strip()

    def relations(self, clause: _Clause) -> Iterator[tuple[Node, _Clause]]:
        """What a clause says of each of the letters on its left."""
        with pointing(clause.text):
            for items in parse(clause.text, self.scope.remarks):
                yield from ((item, clause) for item in relations(items))

    def called(self, left: Node) -> tuple[str, str]:
        """The name on the left of a clause, and its index: "t", "0" or none."""
        if left.kind == "prime" and left.parts[0].kind == "name":
            return f"{compact(left.parts[0])}'", ""
        name, index = Clauses(self.scope).lowered(left, (_STEP, "0"))
        if not index:
            return name, ""
        self.place = left.value or self.place
        bare = name.removesuffix("_")
        return (name if bare in self.double else bare), index[0]

    def add(self, name: str, quantity: Quantity, node: Node, clause: _Clause) -> None:
        """Give a name its meaning, unless it has one."""
        if name in (*self.quantities, STEPS):
            raise node.fail(f"{name} has a meaning already")
        if len(self.quantities) >= _MOST_QUANTITIES:
            raise node.fail(f"more than {_MOST_QUANTITIES} quantities came")
        self.quantities[name] = quantity
        self.origins[name] = node, clause.text

    def declare(self, item: Node, clause: _Clause) -> None:
        r"""Read a clause such as ``W \in \mathbb{R}^{H \times V}``."""
        left, domain = item.parts[0], item.parts[-1]
        name, index = self.called(left)
        onehot = domain.kind == "call" and domain.value == "onehot"
        reader = Clauses(self.scope)
        shape = (reader.dim(domain.parts[0]), ()) if onehot else reader.shape(domain)
        if index == "0":
            if name in self.firsts:
                raise left.fail(f"{name}_0 has a meaning already")
            self.firsts[name] = shape
            return
        role = "onehot" if onehot else "input" if index else "parameter"
        meaning = Quantity(shape, bool(index), role, clause.note, clause.book)
        self.add(name, meaning, left, clause)

    def announce(self, item: Node, clause: _Clause) -> None:
        """Note what the left side of an equation names."""
        left, right = item.parts[0], item.parts[-1]
        if item.value not in (("=",), (":=",)):
            raise item.fail(r"no clause came, expected one with = or \in")
        if self.is_other(item):
            return
        name, index = self.called(left)
        known, first = self.quantities.get(name), self.firsts.get(name)
        if known and known.role == "parameter" and (right.kind, right.value) == _ZERO:
            self.quantities[name] = replace(known, role="zero")
            return
        meaning = Quantity(first, bool(index), "computed", clause.note, clause.book)
        self.add(name, meaning, left, clause)

    def is_function(self, left: Node) -> bool:
        """Whether the left side of an equation is ``f(z)``."""
        if left.kind == "call":
            return True
        return left.kind == "mul" and left.parts[-1].form == "closed"

    def is_other(self, item: Node) -> bool:
        """Whether an equation names no quantity, but a function or a size."""
        return self.is_function(item.parts[0]) or self.is_size(item)

    def is_size(self, item: Node) -> bool:
        r"""Whether an equation gives a size another name, as ``\tau = T``."""
        return item.parts[-1].kind == "name" and item.parts[-1].value in self.sizes

    def define(self, item: Node, clause: _Clause) -> None:
        """Read how a quantity is computed, now that all letters have a meaning."""
        left, right = item.parts[0], item.parts[-1]
        if self.is_size(item):
            self.scope.renamed[compact(left)] = right.value
            return
        if self.is_function(left):
            name = left.value if left.kind == "call" else compact(left.parts[0])
            argument = left.parts[-1]
            if argument.kind != "name":
                raise argument.fail("an expression came, expected a symbol")
            self.functions[name] = Definition((compact(argument),), right)
            return
        name, index = self.called(left)
        if self.quantities[name].role != "computed":
            return
        body = Reader(self.scope).read(right)
        self.equations[name] = Definition((_STEP,) if index else (), body)
        if strange := body.free - self.sizes - {_STEP if index else ""}:
            raise right.fail(f"{min(strange)} is an index without a value")

    def find_shapes(self) -> None:
        """Find the shapes of all that is computed, in whatever order is possible."""
        waiting = dict(self.equations)
        while waiting:
            before, missing = len(waiting), None
            for name, equation in list(waiting.items()):
                try:
                    shape = self.shapes.of(equation.body)
                except UnshapedError as error:
                    missing = error
                    continue
                known = self.quantities[name]
                if known.shape and not self.shapes.dims.fit(shape, known.shape):
                    raise self.blame(name, f"{name} has two shapes")
                self.quantities[name] = replace(known, shape=known.shape or shape)
                del waiting[name]
            if len(waiting) == before and missing:
                names = ", ".join(waiting)
                raise self.blame(
                    next(iter(waiting)),
                    f"{names} cannot be computed, expected a first state or what they "
                    "depend on",
                )
        self.shapes.settle()

    def blame(self, name: str, reason: str) -> EquationError:
        """The error that points to the clause that says what a quantity is."""
        left, text = self.origins[name]
        return left.fail(reason).within(text)

    # Running

    def plan(self, draw: Draw) -> Plan:
        """The forward pass under the sizes of a draw."""
        sizes = sorted((n, k) for n, k in draw.sizes.items() if n in self.sizes)
        return _plan(self, tuple(sizes))

    def with_options(self, some: Collection[str]) -> Model:
        """The model with the clauses of its options in place of its own, once made.

        Raises
        ------
        EquationError
            For options that do not fit it.
        """
        key = tuple(some)
        if key not in self.changed:
            option = "; ".join(self.options[name] for name in key)
            if len(key) == 1 and option.startswith("model "):
                other = option.removeprefix("model ").strip()
                if other not in names():
                    raise EquationError(f"model {other} came in an option, it is none")
                self.changed[key] = shipped(other)
            else:
                name = f"{self.name}, {' and '.join(key)}"
                self.changed[key] = _changed(self.text, option, name)
        return self.changed[key]


@lru_cache(MOST_DRAWN)
def _plan(model: Model, sizes: tuple[tuple[str, int], ...]) -> Plan:
    """Every quantity at every step, each after what it is computed from."""
    draw, budget = Draw(dict(sizes), 0, 1.0), Budget()
    sized = Sized(draw, model.shapes)
    steps: dict[Key, Step] = {}
    for name, equation in model.equations.items():
        for t in range(1, draw.sizes[STEPS] + 1) if equation.parameters else [0]:
            index = (t,) * len(equation.parameters)
            steps[name, index] = _step((name, index), equation, sized, budget)
    graph = {
        key: [other for other in step.reads if _is_computed(model, other, draw)]
        for key, step in steps.items()
    }
    try:
        return Plan([steps[key] for key in TopologicalSorter(graph).static_order()])
    except CycleError as error:
        name = error.args[1][-1][0]
        raise model.blame(name, f"{name} refers to itself") from None


def _step(key: Key, equation: Definition, sized: Sized, budget: Budget) -> Step:
    """How a quantity is computed, all indices put in."""
    body = equation.body
    for node in body.walk():
        if node.kind in ("derivative", "d", "defined"):
            raise node.fail(f"{node.kind} came in a model, expected an expression")
    env = {**sized.draw.sizes, **dict(zip(equation.parameters, key[1], strict=True))}
    found = tuple(dict.fromkeys(reads(body, env, sized)))
    sizes = (sized.size(node) for node in body.walk() if node.value == "softmax")
    pairs = sum(rows * columns * max(rows, columns) for rows, columns in sizes)
    return Step(key, compiled(body, env, sized, budget), found, pairs)


def _is_computed(model: Model, key: Key, draw: Draw) -> bool:
    """Whether a quantity is computed; an error if it is not there at all."""
    name, index = key
    quantity = model.quantities[name]
    if index == (0,) and name in model.firsts:
        return False
    if quantity.indexed and not 1 <= index[0] <= draw.sizes[STEPS]:
        came = f"{name} is needed at step {index[0]}"
        raise model.blame(name, f"{came}, and it is not there")
    return quantity.role == "computed"


def _changed(text: str, option: str, name: str) -> Model:
    """A model with other clauses in place of those with the same left side."""
    new = {_named(clause.text): clause for clause in clauses(option)}
    zero = {left for left, clause in new.items() if clause.text.endswith("= 0")}
    kept = [
        line
        for line in text.splitlines()
        if (left := _named(line)) not in new or (left in zero and r"\in" in line)
    ]
    return Model("\n".join([*kept, *(clause.text for clause in new.values())]), name)


def _named(line: str) -> str:
    """What stands on the left of a clause."""
    return re.split(r"=|\\in ", line)[0].strip()


@cache
def shipped(name: str) -> Model:
    """One of the models that come with the package, by its name."""
    text = files(__package__).joinpath("models", f"{name}.txt").read_text("utf-8")
    return Model(text, name)


def names() -> list[str]:
    """The names of the models that come with the package, the book's first."""
    folder = files(__package__).joinpath("models")
    found = sorted(p.name[:-4] for p in folder.iterdir() if p.name.endswith(".txt"))
    return sorted(found, key=lambda name: (name != "book", name))


def find(model: str | None) -> Model:
    """The model of a name, of a file or of a text; the book's if none is given.

    A name may be followed by one of the model's options, or by a part of it that no
    other has.

    Raises
    ------
    ValueError
        For an unknown name, and for an option that no or several others have.
    EquationError
        For a file or a text that is no model, its options among it.

    Examples
    --------
    >>> find("gru with the reset before").name, find("book mean").name
    ('gru, with the reset before', 'book, with a mean loss')
    """
    if model is None:
        return shipped("book")
    name, _, said = model.partition(" ")
    said = said.strip()
    if name in names():
        options = shipped(name).options
        fit = [option for option in options if said == option] or [
            option for option in options if said and f" {said} " in f" {option} "
        ]
        if said and len(fit) != 1:
            known = ", ".join(options)
            raise ValueError(f"{said!r} came after {name}, expected one of {known}")
        return shipped(name).with_options(fit) if said else shipped(name)
    if "\n" in model or "=" in model or r"\in" in model:
        own = Model(model, "yours")
    elif (path := Path(model)).suffix or path.is_file():
        own = Model(text_of(path), path.stem)
    else:
        known = ", ".join(names())
        raise ValueError(f"model is {model!r}, expected a file or one of {known}")
    for option, text in own.options.items():
        if not text:
            raise EquationError(f"option {option} came without a clause")
        own.with_options([option])
    return own


def text_of(path: Path) -> str:
    """The text of a file.

    Raises
    ------
    ValueError
        That names the file, unless it is UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError(f"{path}: not UTF-8") from None
