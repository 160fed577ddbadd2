"""What the pages say in sentences agrees with what they compute."""

import re

import numpy as np
import pytest

from docs._ext.pages.minutes import in_sight, minutes
from docs._ext.pages.sentences import counts, places, unsaid
from rnn_notes import forward
from rnn_notes.rnn import running_example
from tests.helpers import prose

PAGES = prose.pages()
CHAPTERS = [page for page in PAGES if "\n## Exercises\n" in page.source]
CORE = [
    page
    for page in PAGES
    if page.name
    in {
        "forward", "layouts", "transposes", "dhnext", "backward", "chain-rule",
        "gradient-check",
    }
]  # fmt: skip
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
every_chapter = pytest.mark.parametrize("page", CHAPTERS, ids=lambda page: page.name)


def scratch(text):
    """A page of one paragraph."""
    return prose.Page("scratch", text + "\n")


@pytest.fixture(scope="module")
def known():
    return prose.known_names()


@pytest.fixture(scope="module")
def modules():
    return prose.package_lines()


@every_page
def test_no_decimal_in_a_sentence_is_typed_by_hand(page):
    assert prose.bare_decimals(page) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The error is 0.25 here.", ["0.25"]),
        ("A factor of 1e-7 at most.", ["1e-7"]),
        ("Glued: {glue:text}`a-key:.3f`, code: `0.5 * h`, math $0.5$, step 12.", []),
        ("```{code-cell} ipython3\nx = 0.5\n```", []),
        ("```{drawn} unrolled\n:name: fig\nFalls to 0.5.\n```", ["0.5"]),
        ("```{stepper}\n:name: fig\n:ledger:\nFalls to 0.5.\n```", ["0.5"]),
    ],
)
def test_decimals_are_found(text, found):
    assert prose.bare_decimals(scratch(text)) == found


@every_page
def test_every_name_in_inline_code_exists(page, known):
    assert prose.unknown_names(page, known) == set()


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("`Whh.T @ dhraw` and `np.tanh` and `hs[t-1]`", set()),
        ("`Whx @ h`", {"Whx"}),
        ("`np.tahn(h)`", {"np.tahn"}),
        ("`rnn_notes.backwards`", {"rnn_notes.backwards"}),
        ("`h.summ(axis=1)`, `.summ` and `d[0].summ`", {"h.summ", "summ"}),
        ('`measure(model="nonne")`', {"nonne"}),
        ("```{moving} scale\nThe scale of `Whhh`\n```", {"Whhh"}),
        ("{doc}`nowhere`", set()),
    ],
)
def test_unknown_names_are_found(text, unknown, known):
    assert prose.unknown_names(scratch(text), known) == unknown


@every_page
def test_glued_names_and_quoted_names_are_the_same(page):
    assert page.quoted() == page.glued()


def test_quoted_names_are_found():
    page = scratch("{glue:text}`loss:.3f` nats")
    assert page.quoted() == {"loss"} != page.glued()


@pytest.fixture(scope="module")
def labels():
    return [label for page in PAGES for label in prose.labels_of(page)]


@every_page
def test_every_reference_leads_somewhere(page, labels):
    assert prose.dangling(page, set(labels)) == []


def test_labels_are_given_once(labels):
    assert len(labels) == len(set(labels)) > 20


def test_lost_references_are_found(labels):
    page = scratch("{eq}`eq-a`, {doc}`dhnext`, {doc}`words <b>`, {address}`fig-c`")
    lost = ["eq:eq-a", "doc:b", "address:fig-c"]
    assert prose.dangling(page, set(labels)) == lost


@every_page
def test_included_code_is_where_the_page_says(page):
    assert prose.lost_includes(page) == []


def test_lost_includes_are_found():
    block = "```{literalinclude} ../rnn_notes/rnn.py\n:start-at: no such line\n```"
    assert prose.lost_includes(scratch(block)) == ["no such line"]


@every_page
def test_no_cell_copies_the_package(page, modules):
    assert prose.copied_runs(page, modules) == []


