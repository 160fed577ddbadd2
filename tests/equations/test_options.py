"""A network's options by a word each; models that cannot be, with their place."""

import re

import pytest

from rnn_notes.__main__ import main
from rnn_notes.equations import EquationError, measure
from rnn_notes.equations.model import names, shipped

SLOPE = r"\frac{\partial h_t}{\partial h_{t-1}}"
LAST = r"\frac{\partial L}{\partial y_t} = 0, \quad t < T"
OPTIONS = [
    ("y_t = W_{hy} h_t", "without biases", "without biases"),
    (r"L = \frac{1}{T} \sum_{t=1}^{T} \ell_t", "with a mean loss", "mean"),
    (LAST, "for the last loss alone", "last"),
    (rf"{SLOPE} = \operatorname{{diag}}(1 - h_t^2) W_{{hh}}^\top", "in rows", "rows"),
    (r"h_t = \operatorname{relu}(a_t)", "with relu for tanh", "relu"),
    (r"h_t = \operatorname{sigmoid}(a_t)", "with sigmoid for tanh", "sigmoid"),
    (f"{SLOPE} = W_{{hh}}", "without tanh", "without tanh"),
]


@pytest.mark.parametrize(("latex", "option", "word"), OPTIONS, ids=lambda x: x[:30])
def test_an_option_that_would_save_a_formula_is_told_and_can_be_chosen(
    latex, option, word, capsys
):
    found = measure(latex)
    assert not found
    assert f"holds {option}" in found.saved
    assert measure(latex, model=f"book {word}")
    assert main(["equation", "--model", f"book {word}", "--", latex]) == 0
    own = "rows" if word == "rows" else f"book, {option}"
    assert f"in the notation of {own}\n" in capsys.readouterr().out
    assert main(["equation", "--", latex]) == 1


@pytest.mark.parametrize("text", ["paper", "pytorch", "book"])
def test_a_gate_that_keeps_what_another_text_lets_in_is_told_as_such(text):
    new = r"\tilde{h}_t" if text == "paper" else "n_t"
    model = "gru" if text == "book" else f"gru-{text}"
    mixed = rf"h_t = (1 - z_t) \odot h_{{t-1}} + z_t \odot {new}"
    found = measure(mixed, model=model)
    assert not found
    assert found.saved == ("holds with z for what is new",)
    assert measure(mixed, model=f"{model} what is new")
    assert measure(mixed.replace("+", "-"), model=model).saved == ()


@pytest.mark.parametrize(
    ("latex", "reason"),
    [
        (
            r"\frac{\partial L}{\partial W_y} = \sum_t (o_t - y_t) h_t^T",
            "W_{y} is not known",
        ),
        (r"\frac{\partial L}{\partial b_q} = \sum_t (o_t - y_t)", "o_{t} is not known"),
    ],
)
def test_a_notation_is_not_read_in_which_two_letters_are_one_or_a_name_is_an_entry(
    latex, reason
):
    with pytest.raises(EquationError, match=re.escape(reason)):
        measure(latex)


def test_an_option_is_told_though_a_draw_has_a_column_of_zeros():
    relu = r"h_t = \operatorname{relu}(a_t)"  # both of H = 2 can be off
    saved = {measure(relu, model="book", seeds=(n,)).saved for n in range(6)}
    assert saved == {("holds with relu for tanh",)}


def test_what_an_option_does_not_save_is_not_said_to_be():
    assert not any("tanh" in told for told in measure("y_t = 2 W_{hy} h_t").saved)
    assert (
        measure(
            r"\frac{\partial L}{\partial b_h} = 2 \frac{\partial L}{\partial b_h}"
        ).saved
        == ()
    )


def test_a_second_bias_has_the_gradient_of_the_first():
    right = r"\frac{\partial L}{\partial b_{hh}} = \frac{\partial L}{\partial b_h}"
    assert measure(right, model="book two biases")
    assert not measure(right.replace("= ", "= 2 "), model="book two biases")


@pytest.mark.parametrize("model", ["book nonsense", "book biases", "book without"])
def test_an_option_that_is_none_or_not_one_is_refused_with_those_that_are(model):
    with pytest.raises(ValueError, match="expected one of without biases, with a mean"):
        measure("h_t = a_t", model=model)


def test_every_option_of_every_model_can_be_read():
    for name in names():
        for option in shipped(name).options:
            assert shipped(name).with_options([option]).quantities


@pytest.mark.parametrize(
    ("clauses", "reason", "place"),
    [
        (
            "h_0 \\in \\mathbb{R}^{D}\nh_t = h_t + x_t",
            "h refers to itself",
            "h_t = h_t",
        ),
        ("a_t = b_t\nb_t = a_t + x_t", "a, b cannot be computed", "a_t = b_t"),
        ("h_t = h_{t-1} + x_t", "h cannot be computed", "h_t = h_{t-1}"),
        ("h_t = x_{t-1}", "x is needed at step 0", "x_t \\in \\mathbb{R}^{D}"),
        ("h_t = x_t\nh_t = 2 x_t", "h has a meaning already", "h_t = 2 x_t"),
        (
            "x_t \\in \\mathbb{R}^{H}",
            "x has a meaning already",
            "x_t \\in \\mathbb{R}^{H}",
        ),
    ],
)
def test_a_model_that_cannot_be_is_refused_at_its_clause(clauses, reason, place):
    text = f"x_t \\in \\mathbb{{R}}^{{D}}\n{clauses}\n"
    with pytest.raises(EquationError) as caught:
        measure("x_t = 2 x_t", model=text)
    told = str(caught.value)
    assert reason in told
    assert place in told.split("\n")[1]
    assert told.split("\n")[2].strip().startswith("^")


def test_a_loss_is_missed_only_where_one_is_named():
    text = "x_t \\in \\mathbb{R}^{D}\nh_t = 2 x_t\n"
    assert measure("h_t = 2 x_t", model=text)
    with pytest.raises(EquationError, match="L is not known"):
        measure(r"\frac{\partial L}{\partial h_t} = 0", model=text)


def test_the_whole_loss_has_no_step_whose_inputs_are_held_still():
    with pytest.raises(EquationError, match="L came below ∂⁺"):
        measure(r"\frac{\partial^{+} L}{\partial h_t} = 0")
    held = r"\frac{\partial^{+} \ell_t}{\partial h_t} = W_{hy}^\top (p_t - e_t)"
    assert measure(held)
