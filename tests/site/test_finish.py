"""The site as readers get it: light, asking nobody, and in colours that can be read."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path
from urllib.parse import unquote

import pytest

from docs._ext.formulas.alphabet import RARE, WRITTEN
from docs._ext.site.finish import finish, marks
from docs._ext.site.searching import OFTEN
from docs._ext.site.sheets import purged
from tests.helpers.trees import EXT, ROOT, emptied


def test_the_extensions_doctests_hold() -> None:
    texts = {str(path): path.read_text(encoding="utf-8") for path in EXT.rglob("*.py")}
    files = [name for name, text in texts.items() if ">>>" in text]
    assert len(files) > 15
    command = [sys.executable, "-m", "doctest", *files]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, capture_output=True)
    assert done.stdout == b""
    assert done.returncode == 0


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The HTML folder of a small book that is built with the repository's conf.py."""
    here = emptied(tmp_path_factory.mktemp("site"))
    (here / "docs" / "index.md").write_text(
        "# Book\n\nInline $h_t$.\n\n```{drawn} two_questions\nA caption.\n```\n\n"
        '<p class="cell_output"><span class="output stderr">Said.</span></p>\n'
    )
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-n"]
    command += ["-c", str(here), "-d", str(here / "doctrees")]
    command += [str(here / "docs"), str(here / "built")]
    subprocess.run(command, check=True)
    finish(here / "built", here / "html")
    return here / "html"


def test_no_page_asks_another_host_for_anything(site: Path) -> None:
    pages = [path.read_text(encoding="utf-8") for path in site.glob("*.html")]
    asked = [a for p in pages for a in re.findall(r'(?:src|href)="([^"]+)"', p)]
    asked += [name for page in pages for name in called(page)]
    assert "_static/site.js" in " ".join(asked), "the check sees what pages ask for"
    assert [a for a in asked if re.match(r"(https?:)?//", a)] == []
    sheets = [p.read_text(encoding="utf-8") for p in site.rglob("*.css")]
    fonts = re.findall(r"url\(['\"]?([^d)][^)'\"]*)", "".join(pages + sheets))
    assert fonts, "the check sees what styles ask for"
    assert not re.search(r"url\(['\"]?(https?:)?//", "".join(pages + sheets))
    together = "".join(pages).lower()
    assert "mathjax" not in together
    assert "fontawesome.js" not in together
    assert "<math" in together


def test_a_page_holds_its_styles_and_asks_for_one_script(site: Path) -> None:
    page, search = ((site / f"{p}.html").read_text() for p in ("index", "search"))
    assert page.count("<style>") == 1
    assert "stylesheet" not in page + search
    assert re.fullmatch(r"_static/site\.js\?v=[0-9a-f]{12}", called(page)[0])
    assert called(page)[1:] == []
    assert re.fullmatch(r"_static/search\.js\?v=[0-9a-f]{12}", called(search)[1])
    assert called(search)[2:] == ["searchindex.js"]
    tools = (site / "_static/search.js").read_text(encoding="utf-8")
    parts = ("oftenSaid=", "const Search=", "const stopwords=", "const pageWords=")
    assert sorted(parts, key=tools.index) == [*parts], "each stands on the one before"
    assert not (site / "_static/searchtools.js").exists(), "it is sent once"
    assert not re.search(r"<script[^>]*src=", page + search)
    assert 'name="viewport"' in page


def test_pages_that_are_as_they_were_are_taken_as_they_were_made(
    site: Path, tmp_path: Path
) -> None:
    built = shutil.copytree(site.with_name("built"), tmp_path / "built")
    kept = tmp_path / "light.json"

    def made(name: str) -> dict[str, str]:
        finish(built, tmp_path / name)
        return {p.name: p.read_text() for p in (tmp_path / name).glob("*.html")}

    assert made("one") == {p.name: p.read_text() for p in site.glob("*.html")}
    kept.write_text(kept.read_text().replace("Inline", "As it was"))
    page = built / "index.html"
    assert "As it was" in made("two")["index.html"], "it is not made again"
    page.write_text(
        page.read_text().replace("</h1>", '</h1><b class="q-dhraw">New</b>')
    )
    changed = made("three")
    assert "As it was" not in changed["index.html"]
    assert ".q-dhraw" in changed["index.html"]
    assert ".q-dhraw" not in changed["search.html"]
    sheet = built / "_static" / "custom.css"
    sheet.write_text(sheet.read_text() + "body{order:77}")
    said = built / "_static" / OFTEN
    assert ["order:77" in page for page in made("four").values()] == [True] * len(
        changed
    )
    said.write_text("const oftenSaid = 0")
    before, after = (
        made("five"),
        (said.write_text("const oftenSaid = 1"), made("six"))[1],
    )
    assert {n for n in before if before[n] != after[n]} == {"search.html"}
    kept.unlink()
    assert made("seven") == after, "made anew, they are the same"
    kept.write_text("{")
    assert made("eight") == after, "half of a file is none"


