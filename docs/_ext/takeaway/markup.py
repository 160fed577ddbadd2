"""Markdown, piece by piece: what stands in a line, and what stands between lines."""

from __future__ import annotations

import re
from html import escape

from docs._ext.formulas.mathml import whole

__all__ = ["code", "display", "fenced", "folded", "indented", "plain"]


def plain(text: str) -> str:
    r"""Words in which Markdown sees no marks.

    >>> plain("2 * 3 < 7, a_b and [x]")
    '2 \\* 3 &lt; 7, a_b and \\[x\\]'
    >>> print(plain("one\n- two"))
    one
    \- two
    """
    text = re.sub(r"([\\*$`\[\]]|(?<!\w)_|_(?!\w))", r"\\\1", escape(text, quote=False))
    text = text.replace("&gt;", ">")
    return re.sub(r"^(?=[-+#>]\s)", r"\\", text, flags=re.MULTILINE)


def code(text: str) -> str:
    """A name or a formula of a program in a line.

    >>> code("Why.T"), code("a `b`")
    ('`Why.T`', '`` a `b` ``')
    """
    if "`" not in text:
        return f"`{text}`"
    return f"`` {text} ``"


def fenced(text: str, language: str = "") -> str:
    """A block of code or output, in a fence that is longer than any inside.

    >>> print(fenced("x = 1", "python"))
    ```python
    x = 1
    ```
    """
    longest = max(map(len, re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def display(latex: str, number: str = "") -> str:
    r"""A displayed formula, with its number if it has one.

    >>> print(display("a = b", "1.2"))
    $$
    a = b \tag{1.2}
    $$
    """
    lines = [line for line in whole(latex).splitlines() if line.strip()]
    tag = rf" \tag{{{number}}}" if number else ""
    return "\n".join(["$$", "\n".join(lines) + tag, "$$"])


def folded(summary: str, text: str) -> str:
    """Markdown that a reader unfolds.

    >>> print(folded("more", "- text"))
    <details><summary>more</summary>
    <BLANKLINE>
    - text
    <BLANKLINE>
    </details>
    """
    return f"<details><summary>{summary}</summary>\n\n{text}\n\n</details>"


def indented(text: str, mark: str, keep_blank: bool = True) -> str:
    """The text with a mark before each line; blank lines stay blank if so wished.

    >>> print(indented("a\\n\\nb", "> ", keep_blank=False))
    > a
    >
    > b
    """
    lines = text.split("\n")
    return "\n".join((mark + x).rstrip() if x or not keep_blank else "" for x in lines)
