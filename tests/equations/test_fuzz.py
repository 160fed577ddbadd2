"""Whatever comes in ends in an answer or in an ``EquationError``."""

import itertools
import random

import pytest

from rnn_notes.equations import EquationError, measure
from rnn_notes.equations.model import Model, names
from rnn_notes.equations.parsing import parse
from tests.helpers.fuzz import formulas, models, spoilt

READERS = {
    "a parsed formula": (600, formulas, lambda text: parse(text, [])),
    "a formula": (40, formulas, lambda text: measure(text, model="goodfellow")),
    "clauses": (60, formulas, lambda text: measure("h_t = a_t", where=text)),
    "a model": (60, models, Model),
}


@pytest.mark.parametrize("name", READERS)
def test_spoilt_text_is_read_or_refused(name):
    count, texts, read = READERS[name]
    refused = 0
    for text in itertools.islice(spoilt(texts(), random.Random(0)), count):
        try:
            read(text)
        except EquationError:
            refused += 1
    assert 0 < refused <= count


@pytest.mark.parametrize(
    "latex",
    [
        r"\nabla_{} L = 0",
        r"\partial_{} h_t = 0",
        r"\nabla_{h_t, a_t} L = 0",
        r"\text{x}",
        r"\frac{\partial^{+} h_t}{\partial W_{hh}}",
    ],
)
def test_what_once_ended_in_a_traceback_is_refused(latex):
    with pytest.raises(EquationError):
        measure(latex)
    with pytest.raises(EquationError):
        Model(rf"a \in \mathbb{{R}}{chr(10)}{latex}{chr(10)}% also L")


def test_what_is_spoilt_are_the_corpora_and_every_model():
    assert len(formulas()) > 300
    assert len(models()) == len(names())
