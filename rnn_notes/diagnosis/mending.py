"""Which change of a reader's own lines makes their gradients right.

The gallery knows the plain loop, the LSTM and the GRU. Where a reader's code is not of
these, its own functions are edited, one slip at a time, run again, and compared with
slopes that were measured before. What is told then is a fact about their numbers.
"""

from __future__ import annotations

import ast
import gc
import inspect
import re
import site
import sys
import sysconfig
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from textwrap import dedent
from time import perf_counter, process_time
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from rnn_notes.diagnosis.agreeing import Slopes, agrees, slopes_of
from rnn_notes.diagnosis.edits import KINDS, Edit, edits_of
from rnn_notes.diagnosis.handed import PREFIXES, Handed
from rnn_notes.diagnosis.report import Cause
from rnn_notes.diagnosis.twice import putting_back
from rnn_notes.rnn import Array

__all__ = ["Mended", "in_their_lines", "mended"]

_MOST, _SECONDS, _DEEP, _WIDE = 12_000, 20.0, 3, 3
_PIECES = 12  # of an array that is alone
_TIMES = 20  # as long as the unchanged pass takes, and a second: longer never ends
_MANY = ("never moved", "a term left out", "a factor left out", "one name for another")
_OTHERS = (
    Path(__file__).parents[1],
    Path(np.__file__).parent,
    *map(Path, site.getsitepackages() if hasattr(site, "getsitepackages") else ()),
    Path(sysconfig.get_paths()["stdlib"]),
)


@dataclass(frozen=True)
class Mended:
    """A line of the reader, changed.

    kind : one of ``KINDS``
    file : the name of its file; of its function, where it stands in no file
    line : its number there
    old  : the line as it stands
    new  : the line as it gives right gradients
    """

    kind: str
    file: str
    line: int
    old: str
    new: str

    def cause(self, certain: bool) -> Cause:
        """The same as a cause."""
        story, (page, section) = KINDS[self.kind]
        return Cause(self.kind, self.new, page, certain, story, section)

    def __str__(self) -> str:
        place = f"line {self.line} of {self.file}"
        story, (page, section) = KINDS[self.kind]
        if self.kind == "never moved":
            what = f"put `{self.new}` at the loop's end, after {place}"
        elif self.kind == "the order of the lines":
            what = f"put `{self.new}` before {place}, `{self.old}`"
        elif self.kind == "a line too many":
            what = f"leave out {place}, `{self.old}`"
        else:
            what = f"write {place}, `{self.old}`, as `{self.new}`"
        return f'{what}. It is {self.kind}: {story} (Page {page}, "{section}".)'


@dataclass(eq=False)
class _Function:
    """A function of the reader that runs when the gradients are asked for.

    function : the function itself, whose code is exchanged
    code     : its code as it was
    tree     : its syntax tree, with the line numbers of its file
    shared   : whether the loss runs it too
    others   : the trees of the functions that run with it
    """

    function: FunctionType
    code: CodeType
    tree: ast.FunctionDef
    shared: bool
    others: Sequence[ast.FunctionDef]

    def __post_init__(self) -> None:
        names = self.function.__globals__
        numpy = next((n for n, v in names.items() if v is np), "np")
        self.edits: dict[str, list[Edit]] = {}
        for edit in edits_of(self.tree, numpy, self._elsewhere()):
            self.edits.setdefault(edit.kind, []).append(edit)
        outer = ast.parse("def outer():\n    pass").body[0]
        assert isinstance(outer, ast.FunctionDef)
        if free := self.code.co_freevars:
            outer.body = ast.parse(" = ".join((*free, "None"))).body
        outer.body.append(self.tree)
        self.module = ast.fix_missing_locations(ast.Module([outer], []))

    def read(self) -> dict[str, Any]:
        """The lists and arrays outside that it reads, which an edit may write into."""
        names, cells = self.function.__globals__, self.function.__closure__ or ()
        found = {n: names[n] for n in self.code.co_names if n in names}
        found |= {n: c.cell_contents for n, c in zip(self.code.co_freevars, cells,
                                                     strict=True)}  # fmt: skip
        return {
            f"{self.code.co_name}: {name}": value
            for name, value in found.items()
            if isinstance(value, (list, np.ndarray))
            and (value.size if isinstance(value, np.ndarray) else len(value)) < _MOST
        }

    def _elsewhere(self) -> list[ast.expr]:
        """What the others find in a mapping or on ``self``, and this one does not."""
        reached = {*self.code.co_names, *self.code.co_varnames, *self.code.co_freevars}
        own = {*_kept(self.tree)}
        found = {k: v for tree in self.others for k, v in _kept(tree).items()}
        return [v for k, v in found.items() if k not in own and k[0] in reached]

    def edits_of(self, kind: str) -> list[Edit]:
        """The edits of a kind; the last lines first where the loss stands above."""
        edits = self.edits.get(kind, [])
        return edits[::-1] if self.shared else edits

    def put(self) -> None:
        """Let the function do what the tree says now."""
        whole = compile(self.module, self.code.co_filename, "exec")
        (made,) = (c for c in whole.co_consts if isinstance(c, CodeType))
        codes = [c for c in made.co_consts if isinstance(c, CodeType)]
        self.function.__code__ = codes[-1]


