"""Formulas true by construction hold; the same, broken by one edit, never do."""

import random
from collections import Counter

import pytest

from rnn_notes.equations import measure
from tests.helpers.broken import CONTEXTS, broken, holds, truths

EVERY = list(broken())
SAMPLE = random.Random(0).sample(EVERY, 40)  # make mutants tries them all


@pytest.mark.parametrize("one", SAMPLE, ids=lambda one: f"{one.model}, {one.edit}")
def test_what_one_edit_has_broken_does_not_hold(one):
    assert not holds(one.latex, one.model), one


@pytest.mark.parametrize("context", CONTEXTS)
def test_what_is_true_by_construction_holds(context):
    for name, left, right in random.Random(1).sample(list(truths()), 4):
        latex = CONTEXTS[context].format(left=left, right=right)
        assert measure(latex, model=name), latex


def test_there_are_enough_of_every_kind_and_in_several_models():
    assert len(EVERY) >= 3000
    kinds = Counter(one.edit for one in EVERY)
    assert set(kinds) == {
        *("sign", "twice", "term", "limit", "function", "step", "letter", "transpose")
    }
    assert len({one.model for one in EVERY}) >= 20
