"""Live cells in Chromium: what runs there is what the page says, and can be changed."""

from __future__ import annotations

import re

from live_cells import PATIENCE, Cell, differences, opened, parting
from playwright.sync_api import Page, expect
from visits import SITE, Heard, NewPage, Opened, arrive, violations

ROUNDING = {"gradient-check": [2]}  # errors of quotients whose step is too small


def test_every_cell_says_what_the_page_says(
    reader: tuple[Page, Heard], vendored: str, name: str
):
    page, heard = reader
    opened(page, vendored, name)
    cells = page.locator(".cell.live").count()
    assert (
        page.locator(".live .live-bar").count()
        == page.locator(".live .cell_input").count()
    )
    if cells:
        assert Cell(page, cells).run().startswith("Done")
        assert page.locator(".live-output").count() == cells
        assert not differences(page, ROUNDING.get(name, ()))
    assert not heard.errors
    assert heard.hosts() == {vendored.removeprefix("http://")}


def test_what_a_page_should_not_have_said_is_found(forward: Page):
    """The comparison sees a wrong digit, and finds it in no other cell."""
    planted = forward.evaluate("""() => {
      const pre = [...document.querySelectorAll(
        '.cell.live .cell_output:not(.live-output) :is(pre, td)')].find(
        element => /\\d/.test(element.textContent));
      window.whole = () => pre.textContent = text;
      const text = pre.textContent;
      pre.textContent = pre.textContent.replace(/\\d/, digit => (+digit + 5) % 10);
      return [...document.querySelectorAll('.cell.live')].indexOf(pre.closest('.cell'));
    }""")
    Cell(forward, forward.locator(".cell.live").count()).run()
    [difference] = differences(forward)
    assert difference.startswith(f"cell {planted + 1}: ")
    forward.evaluate("window.whole()")
    assert not differences(forward)
    assert parting("6e-08", "1e-08")
    assert not parting("6e-08", "1e-08", 100)
    assert parting("6e-06", "1e-08", 100)
    assert parting("6e-08", "none", 100)
    assert parting("error 4e-16, x 0.25", "error 2e-16, x 0.26") == ""
    assert parting("x 0.25", "x 0.28")
    assert parting("x 0.25", "y 0.25")
    assert parting("1,234 draws", "1,236 draws")


def test_a_cell_is_changed_run_and_reset(forward: Page):
    first, last = Cell(forward, 1), Cell(forward, forward.locator(".cell.live").count())
    static = first.box.locator(".cell_input pre").text_content() or ""
    first.write(f"{static}\nprint('changed', 6 * 7)")
    forward.keyboard.press("Shift+Enter")
    assert first.ended().startswith("Done")
    expect(first.output).to_contain_text("changed 42")
    first.area.fill(f"{static}\nprint('again', 6 * 8)")
    assert last.run().startswith("Done")
    expect(first.output).to_contain_text("again 48")  # it changed, so it ran again
    first.button("Reset").click()
    expect(first.area).to_have_count(0)
    expect(first.output).to_have_count(0)
    assert (first.box.locator(".cell_input pre").text_content() or "") == static
    if first.static.count():
        expect(first.static).to_be_visible()


def test_a_cell_that_runs_is_not_run_once_more(forward: Page):
    cell, below = Cell(forward, 1), Cell(forward, 2)
    source = cell.box.locator(".cell_input pre").text_content() or ""
    source += "\nruns = globals().get('runs', 0) + 1\nprint('run', runs)"
    cell.write(f"{source}\nimport time\ntime.sleep(3)")
    for _ in range(3):
        forward.keyboard.press("Shift+Enter")
    assert cell.ended().startswith("Done")
    assert below.run().startswith("Done")
    expect(cell.output).to_contain_text("run 1")


