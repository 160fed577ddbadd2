"""The command line trains, resumes and samples every network, and tells its losses."""

import csv
import io
import json
import math
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import rnn_notes
from rnn_notes.__main__ import main, parser
from rnn_notes.checkpoints import load
from rnn_notes.training.networks import CELLS
from rnn_notes.training.reports import loss_a_letter
from rnn_notes.training.updates import RULES

TEXT = "the loop is short, the way back is long, and the sum has no end.\n" * 8
SMALL = ["--hidden", "6", "--seq-length", "5", "--every", "20"]
pytestmark = pytest.mark.usefixtures("folder")


def train(*options, file="text.txt"):
    """The exit status of a small training."""
    return main(["train", file, *SMALL, *map(str, options)])


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("batch", [1, 3])
def test_resumed_it_ends_where_the_undisturbed_ends(cell, rule, batch, capsys):
    options = ["--cell", cell, "--rule", rule, "--batch", batch, "--held-out", 0.2]
    assert train("--steps", 40, "--checkpoint", "whole.npz", *options) == 0
    whole = Path("whole.npz").read_bytes()
    assert train("--steps", 17, *options) == 0
    assert Path("text.npz").read_bytes() != whole
    assert train("--steps", 40, "--resume") == 0
    assert Path("text.npz").read_bytes() == whole
    assert f"{cell}, H = 6, T = 5, B = {batch}, {rule} at" in capsys.readouterr().out
    assert main(["sample", "text.npz", "--length", "7", "--seed", "1"]) == 0
    assert len(capsys.readouterr().out) == 7 + len("\n")


def test_the_losses_it_tells_are_true(capsys):
    assert train("--steps", 40, "--held-out", 0.25, "--table", "t.csv") == 0
    told = capsys.readouterr().out
    lines = re.findall(
        r"step (\d+), loss ([\d.]+) \(([\d.]+) bits a letter, perplexity ([\d.]+)\), "
        r"smoothed ([\d.]+), held out ([\d.]+), \d+:\d\d left",
        told,
    )
    assert [line[0] for line in lines] == ["20", "40"]
    state = load("text.npz").state
    _, loss, bits, perplexity, smoothed, held_out = map(float, lines[1])
    kept = load("text.npz").vocabulary.indices(TEXT[390:])
    assert math.isclose(loss, bits * math.log(2), rel_tol=1e-3)
    assert math.isclose(perplexity, math.exp(loss), rel_tol=1e-2)
    assert math.isclose(smoothed, state.smooth_loss / 5, rel_tol=1e-3)
    assert math.isclose(held_out, loss_a_letter(state.params, kept), rel_tol=1e-3)
    assert loss < smoothed - 0.05  # the smoothed one comes late
    rows = list(csv.DictReader(Path("t.csv").read_text().splitlines()))
    assert [row["step"] for row in rows] == ["20", "40"]
    assert math.isclose(float(rows[1]["held_out"]), held_out, rel_tol=1e-3)
    assert train("--steps", 60, "--resume", "--table", "t.csv") == 0
    rows = list(csv.DictReader(Path("t.csv").read_text().splitlines()))
    assert [row["step"] for row in rows] == ["20", "40", "60"]
    heads = Path("t.csv").read_text().splitlines()[0]
    assert heads == "step,loss,smoothed,held_out,bits,perplexity"


@pytest.mark.parametrize("cell", CELLS)
def test_a_loss_a_letter_is_that_of_one_pass(cell, monkeypatch):
    assert train("--steps", 20, "--cell", cell) == 0
    checkpoint = load("text.npz")
    params, indices = checkpoint.state.params, checkpoint.vocabulary.indices(TEXT[:60])
    run = CELLS[cell].forward(params, indices[:-1], indices[1:], *CELLS[cell].zeros(6))
    monkeypatch.setattr("rnn_notes.training.reports._PIECE", 7)
    loss = loss_a_letter(params, indices)
    assert math.isclose(loss, run.losses.mean(), rel_tol=1e-12)
    monkeypatch.setattr("rnn_notes.training.reports._MOST", 20)
    assert math.isclose(loss_a_letter(params, indices), run.losses[:20].mean())
    assert loss_a_letter(params, indices[:1]) is None


