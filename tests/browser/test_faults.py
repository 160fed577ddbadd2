"""Faults that readers met, each looked for in three engines.

Those that any page may have are looked for in every page, by ``test_pages`` and
``test_engines``: formulas pulled apart or cut without a sign, small or crowded words of
figures, a full stop that starts a line. What paper shows is in ``test_reading``.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from firefox import Firefox
from playwright.sync_api import Browser
from test_moving import MOVING
from visits import CRAMPED, Chrome
from webkit import NARROW, WebKit

Window = Chrome | Firefox | WebKit


@pytest.fixture(scope="session")
def chrome(browser: Browser) -> Iterator[Chrome]:
    """A window of Chromium."""
    window = Chrome(browser)
    yield window
    window.page.close()


@pytest.fixture(params=["chrome", "fox", "safari"])
def window(request: pytest.FixtureRequest) -> Window:
    """Each engine in turn."""
    found: Window = request.getfixturevalue(request.param)
    return found


# The section that is read and the one that the contents name, down the page and up.
WALK = """(async () => {
  const links = "#page-toc-nav a", told = [];
  const down = Array.from({length: 8}, (_, turn) => 600 + 900 * turn);
  for (const top of [...down, ...down.toReversed()]) {
    scrollTo({top, behavior: "instant"});
    await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
    const heads = [...document.querySelectorAll("article section > :is(h2, h3)")];
    const read = heads.findLast(
      e => e.getBoundingClientRect().top < innerHeight / 4)?.parentElement.id;
    if (document.querySelector(`${links}[href="#${read}"]`))
      told.push([read, document.querySelector(`${links}[aria-current=true]`)?.hash]);
  }
  return told;
})()"""
DEAF = """addEventListener(
  'scroll', event => event.stopImmediatePropagation(), true) || 0"""


def test_the_contents_name_what_is_read(window: Window, address: str) -> None:
    window.open(f"{address}/training.html")
    told = window.value(WALK)
    assert len({read for read, _ in told}) > 3
    assert [(read, link) for read, link in told if link != f"#{read}"] == []
    window.value(DEAF)
    assert any(link != f"#{read}" for read, link in window.value(WALK))


# Whether the drawer is open before and after a link in it, which then hears no click.
DRAWER = """(() => {
  const drawer = document.querySelector("#pst-secondary-sidebar-modal"), told = [];
  for (const deaf of [false, true]) {
    if (deaf) drawer.addEventListener(
      "click", event => event.stopImmediatePropagation(), true);
    document.querySelector(".secondary-toggle").click();
    told.push(drawer.open);
    drawer.querySelector("a[href='#the-rule']").click();
    told.push(drawer.open);
  }
  return told;
})()"""


def test_the_drawer_closes(window: Window, address: str) -> None:
    window.open(f"{address}/forward.html", NARROW)
    assert window.value(DRAWER) == [True, False, True, True]


# How much further from its edge the text stands on the left than on the right.
ASIDE = """(async () => {
  const edges = [];
  for (const pressed of [false, true]) {
    if (pressed) document.querySelector(".primary-toggle").click();
    await Promise.all(document.getAnimations().map(moving => moving.finished));
    const text = document.querySelector("article").getBoundingClientRect();
    const last = document.querySelector(".bd-content").lastElementChild;
    edges.push(text.left - innerWidth + last.getBoundingClientRect().right);
  }
  return edges;
})()"""


def test_the_text_stands_in_the_middle(window: Window, address: str) -> None:
    window.open(f"{address}/forward.html")
    beside, without = window.value(ASIDE)
    assert abs(without) < 40 < beside


GROUNDS = """['dh', 'dhraw'].map(name => getComputedStyle(
  document.getElementById(`equation-eq-${name}`)).backgroundColor)"""


def test_a_link_marks_its_equation(window: Window, address: str) -> None:
    window.open("about:blank")
    window.open(f"{address}/dhnext.html#equation-eq-dh")
    marked, other = window.value(GROUNDS)
    window.open("about:blank")
    window.open(f"{address}/dhnext.html")
    assert marked != other
    assert window.value(GROUNDS) == [other, other]


# The line below a name, and how far it stands below its letters, in their size.
BELOW = """[document.querySelector('.bd-article a.name')].map(
  name => getComputedStyle(name)).map(style => [
  style.textDecorationLine, style.textDecorationStyle,
  parseFloat(style.textUnderlineOffset) / parseFloat(style.fontSize)])[0]"""
SET = "document.querySelector('.bd-article a.name').style.setProperty('{}', '{}') || 0"


def test_a_name_that_leads_on_has_a_line_that_hides_no_underscore(
    window: Window, address: str
) -> None:
    window.open(f"{address}/dhnext.html")
    *line, below = window.value(BELOW)
    assert line == ["underline", "dotted"]
    assert below >= 0.25
    window.value(SET.format("text-underline-offset", "0.1em"))
    assert window.value(BELOW)[-1] < 0.25
    window.value(SET.format("text-decoration-line", "none"))
    assert window.value(BELOW)[0] == "none"


# How far from its place below the bar a section stands, once it no longer moves.
LANDED = """(async () => {
  const top = () => document.querySelector(":target").getBoundingClientRect().top;
  const later = () => new Promise(done => setTimeout(done, 300));
  for (let was = NaN; was !== top(); await later()) was = top();
  return Math.abs(top() - 80);
})()"""


@pytest.mark.parametrize("where", ["dhnext#the-ledger", "lstm#the-same-cell-elsewhere"])
def test_a_link_leads_to_its_section(window: Window, address: str, where: str) -> None:
    """Also past parts that come late and are higher than what stood for them."""
    window.open("about:blank")
    window.open(f"{address}/{where.replace('#', '.html#')}")
    assert window.value(LANDED) < 40
    window.value("scrollBy({top: 100, behavior: 'instant'}) || 0")
    assert window.value(LANDED) > 40


# Whether what is far is still left unlaid after a click on a link.
LEFT = """((link) => {
  document.documentElement.setAttribute("data-far", "skipped");
  document.querySelector(`#page-toc-nav a[href="${link}"]`).click();
  return "far" in document.documentElement.dataset;
})("#the-same-cell-elsewhere")"""


def test_a_link_leads_past_what_was_not_laid_out(window: Window, address: str) -> None:
    window.open(f"{address}/lstm.html")
    assert window.value(LEFT) is False
    assert window.value(LANDED) < 40
    window.value("scrollBy({top: 100, behavior: 'instant'}) || 0")
    assert window.value(LANDED) > 40


# Whether the way to the top has come, and whether it is seen.
TURNED = """(async () => {
  for (const top of [4000, 3700]) {
    scrollTo({top, behavior: "instant"});
    await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
  }
  const button = document.querySelector("#pst-back-to-top");
  return [button.style.display, button.checkVisibility({visibilityProperty: true})];
})()"""


def test_the_way_to_the_top_covers_no_narrow_page(window: Window, address: str) -> None:
    for width, seen in ((NARROW, False), (1000, True)):
        window.open(f"{address}/training.html", width)
        assert window.value(TURNED) == ["block", seen]


HITS = """(async () => {
  const told = () => document.querySelector(".search-summary:not(:empty)");
  while (!told()) await new Promise(done => setTimeout(done, 20));
  return [...document.querySelectorAll("#search-results li a")].slice(0, 3).map(
    link => link.href);
})()"""
# The first hit is clicked, and the page stays for what asks next.
FOLLOWED = """addEventListener('click', event => event.preventDefault()),
  document.querySelector('#search-results li a').click(), 0"""
MARKS = "document.querySelectorAll('span.highlighted').length"


def test_a_search_finds_what_answers_and_marks_no_later_page(
    window: Window, address: str
) -> None:
    for words, page, place in (
        ("vanishing+gradient", "memory", 1),
        ("why+are+gradients+added", "index", 3),
        ("hprev", "forward", 3),
        ("softmax+derivative", "forward", 3),
    ):
        window.open(f"{address}/search.html?q={words}")
        hits = window.value(HITS)
        pages = [urlsplit(hit).path.lstrip("/") for hit in hits]
        assert f"{page}.html" in pages[:place]
        assert pages[0] != "api.html"
    window.value(FOLLOWED)
    window.open(hits[0])
    assert window.value(MARKS) > 0
    window.open(f"{address}/forward.html")
    assert window.value(MARKS) == 0


# At each place of the controls, the crowded words.
WALKED = f"""(async () => {{
  const told = [], rest = () => new Promise(done => setTimeout(done, 20));
  document.querySelector(".stepper")?.scrollIntoView();
  while (document.querySelector(".stepper:not(.on)")) await rest();
  for (const live of document.querySelectorAll(":is(.moving, .stepper) > .live")) {{
    const fields = [...live.querySelectorAll("input, select")], [field] = fields;
    const radio = field.type === "radio", list = field.options;
    const count = radio ? fields.length : list ? list.length : Number(field.max) + 1;
    for (let place = 0; place < count; place++) {{
      if (radio) fields[place].checked = true;
      else field[list ? "selectedIndex" : "value"] = place;
      fields[radio ? place : 0].dispatchEvent(new Event("input"));
      told.push({CRAMPED});
    }}
  }}
  return told;
}})()"""


@pytest.mark.parametrize("where", [*MOVING, "backward", "lstm"])
def test_no_place_of_a_figure_crowds_its_words(
    window: Window, address: str, where: str
) -> None:
    window.open(f"{address}/{where}.html", NARROW)
    told = window.value(WALKED)
    assert len(told) > 4
    assert [(at, words) for at, words in enumerate(told) if words] == []


def test_crowded_words_are_seen(window: Window, address: str) -> None:
    window.open(f"{address}/dhnext.html", NARROW)
    assert window.value(CRAMPED) == []
    for change in (
        "e.setAttribute('textLength', 120)",
        "e.setAttribute('y', e.getAttribute('y') - 9)",
    ):
        window.value(f"document.querySelectorAll('.drawn text').forEach(e => {change})")
        assert len(window.value(CRAMPED)) > 5, change


# How many of the boxes for formulas do not show all of theirs.
HALF = """(async () => {
  const areas = () => [...document.querySelectorAll(".formula-box textarea")];
  while (!areas().length) await new Promise(done => setTimeout(done, 20));
  return areas().filter(area => area.scrollHeight > area.clientHeight + 1).length;
})()"""
LOW = (
    "document.querySelectorAll('.formula-box textarea').forEach(area => {{ {} }}) || 0"
)


def test_a_box_shows_its_formula_whole(window: Window, address: str) -> None:
    window.open(f"{address}/equations.html", NARROW)
    assert window.value(HALF) == 0
    low = "area.style.cssText = 'field-sizing: fixed; height: 2rem; min-height: 0'"
    window.value(LOW.format(low))
    assert window.value(HALF) > 0


# The words of a page in a frame that lets no script of it run.
UNSCRIPTED = """new Promise(done => {
  const frame = document.createElement("iframe");
  frame.sandbox = "allow-same-origin";
  frame.onload = () => done([...frame.contentDocument.querySelectorAll(
    ".formula-box .live-excuse")].filter(e => e.checkVisibility()).map(
    e => e.textContent));
  frame.src = "/equations.html";
  document.documentElement.append(frame);
})"""


def test_a_box_without_scripts_says_why_it_is_none(
    window: Window, address: str
) -> None:
    window.open(f"{address}/_static/moving.js")  # no page, so no policy against frames
    told = window.value(UNSCRIPTED)
    assert told
    assert all("needs JavaScript" in words for words in told)
    frame = "document.querySelector('iframe').sandbox += ' allow-scripts'"
    window.value(f"{frame}, document.querySelector('iframe').remove()")
    assert window.value(UNSCRIPTED.replace("origin", "origin allow-scripts")) == []


# A cell with this code, once it has run; before that, whether its output was pale.
RUN = """(async () => {{
  const cell = document.querySelector(".cell.live:has(.live-bar)");
  const [runs, , edits] = cell.querySelectorAll(".live-bar button");
  const output = () => cell.querySelector(".live-output");
  if (!cell.querySelector("textarea")) edits.click();
  const area = cell.querySelector("textarea");
  area.value = {!r};
  area.dispatchEvent(new Event("input"));
  const pale = output()?.matches(".stale") ?? false;
  runs.click();
  while (runs.hidden) await new Promise(done => setTimeout(done, 50));
  return [pale, output().matches(".stale"), output().textContent];
}})()"""


def test_a_stale_traceback_is_pale_and_nothing_is_asked(
    window: Window, vendored: str
) -> None:
    window.open(f"{vendored}/forward.html")
    pale, still, said = window.value(RUN.format("missing"))
    assert (pale, still) == (False, False)
    assert "NameError" in said
    pale, still, said = window.value(RUN.format("input('Your name? ')"))
    assert (pale, still) == (True, False)
    assert "input() cannot ask here" in said
