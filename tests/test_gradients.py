"""The hand-written gradients against the complex step, over sizes and seeds."""

import numpy as np
import pytest

from rnn_notes import Params, backward, forward, loss_and_gradients, signals
from rnn_notes.differences import agreement, central, complex_step
from rnn_notes.ledger import gradient_ledger, ledger
from rnn_notes.mutants import MUTANTS
from rnn_notes.rnn import running_example
from rnn_notes.text import chunks
from tests.helpers.sizes import SIZES


def problem(V, H, T, seed, scale=1.0):
    """Random parameters, biases included, text and a first state that is not zero."""
    rng = np.random.default_rng([seed, V, H, T])
    params = Params.random(V, H, rng, scale).replace(
        bh=rng.standard_normal((H, 1)), by=rng.standard_normal((V, 1))
    )
    inputs, targets = rng.integers(V, size=(2, T)).tolist()
    return params, inputs, targets, rng.standard_normal((H, 1))


def measured_gradients(params, inputs, targets, hprev, method=complex_step):
    """All six derivatives of the loss, measured."""
    by_params = method(lambda p: forward(p, inputs, targets, hprev).loss, params)
    dhprev = method(lambda h: forward(params, inputs, targets, h).loss, hprev)
    return {**by_params, "dhprev": dhprev}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("V", "H", "T"), [*SIZES, (4, 6, 9)])
def test_gradients_equal_the_complex_step(V, H, T, seed):
    scale = 0.4 if T == 50 else 0.8
    params, *rest = problem(V, H, T, seed, scale)
    claimed = loss_and_gradients(params, *rest)[1]
    report = agreement(claimed, measured_gradients(params, *rest), tolerance=1e-12)
    assert report, str(report)
    assert not report.unchecked


def test_central_differences_agree_with_the_complex_step():
    args = problem(3, 4, 5, seed=1)
    for name, gradient in measured_gradients(*args, method=central).items():
        truth = measured_gradients(*args)[name]
        assert agreement(gradient, truth, tolerance=1e-8)


@pytest.mark.parametrize("name", MUTANTS)
@pytest.mark.parametrize(("V", "H"), [(2, 3), (3, 3)])
def test_every_mutant_is_caught(name, V, H):
    params, *rest = problem(V, H, 5, seed=2, scale=0.8)
    wrong = MUTANTS[name].module()
    claimed = wrong.backward(params, forward(params, *rest))
    assert not agreement(claimed, measured_gradients(params, *rest))


@pytest.mark.parametrize("name", MUTANTS)
def test_no_mutant_of_the_recurrence_touches_the_output_layer(name):
    params, *rest = problem(2, 3, 5, seed=3)
    run = forward(params, *rest)
    wrong, right = MUTANTS[name].module().backward(params, run), backward(params, run)
    assert np.array_equal(wrong.dWhy, right.dWhy)
    assert np.array_equal(wrong.dby, right.dby)


def test_a_mutant_whose_line_is_gone_says_so():
    mutant = next(iter(MUTANTS.values()))
    with pytest.raises(ValueError, match="stands 0 times"):
        type(mutant)("gone", "no such line", "", "").module()


def test_signals_are_the_gradients_of_what_they_are_named_after():
    params, inputs, targets, hprev = problem(3, 4, 5, seed=4)
    run = forward(params, inputs, targets, hprev)
    for t, signal in zip(reversed(range(5)), signals(params, run), strict=True):
        assert np.allclose(signal.dh, params.Why.T @ signal.dy + signal.dhnext)
        if t == 4:
            assert not signal.dhnext.any()
            continue
        later = inputs[t + 1 :], targets[t + 1 :]
        measured = complex_step(
            lambda h, s=later: forward(params, *s, h).loss, run.hs[t]
        )
        assert agreement(signal.dhnext, measured, tolerance=1e-12)
        assert not agreement(signal.dh, measured)  # dh has its own loss in it as well


def test_every_ledger_entry_is_a_measured_derivative():
    params, inputs, targets, hprev = problem(3, 4, 5, seed=5)
    run = forward(params, inputs, targets, hprev)
    table = ledger(params, run)
    for t in range(5):
        for s in range(5):
            measured = complex_step(
                lambda h, t=t, s=s: (
                    forward(params, inputs[t + 1 :], targets[t + 1 :], h).losses[
                        s - t - 1
                    ]
                    if s > t
                    else 0j + own_loss(params, targets[t], h) * (s == t)
                ),
                run.hs[t],
            )
            assert np.allclose(table[t, s], measured.ravel(), rtol=0, atol=1e-13)


