"""Training and sampling, each with something that must fail beside it."""

import copy
import tracemalloc
from dataclasses import replace
from functools import partial
from itertools import islice

import numpy as np
import pytest

from rnn_notes import (
    Params,
    forward,
    loss_and_gradients,
)
from rnn_notes.sampling import sample
from rnn_notes.training import adagrad, clip, clip_norm, sgd, start, steps
from tests.helpers.small_training import INDICES, VOCABULARY, after, begin, same

NAMES = tuple(Params.SHAPES)


def classic(n, H=5, T=4, rate=0.1, seed=0):
    """The classic loop, written out: weights, loss and places after n steps."""
    V, p, places = len(VOCABULARY), 0, []
    rng = np.random.default_rng(seed)
    weights = dict(vars(Params.random(V, H, rng)))
    memory = {name: np.zeros_like(array) for name, array in weights.items()}
    smooth_loss = -np.log(1 / V) * T
    for step in range(n):
        if step == 0 or p + T + 1 > len(INDICES):
            hprev, p = np.zeros((H, 1)), 0
        inputs, targets = INDICES[p : p + T], INDICES[p + 1 : p + T + 1]
        run = loss_and_gradients(Params(**weights), inputs, targets, hprev)
        loss, gradients, hprev = run
        smooth_loss = smooth_loss * 0.999 + loss * 0.001
        for name in NAMES:
            d = np.clip(getattr(gradients, f"d{name}"), -5, 5)
            memory[name] = memory[name] + d * d
            moved = rate * d / np.sqrt(memory[name] + 1e-8)
            weights[name] = weights[name] - moved
        places.append(p)
        p += T
    return weights, smooth_loss, places


def test_training_is_the_classic_loop():
    states = list(islice(steps(begin(), INDICES, 4), 30))
    weights, smooth_loss, places = classic(30)
    for name in NAMES:
        assert np.allclose(getattr(states[-1].params, name), weights[name], rtol=1e-12)
    assert np.isclose(states[-1].smooth_loss, smooth_loss, rtol=1e-13)
    assert [state.position - 4 for state in states] == places
    assert not np.allclose(states[-1].params.Whh, classic(29)[0]["Whh"], rtol=1e-12)


def test_the_last_window_that_fits_is_trained_on():
    ends = [state.position for state in islice(steps(begin(), INDICES, 4), 4)]
    assert len(INDICES) == 13
    assert ends == [4, 8, 12, 4]  # with >= for > the classic never reads 8 to 12
    ends = [state.position for state in islice(steps(begin(), INDICES[:12], 4), 4)]
    assert ends == [4, 8, 4, 8]


def test_the_hidden_state_is_carried_and_reset():
    seen = []

    def watched(params, inputs, targets, hprev):
        result = loss_and_gradients(params, inputs, targets, hprev)
        seen.append((hprev, result[2]))
        return result

    after(4, begin(), loss_and_gradients=watched)
    befores, lasts = zip(*seen, strict=True)
    assert np.array_equal(befores[1], lasts[0])
    assert np.array_equal(befores[2], lasts[1])
    assert not befores[0].any()
    assert not befores[3].any()
    assert lasts[2].any()


def test_training_learns_and_does_not_without_steps_downhill():
    blind = begin().smooth_loss
    assert np.isclose(blind, 4 * np.log(3))
    assert after(400, begin()).loss < 0.5 * blind
    uphill = partial(sgd, learning_rate=-0.1)
    assert after(400, begin(), update=uphill).loss > blind


def changed(states):
    """How many of the states are no longer what they were when they came."""
    held = [(state, copy.deepcopy(state)) for state in states]
    return sum(not same(state, copied) for state, copied in held)


def test_a_state_is_never_changed():
    assert changed(islice(steps(begin(), INDICES, 4), 30)) == 0

    def hasty(weights, d, memory):
        memory += d * d  # in place
        return weights - 0.1 * d, memory

    assert changed(islice(steps(begin(), INDICES, 4, update=hasty), 30)) > 20


def test_a_state_may_keep_the_gradient_itself():
    def remember(weights, d, memory):
        return weights - 0.01 * d, d

    states = steps(begin(), INDICES, 4, update=remember, clip=lambda d: d)
    assert changed(islice(states, 10)) == 0


