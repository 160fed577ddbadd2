"""The runs in frameworks that pages show are of the files that they show."""

import hashlib

import numpy as np
import pytest

from rnn_notes.book.frameworks import in_jax, in_pytorch
from tests.frameworks import twins
from tests.helpers import prose

FILES = prose.ROOT / "tests" / "frameworks"


@pytest.mark.parametrize("run", [in_pytorch, in_jax])
def test_the_run_is_of_this_file_and_agreed(run):
    file = FILES / f"{run.__name__}.py"
    found = run()
    assert found["file"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert {"dWxh", "dWhh", "dWhy", "dbh", "dby", "dhprev"} < set(found["gradients"])
    assert max(found["gradients"].values()) < 1e-12
    if run is in_pytorch:
        assert max(found["worst"].values()) < 1e-12
        assert found["missing"] > 0.05


def test_what_the_package_writes_needs_numpy_alone(tmp_path):
    twins.main(tmp_path / "twins.npz")
    with np.load(tmp_path / "twins.npz", allow_pickle=False) as file:
        arrays = dict(file)
    for cell in ("rnn", "lstm", "gru"):
        assert arrays[f"{cell}.loss"] > 0
        assert arrays[f"{cell}.dhprev"].shape == (twins.H, twins.B)
    assert not np.allclose(arrays["rnn.dWhh_cut"], arrays["rnn.dWhh"], rtol=0.05)
