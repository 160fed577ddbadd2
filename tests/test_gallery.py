"""The gallery of bugs, the checks that look for them, and the pages about both."""

from types import SimpleNamespace

import numpy as np
import pytest

from rnn_notes import backward, forward, rnn
from rnn_notes.book.figures.error_curve import QUOTIENTS, quotient_errors
from rnn_notes.checks import WEIGHTS, all_checks, caught, measure_all, squared, verdicts
from rnn_notes.differences import agreement, complex_step
from rnn_notes.mutants import GALLERY, MUTANTS, Mutant
from rnn_notes.rnn import running_example
from tests.helpers import prose

NO_GRADIENT_WRONG = {"ps changed in place", "dh changed in place"}
SEEN_BY_ONE = {
    "clipped inside": "steep",
    "ps changed in place": "twice",
    "dh changed in place": "ledger",
    "steps without a target skipped": "one answer",
}
every_bug = pytest.mark.parametrize("name", GALLERY)


@pytest.fixture(scope="module")
def checks():
    return all_checks()


@pytest.fixture(scope="module")
def found(checks):
    return caught(GALLERY, checks)


def page(name):
    return next(page for page in prose.pages() if page.name == name)


def test_the_gallery_is_large_and_begins_with_the_six():
    assert len(GALLERY) >= 12
    assert list(GALLERY)[: len(MUTANTS)] == list(MUTANTS)
    assert len({mutant.source() for mutant in GALLERY.values()}) == len(GALLERY)


@every_bug
def test_a_bug_is_named_and_told_and_shown_by_its_diff(name):
    mutant = GALLERY[name]
    assert mutant.name == name
    assert mutant.story.endswith(".")
    signs = {line[0] for line in mutant.diff().splitlines()}
    assert "+" in signs <= {"-", "+"}


def test_the_right_loop_passes_every_check(checks):
    assert not any(verdicts(rnn, checks).values())


@every_bug
def test_every_bug_is_caught_and_gets_by_some_check(name, found):
    assert any(found[name].values())
    assert not all(found[name].values())


@pytest.mark.parametrize(("name", "check"), SEEN_BY_ONE.items())
def test_some_bugs_are_seen_by_one_check_only(name, check, found):
    assert [c for c, hit in found[name].items() if hit] == [check]


def wrong_in_every_way():
    """A loop whose every gradient is 3×1 and wrong, another one at each call."""
    calls = iter(range(100))

    def signals(params, run):
        return (s._replace(dh=2 * s.dh) for s in rnn.signals(params, run))

    def flat(params, run):
        return rnn.Gradients(*[np.full((3, 1), 1.0 + next(calls))] * 6)

    def uphill(params, inputs, targets, hprev):
        loss, gradients, hlast = rnn.loss_and_gradients(params, inputs, targets, hprev)
        return loss, rnn.Gradients(*(-d for d in gradients)), hlast

    return SimpleNamespace(signals=signals, backward=flat, loss_and_gradients=uphill)


def test_every_check_can_fail(checks):
    assert all(verdicts(wrong_in_every_way(), checks).values())


def test_no_error_but_numpy_s_own_counts_as_caught(checks):
    def backward(params, run):
        raise KeyError("not a shape")

    broken = SimpleNamespace(backward=backward)
    with pytest.raises(KeyError):
        verdicts(broken, {"shapes": checks["shapes"]})


@every_bug
@pytest.mark.parametrize("problem", [running_example(), squared(running_example())])
def test_the_gradients_of_a_bug_are_wrong_or_it_is_known_why_not(name, problem):
    params, *rest = problem
    run = forward(params, *rest)
    try:
        wrong = GALLERY[name].module().backward(params, run)
    except ValueError:
        assert name == "dWhy transposed"
        assert params.V != params.H
        return
    unseen = NO_GRADIENT_WRONG | {"clipped inside", "steps without a target skipped"}
    assert bool(agreement(wrong, measure_all(problem), 1e-12)) is (name in unseen)


@pytest.mark.parametrize("name", MUTANTS)
def test_the_output_layer_is_exact_under_the_six(name, found):
    params, *rest = running_example()
    run = forward(params, *rest)
    wrong, right = MUTANTS[name].module().backward(params, run), backward(params, run)
    assert np.array_equal(wrong.dWhy, right.dWhy)
    assert np.array_equal(wrong.dby, right.dby)
    assert any(
        not np.array_equal(getattr(wrong, d), getattr(right, d))
        for d in (*WEIGHTS, "dhprev")
    )
    assert not found[name]["output layer"]


def test_a_longer_problem_makes_other_checks():
    params, _, _, hprev = running_example()
    longer = params, [0, 1, 1, 0, 1, 0, 0], [1, 1, 0, 1, 0, 0, 1], hprev
    assert not any(verdicts(rnn, all_checks(longer)).values())
    line = GALLERY["dhnext dropped"].old
    short = Mutant("short", line, f"{line} * (run.T - t < 6)", "").module()
    assert not any(verdicts(short, all_checks()).values())
    assert verdicts(short, all_checks(longer))["all six"]


def slope(name, steps, dtype=np.float64):
    """The power of the step that the error follows."""
    errors = quotient_errors(name, steps, dtype)
    return np.polyfit(np.log10(steps), np.log10(errors), 1)[0]


@pytest.mark.parametrize(
    ("name", "power"), [("one-sided", 1), ("central", 2), ("complex step", 2)]
)
def test_the_truncation_error_follows_its_power(name, power):
    assert slope(name, np.logspace(-3, -2, 5)) == pytest.approx(power, abs=0.02)


@pytest.mark.parametrize("name", ["one-sided", "central"])
def test_the_rounding_error_follows_one_over_the_step(name):
    assert slope(name, np.logspace(-13, -9, 13)) == pytest.approx(-1, abs=0.25)


def test_single_precision_starts_to_round_much_earlier():
    steps = [1e-3, 1e-4, 1e-5]
    double, single = (
        quotient_errors("central", steps, dtype) for dtype in (np.float64, np.float32)
    )
    assert double[2] < double[1] < double[0]
    assert single[2] > single[1] > 100 * double[1]


def test_a_wrong_quotient_has_another_slope(monkeypatch):
    monkeypatch.setitem(QUOTIENTS, "central", lambda f, e: (f(e) - f(-e)) / e)
    assert slope("central", np.logspace(-3, -2, 5)) < 0.02


@every_bug
def test_the_page_shows_every_bug_and_where_it_was_met(name):
    source = page("mutants").source
    assert f'"{name}"' in source
    assert GALLERY[name].seen in source
    assert GALLERY[name].diff() not in source  # the diff is made, not copied


def test_the_least_a_bug_is_off_by_is_far_from_the_right_loop():
    params, *rest = running_example()
    run = forward(params, *rest)
    truth = complex_step(lambda p: forward(p, *rest).loss, params)
    errors = [
        agreement(mutant.module().backward(params, run), truth).error
        for mutant in MUTANTS.values()
    ]
    assert agreement(backward(params, run), truth).error < 1e-12 < 0.1 < min(errors)