def test_the_text_held_out_is_not_trained_on():
    other = TEXT[:416] + TEXT[416:][::-1]
    Path("other.txt").write_text(other)
    for file in ("text.txt", "other.txt"):
        assert train("--steps", 120, "--held-out", 0.2, file=file) == 0
    one, two = (load(f"{name}.npz").state for name in ("text", "other"))
    assert np.array_equal(one.params.vector, two.params.vector)
    for file in ("text.txt", "other.txt"):
        assert train("--steps", 120, "--checkpoint", "a" + file, file=file) == 0
    one, two = (load(f"a{name}.txt").state for name in ("text", "other"))
    assert not np.array_equal(one.params.vector, two.params.vector)


def test_the_clip_is_the_one_asked_for():
    for bound in (5, 1e-9):
        path = f"{bound}.npz"
        assert train("--steps", 20, "--clip", bound, "--checkpoint", path) == 0
    assert load("5.npz").state.memory.max() > 1e-3
    assert load("1e-09.npz").state.memory.max() <= 20 * 1e-18 * (1 + 1e-9)


def test_a_text_comes_through_a_pipe(monkeypatch):
    def piped(data):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    piped(TEXT.encode())
    assert train("--steps", 20, file="-") == 0
    assert train("--steps", 20) == 0
    assert Path("stdin.npz").read_bytes() == Path("text.npz").read_bytes()
    piped(b"\xef\xbb\xbf" + TEXT.encode())  # a byte-order mark is no letter
    assert train("--steps", 40, "--resume", file="-") == 0
    piped(b"")
    assert train("--checkpoint", "none.npz", file="-") == 2


def test_little_text_is_told(capsys):
    Path("two.txt").write_text("ab")
    assert main(["train", "two.txt", "--steps", "2", "--hidden", "3"]) == 0
    assert "only 1 chunk of 1 to learn from" in capsys.readouterr().out
    assert train("--steps", 1) == 0
    assert "to learn from" not in capsys.readouterr().out


def test_the_version_and_the_choices(capsys):
    with pytest.raises(SystemExit) as stop:
        main(["--version"])
    assert stop.value.code == 0
    assert capsys.readouterr().out == f"{rnn_notes.__version__}\n"
    for options in (["--cell", c] for c in CELLS):
        assert parser().parse_args(["train", "a", *options]).cell == options[1]
    for options in (["--rule", r] for r in RULES):
        assert parser().parse_args(["train", "a", *options]).rule == options[1]


def test_a_checkpoint_of_version_1_goes_on_to_the_bit():
    assert train("--steps", 40, "--checkpoint", "whole.npz") == 0
    assert train("--steps", 20) == 0
    with np.load("text.npz") as archive:
        arrays = dict(archive)
    header = json.loads(arrays.pop("header").tobytes()) | {"version": 1}
    settings = header["settings"]
    names = ("H", "T", "learning_rate", "seed")  # all that there was
    header["settings"] = {name: settings[name] for name in names}
    memory = rnn_notes.Params.views(arrays.pop("memory"), len(header["letters"]), 6)
    arrays |= {f"memory_{name}": array for name, array in memory.items()}
    text = np.frombuffer(json.dumps(header).encode(), np.uint8)
    np.savez("text.npz", header=text, **arrays)
    assert train("--steps", 40, "--resume") == 0
    assert Path("text.npz").read_bytes() == Path("whole.npz").read_bytes()
    arrays["memory_Whh"] = np.ones((2, 2))
    np.savez("text.npz", header=text, **arrays)
    assert train("--steps", 60, "--resume") == 2
