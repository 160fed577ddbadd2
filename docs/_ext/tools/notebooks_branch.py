"""The folder that becomes the branch from which Colab and Binder open notebooks.

::

    python -m docs._ext.tools.notebooks_branch _build/html _build/notebooks

Colab opens notebooks from a branch; Binder also builds an environment from what the
branch asks for. Nobody edits it: the workflow that publishes the site replaces it.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from docs._ext.takeaway.hosting import Repository, repository

__all__ = []

_README = """\
The notebooks of https://github.com/{name}, as commit {commit} made them.
This branch is written by the workflow that publishes the site; edit nothing here.
"""


def _gather(site: Path, target: Path, where: Repository) -> None:
    """Copy the site's notebooks and what they need, no more, into ``target``.

    Raises ``FileNotFoundError`` for a site without notebooks.
    """
    notebooks = sorted(site.glob("*.ipynb"))
    if not notebooks:
        raise FileNotFoundError(f"no notebook in {site}; run make html first")
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    for path in notebooks:
        shutil.copy(path, target)
    readme = _README.format(name=where.name, commit=where.commit)
    (target / "README.md").write_text(readme, encoding="utf-8")
    (target / "requirements.txt").write_text(f"{where.requirement}\n", encoding="utf-8")
    (target / "runtime.txt").write_text("python-3.12\n", encoding="utf-8")


if __name__ == "__main__":
    where = repository(os.environ)
    if where is None:
        sys.exit("the repository is not known here; a host tells it, see hosting.py")
    _gather(Path(sys.argv[1]), Path(sys.argv[2]), where)
