"""The theme's assets without what no page uses.

Icons that no page shows leave the theme's style sheet, whose largest part they are.
The script that holds all icons once more, and the source maps, leave the site.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pydata_sphinx_theme
from sphinx.application import Sphinx

THEME = Path(pydata_sphinx_theme.__file__).parent / "theme/pydata_sphinx_theme/static"
SHEET = "styles/pydata-sphinx-theme.css"
ICON = re.compile(r'((?:\.fa-[a-z0-9-]+,?)+)\{--fa:"[^"]*"\}')
UNUSED = ("scripts/*.map", "styles/*.map", "scripts/fontawesome.js*")


def without_icons(css: str, used: set[str]) -> str:
    """The style sheet with the icons of ``used`` and no other.

    >>> css = '.fa-a,.fa-b{--fa:"1"}.fa-c{--fa:"2"}p{top:0}'
    >>> without_icons(css, {"fa-b"})
    '.fa-a,.fa-b{--fa:"1"}p{top:0}'
    """

    def kept(rule: re.Match[str]) -> str:
        return rule[0] if used & set(rule[1].strip(".").split(",.")) else ""

    return ICON.sub(kept, css)


def trim(app: Sphinx, exception: Exception | None) -> None:
    """Nothing; the output folder has lost what no page uses."""
    static = Path(app.outdir, "_static")
    if exception or app.builder.format != "html" or not (static / SHEET).exists():
        return
    for pattern in UNUSED:
        for path in static.glob(pattern):
            path.unlink()
    shown = [*Path(app.outdir).rglob("*.html"), *static.glob("scripts/*.js")]
    texts = (path.read_text(encoding="utf-8") for path in shown)
    used = {name for text in texts for name in re.findall(r"fa-[a-z0-9-]+", text)}
    css = (THEME / SHEET).read_text(encoding="utf-8")
    (static / SHEET).write_text(without_icons(css, used), encoding="utf-8")


def no_tabs(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Nothing; a page without tabs does not load the script for tabs."""
    if "sd-tab-set" not in context.get("body", ""):
        scripts = context.get("script_files", [])
        context["script_files"] = [s for s in scripts if "design-tabs" not in str(s)]


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", no_tabs, priority=900)
    app.connect("build-finished", trim)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
