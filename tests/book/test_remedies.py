"""The trainings that the page on memory tells of are those of their benchmark."""

import numpy as np
import pytest

from benchmarks import remedies
from benchmarks.seed_spread import recall_text
from rnn_notes.book.seeds import Seeds
from rnn_notes.text import Vocabulary

FOUND = Seeds("remedies")
TEXT = recall_text(10)
VOCABULARY = Vocabulary.of(TEXT)
LETTERS = VOCABULARY.indices(TEXT)


def begun(name, seed=0):
    """The parameters before the first step."""
    start = remedies.STARTS[name]
    return remedies.begun(*start, len(VOCABULARY), 26, "adam", seed).params


def test_every_start_and_seed_was_run():
    assert list(FOUND["gaps"]) == [str(gap) for gap in remedies.GAPS]
    for rows in FOUND["gaps"].values():
        assert list(rows) == list(remedies.STARTS)
        for row in rows.values():
            assert len(row["bits"]) == len(row["before"]) == len(remedies.SEEDS)


@pytest.mark.parametrize("name", remedies.STARTS)
def test_what_is_kept_before_is_that_of_the_start(name):
    before = FOUND["gaps"]["10"][name]["before"]
    assert np.isclose(remedies.kept(begun(name), LETTERS, 10), before[0], rtol=0.01)
    if name not in ("plain, orthogonal", "plain, identity"):  # these keep over any gap
        sooner = remedies.kept(begun(name), LETTERS, 5)
        assert not np.isclose(sooner, before[0], rtol=0.1)


def test_a_toss_costs_one_bit_where_it_is_guessed():
    tosses, lines = VOCABULARY.encode("ab"), LETTERS[: 13 * 40]
    params = begun("GRU, bz = 0")
    silent = params.replace(Why=0 * params.Why)
    assert np.isclose(remedies.toss_bits(silent, lines, 10, tosses), 1, rtol=1e-12)
    bias = np.zeros((len(VOCABULARY), 1))
    bias[tosses[0]] = 20  # always the first of the two
    share = np.mean(LETTERS[11 : 13 * 40 : 13] != tosses[0])
    sure = silent.replace(by=bias)
    cost = 20 / np.log(2) * share
    assert np.isclose(remedies.toss_bits(sure, lines, 10, tosses), cost, rtol=1e-6)
