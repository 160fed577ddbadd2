"""Where the project is hosted, as the machine that builds the site tells it.

GitHub Actions and Read the Docs say from which repository they build. Elsewhere nothing
is known, and pages offer nothing that would need it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote

__all__ = ["Repository", "repository"]

_BRANCH = (
    "notebooks"  # of the repository; the workflow that publishes the site fills it
)
_CLONE = re.compile(
    r"(?:https://github\.com/|git@github\.com:)([\w.-]+/[\w.-]+?)(\.git)?/?"
)


@dataclass(frozen=True)
class Repository:
    """A public repository on GitHub, and the commit that is being built."""

    name: str
    commit: str

    @property
    def requirement(self) -> str:
        """What pip installs the package from.

        >>> Repository("someone/notes", "1f0c").requirement
        'rnn-notes @ git+https://github.com/someone/notes@1f0c'
        """
        return f"rnn-notes @ git+https://github.com/{self.name}@{self.commit}"

    def launches(self, page: str) -> dict[str, str]:
        """The addresses that open the notebook of a page, by the name of who runs it.

        >>> found = Repository("someone/notes", "1f0c").launches("a")
        >>> found["Colab"].partition(".com")[2]
        '/github/someone/notes/blob/notebooks/a.ipynb'
        >>> found["Binder"]
        'https://mybinder.org/v2/gh/someone/notes/notebooks?labpath=a.ipynb'
        """
        path = quote(f"{page}.ipynb")
        colab = "https://colab.research.google.com/github"
        return {
            "Colab": f"{colab}/{self.name}/blob/{_BRANCH}/{path}",
            "Binder": f"https://mybinder.org/v2/gh/{self.name}/{_BRANCH}?labpath={path}",
        }


def repository(environ: Mapping[str, str]) -> Repository | None:
    """The repository that a host builds from, if it is one on GitHub.

    >>> actions = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_SHA": "1f0c"}
    >>> repository({**actions, "GITHUB_REPOSITORY": "someone/notes"})
    Repository(name='someone/notes', commit='1f0c')
    >>> name = "READTHEDOCS_GIT_CLONE_URL"
    >>> repository({name: "git@github.com:someone/notes.git"})
    Repository(name='someone/notes', commit='HEAD')
    >>> repository({name: "https://example.org/notes.git"})
    >>> repository({})
    """
    server, name = environ.get("GITHUB_SERVER_URL"), environ.get("GITHUB_REPOSITORY")
    url = f"{server}/{name}" if server and name else ""
    commit = environ.get("GITHUB_SHA", "")
    if not url:
        url = environ.get("READTHEDOCS_GIT_CLONE_URL", "")
        commit = environ.get("READTHEDOCS_GIT_COMMIT_HASH", "")
    found = _CLONE.fullmatch(url)
    return Repository(found[1], commit or "HEAD") if found else None
