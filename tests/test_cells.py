"""The LSTM and the GRU against the complex step and the tape, over sizes and seeds."""

from dataclasses import fields
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

import rnn_notes
from rnn_notes import gru, lstm, rnn, taped
from rnn_notes.differences import agreement, central, complex_step
from rnn_notes.hoisted import hoisted_lstm
from rnn_notes.ledger import ledger
from rnn_notes.taped import taped_cells
from tests.helpers.sizes import SIZES


def original(function):
    """The function of the GRU whose reset comes before the product."""
    return partial(function, reset="before")


CELLS = {  # modules, the names of their states, and the same pass on the tape
    "lstm": (lstm, ("hprev", "cprev"), taped_cells.lstm_loss_and_gradients),
    "gru": (gru, ("hprev",), taped_cells.gru_loss_and_gradients),
    "original gru": (
        SimpleNamespace(
            Params=gru.Params,
            Gradients=gru.Gradients,
            backward=gru.backward,
            forward=original(gru.forward),
            loss_and_gradients=original(gru.loss_and_gradients),
        ),
        ("hprev",),
        original(taped_cells.gru_loss_and_gradients),
    ),
}
every_cell = pytest.mark.parametrize("name", CELLS)


def problem(cell, V, H, T, seed, scale=0.8):
    """Random parameters, biases included, text, and first states that are not zero."""
    module, states, _ = CELLS[cell]
    rng = np.random.default_rng([seed, V, H, T])
    shapes = module.Params.shapes(V, H)
    params = module.Params(
        **{n: scale * rng.standard_normal(shape) for n, shape in shapes.items()}
    )
    inputs, targets = rng.integers(V, size=(2, T)).tolist()
    return params, inputs, targets, *(rng.standard_normal((H, 1)) for _ in states)


def measured_gradients(cell, params, inputs, targets, *states, method=complex_step):
    """All derivatives of the loss, measured."""
    module, names, _ = CELLS[cell]
    measured = method(
        lambda p: module.forward(p, inputs, targets, *states).loss, params
    )
    for place, name in enumerate(names):

        def loss(state, place=place):
            nudged = [*states[:place], state, *states[place + 1 :]]
            return module.forward(params, inputs, targets, *nudged).loss

        measured[f"d{name}"] = method(loss, states[place])
    return measured


@every_cell
@pytest.mark.parametrize(
    ("V", "H", "T", "seed"),
    [(*size, seed) for size in SIZES for seed in range(3 if size[2] < 50 else 1)],
)
def test_gradients_equal_the_complex_step(name, V, H, T, seed):
    args = problem(name, V, H, T, seed, scale=0.5 if T == 50 else 0.8)
    loss, claimed, _ = CELLS[name][0].loss_and_gradients(*args)
    measured = measured_gradients(name, *args)
    report = agreement(claimed, measured, tolerance=1e-12)
    assert report, str(report)
    assert not report.unchecked
    assert loss > 0
    for gradient in measured:
        moved = claimed._asdict()
        moved[gradient] = moved[gradient] + 1e-6 * abs(moved[gradient]).max()
        assert not agreement(moved, measured, tolerance=1e-12)


@every_cell
def test_central_differences_agree_with_the_complex_step(name):
    args = problem(name, 3, 2, 4, seed=1)
    slow = measured_gradients(name, *args, method=central)
    assert agreement(slow, measured_gradients(name, *args), tolerance=1e-7)


@every_cell
@pytest.mark.parametrize(("V", "H", "T"), SIZES)
def test_the_tape_agrees(name, V, H, T):
    module, _, on_tape = CELLS[name]
    args = problem(name, V, H, T, seed=2, scale=0.5)
    loss, byhand, last = module.loss_and_gradients(*args)
    taped_loss, bytape, taped_last = on_tape(*args)
    assert np.isclose(loss, taped_loss, rtol=1e-14, atol=0)
    assert agreement(byhand, bytape._asdict(), tolerance=1e-12)
    assert np.allclose(last, taped_last, rtol=1e-13, atol=0)


@every_cell
def test_two_chunks_join_into_one(name):
    module, states, _ = CELLS[name]
    params, inputs, targets, *first = problem(name, 3, 4, 6, seed=3)
    loss, whole, last = module.loss_and_gradients(params, inputs, targets, *first)
    early, _, middle = module.loss_and_gradients(
        params, inputs[:2], targets[:2], *first
    )
    middle = middle if len(states) == 2 else (middle,)
    late, _, end = module.loss_and_gradients(params, inputs[2:], targets[2:], *middle)
    assert np.isclose(early + late, loss, rtol=1e-14)
    assert np.array_equal(end, last)
    assert whole.dhprev.any()


