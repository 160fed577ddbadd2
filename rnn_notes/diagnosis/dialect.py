"""Python 2's ``print`` and ``xrange`` in Python 3, and what else of it is met."""

from __future__ import annotations

import ast
import re

__all__ = ["parsed"]

_PRINT = re.compile(r"^(\s*(?:.*:\s+)?)print(?:\s+(?!=|\()(.*?)|\s*)(,?)\s*(#.*)?$")
_GONE = (".iteritems(", ".itervalues(", ".has_key(", "raw_input(", "unicode(")


def parsed(text: str, path: str) -> tuple[ast.Module, str, list[str]]:
    """The tree of a file, its text as it was parsed, and what was changed, told.

    Raises
    ------
    ValueError
        One line that names the place of what is no Python 3.

    Examples
    --------
    >>> _, text, told = parsed("for t in xrange(3): print 'loss', t", "a.py")
    >>> text
    "for t in range(3): print('loss', t)"
    >>> told
    ["Python 2's print and xrange were translated."]
    """
    translated, words = text, []
    try:
        ast.parse(text, path)
    except SyntaxError:
        translated = "\n".join(map(_printed, text.split("\n")))
        words = ["print"] if translated != text else []
    ranged = re.sub(r"\bxrange\b", "range", translated)
    words += ["xrange"] if ranged != translated else []
    try:
        tree = ast.parse(ranged, path)
    except SyntaxError as error:
        number = error.lineno or 1  # None for a byte that is no text
        line = text.split("\n")[number - 1].strip()
        raise ValueError(
            f"{path}, line {number}: {error.msg}: {line!r}. Only print and "
            "xrange of Python 2 are translated; mend the rest"
        ) from None
    told = [f"Python 2's {' and '.join(words)} were translated."] if words else []
    for number, line in enumerate(text.split("\n"), 1):
        told += [
            f"Line {number} has Python 2's `{gone.strip('.(')}`: not translated."
            for gone in _GONE
            if gone in line.partition("#")[0]
        ]
    return tree, ranged, told


def _printed(line: str) -> str:
    """A line whose print statement is a call; other lines as they are."""
    found = _PRINT.match(line)
    if not found:
        return line
    before, what, comma, comment = found.groups()
    inside = f"{what or ''}{', end=' + repr(' ') if comma and what else ''}"
    return f"{before}print({inside}){'  ' + comment if comment else ''}"
