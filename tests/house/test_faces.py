"""Each module says what its face is, and each docstring what is made or done."""

import ast

from tests.helpers.trees import ROOT

FOLDERS = ("rnn_notes", "docs", "tests", "benchmarks")
SOURCES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*.py"))
}
EMPTY = ("Nothing", "Puts ", "Raises ", "Returns ", "Writes ")


def faceless(source: str) -> bool:
    """Whether a module has code and does not say which of its names are for others."""
    body = ast.parse(source).body
    targets = [ast.unparse(n.targets) for n in body if isinstance(n, ast.Assign)]
    return len(body) > 1 and "__all__" not in targets


def empty_words(source: str) -> list[str]:
    """The docstrings that begin with no noun and no imperative."""
    kinds = (ast.FunctionDef, ast.ClassDef, ast.Module)
    nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, kinds)]
    said = [ast.get_docstring(node) or "" for node in nodes]
    return [text.splitlines()[0] for text in said if text.startswith(EMPTY)]


def test_a_module_says_what_its_face_is():
    modules = {name: text for name, text in SOURCES.items() if name[:4] == "rnn_"}
    bare = [name for name, text in modules.items() if faceless(text)]
    assert bare == ["rnn_notes/__main__.py"]
    assert len(modules) > 50
    assert faceless('"""Sums."""\n\ndef total(a): ...\n')
    assert not faceless('"""Sums."""\n')


def test_a_docstring_says_what_is_made_or_done():
    found = {name: empty_words(text) for name, text in SOURCES.items()}
    assert {name: words for name, words in found.items() if words} == {}
    done = 'def f():\n    """Nothing; it is done."""\n'
    assert empty_words(done) == ["Nothing; it is done."]
