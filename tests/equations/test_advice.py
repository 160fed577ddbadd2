"""An error says what to do next: a letter, a clause, a model, a command to paste."""

import shlex

import pytest

from rnn_notes.__main__ import main
from rnn_notes.equations import EquationError, measure


def advice(latex, model=None, where=""):
    """The advice on a formula that is not understood."""
    with pytest.raises(EquationError) as caught:
        measure(latex, model=model, where=where)
    return caught.value.advice


@pytest.mark.parametrize(
    ("latex", "model", "other"),
    [
        ("o_t = W_{qh} h_t", "book", "d2l"),
        (r"\mathbf{H}_t = h_t", "book", "d2l-rows"),
        (r"\frac{\partial L}{\partial V} = 0", "hats", "goodfellow"),
        ("s_t = W_{rec} h_t", "book", "w-rec"),
        (r"a^{\langle t \rangle} = W_{aa} b", "book", "coursera"),
        (r"h_t = \sigma(a_t)", "book", "cs224n"),
        ("h_t = g'(a_t)", "book", "hats"),
    ],
)
def test_the_models_that_know_a_letter_are_named_with_a_command(latex, model, other):
    *_, first = advice(latex, model)
    commands = [line for line in advice(latex, model) if line.startswith("  python")]
    assert commands[-1] == first
    named = [shlex.split(line) for line in commands]
    assert other in [words[words.index("--model") + 1] for words in named]
    assert all(words[-1] == latex for words in named)  # as it was typed
    assert model not in [words[words.index("--model") + 1] for words in named]


def test_a_command_that_is_pasted_gets_past_the_letter(capsys):
    (line,) = [one for one in advice("o_t = W_{qh} h_t", "book") if "--model" in one]
    _, _, _, *arguments = shlex.split(line)
    assert main(arguments) == 0
    assert "in the notation of d2l" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("latex", "near"),
    [
        (r"\frac{\partial L}{\partial W_{yh}} = 0", "W_{hy}"),
        (r"a_t = W_{hx} x_t", "W_{xh}"),
        (r"\frac{\partial L}{\partial w_{hy}} = 0", "W_{hy}"),
    ],
)
def test_the_nearest_letter_is_told(latex, near):
    assert f"the nearest symbol that is known: {near}" in advice(latex, "book")


def test_the_clause_to_add_is_told_and_helps():
    latex = r"\frac{\partial L}{\partial a_t} = (1 - h_t^2) \odot \zeta_t"
    assert r"say what it is: --where '\zeta_t = …'" in advice(latex)[0]
    where = r"\zeta_t = \frac{\partial L}{\partial h_t}"
    assert measure(latex, where=where)


@pytest.mark.parametrize(
    "latex", [r"h_t + W_{hh} = 0", r"y_t = \text{two words} h_t", "="]
)
def test_an_error_about_no_letter_gets_no_such_advice(latex):
    assert advice(latex, "book") == ()


def test_a_letter_that_no_model_knows_gets_a_clause_alone():
    assert all("--model" not in line for line in advice(r"\zeta_t = h_t"))


@pytest.mark.parametrize("sign", ["d", r"\delta "])
def test_a_slanted_d_of_two_readings_gets_a_command_for_each(sign, capsys):
    latex = rf"{sign}h_t = W_{{hy}}^\top {sign}y_t, t = T"
    with pytest.raises(EquationError, match="two readings") as caught:
        measure(latex)
    _, differential, gradient = caught.value.reason.splitlines()
    statuses = [main(shlex.split(one)[3:]) for one in (differential, gradient)]
    assert statuses == [1, 0]
    assert r"\mathrm{d}y_t" in differential
    assert r"\nabla_{y_t} L" in gradient
