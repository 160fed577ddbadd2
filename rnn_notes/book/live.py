"""What runs cells, and measures formulas, in the browser of a reader.

A worker of the page starts Python, makes one ``Session``, and hands it what is to run::

    session = Session(send)      # send(kind, text) brings an output to the page
    session.run(source, name)    # one cell; False if it raised an error
    session.measure(latex)       # what the command line says of a formula
    session.check(source)        # and of a backward pass
    keep_training(archive)       # so that ``trained()`` need not train again there

Nothing in here needs a browser, so the tests run it as well.
"""

from __future__ import annotations

import ast
import base64
import io
import linecache
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from time import monotonic
from traceback import StackSummary, TracebackException
from types import CodeType, ModuleType
from typing import TYPE_CHECKING, Any, Literal

from rnn_notes.book import trained

if TYPE_CHECKING:
    from rnn_notes.equations.kinds import Layout

__all__ = [
    "LONGEST",
    "Session",
    "Stream",
    "compiled",
    "keep_training",
    "represented",
    "told",
]

_Send = Callable[[str, str], Any]
LONGEST = 100_000  # characters that a cell prints; a page can hold no more
_REPRESENTATIONS = {  # the first that an object has is shown
    "text/html": "_repr_html_",
    "image/svg+xml": "_repr_svg_",
    "image/png": "_repr_png_",
    "text/markdown": "_repr_markdown_",
    "text/latex": "_repr_latex_",
}


class Session:
    """The names of one page, and what its cells do to them.

    send : takes the kind of an output ("stream", "error", a MIME type) and its text

    >>> sent = []
    >>> session = Session(lambda *output: sent.append(output))
    >>> session.run("print('two')\\n1 + 2", "a cell")
    True
    >>> sent
    [('stream', 'two\\n'), ('text/plain', '3')]
    """

    def __init__(self, send: _Send) -> None:
        self.send = send
        self.stream = Stream(send)
        self.sources: set[str] = set()
        self.names = vars(ModuleType("__main__"))
        self.names["display"] = self.display
        self.names["input"] = _unasked

    def run(self, source: str, name: str) -> bool:
        """Whether a cell ran to its end; its outputs and its error have been sent."""
        self.stream.restart()
        self.sources.add(name)
        lines = source.splitlines(keepends=True)
        linecache.cache[name] = (len(source), None, lines, name)
        with redirect_stdout(self.stream), redirect_stderr(self.stream):
            try:
                for code in compiled(source, name):
                    self.display(eval(code, self.names))
            except BaseException as error:  # exit() too must not end the session
                self.stream.flush()
                self.send("error", told(error, self.sources))
                return False
        self.stream.flush()
        return True

    def display(self, *values: Any) -> None:
        """Send each value that is not None in its best form."""
        self.stream.flush()
        for value in values:
            if value is not None:
                self.send(*represented(value))

    def measure(
        self,
        latex: str,
        layout: Layout | Literal[""] = "",
        where: str = "",
        asked: str = "",
        model: str = "",
    ) -> str:
        """What the command line says of a formula, or of an answer to an exercise.

        layout, where, model : as in ``rnn_notes.measure``; nothing is its default
        asked                : the left side that the exercise asks for

        >>> session = Session(print)
        >>> print(session.measure("y_t = b_y + W_{hy} h_t").splitlines()[0])
        holds
        >>> print(session.measure("y_t = b_y + W_{hy} h_t", asked="a_t"))
        Wrong: the left side is not a_t.
        """
        # Lark and the grammar take a second to load, and few pages need them.
        from rnn_notes.equations import answers, equation_command

        way, network = layout or None, model or None
        if asked:
            return answers.judge(latex, asked, way, where, network)[1]
        found = equation_command.answer(latex, way, where, model=network)[1]
        return equation_command.plain(found)

    def check(self, source: str) -> str:
        """What the command line says of a backward pass that was pasted into a box.

        >>> print(Session(print).check("x = 3"))
        name the function, FILE:NAME: none fits (inputs, targets, hprev); it defines ...
        """
        from rnn_notes.diagnosis import check_command

        return check_command.pasted(source)


def _unasked(prompt: object = "") -> str:
    """Raise an error: a page has no way to ask its reader.

    >>> _unasked("Your name? ")
    Traceback (most recent call last):
    RuntimeError: input() cannot ask here; expected the answer in the code, as a string
    """
    said = "input() cannot ask here; expected the answer in the code, as a string"
    raise RuntimeError(said)


class Stream(io.TextIOBase):
    """What cells print to: it is sent in pieces, not oftener than the page can show."""

    def __init__(self, send: _Send) -> None:
        self.send = send
        self.restart()

    def restart(self) -> None:
        """Let the next cell print as much as the last one."""
        self.waiting, self.length, self.sent = "", 0, monotonic()

    def write(self, text: str) -> int:
        """The number of characters that came."""
        room = LONGEST - self.length
        self.length += len(text)
        if room > 0:
            self.waiting += text[:room]
            if len(text) >= room:
                self.waiting += f"\n… a cell shows {LONGEST:,} characters at most\n"
        if monotonic() - self.sent > 0.1:
            self.flush()
        return len(text)

    def flush(self) -> None:
        """Send all that was printed."""
        if self.waiting:
            self.send("stream", self.waiting)
        self.waiting, self.sent = "", monotonic()


def compiled(source: str, name: str) -> Iterator[CodeType]:
    """The code of a cell; last, what it shows, unless a semicolon ends it.

    >>> len(list(compiled("x = 2", "a"))), len(list(compiled("x = 2; x", "a")))
    (1, 2)
    >>> [eval(code) for code in compiled("1 + 1;", "a")]
    [None]
    """
    tree = ast.parse(source, name)
    shown = bool(tree.body) and isinstance(tree.body[-1], ast.Expr)
    last = tree.body.pop() if shown and not source.rstrip().endswith(";") else None
    yield compile(tree, name, "exec")
    if isinstance(last, ast.Expr):
        yield compile(ast.Expression(last.value), name, "eval")


def represented(value: Any) -> tuple[str, str]:
    """The MIME type and the text in which a page shows a value.

    >>> from rnn_notes.book.cells import Table
    >>> represented(1.5), represented(Table(("a",), [(1,)]))[0]
    (('text/plain', '1.5'), 'text/html')
    """
    for kind, method in _REPRESENTATIONS.items():
        found = getattr(value, method, None)
        text = found() if callable(found) and not isinstance(value, type) else None
        if isinstance(text, bytes):
            text = base64.b64encode(text).decode("ascii")
        if text is not None:
            return kind, text
    return "text/plain", repr(value)


def told(error: BaseException, sources: set[str]) -> str:
    """An error as Python tells it, cut to the lines that stand in the cells.

    >>> try:
    ...     int("two")
    ... except ValueError as error:
    ...     print(told(error, sources=set()), end="")
    ValueError: invalid literal for int() with base 10: 'two'
    """
    whole = TracebackException.from_exception(error, compact=True)
    cut: list[TracebackException | None] = [whole]
    for told_ in cut:
        if told_ is not None:
            kept = [frame for frame in told_.stack if frame.filename in sources]
            told_.stack = StackSummary.from_list(kept) if kept else None  # type: ignore[assignment]
            cut += [told_.__cause__, told_.__context__]
    return "".join(whole.format())


def keep_training(archive: bytes) -> None:
    """Keep what the build of the site has trained where ``trained()`` finds it."""
    path = trained.kept_at()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(archive)
