"""How long a page takes, counted from what stands in sight on it.

``{minutes}`forward` `` is the number of minutes: words at 200 a minute, and half a
minute for a formula, a quarter for a figure or a piece of code. Folds and exercises are
not counted.
"""

from __future__ import annotations

import math
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxRole

from docs._ext.pages.sentences import blanked

__all__ = ["in_sight", "minutes", "setup"]

_FOLD = re.compile(r"<details.*?</details>", re.S)
_FORMULA = re.compile(r"^`{3,}\{(?:measured|math)\}", re.M)
_SHOWN = re.compile(
    r"^`{3,}\{(?:drawn|moving|stepper|literalinclude|code-cell)\}.*\n"
    r"(?!:tags: \[remove-cell)",
    re.M,
)


def in_sight(source: str) -> str:
    """A page without its folds and its exercises.

    >>> in_sight("One.<details>Two.</details>\\n## Exercises\\nThree.")
    'One.'
    """
    return _FOLD.sub("", source.partition("\n## Exercises\n")[0])


def minutes(source: str) -> int:
    """How long a page takes, rounded up.

    >>> minutes("word " * 200), minutes("word " * 201)
    (1, 2)
    """
    seen = in_sight(source)
    words = re.findall(r"\S*\w\S*", blanked(seen))
    formulas, shown = (len(kind.findall(seen)) for kind in (_FORMULA, _SHOWN))
    return math.ceil(len(words) / 200 + formulas / 2 + shown / 4)


class _Minutes(SphinxRole):
    """The number of a page."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        path = Path(self.env.srcdir, f"{self.text}.md")
        self.env.note_dependency(str(path))
        return [nodes.Text(str(minutes(path.read_text(encoding="utf-8"))))], []


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_role("minutes", _Minutes())
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
