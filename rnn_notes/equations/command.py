"""The command that measures formulas: ``python -m rnn_notes equation '…'``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

from rnn_notes.equations.errors import EquationError
from rnn_notes.equations.measurement import Measurement
from rnn_notes.equations.measuring import Layout, measure

ABOUT = r"""Measure formulas of the network: does their LaTeX hold?

Every \frac{\partial a}{\partial b} is measured by nudging b, in many small random
networks; nothing is taken from backpropagation. Exit status: 0 if every formula holds,
1 if one does not, 2 if one is not understood.
"""
HOLDS, FAILS, UNCLEAR = 0, 1, 2
COLOURS = {HOLDS: "32", FAILS: "31", UNCLEAR: "33"}


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """The parser of ``equation``, added to the subparsers of a command line.

    Its namespace has ``run``, a function of the namespace that returns the exit status.
    """
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "equation",
        help="measure formulas",
        description=ABOUT,
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
        "--layout", choices=("denominator", "numerator"), default="denominator",
        help="how derivatives are laid out (default: denominator)",
    )  # fmt: skip
    parser.add_argument(
        "--where", default="", metavar="CLAUSES",
        help=r"further letters, as in 'A \in \mathbb{R}^{H \times V}; y = A x_t'",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print JSON, one a line")
    parser.set_defaults(run=run)
    return parser


def run(args: argparse.Namespace) -> int:
    """The exit status, after the report on every formula has been printed.

    Raises ``OSError`` for files that cannot be read, ``ValueError`` where no formula
    comes or the text is not UTF-8.
    """
    formulas = list(gathered(args.formulas, args.file, sys.stdin))
    if not formulas:
        raise ValueError("no formula came, expected at least one")
    show = in_json if args.json else painter(sys.stdout)
    return max(one(latex, args, show) for latex in formulas)


def gathered(formulas: list[str], files: list[Path], stdin: TextIO) -> Iterator[str]:
    """The formulas from the command line, from files and from standard input."""
    for latex in formulas:
        yield from blocks(stdin.read()) if latex == "-" else [latex]
    for path in files:
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise ValueError(f"{path}: not UTF-8") from None
        yield from blocks(text)


def blocks(text: str) -> list[str]:
    r"""The formulas of a text, with empty lines between them.

    >>> blocks("a = b\n\nc = d\n")
    ['a = b', 'c = d']
    """
    lines = [line.strip() for line in text.splitlines()]
    return [b.strip() for b in "\n".join(lines).split("\n\n") if b.strip()]


def one(latex: str, args: argparse.Namespace, show: Callable[..., None]) -> int:
    """The exit status for one formula, after its report has been shown."""
    status, report = answer(latex, args.layout, args.where)
    show(status, latex, report)
    return status


def answer(
    latex: str, layout: Layout, where: str
) -> tuple[int, Measurement | EquationError]:
    """The exit status for one formula, and the report on it."""
    try:
        measurement = measure(latex, layout=layout, where=where)
    except EquationError as error:
        return UNCLEAR, error
    return (HOLDS if measurement else FAILS), measurement


def plain(report: Measurement | EquationError) -> str:
    """A report to read."""
    unclear = isinstance(report, EquationError)
    return f"not understood: {report}" if unclear else str(report)


def in_json(status: int, latex: str, report: Measurement | EquationError) -> None:
    """Nothing; the report is printed as one line of JSON."""
    if isinstance(report, Measurement):
        record = report.as_dict()
    else:
        record = {"latex": latex, "reason": report.reason}
        record |= {"position": report.position, "in": report.latex}
        record["close"] = list(report.close)
    print(json.dumps({"status": status, **record}, ensure_ascii=False))


def painter(stream: TextIO) -> Callable[..., None]:
    """The function that prints reports to read, in colour on a terminal."""
    colourful = stream.isatty() and "NO_COLOR" not in os.environ

    def show(status: int, latex: str, report: Measurement | EquationError) -> None:
        first, _, rest = plain(report).partition("\n")
        if colourful:
            first = f"\x1b[{COLOURS[status]}m{first}\x1b[0m"
        print("\n".join([first, rest] if rest else [first]), file=stream)

    return show