def test_errors_leave_the_page_usable(forward: Page):
    cell, below = Cell(forward, 1), Cell(forward, 2)
    cell.write("def f(x):\n    return 1 / x\n\nf(0)")
    assert cell.run() == "Ended with an error"
    said = cell.output.text_content() or ""
    assert re.findall(r'File "(.*?)", line (\d+)', said) == [
        ("<cell 1>", "4"),
        ("<cell 1>", "2"),
    ]
    assert below.run() == "A cell above ended with an error."
    for source, word in (
        ("x =", "SyntaxError"),
        ("[bytearray(2**30) for _ in range(9)]", "MemoryError"),
    ):
        cell.area.fill(source)
        assert cell.run() == "Ended with an error"
        expect(cell.output).to_contain_text(word)
    cell.button("Reset").click()
    assert below.run().startswith("Done")


def test_a_claim_that_fails_stops_no_cell_below(forward: Page):
    cell, below = Cell(forward, 1), Cell(forward, 2)
    source = cell.box.locator(".cell_input pre").text_content() or ""
    cell.write(f"{source}\nassert T > 5, 'too short'")
    assert re.fullmatch(r"Done in .* s, but an assert above does not hold", below.run())
    expect(cell.output).to_contain_text("AssertionError: too short")
    expect(below.status.locator("a")).to_have_attribute("href", "#cell-1")
    cell.area.fill(f"{source}\nassert T > 4")
    assert re.fullmatch(r"Done in \S+ s", below.run())


def test_outputs_of_every_kind_are_shown(forward: Page):
    cell = Cell(forward, 1)
    cell.write(
        "import base64\n"
        "class Shown:\n"
        "    def __init__(self, **ways):\n"
        "        for kind, text in ways.items():\n"
        "            setattr(self, f'_repr_{kind}_', lambda text=text: text)\n"
        'display(Shown(svg=\'<svg width="9" height="9"><circle r="4"/></svg>\'))\n'
        "display(Shown(latex=r'$\\frac{a}{b}$'), Shown(html='<b>bold</b>'))\n"
        "display(Shown(markdown='# plain'), Shown(png=base64.b64decode("
        "'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6"
        "kgAAAABJRU5ErkJggg==')))\n"
        "print('<i>text</i>')\n"
        "{'a': 1}"
    )
    assert cell.run().startswith("Done")
    for inside in ("svg circle", "math mfrac", "b", "img"):
        expect(cell.output.locator(inside)).to_have_count(1)
    expect(cell.output.locator("img")).to_have_js_property("naturalWidth", 1)
    expect(cell.output).to_contain_text("# plain")
    expect(cell.output).to_contain_text("<i>text</i>")
    expect(cell.output).to_contain_text("{'a': 1}")


def test_what_is_out_of_date_is_pale_until_it_has_run(forward: Page):
    cell = Cell(forward, 1)
    cell.write("missing")
    assert cell.run() == "Ended with an error"
    stale = re.compile(r"\bstale\b")
    expect(cell.output).not_to_have_class(stale)
    cell.area.fill("input('Your name? ')")
    expect(cell.output).to_have_class(stale)
    assert cell.run() == "Ended with an error"
    expect(cell.output).not_to_have_class(stale)
    expect(cell.output).to_contain_text("input() cannot ask here")


def test_an_endless_loop_is_stopped(page: Page, vendored: str):
    opened(page, vendored, "forward")
    cell, below = Cell(page, 1), Cell(page, 2)
    cell.write("while True:\n    print('on and on')")
    cell.button("Run").click()
    expect(cell.output).to_contain_text("on and on", timeout=PATIENCE)
    below.button("Run").click()  # it waits, and is not run after the stop
    cell.button("Stop").click()
    assert cell.ended() == "Stopped."
    assert below.ended() == "Stopped."
    cell.button("Reset").click()
    assert below.run().startswith("Done")


def fetched(heard: Heard) -> list[str]:
    """What Python was started from."""
    return [url for url in heard.requests if "/live/" in url]


