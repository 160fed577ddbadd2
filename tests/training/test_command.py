"""The command line: what it prints, what it refuses, and that nothing is lost."""

import errno
import os
import random
import shlex
import signal
import subprocess
import sys
import time
import tracemalloc
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np
import pytest

from rnn_notes.__main__ import main
from rnn_notes.checkpoints import load, save
from rnn_notes.sampling import sample
from rnn_notes.training import commands, safe_files

TEXT = "the loop is short, the way back is long, and the sum has no end.\n" * 3
SMALL = ["--hidden", "8", "--seq-length", "5", "--every", "40"]
pytestmark = pytest.mark.usefixtures("folder")


def train(*options, file="text.txt"):
    """The exit status of a small training."""
    return main(["train", file, *SMALL, *map(str, options)])


def undisturbed(steps):
    """The bytes of the checkpoint after a training that nothing disturbed."""
    assert train("--steps", steps, "--checkpoint", "undisturbed.npz") == 0
    return Path("undisturbed.npz").read_bytes()


FORMULA = r"y_t = W_{hy} h_t + b_y"


@pytest.mark.parametrize(
    ("closed", "formula", "told"),
    [
        (">&-", FORMULA, "standard output is closed"),
        ("<&-", "-", "no formula came"),
        ("<&-", FORMULA, ""),
        ("2>&-", FORMULA, ""),
    ],
)
def test_what_is_closed_is_no_answer(closed, formula, told):
    """1 would say that the formula does not hold."""
    command = shlex.join([sys.executable, "-m", "rnn_notes", "equation", formula])
    done = subprocess.run(
        f"{command} {closed}", shell=True, capture_output=True, text=True
    )
    assert done.returncode == (2 if told else 0), done.stderr
    assert told in done.stderr
    assert done.stderr.count("\n") == bool(told)


def test_what_nobody_expected_is_no_answer(monkeypatch, capsys):
    monkeypatch.setattr(
        "rnn_notes.equations.equation_command._gathered", lambda *_: [1]
    )
    assert main(["equation", FORMULA]) == 2
    assert capsys.readouterr().err.startswith("rnn_notes: unexpected ")


def test_train_and_sample(capsys):
    assert train("--steps", 80, "--seed", 2) == 0
    told = capsys.readouterr()
    assert "text.txt: 195 characters, 24 different" in told.out
    assert f"guessing blindly costs {np.log(24):.3f} nats" in told.out
    assert "step 40, loss 2." in told.out
    assert "step 80, loss 2." in told.out
    assert "\n  | " in told.out
    assert not told.err  # no line that moves where there is no terminal
    assert main(shlex.split("sample text.npz --prime the --length 9 --seed 1")) == 0
    written = capsys.readouterr().out
    assert written.startswith("the")
    assert len(written) == len("the") + 9 + len("\n")
    assert main(shlex.split("sample text.npz --prime the --length 9 --seed 1")) == 0
    assert capsys.readouterr().out == written
    assert main(shlex.split("sample text.npz --prime the --length 9 --seed 2")) == 0
    assert capsys.readouterr().out != written


def test_a_low_temperature_leaves_nothing_to_chance(capsys):
    assert train("--steps", 40) == 0
    texts = {}
    for temperature in (0.001, 1):
        for seed in (1, 2):
            capsys.readouterr()
            options = f"--temperature {temperature} --seed {seed} --length 30"
            assert main(shlex.split(f"sample text.npz {options}")) == 0
            texts[temperature, seed] = capsys.readouterr().out
    assert texts[0.001, 1] == texts[0.001, 2]
    assert texts[1, 1] != texts[1, 2]


def test_the_sample_goes_on_from_where_the_training_is(capsys):
    assert train("--steps", 40, "--seed", 7) == 0
    checkpoint = load("text.npz")
    state, vocabulary = checkpoint.state, checkpoint.vocabulary
    prime = vocabulary.encode(TEXT)[state.position : state.position + 1]
    rng = np.random.default_rng([7, 40])
    letters = sample(state.params, prime, 200, rng, hprev=state.hprev)
    written = vocabulary.decode(letters).splitlines()
    assert "".join(f"  | {line}\n" for line in written) in capsys.readouterr().out


def test_a_training_is_saved_before_its_first_step():
    assert train("--learning-rate", "1e308", "--steps", 40) == 2
    assert load("text.npz").state.step == 0


def test_going_on_ends_where_the_undisturbed_training_ends():
    whole = undisturbed(120)
    assert train("--steps", 50) == 0
    assert Path("text.npz").read_bytes() != whole
    assert train("--steps", 120, "--resume") == 0
    assert Path("text.npz").read_bytes() == whole
    assert train("--steps", 60, "--resume") == 0  # nothing left to do, nothing undone
    assert Path("text.npz").read_bytes() == whole


