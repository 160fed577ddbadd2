"""The site's fonts, cut down to the characters that pages use.

Run by hand when a page needs a character that is missing; the results are committed::

    pip install fonttools brotli
    npm install --prefix _build/fonts @fontsource/stix-two-math@5.3.0 \\
        @fontsource-variable/stix-two-text@5.3.0 @fontsource/stix-two-text@5.3.0 \\
        @fontsource/jetbrains-mono@5.3.0
    python -m docs._ext.tools.subset_font _build/fonts/node_modules

STIX Two Math, with its MATH table, is for every formula, in two parts; STIX Two Text,
of any weight, and its italic for the text; JetBrains Mono for code.
The last holds the icons that the built pages show, out of the theme's Font Awesome.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from pathlib import Path

import pydata_sphinx_theme
from fontTools import subset

from docs._ext.formulas.alphabet import CHARACTERS, RARE, SLANTED, WRITTEN

__all__ = []

_STATIC = Path(__file__).parents[2] / "_static"
_SITE = Path(__file__).parents[3] / "_build/html"
_ICONS = "vendor/fontawesome/webfonts/fa-solid-900.woff2"

# Chromium moves an index by its letter's depth and height, TeX does not: with these,
# letters of all shapes carry their indices at one height. Rules are as thin as TeX's.
_CONSTANTS = {
    "SubscriptBaselineDropMin": -20,
    "SuperscriptBaselineDropMax": 350,
    "FractionRuleThickness": 50,
    "OverbarRuleThickness": 50,
    "RadicalRuleThickness": 50,
}


def _cut(
    source: Path, target: Path, characters: Iterable[int], features: list[str]
) -> None:
    """Write the glyphs of ``source`` that the characters need into ``target``."""
    options = subset.Options()
    options.flavor = "woff2"
    options.layout_features = features
    options.hinting = False
    options.drop_tables += ["FFTM", "STAT", "MVAR"]
    options.name_IDs = [0, 1, 2, 4, 5, 6, 13, 14]
    font = subset.load_font(str(source), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=list(characters))
    cutter.subset(font)
    for record in font["name"].names:
        if record.nameID in {1, 4, 6}:  # a reserved name is not for a changed font
            record.string = target.stem.title()
    if "MATH" in font:
        for constant, value in _CONSTANTS.items():
            getattr(font["MATH"].table.MathConstants, constant).Value = value
    font["head"].modified = font["head"].created  # the same bytes every time
    target.parent.mkdir(parents=True, exist_ok=True)
    subset.save_font(font, str(target), options)
    print(f"{target.name}: {target.stat().st_size:,} bytes")


def _icons() -> tuple[Path, set[int]]:
    """The theme's icon font, and the code points of the icons on the built pages."""
    pages = [path.read_text(encoding="utf-8") for path in _SITE.glob("*.html")]
    if not pages:
        raise FileNotFoundError(f"no page in {_SITE}: run make html first")
    text = "".join(pages)
    points = {int(code, 16) for code in re.findall(r'"\\([ef][0-9a-f]{3})"', text)}
    points |= {ord(sign) for sign in text if "\ue000" <= sign <= "\uf8ff"}
    theme = Path(pydata_sphinx_theme.__file__).parent
    return theme / "theme/pydata_sphinx_theme/static" / _ICONS, points


_MATH = "@fontsource/stix-two-math/files/stix-two-math-latin-400-normal.woff2"
_FORMS = ["ssty", "dtls", "flac", "ss04"]
_FACES = {
    "STIXTwoMath-subset": (
        _MATH,
        CHARACTERS - RARE,
        _FORMS,
    ),
    "STIXTwoMath-rare": (_MATH, RARE, _FORMS),
    "STIXTwoText-subset": (
        "@fontsource-variable/stix-two-text/files/stix-two-text-latin-wght-normal.woff2",
        WRITTEN,
        ["kern"],
    ),
    "STIXTwoText-Italic-subset": (
        "@fontsource/stix-two-text/files/stix-two-text-latin-400-italic.woff2",
        SLANTED,
        ["kern"],
    ),
    "JetBrainsMono-subset": (
        "@fontsource/jetbrains-mono/files/jetbrains-mono-latin-400-normal.woff2",
        WRITTEN,
        [],
    ),
}


if __name__ == "__main__":
    for name, (file, characters, features) in _FACES.items():
        target = _STATIC / f"fonts/{name}.woff2"
        _cut(Path(sys.argv[1], file), target, map(ord, characters), features)
    source, points = _icons()
    _cut(source, _STATIC / _ICONS, points, [])
