"""What a page may load and run, said in the page itself.

No other host, no inline script but those that are there, named by their checksums.
Style attributes are allowed, for figures and formulas carry them; style elements are
named like scripts.
"""

from __future__ import annotations

import base64
import hashlib
import re

__all__ = ["with_policy"]

_INLINE = re.compile(r"<(script|style)\b([^>]*)>(.+?)</\1>", re.DOTALL)
_PLAIN = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "style-src-attr": ["'unsafe-inline'"],
    "img-src": ["'self'", "data:"],  # the page's icon, and what a cell draws
    "font-src": ["'self'"],
    "connect-src": ["'self'"],  # search reads pages, and Lighthouse robots.txt
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
}
# What a page needs beyond that when it calls a script of this name. A worker that comes
# from a file is bound by what its host says of it, not by the page's policy.
_NEEDS = {"live.js": {"worker-src": ["'self'"]}}


def _checksum(text: str) -> str:
    """A source expression that lets one inline text through.

    >>> _checksum("alert('Hello, world.');")
    "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
    """
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _policy(page: str) -> str:
    """The content-security policy of a page.

    >>> _policy("<script>f()</script>").split("; ")[1] == (
    ...     f"script-src 'self' {_checksum('f()')}"
    ... )
    True
    """
    allowed = {name: list(sources) for name, sources in _PLAIN.items()}
    for kind, attributes, text in _INLINE.findall(page):
        if "application/" not in attributes:  # data does not run
            allowed[f"{kind}-src"].append(_checksum(text))
    for script, needs in _NEEDS.items():
        for name, sources in needs.items() if f"/{script}" in page else ():
            allowed.setdefault(name, []).extend(sources)
    return "; ".join(
        f"{name} {' '.join(dict.fromkeys(sources))}"
        for name, sources in allowed.items()
    )


def with_policy(page: str) -> str:
    """The page with its policy in its head, before anything that it governs."""
    meta = f'<meta http-equiv="Content-Security-Policy" content="{_policy(page)}" />'
    start = re.compile(r'<meta charset="utf-8" ?/>')
    if len(start.findall(page)) != 1:
        raise ValueError(
            "this page has no single <meta charset> to put its policy after"
        )
    return start.sub(lambda found: f"{found[0]}\n    {meta}", page)
