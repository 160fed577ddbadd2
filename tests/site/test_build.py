"""Building as a whole: what fails says where, and a site that stands is left alone.

A small book is built with the repository's own conf.py and docs/build.py.
"""

from __future__ import annotations

import json
import locale
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from docutils.utils import new_document
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from nbclient.exceptions import DeadKernelError
from nbformat.v4 import new_code_cell, new_notebook
from sphinx.errors import SphinxError
from sqlalchemy.pool import NullPool

from docs._ext.build import failures, kernels
from docs._ext.build.changes import mend
from docs._ext.build.standing import site_of, sources_of
from docs.build import speak
from tests.helpers.reproducible import differences
from tests.helpers.trees import emptied, write

HEAD = """---
file_format: mystnb
kernelspec:
  name: python3
  language: python
---

# {title}

"""
INDEX = "# Book\n\n```{toctree}\ngood\nfaulty\n```\n"
GOOD = """```{code-cell} ipython3
import os

from rnn_notes.book.cells import glue

print("ran as", os.getpid())
glue("half", 1 / 2)
get_ipython().kernel.log.error("Interrupted after the last cell")
```

One {glue:text}`half`.

```{glossary}
word
  What stands in a sentence.
```
"""
FAULTY = """```{code-cell} ipython3
:tags: [remove-cell]

def inverse(x):
    return 1 / x

print(inverse(2))
inverse(0)
```

A {doc}`gone`, a {glue:text}`gone` and ![a picture](gone.png).
"""
SLOW = """```{code-cell} ipython3
import os, pathlib, time

pathlib.Path("started").write_text(str(os.getpid()))
time.sleep(600)
```
"""
STILLBORN = """import os, pathlib, sys

def die():
    if not os.path.exists("born"):
        pathlib.Path("born").touch()
        os._exit(1)

if "ipykernel_launcher" in sys.orig_argv:
    die()
if "docs._ext.build.kernels" in sys.orig_argv:
    os.register_at_fork(after_in_child=die)
"""
KILL = os.killpg if os.name == "posix" else os.kill
SETTINGS = 'html_titel = "Book"\nhtml_css_files = ["gone.css"]\nhtml_title = 3\n'


