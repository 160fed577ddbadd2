"""Each module says what its face is, and each docstring what is made or done."""

import ast
import re
from collections import Counter
from collections.abc import Iterable
from functools import cache
from pathlib import PurePath

from tests.helpers.trees import ROOT

HOUSE = ("rnn_notes/", "docs/_ext/")
SHARED = {"__init__", "__main__", "conftest"}
FOLDERS = ("rnn_notes", "docs", "tests", "benchmarks")
SOURCES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for folder in FOLDERS
    for path in sorted((ROOT / folder).rglob("*.py"))
}
parsed = cache(ast.parse)  # of each module once
EMPTY = ("Nothing", "Puts ", "Raises ", "Returns ", "Writes ")


def unsaid(source: str) -> set[str]:
    """The names of a module that are neither for others nor marked as its own."""
    face, made = set(), set()
    for node in parsed(source).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            made.add(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            inner = [n for target in targets for n in ast.walk(target)]
            known = [n for n in inner if isinstance(n, ast.Name)]
            names = {n.id for n in known if isinstance(n.ctx, ast.Store)}
            made |= names
            if names == {"__all__"}:
                face = set(ast.literal_eval(node.value))
    return {name for name in made - face if not name.startswith("_")}


def empty_words(source: str) -> list[str]:
    """The docstrings that begin with no noun and no imperative."""
    kinds = (ast.FunctionDef, ast.ClassDef, ast.Module)
    nodes = [node for node in ast.walk(parsed(source)) if isinstance(node, kinds)]
    said = [ast.get_docstring(node) or "" for node in nodes]
    return [text.splitlines()[0] for text in said if text.startswith(EMPTY)]


def told_no_error(sources: Iterable[str]) -> set[str]:
    """The functions for others that raise an error, and have no section for it.

    What calls a function whose docstring begins with "Raise" raises too.
    """
    modules = [parsed(source).body for source in sources]
    tops = [node for body in modules for node in body]
    classes = [node for node in tops if isinstance(node, ast.ClassDef)]
    tops += [n for kind in classes if not kind.name.startswith("_") for n in kind.body]
    functions = [node for node in tops if isinstance(node, ast.FunctionDef)]
    texts = {node: ast.get_docstring(node) or "" for node in functions}
    checks = {node.name for node, text in texts.items() if text.startswith("Raise ")}
    found = set()
    for node, text in texts.items():
        raised = [n.exc for n in ast.walk(node) if isinstance(n, ast.Raise)]
        calls = [n for n in ast.walk(node) if isinstance(n, ast.Call)]
        named = [(c, c.func.id) for c in calls if isinstance(c.func, ast.Name)]
        errors = [name for c, name in named if c in raised and name.endswith("Error")]
        raises = errors or checks & {name for _, name in named}
        if raises and not re.search("^Raises\n---", text, re.M):
            found.add(node.name)
    return {name for name in found if not name.startswith("_")}


def doubled(names: Iterable[str]) -> set[str]:
    """The modules' names that two files have."""
    stems = Counter(PurePath(name).stem for name in names)
    return {stem for stem, times in stems.items() if times > 1} - SHARED


def test_a_name_is_for_others_or_marked_as_the_module_s_own():
    modules = {n: text for n, text in SOURCES.items() if n.startswith(HOUSE)}
    found = {name: unsaid(text) for name, text in modules.items()}
    assert {name: names for name, names in found.items() if names} == {}
    assert len(modules) > 150
    assert unsaid('__all__ = ["f"]\nA, _b = C = 1, 2\nd: int = 3\ndef f(): ...\n') == {
        *("A", "C", "d")
    }
    assert unsaid("class K: ...\ndef g(): ...\n") == {"K", "g"}


def test_no_two_modules_have_one_name():
    assert doubled(name for name in SOURCES if not name.startswith("bench")) == set()
    assert doubled(["a/one.py", "b/one.py", "a/__init__.py", "__init__.py"]) == {"one"}


def test_a_docstring_says_what_is_made_or_done():
    found = {name: empty_words(text) for name, text in SOURCES.items()}
    assert {name: words for name, words in found.items() if words} == {}
    done = 'def f():\n    """Nothing; it is done."""\n'
    assert empty_words(done) == ["Nothing; it is done."]


def test_a_function_that_raises_has_a_section_for_it():
    package = [text for name, text in SOURCES.items() if name.startswith("rnn_notes/")]
    assert told_no_error(package) == set()
    raises = '    raise ValueError("x")\n'
    checked = f'def check():\n    """Raise unless it is so."""\n{raises}'
    silent = "def caller():\n    check()\n"
    again = "def f(error):\n    raise error\n"
    own = f"def _own():\n{raises}"
    said = 'def g():\n    """One.\n\n    Raises\n    ------\n    A\n    """\n' + raises
    assert told_no_error([checked, silent, again, own, said]) == {"check", "caller"}
