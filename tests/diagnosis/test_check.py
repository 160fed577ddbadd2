"""``check`` on the book's own loop: right ones, every bug of the gallery, and pairs."""

import numpy as np
import pytest

from rnn_notes import Params, check, forward, lstm, rnn
from rnn_notes.mutants import GALLERY
from rnn_notes.mutants.bugs import compiled
from rnn_notes.mutants.gated_mutants import GATED

NAMES = ("Wxh", "Whh", "Why", "bh", "by")
UNSEEN = {  # the first call of these gives the right gradients
    "ps changed in place",
    "dh changed in place",
    "steps without a target skipped",
    "dhprev one short",
    "sums in float32",
}
ALIKE = {"lstm: dcnext dropped", "lstm: dcnext after the gates"}
BY_ITS_PATTERN = {"clipped inside", "clip to one number", "dWhy transposed"}


def problem(seed=0, V=4, H=3, T=6):
    """Arrays that can be written to, inputs, targets and a first state."""
    rng = np.random.default_rng(seed)
    params = Params.random(V, H, rng, scale=0.8)
    arrays = {name: array.copy() for name, array in params.arrays().items()}
    inputs, targets = rng.integers(V, size=(2, T)).tolist()
    return arrays, inputs, targets, 0.5 * rng.standard_normal((H, 1))


def checked(module, given, **options):
    """The diagnosis of a module's backward pass."""
    arrays, inputs, targets, hprev = given

    def run():
        return forward(Params(**arrays), inputs, targets, hprev)

    def gradients():
        return module.backward(Params(**arrays), run())

    told = {"inputs": inputs, "targets": targets, "state": hprev, **options}
    return check(lambda: run().loss, gradients, arrays, **told)


def test_the_right_loop_is_right_and_its_arrays_stay():
    given = problem()
    before = {name: array.copy() for name, array in given[0].items()}
    diagnosis = checked(rnn, given)
    assert diagnosis.right
    assert not diagnosis.causes
    assert max(verdict.error for verdict in diagnosis.arrays.values()) < 1e-8
    assert all(np.array_equal(before[name], given[0][name]) for name in NAMES)


@pytest.mark.parametrize(
    "name",
    [
        n
        for n, m in GALLERY.items()
        if m.loop is rnn and n not in UNSEEN | BY_ITS_PATTERN
    ],
)
def test_every_bug_of_the_gallery_is_named(name):
    diagnosis = checked(GALLERY[name].module(), problem())
    assert not diagnosis.right
    assert [cause.name for cause in diagnosis.causes] == [name]
    assert diagnosis.causes[0].certain
    assert name in str(diagnosis)


@pytest.mark.parametrize("name", sorted(UNSEEN - {"sums in float32"}))
def test_what_a_first_call_cannot_show_is_right(name):
    assert checked(GALLERY[name].module(), problem()).right


def test_without_inputs_nothing_is_certain():
    module = GALLERY["dhnext dropped"].module()
    diagnosis = checked(module, problem(), inputs=None, targets=None, state=None)
    assert not diagnosis.right
    assert not any(cause.certain for cause in diagnosis.causes)
    assert "hand over" in str(diagnosis)


def test_a_bug_that_no_gallery_holds_gets_no_cause():
    class Odd:
        @staticmethod
        def backward(params, run):
            right = rnn.backward(params, run)
            return right._replace(dWhh=right.dWhh + 0.1 * np.eye(params.H))

    diagnosis = checked(Odd, problem())
    assert [n for n, v in diagnosis.arrays.items() if not v.right] == ["Whh"]
    assert diagnosis.causes == ()
    assert "No bug of the gallery" in str(diagnosis)


def together(names):
    """The loop with several bugs, or None where they do not go together."""
    try:
        return compiled(tuple(GALLERY[name] for name in names))
    except (ValueError, SyntaxError):
        return None


def planted_and_named(count, seed):
    """Random pairs and triples: how many were named rightly, wrongly, not at all."""
    rng = np.random.default_rng(seed)
    names = [
        n
        for n, m in GALLERY.items()
        if m.loop is rnn and n not in UNSEEN | BY_ITS_PATTERN
    ]
    tally = {"rightly": 0, "wrongly": 0, "not": 0}
    while sum(tally.values()) < count:
        some = rng.choice(names, rng.integers(2, 4), replace=False).tolist()
        module = together(some)
        if module is None:
            continue
        with np.errstate(all="ignore"):
            diagnosis = checked(module, problem(int(rng.integers(100))))
        tally[judged(diagnosis, some)] += 1
    return tally


def judged(diagnosis, planted):
    """Whether a diagnosis names what was planted, or some of it and no other."""
    certain = {cause.name for cause in diagnosis.causes if cause.certain}
    if not certain:
        return "not"
    return "rightly" if certain <= set(planted) else "wrongly"


def test_random_pairs_and_triples_are_never_named_wrongly():
    tally = planted_and_named(12, seed=1)
    assert tally["wrongly"] == 0
    assert tally["rightly"] >= 9


ONE_LINE = [
    ("dh for dhraw", "Whh untransposed"),
    ("dy sign turned", "dy divided by T"),
    ("= for +=", "hs[t] for hs[t-1]"),
]


@pytest.mark.parametrize("pair", ONE_LINE)
def test_bugs_in_one_line_go_together(pair):
    diagnosis = checked(together(pair), problem())
    assert {cause.name for cause in diagnosis.causes} == {*pair}


def checked_lstm(module):
    """The diagnosis of an LSTM's backward pass, each gate in an array of its own."""
    rng = np.random.default_rng(3)
    params = lstm.Params.random(4, 3, rng, scale=0.8)
    arrays = {name: array.copy() for name, array in params.arrays().items()}
    inputs, targets = rng.integers(4, size=(2, 6)).tolist()
    states = rng.standard_normal((2, 3, 1))

    def run():
        return lstm.forward(lstm.Params(**arrays), inputs, targets, *states)

    return check(
        lambda: run().loss,
        lambda: module.backward(lstm.Params(**arrays), run()),
        arrays,
        inputs=inputs,
        targets=targets,
        state=tuple(states),
        model="lstm",
    )


@pytest.mark.parametrize("name", [n for n, m in GATED.items() if m.loop is lstm])
def test_every_bug_of_the_lstm_is_named(name):
    diagnosis = checked_lstm(GATED[name].module())
    assert not diagnosis.right
    alike = ALIKE if name in ALIKE else {name}  # without dcprev, nobody can tell
    assert {cause.name for cause in diagnosis.causes} == alike
    assert all(cause.certain for cause in diagnosis.causes)


def test_the_lstm_is_right():
    assert checked_lstm(lstm).right
