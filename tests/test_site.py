"""The site's extensions: what they let through, what they refuse, what they rebuild.

Most tests build a book of a page or two with Sphinx's plainest theme.
The engine that measures is replaced by one that counts its calls, and is used once.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import unescape
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace

import pytest
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

ROOT = Path(__file__).parents[1]
EXTENSIONS = ["myst_parser", "atlas", "drawn", "fresh", "mathml", "measured", "stepper"]
EXTENSIONS += ["teaching"]
SETTINGS = {
    "extensions": EXTENSIONS,
    "html_theme": "basic",
    "html_math_renderer": "mathml",
    "html_copy_source": False,
    "myst_enable_extensions": ["amsmath", "dollarmath"],
    "myst_update_mathjax": False,
    "nitpicky": True,
    "numfig": True,
    "math_numfig": True,
}
INDEX = "# Book\n\n{measured-count}`equations` and {measured-error}`largest`.\n\n"
TOC = "```{toctree}\n:numbered:\none\ntwo\n```\n"
ONE = """# One

Inline $h_t$, then {eq}`eq-a`.

```{measured} eq-a
:by: rnn_notes.rnn.backward
:where: t < T
a = \\sum_{t=1}^{T} b_t
```
"""
TWO = """# Two

```{measured} eq-b
c = d
```

```{math}
:label: eq-c
:unmeasured: it names a letter
e := f
```

From {eq}`eq-a` and {eq}`eq-c`.

```{atlas}
```
"""
PAGES = {"index": INDEX + TOC, "one": ONE, "two": TWO}


@dataclass
class Engine:
    """A stand-in for ``rnn_notes.equations`` that says no to one word."""

    calls: list[str] = field(default_factory=list)
    error: float = 3.14e-11

    def measure(self, latex: str, **options: object) -> SimpleNamespace:
        self.calls.append(latex)
        if "unknown" in latex:
            raise ValueError(f"{latex}\n^ not understood")
        result = SimpleNamespace(shapes="1 = Σ 1", draws=24, error=self.error)
        result.holds = "wrong" not in latex
        return result


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    engine = Engine()
    monkeypatch.setitem(sys.modules, "rnn_notes.equations", engine)
    return engine


Build = Callable[..., str]


@pytest.fixture
def build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., str]]:
    """A function that writes pages, builds them and returns Sphinx's warnings."""
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "_ext"))

    def run(
        pages: dict[str, str],
        jobs: int = 1,
        builder: str = "html",
        **settings: object,
    ) -> str:
        source = tmp_path / "docs"
        source.mkdir(exist_ok=True)
        for name, text in pages.items():
            path = source / f"{name}.md"
            if not path.exists() or path.read_text(encoding="utf-8") != text:
                path.write_text(text, encoding="utf-8")
        warnings = io.StringIO()
        folders = (source, None, tmp_path / "html", tmp_path / "doctrees")
        cache = {"measured_cache": str(tmp_path / "measured")}
        overrides = {**SETTINGS, **cache, **settings}
        with docutils_namespace():
            app = Sphinx(
                *folders,
                builder,
                overrides,
                status=None,
                warning=warnings,
                parallel=jobs,
            )
            app.build()
        return re.sub(r"\x1b\[[\d;]*m", "", warnings.getvalue())

    return run


@pytest.fixture
def page(tmp_path: Path) -> Callable[[str], str]:
    """A function that returns the HTML of a page."""
    return lambda name: (tmp_path / "html" / f"{name}.html").read_text(encoding="utf-8")


def text(html: str) -> str:
    """What a reader sees of some HTML, in one line."""
    html = re.sub(r"<annotation.*?</annotation>", "", html, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]*>", " ", html).split())


def test_a_book_in_order_builds_without_a_warning(build, page, engine) -> None:
    assert build(PAGES) == ""
    one, two = page("one"), page("two")
    assert one.count("<math") == 3  # the sentence, the equation, its where
    assert 'encoding="application/x-tex">a = \\sum_{t=1}^{T} b_t<' in one
    assert "largest error 3 × 10 −11 over 24 draws" in text(one)
    assert "(1.1)" in text(one), "the equation's number"
    assert 'href="one.html#equation-eq-a"' in two
    assert "mathjax" not in (one + two).lower()
    assert "Not measured: it names a letter" in text(two)