@pytest.mark.parametrize("module", [lstm, gru, rnn])
def test_gradients_have_a_field_for_each_array_and_state(module):
    params = module.Params.random(2, 3, np.random.default_rng(0), scale=1)
    states = ["dhprev", "dcprev"] if module is lstm else ["dhprev"]
    names = [f"d{name}" for name in params.arrays()]
    assert [*module.Gradients._fields] == names + states
    assert list(params.arrays()) == [field.name for field in fields(params)]
    again = module.Params(**params.arrays())
    assert np.array_equal(again.vector, params.vector)
    other = module.Params.of(params.vector, 2, 3)
    assert all(np.array_equal(a, params.arrays()[n]) for n, a in other.arrays().items())
    for array in (*params.arrays().values(), *other.arrays().values()):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 1
    weights = [n for n, a in params.arrays().items() if a.any()]
    assert weights == [n for n in params.arrays() if n.startswith("W")]


def test_the_two_grus_differ_in_their_reset_alone():
    params, *rest = problem("gru", 3, 4, 5, seed=4)
    after, before = (
        gru.forward(params, *rest),
        gru.forward(params, *rest, reset="before"),
    )
    assert abs(after.loss - before.loss) > 1e-3
    open_wide = params.replace(Wxr=0 * params.Wxr, Whr=0 * params.Whr, br=[[1e3]] * 4)
    after, before = (
        gru.forward(open_wide, *rest, reset=r) for r in ("after", "before")
    )
    assert np.isclose(after.loss, before.loss, rtol=1e-14)


def test_a_gate_that_is_shut_or_open_does_what_it_says():
    params, *rest = problem("lstm", 2, 3, 4, seed=5)
    kept = params.replace(
        bf=[[1e3]] * 3, bi=[[-1e3]] * 3, **{f"W{s}{g}": 0 * getattr(params, f"W{s}{g}")
        for s in "xh" for g in "if"}
    )  # fmt: skip
    run = lstm.forward(kept, *rest)
    assert np.array_equal(run.cs[3], rest[-1])
    assert not np.array_equal(lstm.forward(params, *rest).cs[3], rest[-1])


def test_signals_are_the_gradients_of_what_they_are_named_after():
    params, inputs, targets, *first = problem("lstm", 3, 4, 5, seed=6)
    run = lstm.forward(params, inputs, targets, *first)
    for t, s in zip(reversed(range(5)), lstm.signals(params, run), strict=True):
        assert np.allclose(s.dh, params.Why.T @ s.dy + s.dhnext)
        if t == 4:
            assert not s.dhnext.any()
            assert not s.dcnext.any()
            continue
        later = inputs[t + 1 :], targets[t + 1 :]
        h, c = run.hs[t], run.cs[t]
        by_h = complex_step(
            lambda h, a=later, c=c: lstm.forward(params, *a, h, c).loss, h
        )
        by_c = complex_step(
            lambda c, a=later, h=h: lstm.forward(params, *a, h, c).loss, c
        )
        assert agreement(s.dhnext, by_h, tolerance=1e-12)
        assert agreement(s.dcnext, by_c, tolerance=1e-12)
        assert not agreement(s.dc, by_c)  # dc has the path through hs[t] in it as well


@pytest.mark.parametrize(
    ("name", "signal"), [("lstm", "dh"), ("lstm", "dc"), ("gru", "dh")]
)
def test_the_ledger_of_a_cell_has_each_loss_s_share(name, signal):
    module = CELLS[name][0]
    params, inputs, targets, *first = problem(name, 3, 4, 5, seed=11)
    run = module.forward(params, inputs, targets, *first)
    table = ledger(params, run, module.signals, signal)
    rows = [getattr(s, signal)[:, 0] for s in module.signals(params, run)]
    assert np.allclose(table.sum(axis=1), rows[::-1], rtol=1e-12, atol=1e-16)
    assert not np.triu(table[:, :, 0]).T[np.triu_indices(5, 1)].any()
    t, s = 1, 3  # a loss alone, by the states after step t
    h = run.hs[t]

    def loss(nudged):
        later = inputs[t + 1 :], targets[t + 1 :]
        states = (nudged,) if name == "gru" else (nudged, run.cs[t])
        if signal == "dc":
            states = (run.o[t] * np.tanh(nudged), nudged)
        return module.forward(params, *later, *states).losses[s - t - 1]

    measured = complex_step(loss, run.cs[t] if signal == "dc" else h)
    assert agreement(table[t, s], measured[:, 0], tolerance=1e-12)
    assert not agreement(table[t, s - 1], measured[:, 0])