def mended(
    asked: Handed,
    claims: Mapping[str, Array],
    slopes: Mapping[str, Slopes],
    lent: Mapping[str, Any],
) -> list[Mended]:
    """The fewest changes found that make every gradient right, here and elsewhere.

    Parameters
    ----------
    asked : Handed
        What is checked.
    claims, slopes
        The gradients that are claimed, and the slopes that were measured.
    lent : mapping of str to object
        What else stands in arrays and lists, and is put back after each try.

    Returns
    -------
    list of Mended
        Empty where no change was found, or the reader's source is not at hand.
    """
    alone = len(slopes) == len(asked.arrays) == 1
    if alone and all(a.flags.c_contiguous for a in asked.arrays.values()):
        asked, claims, slopes = _in_pieces(asked, claims)
    functions = _functions(asked)
    read = {k: v for function in functions for k, v in function.read().items()}
    search = _Search(asked, slopes, {**read, **lent, **asked.arrays}, functions)
    right = frozenset(n for n in slopes if agrees(claims[n], slopes[n]))
    few = [kind for kind in KINDS if kind not in _MANY]
    return search.deeper(right, [], few) or search.deeper(right, [], [*KINDS])


def _in_pieces(
    asked: Handed, claims: Mapping[str, Array]
) -> tuple[Handed, Mapping[str, Array], Mapping[str, Slopes]]:
    """The same with the one array cut, so that a change that mends a part of it shows.

    Numbered pieces of the array, which are views of it, their claims and their slopes.
    """

    def cut(by_name: Mapping[str, Array]) -> dict[str, Array]:
        (array,) = by_name.values()
        pieces = np.array_split(array.reshape(-1), min(array.size, _PIECES))
        return {str(k): piece for k, piece in enumerate(pieces)}

    pieces = Handed(asked.loss, lambda: cut(asked.gradients()), cut(asked.arrays))
    rng, claimed = np.random.default_rng(0), cut(claims)
    slopes = {n: slopes_of(pieces, n, claim, rng) for n, claim in claimed.items()}
    return pieces, claimed, slopes


def in_their_lines(changes: Sequence[Mended], certain: bool) -> tuple[str, ...]:
    """Sentences about what was changed."""
    lead = "Cause" if certain else "It looks like this"
    every = "Then every gradient is right, here and at other weights."
    return (*(f"{lead}: {change}" for change in changes), every)


