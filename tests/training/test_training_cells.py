"""Training of all three networks, of streams side by side, by each of the rules."""

import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice

import numpy as np
import pytest

from rnn_notes import gru, lstm, rnn
from rnn_notes.sampling import sample
from rnn_notes.text import Vocabulary
from rnn_notes.training import adagrad, adam, clip, sgd, start, steps, streams
from rnn_notes.training.networks import CELLS, cell_of
from rnn_notes.training.updates import RULES, nothing

TEXT = "abbabcabbabcc" * 4
VOCABULARY = Vocabulary.of(TEXT)
INDICES = VOCABULARY.indices(TEXT)
READABLE = {
    "rnn": rnn.loss_and_gradients,
    "lstm": lstm.loss_and_gradients,
    "gru": gru.loss_and_gradients,
}
every_cell = pytest.mark.parametrize("name", CELLS)


def begin(name, B=1, rule="adagrad", H=5):
    """The state before the first step of a small network."""
    return start(3, H, 4, np.random.default_rng(0), cell=name, B=B, rule=rule)


def after(n, state, **options):
    """The state n steps later."""
    return next(islice(steps(state, INDICES, 4, **options), n - 1, n))


@every_cell
def test_the_readable_pass_and_the_fast_one_train_alike(name):
    readable = after(60, begin(name), loss_and_gradients=READABLE[name])
    fast = after(60, begin(name))
    assert np.allclose(readable.params.vector, fast.params.vector, rtol=0, atol=1e-10)
    assert np.isclose(readable.smooth_loss, fast.smooth_loss, rtol=1e-12)
    moved = np.abs(fast.params.vector - begin(name).params.vector).max()
    assert moved > 1e-2


@every_cell
@pytest.mark.parametrize("rule", RULES)
def test_every_rule_trains_every_network(name, rule):
    state = begin(name, rule=rule, H=8)
    assert after(300, state, update=RULES[rule]).loss < 0.9 * state.loss
    uphill = partial(RULES[rule], learning_rate=-0.01)
    assert after(300, state, update=uphill).loss > state.loss


@every_cell
@pytest.mark.parametrize("B", [1, 3])
def test_training_goes_on_from_any_state_to_the_bit(name, B):
    whole = after(20, begin(name, B))
    halfway = after(9, begin(name, B))
    resumed = after(11, halfway)
    assert resumed.params.vector.tobytes() == whole.params.vector.tobytes()
    assert resumed.hprev.tobytes() == whole.hprev.tobytes()
    assert (resumed.position, resumed.step) == (whole.position, 20)
    assert resumed.smooth_loss == whole.smooth_loss
    assert (resumed.cprev is not None) == (name == "lstm")
    if name == "lstm":
        assert resumed.cprev.tobytes() == whole.cprev.tobytes()
    assert halfway.step == 9


@every_cell
def test_a_batch_is_the_mean_of_its_streams(name):
    text, seen = streams(INDICES, 3), []
    assert text.shape == (3, 17)
    state = begin(name, B=3)

    def watched(d):
        seen.append(d)
        return clip(d)

    first = after(1, state, clip=watched)
    runs = [
        READABLE[name](state.params, x[:4], x[1:5], *CELLS[name].zeros(5)) for x in text
    ]
    mean = np.mean([run[1].vector for run in runs], axis=0)
    assert np.isclose(first.loss, np.mean([run[0] for run in runs]), rtol=1e-12)
    assert np.allclose(seen[0], mean, rtol=1e-11, atol=1e-15)
    assert not np.allclose(seen[0], 3 * mean, rtol=1e-11)
    lasts = [run[2][0] if name == "lstm" else run[2] for run in runs]
    assert np.allclose(first.hprev, np.hstack(lasts), rtol=1e-12)


@every_cell
def test_trainings_in_threads_do_not_meet(name):
    def trained(B):
        return after(40, begin(name, B)).params.vector.tobytes()

    alone = [trained(B) for B in (1, 2, 3, 4)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(trained, (1, 2, 3, 4))) == alone
    assert len(set(alone)) == 4


def test_streams_are_read_side_by_side_and_rewound_together():
    positions = [s.position for s in islice(steps(begin("rnn", 3), INDICES, 4), 6)]
    assert positions == [4, 8, 12, 16, 4, 8]
    with pytest.raises(ValueError, match="4 indices came, expected at least 5"):
        steps(begin("rnn", 3), INDICES[:14], 4)


