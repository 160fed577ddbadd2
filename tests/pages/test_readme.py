"""The README's picture is the one that the package draws today."""

from rnn_notes.book import figures
from tests.helpers import prose

PICTURE = prose.ROOT / "docs/_static/two_questions.svg"


def test_the_picture_is_current():
    assert PICTURE.read_text() == figures.two_questions().file(), (
        "write rnn_notes.book.figures.two_questions().file() to docs/_static"
    )
    assert PICTURE.read_text() != figures.unrolled().file()


def test_the_module_map_names_what_exists():
    readme = (prose.ROOT / "README.md").read_text()
    rows = [
        line.split("`")[1] for line in readme.splitlines() if line.startswith("| `")
    ]
    assert len(rows) >= 8
    assert [row for row in rows if not (prose.ROOT / row).exists()] == []