def test_how_often_it_prints_changes_nothing_else():
    whole = undisturbed(120)
    assert train("--steps", 120, "--every", 7) == 0
    assert Path("text.npz").read_bytes() == whole


def test_a_checkpoint_that_forgets_the_hidden_state_ends_elsewhere():
    whole = undisturbed(120)
    assert train("--steps", 50) == 0
    checkpoint = load("text.npz")
    forgotten = replace(checkpoint.state, hprev=np.zeros((8, 1)))
    save("text.npz", replace(checkpoint, state=forgotten))
    assert train("--steps", 120, "--resume") == 0
    assert Path("text.npz").read_bytes() != whole


def test_two_trainings_of_one_checkpoint_are_refused(capsys):
    with safe_files.alone(Path("text.npz")):
        assert train("--steps", 1) == 2
    assert f"text.npz is in use by another training (process {os.getpid()})" in (
        one_line(capsys)
    )
    assert train("--steps", 1) == 0


def test_killed_at_random_moments_it_ends_bit_for_bit_alike(folder):
    steps, kills, unfinished, rng = 600, 0, 0, random.Random()
    whole = undisturbed(steps)
    command = [sys.executable, "-m", "rnn_notes", "train", "text.txt", *SMALL]
    command += ["--steps", str(steps), "--checkpoint", "killed.npz"]
    for _ in range(3):
        resume = ["--resume"] if Path("killed.npz").exists() else []
        with subprocess.Popen(
            command + resume, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as process:
            process.stdout.readline()  # the heading: training begins
            time.sleep(rng.uniform(0.0, 0.1))
            process.kill()
            assert not process.stderr.read()
        kills += process.returncode == -signal.SIGKILL
        unfinished += load("killed.npz").state.step < steps
    assert kills > 0
    assert unfinished > 0
    assert train("--steps", steps, "--checkpoint", "killed.npz", "--resume") == 0
    assert Path("killed.npz").read_bytes() == whole


def interrupt_at(step, monkeypatch, *numbers):
    """Sends signals after a step."""
    show = commands.Progress.show

    def pressed(self, state):
        show(self, state)
        if state.step == step:
            for number in numbers:
                signal.raise_signal(number)

    monkeypatch.setattr(commands.Progress, "show", pressed)


INT, TERM = signal.SIGINT, signal.SIGTERM
TWICE = [(INT, INT), (TERM, TERM), (INT, TERM), (TERM, INT)]


@pytest.mark.parametrize("numbers", [(INT,), (TERM,), *TWICE])
def test_a_signal_saves_and_says_how_to_go_on(numbers, capsys, monkeypatch):
    whole = undisturbed(120)
    before = [signal.getsignal(number) for number in numbers]
    with monkeypatch.context() as patched:
        interrupt_at(57, patched, *numbers)
        assert train("--steps", 120) == 128 + numbers[0]
    assert [signal.getsignal(number) for number in numbers] == before
    assert load("text.npz").state.step == 57
    *_, told, command = capsys.readouterr().out.splitlines()
    assert told == "Stopped after step 57. Go on with"
    python, *arguments = shlex.split(command)
    assert (python, arguments[:2]) == ("python", ["-m", "rnn_notes"])
    assert main(arguments[2:]) == 0
    assert Path("text.npz").read_bytes() == whole


@pytest.mark.parametrize("numbers", TWICE)
@pytest.mark.parametrize(("flushed", "step"), [(0, 1), (2, 40), (3, 40)])
def test_a_signal_while_it_saves_loses_nothing(flushed, step, numbers, monkeypatch):
    whole, flush, times = undisturbed(120), os.fsync, count()

    def pressed(handle):
        if next(times) == flushed:  # the file of a save, then its folder
            for number in numbers:
                signal.raise_signal(number)
        flush(handle)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", pressed)
        assert train("--steps", 120) == 128 + numbers[0]
    assert load("text.npz").state.step == step
    assert sorted(os.listdir()) == ["text.npz", "text.txt", "undisturbed.npz"]
    assert train("--steps", 120, "--resume") == 0
    assert Path("text.npz").read_bytes() == whole


INTERRUPTED = """
import runpy, signal, sys

signal.signal(signal.SIGINT, signal.default_int_handler)  # not ignored, as in jobs

class Finder:
    def find_spec(name, path=None, target=None):
        if name == "numpy":
            signal.raise_signal(signal.SIGINT)

sys.meta_path.insert(0, Finder)
sys.argv = ["rnn_notes", "sample", "nowhere.npz"]
runpy.run_module("rnn_notes", run_name="__main__")
"""


def test_ctrl_c_while_it_imports_is_no_traceback():
    program = [sys.executable, "-c", INTERRUPTED]
    result = subprocess.run(program, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (130, "")
    undisturbed = [*program[:2], INTERRUPTED.replace('"numpy"', '"nothing"')]
    result = subprocess.run(undisturbed, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert "nowhere.npz: No such file or directory" in result.stderr


def one_line(capsys):
    """What was told on stderr, which is one line."""
    told = capsys.readouterr().err
    assert told.endswith("\n")
    assert told.count("\n") == 1
    assert "Traceback" not in told
    return told


def test_a_full_disk_loses_nothing(capsys, monkeypatch):
    whole = undisturbed(120)
    assert train("--steps", 40) == 0
    before = Path("text.npz").read_bytes()

    def no_space(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    for pressed in (False, True):  # while it trains, and when Ctrl-C would save
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", no_space)
            if pressed:
                interrupt_at(57, patched, INT)
            capsys.readouterr()
            assert train("--steps", 120, "--resume") == 2
        told = one_line(capsys)
        assert "text.npz: No space left on device; what was saved" in told
        assert Path("text.npz").read_bytes() == before
    assert train("--steps", 120, "--resume") == 0
    assert Path("text.npz").read_bytes() == whole


def test_a_long_text_takes_its_bytes_twice_whatever_it_is_written_in():
    long = TEXT * 50_000 + "🙂"  # as a string, four bytes a letter
    Path("long.txt").write_text(long)
    tracemalloc.start()
    assert train("--steps", 1, file="long.txt") == 0
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 3 * len(long)


def test_a_text_in_pieces_is_the_same_text(monkeypatch):
    """Seven bytes a piece cut letters of two, of three and of four bytes."""
    foreign = TEXT.translate(str.maketrans("oht", "é–🙂"))
    Path("text.txt").write_text("\ufeff" + foreign, encoding="utf-8")
    whole = undisturbed(60)
    monkeypatch.setattr(commands, "_PIECE", 7)
    assert train("--steps", 60) == 0
    assert Path("text.npz").read_bytes() == whole


TEXTS = {
    "no-utf8.txt": b"ab\xffcd",
    "long.txt": "aé🙂".encode() * 200_000 + b"\xff",
    "empty.txt": b"",
    "one.txt": "é".encode(),
    "abc.txt": b"abc",
    "other.txt": TEXT.upper().encode(),
}
ERRORS = {
    "train no-utf8.txt": "no-utf8.txt is not UTF-8 text: byte 0xff at place 2",
    "train long.txt": "long.txt is not UTF-8 text: byte 0xff at place 1400000",
    "train empty.txt": "empty.txt holds no text, expected at least two characters",
    "train one.txt": "one.txt holds one character, expected at least two characters",
    "train abc.txt --seq-length 3": "--seq-length is 3, expected at most 2: abc.txt",
    "train nowhere.txt": "nowhere.txt: No such file or directory",
    "train .": ".: Is a directory",
    "train abc.txt --checkpoint no/a.npz": "no/a.npz: No such file or directory",
    "train abc.txt --hidden 0": "--hidden: '0' is not a whole number of at least 1",
    "train abc.txt --steps 1e3": "--steps: '1e3' is not a whole number of at least 1",
    "train abc.txt --seed -1": "--seed: '-1' is not a whole number of at least 0",
    "train abc.txt --learning-rate nan": "--learning-rate: 'nan' is not a number",
    "train abc.txt --learning-rate 1e308": "training broke down at step",
    "train abc.txt --hidden 100000000000": "not enough memory",
    "train abc.txt --resume": "abc.npz: No such file or directory",
    "train text.txt": "text.npz is there already; go on from it with --resume",
    "train other.txt --checkpoint text.npz --resume": "other.txt is not the text that",
    "train text.txt --resume --hidden 9": "--hidden is 9, but text.npz was trained",
    "train text.txt --resume --learning-rate 1": "--learning-rate is 1.0, but text.npz",
    "train text.txt --resume --checkpoint cut.npz": "cut.npz holds no whole checkpoint",
    "train text.txt --cell elman": "--cell: invalid choice: 'elman'",
    "train text.txt --held-out 1": "--held-out: '1' is not a share from 0 to below 1",
    "train text.txt --resume --cell lstm": "--cell is lstm, but text.npz was trained",
    "train text.txt --resume --rule adam": "--rule is adam, but text.npz was trained",
    "train abc.txt --batch 2": "abc.txt has 3 characters, too few for --batch 2\n",
    "train abc.txt --held-out 0.9": "too few for --batch 1 and --held-out 0.9",
    "train abc.txt --held-out 0.1": "--held-out 0.1 leaves fewer than two of them",
    "train abc.txt --table other.txt": "other.txt is there already; go on from it",
    "train text.txt --colour": "unrecognized arguments: --colour",
    "train": "the following arguments are required: FILE",
    "sample nowhere.npz": "nowhere.npz: No such file or directory",
    "sample 'no\n\x1b[1mwhere.npz'": r"no\n\x1b[1mwhere.npz: No such file or directory",
    "sample text.txt": "text.txt is not a checkpoint of rnn_notes",
    "sample cut.npz": "cut.npz holds no whole checkpoint",
    "sample text.npz --prime Ω": "character 'Ω' at place 0 is not in the vocabulary",
    "sample text.npz --temperature 0": "--temperature: '0' is not a number above 0",
    "sample text.npz --temperature warm": "--temperature: 'warm' is not a number",
    "sample text.npz --length 0": "--length: '0' is not a whole number of at least 1",
    "": "the following arguments are required: COMMAND",
    "trian": "invalid choice: 'trian'",
}


def status(command):
    """The exit status of a command line."""
    try:
        return main(shlex.split(command))
    except SystemExit as stop:
        return stop.code


@pytest.mark.parametrize("command", ERRORS)
def test_an_error_is_one_line_and_loses_nothing(command, capsys):
    assert train("--steps", 1) == 0
    before = Path("text.npz").read_bytes()
    Path("cut.npz").write_bytes(before[:-50])
    for name, content in TEXTS.items():
        Path(name).write_bytes(content)
    capsys.readouterr()
    assert status(command) == 2
    assert ERRORS[command] in one_line(capsys)
    assert Path("text.npz").read_bytes() == before
    assert not list(Path().glob("*.part"))


@pytest.mark.parametrize("place", [".", "nowhere/t.csv"])
def test_a_table_that_cannot_be_written_is_told_before_the_first_step(place, capsys):
    assert status(f"train text.txt --steps 1 --table {place}") == 2
    assert place in one_line(capsys)
    assert not Path("text.npz").exists()
    assert train("--steps", 1, "--table", "t.csv") == 0
    assert len(Path("t.csv").read_text().splitlines()) == 2
    capsys.readouterr()
    before = Path("text.npz").read_bytes()
    assert status(f"train text.txt --steps 2 --resume --table {place}") == 2
    assert place in one_line(capsys)
    assert Path("text.npz").read_bytes() == before


@pytest.mark.parametrize("command", ["", "train", "sample", "equation"])
def test_help_teaches(command, capsys):
    assert status(f"{command} --help") == 0
    told = capsys.readouterr().out
    assert max(map(len, told.splitlines())) <= 88
    assert len(told) > 400


def test_two_letters_are_text_enough(capsys):
    Path("two.txt").write_text("ab")
    assert main(["train", "two.txt", "--steps", "2", "--hidden", "3"]) == 0
    assert load("two.npz").settings.T == 1
    assert "smoothed 0.69" in capsys.readouterr().out


def test_the_default_settings_are_the_classic_ones():
    Path("long.txt").write_text(TEXT)
    assert main(["train", "long.txt", "--steps", "1"]) == 0
    settings = load("long.npz").settings
    assert (settings.H, settings.T, settings.learning_rate) == (100, 25, 0.1)


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_who_stops_reading_is_no_error(unbuffered):
    assert train("--steps", 1) == 0
    with subprocess.Popen(
        [sys.executable, "-m", "rnn_notes", "sample", "text.npz"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
    ) as process:
        process.stdout.close()
        assert not process.stderr.read()
    assert process.returncode == 141


class Terminal:
    """A terminal that remembers what was written on it."""

    def __init__(self, live):
        self.live, self.written = live, ""

    def isatty(self):
        return self.live

    def write(self, text):
        self.written += text

    def flush(self):
        pass


def test_a_line_moves_on_a_terminal_only(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "60")
    train("--steps", 1)
    now = iter([0.0, 0.05, 2.0])
    monkeypatch.setattr(time, "monotonic", lambda: next(now))
    state = load("text.npz").state
    terminal = Terminal(live=True)
    progress = commands.Progress(0, 11, 5, terminal)
    progress.show(state)
    assert not terminal.written  # too soon
    progress.show(state)
    assert "step 1 of 11, loss 3.178" in terminal.written
    assert "0:20 left" in terminal.written
    assert len(terminal.written) == 60  # the return and 59 columns
    pipe = Terminal(live=False)
    monkeypatch.setattr(time, "monotonic", lambda: 9.0)
    progress = commands.Progress(0, 11, 5, pipe)
    progress.show(state)
    progress.clear()
    assert not pipe.written