def test_the_atlas_lists_every_equation(build, page, engine) -> None:
    build(PAGES)
    atlas = text(page("two").split("<table")[1])
    row = "One ( 1.1 ) eq-a 1 = Σ 1 3 × 10 −11 rnn_notes.rnn.backward"
    assert row.replace(" ", "") in atlas.replace(" ", "")
    assert "Two ( 2.1 ) eq-b" in atlas.replace("(2.1)", "( 2.1 )")
    assert "not measured: 1. (2.2) in Two : it names a letter" in atlas
    assert "2 and 3 × 10 −11 ." in text(page("index"))


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


def test_a_figure_is_inline_numbered_and_described(
    build, page, engine, monkeypatch
) -> None:
    body = "# Book\n\n```{drawn} two_questions\n:name: fig\nA *caption*.\n```\n\n"
    assert build({"index": body + "See {numref}`fig`."}) == ""
    html = page("index")
    assert re.search(r'<figure[^>]*id="fig"', html)
    assert '<svg xmlns="http://www.w3.org/2000/svg"' in html
    assert 'role="img"' in html
    assert text(html).count("Fig. 1") == 2, "the caption's number, and the reference"
    silent = SimpleNamespace(two_questions=lambda: SimpleNamespace(svg="", alt=" "))
    monkeypatch.setitem(sys.modules, "rnn_notes.figures", silent)
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
    figure = import_module("rnn_notes.figures").two_questions()
    assert (folder / "two_questions-dark.svg").read_text() == figure.file(dark=True)
    assert figure.alt in unescape(text(html))
    assert "Where dh comes from , Fig. 1.1" in text(html)
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
    assert re.search(r'<div class="live" data-code="loop" hidden>', figure)
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
    assert "3 and 3 × 10 −11 ." in text(page("index"))
    fewer = ONE.split("```{measured}")[0].replace(", then {eq}`eq-a`", "")
    warnings = build({**PAGES, "one": fewer, "two": TWO.replace("{eq}`eq-a` and ", "")})
    assert warnings == ""
    assert "eq-new" not in page("two")
    assert "1 and 3 × 10 −11 ." in text(page("index"))


def test_a_new_title_reaches_the_pages_that_quote_it(build, page, engine) -> None:
    build(PAGES)
    build({**PAGES, "one": ONE.replace("# One", "# Uno")})
    assert "Uno" in text(page("two")), "the atlas quotes titles"
    assert "One" not in text(page("index"))


def test_a_new_number_reaches_the_pages_that_quote_it(build, page, engine) -> None:
    quoting = TWO.split("From")[0] + "From {eq}`eq-a`.\n"
    build({**PAGES, "two": quoting})
    assert "From (1.1)" in text(page("two"))
    before = "# One\n\n```{measured} eq-new\na = a\n```\n"
    build({"one": ONE.replace("# One\n", before)})
    assert "From (1.2)" in text(page("two"))


def test_a_sentence_is_written_into_its_own_page_only(
    build, page, engine, tmp_path
) -> None:
    build(PAGES, jobs=2)
    before = {p: p.stat().st_mtime_ns for p in (tmp_path / "html").glob("*.html")}
    build({**PAGES, "one": ONE + "\nA new sentence.\n"}, jobs=2)
    written = {p.stem for p, at in before.items() if p.stat().st_mtime_ns != at}
    assert written - {"genindex", "search"} == {"index", "one"}, "index lists its pages"


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


