"""What the page for teachers leads to is there: pictures, and places to link to."""

from __future__ import annotations

from urllib.parse import urldefrag, urljoin

from playwright.sync_api import Page
from visits import arrive

SIZE = """async address => {
  const image = new Image();
  image.src = address;
  await image.decode().catch(() => {});
  return image.naturalWidth;
}"""


def leads(page: Page, where: str) -> list[str]:
    """The addresses of the links below a place, as the page has them."""
    return page.locator(where).evaluate_all(
        "all => all.map(a => a.getAttribute('href'))"
    )


def test_every_picture_of_the_list_is_a_picture(page: Page, address: str) -> None:
    arrive(page, f"{address}/teachers.html")
    files = [to for to in leads(page, "article li a") if to.endswith(".svg")]
    assert len(files) == len(set(files)) >= 30
    assert len([file for file in files if "-dark" in file]) * 2 == len(files)
    for file in files:
        assert page.evaluate(SIZE, file) >= 600, file
    assert page.evaluate(SIZE, "_static/stepper.js") == 0


def test_every_address_leads_to_a_place(page: Page, address: str) -> None:
    arrive(page, f"{address}/teachers.html")
    told = page.locator("article td:last-child a code").all_inner_texts()
    assert told == leads(page, "article td:last-child a:has(code)")
    assert len(told) >= 3
    for one in told:
        url, anchor = urldefrag(urljoin(f"{address}/", one))
        arrive(page, url)
        assert page.locator(f"[id='{anchor}']").count() == 1, one
        assert page.locator(f"[id='{anchor}-']").count() == 0