def test_python_starts_at_edit_and_is_there_again_after_a_stop(
    context: Opened, vendored: str
):
    made, heard = context(viewport={"width": 1280, "height": 900})
    page = opened(made.new_page(), vendored, "forward")
    assert page.workers == [], "nothing before the reader asks"
    assert fetched(heard) == []
    cell = Cell(page, 1)
    with page.expect_worker(timeout=PATIENCE) as started:
        cell.button("Edit").click()
    first = started.value
    expect(cell.area).to_be_focused()
    with page.expect_worker(timeout=PATIENCE) as started:
        assert cell.run().startswith("Done")
    spare = started.value
    came = fetched(heard)
    assert len(came) >= 8
    assert {*page.workers} == {first, spare}
    cell.area.fill("while True: pass")
    cell.button("Run").click()
    with first.expect_event("close", timeout=PATIENCE):
        cell.button("Stop").click()
    assert cell.ended() == "Stopped."
    assert spare in page.workers, "it takes the place"
    cell.area.fill("print(6 * 7)")
    assert cell.run().startswith("Done")
    expect(cell.output).to_contain_text("42")
    assert first not in page.workers
    assert fetched(heard) == came, "nothing is fetched twice"
    assert not heard.errors


COMPILED = """import os, sys, zipimport, numpy
modules = [m for m in sys.modules.values()
           if isinstance(getattr(m, "__loader__", None), zipimport.zipimporter)]
print([m.__file__ for m in modules if m.__file__.endswith(".py")],
      len(modules) > 100, os.path.exists(numpy.__cached__))
"""


def test_python_starts_from_bytecode(forward: Page) -> None:
    cell = Cell(forward, 1)
    cell.write(COMPILED)
    cell.run()
    assert cell.output.inner_text().strip() == "[] True True"
    cell.area.fill(f"import imaplib\n{COMPILED}")
    cell.run()
    assert "imaplib.py" in cell.output.inner_text()


def test_two_pages_work_at_once(context: Opened, vendored: str):
    made, heard = context()
    one = Cell(opened(made.new_page(), vendored, "forward"), 1)
    two = Cell(opened(made.new_page(), vendored, "dhnext"), 1)
    for cell, text in ((one, "print('one', len(dir()))"), (two, "print('two')")):
        cell.write(text)
        cell.button("Run").click()
    for cell, text in ((one, "one"), (two, "two")):
        assert cell.ended().startswith("Done")
        expect(cell.output).to_contain_text(text)
    assert not heard.errors


def test_axe_finds_nothing_in_a_page_that_lives(context: Opened, vendored: str):
    made, _ = context(viewport={"width": 390, "height": 900})
    page = opened(made.new_page(), vendored, "equations")
    cell = Cell(page, 1)
    cell.write("print('x ' * 300)\nmissing")
    cell.run()
    page.locator(".formula-box textarea").first.focus()
    expect(page.locator(".formula-box math").first).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.locator(f"html[data-theme={scheme}]").wait_for(state="attached")
        assert not violations(page), scheme
        sideways = "document.documentElement.scrollWidth - innerWidth"
        assert page.evaluate(sideways) <= 0


def test_a_file_says_why_nothing_runs(context: Opened):
    made, _ = context()
    page = made.new_page()
    arrive(page, (SITE / "forward.html").as_uri())
    expect(page.locator(".live-excuse")).to_have_count(1)
    expect(page.locator(".live-excuse")).to_contain_text("http.server")
    expect(page.locator(".live-bar")).to_have_count(0)
    expect(page.locator(".cell_output").first).to_be_visible()


def test_without_javascript_the_page_stands(new_page: NewPage):
    page = new_page("equations", java_script_enabled=False)
    expect(page.locator(".cell_output").first).to_be_visible()
    assert page.locator(".live-bar").count() == 0
    told = page.locator(".formula-box .live-excuse")
    expect(told.first).to_contain_text("needs JavaScript")


def test_a_cell_that_cannot_run_says_so(page: Page, address: str):
    opened(page, address, "errata")
    cell = page.locator(".cell.tag_not-in-browser")
    expect(cell.locator(".live-excuse")).to_contain_text("starts other processes")
    expect(cell.locator(".live-bar")).to_have_count(0)
