"""A build after another makes anew what has changed, and no more."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace

import pytest
from sphinx.environment import BuildEnvironment
from sphinx.environment.collectors.toctree import TocTreeCollector

from docs._ext.build import numbering
from docs._ext.build.numbering import number
from docs._ext.pages.sentences import counts
from docs._ext.site import searching
from tests.helpers.smallbook import INDEX, ONE, PAGES, TOC, TWO
from tests.helpers.trees import read


def test_an_unchanged_equation_is_not_measured_again(build, engine) -> None:
    build(PAGES, package_digest="1")
    assert sorted(engine.calls) == ["a = \\sum_{t=1}^{T} b_t", "c = d"]
    engine.calls.clear()
    build({**PAGES, "one": ONE + "\nA new sentence.\n"}, package_digest="1")
    assert engine.calls == []
    build(PAGES, package_digest="2")
    assert len(engine.calls) == 2, "the package has changed, so all is measured"


def test_a_false_equation_is_measured_in_every_build(build, engine) -> None:
    bad = {"index": "# Book\n\n```{measured} eq-x\nwrong\n```\n"}
    assert "does not hold" in build(bad)
    assert "does not hold" in build({"index": bad["index"] + "\nMore.\n"})


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_edit_changes_every_page_that_shows_it(build, page, engine, jobs) -> None:
    build(PAGES, jobs)
    more = ONE + "\n```{measured} eq-new\na = a\n```\n"
    assert build({**PAGES, "one": more}, jobs) == ""
    assert "eq-new" in page("two"), "the atlas is another page"
    assert "3 and 3 × 10 −11 ." in read(page("index"))
    fewer = ONE.split("```{measured}")[0].replace(", then {eq}`eq-a`", "")
    warnings = build({**PAGES, "one": fewer, "two": TWO.replace("{eq}`eq-a` and ", "")})
    assert warnings == ""
    assert "eq-new" not in page("two")
    assert "1 and 3 × 10 −11 ." in read(page("index"))


def test_a_new_title_reaches_the_pages_that_quote_it(build, page, engine) -> None:
    build(PAGES)
    build({**PAGES, "one": ONE.replace("# One", "# Uno")})
    assert "Uno" in read(page("two")), "the atlas quotes titles"
    assert "One" not in read(page("index"))


def test_a_new_figure_reaches_the_list_of_figures(build, page, engine) -> None:
    listed = {**PAGES, "two": TWO + "\n```{slides}\n```\n"}
    build(listed)
    assert "figures/unrolled.svg" not in page("two")
    figure = "\n```{drawn} unrolled\n:name: fig-new\nA caption.\n```\n"
    build({**listed, "one": ONE + figure})
    assert "figures/unrolled.svg" in page("two")


def test_a_new_number_reaches_the_pages_that_quote_it(build, page, engine) -> None:
    quoting = TWO.split("From")[0] + "From {eq}`eq-a`.\n"
    build({**PAGES, "two": quoting})
    assert "From (1.1)" in read(page("two"))
    before = "# One\n\n```{measured} eq-new\na = a\n```\n"
    build({"one": ONE.replace("# One\n", before)})
    assert "From (1.2)" in read(page("two"))


COUNTED = """
```{drawn} unrolled
:name: fig-a
A figure.
```

```{code-block} python
:caption: Code.
:name: code-a
a = 1
```

:::{table} A table.
:name: table-a
| a | b |
|---|---|
| 1 | 2 |
:::

