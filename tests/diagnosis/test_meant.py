"""Four tests of a loss that need no gradient, each with what fails it."""

import numpy as np
import pytest

from rnn_notes.diagnosis import chunking, padding, permuting, starting

RNG = np.random.default_rng(0)
Wx, Wh = RNG.standard_normal((2, 3)), RNG.standard_normal((3, 3))
SEQUENCE = RNG.standard_normal((4, 2))


def last(sequence, keeps):
    h = np.full(3, 0.5)
    for x in sequence:
        h = h if keeps and not x.any() else np.tanh(x @ Wx + h @ Wh)
    return h


@pytest.mark.parametrize("behind", [False, True])
def test_padding_shows_a_state_that_moves(behind):
    assert padding(lambda s: last(s, keeps=True), SEQUENCE, behind=behind)
    moved = padding(lambda s: last(s, keeps=False), SEQUENCE, behind=behind)
    assert not moved
    assert moved.gap > 0.01
    assert "moves the state" in str(moved)


def test_padding_tells_an_answer_of_another_shape():
    assert padding(lambda s: s, SEQUENCE).gap == np.inf


def test_a_batch_that_sees_itself_is_shown():
    batch = RNG.standard_normal((5, 4, 2))
    assert permuting(lambda b: [last(s, False) for s in b], batch)
    assert not permuting(lambda b: b - b.mean(axis=0) + b[0], batch)
    assert not permuting(lambda b: np.arange(len(b)), batch[:2])  # two change places


def test_chunks_that_forget_the_state_are_shown():
    def run(inputs, targets, h):
        loss = 0.0
        for x, y in zip(inputs, targets, strict=True):
            h = np.tanh(x @ Wx + h @ Wh)
            loss += ((h - y) ** 2).sum()
        return loss, h

    due, h0 = RNG.standard_normal((4, 3)), RNG.standard_normal(3)
    for length in (1, 3, 9):
        assert chunking(run, SEQUENCE, due, h0, length)
    forgets = chunking(lambda x, y, h: (run(x, y, h)[0], h0), SEQUENCE, due, h0, 2)
    assert not forgets
    assert "handed on" in str(forgets)


def test_a_first_loss_is_told_from_a_mean():
    assert starting(25 * np.log(60) * 1.02, 25, 60)
    assert "a mean" in str(starting(np.log(60), 25, 60))
    assert "large" in str(starting(400.0, 25, 60))
