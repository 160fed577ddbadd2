"""What ``python -m rnn_notes train`` and ``python -m rnn_notes sample`` do."""

from __future__ import annotations

import argparse
import codecs
import shlex
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from rnn_notes.arrays.arguments import Array
from rnn_notes.checkpoints import Checkpoint, Settings, digest, load, save
from rnn_notes.sampling import sample
from rnn_notes.text import Vocabulary
from rnn_notes.training import State, clip, start, steps
from rnn_notes.training.reports import Losses, Progress, add_row, loss_a_letter
from rnn_notes.training.safe_files import alone
from rnn_notes.training.stopping import Stop
from rnn_notes.training.updates import RATES, RULES

__all__ = ["train", "write"]

_OPTIONS = {  # of the command line, and what they are called in Settings
    "cell": "cell",
    "hidden": "H",
    "seq_length": "T",
    "batch": "B",
    "rule": "rule",
    "learning_rate": "learning_rate",
    "clip": "clip",
    "held_out": "held_out",
    "seed": "seed",
}
_FEW = 10  # chunks: a network learns fewer by heart, and little else
_PIECE = 100_000  # bytes of a text decoded at once


@dataclass(frozen=True)
class _Text:
    """A text as its bytes: in a string, one emoji gives every letter four of them."""

    data: bytes
    vocabulary: Vocabulary
    length: int

    def indices(self, vocabulary: Vocabulary) -> Array:
        """The index of every character, in the smallest integers that can hold them."""
        found = np.empty(self.length, np.min_scalar_type(len(vocabulary)))
        place = 0
        for piece in _pieces(self.data):
            end = place + len(piece)
            found[place:end] = vocabulary.indices(piece)
            place = end
        return found


def _pieces(data: bytes) -> Iterator[str]:
    """The text of the bytes, piece by piece; an error says its place among all."""
    start = 0
    while start < len(data):
        end = start + _PIECE
        try:
            piece, read = codecs.utf_8_decode(data[start:end], None, end >= len(data))
        except UnicodeDecodeError as error:
            error.start += start
            raise
        yield piece
        start += read


def train(args: argparse.Namespace) -> int:
    """The exit status of ``train``: 0, or 130 after Ctrl-C, or 143 after SIGTERM."""
    text = _read_text(args.file)
    stem = "stdin" if str(args.file) == "-" else args.file.stem
    path = args.checkpoint or Path(f"{stem}.npz")
    with alone(path), Stop() as stop:
        checkpoint = (_resumed if args.resume else _begun)(args, path, text)
        print(_heading(args.file, text, path, checkpoint), flush=True)
        state = _trained(args, path, checkpoint, text, stop)
    if state.step < args.steps:
        print(f"Stopped after step {state.step}. Go on with\n  {_go_on(args, path)}")
        return stop.status
    print(f"Done: {state.step} steps. Let it write with\n  {_command('sample', path)}")
    return 0


def _trained(
    args: argparse.Namespace,
    path: Path,
    checkpoint: Checkpoint,
    text: _Text,
    stop: Stop,
) -> State:
    """The last state of a training, saved; it ends early where it is asked to stop."""
    state, T = checkpoint.state, checkpoint.settings.T
    read, kept = _halves(text, checkpoint)
    states = islice(_states(checkpoint, read), max(0, args.steps - state.step))
    progress = Progress(state.step, args.steps, T, sys.stderr)
    recent: list[float] = []
    try:
        for state in states:
            recent.append(state.loss / T)
            progress.show(state)
            if due := state.step % args.every == 0 or state.step == args.steps:
                _save(path, replace(checkpoint, state=state))
                losses = Losses(
                    float(np.mean(recent)),
                    state.smooth_loss / T,
                    loss_a_letter(state.params, kept),
                )
                recent.clear()
                progress.clear()
                left = progress.left(state.step, time.monotonic())
                told = f"step {state.step}, {losses}, {left}"
                print("\n".join([told, *_written(state, checkpoint, read)]), flush=True)
                if args.table:
                    add_row(args.table, state.step, losses)
            if stop.status:
                if not due:
                    _save(path, replace(checkpoint, state=state))
                break
    finally:
        progress.clear()
    return state


def _states(checkpoint: Checkpoint, read: Array) -> Iterator[State]:
    """The states of the training that goes on from the checkpoint."""
    settings = checkpoint.settings
    return steps(
        checkpoint.state,
        read,
        settings.T,
        update=partial(RULES[settings.rule], learning_rate=settings.learning_rate),
        clip=partial(clip, bound=settings.clip),
    )


def _begun(args: argparse.Namespace, path: Path, text: _Text) -> Checkpoint:
    """A new training, saved at once: what is wrong with the place is told now."""
    for place in (path, args.table):
        if place and place.exists():
            raise ValueError(
                f"{place} is there already; go on from it with --resume, or save "
                "elsewhere with --checkpoint and --table"
            )
    given = {name: getattr(args, option) for option, name in _OPTIONS.items()}
    chosen = {name: value for name, value in given.items() if value is not None}
    B = chosen.get("B", 1)
    share = chosen.get("held_out", 0.0)
    cut = _cut(text.length, share)
    longest = cut // B - 1
    about = f"{args.file} has {text.length} characters"
    if longest < 1:
        and_share = f" and --held-out {share:g}" if share else ""
        raise ValueError(f"{about}, too few for --batch {B}{and_share}")
    if share and text.length - cut < 2:
        raise ValueError(f"{about}: --held-out {share:g} leaves fewer than two of them")
    if chosen.get("T", 1) > longest:
        raise ValueError(
            f"--seq-length is {args.seq_length}, expected at most {longest}: {about}"
        )
    rate = RATES[chosen.get("rule", Settings.rule)]
    default = {"T": min(Settings.T, longest), "learning_rate": rate}
    settings = Settings(**{**default, **chosen})
    vocabulary, rng = text.vocabulary, np.random.default_rng(settings.seed)
    state = start(
        len(vocabulary),
        settings.H,
        settings.T,
        rng,
        cell=settings.cell,
        B=settings.B,
        rule=settings.rule,
    )
    checkpoint = Checkpoint(state, vocabulary, settings, digest(text.data))
    _reach(args.table)
    save(path, checkpoint)
    return checkpoint