| no | caption |
|----|---------|
| 1  | 2       |
"""


@pytest.mark.parametrize("jobs", [1, 2])
def test_figures_are_numbered_without_the_other_pages_as_with_them(
    build, page, engine, tmp_path, monkeypatch, jobs
) -> None:
    colon = {"myst_enable_extensions": ["colon_fence", "dollarmath"], "numfig": True}
    quoting = "\n## Part\n{numref}`fig-a`, {numref}`code-a`, {numref}`table-a`.\n"
    book = {**PAGES, "one": ONE + COUNTED, "two": TWO + quoting}
    build(book, jobs, **colon)
    assert "Fig. 1.1 , Listing 1.1 , Table 1.1 ." in read(page("two"))
    found = []

    def both(collector: TocTreeCollector, env: BuildEnvironment) -> list[str]:
        changed, mine, light = (
            number(collector, env),
            env.toc_fignumbers,
            env.get_doctree,
        )
        assert light("one") is env.metadata["one"]["bones"], "the page is not read"
        env.get_doctree = partial(BuildEnvironment.get_doctree, env)
        number(collector, env)
        found.append((mine, env.toc_fignumbers))
        env.get_doctree = light
        return changed

    monkeypatch.setattr(numbering, "number", both)
    before = "\n```{drawn} two_questions\nAnother.\n```\n"
    build({**book, "one": ONE + before + COUNTED}, jobs, **colon)
    assert "Fig. 1.2 , Listing 1.1 , Table 1.1 ." in read(page("two"))
    [(mine, sphinx)] = found
    assert mine == sphinx
    assert sorted(mine["one"]) == ["code-block", "displaymath", "figure", "table"]


def test_words_for_search_are_those_of_the_pages_as_they_are(
    tmp_path, monkeypatch
) -> None:
    counted = []
    count = searching._often
    monkeypatch.setattr(
        searching, "_often", lambda text: counted.append(text) or count(text)
    )
    env = SimpleNamespace(found_docs={"a", "b"})
    config = SimpleNamespace(sources_digest="1")
    kind = SimpleNamespace(name="html")
    out = tmp_path / "html"
    (out / "_static").mkdir(parents=True)
    app = SimpleNamespace(
        env=env, config=config, builder=kind, outdir=out, doctreedir=tmp_path
    )

    def said(**pages: str) -> tuple[list[str], str]:
        counted.clear()
        for name, text in pages.items():
            html = f'<article class="bd-article"><p>{text * 4}</p></article>'
            (out / f"{name}.html").write_text(html)
        searching._write(app, None)
        often = (out / "_static" / searching.OFTEN).read_text()
        words = [(out / f"_static/words/{name}.js").read_text() for name in "ab"]
        return sorted(text.split()[0] for text in counted), often + "".join(words)

    both, first = said(a="state ", b="gradient ")
    assert (both, "state" in first, "gradient" in first) == (
        ["gradient", "state"],
        True,
        True,
    )
    assert said() == ([], first), "nothing has changed"
    one, second = said(b="weight ")
    assert (one, "gradient" in second, "weight" in second) == (["weight"], False, True)
    config.sources_digest = "2"
    assert said() == (["state", "weight"], second), "the code is another"


def test_a_sentence_is_written_into_its_own_page_only(
    build, page, engine, tmp_path
) -> None:
    build(PAGES, jobs=2)
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "html").glob("*.html")}
    build({**PAGES, "one": ONE + "\nA new sentence.\n"}, jobs=2)
    written = {p.stem for p, at in before.items() if p.stat().st_mtime_ns != at}
    assert written - {"genindex", "search"} == {"index", "one"}, "index lists its pages"


def test_words_are_counted_anew_when_there_are_others(
    build, page, engine, tmp_path
) -> None:
    counting = {**PAGES, "index": INDEX + "Of {sentences}`words` words.\n\n" + TOC}
    index = tmp_path / "html" / "index.html"
    build(counting)
    before, words = index.stat().st_mtime_ns, counts(tmp_path / "docs")["words"]
    assert f"Of {words} words." in read(page("index"))
    build(counting)
    assert index.stat().st_mtime_ns == before, "nothing has changed"
    build({**counting, "one": ONE + "\nEvery row has one sum.\n"})
    assert f"Of {words + 3} words." in read(page("index"))


def test_a_label_may_move_to_an_earlier_page(build, engine) -> None:
    build(PAGES)
    moved = "\n```{measured} eq-b\nc = d\n```\n"
    assert build({**PAGES, "one": ONE + moved, "two": TWO.replace(moved, "")}) == ""


def test_the_output_of_a_removed_page_is_removed(build, tmp_path, engine) -> None:
    extra = "---\norphan: true\n---\n# Extra\n"
    build({**PAGES, "extra": extra})
    assert (tmp_path / "html" / "extra.html").exists()
    (tmp_path / "docs" / "extra.md").unlink()
    build(PAGES)
    assert not (tmp_path / "html" / "extra.html").exists()
