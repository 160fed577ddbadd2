"""What the errata quote of the note stands there, letter by letter.

The note is not ours to hand on: it is looked for beside the repository, as
``../shared/seed/*.txt`` or where ``SEED_NOTE`` says; without it nothing is compared.
"""

import os
import re
from pathlib import Path

import pytest

from tests.helpers import prose

BESIDE = sorted((prose.ROOT.parent / "shared" / "seed").glob("*.txt"))
NOTE = Path(os.environ["SEED_NOTE"]) if "SEED_NOTE" in os.environ else None
FOUND = NOTE or next(iter(BESIDE), None)
ERRATA = next(page for page in prose.pages() if page.name == "errata")


def quotations(page):
    """What stands in quotation marks in the claims of the section on the note."""
    section = page.source.split("\n## The note\n")[1].split("\n## ")[0]
    claims = re.findall(r"\*Claim\*: (.*?) \*In fact\*", section)
    return [words for claim in claims for words in re.findall(r'"([^"]+)"', claim)]


def lost(words, text):
    """The quotations that do not stand in a text, however its lines are broken."""
    flat = " ".join(text.split())
    return [quotation for quotation in words if quotation not in flat]


def test_the_quotations_are_found():
    assert len(quotations(ERRATA)) >= 9


def test_a_false_quotation_is_found():
    assert lost(["a sum of steps", "a mean"], "it is a sum\nof steps") == ["a mean"]


@pytest.mark.skipif(FOUND is None, reason="the note is not beside the repository")
def test_the_note_says_what_is_quoted():
    assert lost(quotations(ERRATA), FOUND.read_text()) == []