def test_the_extensions_doctests_hold() -> None:
    names = ["api", "details", "failures", "finish", "fresh", "inventories", "letters"]
    names += ["mathml", "measuring", "names", "policy", "publish", "searching"]
    names += ["sheets"]
    files = [str(ROOT / "docs" / "_ext" / f"{name}.py") for name in names]
    path = {"PYTHONPATH": str(ROOT / "docs" / "_ext")}
    command = [sys.executable, "-m", "doctest", *files]
    done = subprocess.run(command, env={**os.environ, **path}, capture_output=True)
    assert done.stdout == b""
    assert done.returncode == 0


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The HTML folder of a small book that is built with the repository's conf.py."""
    here = tmp_path_factory.mktemp("site")
    parts = ("conf.py", "LICENSE", "rnn_notes", "docs/_ext", "docs/_static", "docs/inv")
    for part in parts:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        (here / part).parent.mkdir(exist_ok=True)
        copy(ROOT / part, here / part)
    (here / "docs" / "index.md").write_text(
        "# Book\n\nInline $h_t$.\n\n```{drawn} two_questions\nA caption.\n```\n"
    )
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-n"]
    command += ["-c", str(here), "-d", str(here / "doctrees")]
    command += [str(here / "docs"), str(here / "built")]
    subprocess.run(command, check=True)
    finish = str(ROOT / "docs" / "_ext" / "finish.py")
    command = [sys.executable, finish, str(here / "built"), str(here / "html")]
    subprocess.run(command, check=True)
    return here / "html"


def test_no_page_asks_another_host_for_anything(site: Path) -> None:
    pages = [path.read_text(encoding="utf-8") for path in site.glob("*.html")]
    asked = [a for p in pages for a in re.findall(r'(?:src|href)="([^"]+)"', p)]
    assert "_static/site.css" in " ".join(asked), "the check sees what pages ask for"
    assert [a for a in asked if re.match(r"(https?:)?//", a)] == []
    sheets = [p.read_text(encoding="utf-8") for p in site.rglob("*.css")]
    assert not re.search(r"url\(['\"]?(https?:)?//", "".join(sheets))
    together = "".join(pages).lower()
    assert "mathjax" not in together
    assert "fontawesome.js" not in together
    assert "<math" in together


def test_a_page_asks_for_one_sheet_and_one_script(site: Path) -> None:
    page, search = ((site / f"{p}.html").read_text() for p in ("index", "search"))
    assert re.findall(r'rel="stylesheet" href="([^"?]*)', page) == ["_static/site.css"]
    assert re.findall(r'<script defer src="([^"?]*)', page) == ["_static/site.js"]
    tools = ["often-said", "searchtools", "search-words", "language_data"]
    tools = [*(f"_static/{name}.js" for name in tools), "searchindex.js"]
    assert re.findall(r'<script defer src="([^"?]*)', search)[1:] == tools
    assert not re.search(r"<script(?! defer)[^>]*src=", page + search)
    assert 'name="viewport"' in page
    for name in ("site.css", "site.js"):
        assert re.search(rf"{name}\?v=[0-9a-f]{{12}}\"", page)


def test_the_theme_is_trimmed_to_what_pages_use(site: Path) -> None:
    css = (site / "_static/site.css").read_text(encoding="utf-8")
    assert ".fa-magnifying-glass" in css
    assert ".fa-martini-glass" not in css
    assert ".q-dhraw" not in css, "no page of this book has a coloured formula"
    built = site.with_name("built") / "_static/custom.css"
    assert ".q-dhraw" in built.read_text(encoding="utf-8")
    assert not [
        p for p in site.rglob("*") if re.search(r"\.map$|bootstrap|brands", p.name)
    ]


def test_the_small_fonts_replace_the_large_ones(site: Path) -> None:
    fonts = {p.name: p.stat().st_size for p in site.rglob("*.woff2")}
    assert fonts["STIXTwoMath-subset.woff2"] < 40_000
    assert fonts["fa-solid-900.woff2"] < 10_000


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, by WCAG 2."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        light = [
            p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
        ]
        return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), light, strict=True))

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_quantity_has_a_colour_that_can_be_read(scheme: str) -> None:
    css = (ROOT / "docs" / "_static" / "custom.css").read_text(encoding="utf-8")
    block = re.search(rf'html\[data-theme="{scheme}"\] {{([^}}]*#[^}}]*)}}', css)
    assert block is not None
    colours = dict(re.findall(r"--([\w-]+): (#\w{6});", block[1]))
    quantities = ["loss", "dy", "dhnext", "dh", "dhraw", "weight", "state"]
    for name in ("ink", "quiet", *(f"q-{quantity}" for quantity in quantities)):
        for ground in ("paper", "tint"):
            ratio = contrast(colours[name], colours[ground])
            assert ratio >= 4.5, f"{name} on {ground} in {scheme}: {ratio:.2f}"
    assert contrast(colours["rule"], colours["paper"]) < 4.5, "the measure can fail"
