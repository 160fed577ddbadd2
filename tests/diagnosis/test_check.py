"""``check`` on the book's own loop: right ones, every bug of the gallery, and pairs."""

import re
from collections import Counter

import numpy as np
import pytest

from rnn_notes import Params, check, forward, lstm, rnn
from rnn_notes.diagnosis.loops import OF_TARGETS, Kind, bugs_of, variant
from rnn_notes.diagnosis.problem import Due, Plain
from rnn_notes.diagnosis.problem import forward as own_forward
from rnn_notes.diagnosis.slopes import by_entries, slopes_along
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
    noise = np.random.default_rng(5).standard_normal((3, 3))

    class Odd:
        @staticmethod
        def backward(params, run):
            return rnn.backward(params, run)._replace(dWhh=noise)

    diagnosis = checked(Odd, problem())
    assert [n for n, v in diagnosis.arrays.items() if not v.right] == ["Whh"]
    assert diagnosis.causes == ()
    assert "No bug of the gallery" in str(diagnosis)


def test_a_bug_that_no_gallery_holds_is_mended_in_its_own_line():
    class Odd:
        @staticmethod
        def backward(params, run):
            right = rnn.backward(params, run)
            return right._replace(dWhh=right.dWhh + 0.1 * np.eye(params.H))

    diagnosis = checked(Odd, problem())
    assert [cause.name for cause in diagnosis.causes] == ["a term too many"]
    assert "`return right._replace(dWhh=right.dWhh)`" in str(diagnosis)
    alone = checked(Odd, problem(), inputs=None, targets=None, state=None)
    assert [cause.certain for cause in alone.causes] == [False]


def with_decay(module, rate, in_loss=False):
    """The diagnosis of a loop whose matrices decay, in the gradient or in the loss."""
    arrays, inputs, targets, hprev = problem()
    matrices = ("Wxh", "Whh", "Why")

    def run():
        return forward(Params(**arrays), inputs, targets, hprev)

    def loss():
        squares = sum((arrays[n] ** 2).sum() for n in matrices)
        return run().loss + 0.5 * rate * in_loss * squares

    def gradients():
        found = module.backward(Params(**arrays), run())
        theirs = dict(zip(NAMES, found[:5], strict=True))
        more = rate * (not in_loss)
        return {n: d + more * arrays[n] * (n in matrices) for n, d in theirs.items()}

    told = {"inputs": inputs, "targets": targets, "state": hprev}
    return check(loss, gradients, arrays, **told)


def test_weight_decay_in_one_of_the_two_is_a_cause():
    more, less = with_decay(rnn, 0.03), with_decay(rnn, 0.03, in_loss=True)
    for diagnosis, name in ((more, "gradient"), (less, "loss")):
        assert [c.name for c in diagnosis.causes] == [f"decay in the {name} alone"]
        assert diagnosis.causes[0].certain
        assert "0.03 times" in diagnosis.causes[0].story
        assert [n for n, v in diagnosis.arrays.items() if v.right] == ["bh", "by"]
    assert with_decay(rnn, 0.0).right


@pytest.mark.parametrize(("in_loss", "where"), [(False, "gradient"), (True, "loss")])
def test_weight_decay_beside_a_bug_is_told_with_it(in_loss, where):
    bug = "Whh untransposed"
    diagnosis = with_decay(GALLERY[bug].module(), 0.03, in_loss=in_loss)
    names = [cause.name for cause in diagnosis.causes]
    assert names == [f"decay in the {where} alone", bug]
    assert all(cause.certain for cause in diagnosis.causes)
    assert "0.03 times" in diagnosis.causes[0].story
    assert "weight decay? Check once without it" not in str(diagnosis)


def together(names):
    """The loop with several bugs, or None where they do not go together."""
    try:
        return compiled(tuple(GALLERY[name] for name in names))
    except (ValueError, SyntaxError):
        return None


