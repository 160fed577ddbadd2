"""Mathematics as MathML, written while the site is built.

Temml runs in one Node process for each Python process that writes pages.
A formula that it cannot read is a warning with its place, and so a build error.
No script reaches the reader.
"""

from __future__ import annotations

import json
import os
import re
from functools import cache
from html import escape, unescape
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any
from xml.etree import ElementTree

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

from docs._ext.build.installed import module, program
from docs._ext.formulas.alphabet import missing

__all__ = ["setup", "whole"]

_LOGGER = logging.getLogger(__name__)
# Sphinx numbers an equation once, so the environments that count rows stay silent.
_COUNTED = re.compile(r"\\(begin|end)\{(align|alignat|equation|gather|multline)\}")
_NESTED = re.compile(r"\\begin\{(\w+\*?)\}.*?\\end\{\1\}", re.DOTALL)


class _Temml:
    """A formatter of LaTeX that keeps one Node process open.

    Raises ``FileNotFoundError`` where Node or Temml is not installed.
    """

    def __init__(self) -> None:
        self.child: Popen[str] | None = None
        self.owner = 0  # a forked process must not read its parent's answers

    def __call__(self, latex: str, displayed: bool) -> dict[str, str]:
        """``{"mathml": …}``, or ``{"error": …}`` when Temml cannot read it."""
        if self.child is None or self.owner != os.getpid():
            self.child, self.owner = Popen(_command(), **_PIPES), os.getpid()
        assert self.child.stdin is not None
        assert self.child.stdout is not None
        question = json.dumps({"latex": latex, "displayMode": displayed})
        self.child.stdin.write(question + "\n")
        self.child.stdin.flush()
        line = self.child.stdout.readline()
        if not line:
            raise RuntimeError(f"Node ended while it read {latex!r}")
        answer: dict[str, str] = json.loads(line)
        return answer

    def close(self, *_: object) -> None:
        """End the Node process."""
        if self.child is not None and self.owner == os.getpid():
            self.child.communicate()
        self.child = None


_PIPES: dict[str, Any] = {"stdin": PIPE, "stdout": PIPE, "encoding": "utf-8"}


@cache
def _command() -> list[str]:
    """The command that starts Temml."""
    temml = module("temml") / "dist" / "temml.cjs"
    return [str(program()), str(Path(__file__).with_name("temml.cjs")), str(temml)]


def whole(latex: str) -> str:
    r"""A displayed formula as one expression.

    Blank lines part equations, and a bare ``\\`` or ``&`` lines them up.

    >>> whole(r"a &= b \\ &= c")
    '\\begin{aligned}a &= b \\\\ &= c\\end{aligned}'
    >>> whole("\\begin{align}a &= b\\end{align}")
    '\\begin{align*}a &= b\\end{align*}'
    """
    parts = [part.strip() for part in re.split(r"\n\s*\n", latex) if part.strip()]
    text = " \\\\\n".join(parts)
    outside = _NESTED.sub("", text).replace(r"\&", "")
    if "\\\\" in outside or "&" in outside:
        text = rf"\begin{{aligned}}{text}\end{{aligned}}"
    return _COUNTED.sub(r"\\\1{\2*}", text)


_CIRCLED = {"⊙", "⊗", "⊕"}
_SCRIPTS = {"msub", "msup", "msubsup", "munder", "mover", "munderover", "mmultiscripts"}