def own_loss(params, target, h):
    """The loss of one step as a function of its hidden state."""
    y = params.Why @ h + params.by
    return np.log(np.exp(y).sum()) - y[target, 0]


def test_ledger_rows_sum_to_the_loop():
    params, *rest = problem(4, 3, 6, seed=6)
    run = forward(params, *rest)
    table = ledger(params, run)
    for t, signal in zip(reversed(range(6)), signals(params, run), strict=True):
        assert np.allclose(
            table[t].sum(axis=0), signal.dh.ravel(), rtol=1e-12, atol=1e-15
        )
        assert np.allclose(
            table[t, t + 1 :].sum(axis=0), signal.dhnext.ravel(), atol=1e-15
        )
        assert not table[t, :t].any()
    parts = gradient_ledger(params, run)
    for name, total in backward(params, run)._asdict().items():
        assert np.allclose(sum(getattr(part, name) for part in parts), total)


def test_large_logits_stay_finite():
    params, *rest = problem(3, 4, 3, seed=7)
    run = forward(params.replace(by=[[1e4], [-1e4], [0.0]]), *rest)
    assert np.isfinite(run.loss)
    assert all(np.isfinite(p).all() for p in run.ps.values())


def test_ordinary_logits_equal_the_plain_formulas():
    params, inputs, targets, hprev = problem(3, 4, 3, seed=8)
    run = forward(params, inputs, targets, hprev)
    for t in range(3):
        plain = np.exp(run.ys[t]) / np.exp(run.ys[t]).sum()
        assert np.allclose(run.ps[t], plain, rtol=1e-14, atol=0)
        loss = -np.log(plain[targets[t], 0])
        assert np.isclose(run.losses[t], loss, rtol=1e-13, atol=0)


def test_float32_stays_float32():
    params, inputs, targets, hprev = problem(3, 4, 3, seed=9)
    narrow = Params(**{k: np.float32(v) for k, v in vars(params).items()})
    _, gradients, hlast = loss_and_gradients(narrow, inputs, targets, np.float32(hprev))
    assert {d.dtype for d in (*gradients, hlast)} == {np.dtype(np.float32)}


def test_random_parameters_have_the_scale_asked_for():
    rng = np.random.default_rng(0)
    wide = Params.random(40, 50, rng, scale=0.3)
    for weight in (wide.Wxh, wide.Whh, wide.Why):
        assert 0.28 < weight.std() < 0.32
        assert abs(weight.mean()) < 0.03
    still = Params.random(2, 3, rng, scale=0)
    assert not any(array.any() for array in vars(still).values())


def test_the_error_is_relative_to_the_largest_entry():
    assert not agreement(np.array([2e-9]), np.array([1e-9]))
    assert agreement(np.array([1e9]), np.array([1e9 + 1]), tolerance=1e-8)
    assert agreement(np.array([1.0, 1e-12]), np.array([1.0, 2e-12]))
    assert agreement(np.zeros(2), np.zeros(2)).error == 0
    assert not agreement(np.array([np.nan]), np.array([1.0]))


def test_the_report_names_the_worst_entry_and_what_was_not_measured():
    claimed = {"dWhh": np.array([[1.0, 2.0]]), "dbh": np.ones(1), "dby": np.ones(1)}
    measured = {"dWhh": np.array([[1.0, 2.5]]), "dbh": np.ones(1)}
    assert str(agreement(claimed, measured)) == (
        "DISAGREES: worst at dWhh[0, 1], claimed 2, measured 2.5, "
        "relative error 2.0e-01 (tolerance 1e-07); not measured: dby"
    )
    params = running_example()[0]
    assert agreement(params, {"Whh": params.Whh}).unchecked == (
        "Wxh",
        "Why",
        "bh",
        "by",
    )


def test_complex_step_refuses_what_is_not_analytic():
    for f in (lambda x: np.abs(x).sum(), lambda x: (x.real**3).sum()):
        for at in (np.zeros(2), np.ones(2)):
            with pytest.raises(TypeError, match="is f analytic"):
                complex_step(f, at)
    assert not complex_step(lambda x: 3.0, np.ones(2)).any()


def test_the_last_windows_are_used():
    assert list(chunks([0, 1], 1)) == [([0], [1])]
    assert list(chunks([*range(6)], 5)) == [([0, 1, 2, 3, 4], [1, 2, 3, 4, 5])]
    assert len(list(chunks(range(10), 5))) == 1
