"""What the site's extensions let through, what they refuse, and what they make.

The books have a page or two and Sphinx's plainest theme.
The engine that measures is replaced by one that counts its calls, and is used once.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from html import unescape
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest

from docs._ext.formulas.kept import measured
from tests.helpers.smallbook import INDEX, ONE, PAGES, TOC, TWO
from tests.helpers.trees import ROOT, read


def test_a_book_in_order_builds_without_a_warning(build, page, engine) -> None:
    assert build(PAGES) == ""
    one, two = page("one"), page("two")
    # the sentence, the equation, its condition twice, a letter
    assert one.count("<math") == 5
    assert 'encoding="application/x-tex">a = \\sum_{t=1}^{T} b_t<' in one
    assert "largest error 3 × 10 −11 over 24 comparisons" in read(one)
    assert "(1.1)" in read(one), "the equation's number"
    assert 'href="one.html#equation-eq-a"' in two
    assert "mathjax" not in (one + two).lower()
    assert "Not measured: it names a letter" in read(two)


def test_a_page_names_its_model_once(build, page, engine) -> None:
    rows = ONE.replace("eq-a", "eq-0").replace("then {eq}`eq-0`", "no more")
    first = f"{rows}\n```{{model}} rows\n```\n"
    for label, option in ("eq-1", ""), ("eq-2", ":model: gru\n"):
        first += f"\n```{{measured}} {label}\n{option}{label[-1]} = b\n```\n"
    assert build({"index": INDEX + TOC, "one": first, "two": "# Two\n"}) == ""
    assert engine.models == [None, "rows", "gru"]
    two = "# Two\n\n```{measured} eq-3\n3 = b\n```\n"
    build({"index": INDEX + TOC, "one": first, "two": two})
    assert engine.models[3:] == [None], "no page names another's"


def test_the_atlas_lists_every_equation(build, page, engine) -> None:
    build(PAGES)
    atlas = read(page("two").split("<table")[1])
    whole, plain = atlas.split("eq-a")[0], atlas.split("eq-a")[1]
    row = "numerator layout error 3 × 10 −11 rnn_notes.rnn.backward"
    assert whole.replace(" ", "").endswith(row.replace(" ", ""))
    assert "t &lt; T" in whole, "its condition"
    assert "where b t = c d" in plain, "what a further letter stands for"
    assert "layout" not in plain
    assert plain.count("where") == 1
    assert atlas.index("One") < atlas.index("eq-a") < atlas.index("Two")
    assert atlas.index("2.1") < atlas.index("eq-b")
    assert "not measured: 1. (2.2) in Two : it names a letter" in atlas
    assert "2 and 3 × 10 −11 ." in read(page("index"))


WRONG = {
    "broken": ("$$\n\\frac{a\n$$\n", "Unexpected end of input"),
    "inline": ("Here is $\\nonsense$.\n", "\\nonsense"),
    "glyph": ("Here is $\\mathfrak{X}$.\n", "the font lacks '𝔛'"),
    "false": ("```{measured} eq-x\nwrong\n```\n", "equation 'eq-x' does not hold"),
    "odd": ("```{measured} eq-x\nunknown\n```\n", "equation 'eq-x' is not understood"),
    "sizes": ("```{measured} eq-x\n:sizes: V\na\n```\n", "sizes is 'V'"),
    "by": ("```{measured} eq-x\n:by: rnn_notes.no\na\n```\n", "by is 'rnn_notes.no'"),
    "plain": ("```{math}\n:label: eq-x\na\n```\n", "is displayed and not measured"),
    "dollars": ("$$\na = b\n$$\n", "is displayed and not measured"),
    "ams": (
        "\\begin{align}a &= b\\end{align}\n",
        "is displayed and not measured",
    ),
    "nolabel": (
        "```{math}\n:unmeasured: why\na\n```\n",
        "is displayed and not measured",
    ),
    "reference": ("See {eq}`eq-gone`.\n", "equation not found: eq-gone"),
    "count": ("{measured-count}`pages`\n", "measured-count is 'pages'"),
    "figure": ("```{drawn} no_such\nCaption.\n```\n", "no function 'no_such'"),
    "caption": ("```{drawn} two_questions\n```\n", "no caption"),
    "address": ("{address}`eq-gone`\n", "address is 'eq-gone', expected the label"),
    "stepper": ("```{stepper}\n```\n", "no caption"),
    "code": (
        "```{code-block} python\n:name: loop\nt = 0\n```\n\n"
        "```{stepper}\n:code: loop\nCaption.\n```\n",
        "code is 'loop', expected the name of code above that has 'dh = params",
    ),
}


def test_what_is_wrong_is_a_warning_with_its_place(build, engine) -> None:
    """Every wrong page is reported; the words differ, so no warning stands for two."""
    pages = {
        name: f"---\norphan: true\n---\n\n# A page\n\n{body.replace('eq-x', name)}"
        for name, (body, _) in WRONG.items()
    }
    warnings = build({"index": "# Book\n", **pages})
    reports = re.split(r"^(?=/)", warnings, flags=re.MULTILINE)
    for name, (_, words) in WRONG.items():
        about = "".join(r for r in reports if re.match(rf"\S*/{name}\.md:\d+: ", r))
        assert words.replace("eq-x", name) in about


def test_a_page_is_measured_as_strictly_as_it_is_written(build) -> None:
    r"""``^T`` is read for a reader; on a page it is a warning, ``^\top`` none."""
    page = "# Book\n\n```{measured} eq-one\nh_t^TOP h_t = \\lVert h_t \\rVert^2\n```\n"
    assert build({"index": page.replace("TOP", "\\top")}) == ""
    warnings = build({"index": page.replace("TOP", "T")})
    assert "equation 'eq-one' is not understood\nstrictly: " in warnings


def test_a_figure_is_inline_numbered_and_described(
    build, page, engine, monkeypatch
) -> None:
    body = "# Book\n\n```{drawn} two_questions\n:name: fig\nA *caption*.\n```\n\n"
    assert build({"index": body + "See {numref}`fig`."}) == ""
    html = page("index")
    assert re.search(r'<figure[^>]*id="fig"', html)
    assert '<svg xmlns="http://www.w3.org/2000/svg"' in html
    assert 'role="img"' in html
    assert read(html).count("Fig. 1") == 2, "the caption's number, and the reference"
    silent = SimpleNamespace(two_questions=lambda: SimpleNamespace(svg="", alt=" "))
    monkeypatch.setitem(sys.modules, "rnn_notes.book.figures", silent)
    assert "alt text is empty" in build({"index": body})


def test_every_drawn_figure_is_a_file_in_the_list_of_slides(
    build, page, tmp_path, engine
) -> None:
    draws = "```{drawn} two_questions\n:name: fig\nA caption.\n```\n"
    teach = "# Teach\n\n```{slides}\n```\n\n{address}`eq-a` and {address}`fig`.\n"
    pages = {**PAGES, "one": f"{ONE}\n{draws}", "two": f"{TWO}\n{teach[2:]}"}
    pages["two"] = pages["two"].replace("Teach\n", "", 1)
    assert build(pages) == ""
    html, folder = page("two"), tmp_path / "html" / "figures"
    listed = re.findall(r'href="(figures/[^"]+)"', html)
    assert listed == ["figures/two_questions.svg", "figures/two_questions-dark.svg"]
    assert [(tmp_path / "html" / file).exists() for file in listed] == [True, True]
    figure = import_module("rnn_notes.book.figures").two_questions()
    assert (folder / "two_questions-dark.svg").read_text() == figure.file(dark=True)
    assert figure.alt in unescape(read(html))
    assert "Where dh comes from , Fig. 1.1" in read(html)
    for address in ("one.html#equation-eq-a", "one.html#fig"):
        assert re.search(rf'href="{address}"><code[^>]*><span[^>]*>{address}<', html)
        assert f'id="{address.split("#")[1]}"' in page("one")
    build({**pages, "one": ONE, "two": pages["two"].replace(" and {address}`fig`", "")})
    assert list(folder.iterdir()) == [], "a figure that no page draws has no file"
    assert "figures/" not in page("two")


LOOP = """```{literalinclude} ../rnn.py
:name: loop
:start-at: "    dhnext = np.zeros_like(run.hs[-1])"
:end-at: "dhnext = params.Whh.T @ dhraw"
:dedent:
```

