"""What runs in the reader's browser, tried without one; and how pages name cells."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from types import SimpleNamespace
from zipfile import ZipFile

import numpy as np
import pytest

from docs._ext.build.installed import module
from docs._ext.live import wheels
from rnn_notes.book import live, trained
from rnn_notes.equations.answers import judge
from rnn_notes.equations.model import names
from tests.helpers import trees

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "docs" / "_static").glob("*.js"))
Sent = list[tuple[str, str]]


@pytest.fixture
def sent() -> Sent:
    return []


@pytest.fixture
def session(sent: Sent) -> live.Session:
    return live.Session(lambda kind, text: sent.append((kind, text)))


def test_cells_share_their_names(session, sent) -> None:
    assert session.run("x = 2", "a")
    assert session.run("x + 1", "b")
    assert sent == [("text/plain", "3")]
    other = live.Session(lambda *_: None)
    assert not other.run("x", "c"), "another page has names of its own"


def test_a_value_is_shown_in_its_best_form(session, sent) -> None:
    class Both:
        def _repr_svg_(self):
            return "<svg/>"

        def _repr_png_(self):
            return b"\x89PNG"

    session.names["Both"] = Both
    session.run("display(Both(), 1)\nBoth", "a")
    kinds = [kind for kind, _ in sent]
    assert kinds == ["image/svg+xml", "text/plain", "text/plain"]
    assert live.represented(SimpleNamespace(_repr_png_=lambda: b"1"))[1] == "MQ=="
    session.run("None", "b")
    assert len(sent) == 3


def test_an_error_is_cut_to_the_cells(session, sent) -> None:
    session.run("def f(x):\n    return 1 / x\n", "<one>")
    assert not session.run("try:\n    f(0)\nexcept Exception:\n    int('a')", "<two>")
    [(kind, text)] = sent
    assert kind == "error"
    assert re.findall('File "(.*?)", line (\\d+)', text) == [
        ("<two>", "2"),
        ("<one>", "2"),
        ("<two>", "4"),
    ]
    assert "return 1 / x" in text
    assert text.endswith("invalid literal for int() with base 10: 'a'\n")


def test_what_is_no_python_leaves_the_session_usable(session, sent) -> None:
    for source in ("x =", "exit()", "raise KeyboardInterrupt", "x = '\x00'"):
        assert not session.run(source, "a")
    assert "SyntaxError: invalid syntax" in sent[0][1]
    assert "Traceback" not in sent[0][1]
    assert session.run("1", "b")


def test_the_library_is_left_out_of_a_traceback(session, sent) -> None:
    session.run("from rnn_notes import Params\nParams.random(V=0, H=3, rng=1)", "<a>")
    assert re.findall('File "(.*?)"', sent[0][1]) == ["<a>"]


def test_a_flood_of_text_is_cut(session, sent) -> None:
    assert session.run("for _ in range(3000):\n    print('x' * 99)", "a")
    total = "".join(text for _, text in sent)
    assert len(total) < live.LONGEST + 100
    assert total.endswith("characters at most\n")
    assert total.count("at most") == 1
    sent.clear()
    session.run("print('more')", "b")
    assert sent == [("stream", "more\n")]


def test_a_formula_is_answered_as_on_the_command_line(session, capsys) -> None:
    from rnn_notes.__main__ import main

    for latex in (r"y_t = W_{hy} h_t + b_y", r"y_t = W_{hy} h_{t-1} + b_y", "y_t = q"):
        main(["equation", latex])
        assert session.measure(latex) == capsys.readouterr().out.rstrip("\n")
    main(["equation", "--model", "lstm", "h_t = o_t"])
    said = session.measure("h_t = o_t", model="lstm")
    assert said == capsys.readouterr().out.rstrip("\n")
    assert "in the notation of lstm" in said


RECURSION = r"n_t = \sum_{s=t+1}^{T} \frac{\partial \ell_s}{\partial h_t}"
ANSWERS = [  # what is asked for, where, the answer, how the reply begins
    (r"\frac{\partial L}{\partial b_y}", "", r"\sum_t (p_t - e_t)", "Right: it holds"),
    (r"\frac{\partial L}{\partial b_y}", "", "p_T - e_T", "Wrong: does not hold"),
    (
        r"\frac{\partial L}{\partial b_y}",
        "",
        r"\frac{\partial L}{\partial b_y}",
        "Wrong: the right side holds what is asked for",
    ),
    (
        r"\frac{\partial L}{\partial b_y}",
        "",
        r"\sum_t \frac{\partial \ell_t}{\partial b_y}",
        "Wrong: the right side differentiates by the same variable",
    ),
    ("y_t", "", r"W_{hy} h_t + b_y, t = 1", "Wrong: an answer is one equation"),
    ("y_t", "", "y_t", "Wrong: the right side holds what is asked for"),
    ("y_t", "", "W_{hy} h_t + b_y + q", "Not understood: q"),
    ("n_t", RECURSION, RECURSION[6:], "Wrong: the right side holds a derivative"),
]


@pytest.mark.parametrize(("asked", "where", "answer", "reply"), ANSWERS)
def test_answers_are_judged(asked: str, where: str, answer: str, reply: str) -> None:
    right, told = judge(f"{asked} = {answer}", asked, where=where)
    assert told.startswith(reply)
    assert right == reply.startswith("Right")


def test_an_answer_has_the_left_side_that_was_asked_for() -> None:
    right, told = judge(r"a_t = W_{xh} x_t + W_{hh} h_{t-1} + b_h", "y_t")
    assert not right
    assert told == "Wrong: the left side is not y_t."
    spaced = r"\frac{ \partial L }{\partial b_{y}} = \sum_t (p_t - e_t)"
    assert judge(spaced, r"\frac{\partial L}{\partial b_y}")[0]


def test_the_reply_to_a_wrong_answer_does_not_tell_the_right_one(session) -> None:
    wrong = r"\frac{\partial L}{\partial W_{hy}} = \sum_t (p_t - e_t) h_{t-1}^\top"
    misfit = r"\frac{\partial L}{\partial W_{hy}} = \sum_t (p_t - e_t) h_t"
    asked = r"\frac{\partial L}{\partial W_{hy}}"
    for latex in (wrong, misfit):
        assert "close, and it holds" in session.measure(latex), "there is one to tell"
        assert "close" not in session.measure(latex, asked=asked)


def test_the_network_of_the_build_is_found(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(trained, "default_cache", lambda: tmp_path / "new")
    monkeypatch.setattr(trained, "STAGES", (0, 1))
    small = trained.Settings(H=2, T=5)
    net = trained.trained("ab ba\n" * 9, small, (0, 1), cache=tmp_path)
    [archive] = tmp_path.glob("*.npz")
    monkeypatch.setattr(trained, "kept_at", lambda *_: tmp_path / "new" / archive.name)
    live.keep_training(archive.read_bytes())
    monkeypatch.setattr(trained, "_arrays", None)  # whoever trains again fails
    again = trained.trained("ab ba\n" * 9, small, (0, 1))
    assert np.array_equal(net.params.Whh, again.params.Whh)


MOST = {  # bytes as written
    "cells and stepper": (("live", "stepper"), 25_000),
    "figures that move": (("moving",), 25_000),
    "menus and search": (("interface", "search-words"), 10_000),
}


def test_the_scripts_stay_small() -> None:
    sizes = {path.name: path.stat().st_size for path in SCRIPTS}
    for begins, most in MOST.values():
        found = [sizes.pop(name) for name in [*sizes] if name.startswith(begins)]
        assert 0 < sum(found) < most
    assert not sizes, "a script for another purpose"


# The site's side


@pytest.fixture
def files():
    return wheels


def test_the_wheels_are_the_same_every_time(files, tmp_path) -> None:
    for name in ("one", "two"):
        files._wheel(tmp_path / name, "lark", files._installed("lark"), depends=[])
    entry = files._wheel(tmp_path / "own", "rnn_notes", files._own(), depends=["numpy"])
    one, two = (next((tmp_path / name).rglob("*.whl")) for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    with ZipFile(tmp_path / "own" / entry["file_name"]) as archive:
        held = set(archive.namelist())
    source = {p.relative_to(ROOT).as_posix() for p in (ROOT / "rnn_notes").rglob("*.*")}
    assert {name for name in source if "__pycache__" not in name} < held
    assert "rnn_notes/equations/grammar.lark" in held
    assert "rnn_notes/book/corpus.txt" in held


def test_python_is_assembled_anew_where_something_has_changed(
    files, tmp_path, monkeypatch
) -> None:
    root, live = tmp_path / "tree", tmp_path / "site/_static/live"
    (root / "rnn_notes").mkdir(parents=True)
    source, wheel = root / "rnn_notes/rnn.py", tmp_path / "numpy-1_wasm32.whl"
    made: list[Path | None] = []

    def assemble(folder: Path, given: Path | None) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        made.append(given)
        (folder / "manifest.json").write_text("{}")

    monkeypatch.setattr(files, "_ROOT", root)
    monkeypatch.setattr(files, "assemble", assemble)
    kind = SimpleNamespace(name="html")
    app = SimpleNamespace(
        builder=kind, outdir=tmp_path / "site", doctreedir=str(tmp_path)
    )

    def times() -> int:
        made.clear()
        files._write(app, None)
        files._write(app, None)
        return len(made)

    source.write_text("1")
    assert (times(), times()) == (1, 0)
    source.write_text("2")
    assert times() == 1, "the package is another"
    (live / "more").write_text("left by a build that was ended")
    assert times() == 1
    wheel.write_bytes(b"1")
    monkeypatch.setenv("LIVE", "vendored")
    monkeypatch.setenv("NUMPY_WASM", str(wheel))
    assert (times(), made) == (1, [wheel])
    wheel.write_bytes(b"2")
    assert times() == 1, "the wheel is another"
    monkeypatch.setattr(files, "installed", lambda: [("lark-9.dist-info", 1)])
    assert times() == 1, "a package is another"
    shutil.rmtree(live)
    assert times() == 1


def test_only_what_the_package_s_own_build_takes_travels(
    files, tmp_path, monkeypatch
) -> None:
    copied = tmp_path / "tree"
    for name in ("rnn_notes", "pyproject.toml", "LICENSE"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        (tmp_path / "tree").mkdir(exist_ok=True)
        copy(ROOT / name, copied / name)
    monkeypatch.setattr(files, "_ROOT", copied)
    before = dict(files._own())
    assert "rnn_notes/rnn.py" in before
    for name in (".env", "rnn.py~", ".#rnn.py", "key.pem", "equations/.draft.txt"):
        (copied / "rnn_notes" / name).write_text("secret")
    assert dict(files._own()) == before
    (copied / "rnn_notes" / "new.py").write_text("")
    assert dict(files._own()).keys() - before.keys() == {"rnn_notes/new.py"}


def test_numpy_is_the_official_wheel_or_the_one_given(files, tmp_path) -> None:
    lock = (module("pyodide") / "pyodide-lock.json").read_text()
    official = json.loads(lock)["packages"]["numpy"]
    entry = files._numpy(tmp_path, official, None)
    assert entry["file_name"].startswith("https://cdn.jsdelivr.net/pyodide/v")
    assert entry["sha256"] == official["sha256"]
    given = tmp_path / "numpy-9.9.9-cp314-cp314-pyemscripten_2026_0_wasm32.whl"
    given.write_bytes(b"wheel")
    entry = files._numpy(tmp_path, official, given)
    assert (tmp_path / entry["file_name"]).read_bytes() == b"wheel"
    assert (entry["version"], entry["sha256"]) == ("9.9.9", files._sha256(b"wheel"))


@pytest.mark.parametrize(
    ("mode", "path", "told"),
    [
        ("sometimes", "", "LIVE is 'sometimes', expected 'vendored'"),
        ("vendored", "", "NUMPY_WASM is '', expected a NumPy wheel"),
        ("vendored", "no.whl", "NUMPY_WASM is 'no.whl'"),
    ],
)
def test_settings_that_say_neither_are_refused(
    files, monkeypatch, mode: str, path: str, told: str
) -> None:
    monkeypatch.setenv("LIVE", mode)
    monkeypatch.setenv("NUMPY_WASM", path)
    with pytest.raises(files.ExtensionError, match=re.escape(told)):
        files._vendored()
    monkeypatch.setenv("LIVE", "cdn")
    assert files._vendored() is None


CELLS = """---
file_format: mystnb
kernelspec: {name: python3, language: python}
---