def test_copies_are_found(modules):
    copy = (prose.ROOT / "rnn_notes/rnn.py").read_text()
    page = scratch(f"```{{code-cell}} ipython3\n{copy}```")
    assert prose.copied_runs(page, modules)


@every_page
def test_every_python_fence_is_executed(page):
    for info, content in page.fences():
        language = info.split()[0] if info else ""
        assert language not in ("pycon", "ipython3", "py")
        if language == "python":
            assert content.startswith(">>>")


def test_the_chapters_are_found():
    assert {page.name for page in CHAPTERS} >= {
        "forward", "layouts", "transposes", "dhnext", "backward", "errata",
    }  # fmt: skip


@every_chapter
def test_three_exercises_each_with_an_executed_solution_and_a_failing_wrong_one(page):
    _, exercises = page.source.split("\n## Exercises\n")
    assert re.findall(r"^\*\*(\d)\.\*\*", exercises, re.M) == ["1", "2", "3"]
    solutions = re.findall(
        r'<details class="solution"><summary>Solution</summary>\n(.*?)</details>',
        exercises,
        re.S,
    )
    assert len(solutions) == 3
    for solution in solutions:
        cells = "\n".join(scratch(solution).cells())
        assert "assert " in cells
        assert re.search(r"assert not |!=| is None|assert \(.*\) != ", cells), solution


@every_chapter
def test_claims_are_asserted_and_not_displayed(page):
    for cell in page.cells():
        last = cell.strip().splitlines()[-1]
        assert not re.match(r"(bool\(|np\.allclose|agreement\()", last), last
    assert sum(cell.count("assert ") for cell in page.cells()) >= 6


@every_page
def test_titles_and_words(page):
    text = page.prose().lower()
    assert not re.search(r"\b(simply|obviously|todo|color|labeled|behavior)\b", text)
    title = re.search(r"^# (.+)$", page.body(), re.M)[1]
    assert title[0].isupper()
    assert len(re.findall(r"^# ", page.prose(), re.M)) == 1


@every_page
def test_functions_and_figures_that_a_page_names_exist(page):
    assert prose.lost_names(page) == []


def test_lost_names_are_found():
    page = scratch(
        "```{drawn} nothing\nA caption.\n```\n"
        "```{measured} eq\n:by: rnn_notes.rnn.nothing\nL = L\n```"
    )
    assert prose.lost_names(page) == ["rnn_notes.rnn.nothing", "nothing"]


def half_empty_heads(text):
    """The heads of tables in which some column has a name and some has none."""
    heads = re.findall(r"^\|(.+)\|\n\|[-:| ]+\|$", text, re.M)
    return [
        head
        for head in heads
        if head.strip(" |") and not all(map(str.strip, head.split("|")))
    ]


@every_page
def test_every_column_of_a_table_has_a_name(page):
    assert half_empty_heads(page.source) == []


def test_half_empty_heads_are_found():
    rows = "|---|---|\n| a | b |"
    assert half_empty_heads(f"| | two |\n{rows}") == [" | two "]
    assert half_empty_heads(f"| one | two |\n{rows}") == []
    assert half_empty_heads(f"| | |\n{rows}") == []


@every_page
def test_tables_of_shapes_tell_the_truth(page):
    assert prose.false_shapes(page) == []


def test_false_shapes_are_found():
    rows = "| $W$ | `params.Wxh` | V×H | x |\n| $h$ | `run.hs[t]` | H×1 | x |"
    assert prose.false_shapes(scratch(rows)) == ["params.Wxh is V×H"]


NOTATION = next(page for page in PAGES if page.name == "notation")


