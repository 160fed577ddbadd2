"""The characters that the site's fonts hold: for mathematics, and for text and code.

A formula with another one is a warning: add it here, and run ``subset_font.py``.
"""

from __future__ import annotations

from unicodedata import combining

__all__ = ["CHARACTERS", "RARE", "SLANTED", "WRITTEN", "missing"]

_GREEK = "αβγδεζηθικλμνξοπρςστυφχψωϵϑϕϱϖΓΔΘΛΞΠΣΥΦΨΩ∂∇"
_SIGNS = (
    "¬±×÷·°−∓∗∘⋅…⋯⋮⋱′″‖∣∥ℓℝℒ𝒪"
    "≠≡≤≥≪≫≈≃∼∝≔∈∉⊂⊆∅∀∃∑∏√∞⊙⊗⊕⊤⊥"
    "←→⇒⇔↦⟨⟩¯ˆ˜ˉ˙‾"
    "\N{NO-BREAK SPACE}\N{COMBINING CIRCUMFLEX ACCENT}\N{COMBINING TILDE}"
    "\N{COMBINING MACRON}\N{COMBINING DOT ABOVE}\N{COMBINING RIGHT ARROW ABOVE}"
)
_BLOCKS = [
    range(0x20, 0x7F),  # ASCII
    range(0x1D434, 0x1D468),  # italic
    range(0x1D6E2, 0x1D71C),  # italic Greek
    range(0x1D7CE, 0x1D7D8),  # bold digits
]
CHARACTERS = frozenset(chr(code) for block in _BLOCKS for code in block) | frozenset(
    "ℎ" + _GREEK + _SIGNS
)
# What readers may type, and no page shows: in a face of its own, which is asked for
# where one of them is set. What stretches is not here: engines look for it in the first
# face alone.
RARE = frozenset(
    set(map(chr, [*_BLOCKS[2], *_BLOCKS[3]])).difference("𝛼𝛿𝜀𝜂𝜆𝜌𝜎𝜏𝜕𝜖𝟏")
    | set(_GREEK).difference("αδεηλρστϵΛ∂")  # engines ask for what they then slant
    | set("!\"#$%&'?@\\_`~;¬±÷·°⋮⋱ℒ𝒪≃≔≪≫≡∼∝∉⊂⊆∅∀∃⊕⊥⇒⇔↦∓∗∘∞″")
    | {sign for sign in _SIGNS if combining(sign)}
)
WRITTEN = frozenset(map(chr, _BLOCKS[0])) | frozenset(
    "\N{NO-BREAK SPACE}§°±²³µ·×äåéèëíóöøšüßć–—‘’“”…−"
)
SLANTED = WRITTEN.difference("#$%&@[\\]^`{|}~§°±²³µ·×")  # no code is in italics
_UNSEEN = frozenset("\n\u200b\u2061\u2062\u2063\u2064\u2009\u200a\u2005\u2003\u2002")


def missing(text: str) -> str:
    """The characters of ``text`` that the font lacks.

    >>> missing("h∈ℝ"), missing("h∈ℝ字")
    ('', '字')
    """
    return "".join(sorted(set(text) - CHARACTERS - _UNSEEN))
