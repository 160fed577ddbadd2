"""The bytecode that a reader's Python starts from: of which sources, and how kept."""

from __future__ import annotations

import _imp
import io
import json
import subprocess
from importlib.metadata import version
from zipfile import ZipFile

import pytest

from docs._ext.build.installed import module
from docs._ext.live import compiled

FLAGS = slice(4, 8)
UNCHECKED, CHECKED = b"\1\0\0\0", b"\3\0\0\0"


def source_hash(bytecode: bytes, source: bytes) -> bytes:
    """What stands in bytecode that was compiled from this source."""
    return _imp.source_hash(int.from_bytes(bytecode[:4], "little"), source)


@pytest.fixture(scope="module")
def found() -> tuple[dict[str, bytes], bytes]:
    return compiled.compiled()


def test_packages_bytecode_is_of_the_sources_that_readers_get(found) -> None:
    """Python compares the hash, so a stale one costs time and changes nothing."""
    packages, _ = found
    sources = compiled._loaded()
    assert {path.split("/")[0] for path in sources} == {"lark", "numpy", "rnn_notes"}
    assert "numpy/random/__init__.py" in sources
    assert "rnn_notes/equations/answers.py" in sources
    for path, source in sources.items():
        folder, _, name = path.rpartition("/")
        cached = name.replace(".py", ".cpython-314.pyc")
        bytecode = packages.pop(f"{folder}/__pycache__/{cached}")
        assert bytecode[FLAGS] == CHECKED, path
        assert bytecode[8:16] == source_hash(bytecode, source), path
        assert bytecode[8:16] != source_hash(bytecode, source + b"#"), path
    assert packages == {}


def test_numpy_here_is_the_one_that_readers_get() -> None:
    """Of another, nothing would count that is compiled here."""
    lock = json.loads((module("pyodide") / "pyodide-lock.json").read_text("utf-8"))
    assert lock["packages"]["numpy"]["version"] == version("numpy")


def test_the_library_lacks_no_module(found) -> None:
    with ZipFile(module("pyodide") / "python_stdlib.zip") as whole:
        sources = {name: whole.read(name) for name in whole.namelist()}
    with ZipFile(io.BytesIO(found[1])) as library:
        names = library.namelist()
        bytecode = {
            name.removesuffix("c"): library.read(name)
            for name in names
            if name.endswith(".pyc")
        }
    assert {name.replace(".pyc", ".py") for name in names} == sources.keys()
    assert {"inspect.py", "asyncio/tasks.py", "json/decoder.py"} < bytecode.keys()
    assert "imaplib.py" not in bytecode, "nothing that no page loads is compiled"
    for name, data in bytecode.items():
        assert data[FLAGS] == UNCHECKED, name
        assert data[8:16] == source_hash(data, sources[name]), name


def test_what_was_compiled_is_kept_until_a_source_changes_and_then_dropped(
    found, monkeypatch, tmp_path
) -> None:
    made = []
    monkeypatch.setattr(compiled, "default_cache", lambda: tmp_path / "trained")
    monkeypatch.setattr(compiled, "_filled", lambda bytecode: b"")
    monkeypatch.setattr(
        compiled, "_compiled", lambda sources: made.append(sources) or {}
    )
    sources = {"rnn_notes/a.py": b"1"}
    monkeypatch.setattr(compiled, "_loaded", lambda: dict(sources))
    for _ in range(2):
        assert compiled.compiled() == ({}, b"")
    assert len(made) == 1
    (first,) = (tmp_path / "compiled").iterdir()
    sources["rnn_notes/a.py"] = b"2"
    compiled.compiled()
    assert len(made) == 2
    (second,) = (tmp_path / "compiled").iterdir()
    assert second != first


def test_two_runs_compile_the_same_and_an_error_is_one(found, capfd) -> None:
    """The one run is that of the site; sets of names would tell of hashes by chance."""
    once = compiled._compiled({"b/c.py": b"import json\n"})
    assert once.pop("packages/b/__pycache__/c.cpython-314.pyc")
    site = {f"library/{n}": d for n, d in compiled._files(found[1]).items()}
    assert len(once) > 50
    assert once.items() <= site.items()
    with pytest.raises(subprocess.CalledProcessError):
        compiled._compiled({"a.py": b"names ="})
    assert "invalid syntax" in capfd.readouterr().err
