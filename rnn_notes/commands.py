"""What ``python -m rnn_notes train`` and ``python -m rnn_notes sample`` do."""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from rnn_notes.checkpoints import Checkpoint, Settings, digest, load, save
from rnn_notes.sampling import sample
from rnn_notes.text import Vocabulary
from rnn_notes.training import State, adagrad, start, steps

OPTIONS = {  # of the command line, and what they are called in Settings
    "hidden": "H",
    "seq_length": "T",
    "learning_rate": "learning_rate",
    "seed": "seed",
}


def train(args: argparse.Namespace) -> int:
    """The exit status of ``train``: 0, or 130 after Ctrl-C."""
    text = read_text(args.file)
    path = args.checkpoint or Path(args.file.stem + ".npz")
    checkpoint = (resumed if args.resume else begun)(args, path, text)
    state, indices = checkpoint.state, checkpoint.vocabulary.encode(text)
    print(_heading(args.file, text, path, checkpoint), flush=True)
    states = islice(_states(checkpoint, indices), max(0, args.steps - state.step))
    progress = Progress(state.step, args.steps, checkpoint.settings.T, sys.stderr)
    stopped = False
    try:
        for following in states:
            state = following
            progress.show(state)
            if state.step % args.every == 0 or state.step == args.steps:
                _save(path, replace(checkpoint, state=state))
                progress.clear()
                print(_report(state, checkpoint, indices), flush=True)
    except KeyboardInterrupt:
        stopped = True
    finally:
        progress.clear()
    if stopped:
        _save(path, replace(checkpoint, state=state))
        print(f"Stopped after step {state.step}. Go on with\n  {_go_on(args, path)}")
        return 130
    print(f"Done: {state.step} steps. Let it write with\n  {_command('sample', path)}")
    return 0


def _states(checkpoint: Checkpoint, indices: list[int]) -> Iterator[State]:
    """The states of the training that goes on from the checkpoint."""
    state, settings = checkpoint.state, checkpoint.settings
    return steps(
        state,
        indices,
        settings.T,
        update=partial(adagrad, learning_rate=settings.learning_rate),
    )


def begun(args: argparse.Namespace, path: Path, text: str) -> Checkpoint:
    """A new training, saved at once: what is wrong with the place is told now."""
    if path.exists():
        raise ValueError(
            f"{path} is there already; go on from it with --resume, or save elsewhere "
            "with --checkpoint"
        )
    longest = len(text) - 1
    if args.seq_length is not None and args.seq_length > longest:
        raise ValueError(
            f"--seq-length is {args.seq_length}, expected at most {longest}: "
            f"{args.file} has {len(text)} characters"
        )
    given = {name: getattr(args, option) for option, name in OPTIONS.items()}
    default = {"T": min(Settings.T, longest)}
    chosen = {name: value for name, value in given.items() if value is not None}
    settings = Settings(**{**default, **chosen})
    vocabulary, rng = Vocabulary.of(text), np.random.default_rng(settings.seed)
    state = start(len(vocabulary), settings.H, settings.T, rng)
    checkpoint = Checkpoint(state, vocabulary, settings, digest(text))
    save(path, checkpoint)
    return checkpoint


def resumed(args: argparse.Namespace, path: Path, text: str) -> Checkpoint:
    """The training saved at ``path``; text and options must be those it began with."""
    checkpoint = load(path)
    if digest(text) != checkpoint.digest:
        raise ValueError(f"{args.file} is not the text that {path} was trained on")
    for option, name in OPTIONS.items():
        given, was = getattr(args, option), getattr(checkpoint.settings, name)
        if given not in (None, was):
            raise ValueError(
                f"--{option.replace('_', '-')} is {given}, but {path} was trained with "
                f"{was}: leave the option out, or begin a new training"
            )
    return checkpoint