# Cells

```{code-cell} ipython3
shown = "<shown>"
```

```{code-cell} ipython3
:tags: [remove-cell]
hidden = "</script>"
```

```{code-cell} ipython3
:tags: [remove-input]
output = 1
```

```{code-cell} ipython3
:tags: [not-in-browser]
:why: it waits
process = 1
```

```{formula-box}
:asked: y_t
:where: t < T
```
"""


SETTINGS = {
    "extensions": ["myst_nb", "formulas.mathml", "live.runnable"],
    "source_suffix": {".md": "myst-nb"},  # Sphinx's own is shared, and changes
    "html_static_path": [str(ROOT / "docs" / "_static")],
    "nb_execution_mode": "off",
}


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A function that builds one page and returns its HTML and Sphinx's warnings."""
    monkeypatch.setattr(wheels, "assemble", lambda *_: None)

    def run(text: str) -> tuple[str, str]:
        warnings = trees.built(tmp_path, {"index": text}, **SETTINGS)
        html = (tmp_path / "html" / "index.html").read_text(encoding="utf-8")
        return html, warnings

    return run


def test_a_page_names_its_cells(build) -> None:
    html, warnings = build(CELLS)
    assert warnings == ""
    [block] = re.findall('id="live-data">(.*?)</script>', html)
    data = json.loads(block)
    assert data["cells"] == [
        {"shown": True},
        {"source": 'hidden = "</script>"'},
        {"shown": True, "source": "output = 1"},
    ]
    assert re.fullmatch(r"_static/live-worker\.js\?v=[0-9a-f]{8}", data["worker"])
    assert data["training"] is False
    assert len(re.findall(r'class="cell[^"]* live[ "]', html)) == 2
    assert "This cell does not run in the browser: it waits." in html
    assert 'data-formula="y_t = " data-asked="y_t" data-where="t &lt; T"' in html
    assert len(re.findall(r'<script[^>]*src="[^"]*/live\.js', html)) == 1


