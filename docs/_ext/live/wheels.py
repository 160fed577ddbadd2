"""The files of Python in the browser, written into ``_static/live`` of the site.

Python itself is Pyodide from npm, with bytecode made here; the packages are wheels made
here: ``rnn_notes`` of this tree, and Lark as it is installed. So no script of another
host ever runs.
NumPy for WebAssembly is in no package registry. By default the reader's browser takes
it from Pyodide's own host, when a cell is run and only if its hash is the one that
npm's Pyodide names. ``make html LIVE=vendored NUMPY_WASM=path`` puts a wheel into the
site instead, and no page ever talks to another host.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import distribution, version
from itertools import chain
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from docs._ext.build.installed import MODULES
from docs._ext.build.standing import digest_of, files_below, installed, site_of
from docs._ext.live.compiled import archive, compiled

__all__ = ["TEMML", "assemble", "integrity", "known", "setup", "version_of"]

_ROOT = Path(__file__).parents[3]
TEMML = MODULES / "temml/dist/temml.min.js"
_CORE = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm")
_HOST = "https://cdn.jsdelivr.net/pyodide/v{}/full/{}"
_Entry = dict[str, Any]


def _write(app: Sphinx, exception: Exception | None) -> None:
    """Write what a Run needs into the site, unless it is there."""
    if exception or app.builder.name not in ("html", "dirhtml"):
        return
    folder, given = Path(app.outdir, "_static", "live"), _vendored()
    standing, sources = Path(app.doctreedir, "live"), _sources(given)
    known = standing.read_text("ascii") if standing.exists() else ""
    if known != f"{sources} {site_of(folder)}":
        assemble(folder, given)
        standing.write_text(f"{sources} {site_of(folder)}", "ascii")


def _sources(given: Path | None) -> str:
    """A name for all that is assembled: this tree's part of it, packages, the wheel."""
    ours = ("rnn_notes", "docs/_ext", "pyproject.toml", "LICENSE")
    files = (path for name in ours for path in files_below(_ROOT / name))
    wheel = given.name.encode() + given.read_bytes() if given else b""
    return digest_of(_ROOT, files, repr([*installed()]).encode() + wheel)


def assemble(folder: Path, given: Path | None) -> None:
    """Write Python, the packages and a manifest that lists them into ``folder``.

    given : a NumPy wheel to hold; None where the reader's browser gets it elsewhere
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    official = json.loads((MODULES / "pyodide/pyodide-lock.json").read_text("utf-8"))
    python = f"pyodide-{version_of('pyodide')}/"
    for name in _CORE:
        _copy(MODULES / "pyodide" / name, folder / python / name)
    _copy(TEMML, folder / "temml.min.js")
    bytecode, whole = compiled()
    library = _keep(folder, "python_stdlib.zip", whole)
    ours = chain(_own(), bytecode.items())  # NumPy's and Lark's find their sources
    packages = {
        "numpy": _numpy(folder, official["packages"]["numpy"], given),
        "lark": _wheel(folder, "lark", _installed("lark"), depends=[]),
        "rnn-notes": _wheel(folder, "rnn_notes", ours, depends=["numpy", "lark"]),
    }
    trained = _training(folder)
    held = [*(python + name for name in _CORE), library, trained]
    held += [entry["file_name"] for entry in packages.values()]
    files = {name: known(folder / name) for name in held if "://" not in name}
    if given is None:
        elsewhere = packages["numpy"]
        files[elsewhere["file_name"]] = {"integrity": integrity(elsewhere["sha256"])}
    manifest = {
        "python": python,
        "library": library,
        "training": trained,
        "lock": {"info": official["info"], "packages": packages},
        "files": files,
    }
    text = json.dumps(manifest, indent=1, sort_keys=True)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def _numpy(folder: Path, official: _Entry, given: Path | None) -> _Entry:
    """The lock's entry for NumPy: the official wheel elsewhere, or one given here."""
    if given is None:
        address = _HOST.format(version_of("pyodide"), official["file_name"])
        return {**official, "file_name": address}
    data = given.read_bytes()
    name = _keep(folder, given.name, data)
    found = given.name.split("-")[1]
    return {**official, "file_name": name, "sha256": _sha256(data), "version": found}


