"""Python's library and the packages, compiled while the site is built.

Python's start in a browser was, for its greater part, compiling. So Pyodide compiles
here, in Node. A package's bytecode counts only where the same source is installed.
"""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from docs._ext.build.installed import module, program
from rnn_notes.book.trained import default_cache
from rnn_notes.training.safe_files import replace_file

__all__ = ["archive", "compiled"]

_PROGRAM = Path(__file__).with_name("bytecode.py")
_NODE = """
import { readFileSync } from "node:fs";
const [pyodide, program, folder] = process.argv.slice(1);
const { loadPyodide } = await import(pyodide);
const python = await loadPyodide({ env: { PYTHONHASHSEED: "0" } });
python.mountNodeFS("/here", folder);
python.runPython(readFileSync(program, "utf8"));
"""
_LOADED = """
import sys, lark, numpy.random, rnn_notes.book.cells, rnn_notes.book.live
import rnn_notes.differences, rnn_notes.equations.answers
import rnn_notes.equations.equation_command
print(*(getattr(module, "__file__", "") for module in sys.modules.values()), sep="\\n")
"""
_PACKAGES = ("lark", "numpy", "rnn_notes")


def compiled() -> tuple[dict[str, bytes], bytes]:
    """Bytecode for ``site-packages``, by path, and the archive of Python's library.

    Both hold the bytecode of what most cells and formulas load. It is kept while
    neither the sources nor Pyodide change, and that of older sources is dropped.
    """
    sources = _loaded()
    digest = hashlib.sha256(_PROGRAM.read_bytes() + _library().read_bytes())
    for name, data in sources.items():
        digest.update(name.encode() + data)
    kept = default_cache().with_name("compiled") / f"{digest.hexdigest()}.zip"
    try:
        whole = kept.read_bytes()
    except FileNotFoundError:
        whole = archive(_compiled(sources))
        kept.parent.mkdir(parents=True, exist_ok=True)
        replace_file(kept, whole)
        for older in {*kept.parent.glob("*.zip")} - {kept}:
            older.unlink(missing_ok=True)  # another build may have dropped it
    places: dict[str, dict[str, bytes]] = {"packages": {}, "library": {}}
    for path, data in _files(whole).items():
        place, _, name = path.partition("/")
        places[place][name] = data
    return places["packages"], _filled(places["library"])


def _compiled(sources: Mapping[str, bytes]) -> dict[str, bytes]:
    """Bytecode of the sources, ``packages/…``, and of the library, ``library/…``."""
    with TemporaryDirectory() as made:
        folder = Path(made)
        for name, data in sources.items():
            path = folder / "packages" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        pyodide = (module("pyodide") / "pyodide.mjs").as_uri()
        node = [str(program()), "--input-type=module", "--eval", _NODE, "--", pyodide]
        subprocess.run([*node, str(_PROGRAM), made], check=True)
        found = sorted(folder.rglob("*.pyc"))
        return {
            path.relative_to(folder).as_posix(): path.read_bytes() for path in found
        }


def _filled(bytecode: Mapping[str, bytes]) -> bytes:
    """The archive of Python's library with bytecode in the places of its sources."""
    files = _files(_library().read_bytes())
    for name in bytecode:
        del files[name.removesuffix("c")]
    return archive({**files, **bytecode})


def _library() -> Path:
    """Pyodide's own archive of Python's library."""
    return module("pyodide") / "python_stdlib.zip"


def _loaded() -> dict[str, bytes]:
    """The sources of packages that are loaded, by their paths in ``site-packages``."""
    command = [sys.executable, "-c", _LOADED]
    here = Path(__file__).parents[3]  # whose package comes first, as in a build
    answer = subprocess.run(
        command, check=True, capture_output=True, text=True, cwd=here
    )
    paths = [Path(line) for line in answer.stdout.splitlines() if line.endswith(".py")]
    found = {}
    for package in _PACKAGES:
        root = Path(next(iter(import_module(package).__path__)))
        for path in sorted(path for path in paths if path.is_relative_to(root)):
            found[path.relative_to(root.parent).as_posix()] = path.read_bytes()
    return found


def _files(data: bytes) -> dict[str, bytes]:
    """What a zip archive holds."""
    with ZipFile(io.BytesIO(data)) as whole:
        return {name: whole.read(name) for name in whole.namelist()}


def archive(files: Mapping[str, bytes]) -> bytes:
    """A zip archive of ``files``: the same for the same files, in their order."""
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as made:
        for path, data in files.items():
            made.writestr(ZipInfo(path), data, ZIP_DEFLATED)  # dated 1980
    return buffer.getvalue()