def write(args: argparse.Namespace) -> int:
    """The exit status of ``sample``, always 0."""
    checkpoint = load(args.checkpoint)
    vocabulary, params = checkpoint.vocabulary, checkpoint.state.params
    prime = vocabulary.encode(args.prime or vocabulary.letters[0])
    rng = np.random.default_rng(args.seed)
    letters = sample(params, prime, args.length, rng, args.temperature)
    print(args.prime + vocabulary.decode(letters))
    return 0


def read_text(path: Path) -> str:
    """The text in a file; ``ValueError`` unless it is UTF-8 and can be learnt from."""
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        byte = error.object[error.start]
        raise ValueError(
            f"{path} is not UTF-8 text: byte 0x{byte:02x} at place {error.start}"
        ) from error
    if len(text) < 2:
        raise ValueError(
            f"{path} holds {'one character' if text else 'no text'}, expected at least "
            "two characters: one to read and the next to predict"
        )
    return text


class Progress:
    """A line on a terminal that says how far the training is; elsewhere, nothing."""

    def __init__(self, done: int, total: int, T: int, stream: TextIO) -> None:
        self.first, self.total, self.T, self.stream = done, total, T, stream
        self.live = stream.isatty() and os.environ.get("TERM") != "dumb"
        self.began = self.shown = time.monotonic()

    def show(self, state: State) -> None:
        """Draws the line anew, at most ten times a second."""
        now = time.monotonic()
        if not self.live or now - self.shown < 0.1:
            return
        self.shown = now
        seconds = (now - self.began) / (state.step - self.first)
        left = round(seconds * (self.total - state.step))
        filled = 20 * state.step // self.total
        line = (
            f"[{'#' * filled}{'.' * (20 - filled)}] step {state.step} of {self.total}, "
            f"loss {state.smooth_loss / self.T:#.4g}, {left // 60}:{left % 60:02} left"
        )
        width = shutil.get_terminal_size().columns - 1
        self.stream.write("\r" + line[:width].ljust(width))
        self.stream.flush()

    def clear(self) -> None:
        """Takes the line away."""
        if self.live:
            self.stream.write("\r\x1b[K")
            self.stream.flush()


def _heading(file: Path, text: str, path: Path, checkpoint: Checkpoint) -> str:
    """What is about to be trained, on what, and where it is saved."""
    state, settings = checkpoint.state, checkpoint.settings
    size = sum(array.size for array in vars(state.params).values())
    V = len(checkpoint.vocabulary)
    going_on = f", going on after step {state.step}" if state.step else ""
    return (
        f"{file}: {len(text)} characters, {V} different; guessing blindly costs "
        f"{np.log(V):.3f} nats a letter\n"
        f"H = {settings.H}, T = {settings.T}, learning rate "
        f"{settings.learning_rate:g}, seed {settings.seed}: {size} parameters\n"
        f"checkpoint {path}{going_on}"
    )


def _report(state: State, checkpoint: Checkpoint, indices: list[int]) -> str:
    """The step, the loss, and how the network goes on from where it is in the text."""
    rng = np.random.default_rng([checkpoint.settings.seed, state.step])
    prime = indices[state.position : state.position + 1]
    letters = sample(state.params, prime, 200, rng, hprev=state.hprev)
    written = checkpoint.vocabulary.decode(letters).splitlines()
    loss = state.smooth_loss / checkpoint.settings.T
    return "\n".join(
        [f"step {state.step}, loss {loss:#.4g}", *map("  | ".__add__, written)]
    )


def _save(path: Path, checkpoint: Checkpoint) -> None:
    """Saves the checkpoint, or says that nothing is lost by the failure."""
    try:
        save(path, checkpoint)
    except OSError as error:
        what = f"{error.strerror}; what was saved there before is untouched"
        raise OSError(error.errno, what, str(path)) from error


def _go_on(args: argparse.Namespace, path: Path) -> str:
    """The command that goes on with a training that was stopped."""
    options = ["--checkpoint", path, "--steps", args.steps, "--every", args.every]
    return _command("train", args.file, *options, "--resume")


def _command(*words: Any) -> str:
    """A command line of this program, ready to be pasted."""
    return shlex.join(["python", "-m", "rnn_notes", *map(str, words)])