```{stepper}
:name: fig
:code: loop
A caption.
```
"""


def test_a_stepper_stands_beside_a_static_figure(build, page, tmp_path, engine) -> None:
    shutil.copy(ROOT / "rnn_notes" / "rnn.py", tmp_path)
    plain = "---\norphan: true\n---\n# Plain\n"
    assert (
        build({"index": f"# Book\n\n{LOOP}\nSee {{numref}}`fig`.", "plain": plain})
        == ""
    )
    html = page("index")
    figure = re.search(r"<figure[^>]* stepper.*?</figure>", html, re.DOTALL)[0]
    assert figure.count("<svg") == 2, "all steps at once, and the network"
    assert re.search(r'<div class="live" data-code="loop">', figure)
    assert 'for="fig-slider"' in figure
    assert not re.search(r" on[a-z]+=|javascript:", figure)
    assert re.search(r'<script defer="defer" src="_static/stepper.js', html)
    assert "stepper.js" not in page("plain")


def test_one_large_page_has_the_static_figure_alone(build, tmp_path, engine) -> None:
    shutil.copy(ROOT / "rnn_notes" / "rnn.py", tmp_path)
    assert not build({"index": f"# Book\n\n{LOOP}"}, builder="singlehtml")
    html = (tmp_path / "html" / "index.html").read_text(encoding="utf-8")
    assert html.count("<svg") == 1
    assert "stepper.js" not in html


def test_the_real_engine_answers_for_a_page(build) -> None:
    lines = {
        "right": r"y_t = W_{hy} h_t + b_y",
        "wrong": r"y_t = W_{hy} h_{t-1} + b_y",
        "odd": r"y_t = \oint h_t",
    }
    cells = [f"```{{measured}} {name}\n{line}\n```\n" for name, line in lines.items()]
    warnings = build({"index": "# Book\n\n" + "\n".join(cells)})
    assert "'right'" not in warnings
    assert re.search(r"index\.md:7: .*'wrong' does not hold", warnings)
    assert "left, V×1" in warnings
    assert re.search(r"index\.md:11: .*'odd' is not understood\n", warnings)
    assert re.search(r"\n +\^+", warnings), "a caret shows the place"


def test_a_quotation_that_no_sentence_holds_is_a_warning(build, engine) -> None:
    cell = '```{code-cell}\nassert a  # says: "All six hold"\n```\n'
    assert "All six" not in build({"index": f"# Book\n\nAll six hold.\n\n{cell}"})
    warnings = build({"index": f"# Book\n\nNo six hold.\n\n{cell}"})
    assert re.search(
        r"index\.md: .*not just one sentence says 'All six hold'", warnings
    )


def test_readers_see_no_quotation(build, page, engine) -> None:
    code = '```python\nfor a in b:\n    # says: "All six"\n    assert a  # so\n```\n'
    build({"index": f"# Book\n\n{code}"})
    assert "# so" in page("index")
    assert "says" not in page("index")


@pytest.mark.parametrize("left", [b"", b"\0" * 9, b'{"holds": tr', b"\xff"])
def test_a_broken_record_of_a_formula_is_measured_anew(tmp_path: Path, left) -> None:
    config = SimpleNamespace(package_digest="of today", measured_cache=str(tmp_path))
    first = measured(r"h_t = \tanh(a_t)", {}, config)
    (record,) = tmp_path.iterdir()
    written = record.read_bytes()
    record.write_bytes(left)
    assert measured(r"h_t = \tanh(a_t)", {}, config) == first
    assert record.read_bytes() == written
    assert [*tmp_path.iterdir()] == [record]


def test_a_record_is_read_and_builds_that_run_at_once_share_no_unfinished_file(
    tmp_path: Path, monkeypatch
) -> None:
    config = SimpleNamespace(package_digest="of today", measured_cache=str(tmp_path))
    names, replace = [], Path.replace
    monkeypatch.setattr(
        Path, "replace", lambda path, to: names.append(path.name) or replace(path, to)
    )
    first = measured("L = L + 0", {}, config)
    (record,) = tmp_path.iterdir()
    record.write_text(json.dumps({**first, "draws": -1}), encoding="utf-8")
    assert measured("L = L + 0", {}, config)["draws"] == -1
    record.unlink()
    assert measured("L = L + 0", {}, config) == first
    assert len(names) == len(set(names)) == 2
