"""The run in PyTorch that pages show is one of the file that they show."""

import hashlib

import numpy as np

from rnn_notes.book.frameworks import pytorch
from tests.frameworks import twins
from tests.helpers import prose

FILE = prose.ROOT / "tests" / "frameworks" / "in_pytorch.py"


def test_the_run_is_of_this_file_and_agreed():
    run = pytorch()
    assert run["file"] == hashlib.sha256(FILE.read_bytes()).hexdigest()
    assert max(run["worst"].values()) < 1e-12
    assert run["missing"] > 0.05


def test_what_the_package_writes_needs_numpy_alone(tmp_path):
    twins.main(tmp_path / "twins.npz")
    with np.load(tmp_path / "twins.npz", allow_pickle=False) as file:
        arrays = dict(file)
    for cell in ("rnn", "lstm", "gru"):
        assert arrays[f"{cell}.loss"] > 0
        assert arrays[f"{cell}.dhprev"].shape == (twins.H, twins.B)
    assert not np.allclose(arrays["rnn.dWhh_cut"], arrays["rnn.dWhh"], rtol=0.05)