@pytest.mark.parametrize("t", [0, 1, 4])
def test_the_names_of_the_forward_pass_hold_what_the_notation_says(t):
    params, inputs, targets, hprev = running_example()
    run = forward(params, inputs, targets, hprev)
    a = params.Wxh[:, [inputs[t]]] + params.Whh @ run.hs[t - 1] + params.bh
    y = params.Why @ np.tanh(a) + params.by
    p = np.exp(y) / np.exp(y).sum()
    meant = {
        "run.xs[t]": np.eye(2)[:, [inputs[t]]],
        "run.es[t]": np.eye(2)[:, [targets[t]]],
        "run.hs[-1]": hprev,
        "run.hs[t]": np.tanh(a),
        "params.Wxh @ run.xs[t] + params.Whh @ run.hs[t - 1] + params.bh": a,
        "run.ys[t]": y,
        "run.ps[t]": p,
        "run.losses[t]": -np.log(p[targets[t], 0]),
        "run.loss": sum(run.losses),
    }
    rows = [code for code, _ in prose.shape_rows(NOTATION) if code in meant]
    assert set(rows) == set(meant)
    for code in rows:
        assert np.allclose(
            eval(code, {"run": run, "params": params, "t": t}), meant[code]
        )
    assert not np.allclose(run.ys[t], run.ps[t])


def test_the_notation_tables_are_read():
    assert len(prose.shape_rows(NOTATION)) >= 20


@every_page
def test_what_an_assert_quotes_stands_on_its_page(page):
    assert unsaid(page.source) == []


def test_a_changed_sentence_is_found():
    cell = '```{code-cell} ipython3\nassert a  # says: "All six hold here"\n```\n'
    assert unsaid("All six hold here.\n\n" + cell) == []
    assert unsaid("All six hold here.\nAll six hold here too.\n\n" + cell)
    assert unsaid("No six hold here.\n\n" + cell) == ["All six hold here"]


def test_words_are_carried_where_a_quotation_holds_them():
    page = (
        "> Are all reads of a row so?\n\n"
        "Every row is read before the one below, and only one sum is right.\n\n"
        '```{code-cell} ipython3\nassert a  # says: "and only one sum is right"\n```\n'
    )
    found = {page[p.first : p.last]: p.carried for p in places(page)}
    assert found == {
        "Every": False, "row": False, "before": False, "only": True, "one": True,
    }  # fmt: skip


def test_seven_in_ten_words_that_can_be_false_are_carried():
    found = counts(prose.DOCS)
    assert 0.7 * found["words"] < found["carried"] < found["words"]


def idle(page):
    """Quotations that no assert follows before the next ones, or on their line."""
    found = []
    for cell in page.cells():
        groups = re.split(r"((?:^ *# says: .*\n)+)", cell, flags=re.M)
        for quoted, code in zip(groups[1::2], groups[2::2], strict=True):
            if not re.search(r"^ *assert ", code, re.M):
                found.append(quoted.strip())
    return found


@every_page
def test_an_assert_follows_every_quotation(page):
    assert idle(page) == []


def test_a_quotation_without_an_assert_is_found():
    said = '# says: "Two things fit"'
    cell = "```{{code-cell}} ipython3\n{}\n```".format
    assert idle(scratch(cell(f"{said}\nassert a\n{said}\nassert b"))) == []
    assert idle(scratch(cell(f"{said}\na = 1\n{said}\nassert b"))) == [said]
    assert idle(scratch(cell(f"assert a\n{said}\nb = 1"))) == [said]


def asserted(text):
    """How many asserts readers see in a text: the build removes some cells."""
    cells = re.findall(r"^```\{code-cell\}.*\n((?:.*\n)*?)```", text, re.M)
    seen = [cell for cell in cells if "remove-cell" not in cell]
    return len(re.findall(r"^ *assert ", "".join(seen), re.M))


def test_a_page_of_the_core_takes_a_quarter_of_an_hour_and_four_take_one():
    took = {page.name: minutes(page.source) for page in CORE}
    assert len(took) == 7
    assert {name: long for name, long in took.items() if long > 15} == {}
    assert sum(took[n] for n in ("forward", "transposes", "dhnext", "backward")) <= 60
    assert minutes("word " * 3001) == 16


def test_most_asserts_of_the_core_are_folded():
    for page in CORE:
        assert 2 * asserted(in_sight(page.source)) < asserted(page.source), page.name
    assert sum(asserted(in_sight(page.source)) for page in CORE) <= 37
    fold = "<details>\n\n```{code-cell} x\nassert a\n```\n\n</details>\n"
    seen = "```{code-cell} x\nassert b\n```\n"
    assert [asserted(text) for text in (seen + fold, in_sight(seen + fold))] == [2, 1]
