"""A formula of another text is shown in the book's letters where these say the same."""

import pytest

from rnn_notes.equations import measure
from rnn_notes.equations.model import shipped

GOODFELLOW = {
    r"h^{(t)} = \tanh(b + W h^{(t-1)} + U x^{(t)})": (
        r"h_{t} = \tanh(b_h + W_{hh} h_{t - 1} + W_{xh} x_{t})"
    ),
    r"\nabla_V L = \sum_{t=1}^{\tau} (\hat{y}^{(t)} - y^{(t)}) h^{(t)\top}": (
        r"\nabla_{W_{hy}} L = \sum_{t=1}^{T} (p_{t} - e_{t}) h_{t}^\top"
    ),
    r"\hat y_i^{(t)} = \frac{\exp(o_i^{(t)})}{\sum_{k=1}^{K} \exp(o_k^{(t)})}": (
        r"(p_{t})_{i} = \frac{\exp((y_{t})_{i})}{\sum_{k=1}^{V} \exp((y_{t})_{k})}"
    ),
}


@pytest.mark.parametrize(("latex", "in_book"), GOODFELLOW.items())
def test_a_formula_is_shown_in_the_books_letters(latex, in_book):
    there = measure(latex, model="goodfellow")
    assert there
    assert there.in_book == in_book
    here = measure(in_book, model="book")
    assert here
    assert here.in_book == ""
    assert f"in this book: {in_book}" in str(there)
    assert there.as_dict()["in_book"] == in_book


def test_a_false_formula_is_shown_as_false():
    wrong = measure(r"a^{(t)} = b + W h^{(t)} + U x^{(t)}", model="goodfellow")
    assert not wrong
    assert not measure(wrong.in_book, model="book")


def test_wrong_notes_show_nothing():
    text = shipped("goodfellow").text
    latex = r"a^{(t)} = b + W h^{(t-1)} + U x^{(t)}"
    assert measure(latex, model=text).in_book
    assert measure(latex, model=text.replace("= b_h", "= h_0")).in_book == ""
    assert measure(latex, model=text.replace("= a_t", "= y_t")).in_book == ""
    assert measure(latex, model=text.replace(" = b_h", "")).in_book == ""


def test_another_network_is_not_the_books():
    assert (
        measure(r"c_t = f_t \odot c_{t-1} + i_t \odot g_t", model="lstm").in_book == ""
    )
