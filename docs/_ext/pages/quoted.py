"""What pages say of texts that are not ours to keep: which state of the text they mean.

Behind a link to a forge or to a thread stands its commit, where the address has one, or
else the day on which it was noted here, from ``quoted.toml``.
The build warns of such a link that has neither.
"""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

__all__ = ["setup"]

_logger = logging.getLogger(__name__)

_FILE = "quoted.toml"
_CHANGING = re.compile(r"https://(?:\w+\.)?(?:github|stackexchange)\.com/")
_PINNED = re.compile(r"/blob/([0-9a-f]{7})[0-9a-f]{33}/")


def _state(address: str, days: dict[str, date]) -> str:
    """The commit of an address or the day on which it was noted; nothing if unknown.

    >>> _state("https://github.com/a/b/pull/1", {}), _state(f"/blob/{'1f' * 20}/a", {})
    ('', 'commit 1f1f1f1')
    >>> _state("https://github.com/a/b", {"https://github.com/a/b": date(2026, 11, 3)})
    'noted 2026-11-03'
    """
    if found := _PINNED.search(address):
        return f"commit {found[1]}"
    return f"noted {days[address]}" if address in days else ""


class _Dated(SphinxTransform):
    """Write the state behind each such link, where the page has it first."""

    default_priority = 500

    def apply(self, **_: Any) -> None:
        path = Path(self.env.srcdir, _FILE)
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        self.env.note_dependency(str(path))
        days, met = tomllib.loads(text), set()
        for link in list(self.document.findall(nodes.reference)):
            address = link.get("refuri", "")
            if not _CHANGING.match(address) or address in met:
                continue
            met.add(address)
            if known := _state(address, days):
                told = nodes.inline("", f" ({known})")
                link.parent.insert(link.parent.index(link) + 1, told)
            else:
                expected = f"a commit in it or its day in {_FILE}"
                _logger.warning("%s expected %s", address, expected, location=link)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_transform(_Dated)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
