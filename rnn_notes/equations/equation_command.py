"""The command that measures formulas: ``python -m rnn_notes equation '…'``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import indent
from typing import Any, TextIO

from rnn_notes.equations.errors import EquationError, visible
from rnn_notes.equations.kinds import LAYOUTS, Layout
from rnn_notes.equations.measurement import Measurement
from rnn_notes.equations.measuring import measure
from rnn_notes.equations.model import names, shipped, text_of

__all__ = ["add_parser", "answer", "plain"]

_ABOUT = r"""Measure formulas of the network: does their LaTeX hold?

Every \frac{\partial a}{\partial b} is measured by nudging b, in many small random
networks; nothing is taken from backpropagation. Exit status: 0 if every formula holds,
1 if one does not, 2 if one is not understood.
"""
_HOLDS, _FAILS, _UNCLEAR = 0, 1, 2
_COLOURS = {_HOLDS: "32", _FAILS: "31", _UNCLEAR: "33"}


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """The parser of ``equation``, added to the subparsers of a command line.

    Its namespace has ``run``, a function of the namespace that returns the exit status.
    """
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "equation",
        help="measure formulas",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "formulas", nargs="*", metavar="FORMULA", help="LaTeX; - reads standard input"
    )
    parser.add_argument(
        "--file",
        action="append",
        default=[],
        type=Path,
        metavar="FILE",
        help="read formulas from a file, an empty line between two",
    )
    parser.add_argument(
        "--layout", choices=LAYOUTS, default=None,
        help="how derivatives are laid out (default: as the whole formula needs it)",
    )  # fmt: skip
    parser.add_argument(
        "--model", metavar="NAME|FILE",
        help="the network: one of --models, one with an option (book mean), or a file",
    )  # fmt: skip
    parser.add_argument(
        "--models", action="store_true", help="list the models with their formulas"
    )
    parser.add_argument(
        "--strict", action="store_true", help="refuse what is not as the book writes it"
    )
    parser.add_argument(
        "--where", default="", metavar="CLAUSES",
        help=r"further symbols, as in 'A \in \mathbb{R}^{H \times V}; y = A x_t'",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON, one a line")
    parser.set_defaults(run=_run)
    return parser


def _run(args: argparse.Namespace) -> int:
    """The exit status, after the report on every formula has been printed.

    Raises ``OSError`` for files that cannot be read, ``ValueError`` where no formula
    comes or the text is not UTF-8.
    """
    if args.models:
        for name in names():
            print(f"{name}\n{indent(visible(shipped(name).text).rstrip(), '  ')}\n")
        return _HOLDS
    formulas = list(_gathered(args.formulas, args.file, sys.stdin))
    if not formulas:
        raise ValueError("no formula came, expected at least one")
    show = _in_json if args.json else _painter(sys.stdout)
    return max(_one(latex, args, show) for latex in formulas)


def _gathered(formulas: list[str], files: list[Path], stdin: TextIO) -> Iterator[str]:
    """The formulas from the command line, from files and from standard input."""
    for latex in formulas:
        if latex == "-":
            yield from _blocks(stdin.read().removeprefix("\ufeff"))
        else:
            yield latex
    for path in files:
        yield from _blocks(text_of(path))


def _blocks(text: str) -> list[str]:
    r"""The formulas of a text, with empty lines between them.

    >>> _blocks("a = b\n\nc = d\n")
    ['a = b', 'c = d']
    """
    lines = [line.strip() for line in text.splitlines()]
    return [b.strip() for b in "\n".join(lines).split("\n\n") if b.strip()]


def _one(latex: str, args: argparse.Namespace, show: Callable[..., None]) -> int:
    """The exit status for one formula, after its report has been shown."""
    options = {"model": args.model, "strict": args.strict}
    status, report = answer(latex, args.layout, args.where, **options)
    show(status, latex, report)
    return status


def answer(
    latex: str,
    layout: Layout | None = None,
    where: str = "",
    *,
    model: str | None = None,
    strict: bool = False,
) -> tuple[int, Measurement | EquationError]:
    """The exit status for one formula, and the report on it.

    Whatever goes wrong with one formula is said of it alone.
    """
    try:
        found = measure(latex, layout=layout, where=where, model=model, strict=strict)
        str(found)  # looks for advice, which may fail too
    except EquationError as error:
        return _UNCLEAR, error
    except (ValueError, MemoryError, RecursionError, ArithmeticError) as error:
        return _UNCLEAR, EquationError(" ".join(str(error).split()) or "out of bounds")
    return (_HOLDS if found else _FAILS), found


def plain(report: Measurement | EquationError) -> str:
    """A report to read."""
    unclear = isinstance(report, EquationError)
    return visible(f"not understood: {report}" if unclear else str(report))


def _in_json(status: int, latex: str, report: Measurement | EquationError) -> None:
    """Print the report as one line of JSON."""
    if isinstance(report, Measurement):
        record = report.as_dict()
    else:
        record = {"latex": latex, "reason": report.reason}
        record |= {"position": report.position, "in": report.latex}
        record |= {"close": list(report.close), "advice": list(report.advice)}
    print(json.dumps({"status": status, **record}))


def _painter(stream: TextIO) -> Callable[..., None]:
    """The function that prints reports to read, in colour on a terminal."""
    colourful = stream.isatty() and "NO_COLOR" not in os.environ

    def show(status: int, latex: str, report: Measurement | EquationError) -> None:
        first, _, rest = plain(report).partition("\n")
        if colourful:
            first = f"\x1b[{_COLOURS[status]}m{first}\x1b[0m"
        print("\n".join([first, rest] if rest else [first]), file=stream)

    return show
