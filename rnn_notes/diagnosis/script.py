"""A reader's file, of which the definitions and settings are run and nothing else.

Imports, definitions, assignments and loops that only fill variables are run; ``while``
loops, bare calls and ``if __name__ == "__main__"`` are not. Prints and plots are held
back, and a text that is missing is replaced.
"""

from __future__ import annotations

import ast
import builtins
import io
import linecache
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from traceback import StackSummary, TracebackException
from types import ModuleType
from typing import Any
from unittest.mock import MagicMock

import numpy as np

from rnn_notes.diagnosis.dialect import parsed

__all__ = ["Script", "held_back", "theirs"]

_DEFINES = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)
_ASSIGNS = (ast.Assign, ast.AnnAssign, ast.AugAssign)
_FILLS = ("append", "extend", "add", "update", "setdefault")
_PLOTS = ("matplotlib", "matplotlib.pyplot", "pylab", "seaborn", "IPython", "tqdm")
_SIZES = ("hidden_size", "vocab_size")  # which may be given where a file has none
_TEXT = "The quick brown fox jumps over the lazy dog, and is not seen again.\n" * 99


class _Arguments(list[str]):
    """A command line of one word; who asks for the next is given a text's name."""

    def __getitem__(self, place: Any) -> Any:
        missing = isinstance(place, int) and place >= len(self)
        return "input.txt" if missing else super().__getitem__(place)


@dataclass
class Script:
    """The names of a file after its definitions and settings have been run.

    path  : the file
    names : its globals
    told  : what was changed or left out, in sentences
    """

    path: Path
    settings: Mapping[str, Any] = field(default_factory=dict)
    told: list[str] = field(default_factory=list)
    names: dict[str, Any] = field(default_factory=dict)
    failed: list[tuple[int, str]] = field(default_factory=list)

    def run(self) -> None:
        """Run the definitions and settings.

        Raises
        ------
        ValueError
            For a file that is no Python, and a setting that it does not have.
        """
        try:
            source = self.path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise ValueError(f"{self.path}: not UTF-8") from None
        tree, source, told = parsed(source.replace("\r\n", "\n"), str(self.path))
        self.told += told
        module = ModuleType("a_readers_script")
        self.names = vars(module)
        self.names |= {"__file__": str(self.path), "open": self._open}
        sys.modules[module.__name__] = module  # dataclasses look their module up
        lines = source.splitlines(keepends=True)
        linecache.cache[str(self.path)] = (len(source), None, lines, str(self.path))
        self.names |= {n: v for n, v in self.settings.items() if n in _SIZES}
        left = set(self.settings) - {*_SIZES}
        for node in tree.body:
            if _runs(node):
                left -= self._set(node)
                self._execute(node)
        if left:
            known = sorted(
                n for n, v in self.names.items() if isinstance(v, (int, float))
            )
            raise ValueError(
                f"--set {left.pop()}: {self.path} sets no such name; numbers that it "
                f"sets: {', '.join(known) or 'none'}"
            )
        self.told += self._failures()
        self._widen()

    def _failures(self) -> list[str]:
        """The lines that could not be run, told with what the first one said."""
        if not self.failed:
            return []
        numbers = ", ".join(str(number) for number, _ in self.failed)
        lines = f"Lines {numbers}" if len(self.failed) > 1 else f"Line {numbers}"
        first = ", the first one with" if len(self.failed) > 1 else ":"
        return [f"{lines} could not be run{first} {self.failed[0][1]}."]

    def _set(self, node: ast.stmt) -> set[str]:
        """The settings that a statement would overwrite; it is given theirs instead."""
        if not isinstance(node, ast.Assign):
            return set()
        targets = {t.id for t in node.targets if isinstance(t, ast.Name)}
        asked = targets & set(self.settings)
        for name in asked:
            node.value = ast.copy_location(
                ast.Constant(self.settings[name]), node.value
            )
        return asked

    def _execute(self, node: ast.stmt) -> None:
        """Run one statement; where an import or a setting fails, say so and go on."""
        tree = ast.Module([node], [])
        try:
            exec(compile(tree, str(self.path), "exec"), self.names)
        except (ArithmeticError, AttributeError, ImportError, LookupError, NameError,
                OSError, SystemExit, TypeError, ValueError) as error:  # fmt: skip
            self.failed.append((node.lineno, f"{type(error).__name__}: {error}"))

    def _open(self, file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        """The file opened, or a text of ours where it is missing."""
        for path in (Path(str(file)), self.path.parent / str(file)):
            if path.exists() or not mode.startswith("r"):
                return builtins.open(path, mode, *args, **options)
        missing = f"{file} is missing: a text of ours stands in for it."
        self.told += [missing] if missing not in self.told else []
        return io.BytesIO(_TEXT.encode()) if "b" in mode else io.StringIO(_TEXT)

    def _widen(self) -> None:
        """Turn arrays of float32 into float64, which differences need."""
        narrow = [
            name
            for name, value in self.names.items()
            if isinstance(value, np.ndarray) and value.dtype in (np.float32, np.float16)
        ]
        for name in narrow:
            self.names[name] = self.names[name].astype(float)
        if narrow:
            self.told.append(
                f"Made float64 of {', '.join(narrow)}: they were narrower."
            )


def _runs(node: ast.stmt) -> bool:
    """Whether a statement at the top of a file is one that is run.

    Examples
    --------
    >>> [_runs(node) for node in ast.parse("H = 3\\nwhile True: pass\\nprint(H)").body]
    [True, False, False]
    """
    if isinstance(node, ast.Try):
        return all(map(_runs, node.body))
    return isinstance(node, _DEFINES) or _fills(node)


def _fills(node: ast.stmt) -> bool:
    """Whether a statement does nothing but fill variables."""
    if isinstance(node, _ASSIGNS):
        return True
    if isinstance(node, (ast.For, ast.With)):
        return all(map(_fills, node.body))
    if isinstance(node, ast.If):
        main = "__name__" in ast.dump(node.test)
        return not main and all(map(_fills, [*node.body, *node.orelse]))
    call = node.value if isinstance(node, ast.Expr) else None
    if isinstance(call, ast.Call):
        function = call.func
        seeds = ast.unparse(function).endswith("random.seed")
        fills = isinstance(function, ast.Attribute) and function.attr in _FILLS
        return seeds or fills
    return isinstance(node, ast.Pass)


@contextmanager
def held_back() -> Iterator[None]:
    """Hold back prints, plots, questions and the command line of this program."""
    modules = {name: sys.modules.get(name) for name in _PLOTS}
    argv, asked = sys.argv, builtins.input
    sys.modules.update({name: MagicMock() for name in _PLOTS})
    sys.argv, builtins.input = _Arguments(argv[:1]), lambda *_: ""
    try:
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            yield
    finally:
        sys.argv, builtins.input = argv, asked
        for name, module in modules.items():
            if module is None:
                del sys.modules[name]
            else:
                sys.modules[name] = module


def theirs(error: BaseException, path: Path) -> str:
    """An error of the reader's code as Python tells it, empty where it is none of it.

    Only the lines of their file are kept.
    """
    whole = TracebackException.from_exception(error, compact=True)
    frames = [frame for frame in whole.stack if frame.filename == str(path)]
    whole.stack = StackSummary.from_list(frames)
    whole.__cause__ = whole.__context__ = None
    return "".join(whole.format()) if frames else ""