class Book:
    """A copy of the repository with pages of its own, built by its docs/build.py."""

    def __init__(self, root: Path) -> None:
        self.root, self.html = root, root / "_build" / "html"
        self.settings = (emptied(root) / "conf.py").read_text(encoding="utf-8")

    def write(self, good: str = GOOD, faulty: str = "", settings: str = "") -> None:
        """Write pages and settings, where they are new."""
        texts = {
            "docs/index.md": INDEX,
            "docs/good.md": HEAD.format(title="Good") + good,
            "docs/faulty.md": HEAD.format(title="Faulty") + faulty,
            "conf.py": self.settings + settings,
        }
        write(self.root, texts)

    def start(self) -> subprocess.Popen[str]:
        """A build that has begun."""
        command = [sys.executable, "docs/build.py"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        where = {"cwd": self.root, "start_new_session": True}
        return subprocess.Popen(command, text=True, **pipes, **where)

    def build(self) -> str:
        """What a build that succeeded says."""
        build = self.start()
        said = build.communicate()[0]
        assert build.returncode == 0, said
        return said

    def fail(self) -> str:
        """What a build that failed says; the site is as it was."""
        before, build = self.files(), self.start()
        said = build.communicate()[0]
        assert build.returncode != 0, said
        assert self.files() == before
        return said

    def files(self) -> dict[str, bytes]:
        """Every file of the site."""
        found = self.html.rglob("*")
        return {str(p): p.read_bytes() for p in found if p.is_file()}

    def page(self, name: str) -> str:
        """The HTML of a page, without its tags."""
        html = (self.html / f"{name}.html").read_text(encoding="utf-8")
        return re.sub(r"<[^>]*>", "", html)

    def kernel(self) -> str:
        """The process in which the good page's cell ran."""
        return re.findall(r"ran as (\d+)", self.page("good"))[0]

    def place(self, name: str, words: str) -> str:
        """The file and line of the first line with some words."""
        path = self.root / name
        lines = path.read_text(encoding="utf-8").splitlines()
        at = next(i for i, line in enumerate(lines, 1) if words in line)
        return f"{path}:{at}: "


def ended(process: int) -> None:
    """Wait for a process to end, a minute at most."""
    for _ in range(600):
        if os.name != "posix" or kernels._Kernel(process).poll() is not None:
            return
        time.sleep(0.1)
    raise AssertionError(f"{process} goes on")


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """A book whose site stands, though the first of its kernels died at birth."""
    book = Book(tmp_path_factory.mktemp("book"))
    book.write()
    (book.root / "sitecustomize.py").write_text(STILLBORN, encoding="utf-8")
    assert book.build() == f"Open {(book.html / 'index.html').as_uri()}\n"
    return book


def test_nothing_is_built_where_the_sources_and_the_site_are_as_they_were(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    book.build()  # the first one left a file beside its sources
    files, page = book.files(), book.html / "good.html"

    def anew() -> bool:
        """Whether a build put another site there, and that is right."""
        before = book.html.stat().st_ino
        book.build()
        return book.html.stat().st_ino != before

    assert not anew()
    page.write_text("by hand", encoding="utf-8")
    (book.html / "faulty.html").unlink()
    (book.html / "more.html").touch()
    assert anew()
    assert book.files() == files
    monkeypatch.setenv("BASE_URL", "https://example.org/notes/")
    assert anew()
    assert "https://example.org/notes/good.html" in page.read_text(encoding="utf-8")
    assert not anew()
    monkeypatch.delenv("BASE_URL")
    assert anew()
    assert book.files() == files
    assert not anew()


def test_an_edit_executes_what_it_must_and_no_more(book: Book) -> None:
    first = book.kernel()
    other = '```{code-cell} ipython3\nprint("product", 6 * 7)\n```\n'
    book.write(good=GOOD + "\nA new sentence.\n", faulty=other)
    book.build()
    assert "A new sentence." in book.page("good")
    assert "product 42" in book.page("faulty")
    assert book.kernel() == first, "neither prose nor another page's cell matters"
    module = book.root / "rnn_notes" / "mutants" / "__init__.py"
    with module.open("a", encoding="utf-8") as file:
        file.write("\n# a comment\n")
    book.build()
    assert book.kernel() != first, "the package matters"


def test_a_file_that_was_changed_lost_or_added_makes_it_another_site(tmp_path) -> None:
    (tmp_path / "one.html").write_text("one", encoding="utf-8")
    site = site_of(tmp_path)
    assert site_of(tmp_path) == site
    (tmp_path / "one.html").write_text("by hand", encoding="utf-8")
    assert site_of(tmp_path) != site
    (tmp_path / "one.html").unlink()
    assert site_of(tmp_path) != site
    (tmp_path / "one.html").write_text("one", encoding="utf-8")
    (tmp_path / "more.html").touch()
    assert site_of(tmp_path) != site
    (tmp_path / "more.html").unlink()
    assert site_of(tmp_path) == site


def test_all_that_a_build_reads_has_a_part_in_the_name_of_its_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "_build").mkdir()
    page, made = tmp_path / "docs" / "page.md", tmp_path / "_build" / "page.html"
    package = tmp_path / "_build" / "package-1.dist-info"
    names = [sources_of(tmp_path)]

    def another() -> bool:
        names.append(sources_of(tmp_path))
        return names[-1] not in names[:-1]

    assert not another()
    page.write_text("one", encoding="utf-8")
    assert another()
    page.write_text("two", encoding="utf-8")
    assert another()
    page.rename(page.with_name("other.md"))
    assert another()
    made.write_text("one", encoding="utf-8")
    monkeypatch.setenv("OLDPWD", "elsewhere")
    assert not another()
    monkeypatch.setenv("BOOKS", "1")
    assert another()
    monkeypatch.syspath_prepend(package.parent)
    package.mkdir()
    assert another()
    os.utime(package, (10**9, 10**9))
    assert another(), "the same version was installed once more"
    git = ["git", "-c", "user.name=A", "-c", "user.email=a@example.org"]
    for words in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "First"]):
        subprocess.run([*git, *words], cwd=tmp_path, check=True)
    assert another(), "pages say when they were committed"


