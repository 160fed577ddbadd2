"""The command that checks a reader's file: ``python -m rnn_notes check FILE``."""

from __future__ import annotations

import argparse
import ast
import json
import re
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from rnn_notes.diagnosis.checking import check
from rnn_notes.diagnosis.handed import claims
from rnn_notes.diagnosis.questions import questions
from rnn_notes.diagnosis.report import Diagnosis
from rnn_notes.diagnosis.script import Script, held_back, theirs
from rnn_notes.diagnosis.suspects import sizes_of

__all__ = ["add_parser", "examined", "pasted"]

_ABOUT = """\
Check a backward pass of your own, and be told what is wrong with it.

FILE is run with your rights, as Python would run it, but only in part: imports,
definitions, settings and loops that fill variables are run; while loops, bare calls and
what stands under __main__ are not. The function takes (inputs, targets, hprev) and
returns the loss, the gradients and the last state, as the classic one does; a class has
loss(x, y) and bptt(x, y). Its arrays are filled with small random numbers.

Exit status: 0 right, 1 wrong, 2 not understood."""
_RIGHT, _WRONG, _UNCLEAR = 0, 1, 2
_LONGER = 20  # times as many steps show a clip
_IN_PYTHON = "call rnn_notes.check in Python, with numbers of your own."
_INSTEAD = (
    "Does it need other things than it was given? Name another function (FILE:NAME), "
    f"other sizes (--set NAME=VALUE) or the arrays (--arrays Wxh,Whh), or {_IN_PYTHON}"
)