def test_one_array_of_a_state_keeps_its_memory():
    training = steps(begin(), INDICES, 4)
    Whh = next(training).params.Whh  # the rest of its state is let go
    before = Whh.copy()
    assert not np.array_equal(list(islice(training, 30))[-1].params.Whh, before)
    assert np.array_equal(Whh, before)


def test_training_goes_on_from_any_state_to_the_bit():
    whole = after(20, begin())
    for n in range(1, 20):
        assert same(after(20 - n, after(n, begin())), whole)
    forgetful = after(7, begin())
    for lost in (
        replace(forgetful, hprev=np.zeros((5, 1))),
        replace(forgetful, memory=begin().memory),
        replace(forgetful, position=0),
    ):
        assert not same(after(13, lost), whole)


def test_sgd_and_adagrad_by_hand():
    w, d, nothing = np.array([[1.0, -2.0]]), np.array([[3.0, -0.5]]), np.zeros((1, 2))
    moved, memory = sgd(w, d, nothing, learning_rate=0.1)
    assert np.allclose(moved, [[0.7, -1.95]], rtol=1e-15)
    assert memory is nothing
    once, memory = adagrad(w, d, nothing, learning_rate=0.1)
    twice, memory = adagrad(once, d, memory, learning_rate=0.1)
    assert np.allclose(memory, 2 * d * d, rtol=1e-15)
    step = 0.1 * d / np.sqrt(d * d + 1e-8) + 0.1 * d / np.sqrt(2 * d * d + 1e-8)
    assert np.allclose(twice, w - step, rtol=1e-14)
    assert not np.allclose(twice, w - 0.2 * np.sign(d), rtol=1e-14)
    for kept, was in ((w, [[1, -2]]), (d, [[3, -0.5]]), (nothing, [[0, 0]])):
        assert np.array_equal(kept, was)


def direction(one, other):
    """The cosine of the angle between two gradients."""
    return one @ other / np.linalg.norm(one) / np.linalg.norm(other)


def test_clipping_by_norm_keeps_the_direction_and_elementwise_does_not():
    steep = 9 * np.random.default_rng(0).standard_normal(50)
    before = steep.copy()
    byentry, bynorm = clip(steep), clip_norm(steep)
    assert np.abs(byentry).max() == 5
    assert np.isclose(np.linalg.norm(bynorm), 5)
    assert np.isclose(direction(bynorm, steep), 1, rtol=1e-14)
    assert direction(byentry, steep) < 0.999
    assert np.array_equal(steep, before)


def test_small_gradients_are_not_clipped_and_huge_ones_do_not_overflow():
    small = np.array([3e-3, 4e-3])
    assert clip(small) is small
    assert np.isnan(clip(small * np.nan)).all()
    assert np.array_equal(clip_norm(small), small)
    assert np.allclose(clip_norm(small * 1e203), [3, 4])
    assert not clip_norm(0 * small).any()


def test_the_gradient_that_is_clipped_is_that_of_all_parameters():
    state, seen = begin(), []

    def watched(d):
        seen.append(d)
        return clip(d)

    after(1, state, clip=watched)
    _, slow, _ = loss_and_gradients(
        state.params, INDICES[:4], INDICES[1:5], state.hprev
    )
    in_order = [getattr(slow, f"d{name}").ravel() for name in NAMES]
    assert np.allclose(seen[0], np.concatenate(in_order), rtol=1e-12, atol=1e-15)
    assert not np.allclose(seen[0], np.concatenate(in_order[::-1]), rtol=1e-12)


def apart(learning_rate, n):
    """The largest differences of losses and weights, readable against hoisted pass."""
    update = partial(adagrad, learning_rate=learning_rate)
    ways = [
        islice(steps(begin(), INDICES, 4, update, loss_and_gradients=way), n)
        for way in (loss_and_gradients, None)
    ]
    pairs = [
        (abs(p.loss - q.loss), np.abs(p.params.vector - q.params.vector).max())
        for p, q in zip(*ways, strict=True)
    ]
    return np.max(pairs, axis=0)


def test_the_readable_and_the_hoisted_pass_train_alike():
    assert apart(0.01, 500).max() < 1e-9
    assert apart(0.01, 500).min() > 0  # they are two passes, not one


