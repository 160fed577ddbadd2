"""What Pyodide runs in Node while the site is built: see ``compiled.py``.

It compiles the packages in ``/here/packages``, and the modules of Python's library that
are loaded once Pyodide has started and what the packages import has been imported.
"""

from __future__ import annotations

import ast
import importlib
import site
import sys
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path
from py_compile import PycInvalidationMode, compile
from zipfile import ZipFile
from zipimport import zipimporter

__all__: list[str] = []

_PACKAGES, _LIBRARY = Path("/here/packages"), Path("/here/library")
_INSIDE = {  # what installing a wheel, and NumPy's C, import
    *("ctypes", "datetime", "encodings.cp437", "importlib.metadata"),
    *("importlib.metadata._meta", "secrets", "sysconfig", "tarfile"),
}
_SITE = site.getsitepackages()[0]


def _packages() -> None:
    """Compile each source; its bytecode counts where the same source is installed."""
    for path in sorted(_PACKAGES.rglob("*.py")):
        installed = f"{_SITE}/{path.relative_to(_PACKAGES)}"
        compile(
            str(path),
            cache_from_source(str(path)),
            installed,
            doraise=True,
            invalidation_mode=PycInvalidationMode.CHECKED_HASH,
        )


def _imports() -> set[str]:
    """What the packages import from elsewhere when they are imported themselves."""
    found = set()
    for path in _PACKAGES.rglob("*.py"):
        for node in ast.parse(path.read_bytes()).body:
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                found.add(node.module or "")
    return found


def _library(archive: str) -> None:
    """Compile what is loaded of the library, once what is asked for is loaded."""
    for name in sorted(_INSIDE | _imports()):
        if name.partition(".")[0] in sys.stdlib_module_names:
            with suppress(ImportError):
                importlib.import_module(name)
    loaded = [
        module.__file__ or ""
        for module in sys.modules.values()
        if isinstance(getattr(module, "__loader__", None), zipimporter)  # not frozen
    ]
    with ZipFile(archive) as library:
        for file in sorted({*loaded}):
            name = file.removeprefix(f"{archive}/")
            source = library.extract(name, _LIBRARY)
            compile(
                source,
                f"{source}c",
                file,
                doraise=True,
                invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
            )


_packages()
_library(next(path for path in sys.path if path.endswith(".zip")))