@dataclass(eq=False)
class _Search:
    """The search for changes, bounded in tries and in time."""

    asked: Handed
    slopes: Mapping[str, Slopes]
    kept: Mapping[str, Any]
    functions: list[_Function]
    tries: int = 0
    known: dict[tuple[Edit, ...], tuple[frozenset[str], bool]] = field(
        default_factory=dict
    )

    def __post_init__(self) -> None:
        self.end = process_time() + _SECONDS
        self.put_back = putting_back(self.kept)
        self.loss = self.asked.loss()
        begun = perf_counter()
        self.asked.gradients()
        self.longest = 1 + _TIMES * (perf_counter() - begun)
        self.put_back()

    def deeper(
        self,
        right: frozenset[str],
        made: list[Mended],
        kinds: list[str],
        standing: tuple[Edit, ...] = (),
    ) -> list[Mended]:
        """The changes found from here, those made already in front; empty if none."""
        partly: dict[frozenset[str], tuple[_Function, Edit]] = {}
        for function, edit in self._candidates(right, kinds):
            if self.tries >= _MOST or process_time() > self.end:
                break
            self.tries += 1
            found, whole = self._outcome(function, edit, standing)
            if whole:
                return _joined([*made, _told(function, edit)])
            if right < found < {*self.slopes}:
                partly.setdefault(found, (function, edit))
        if len(made) + 1 < _DEEP:
            for found in sorted(partly, key=len, reverse=True)[:_WIDE]:
                told = _told(*partly[found])
                with _edited(*partly[found]):
                    stand = (*standing, partly[found][1])
                    if answer := self.deeper(found, [*made, told], kinds, stand):
                        return answer
        return []

    def _outcome(
        self, function: _Function, edit: Edit, standing: tuple[Edit, ...]
    ) -> tuple[frozenset[str], bool]:
        """What is right with an edit beside those that stand, and whether all holds."""
        key = (*standing, edit)
        if key not in self.known:
            with _edited(function, edit) as fits:
                found = self._right() if fits else frozenset()
                whole = len(found) == len(self.slopes) and self._holds()
            self.known[key] = found, whole
        return self.known[key]

    def _candidates(
        self, right: frozenset[str], kinds: list[str]
    ) -> Iterator[tuple[_Function, Edit]]:
        """The edits of all functions; lines that name a wrong array first."""
        wrong = {n.rpartition(".")[2] for n in self.slopes if n not in right}
        every = [
            (function, edit)
            for kind in kinds
            for function in self.functions
            for edit in function.edits_of(kind)
        ]
        if right:
            forms = {form.format(name) for name in wrong for form in PREFIXES}
            lines = {edit.statement for _, edit in every}
            naming = {s for s in lines if forms & {*re.findall(r"\w+", _shown(s))}}
            every.sort(key=lambda one: one[1].statement not in naming)
        yield from every

    def _right(self) -> frozenset[str]:
        """The arrays whose gradients are right with what is changed now."""
        try:
            claims = _within(self.longest, self.asked.gradients)
        except Exception:
            return frozenset()
        finally:
            self.put_back()
        return frozenset(n for n, s in self.slopes.items() if agrees(claims[n], s))

    def _holds(self) -> bool:
        """Whether the loss is as it was, and all is right at other weights too."""
        rng = np.random.default_rng(1)
        try:
            loss = _within(self.longest, self.asked.loss)
            if not np.isclose(loss, self.loss, rtol=1e-12, atol=0):
                return False
            for array in self.asked.arrays.values():
                array *= 1 + 0.2 * rng.standard_normal(array.shape)
                array += 0.1 * rng.standard_normal(array.shape)
            put_back_there = putting_back(self.kept)
            claims = {n: c.copy() for n, c in self.asked.gradients().items()}
            put_back_there()
            return all(
                agrees(claims[name], slopes_of(self.asked, name, claims[name], rng))
                for name in self.slopes
            )
        except Exception:
            return False
        finally:
            self.put_back()


@contextmanager
def _edited(function: _Function, edit: Edit) -> Iterator[bool]:
    """The function with an edit in it; whether it fits."""
    kept = function.function.__code__
    with edit.made():
        try:
            function.put()
            fits = True
        except (SyntaxError, TypeError, ValueError):
            fits = False
        try:
            yield fits
        finally:
            function.function.__code__ = kept


def _told(function: _Function, edit: Edit) -> Mended:
    """An edit in words; it does not stand in the tree."""
    old = _shown(edit.statement)
    with edit.made():
        changed = edit.new if edit.field in ("body", "orelse") else edit.statement
        new = _shown(changed[0] if isinstance(changed, list) else changed)
    path, line = Path(function.code.co_filename), edit.statement.lineno
    if path.exists():
        return Mended(edit.kind, path.name, line, old, new)
    first = function.code.co_firstlineno - 1  # a notebook's cell: no file of that name
    return Mended(edit.kind, f"{function.code.co_name}()", line - first, old, new)