def _vendored() -> Path | None:
    """The NumPy wheel that the site is to hold; None where it is to hold none.

    Raises ``ExtensionError`` for settings that say neither.
    """
    mode, path = os.environ.get("LIVE", ""), os.environ.get("NUMPY_WASM", "")
    if mode in ("", "cdn"):
        return None
    if mode != "vendored":
        raise ExtensionError(f"LIVE is {mode!r}, expected 'vendored', 'cdn' or nothing")
    if not Path(path).is_file() or not path.endswith("_wasm32.whl"):
        expected = "expected a NumPy wheel for WebAssembly, numpy-…_wasm32.whl"
        raise ExtensionError(f"LIVE=vendored and NUMPY_WASM is {path!r}, {expected}")
    return Path(path)


def _wheel(
    folder: Path, name: str, files: Iterable[tuple[str, bytes]], depends: list[str]
) -> _Entry:
    """The lock's entry for a pure wheel, after it has been written."""
    number, data = version(name), archive(dict(files))
    return {
        "name": name.replace("_", "-"),
        "version": number,
        "file_name": _keep(folder, f"{name}-{number}-py3-none-any.whl", data),
        "sha256": _sha256(data),
        "install_dir": "site",
        "package_type": "package",
        "imports": [name],
        "depends": depends,
        "unvendored_tests": False,
    }


def _own() -> Iterator[tuple[str, bytes]]:
    """The files of this project's wheel: what its own build takes, and nothing else."""
    project = tomllib.loads((_ROOT / "pyproject.toml").read_text("utf-8"))
    wanted = project["tool"]["hatch"]["build"]["targets"]["wheel"]["include"]
    for path in sorted(found for kind in wanted for found in _ROOT.glob(kind)):
        if not any(part.startswith(".") for part in path.parts[len(_ROOT.parts) :]):
            yield path.relative_to(_ROOT).as_posix(), path.read_bytes()
    about = f"rnn_notes-{version('rnn_notes')}.dist-info"
    for name in ("METADATA", "WHEEL"):
        found = distribution("rnn_notes").read_text(name) or ""
        yield f"{about}/{name}", found.encode()
    yield f"{about}/licenses/LICENSE", (_ROOT / "LICENSE").read_bytes()


def _installed(name: str) -> Iterator[tuple[str, bytes]]:
    """The files of an installed package without what installing it has added."""
    wanted = ("METADATA", "WHEEL", "LICENSE")
    for file in sorted(distribution(name).files or ()):
        about = file.parts[0].endswith(".dist-info") and file.name in wanted
        if about or (file.parts[0] == name and file.suffix != ".pyc"):
            yield file.as_posix(), file.read_binary()


def _training(folder: Path) -> str:
    """Where the book's trained network lies, so that no reader has to train it."""
    from rnn_notes.book.trained import kept_at, trained

    trained()
    return _keep(folder, "trained.npz", kept_at().read_bytes())


def _keep(folder: Path, name: str, data: bytes) -> str:
    """The path of a new file; a file with other content gets another path."""
    path = folder / _sha256(data)[:12] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path.relative_to(folder).as_posix()


def _copy(source: Path, target: Path) -> None:
    """Copy a file of npm's into the site.

    Raises ``ExtensionError`` where npm has not installed it.
    """
    if not source.exists():
        raise ExtensionError(f"{source} is missing: remove .venv/ready and run make")
    target.parent.mkdir(exist_ok=True)
    shutil.copyfile(source, target)


def version_of(package: str) -> str:
    """The version of a package that npm has installed."""
    about = json.loads((MODULES / package / "package.json").read_text("utf-8"))
    number: str = about["version"]
    return number


def known(path: Path) -> _Entry:
    """The size of a file, and the checksum by which a browser knows it."""
    data = path.read_bytes()
    return {"size": len(data), "integrity": integrity(_sha256(data))}


def integrity(digest: str) -> str:
    """A SHA-256 in the way of browsers, from the way of Pyodide's lock."""
    return f"sha256-{base64.b64encode(bytes.fromhex(digest)).decode()}"


def _sha256(data: bytes) -> str:
    """A SHA-256 in the way of Pyodide's lock."""
    return hashlib.sha256(data).hexdigest()


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("config-inited", lambda app, config: _vendored())
    app.connect("build-finished", _write)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
