"""Cells that are edited: by keyboard, in the colours of the page, in two browsers."""

from __future__ import annotations

from firefox import CONTROL, ENTER, SHIFT, Firefox
from live_cells import Cell, opened
from playwright.sync_api import Page, expect
from visits import arrive, becomes


def test_the_keyboard_is_enough_and_never_trapped(page: Page, vendored: str):
    opened(page, vendored, "forward")
    cell = Cell(page, 1)
    cell.button("Edit").focus()
    page.keyboard.press("Enter")
    expect(cell.area).to_be_focused()
    before = cell.area.input_value()
    page.keyboard.press("Control+Home")
    page.keyboard.press("Tab")
    expect(cell.area).to_have_value("    " + before)
    page.keyboard.press("Backspace")
    page.keyboard.press("Shift+Tab")
    expect(cell.area).not_to_be_focused()
    cell.area.focus()
    page.keyboard.press("Escape")
    expect(cell.button("Run")).to_be_focused()
    page.keyboard.press("Tab")
    expect(cell.button("Edit")).to_be_focused()


COLOURED = """async () => {
  const letters = pre => {
    const walk = document.createTreeWalker(pre, NodeFilter.SHOW_TEXT), found = [];
    while (walk.nextNode())
      for (const letter of walk.currentNode.data.trim())
        found.push(letter + getComputedStyle(walk.currentNode.parentElement).color);
    return found.filter(letter => letter[0].trim());
  };
  const cells = [...document.querySelectorAll('.cell.live pre')]
    .filter(pre => pre.closest('.cell').querySelector('.live-bar'));
  const pages = cells.map(letters);
  for (const pre of cells)
    pre.closest('.cell').querySelector('.live-bar [aria-label^=Edit]').click();
  await import(new URL(JSON.parse(
    document.getElementById('live-data').textContent).colours, location));
  await new Promise(setTimeout);
  return cells.map((pre, i) => [pages[i], letters(pre)]);
}"""


def test_a_cell_is_edited_in_the_colours_of_the_page(page: Page, vendored: str):
    """Nearly: what stands between braces in a text is coloured as text."""
    total = other = plain = 0
    for name in ("forward", "backward", "mutants", "training"):
        arrive(page, f"{vendored}/{name}.html")
        for static, edited in page.evaluate(COLOURED):
            assert [letter[0] for letter in static] == [letter[0] for letter in edited]
            ink = max(static, key=[letter[1:] for letter in static].count)[1:]
            total += len(static)
            other += sum(a != b for a, b in zip(static, edited, strict=True))
            plain += sum(letter[1:] != ink for letter in static)
    assert other < 0.02 * total
    assert plain > 0.15 * total, "without colours it would be as many"


LONG = "for x in 'a':\n" + "print(x)  # " + "and so on, " * 15 + "x"
INDENTED = LONG.replace("\n", "\n    ")
IN_SIGHT = """area => {
  const box = area.parentElement;
  return [area.scrollLeft, box.scrollLeft > 0, area.scrollWidth <= area.clientWidth];
}"""


def test_code_is_typed_indented_taken_back_and_kept_in_sight(page: Page, vendored: str):
    opened(page, vendored, "forward")
    cell = Cell(page, 1)
    cell.button("Edit").click()
    cell.area.fill("")
    page.keyboard.type(LONG)
    expect(cell.area).to_have_value(INDENTED)
    becomes(lambda: cell.area.evaluate(IN_SIGHT), [0, True, True])
    becomes(cell.box.locator("pre").text_content, f"{INDENTED}\n")
    page.keyboard.press("Tab")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(cell.area).to_have_value(INDENTED[:-1])


def test_firefox_edits_and_runs_a_cell(fox: Firefox, vendored: str):
    fox.open(f"{vendored}/forward.html")
    first = """[...document.querySelectorAll('.cell.live')].find(
      cell => cell.querySelector('[aria-label^=Edit]').checkVisibility())"""
    fox.value(f"{first}.querySelector('[aria-label^=Edit]').click() || 0")
    area = f"{first}.querySelector('textarea')"
    fox.value(f"{area}.select() || 0")
    fox.press(*LONG.replace("\n", ENTER))
    becomes(lambda: fox.value(f"{area}.value"), INDENTED)
    becomes(lambda: fox.value(f"({IN_SIGHT})({area})"), [0, True, True])
    fox.press(CONTROL + "z")
    becomes(lambda: fox.value(f"{area}.value") != INDENTED, True)
    fox.value(f"{area}.select() || 0")
    fox.press(*"import numpy as n", ENTER, *"n.eye(2)", SHIFT + ENTER)
    ended = f"""new Promise(ended => setInterval(() => {{
      const status = {first}.querySelector('.live-status').textContent;
      if (/Done|nded|not/.test(status)) ended(status);
    }}, 100))"""
    assert fox.value(ended).startswith("Done")
    assert "[0., 1.]" in fox.value(f"{first}.querySelector('.live-output').innerText")
