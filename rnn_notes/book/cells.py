"""What the pages' cells show and hand over: tables, and values for the prose."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["GLUED", "Coloured", "Table", "glue", "is_number", "show", "typeset"]

_NUMBER = re.compile(r"[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?(?:%| ×)?")
GLUED = "application/papermill.record/"  # MyST-NB's mark of a glued output


@dataclass(frozen=True)
class Table:
    """A table that a notebook shows as HTML and a terminal as text.

    code : how many of its first columns hold what one types

    >>> print(Table(("symbol", "shape"), [("Whh", "3×3"), ("by", "2×1")]))
    symbol  shape
    Whh     3×3
    by      2×1
    """

    head: Sequence[str]
    rows: Sequence[Sequence[Any]]
    code: int = 0

    def __str__(self) -> str:
        lines = [[str(cell) for cell in row] for row in (self.head, *self.rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join(
            "  ".join(map(str.ljust, line, widths)).rstrip() for line in lines
        )

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        """The table for a page; an empty corner is no heading.

        A search reads the words between its tags, so there is room between cells.

        >>> Table(("", "shape"), [("Whh", "3×3")])._repr_html_()[:61]
        '<table class="table"><thead><tr><td></td> <th>shape</th></tr>'
        >>> Table(("write", "read"), [("x", "y")], code=1)._repr_html_()[-55:-21]
        '<td><code>x</code></td> <td>y</td>'
        >>> Table(("slope",), [("-0.25",)])._repr_html_()[-50:-21]
        '<td class="number">−0.25</td>'
        """
        columns = zip(*self.rows, strict=True)
        kinds = [' class="number"' if all(map(is_number, c)) else "" for c in columns]

        def line(tag: str, row: Sequence[Any], code: int = 0) -> str:
            cells = [html.escape(str(cell)) for cell in row]
            cells[code:] = map(typeset, cells[code:])
            cells[:code] = [f"<code>{cell}</code>" for cell in cells[:code]]
            tagged = ((tag if cell else "td", cell) for cell in cells)
            made = zip(tagged, kinds or [""] * len(cells), strict=True)
            parts = (f"<{t}{kind}>{cell}</{t}>" for (t, cell), kind in made)
            return f"<tr>{' '.join(parts)}</tr>"

        head = f"<thead>{line('th', self.head)}</thead>" if any(self.head) else ""
        body = "\n".join(line("td", row, self.code) for row in self.rows)
        return f'<table class="table">{head}<tbody>{body}</tbody></table>'


def is_number(cell: Any) -> bool:
    """Whether a cell of a table is a number, which stands at the right.

    >>> [is_number(cell) for cell in (-1.5, "+3.2e-05", "12,000", "1.4 ×", "3×3")]
    [True, True, True, True, False]
    """
    return bool(_NUMBER.fullmatch(str(cell)))


def typeset(text: str) -> str:
    """Numbers as readers write them, as HTML: a true minus, a raised power of ten,
    thousands apart.

    What is no number, a row of them or a spread stays as it is.

    >>> typeset("0.5 -0.3"), typeset("6e-06"), typeset("1e+00"), typeset("t = -1")
    ('0.5 −0.3', '6\xa0×\xa010<sup>−6</sup>', '1', 't = -1')
    >>> typeset("9912"), typeset("1.4 ×"), typeset("0.1 (2e-05 to 0.3)")
    ('9,912', '1.4\xa0×', '0.1 (2\xa0×\xa010<sup>−5</sup>\xa0to\xa00.3)')
    """
    words = (word.strip("()") for word in text.split())
    if not all(word in ("to", "×") or is_number(word) for word in words):
        return text
    text = re.sub(r"(?<![\d.,])\d{4,}(?![\d.])", lambda n: f"{int(n[0]):,}", text)
    text = text.replace(" ×", "\xa0×").replace(" to ", "\xa0to\xa0")

    def raised(found: re.Match[str]) -> str:
        power = str(int(found[1])).replace("-", "−")
        return f"\xa0×\xa010<sup>{power}</sup>" if power != "0" else ""

    return re.sub(r"e([-+]?\d+)", raised, text).replace("-", "−")


@dataclass(frozen=True)
class Coloured:
    """A text whose letters are coloured by numbers from -1 to 1.

    Above zero a letter lies on orange, below on blue and underlined: the stronger, the
    larger the number. A terminal shows the text alone.

    >>> print(Coloured("ab", [0.5, -1.0]))
    ab
    """

    text: str
    values: Sequence[float]

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        """The text for a page.

        >>> Coloured("a", [-1.0])._repr_html_()[61:-11]
        'background:rgba(0,110,230,0.50);text-decoration:underline">a'
        """

        def letter(sign: str, value: float) -> str:
            paint = "230,110,0" if value > 0 else "0,110,230"
            style = f"background:rgba({paint},{abs(value) / 2:.2f})"
            line = ";text-decoration:underline" if value < 0 else ""
            return f'<span style="{style}{line}">{html.escape(sign)}</span>'

        letters = map(letter, self.text, self.values)
        return f'<p style="white-space:pre-wrap;line-height:1.7">{"".join(letters)}</p>'


def show(array: Any, digits: int = 3) -> str:
    """An array as the pages print it: fixed digits, no brackets to count.

    >>> print(show(np.array([[1.0, -0.25], [0.0, 2.0]])))
     1.000 -0.250
     0.000  2.000
    """
    rows = np.atleast_2d(np.asarray(array, dtype=float))
    cells = [[f"{value + 0.0:.{digits}f}" for value in row] for row in rows]
    width = max(len(cell) for row in cells for cell in row)
    pad = max(width, digits + 3)
    return "\n".join(" ".join(cell.rjust(pad) for cell in row) for row in cells)


def glue(name: str, value: Any) -> None:
    """Hand a value to the page, where the prose quotes it by its name.

    Outside a notebook there is no page, and nothing happens.

    >>> glue("a name", 1.5)
    """
    try:
        from IPython.core.getipython import get_ipython
        from IPython.display import display
    except ImportError:
        return
    if get_ipython() is None:
        return
    if isinstance(value, np.generic):
        value = value.item()
    display(  # type: ignore[no-untyped-call]
        {f"{GLUED}text/plain": repr(value)},
        raw=True,
        metadata={"scrapbook": {"name": name, "mime_prefix": GLUED}},
    )