def test_a_step_allocates_the_next_state_and_little_more():
    rng = np.random.default_rng(0)
    state = start(V=30, H=100, T=50, rng=rng)
    text = rng.integers(30, size=501).tolist()
    size = state.params.vector.nbytes

    def peak(**options):
        training = steps(state, text, 50, **options)
        for _ in range(3):  # from here on there is memory to be used again
            held = next(training)
        tracemalloc.start()
        held = next(training)  # noqa: F841  (the state before it is let go)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most / size

    def wasteful(weights, d, memory):
        sums = memory + d * d
        return weights - 0.1 * d / np.sqrt(sums + 1e-8), sums

    assert peak() + 0.5 < peak(update=wasteful)


def unpredictable():
    """A network that predicts the same three probabilities after any letter."""
    return begin().params.replace(Why=np.zeros((3, 5)), by=[[2.0], [1.0], [0.0]])


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_letters_come_as_often_as_the_temperature_says(temperature):
    rng = np.random.default_rng(1)
    letters = sample(unpredictable(), [0], 3000, rng, temperature)
    shares = np.bincount(letters, minlength=3) / 3000
    weights = np.exp(np.array([2.0, 1.0, 0.0]) / temperature)
    assert np.allclose(shares, weights / weights.sum(), atol=0.03)
    others = np.exp(np.array([2.0, 1.0, 0.0]) / temperature * 2)
    assert not np.allclose(shares, others / others.sum(), atol=0.03)


def test_near_zero_only_the_likeliest_letter_is_left():
    for temperature in (1e-3, 1e-310):
        drawn = sample(unpredictable(), [2], 50, np.random.default_rng(2), temperature)
        assert set(drawn) == {0}
    assert len(set(sample(unpredictable(), [2], 50, np.random.default_rng(2)))) == 3


def test_a_seed_gives_its_text_and_another_seed_another():
    params = after(50, begin()).params
    texts = [sample(params, [0], 40, np.random.default_rng(s)) for s in (3, 3, 4)]
    assert texts[0] == texts[1] != texts[2]


def test_every_letter_is_drawn_from_the_prediction_after_all_before_it():
    params = after(300, begin()).params
    rng, text = np.random.default_rng(8), [1]
    for _ in range(30):
        run = forward(params, text, text, np.zeros((5, 1)))
        text.append(int(rng.choice(3, p=run.ps[run.T - 1].ravel())))
    assert sample(params, [1], 30, np.random.default_rng(8)) == text[1:]
    assert len(set(text)) == 3


def test_the_prime_is_read():
    params = after(300, begin()).params
    run = loss_and_gradients(params, [1], [0], np.zeros((5, 1)))
    whole = sample(params, [1, 2], 40, np.random.default_rng(5))
    rest = sample(params, [2], 40, np.random.default_rng(5), hprev=run[2])
    assert whole == rest
    assert whole != sample(params, [2], 40, np.random.default_rng(5))


ERRORS = {
    "a text shorter than a chunk": (
        lambda: steps(begin(), INDICES[:4], 4),
        "4 indices came, expected at least 5 for T = 4",
    ),
    "weights beyond all numbers": (
        lambda: after(9, begin(), update=partial(adagrad, learning_rate=1e308)),
        "training broke down at step [1-9]: .* holds nan or inf.*; try a smaller",
    ),
    "a bound of zero": (
        lambda: after(1, begin(), clip=partial(clip, bound=0)),
        "bound is 0, expected a number above 0",
    ),
    "a norm of nan": (
        lambda: after(1, begin(), clip=partial(clip_norm, bound=np.nan)),
        "bound is nan, expected a number above 0",
    ),
    "no hidden units": (lambda: begin(H=0), "H is 0, expected at least 1"),
    "a temperature of zero": (
        lambda: sample(begin().params, [0], 1, np.random.default_rng(0), 0),
        "temperature is 0, expected a number above 0",
    ),
    "no prime": (
        lambda: sample(begin().params, [], 1, np.random.default_rng(0)),
        "prime is empty, expected at least one index",
    ),
    "an unknown prime": (
        lambda: sample(begin().params, [3], 1, np.random.default_rng(0)),
        r"inputs\[0\] is 3, expected 0 to 2",
    ),
    "a negative length": (
        lambda: sample(begin().params, [0], -1, np.random.default_rng(0)),
        "length is -1, expected at least 0",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_wrong_use_gets_one_clear_error(name):
    call, message = ERRORS[name]
    with pytest.raises(ValueError, match=message):
        call()