@every_cell
def test_float32_stays_float32(name):
    module = CELLS[name][0]
    params, inputs, targets, *states = problem(name, 3, 4, 3, seed=7)
    narrow = module.Params(**{k: np.float32(v) for k, v in params.arrays().items()})
    states = [np.float32(state) for state in states]
    _, gradients, last = module.loss_and_gradients(narrow, inputs, targets, *states)
    assert {d.dtype for d in (*gradients, *np.atleast_1d(last))} == {np.dtype("f4")}


@every_cell
def test_large_values_stay_finite(name):
    module = CELLS[name][0]
    params, *rest = problem(name, 3, 4, 3, seed=8, scale=1e3)
    loss, gradients, _ = module.loss_and_gradients(params, *rest)
    assert np.isfinite(loss)
    assert all(np.isfinite(d).all() for d in gradients)


WRONG = {
    "hprev": (np.ones(4), ValueError, r"hprev has shape \(4,\), expected \(4, 1\)"),
    "inputs": ([0, 1, 3], ValueError, r"inputs\[2\] is 3, expected 0 to 2"),
    "targets": ([0, 1], ValueError, "targets has 2 entries, expected 3"),
}


@every_cell
@pytest.mark.parametrize("argument", WRONG)
def test_wrong_input_is_named(name, argument):
    module, states, _ = CELLS[name]
    value, error, message = WRONG[argument]
    arguments = dict(
        zip(
            ("params", "inputs", "targets", *states),
            problem(name, 3, 4, 3, seed=9),
            strict=True,
        )
    )
    with pytest.raises(error, match=message):
        module.forward(**{**arguments, argument: value})


MODULES = {"lstm": lstm, "gru": gru, "rnn": rnn}
PASSES = {
    "lstm": (lstm.forward, hoisted_lstm.loss_and_gradients, CELLS["lstm"][2]),
    "gru": (gru.forward, CELLS["gru"][2]),
    "rnn": (rnn.forward,),
}


@pytest.mark.parametrize("name", PASSES)
@pytest.mark.parametrize("other", [*MODULES, "none"])
def test_parameters_of_another_network_are_refused(name, other):
    rng, zeros = np.random.default_rng(0), np.zeros((4, 1))
    params = MODULES[other].Params.random(3, 4, rng) if other in MODULES else None
    states = [zeros] * (2 if name == "lstm" else 1)
    came = f"{other}.Params" if params else "builtins.NoneType"
    for run in PASSES[name]:
        if name == other:
            run(params, [0], [1], *states)
            continue
        message = f"params is {came}, expected {name}.Params"
        with pytest.raises(TypeError, match=message):
            run(params, [0], [1], *states)


@pytest.mark.parametrize("module", [lstm, gru, rnn])
def test_complex_states_and_masks_are_refused_where_they_would_be_lost(module):
    params = module.Params.random(3, 4, np.random.default_rng(0))
    states = [np.ones((4, 1))] * (2 if module is lstm else 1)
    nudged = [*states[:-1], states[-1] + 1j]
    name = "cprev" if module is lstm else "hprev"
    with pytest.raises(TypeError, match=f"{name} holds complex128, expected real"):
        module.loss_and_gradients(params, [0], [1], *nudged)
    assert np.iscomplexobj(module.forward(params, [0], [1], *nudged).loss)
    with pytest.raises(TypeError, match="Why is a masked array, expected a plain one"):
        params.replace(Why=np.ma.masked_less(params.Why, 0))


def test_wrong_words_and_shapes_of_cells():
    params, *rest = problem("gru", 3, 4, 3, seed=10)
    for run in (gru.forward, CELLS["gru"][2]):
        with pytest.raises(ValueError, match="reset is 'never', expected 'after' or"):
            run(params, *rest, reset="never")
    with pytest.raises(TypeError, match=r"rng is 0, expected a numpy\.random"):
        gru.Params.random(2, 3, 0)
    with pytest.raises(ValueError, match=r"Whn has shape \(4, 3\), expected \(4, 4\)"):
        params.replace(Whn=params.Wxn)
    with pytest.raises(ValueError, match="V is 0, expected at least 1"):
        lstm.Params.random(0, 3, np.random.default_rng(0))
    with pytest.raises(TypeError, match=r"H is 1\.5, expected a whole number"):
        lstm.Params.random(2, 1.5, np.random.default_rng(0))


def test_the_cells_stand_at_the_top_of_the_package():
    assert {"lstm", "gru"} <= set(rnn_notes.__all__)
    assert taped.Params is rnn.Params
