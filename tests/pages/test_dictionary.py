"""The dictionary of notations says what the models say, and each column holds."""

import re

import pytest

from docs._ext.formulas.dictionary import CLASSIC, column
from rnn_notes.equations import measure
from rnn_notes.equations.model import shipped
from tests.helpers.prose import DOCS

TEXT = (DOCS / "notation.md").read_text()
COLUMNS = re.findall(
    r"^([\w-]+): ", TEXT.split("{dictionary}")[1].split("```")[0], re.M
)
ROWS = column(shipped("book"))
FORWARD = [
    r"a_t = W_{xh} x_t + W_{hh} h_{t-1} + b_h",
    r"h_t = \tanh(a_t)",
    r"y_t = W_{hy} h_t + b_y",
    r"p_t = \operatorname{softmax}(y_t)",
    r"\frac{\partial L}{\partial b_y} = \sum_{t=1}^{T} (p_t - e_t)",
    r"\frac{\partial L}{\partial W_{hh}} = "
    r"\sum_{t=1}^{T} \frac{\partial L}{\partial a_t} h_{t-1}^\top",
]


def translated(latex, texts):
    """A formula of the book in the letters of a column; None where one is missing."""
    for note, [(ours, _)] in ROWS.items():
        found = texts.get(note, [])
        for ours_, step in (ours, "t"), (ours.replace("_t", "_{t-1}"), "t-1"):
            if ours_ not in latex:
                continue
            if len(found) != 1:
                return None
            theirs = found[0][0].replace("_t", "_{t}")
            theirs = re.sub(r"(?<![a-z])t(?![a-z])", step, theirs)
            latex = latex.replace(ours_, mark(theirs))
    return latex.translate(UNMARK)


def mark(latex):
    """Letters that no further translation touches."""
    return "".join(chr(0xE000 + ord(sign)) for sign in latex)


UNMARK = {0xE000 + code: code for code in range(128)}


def told(name, texts):
    """Which of the book's formulas hold in a column, once they are translated."""
    pairs = [(f, translated(f, texts)) for f in FORWARD]
    return {f: bool(measure(latex, model=name)) for f, latex in pairs if latex}


@pytest.mark.parametrize(("name", "least"), [("goodfellow", 6), ("coursera", 2)])
def test_a_formula_translated_by_the_dictionary_holds_there(name, least):
    found = told(name, column(shipped(name)))
    assert all(found.values()), found
    assert len(found) >= least


def test_a_dictionary_with_two_letters_exchanged_is_found_out():
    texts = column(shipped("goodfellow"))
    a, b = "prediction", "target"
    assert not all(told("goodfellow", {**texts, a: texts[b], b: texts[a]}).values())


def test_every_letter_of_every_column_has_its_row():
    assert len(COLUMNS) >= 7
    for name in COLUMNS:
        assert set(column(shipped(name))) <= set(ROWS), name


def test_a_quantity_that_names_the_books_stands_in_its_row():
    for name in COLUMNS:
        for quantity in shipped(name).quantities.values():
            if quantity.book:
                note = quantity.note.partition(",")[0]
                assert ROWS[note][0][0] == quantity.book, (name, note)


def test_the_names_of_the_classic_code_stand_in_it():
    classic = (DOCS / "classic.md").read_text()
    assert set(ROWS) - set(CLASSIC) == {"argument of tanh", "loss of a step"}
    for name in CLASSIC.values():
        assert re.search(rf"(?<!\w){re.escape(name)}", classic), name
    assert "hs[s]" not in classic


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("goodfellow: Goodfellow", ""),
        ("lstm: an LSTM", "lstm has a 'cell state', expected one of input, target"),
        ("no-such: none", "'no-such' came, expected the name of a model"),
    ],
)
def test_a_column_that_does_not_fit_is_a_warning(build, page, line, told):
    extensions = ["myst_parser", "formulas.mathml", "formulas.dictionary"]
    book = f"# Book\n\n```{{dictionary}}\nbook: ours\n{line}\n```\n"
    warnings = build({"index": book}, extensions=extensions)
    assert told in warnings
    if not told:
        assert warnings == ""
        assert "N×D" in page("index")