def _tight(mathml: str) -> str:
    """The same MathML with signs as TeX sets them: none large between two factors, as
    Firefox draws ⊙, without space around those in indices, and none after a name that
    ends the formula.

    >>> _tight("<math><mo>⊙</mo></math>")
    '<math><mo largeop="false">⊙</mo></math>'
    >>> _tight("<math><msub><mi>h</mi><mo>+</mo></msub></math>")
    '<math><msub><mi>h</mi><mo lspace="0" rspace="0">+</mo></msub></math>'
    >>> _tight("<math><mrow><mi>Im</mi><mspace></mspace></mrow></math>")
    '<math><mrow><mi>Im</mi></mrow></math>'
    >>> _tight("<math><mo>+</mo></math>")
    '<math><mo>+</mo></math>'
    """
    tree = ElementTree.fromstring(mathml)
    row = tree.find(".//mrow")
    if row is not None and [part.tag for part in row][-1:] == ["mspace"]:
        row.remove(row[-1])
    for element in tree.iter():
        if element.tag == "mo" and element.text in _CIRCLED:
            element.set("largeop", "false")
        for script in list(element)[1:] if element.tag in _SCRIPTS else []:
            for sign in script.iter("mo"):
                sign.attrib = {"lspace": "0", "rspace": "0", **sign.attrib}
    return ElementTree.tostring(tree, encoding="unicode", short_empty_elements=False)


def _is_long(mathml: str) -> bool:
    """Whether a formula of one row is wider than a sheet of paper at its usual size."""
    return len(re.findall("<m[ion][ >]", mathml)) > 70 and "<mtr" not in mathml


_HELD = re.compile(r"<math(?:(?!</math>).)*</math>[.,;:!?)\]’”]+", re.DOTALL)


def _held(html: str) -> str:
    """The same page, in which no stop that follows a formula begins the next line.

    >>> _held("<math>h</math>), and <math>y</math> too")
    '<span class="held"><math>h</math>),</span> and <math>y</math> too'
    """
    return _HELD.sub(r'<span class="held">\g<0></span>', html)


def _hold(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Keep the stops of a page's sentences beside the formulas that they follow."""
    context["body"] = _held(context.get("body", ""))


class _Renderer:
    """The two visitors that write a formula into a page."""

    def __init__(self, temml: _Temml) -> None:
        self.temml = temml
        self.known: dict[tuple[str, bool], dict[str, str]] = {}

    def mathml(self, latex: str, displayed: bool, node: nodes.Element) -> str:
        """MathML, or the LaTeX itself beside a warning that names the place."""
        key = (latex, displayed)
        if key not in self.known:
            self.known[key] = self.temml(
                whole(latex) if displayed else latex, displayed
            )
        answer = self.known[key]
        mathml, wrong = answer.get("mathml", ""), answer.get("error", "")
        shown = re.sub(r"<annotation.*?</annotation>|<[^>]*>", "", mathml, flags=re.S)
        if lacking := missing(unescape(shown)):
            wrong = f"the font lacks {lacking!r}, see docs/_ext/formulas/alphabet.py"
        if wrong:
            text = " ".join(latex.split())
            message = "this formula cannot be written: %s\n    %s"
            _LOGGER.warning(message, wrong, text, location=node, type="mathml")
        return _tight(mathml) if mathml else f"<code>{escape(latex)}</code>"

    def inline(self, writer: HTML5Translator, node: nodes.math) -> None:
        """Write the formula into the line."""
        writer.body.append(self.mathml(node.astext(), False, node))
        raise nodes.SkipNode

    def displayed(self, writer: HTML5Translator, node: nodes.math_block) -> None:
        """Write the formula into its own scroll box, its number beside it."""
        writer.body.append(writer.starttag(node, "div", CLASS="equation"))
        mathml = self.mathml(node.astext(), True, node)
        # The theme's script gives a box of this second class a tab stop if it scrolls.
        box = "formula pst-scrollable-table-container" + " long" * _is_long(mathml)
        writer.body.append(f'<div class="{box}">{mathml}</div>')
        if node.get("number"):
            number = get_node_equation_number(writer, node)
            writer.body.append(f'<span class="eqno">({number})')
            writer.add_permalink_ref(node, _("Link to this equation"))
            writer.body.append("</span>")
        writer.body.append("</div>\n")
        raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, Any]:
    renderer = _Renderer(_Temml())
    app.add_html_math_renderer(
        "mathml", (renderer.inline, None), (renderer.displayed, None)
    )
    app.connect("html-page-context", _hold)
    app.connect("build-finished", renderer.temml.close)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
