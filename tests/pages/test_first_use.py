"""No word of the glossary and no sign is used before the reader is told of it."""

import pytest

from tests.helpers import prose, reading_order

BY_NAME = {page.name: page for page in prose.pages()}
ORDERED = [BY_NAME[name] for name in reading_order.order(BY_NAME["index"])]
HOMES = {label: page.name for page in ORDERED for label in prose.labels_of(page)}


def page(name, text):
    return prose.Page(name, text + "\n")


def test_the_order_is_the_menus():
    names = [page.name for page in ORDERED]
    assert names[:3] == ["forward", "layouts", "transposes"]
    assert len(names) == len(set(names)) > 20


def test_no_word_comes_before_it_is_told():
    words = reading_order.terms(BY_NAME["glossary"], HOMES)
    assert len(words) > 70
    assert reading_order.untold_terms(ORDERED, words) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("A tape is read.", False),
        ("A *tape* is a list that is read.", True),
        ("A tape is read: {doc}`later`.", True),
        ("The {term}`tape` is read.", True),
        ("`tape` is read.", True),
    ],
)
def test_words_that_come_too_early_are_found(text, told):
    pages = [page("early", text), page("later", "A tape is read.")]
    found = reading_order.untold_terms(pages, {"tape": ["later"]})
    assert (found == []) is told


def test_no_sign_comes_before_it_is_told():
    signs = reading_order.signs(BY_NAME["notation"])
    assert signs >= {r"\odot", r"\operatorname{vec}", r"\partial^{+}", "W_{xh}", "e_t"}
    assert reading_order.untold_signs(ORDERED, signs) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("```{measured} eq-a\n:where: $\\odot$\nA \\odot B\n```", False),
        ("The sign $\\odot$.\n\n```{measured} eq-a\nA \\odot B\n```", True),
        ("```{measured} eq-a\nA \\odot B\n```\n\nThe sign $\\odot$.", True),
        ("```{measured} eq-a\nA \\odot B\n```" + "\n" * 10 + "So $\\odot$.", False),
        ("Nothing.", True),
    ],
)  # fmt: skip
def test_signs_that_come_too_early_are_found(text, told):
    found = reading_order.untold_signs([page("early", text)], {r"\odot"})
    assert (found == []) is told


def test_each_letter_of_a_formula_stands_in_the_notation_beside_its_page():
    assert reading_order.unlisted(list(BY_NAME.values()), BY_NAME["notation"]) == []


def test_a_letter_that_no_row_gives_a_page_for_is_found():
    rows = "| $V$ | letters |\n\n## Symbols here\n\n| $c$ | a cut: {doc}`one` |"
    formula = "```{measured} eq-a\n:by: x\n:where: c > 1\nV_t = V \\tanh(c)\n```"
    pages = [page("one", formula), page("two", formula)]
    assert reading_order.letters(pages[0]) == {"V", "c"}
    assert reading_order.unlisted(pages, page("notation", rows)) == ["c: two"]