def _resumed(args: argparse.Namespace, path: Path, text: _Text) -> Checkpoint:
    """The training saved at ``path``; text and options must be those it began with."""
    checkpoint = load(path)
    if digest(text.data) != checkpoint.digest:
        raise ValueError(f"{args.file} is not the text that {path} was trained on")
    for option, name in _OPTIONS.items():
        given, was = getattr(args, option), getattr(checkpoint.settings, name)
        if given not in (None, was):
            raise ValueError(
                f"--{option.replace('_', '-')} is {given}, but {path} was trained with "
                f"{was}: leave the option out, or begin a new training"
            )
    _reach(args.table)
    return checkpoint


def _reach(table: Path | None) -> None:
    """Open the table once before the first step, for it may not be writable."""
    if table:
        table.open("a").close()


def write(args: argparse.Namespace) -> int:
    """The exit status of ``sample``, always 0."""
    checkpoint = load(args.checkpoint)
    vocabulary, params = checkpoint.vocabulary, checkpoint.state.params
    prime = vocabulary.encode(args.prime or vocabulary.letters[0])
    rng = np.random.default_rng(args.seed)
    letters = sample(params, prime, args.length, rng, args.temperature)
    print(args.prime + vocabulary.decode(letters))
    return 0


def _read_text(path: Path) -> _Text:
    """The text in a file, or on standard input where the file is called "-".

    Raises
    ------
    ValueError
        Unless it is UTF-8 and can be learnt from.
    """
    data = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    data = data.removeprefix(codecs.BOM_UTF8)
    letters: set[str] = set()
    length = 0
    try:
        for piece in _pieces(data):
            letters.update(piece)
            length += len(piece)
    except UnicodeDecodeError as error:
        raise ValueError(
            f"{path} is not UTF-8 text: byte 0x{data[error.start]:02x} "
            f"at place {error.start}"
        ) from error
    if length < 2:
        raise ValueError(
            f"{path} holds {'one character' if length else 'no text'}, expected at "
            "least two characters: one to read and the next to predict"
        )
    return _Text(data, Vocabulary.of("".join(letters)), length)


def _cut(length: int, held_out: float) -> int:
    """The place where the text that is trained on ends."""
    return length - round(held_out * length)


def _halves(text: _Text, checkpoint: Checkpoint) -> tuple[Array, Array]:
    """The text that is trained on and the text that is held out, as indices."""
    indices = text.indices(checkpoint.vocabulary)
    cut = _cut(text.length, checkpoint.settings.held_out)
    return indices[:cut], indices[cut:]


def _heading(file: Path, text: _Text, path: Path, checkpoint: Checkpoint) -> str:
    """What is about to be trained, on what, and where it is saved."""
    state, s = checkpoint.state, checkpoint.settings
    V = len(checkpoint.vocabulary)
    n = (_cut(text.length, s.held_out) // s.B - 1) // s.T
    few = f"\nonly {n} chunk{'s' * (n > 1)} of {s.T} to learn from" if n < _FEW else ""
    going_on = f", going on after step {state.step}" if state.step else ""
    return (
        f"{file}: {text.length} characters, {V} different; guessing blindly costs "
        f"{np.log(V):.3f} nats a letter{few}\n"
        f"{s.cell}, H = {s.H}, T = {s.T}, B = {s.B}, {s.rule} at "
        f"{s.learning_rate:g}, clip {s.clip:g}, seed {s.seed}: "
        f"{state.params.vector.size} parameters\n"
        f"checkpoint {path}{going_on}"
    )


def _written(state: State, checkpoint: Checkpoint, read: Array) -> list[str]:
    """How the network goes on from where it is in the text, line by line."""
    rng = np.random.default_rng([checkpoint.settings.seed, state.step])
    prime = read[state.position : state.position + 1]
    first = (carried[:, :1] for carried in state.carried)  # of the first stream
    letters = sample(state.params, prime, 200, rng, 1.0, *first)
    written = checkpoint.vocabulary.decode(letters).splitlines()
    return ["  | " + line for line in written]


def _save(path: Path, checkpoint: Checkpoint) -> None:
    """Save the checkpoint, or say that nothing is lost by the failure."""
    try:
        save(path, checkpoint)
    except OSError as error:
        what = f"{error.strerror}; what was saved there before is untouched"
        raise OSError(error.errno, what, str(path)) from error


def _go_on(args: argparse.Namespace, path: Path) -> str:
    """The command that goes on with a training that was stopped."""
    options = ["--checkpoint", path, "--steps", args.steps, "--every", args.every]
    options += ["--table", args.table] if args.table else []
    return _command("train", args.file, *options, "--resume")


def _command(*words: Any) -> str:
    """A command line of this program, ready to be pasted."""
    return shlex.join(["python", "-m", "rnn_notes", *map(str, words)])
