"""The box that checks a function, in Chromium: it names the bug, and can be stopped."""

from __future__ import annotations

from live_cells import answered, opened
from playwright.sync_api import Locator, Page

from rnn_notes.book.live import Session

ENDLESS = """
def lossFun(inputs, targets, hprev):
    while True:
        dWhh = Whh
    return 0.0, dWhh, hprev
"""


def checked(box: Locator, source: str = "") -> str:
    """What the box says of a function, by default of the one that stands in it."""
    return answered(box, "Check", source)


def test_the_bug_in_the_box_is_named(page: Page, vendored: str):
    workers: list[str] = []
    page.on("worker", lambda worker: workers.append(worker.url))
    opened(page, vendored, "check-your-own-loop")
    box = page.locator(".formula-box").first
    source = box.locator("textarea").input_value()
    assert source.startswith("def lossFun(")
    assert workers == [], "Python starts at the press"
    said = checked(box)
    assert said.startswith("WRONG: Wxh, Whh, bh.")
    assert '"Whh untransposed" gives exactly these numbers' in said
    assert said.count("\n") == Session(print).check(source).count("\n")
    mended = source.replace("np.dot(Whh, dhraw)", "np.dot(Whh.T, dhraw)")
    assert mended != source
    assert checked(box, mended).startswith("right: ")


def test_what_is_not_understood_is_one_line(page: Page, vendored: str):
    opened(page, vendored, "check-your-own-loop")
    box = page.locator(".formula-box").first
    assert "name the function" in checked(box, "x = 3")
    assert "SyntaxError" not in checked(box, "def f(:")


def test_a_function_that_never_ends_is_stopped(page: Page, vendored: str):
    opened(page, vendored, "check-your-own-loop")
    box = page.locator(".formula-box").first
    box.evaluate("node => { node.dataset.seconds = 3; }")
    assert "Stopped after 3 s" in checked(box, ENDLESS)
    assert "name the function" in checked(box, "x = 3"), "and it answers again"