@every_cell
def test_each_network_writes_what_it_has_read(name):
    params = after(300, begin(name, H=8), update=adagrad).params
    texts = [sample(params, [0], 40, np.random.default_rng(s)) for s in (3, 3, 4)]
    assert texts[0] == texts[1] != texts[2]
    run = READABLE[name](params, [1], [0], *CELLS[name].zeros(8))
    last = run[2] if name == "lstm" else (run[2],)
    whole = sample(params, [1, 2], 40, np.random.default_rng(5))
    states = dict(zip(("hprev", "cprev"), last, strict=False))
    assert sample(params, [2], 40, np.random.default_rng(5), **states) == whole
    assert sample(params, [2], 40, np.random.default_rng(5)) != whole


def test_adam_by_hand():
    w, d, memory = np.array([1.0, -2.0]), np.array([3.0, -0.5]), np.zeros(5)
    assert nothing("adam", w).tolist() == memory.tolist()
    once, memory = adam(w, d, memory, learning_rate=0.1)
    assert np.allclose(once, w - 0.1 * np.sign(d), rtol=1e-6)  # however large d is
    other = np.array([-1.0, 2.0])
    twice, memory = adam(once, other, memory, learning_rate=0.1)
    mean = (0.9 * 0.1 * d + 0.1 * other) / (1 - 0.9**2)
    square = (0.999 * 0.001 * d**2 + 0.001 * other**2) / (1 - 0.999**2)
    expected = once - 0.1 * mean / (np.sqrt(square) + 1e-8)
    assert np.allclose(twice, expected, rtol=1e-12)
    assert not np.allclose(twice, once - 0.1 * np.sign(other), rtol=1e-3)
    assert memory[-1] == 2
    assert d.tolist() == [3.0, -0.5]


def test_an_lstm_starts_with_its_gate_open():
    params = begin("lstm").params
    assert (params.bf == 1).all()
    assert not params.bi.any()


def test_lists_are_clipped_and_words_refused():
    assert clip([-7, 2]).tolist() == [-5, 2]
    with pytest.raises(TypeError, match="d holds <U1, expected real numbers"):
        clip(["a"])


@pytest.mark.parametrize("size", [2, 300])
def test_indices_take_the_smallest_integers(size):
    letters = "".join(map(chr, range(97, 97 + size)))
    vocabulary = Vocabulary(letters[::-1])
    indices = vocabulary.indices(letters)
    assert indices.tolist() == [*range(size)][::-1]
    assert indices.dtype == (np.uint8 if size == 2 else np.uint16)
    assert vocabulary.encode(letters) == indices.tolist()
    with pytest.raises(ValueError, match=r"'!' at place 1 is not in the vocabulary"):
        vocabulary.indices("a!")


def test_a_long_text_takes_a_byte_a_letter_beside_one_block():
    vocabulary = Vocabulary("ab")

    def peak(way, length):
        """The most bytes that a look-up of so many letters holds at once."""
        text = "ab" * (length // 2)
        tracemalloc.start()
        way(text)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    few, many = 2_000_000, 8_000_000
    array, numbers = (
        (peak(way, many) - peak(way, few)) / (many - few)
        for way in (vocabulary.indices, vocabulary.encode)
    )
    assert array < 1.1 < 5 < numbers, "a list takes more"


def test_a_text_is_looked_up_in_blocks(monkeypatch):
    monkeypatch.setattr("rnn_notes.text._BLOCK", 5)
    assert np.array_equal(VOCABULARY.indices(TEXT), INDICES)
    with pytest.raises(ValueError, match="'!' at place 13"):
        VOCABULARY.indices(TEXT[:13] + "!")


WRONG = {
    "cell": "cell is 'elman', expected one of rnn, lstm, gru",
    "rule": "rule is 'elman', expected one of sgd, adagrad, adam",
}


@pytest.mark.parametrize("name", WRONG)
def test_unknown_words_are_refused(name):
    with pytest.raises(ValueError, match=WRONG[name]):
        start(3, 5, 4, np.random.default_rng(0), **{name: "elman"})
    with pytest.raises(ValueError, match="B is 0, expected at least 1"):
        start(3, 5, 4, np.random.default_rng(0), B=0)
    with pytest.raises(TypeError, match="params is ndarray, expected one of rnn"):
        cell_of(np.ones(3))
    assert sgd is RULES["sgd"]
