"""Twenty ways to hand over wrong things: each ends in one clear line."""

import numpy as np
import pytest

from rnn_notes import check
from rnn_notes.diagnosis import cached, classic, method, updates

RNG = np.random.default_rng(0)
NOISE = np.random.default_rng(1)


def fresh():
    """An array, a loss that reads it, and its gradient."""
    w = RNG.standard_normal((3, 2))
    return w, lambda: (w**3).sum(), lambda: {"dw": 3 * w**2}


def drawn(w):
    return lambda: (w**3).sum() + NOISE.standard_normal()


def frozen(w):
    w = w.copy()
    w.flags.writeable = False
    return w


def narrowed(w):
    return lambda: np.float32((w**3).sum())


WRONG = {
    "no loss": (lambda w, f, g: (None, g, {"w": w}), "loss is None"),
    "a number for it": (lambda w, f, g: (f(), g, {"w": w}), "expected a function"),
    "no gradients": (lambda w, f, g: (f, None, {"w": w}), "gradients is None"),
    "a loss with arguments": (lambda w, f, g: (lambda x: 1, g, {"w": w}), "wants arg"),
    "a loss of nothing": (lambda w, f, g: (lambda: None, g, {"w": w}), "missing?"),
    "a loss of words": (lambda w, f, g: (lambda: "low", g, {"w": w}), "a number"),
    "a loss of many numbers": (lambda w, f, g: (lambda: w, g, {"w": w}), "one number"),
    "a loss of nan": (lambda w, f, g: (lambda: np.nan, g, {"w": w}), "finite"),
    "a loss in float32": (lambda w, f, g: (narrowed(w), g, {"w": w}), "float32"),
    "a loss that draws": (lambda w, f, g: (drawn(w), g, {"w": w}), "random numbers"),
    "an array not read": (lambda w, f, g: (f, g, {"w": w.copy()}), "does not read w"),
    "a list of arrays": (lambda w, f, g: (f, g, [w]), "expected a mapping"),
    "no arrays": (lambda w, f, g: (f, g, {}), "empty"),
    "a list": (lambda w, f, g: (f, g, {"w": w.tolist()}), "np.array(w"),
    "integers": (lambda w, f, g: (f, g, {"w": np.ones(2, int)}), "astype(float)"),
    "float32": (lambda w, f, g: (f, g, {"w": w.astype(np.float32)}), "float64"),
    "a read-only array": (lambda w, f, g: (f, g, {"w": frozen(w)}), "w.copy()"),
    "an array with nan": (lambda w, f, g: (f, g, {"w": w * np.nan}), "finite"),
    "gradients of nothing": (lambda w, f, g: (f, lambda: None, {"w": w}), "updates("),
    "another name": (lambda w, f, g: (f, lambda: {"dv": w}, {"w": w}), "also dw"),
    "too many": (lambda w, f, g: (f, lambda: (w, w), {"w": w}), "returned 2 values"),
    "another shape": (lambda w, f, g: (f, lambda: w[:2], {"w": w}), "shape (2, 2)"),
    "a view of it": (lambda w, f, g: (f, g, {"w": w, "v": w.T}), "share memory"),
    "a number": (lambda w, f, g: (f, g, {"w": 1.5}), "expected a NumPy array"),
    "words in an array": (lambda w, f, g: (f, g, {"w": np.array(["a"])}), "float64"),
    "an empty array": (lambda w, f, g: (f, g, {"w": np.zeros((0, 2))}), "some entries"),
    "a function for them": (lambda w, f, g: (f, g, lambda: w), "expected a mapping"),
    "a word": (lambda w, f, g: (f, lambda: {"dw": "x"}, {"w": w}), "array of numbers"),
}  # fmt: skip


@pytest.mark.parametrize("way", WRONG)
def test_a_wrong_thing_is_told_in_one_line(way):
    hand_over, words = WRONG[way]
    w, loss, gradients = fresh()
    before = w.copy()
    with pytest.raises((TypeError, ValueError)) as caught:
        check(*hand_over(w, loss, gradients))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert np.array_equal(w, before)


def test_what_is_handed_over_well_is_right():
    w, loss, gradients = fresh()
    assert check(loss, gradients, {"w": w}).right
    assert check(loss, lambda: (3 * w**2,), {"w": w}).right
    assert check(loss, lambda: 3 * w**2, {"w": w}).right


def test_a_loss_in_front_of_the_gradients_is_passed_over():
    w, loss, gradients = fresh()
    assert check(loss, lambda: (loss(), gradients()), {"w": w}).right
    assert check(loss, lambda: (loss(), gradients()["dw"]), {"w": w}).right
    assert not check(loss, lambda: (loss(), w), {"w": w}).right


def test_what_functions_print_is_held_back_and_counted(capsys):
    w, loss, gradients = fresh()

    def talks():
        print("loss", "w")
        return loss()

    diagnosis = check(talks, gradients, {"w": w})
    assert diagnosis.right
    assert "lines that your functions printed were held back" in str(diagnosis)
    assert capsys.readouterr().out == ""
    assert "held back" not in str(check(loss, gradients, {"w": w}))