def test_a_box_that_asks_for_nothing_offers_every_model(build) -> None:
    free = "# One\n\n```{formula-box} x = x\n```\n"
    html, warnings = build(free.replace("= x\n", "= x\n:model: lstm\n"))
    assert warnings == ""
    offered = json.loads(re.findall('id="live-data">(.*?)</script>', html)[0])["models"]
    assert set(offered) == set(names())
    assert offered["lstm"] == "the LSTM of this book"
    assert 'data-layout="" data-model="lstm"' in html
    html, _ = build(free.replace("x = x\n", "\n:asked: y_t\n"))
    assert 'data-layout="denominator" data-model=""' in html
    assert '"models"' not in html, "an exercise is asked in one notation"


def test_a_check_box_holds_a_function_of_the_page(build) -> None:
    box = "```{check-box} f\n```\n"
    cell = "```{code-cell} ipython3\nx = 1\ndef f(a):\n    return a < x\n```\n"
    html, warnings = build(CELLS + box + cell)
    assert warnings == ""
    assert 'data-code="def f(a):\n    return a &lt; x"' in html
    assert "Here a box would check what you write" in html
    _, warnings = build(CELLS + box)
    assert "no cell of the page defines f" in warnings


def test_a_page_without_cells_loads_nothing(build) -> None:
    html, _ = build("# Words\n\nOnly words.\n")
    assert "live" not in html


def test_a_cell_that_cannot_run_says_why(build) -> None:
    _, warnings = build(CELLS.replace(":why: it waits\n", ""))
    assert "not-in-browser; expected :why:" in warnings
    assert "index.md:" in warnings
