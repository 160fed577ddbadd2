"""The command line: ``python -m rnn_notes`` measures, checks, trains and samples.

What takes long to import is imported inside ``main``, where Ctrl-C is no traceback.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import rnn_notes

__all__ = ["main", "parser"]

_WHOLE = """\
Backpropagation through time, to try out: measure a formula of your own, check a
backward pass of your own, train the network of the book on a text, let it write."""

_TRAIN = """\
Train a network of the book to predict the next letter of a text.

Each step reads a chunk of T letters, finds the loss and its gradients by
backpropagation through time, and moves the weights a little. Every so often the loss is
printed and the network writes a few lines: noise at first, then words.

The loss is in nats a letter: the mean since the last line; beside it stands a smoothed
one, and that of the text held out. Guessing blindly among V letters costs log(V), and
there it starts. The checkpoint is written as often as the loss is printed, and when the
program is asked to stop, by Ctrl-C or SIGTERM. Training resumed from it ends exactly
where it would have ended undisturbed."""

_SAMPLE = """\
Let a trained network write.

It reads the prime. Then each letter is drawn at random, with the probabilities that the
network predicts, and is read in turn. A temperature below 1 sharpens the probabilities
(safer, until the text repeats itself), above 1 it flattens them (bolder, with more
mistakes)."""

_EXAMPLES = r"""examples:
  python -m rnn_notes equation '\frac{\partial L}{\partial y_t} = p_t - e_t'
  python -m rnn_notes check my_rnn.py:lossFun --set hidden_size=5
  python -m rnn_notes train novel.txt --hidden 128 --steps 20000
  python -m rnn_notes train novel.txt --cell lstm --batch 16 --rule adam --held-out 0.1
  python -m rnn_notes train novel.txt --steps 50000 --resume
  python -m rnn_notes sample novel.npz --prime 'Once upon' --temperature 0.7

exit status:
  0 done (equation: every formula holds; check: every gradient is right),
  1 a formula does not hold, a gradient is wrong,
  2 an error, told in one line, 130 stopped with Ctrl-C, 143 by SIGTERM"""


class _Parser(argparse.ArgumentParser):
    """A parser whose help keeps its lines and whose errors are one line each."""

    def __init__(self, **options: Any) -> None:
        looks = {"formatter_class": argparse.RawDescriptionHelpFormatter}
        super().__init__(**{**looks, **options})

    def error(self, message: str) -> NoReturn:
        """Ends the program with exit status 2."""
        self.exit(2, f"{self.prog}: {message} (--help explains)\n")


def parser(command: str = "") -> _Parser:
    """The parser of the whole command line, or of one that begins with ``equation``."""
    from rnn_notes.equations.equation_command import add_parser as add_equation

    whole = _Parser(prog="python -m rnn_notes", description=_WHOLE, epilog=_EXAMPLES)
    whole.add_argument("--version", action="version", version=rnn_notes.__version__)
    subparsers = whole.add_subparsers(metavar="COMMAND", required=True)
    add_equation(subparsers)
    if command == "equation":  # which needs nothing of what the others import
        return whole
    from rnn_notes.diagnosis.check_command import add_parser as add_check

    add_check(subparsers)
    _train_options(
        subparsers.add_parser(
            "train", help="train the network on a text", description=_TRAIN
        )
    )
    _sample_options(
        subparsers.add_parser(
            "sample", help="let a trained network write", description=_SAMPLE
        )
    )
    return whole


def _train_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of ``train``; those of the settings are None unless given."""
    from rnn_notes.training.commands import train

    add, count = parser.add_argument, _whole(1)
    # fmt: off
    add("file", metavar="FILE", type=Path,
        help="the text, in UTF-8; - reads it from standard input")
    add("--cell", choices=("rnn", "lstm", "gru"),
        help="the network (default rnn, the plain one)")
    add("--hidden", type=count, metavar="H", help="hidden units (default 100)")
    add("--seq-length", type=count, metavar="T", help="letters a step (default 25)")
    add("--batch", type=count, metavar="B",
        help="streams of the text that are read side by side (default 1)")
    add("--rule", choices=("sgd", "adagrad", "adam"),
        help="how the weights are moved (default adagrad)")
    add("--learning-rate", type=_above_zero, metavar="X",
        help="of the rule (default 0.1, of adam 0.002)")
    add("--clip", type=_above_zero, metavar="X",
        help="cut entries of the gradient to -X and X (default 5)")
    add("--held-out", type=_share, metavar="SHARE",
        help="share of the text, at its end, to judge by and not train on (default 0)")
    add("--seed", type=_whole(0), metavar="N",
        help="of the first weights and of the samples (default 0)")
    add("--steps", type=count, default=10_000, metavar="N",
        help="steps in all, counted from the very first one (default 10000)")
    add("--every", type=count, default=1000, metavar="N",
        help="print and save every N steps (default 1000)")
    add("--checkpoint", type=Path, metavar="PATH",
        help="where to save (default: the name of FILE with .npz, in this folder)")
    add("--table", type=Path, metavar="PATH",
        help="write the losses there too, as comma-separated values")
    add("--resume", action="store_true", help="go on from the checkpoint")
    # fmt: on
    parser.set_defaults(run=train)