def called(page: str) -> list[str]:
    """The scripts that a page calls once it is painted."""
    [names] = re.findall(r"const scripts=(\[.*?\]);", page)
    return json.loads(names)


def test_the_theme_is_trimmed_to_what_pages_use(site: Path) -> None:
    pages = {p: (site / f"{p}.html").read_text() for p in ("index", "search")}
    css, of_search = (re.findall("<style>(.*?)</style>", p)[0] for p in pages.values())
    assert ".fa-magnifying-glass" in css
    assert ".drawn" in css
    assert ".drawn" not in of_search, "no figure is there"
    assert ".fa-martini-glass" not in css
    assert ".q-dhraw" not in css, "no page of this book has a coloured formula"
    built = site.with_name("built") / "_static/custom.css"
    assert ".q-dhraw" in built.read_text(encoding="utf-8")
    assert not [
        p for p in site.rglob("*") if re.search(r"\.map$|bootstrap|brands", p.name)
    ]


def test_the_small_fonts_replace_the_large_ones(site: Path) -> None:
    fonts = {p.name: p.stat().st_size for p in site.rglob("*.woff2")}
    assert fonts["STIXTwoMath-subset.woff2"] < 20_000
    assert fonts["STIXTwoMath-rare.woff2"] < 16_000
    assert fonts["fa-solid-900.woff2"] < 2_500
    assert 3_000 < fonts["JetBrainsMono-subset.woff2"] < 8_000
    assert fonts["STIXTwoText-subset.woff2"] < 18_000
    assert fonts["STIXTwoText-Italic-subset.woff2"] < 9_000


def test_the_sheet_names_the_signs_of_the_rare_face() -> None:
    sheet = (ROOT / "docs/_static/custom.css").read_text(encoding="utf-8")
    [signs] = re.findall(r"unicode-range: ([^;]+);", sheet)
    ends = [re.findall(r"[0-9A-F]{2,}", part) for part in signs.split(",")]
    named = {c for e in ends for c in range(int(e[0], 16), int(e[-1], 16) + 1)}
    assert named == {ord(sign) for sign in RARE}
    assert {ord("θ"), ord("∅")} < named


def test_no_rule_is_empty_or_takes_the_way_to_the_sheets_for_its_own(
    site: Path,
) -> None:
    """A page puts that way for ``{}``, which an empty rule within a rule holds too."""
    empty = re.compile(r"\{\s*\}|\{[./]*_static/\}|(?<!\")_static/\}")
    assert empty.search("@media print{:root_static/}")
    assert empty.search("@media print{p{}}")
    for page in site.glob("*.html"):
        css = "".join(re.findall("<style>(.*?)</style>", page.read_text("utf-8")))
        assert "@media" in css
        assert not empty.search(css), page.name


def test_a_rule_stays_where_its_like_is(site: Path) -> None:
    """A tag is no class: a figure's tag does not keep a class of its name."""
    css = "figure{a:b}.figure{c:d}#up{e:f}[id]{g:h}"
    css = purged(css, marks('<figure id="up">'))
    assert css == "figure{a:b}#up{e:f}[id]{g:h}"
    page = (site / "index.html").read_text(encoding="utf-8")
    assert "@keyframes fa-" not in page
    theirs = site.with_name("built") / "_static/styles/pydata-sphinx-theme.css"
    assert "@keyframes fa-" in theirs.read_text(encoding="utf-8")


def test_a_page_asks_at_once_for_the_faces_that_it_shows(site: Path) -> None:
    asked = {
        page: re.findall(r'rel="preload"[^>]*fonts/([\w-]+)', (site / page).read_text())
        for page in ("index.html", "search.html")
    }
    assert asked["search.html"] == ["fa-solid-900", "STIXTwoText-subset"]
    assert "STIXTwoMath-subset" in asked["index.html"]
    assert len(set(asked["index.html"])) == 4, "its figure has italic letters"


def test_the_face_for_text_holds_the_letters_of_the_pages() -> None:
    pages = [p.read_text(encoding="utf-8") for p in (ROOT / "docs").glob("*.md")]
    letters = {c for c in "".join(pages) if "LATIN" in unicodedata.name(c, "")}
    assert letters - WRITTEN == {"ş", "ı"}, "of one name, in the reader's own face"
    assert {"a", "ü"} <= letters


def test_a_page_holds_its_icon(site: Path) -> None:
    page = (site / "index.html").read_text(encoding="utf-8")
    [icon] = re.findall(r'<link rel="icon" href="data:image/svg\+xml,([^"]+)"', page)
    drawn = (ROOT / "docs/_static/favicon.svg").read_text(encoding="utf-8")
    assert unquote(icon) == drawn
    assert "img-src 'self' data:" in page


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


def test_a_copy_takes_over_what_is_compiled_here(site: Path) -> None:
    """A copy that loads this tree's package for its own compiles all anew."""
    ours, theirs = (
        {path.name for path in (tree / "_build" / "compiled").iterdir()}
        for tree in (ROOT, site.parent)
    )
    assert theirs == ours != set()