def in_rows(module, seed, kind, last=False, above=False):
    """The diagnosis of a batch in rows (N, T, D), the gradients turned back."""
    rng = np.random.default_rng(seed)
    N, T, D, H, V = 2, 5, 3, 4, 4 if above else 2
    x, h0, wanted = (rng.standard_normal(s) for s in ((N, T, D), (N, H), (N, T, V)))
    arrays = {
        n: rng.standard_normal(s)
        for n, s in {
            "Wx": (D, H),
            "Wh": (H, H),
            "Wy": (H, V),
            "b": (H,),
            "c": (V,),
        }.items()
    }
    if above:
        arrays["Wy"], arrays["c"] = np.eye(H), np.zeros(H)
    roles = dict(zip(arrays, NAMES, strict=True))
    asked = np.ones((T, N))
    asked[:-1] = 0 if last else 1
    due = Due(kind.output, wanted.transpose(1, 2, 0) * asked[:, None], asked)
    shown = [n for n in arrays if not above or n in ("Wx", "Wh", "b")]

    def run():
        wide = {
            r: np.repeat(arrays[n][:, None], N, 1) if n in "bc" else arrays[n].T
            for n, r in roles.items()
        }
        plain = Plain(**{role: wide[role] for role in NAMES})
        return plain, own_forward(plain, x.transpose(1, 2, 0), h0.T, due, kind.hidden)

    def gradients():
        found = module.backward(*run())
        return {
            n: found[NAMES.index(roles[n])].sum(1)
            if n in "bc"
            else found[NAMES.index(roles[n])].T
            for n in shown
        }

    def loss():
        return run()[1].loss

    given = {"inputs": x, "targets": wanted[:, -1] if last else wanted, "state": h0}
    if above:
        given |= {"targets": None, "upstream": wanted}
        return check(
            lambda: np.stack([run()[1].hs[t].T for t in range(T)], 1),
            gradients,
            {n: arrays[n] for n in shown},
            **given,
        )
    return check(loss, gradients, arrays, **given)


CODE = {  # a shape of code: its kind of loop, and what checks it
    "columns": (Kind(), lambda m, seed: checked(m, problem(seed))),
    "rows, ReLU": (
        Kind("relu", "linear"),
        lambda m, seed: in_rows(m, seed, Kind("relu", "linear")),
    ),
    "many to one": (
        Kind("sigmoid", "squared sigmoid"),
        lambda m, seed: in_rows(m, seed, Kind("sigmoid", "squared sigmoid"), last=True),
    ),
    "from above": (
        Kind("tanh", "upstream"),
        lambda m, seed: in_rows(m, seed, Kind("tanh", "upstream"), above=True),
    ),
}


def planted_and_named(count, seed):
    """Random pairs and triples of bugs, over several shapes of code.

    How many were named rightly, wrongly, not at all; did not show; and were refused.
    """
    rng = np.random.default_rng(seed)
    tally = Counter()
    while sum(tally.values()) < count:
        shape = str(rng.choice([*CODE]))
        kind, ask = CODE[shape]
        left = UNSEEN | BY_ITS_PATTERN
        left |= {*OF_TARGETS} if kind.output == "upstream" else set()
        bugs = [bug for bug in bugs_of(variant(kind)) if bug.name not in left]
        some = [
            bugs[k] for k in rng.choice(len(bugs), rng.integers(2, 4), replace=False)
        ]
        try:
            module = compiled(tuple(some))
        except (ValueError, SyntaxError):
            continue  # two of them change the same words
        try:
            with np.errstate(all="ignore"):
                diagnosis = ask(module, int(rng.integers(100)))
        except ValueError:
            tally["refused"] += 1  # by NumPy, or for the shape of what comes out
            continue
        tally[judged(diagnosis, {bug.name for bug in some})] += 1
    return tally


def judged(diagnosis, planted):
    """Whether one of the equal explanations is what was planted, or some of it."""
    if diagnosis.right:
        return "unseen"
    if not any(cause.certain for cause in diagnosis.causes):
        return "not"
    alike = [
        set(re.findall(r'"([^"]+)"', line))
        for line in diagnosis.told
        if line.startswith(("Cause: ", "Or, with equal numbers: "))
    ]
    return "rightly" if any(names <= planted for names in alike) else "wrongly"


def test_a_layer_that_returns_zeros_is_not_blamed_on_its_targets():
    class Nothing:
        @staticmethod
        def backward(params, run):
            return [0 * d for d in rnn.backward(params, run)]

    diagnosis = in_rows(Nothing, 30, Kind("tanh", "upstream"), above=True)
    assert not diagnosis.right
    assert [cause.name for cause in diagnosis.causes] == ["a factor too many"]
    assert "all zero" in str(diagnosis)


def test_random_pairs_and_triples_are_never_named_wrongly():
    tally = planted_and_named(16, seed=1)
    assert tally["wrongly"] == 0
    assert tally["rightly"] >= 11


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


@pytest.mark.parametrize("kink", [0.5e-3, 3e-3, 5e-3, 2e-4])
def test_a_kink_on_the_way_calls_for_a_shorter_step(kink):
    x, calls = np.zeros(1), []

    def loss():
        calls.append(1)
        return abs(x[0] - kink)

    first = next(slopes_along(loss, x, np.ones(1)))
    assert not first.steady
    assert abs(first.value + 1) > 1e-3, "it would be wrong"
    assert np.allclose(by_entries(loss, x, 1, np.random.default_rng(0)), -1, atol=1e-9)
    calls.clear()
    kink = 1.0
    assert np.allclose(by_entries(loss, x, 1, np.random.default_rng(0)), -1, atol=1e-9)
    assert len(calls) == 7, "one step is enough without one"