def _sample_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of ``sample``."""
    from rnn_notes.training.commands import write

    add = parser.add_argument
    # fmt: off
    add("checkpoint", type=Path, metavar="CHECKPOINT", help="what train has saved")
    add("--prime", default="", metavar="TEXT", help="what the text begins with")
    add("--length", type=_whole(1), default=500, metavar="N",
        help="letters to write (default 500)")
    add("--temperature", type=_above_zero, default=1.0, metavar="X",
        help="1 draws as predicted (default 1)")
    add("--seed", type=_whole(0), metavar="N",
        help="the same seed gives the same text (default: another text every time)")
    # fmt: on
    parser.set_defaults(run=write)


def _number(
    kind: Callable[[str], float], fits: Callable[[float], bool], what: str
) -> Callable[[str], float]:
    """What reads a number of a kind from the command line."""

    def read(text: str) -> float:
        try:
            if fits(number := kind(text)):
                return number
        except ValueError:
            pass
        raise argparse.ArgumentTypeError(f"{text!r} is not {what}")

    return read


def _whole(least: int) -> Callable[[str], float]:
    """What reads a whole number of at least ``least`` from the command line."""
    return _number(int, lambda n: n >= least, f"a whole number of at least {least}")


_share = _number(float, lambda x: 0 <= x < 1, "a share from 0 to below 1")
_above_zero = _number(float, lambda x: 0 < x < float("inf"), "a number above 0")


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status of the command line ``argv``; an error is one line on stderr.

    What nobody expected is 2 as well: 1 is an answer.

    >>> main(["sample", "no-such-file.npz"])
    2
    """
    if sys.stdout is None:
        return _complain("standard output is closed")
    if sys.stdin is None:
        sys.stdin = io.StringIO()
    if hasattr(sys.stdout, "reconfigure"):  # for letters that the terminal cannot show
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        argv = sys.argv[1:] if argv is None else argv
        args = parser(*argv[:1]).parse_args(argv)
        status: int = args.run(args)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # whoever reads our output has seen enough
        _give_up_output()
        return 141
    except OSError as error:
        _give_up_output()
        about = f"{error.filename}: ".replace("\n", "\\n") if error.filename else ""
        return _complain(f"{about}{error.strerror or error}")
    except MemoryError as error:
        return _complain(f"not enough memory: {error}")
    except ValueError as error:
        return _complain(str(error))
    except Exception as error:
        return _complain(f"unexpected {type(error).__name__}: {error}")
    return status


def _complain(message: str) -> int:
    """Exit status 2, the message being told on stderr, control characters escaped."""
    from rnn_notes.equations.errors import visible

    print(f"rnn_notes: {visible(message)}", file=sys.stderr)
    return 2


def _give_up_output() -> None:
    """Drops output that cannot be written, so that it raises no second error."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


if __name__ == "__main__":
    sys.exit(main())
