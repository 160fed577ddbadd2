"""Sphinx configuration; the sources are in docs/, our own extensions in docs/_ext/."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).parent.resolve()
DOCS, BUILD = ROOT / "docs", ROOT / "_build"
sys.path.insert(0, str(ROOT))
# A second thread takes more time than it saves on products as small as the book's, and
# where they are cut would depend on the machine. NumPy reads this when it is imported.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from docs._ext.build.changes import digest, mend  # noqa: E402  (found through the line above)
from docs._ext.site.publish import base_url  # noqa: E402

# Kernels inherit this environment: they import this tree, and draw no dates or hashes.
os.environ["PYTHONPATH"] = str(ROOT)
os.environ["PYTHONHASHSEED"] = "0"
os.environ["IPYTHONDIR"] = str(BUILD / "ipython")
_profile = BUILD / "ipython" / "profile_default"
_profile.mkdir(parents=True, exist_ok=True)
# CRITICAL: a kernel told to stop may log that it was interrupted, which is no fault.
(_profile / "ipython_kernel_config.json").write_text(
    '{"HistoryManager": {"enabled": false}, "IPKernelApp": {"log_level": "CRITICAL"}}'
)
os.environ.setdefault("SOURCE_DATE_EPOCH", "0")

project = "RNN notes"
author = "the authors of RNN notes"
language = "en"
extensions = [
    "myst_nb",
    "docs._ext.pages.api",
    "docs._ext.formulas.atlas",
    "docs._ext.formulas.calculus",
    "docs._ext.formulas.dictionary",
    "docs._ext.takeaway.books",
    "docs._ext.pages.claims",
    "docs._ext.pages.drawn",
    "docs._ext.pages.glued",
    "docs._ext.build.failures",
    "docs._ext.build.kernels",
    "docs._ext.build.changes",
    "docs._ext.build.numbering",
    "docs._ext.live.runnable",
    "docs._ext.pages.joined",
    "docs._ext.formulas.mathml",
    "docs._ext.formulas.measured",
    "docs._ext.pages.minutes",
    "docs._ext.pages.moving",
    "docs._ext.pages.names",
    "docs._ext.pages.quoted",
    "docs._ext.site.publish",
    "docs._ext.site.searching",
    "docs._ext.pages.sentences",
    "docs._ext.pages.stepper",
    "docs._ext.takeaway.downloads",
    "docs._ext.takeaway.one_page",
    "docs._ext.pages.teaching",
]
exclude_patterns = ["_ext", "_static", "inv"]
templates_path = ["docs/_ext/templates"]
nitpicky = True
numfig = True
math_numfig = True
numfig_secnum_depth = 1
numfig_format = {"figure": "Figure %s", "table": "Table %s", "section": "Chapter %s"}

autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_preserve_defaults = True
autodoc_typehints = "none"  # docstrings say shapes
intersphinx_mapping = {
    "python": ("https://docs.python.org/3/", "inv/python.inv"),
    "numpy": ("https://numpy.org/doc/stable/", "inv/numpy.inv"),
}

# A page is read again when anything that it is made of has changed, and its cells run
# again when the package has: the cache's folder is named by what the package holds.
package_digest = digest(ROOT / "rnn_notes", ROOT / "constraints.txt")
sources_digest = package_digest + digest(DOCS / "_ext", DOCS / "inv", ROOT / "conf.py")
static_digest = digest(DOCS / "_static")
nb_execution_mode = "cache"
nb_execution_cache_path = mend(BUILD / "cells" / package_digest)
nb_execution_timeout = 120
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
nb_merge_streams = True
measured_cache = str(BUILD / "measured")

myst_enable_extensions = [
    "amsmath",
    "attrs_block",
    "attrs_inline",
    "colon_fence",
    "deflist",
    "dollarmath",
    "fieldlist",
]
myst_heading_anchors = 3
myst_update_mathjax = False

html_theme = "sphinx_book_theme"
html_title = "Backpropagation through time, measured"
html_baseurl = base_url(os.environ)
html_favicon = "docs/_static/favicon.svg"
html_math_renderer = "mathml"
html_static_path = ["docs/_static"]
html_css_files = ["custom.css"]
html_sidebars = {
    "**": ["home.html", "search-button-field.html", "sbt-sidebar-nav.html"]
}
html_context = {"default_mode": "auto"}
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_show_sphinx = False
html_last_updated_fmt = None
html_domain_indices = False
html_use_index = False
html_theme_options = {
    "home_page_in_toc": True,
    "show_toc_level": 2,
    "use_download_button": False,
    "use_fullscreen_button": False,
    "navbar_persistent": [],
    "footer_content_items": "last-updated.html",
    "pygments_light_style": "github-light",
    "pygments_dark_style": "github-dark",
    "search_bar_text": "Search",
}