class _TooLongError(BaseException):
    """The limit of time is over; no ``except Exception`` of the reader's catches it."""


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """The parser of ``check``, added to the subparsers of a command line."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "check",
        help="check a backward pass of your own",
        description=_ABOUT,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    # fmt: off
    parser.add_argument("file", metavar="FILE[:NAME]",
                        help="your script, and the function or class in it")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE",
                        help="give a setting of the file another value")
    parser.add_argument("--arrays", default="", metavar="NAMES",
                        help="the arrays, in the order of the gradients: Wxh,Whh")
    parser.add_argument("--seconds", type=float, default=60.0, metavar="S",
                        help="stop after so many seconds (default 60)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    # fmt: on
    parser.set_defaults(run=_run)
    return parser


def _run(args: argparse.Namespace) -> int:
    """The exit status, after the report has been printed."""
    path, name = _split(args.file)
    settings = dict(map(_setting, args.set))
    arrays = [part for part in re.split(r"[,\s]+", args.arrays) if part]
    print(f"Running {path} with your rights, its definitions only.", file=sys.stderr)
    sys.stderr.flush()
    try:
        with _limit(args.seconds):
            name, diagnosis, told = examined(path, name, settings, arrays)
    except _TooLongError:
        words = f"{path} ran for {args.seconds:g} s and was stopped: does a loop in it "
        return _unclear(args, path, words + "never end? (--seconds gives it more)")
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # sys.exit() in a function of theirs is no verdict
        return _unclear(args, path, _why(error, path, _INSTEAD))
    if args.json:
        status = {
            "status": _RIGHT if diagnosis else _WRONG,
            "file": str(path),
            "name": name,
        }
        print(json.dumps({**status, "notes": told, **diagnosis.as_dict()}))
    else:
        print("\n".join([f"{path}, {name}", *told, str(diagnosis)]))
    return _RIGHT if diagnosis else _WRONG


def _why(error: BaseException, path: Path, instead: str) -> str:
    """Why a file could not be checked; what is a fault of ours is raised again.

    After an error of theirs stands what to hand over instead.
    """
    own = theirs(error, path)
    if own:
        return f"your code raised an error:\n{own.rstrip()}\n{instead}"
    if isinstance(error, OSError) or not isinstance(error, (ValueError, TypeError)):
        raise error
    return str(error)


def pasted(source: str) -> str:
    """What is said of a text that holds a function: the verdict, then all the rest.

    Examples
    --------
    >>> pasted("def f(inputs, targets, hprev):\\n    return 1.0").partition(",")[0]
    'f returns no gradient of a global array that is found'
    """
    with TemporaryDirectory() as folder:
        path = Path(folder, "your_function.py")
        path.write_text(source, encoding="utf-8")
        try:
            _, diagnosis, told = examined(path)
        except BaseException as error:
            instead = f"Does it need other things than it was given? Then {_IN_PYTHON}"
            words = _why(error, path, instead).replace(f"{path}: ", "")
            return words.replace(str(path), path.name)
        verdict, *rest = str(diagnosis).split("\n")
    return "\n".join([verdict, *told, *rest])


def examined(
    path: Path,
    name: str = "",
    settings: dict[str, Any] | None = None,
    arrays: list[str] | None = None,
) -> tuple[str, Diagnosis, list[str]]:
    """The function of a file, its diagnosis, and what was changed to run it.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        The function or class, empty where there is one only.
    settings : dict, optional
        Values for names that the file sets.
    arrays : list of str, optional
        The arrays, in the order of the gradients.

    Raises
    ------
    ValueError
        For a file with no such function, or one that cannot be checked.
    """
    script = Script(path, settings or {})
    with held_back():
        script.run()
        try:
            name, given = questions(script.names, name, arrays or [], script.told)
        except ValueError as error:
            raise ValueError(" ".join([f"{path}: {error}.", *script.told])) from None
        diagnosis = check(**given)
        script.told += _clip_of(given)
    return name, diagnosis, script.told


def _clip_of(given: Mapping[str, Any]) -> list[str]:
    """The clip at the end of a backward pass, told, which few steps do not show."""
    kept = {name: [*given[name]] for name in ("inputs", "targets")}
    try:
        for name, values in kept.items():
            given[name][:] = _LONGER * values
        sizes = sizes_of(claims(given["gradients"](), given["arrays"]))
    except (IndexError, ValueError):
        return []  # it takes no other number of steps
    finally:
        for name, values in kept.items():
            given[name][:] = values
    largest = float(sizes.max(initial=0))
    if not np.isfinite(largest) or not largest or (sizes == largest).sum() < 3:
        return []
    steps = "so few steps that nothing is clipped"
    if sizes_of(claims(given["gradients"](), given["arrays"])).max() >= largest:
        steps = "few steps, and clipped there too"
    return [
        f"It clips its gradients at {largest:g}, at the end. That is right for "
        f"training; they were checked on {steps}."
    ]


def _split(text: str) -> tuple[Path, str]:
    """The file and the name that stands behind its last colon, if one does.

    Examples
    --------
    >>> _split("rnn.py:lossFun")[1], _split("C:/rnn.py")[1]
    ('lossFun', '')
    """
    file, colon, name = text.rpartition(":")
    return (Path(file), name) if colon and name.isidentifier() else (Path(text), "")


@contextmanager
def _limit(seconds: float) -> Iterator[None]:
    """Stop what runs inside after so many seconds, where the system has an alarm."""
    main = threading.current_thread() is threading.main_thread()
    if not main or not hasattr(signal, "setitimer"):
        yield
        return

    def over(*_: Any) -> None:
        raise _TooLongError

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _setting(text: str) -> tuple[str, Any]:
    """A name and the value it is given: a number where it reads as one, else a word."""
    name, equals, value = text.partition("=")
    if not equals or not name.isidentifier():
        raise ValueError(f"--set {text}: expected NAME=VALUE")
    try:
        return name, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return name, value


def _unclear(args: argparse.Namespace, path: Path, words: str) -> int:
    """The exit status of what is not understood, told as text or as JSON."""
    if args.json:
        print(json.dumps({"status": _UNCLEAR, "file": str(path), "reason": words}))
    else:
        print(f"rnn_notes: {words}", file=sys.stderr)
    return _UNCLEAR
