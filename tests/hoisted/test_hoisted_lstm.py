"""The LSTM's fast pass equals the readable one, for one sequence and for many."""

import numpy as np
import pytest

from rnn_notes import lstm
from rnn_notes.differences import agreement
from rnn_notes.hoisted.hoisted_lstm import loss_and_gradients, loss_and_vector

SIZES = [(2, 3, 1), (3, 3, 5), (2, 1, 6), (7, 1, 1), (4, 6, 50), (1, 2, 3)]


def problem(V, H, T, B=None, seed=0):
    """Random parameters, text and first states, of B sequences where B is given."""
    rng = np.random.default_rng([seed, V, H, T])
    params = lstm.Params(
        **{n: 0.6 * rng.standard_normal(s) for n, s in lstm.Params.shapes(V, H).items()}
    )
    inputs, targets = rng.integers(V, size=(2, T) if B is None else (2, B, T))
    return params, inputs, targets, *rng.standard_normal((2, H, B or 1))


@pytest.mark.parametrize(("V", "H", "T"), SIZES)
def test_one_sequence_is_that_of_the_readable_loop(V, H, T):
    args = problem(V, H, T)
    slow_loss, slow, slow_last = lstm.loss_and_gradients(*args)
    loss, fast, last = loss_and_gradients(*args)
    assert np.isclose(loss, slow_loss, rtol=1e-13, atol=1e-14)
    assert agreement(fast, slow._asdict(), tolerance=1e-12)
    assert np.allclose(last, slow_last, rtol=1e-13, atol=1e-15)
    assert np.array_equal(loss_and_vector(*args)[1], fast.vector)
    if V > 1:
        wrong = slow._replace(dWhf=slow.dWho)
        assert not agreement(fast, wrong._asdict(), tolerance=1e-12)


@pytest.mark.parametrize("B", [1, 2, 5])
def test_a_batch_is_the_sum_of_its_sequences(B):
    params, inputs, targets, h, c = problem(4, 3, 6, B)
    loss, fast, (hlast, clast) = loss_and_gradients(params, inputs, targets, h, c)
    runs = [
        lstm.loss_and_gradients(params, x, y, h[:, b : b + 1], c[:, b : b + 1])
        for b, (x, y) in enumerate(zip(inputs, targets, strict=True))
    ]
    assert np.isclose(loss, sum(run[0] for run in runs), rtol=1e-13)
    summed = sum(run[1].vector for run in runs)
    assert agreement(fast.vector, summed, tolerance=1e-12)
    for place, last in enumerate((hlast, clast)):
        assert np.allclose(last, np.hstack([run[2][place] for run in runs]))
    for name in ("dhprev", "dcprev"):
        joined = np.hstack([getattr(run[1], name) for run in runs])
        assert agreement(getattr(fast, name), joined, tolerance=1e-12)
    if B > 1:
        assert not agreement(fast.vector, summed / B)


def test_float32_stays_float32():
    params, inputs, targets, *states = problem(4, 3, 6)
    narrow = lstm.Params(**{k: np.float32(v) for k, v in params.arrays().items()})
    _, fast, last = loss_and_gradients(
        narrow, inputs, targets, *map(np.float32, states)
    )
    assert {d.dtype for d in (*fast, *last)} == {np.dtype(np.float32)}
    wide = lstm.loss_and_gradients(params, inputs, targets, *states)[1]
    assert agreement(fast.vector, wide.vector, tolerance=1e-5)
    assert not agreement(fast.vector, wide.vector, tolerance=1e-9)


def test_results_are_the_callers_own():
    args = problem(3, 2, 4)
    first = loss_and_gradients(*args)
    kept = first[1].vector
    loss_and_gradients(args[0], args[2], args[1], *args[3:])
    assert np.array_equal(first[1].vector, kept)
    assert not np.shares_memory(first[2][0], args[3])


WRONG = {
    "cprev": (np.ones((2, 3)), ValueError, r"cprev has shape \(2, 3\), expected"),
    "hprev": (np.ones((2, 1)) + 1j, TypeError, "hprev holds complex128, expected real"),
    "inputs": ([0, 1, 2, 3], ValueError, r"inputs\[3\] is 3, expected 0 to 2"),
    "targets": ([[0, 1]], ValueError, r"targets has shape \(2, 1\), expected"),
}


@pytest.mark.parametrize("name", WRONG)
def test_wrong_input_is_named(name):
    value, error, message = WRONG[name]
    names = ("params", "inputs", "targets", "hprev", "cprev")
    arguments = dict(zip(names, problem(3, 2, 4), strict=True))
    with pytest.raises(error, match=message):
        loss_and_gradients(**{**arguments, name: value})