def test_a_file_that_is_missing_is_their_error():
    w, _, gradients = fresh()
    with pytest.raises(FileNotFoundError, match="no_such_file"):
        check(lambda: open("no_such_file").read(), gradients, {"w": w})  # noqa: SIM115


def test_gradients_that_draw_are_told():
    w, loss, _ = fresh()
    with pytest.raises(ValueError, match="two answers for w"):
        check(loss, lambda: {"w": w * NOISE.random()}, {"w": w})


def test_an_error_of_the_loss_leaves_the_arrays_as_they_were():
    w, loss, gradients = fresh()
    calls, before = [], w.copy()

    def fails():
        calls.append(1)
        if len(calls) > 5:
            raise RuntimeError("theirs")
        return loss()

    with pytest.raises(RuntimeError, match="theirs"):
        check(fails, gradients, {"w": w})
    assert np.array_equal(w, before)


def test_arrays_that_a_pass_changes_are_put_back_and_told():
    w, loss, gradients = fresh()
    before = w.copy()

    def careless():
        found = gradients()
        w[...] -= 0.1
        return found

    diagnosis = check(loss, careless, {"w": w})
    assert diagnosis.right
    assert "changed w in place" in str(diagnosis)
    assert np.array_equal(w, before)


def test_complex_arrays_are_measured_by_a_complex_step():
    w = RNG.standard_normal(3).astype(complex)
    diagnosis = check(lambda: (w**3).sum(), lambda: {"w": (3 * w**2).real}, {"w": w})
    assert diagnosis.right
    assert "complex step" in str(diagnosis)
    assert not check(lambda: (w**3).sum(), lambda: {"w": w.real}, {"w": w}).right


PATTERNS = {
    "the sign": (lambda g: -g, "the sign is turned"),
    "a factor": (lambda g: 2.5 * g, "exactly 2.5 times"),
    "zeros": (lambda g: 0 * g, "all zero"),
    "one number": (lambda g: 0 * g - 5, "all entries equal, -5"),
    "transposed": (lambda g: g.T.copy(), "transposed"),
    "nan": (lambda g: g * np.nan, "nan"),
    "a step of Adagrad": (lambda g: g / np.sqrt(g**2 + 1e-8), "only signs are left"),
}


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_is_named(name):
    change, words = PATTERNS[name]
    w, loss, gradients = fresh()
    verdict = check(loss, lambda: {"w": change(gradients()["dw"])}, {"w": w}).arrays[
        "w"
    ]
    assert not verdict.right
    assert words in verdict.pattern


def test_weight_decay_in_one_of_the_two_is_told():
    w, loss, gradients = fresh()
    more = check(loss, lambda: {"w": gradients()["dw"] + 0.01 * w}, {"w": w})
    assert "exactly 0.01 times itself: weight decay, in the gradient" in str(more)
    less = check(lambda: loss() + 0.005 * (w**2).sum(), gradients, {"w": w})
    assert "exactly -0.01 times itself: weight decay, in the loss" in str(less)
    assert not more.right
    assert not less.right


def test_a_clip_at_the_end_is_right_and_told():
    w, loss, gradients = fresh()
    w *= 2
    clipped = check(loss, lambda: {"w": gradients()["dw"].clip(-1, 1)}, {"w": w})
    assert clipped.right
    assert "clipped at 1" in clipped.arrays["w"].pattern
    norm = np.linalg.norm(gradients()["dw"])
    by_norm = check(loss, lambda: {"w": gradients()["dw"] * (0.5 / norm)}, {"w": w})
    assert by_norm.right
    assert "norm 0.5" in by_norm.arrays["w"].pattern
    uneven = check(
        loss, lambda: {"w": gradients()["dw"].clip(-1, None) * 0.9}, {"w": w}
    )
    assert not uneven.right


def test_adapters_say_what_they_miss():
    def alone(inputs, targets, hprev):
        return 1.0

    with pytest.raises(ValueError, match="no gradient of a global array"):
        classic(alone, [0], [0], None)
    with pytest.raises(ValueError, match="has none of"):
        method(object(), [0], [0])


def test_a_cached_pass_and_one_that_moves_its_weights():
    w, loss, _ = fresh()
    two = cached(lambda: (loss(), w.copy()), lambda kept: {"w": 3 * kept**2}, {"w": w})
    assert check(**two).right

    class Net:
        def __init__(self):
            self.w = w

        def step(self, rate):
            self.w = self.w - rate * 3 * self.w**2

    net = Net()
    assert check(
        loss, updates(lambda: net.step(0.1), {"w": w}, 0.1, net), {"w": w}
    ).right
    assert net.w is w
    assert not check(
        loss, updates(lambda: net.step(0.1), {"w": w}, 1, net), {"w": w}
    ).right


@pytest.mark.parametrize(("limit", "asked"), [(5.0, True), (np.inf, False)])
def test_a_clip_of_wrong_gradients_is_asked_about(limit, asked):
    w = np.array([1.5, -1.9, 0.321, 0.4, 0.7654321])
    claim = (5.123 * w).clip(-limit, limit)
    told = str(check(lambda: (w**3).sum(), lambda: [claim + 0 * w[0]], {"w": w}))
    assert ("No entry is larger than 5: a clip?" in told) == asked
