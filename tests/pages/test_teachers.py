"""What the page for teachers says of licences and of exercises is so."""

import re

from tests.helpers import prose

PAGE = (prose.DOCS / "teachers.md").read_text()
CONF = (prose.ROOT / "conf.py").read_text()


def setting(name):
    """A setting of conf.py that is a plain string."""
    return re.search(rf'^{name} = "(.*)"$', CONF, re.M)[1]


def first_line(name):
    """The first line of a licence."""
    return (prose.ROOT / name).read_text().splitlines()[0]


def test_the_credit_names_the_book_its_authors_and_its_licence():
    credit = f'From "{setting("html_title")}" by {setting("author")}, CC BY 4.0'
    assert f"```text\n{credit}\n```" in PAGE
    assert (
        first_line("LICENSE-prose") == "Creative Commons Attribution 4.0 International"
    )
    assert first_line("LICENSE") == "MIT License"
    assert setting("html_title") != setting("project")


def lost_exercises(text):
    """Exercises that the lessons ask for and that their page does not have."""
    asked = re.findall(r"((?:\d(?: and \d)*)|all) of \{doc\}`([\w-]+)`", text)
    assert asked, "lessons name exercises"
    return [
        (number, page)
        for numbers, page in asked
        for number in re.findall(r"\d", numbers.replace("all", "1 2 3"))
        if f"\n**{number}.**" not in (prose.DOCS / f"{page}.md").read_text()
    ]


def test_the_exercises_that_lessons_ask_for_exist():
    assert lost_exercises(PAGE) == []
    assert lost_exercises("1 and 4 of {doc}`dhnext`") == [("4", "dhnext")]
