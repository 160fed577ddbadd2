"""What search engines, hosts and readers' bookmarks need beside the pages.

Each page says what it is about, and when its source was last changed, if git knows.
Where the site's address is known, each page says its own, ``sitemap.xml`` lists them
all, and the page for lost readers works from any depth of the site.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ConfigError

from docs._ext.site.card import alt

__all__ = ["base_url", "dates", "setup"]

_LOST = "404"
_PLACES = ("BASE_URL", "READTHEDOCS_CANONICAL_URL")
_NOT_OURS = (
    "Pages do not say when they changed: {} belongs to another user, and git reads no "
    "history of such a tree. Allow it with git config --global --add safe.directory."
)
_RELATIVE = re.compile(
    r'((?:href|src|action|data-content_root)=")(?![a-z]+:|/|#)(?:\./)?'
)


def base_url(environ: Mapping[str, str]) -> str:
    """The address of the site as its host or ``make`` gives it, or the empty string.

    Raises ``ConfigError`` for what is no address of a folder.

    >>> base_url({"BASE_URL": "https://example.org/notes"})
    'https://example.org/notes/'
    >>> base_url({"READTHEDOCS_CANONICAL_URL": "https://example.org/en/latest/"})
    'https://example.org/en/latest/'
    >>> base_url({"BASE_URL": ""})
    ''
    >>> base_url({"BASE_URL": "example.org"})
    Traceback (most recent call last):
    sphinx.errors.ConfigError: BASE_URL is 'example.org', expected https://host/folder/
    """
    given = next(((name, environ[name]) for name in _PLACES if environ.get(name)), None)
    if given is None:
        return ""
    name, url = given
    parts = urlsplit(url)
    whole = parts.scheme in ("http", "https") and parts.netloc
    if not whole or parts.query or parts.fragment:
        raise ConfigError(f"{name} is {url!r}, expected https://host/folder/")
    return url.rstrip("/") + "/"


def dates(folder: Path, suffix: str = ".md") -> dict[str, str]:
    """The day of the last commit of every page below ``folder``, by the page's name.

    Nothing where git or its history is missing; a shallow clone has no history.
    """
    if not (git := shutil.which("git")):
        return {}

    def ask(*words: str) -> str:
        command = [git, "-c", "core.quotePath=off", *words]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        if b"dubious ownership" in done.stderr:
            print(_NOT_OURS.format(folder), file=sys.stderr)
        return done.stdout.decode("utf-8")

    if ask("rev-parse", "--is-shallow-repository").strip() != "false":
        return {}
    log = ask("log", "--format=//%ct", "--name-only", "--relative", "--", ".")
    found: dict[str, str] = {}
    for commit in log.split("//")[1:]:
        seconds, *names = commit.split("\n")
        day = datetime.fromtimestamp(int(seconds), UTC).date().isoformat()
        for name in names:
            if name.endswith(suffix):
                found.setdefault(name.removesuffix(suffix), day)
    return found


def _outdated(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """The pages whose date has changed since the last build."""
    before = getattr(env, "page_dates", {})
    now = dates(Path(app.srcdir))
    env.page_dates = now  # type: ignore[attr-defined]
    return sorted(d for d in env.all_docs if before.get(d) != now.get(d))


def _describe(
    app: Sphinx,
    pagename: str,
    template: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Tell the page's template its description and its date."""
    context["description"] = _summary(doctree) or app.config.html_title
    if app.config.html_baseurl:
        context |= {"baseurl": app.config.html_baseurl, "card_alt": alt()}
    known = getattr(app.env, "page_dates", {})
    context["last_updated"] = known.get(pagename)
    if pagename == _LOST:
        context["pageurl"] = None  # it is shown at every address that has no page


def _summary(doctree: nodes.document | None) -> str:
    """What a page says of itself in its front matter, or else its first paragraph."""
    if doctree is None:
        return ""
    meta = (m for m in doctree.findall(nodes.meta) if m.get("name") == "description")
    if said := next(meta, None):
        return str(said["content"])
    first = next(doctree.findall(nodes.paragraph), None)
    return " ".join(first.astext().split()) if first else ""


def _finish(app: Sphinx, exception: Exception | None) -> None:
    """Write the site's map, and lead its page for lost readers home."""
    if exception or app.builder.name != "html":
        return
    base, out = app.config.html_baseurl, Path(app.outdir)
    lost = out / f"{_LOST}.html"
    if lost.exists():
        root = urlsplit(base).path or "/"
        page = lost.read_text(encoding="utf-8")
        lost.write_text(_RELATIVE.sub(rf"\g<1>{root}", page), encoding="utf-8")
    places = out / "sitemap.xml"
    places.unlink(missing_ok=True)
    if base:
        places.write_text(_sitemap(app, base), encoding="utf-8")


def _sitemap(app: Sphinx, base: str) -> str:
    """The addresses of all pages, and the days of their last change if known."""
    known = getattr(app.env, "page_dates", {})
    lines = ["<?xml version='1.0' encoding='utf-8'?>"]
    lines += ['<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">']
    for name in sorted(app.env.found_docs - {_LOST}):
        place = escape(base + app.builder.get_target_uri(name))
        day = f"<lastmod>{known[name]}</lastmod>" if name in known else ""
        lines.append(f"<url><loc>{place}</loc>{day}</url>")
    return "\n".join([*lines, "</urlset>", ""])


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("env-updated", _outdated)
    app.connect("html-page-context", _describe)
    app.connect("build-finished", _finish)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