def _joined(changes: list[Mended]) -> list[Mended]:
    """The changes, two of one line as one: nobody has the line that stands between."""
    first, *rest = changes
    if not rest:
        return [first]
    second, *later = rest
    if (first.file, first.line, first.new) == (second.file, second.line, second.old):
        return _joined([replace(second, old=first.old), *later])
    return [first, *_joined(rest)]


def _kept(tree: ast.FunctionDef) -> dict[tuple[str, str], ast.expr]:
    """The reads of ``w["U"]`` and ``self.U``, by the holder and the key."""
    found: dict[tuple[str, str], ast.expr] = {}
    for node in ast.walk(tree):
        if not isinstance(node, (ast.Subscript, ast.Attribute)):
            continue
        key = node.slice if isinstance(node, ast.Subscript) else ast.Constant(node.attr)
        if not isinstance(node.value, ast.Name) or not isinstance(key, ast.Constant):
            continue
        by_key = isinstance(node, ast.Subscript) and isinstance(key.value, str)
        if (by_key or node.value.id == "self") and isinstance(node.ctx, ast.Load):
            found[node.value.id, str(key.value)] = deepcopy(node)
    return found


def _shown(statement: ast.stmt) -> str:
    """The first line of a statement."""
    return ast.unparse(statement).split("\n")[0]


def _functions(asked: Handed) -> list[_Function]:
    """The reader's functions that run for the gradients, those of the loss last."""
    for_loss = _codes(asked.loss)
    codes = _codes(asked.gradients)
    inner = {c for code in codes for c in code.co_consts if isinstance(c, CodeType)}
    holders: dict[int, FunctionType] = {}
    for one in gc.get_referrers(*codes):  # looks at all objects there are: once
        if isinstance(one, FunctionType):
            holders.setdefault(id(one.__code__), one)
    found = []
    for code in codes:
        function = holders.get(id(code))
        tree = _tree(code) if function and code not in inner else None
        if function and tree:
            found.append((function, code, tree, code in for_loss))
    trees = [tree for _, _, tree, _ in found]
    return sorted((_Function(*one, trees) for one in found), key=lambda f: f.shared)


def _tree(code: CodeType) -> ast.FunctionDef | None:
    """The syntax tree of a reader's function, None where it is none with a source."""
    path = Path(code.co_filename)
    if code.co_name[:1] == "<" or any(path.is_relative_to(o) for o in _OTHERS):
        return None
    try:
        lines, start = inspect.getsourcelines(code)
        tree = ast.parse(dedent("".join(lines))).body[0]
    except (OSError, SyntaxError, TypeError, IndexError):
        return None
    if not isinstance(tree, ast.FunctionDef):
        return None
    ast.increment_lineno(tree, start - 1)
    tree.decorator_list = []
    return tree


def _codes(call: Callable[[], Any]) -> list[CodeType]:
    """The code of each Python function that runs in a call."""
    codes: dict[CodeType, None] = {}

    def seen(frame: Any, event: str, _: Any) -> None:
        if event == "call":
            codes.setdefault(frame.f_code)

    _hearing(seen, call)
    return [*codes]


def _within(seconds: float, call: Callable[[], Any]) -> Any:
    """What a call returns; a TimeoutError where it calls on and on for longer.

    An edited loop may never end, and no other bound is looked at while it runs.
    """
    end = perf_counter() + seconds

    def seen(*_: Any) -> None:
        if perf_counter() > end:
            raise TimeoutError(f"longer than {seconds:.1f} s")

    return _hearing(seen, call)


def _hearing(seen: Callable[[Any, str, Any], None], call: Callable[[], Any]) -> Any:
    """What a call returns; ``seen`` hears of each call in it, others hear again after.

    No context manager: in a browser's Python 3.14 one that set a profiler was seen not
    to stop.
    """
    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        return call()
    finally:
        sys.setprofile(None)
        enable = getattr(before, "enable", None)  # cProfile's, which is no function
        if enable:
            enable()
        else:
            sys.setprofile(before)
