"""The package's docstrings as a page: lists of names become lists that can be read.

A docstring names arguments, fields and constants in lines of one form::

    Wxh : (H, V) ndarray, input to hidden
        and what does not fit on a line

or a name with its type, and sentences below it. Here such lines become definitions, and
the underlined names of sections, as editors read them, small headings. Everything else
stays as autodoc has it.
"""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

__all__ = ["setup"]

_NAMED = re.compile(r"^(\w+(?:, \w+)*) +: +(\S.*)$")


def _defined(lines: list[str]) -> list[str]:
    """The lines of a docstring with each ``name : meaning`` as a definition.

    >>> print(*_defined(["One.", "", "a, b : sizes", "    both", "c : text"]), sep="|")
    One.||``a``, ``b``|    sizes|    both||``c``|    text
    >>> print(*_defined(["a : (H, 1) ndarray", "    Both."]), sep="|")
    ``a``|    *(H, 1) ndarray*. Both.
    >>> print(*_defined(["Raises", "------", "ValueError", "    always"]), sep="|")
    .. rubric:: Raises||ValueError|    always
    >>> _defined(["It says: no", ">>> {1 : 2}"])
    ['It says: no', '>>> {1 : 2}']
    """
    made: list[str] = []
    inside = typed = False
    for line in lines:
        if made and line and not line.strip("-"):
            made[-1:], inside = [f".. rubric:: {made[-1]}", ""], False
        elif found := _NAMED.match(line):
            names = ", ".join(f"``{name}``" for name in found[1].split(", "))
            made += [*([""] if inside else []), names, f"    {found[2]}"]
            inside, typed = True, not set("*`") & set(found[2])
        elif inside and line.startswith(" "):
            if typed and line.strip()[0].isupper():
                made[-1:] = [f"    *{made[-1].strip()}*. {line.strip()}"]
            else:
                made.append(f"    {line.strip()}")
            typed = False
        else:
            inside = False
            made.append(line)
    return made


def _rewrite(
    app: Sphinx, what: str, name: str, obj: Any, options: Any, lines: list[str]
) -> None:
    """Change the docstring's lines in place, as autodoc asks."""
    lines[:] = _defined(lines)


def _skip(
    app: Sphinx, what: str, name: str, obj: Any, skipped: bool, options: Any
) -> bool | None:
    """Whether a member says nothing of its own: the fields of a named tuple do not."""
    silent = str(getattr(obj, "__doc__", "")).startswith("Alias for field number")
    return True if silent else None


def setup(app: Sphinx) -> dict[str, Any]:
    app.setup_extension("sphinx.ext.autodoc")
    app.connect("autodoc-process-docstring", _rewrite)
    app.connect("autodoc-skip-member", _skip)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
