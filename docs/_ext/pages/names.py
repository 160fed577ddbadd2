"""Names in the text lead to where they are explained, the first time on each page.

``backward`` in a sentence, or in a cell where it is imported, leads to its entry on the
page of the package; ``np.tanh`` leads to NumPy's documentation, ``sorted`` to Python's,
through the inventories in ``docs/inv``. The pages need no markup for it.

Sphinx-codeautolink 0.20 links names in code alone, each time they come: 99 on the page
of training, where these are 30, those in sentences among them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pkgutil import resolve_name
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.ext.intersphinx import InventoryAdapter
from sphinx.transforms.post_transforms import SphinxPostTransform

__all__ = ["setup"]

_DOT = r'<span class="o">\.</span>'
_MENTION = re.compile(
    r'<code class="docutils literal notranslate"><span class="pre">'
    r"(?P<prose>[A-Za-z_][\w.]*)(?:\(\))?</span></code>"
    rf'|<span class="n">np</span>(?:{_DOT}<span class="n">\w+</span>)+'
    r'|<span class="kn">from</span><span class="w"> </span>'
    r'<span class="nn">(?P<module>rnn_notes[\w.]*)</span><span class="w"> </span>'
    r'<span class="kn">import</span>[^\n]*'
)
_NAME = re.compile(r'<span class="n">(\w+)</span>')
_TAG = re.compile(r"<[^>]*>")
_LEFT_ALONE = re.compile(r"(<a\b.*?</a>|<h\d>.*?</h\d>)", re.DOTALL)

_Address = Callable[
    [str], str
]  # of a name as pages write it; empty where none is known
_SILENT = {"start"}  # among all links of a page, this one says nothing of its aim


def _own(name: str, objects: Any) -> str | None:
    """The documented name that a name of the package stands for: its own, or none.

    >>> objects = {"rnn_notes.rnn.forward": 1, "rnn_notes.layouts.vec": 1}
    >>> _own("forward", objects), _own("layouts.vec", objects), _own("vec", objects)
    ('rnn_notes.rnn.forward', 'rnn_notes.layouts.vec', 'rnn_notes.layouts.vec')
    >>> _own("nothing", objects), _own("rnn", objects)
    (None, None)
    """
    short = name.removeprefix("rnn_notes.")
    try:
        thing = resolve_name(f"rnn_notes.{short}")
    except (ImportError, AttributeError, ValueError):
        thing = None
    whole = f"{getattr(thing, '__module__', '')}.{getattr(thing, '__qualname__', '')}"
    if whole in objects:
        return whole
    ends = [full for full in objects if full.split(".", 2)[-1] == short]
    return ends[0] if len(ends) == 1 else None


def _addresses(app: Sphinx, page: str) -> _Address:
    """What is documented on this site, then what the inventories hold."""
    known = app.env.domains.python_domain.objects
    objects = {name: o for name, o in known.items() if o.objtype != "module"}
    others = InventoryAdapter(app.env).main_inventory
    kinds = [others[kind] for kind in sorted(others) if kind.startswith("py:")]

    def address(name: str) -> str:
        if full := _own(name, objects):
            entry = objects[full]
            here = app.builder.get_relative_uri(page, entry.docname)
            return f"{here}#{entry.node_id}"
        full = re.sub(r"^np\.", "numpy.", name)
        return next((kind[full].uri for kind in kinds if full in kind), "")

    return address


def _linked(body: str, address: _Address) -> str:
    """The page with the first mention of each known name as a link.

    >>> code = '<code class="docutils literal notranslate"><span class="pre">f</span>'
    >>> page = f"<a>{code}</code></a> {code}</code> {code}</code>"
    >>> _linked(page, {"f": "/f"}.get).count('<a class="name" href="/f"><code')
    1
    >>> "href" in _linked(code.replace("f<", "start<") + "</code>", {"start": "/s"}.get)
    False
    """
    seen: set[str] = set()

    def link(name: str, html: str) -> str:
        url = address(name)
        if not url or url in seen or _TAG.sub("", html) in _SILENT:
            return html
        seen.add(url)
        return f'<a class="name" href="{url}">{html}</a>'

    def mention(found: re.Match[str]) -> str:
        name, module = found["prose"], found["module"]
        if module:
            return _NAME.sub(lambda n: link(f"{module}.{n[1]}", n[0]), found[0])
        return link(name or _TAG.sub("", found[0]), found[0])

    parts = _LEFT_ALONE.split(body)
    parts[::2] = [_MENTION.sub(mention, part) for part in parts[::2]]
    return "".join(parts)


def _link_names(
    app: Sphinx, pagename: str, template: str, context: dict[str, Any], doctree: object
) -> None:
    """Link the page's names, those of the package's own page aside."""
    if doctree is not None and pagename != app.config.names_page:
        context["body"] = _linked(context["body"], _addresses(app, pagename))


class _ListAll(SphinxPostTransform):
    """Gives a check of links every address of the inventories, on the first page."""

    builders = ("linkcheck",)
    default_priority = 700  # before the check collects what it will follow

    def run(self, **_: Any) -> None:
        if self.env.docname != self.config.root_doc:
            return
        for kind in InventoryAdapter(self.env).main_inventory.values():
            for name, item in kind.items():
                link = nodes.reference("", name, refuri=item.uri)
                self.document += nodes.paragraph("", "", link)


def setup(app: Sphinx) -> dict[str, Any]:
    app.setup_extension("sphinx.ext.intersphinx")
    app.add_config_value("names_page", "api", "env", types=[str])
    app.add_post_transform(_ListAll)
    app.connect("html-page-context", _link_names, priority=400)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