def test_a_fault_is_told_with_file_and_line_until_it_is_mended(book: Book) -> None:
    book.write(faulty=FAULTY, settings=SETTINGS)
    sentence = book.place("docs/faulty.md", "{glue:text}")
    cell = book.place("docs/faulty.md", "inverse(0)")
    titel, title = (book.place("conf.py", w) for w in ("html_titel", "html_title = 3"))
    expected = {
        f"{cell}WARNING: a cell fails": 1,
        "----> 5 inverse(0)": 1,
        "ZeroDivisionError: division by zero": 1,
        f"{sentence}WARNING: unknown document: 'gone'": 1,
        f"{sentence}WARNING: No key 'gone' found in glue data": 1,
        f"{sentence}WARNING: image file not readable: gone.png": 1,
        f"{titel}WARNING: no setting is called 'html_titel'": 1,
        f"{book.place('conf.py', 'gone.css')}WARNING: html_css_files: no file": 1,
        f"{title}WARNING: The config value `html_title'": 1,
        "WARNING: ": 7,
        f"the site in {book.html} is as it was": 1,
    }
    for _ in range(2):
        said = book.fail()
        assert {words: said.count(words) for words in expected} == expected, said


def test_nothing_is_stale_after_a_build_that_was_killed(book: Book) -> None:
    before, started = book.files(), book.root / "docs" / "started"
    good = GOOD.replace("1 / 2", "3 / 2")
    book.write(good, SLOW)
    killed = book.start()
    while not started.exists():
        assert killed.poll() is None, killed.communicate()[0]
        time.sleep(0.05)
    assert "another build is writing" in book.fail()
    KILL(killed.pid, signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    killed.communicate()
    ended(int(started.read_text(encoding="ascii")))
    assert book.files() == before
    book.write(good)
    book.build()
    assert "One 1.5." in book.page("good")
    book.write(good, faulty="A last sentence.\n")
    book.build()
    built = shutil.copytree(book.html, book.root / "built")
    for part in ("doctrees", "next", "html"):
        shutil.rmtree(book.root / "_build" / part)
    book.build()
    assert differences(built, book.html) == [], "a build from nothing gives the same"


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted on Linux")
@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="one core has one thread")
def test_what_a_build_computes_does_not_depend_on_how_many_cores_there_are() -> None:
    count = "print(open('/proc/self/status').read().split('Threads:')[1].split()[0])"
    told = {k: v for k, v in os.environ.items() if not k.endswith("_NUM_THREADS")}
    threads = [
        subprocess.check_output(
            [sys.executable, "-c", f"import {module}; {count}"],
            env=told,
            cwd=Path(__file__).parents[2],
            text=True,
        )
        for module in ("conf", "numpy")
    ]
    assert int(threads[0]) == 1 < int(threads[1]), "NumPy alone takes all cores"


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux")
def test_kernels_have_one_parent_and_end_with_it(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    command = [sys.executable, "-m", "ipykernel_launcher", "-f"]
    one, two = (
        kernels._launch([*command, str(tmp_path / name)], env={**os.environ}, cwd=None)
        for name in ("one.json", "two.json")
    )
    nursery = kernels._nurseries.pop(os.getpid())
    stats = [Path(f"/proc/{k.pid}/stat").read_text("ascii") for k in (one, two)]
    parents = [int(stat.rpartition(")")[2].split()[1]) for stat in stats]
    assert parents == [nursery.pid] * 2
    assert [os.getpgid(kernel.pid) for kernel in (one, two)] == [one.pid, two.pid]
    os.killpg(one.pid, signal.SIGKILL)
    assert one.wait() == 1
    assert two.poll() is None
    assert nursery.communicate() == ("", None)
    ended(two.pid)


@pytest.mark.skipif(sys.platform != "linux", reason="kernels are forked on Linux")
def test_a_kernel_whose_port_is_taken_is_not_waited_for(tmp_path, capfd) -> None:
    connection = tmp_path / "kernel.json"
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", str(connection)]
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = {"shell_port": taken.getsockname()[1]}
        connection.write_text(json.dumps(port), encoding="ascii")
        with pytest.raises(RuntimeError, match=kernels.UNBORN):
            kernels._launch(command, env={**os.environ}, cwd=None)
    kernel = kernels._launch(command, env={**os.environ}, cwd=None)
    assert kernel.poll() is None, "the port is free again"
    kernel.terminate()  # as Jupyter does where it is slow to end
    ended(kernel.pid)
    kernels._nurseries.pop(os.getpid()).communicate()
    assert capfd.readouterr().err.count("Address already in use") == 1


def test_a_page_that_ends_its_kernel_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def parse(*_: object) -> None:
        raise DeadKernelError("Kernel died")

    monkeypatch.setattr(failures.Parser, "parse", parse)
    with pytest.raises(SphinxError, match=r"docs/a\.md: a cell fails: Kernel died"):
        failures._Careful().parse("", new_document("docs/a.md"))


def test_what_a_killed_build_left_in_the_cache_is_forgotten(tmp_path: Path) -> None:
    cache = get_cache(mend(tmp_path / "cells"))
    books = [new_notebook(cells=[new_code_cell(code)]) for code in ("1", "2", "3")]
    for book in books:
        bundle = CacheBundleIn(book, "page.md")
        cache.cache_notebook_bundle(bundle, check_validity=False)
    whole, half, gone = sorted(tmp_path.rglob("base.ipynb"))
    half.write_bytes(half.read_bytes()[:-9])
    shutil.rmtree(gone.parent)
    mend(tmp_path / "cells")
    [record] = cache.list_cache_records()
    assert record.hashkey == whole.parent.name


@pytest.mark.parametrize("left", [b"", b"SQLite format 3\0" + bytes(400), b"gone"])
def test_a_broken_database_of_cells_is_made_anew(tmp_path: Path, left: bytes) -> None:
    cache = get_cache(mend(tmp_path / "cells"))
    bundle = CacheBundleIn(new_notebook(cells=[new_code_cell("1")]), "page.md")
    cache.cache_notebook_bundle(bundle, check_validity=False)
    assert len(get_cache(mend(tmp_path / "cells")).list_cache_records()) == 1
    (tmp_path / "cells" / "global.db").write_bytes(left)
    cache = get_cache(mend(tmp_path / "cells"))
    assert cache.list_cache_records() == []
    cache.cache_notebook_bundle(bundle, check_validity=False)
    assert len(cache.list_cache_records()) == 1


def test_no_connection_to_the_cells_outlives_its_use(tmp_path: Path) -> None:
    cache = get_cache(mend(tmp_path / "cells"))
    assert isinstance(cache.db.pool, NullPool)


def test_a_locale_that_is_not_installed_is_told(monkeypatch, capsys) -> None:
    before = locale.setlocale(locale.LC_ALL)
    try:
        monkeypatch.setenv("LC_ALL", "xx_YY.UTF-8")
        with pytest.raises(locale.Error):
            locale.setlocale(locale.LC_ALL, "")
        speak()
        assert capsys.readouterr().err == (
            "The locale is not installed; going on in English.\n"
        )
        locale.setlocale(locale.LC_ALL, "")
        speak()
        assert capsys.readouterr().err == ""
    finally:
        locale.setlocale(locale.LC_ALL, before)


def test_pages_cached_at_once_do_not_put_each_other_out(tmp_path: Path) -> None:
    """A record that another process adds is never taken for one too many."""
    cache = get_cache(mend(tmp_path / "cells"))
    cache.change_cache_limit(1)  # so every second record is one too many
    for name in ("one", "two"):
        notebook = new_notebook(cells=[new_code_cell(name)])
        bundle = CacheBundleIn(notebook, f"{name}.ipynb")
        cache.cache_notebook_bundle(bundle, check_validity=False)
    assert len(cache.list_cache_records()) == 2
