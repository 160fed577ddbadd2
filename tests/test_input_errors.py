"""Wrong input gets one error that names the argument, what came and what was due."""

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from rnn_notes import Params, forward
from rnn_notes.differences import agreement, central, complex_step
from rnn_notes.layouts import jacobian
from rnn_notes.rnn import running_example
from rnn_notes.text import Vocabulary, chunks
from rnn_notes.training import clip


def passing(**changes):
    """A forward pass of the running example with some arguments changed."""
    names = ("params", "inputs", "targets", "hprev")
    arguments = dict(zip(names, running_example(), strict=True))
    return forward(**{**arguments, **changes})


def with_weights(**arrays):
    """The running example's parameters with some arrays replaced."""
    return running_example()[0].replace(**arrays)


CASES = {
    "index too large": (
        lambda: passing(inputs=[0, 1, 2, 0, 1]),
        r"inputs\[2\] is 2, expected 0 to 1 \(V = 2\)",
    ),
    "negative index": (
        lambda: passing(targets=[0, -1, 1, 0, 1]),
        r"targets\[1\] is -1, expected 0 to 1",
    ),
    "lengths differ": (
        lambda: passing(targets=[0, 1]),
        "targets has 2 entries, expected 5",
    ),
    "T = 0": (lambda: passing(inputs=[], targets=[]), r"inputs is empty.*T = 0"),
    "indices in a table": (
        lambda: passing(inputs=[[0, 1]]),
        r"inputs has shape \(1, 2\), expected \(T,\)",
    ),
    "flat hprev": (
        lambda: passing(hprev=np.ones(3)),
        r"hprev has shape \(3,\), expected \(3, 1\), that is \(H, 1\)",
    ),
    "nan in hprev": (
        lambda: passing(hprev=np.full((3, 1), np.nan)),
        "hprev holds nan or inf",
    ),
    "Whh not square": (
        lambda: with_weights(Whh=np.ones((3, 2))),
        r"Whh has shape \(3, 2\), expected \(3, 3\), that is \(H, H\)",
    ),
    "Why transposed": (
        lambda: with_weights(Why=np.ones((3, 2))),
        r"Why has shape \(3, 2\), expected \(2, 3\), that is \(V, H\)",
    ),
    "flat bias": (
        lambda: with_weights(bh=np.ones(3)),
        r"bh has shape \(3,\), expected \(3, 1\)",
    ),
    "empty Wxh": (
        lambda: with_weights(Wxh=np.ones((0, 2))),
        r"Wxh has shape \(0, 2\), expected \(H, V\)",
    ),
    "inf in a weight": (
        lambda: with_weights(Whh=np.full((3, 3), np.inf)),
        "Whh holds nan or inf, expected finite numbers",
    ),
    "a vector of weights too short": (
        lambda: Params.of(np.ones(25), V=2, H=3),
        r"weights has shape \(25,\), expected \(26,\), that is one of each entry",
    ),
    "nan in a vector of weights": (
        lambda: Params.of(np.full(26, np.nan), V=2, H=3),
        "weights holds nan or inf, expected finite numbers",
    ),
    "no hidden units": (
        lambda: Params.random(2, 0, np.random.default_rng(0)),
        "H is 0, expected at least 1",
    ),
    "running example too long": (lambda: running_example(6), "T is 6, expected 1 to 5"),
    "flat vector": (
        lambda: jacobian(np.sin, np.ones(3)),
        r"shape \(3,\) came, expected a number, a column",
    ),
    "unknown layout": (
        lambda: jacobian(np.sin, 1.0, layout="mixed"),
        "layout is 'mixed', expected",
    ),
    "unknown method": (
        lambda: jacobian(np.sin, 1.0, method="guess"),
        "method is 'guess', expected",
    ),
    "matrix by scalar": (
        lambda: jacobian(lambda x: x * np.eye(2), 1.0, layout="denominator"),
        "matrix by scalar came with denominator layout",
    ),
    "shapes differ": (
        lambda: agreement(np.ones((2, 3)), np.ones((3, 2))),
        r"shape \(2, 3\), expected \(3, 2\)",
    ),
    "name not claimed": (
        lambda: agreement({"dWhh": 1}, {"dWxh": 1}),
        r"claimed lacks \['dWxh'\]",
    ),
    "ragged weights": (
        lambda: with_weights(Whh=[[1.0], [1.0, 2.0]]),
        "Whh has rows of different lengths",
    ),
    "ragged gradient": (lambda: clip([[1], [1, 2]]), "d has rows of different lengths"),
    "nothing measured": (lambda: agreement({}, {}), "measured is empty"),
    "f is no scalar": (
        lambda: central(lambda x: x, np.ones(2)),
        r"f returned shape \(2,\), expected one number",
    ),
    "a letter twice": (lambda: Vocabulary("aab"), "letters is 'aab', expected each"),
    "chunk of none": (lambda: chunks([0, 1], 0), "T is 0, expected at least 1"),
    "text too short": (
        lambda: chunks([0, 1], 2),
        "2 indices came, expected at least 3 for T = 2",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_value_errors(case):
    call, message = CASES[case]
    with pytest.raises(ValueError, match=message):
        call()


TYPE_CASES = {
    "masked letters": (
        lambda: passing(inputs=np.ma.masked_array([0] * 5, mask=[1, 0, 0, 0, 0])),
        "inputs is a masked array",
    ),
    "words for weights": (
        lambda: with_weights(bh=[["a"], ["b"], ["c"]]),
        "bh holds <U1, expected numbers",
    ),
    "fractions for indices": (
        lambda: passing(inputs=[0.5] * 5),
        "inputs holds float64, expected integers",
    ),
    "float32, central": (
        lambda: central(np.sum, np.ones(2, np.float32)),
        "x holds float32, expected float64",
    ),
    "float32, complex step": (
        lambda: complex_step(np.sum, np.ones(2, np.float32)),
        "x holds float32, expected float64",
    ),
    "not analytic": (
        lambda: complex_step(lambda x: np.abs(x).sum(), np.ones(2)),
        "f returned float64 for complex128 input",
    ),
}


@pytest.mark.parametrize("case", TYPE_CASES)
def test_type_errors(case):
    call, message = TYPE_CASES[case]
    with pytest.raises(TypeError, match=message):
        call()


def test_parameters_are_read_only_and_leave_the_caller_free():
    Whh = np.ones((3, 3))
    params = with_weights(Whh=Whh)
    with pytest.raises(ValueError, match="read-only"):
        params.Whh[0, 0] = 2
    Whh[0, 0] = 2
    assert params.Whh[0, 0] == 2


def test_parameters_and_reports_are_values():
    params, report = running_example()[0], agreement(1.0, 1.0)
    words = Vocabulary("ab")
    for value, name in ((params, "Whh"), (report, "error"), (words, "letters")):
        with pytest.raises(FrozenInstanceError):
            setattr(value, name, 0)
    assert {params: "kept"}[params] == "kept"
    assert (
        params != params.replace()
    )  # arrays have no plain equality, so neither has it


def test_parameters_of_a_vector_are_read_only_views_of_it():
    vector = np.arange(26.0)
    params = Params.of(vector, V=2, H=3)
    vector[6] = -1
    assert params.Whh[0, 0] == -1
    assert np.array_equal(params.vector, vector)
    for array in vars(params).values():
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 0
    copied = params.vector
    copied[:] = 0
    assert params.by[1, 0] == 25


def test_a_jacobian_takes_whole_numbers_and_refuses_float32():
    x = np.array([[1], [2]])
    assert jacobian(lambda x: (x**2).sum(), x, layout="denominator").tolist() == [
        [2],
        [4],
    ]
    with pytest.raises(TypeError, match="x holds float32"):
        jacobian(lambda x: (x**2).sum(), np.float32(x))


class Undrawn(np.random.Generator):
    def standard_normal(self, *_, **__):
        raise AssertionError("memory is spent on some arrays of a network too large")


def test_sizes_beyond_memory_are_refused_before_any_is_spent():
    with pytest.raises(MemoryError):
        Params.random(5, 10**8, Undrawn(np.random.PCG64(0)))
    with pytest.raises(AssertionError):
        Params.random(5, 10, Undrawn(np.random.PCG64(0)))
