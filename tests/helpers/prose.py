"""The pages as data: their prose, their cells, and the rules that prose must keep."""

from __future__ import annotations

import ast
import builtins
import keyword
import pkgutil
import re
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

import rnn_notes
from docs._ext.formulas import kept
from docs._ext.pages.sentences import unsaid
from rnn_notes import Params, backward, forward, layouts, signals
from rnn_notes.book import figures
from rnn_notes.equations.measuring import holds
from rnn_notes.equations.model import find, names
from rnn_notes.equations.tasks import SEEDS, Task
from rnn_notes.rnn import ALPHABET, TEXT, running_example

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"

FENCE = re.compile(r"^(`{3,}|~{3,})(.*)\n((?:.*\n)*?)\1[ \t]*$", re.M)
INLINE_CODE = re.compile(r"(\{[\w:-]+\})?(?<!`)`([^`\n]+)`(?!`)")
MATH = re.compile(r"\$[^$\n]+\$")
DECIMAL = re.compile(r"(?<![\w.])\d+\.\d+(?![\w.]*\w)|(?<!\w)\d+(?:\.\d+)?e[+-]?\d+\b")
GLUED = re.compile(r"\{glue(?::\w+)?\}`([^`:]+)")
NAME = re.compile(r"(?<!\w)(?<!\w\.)[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")


@dataclass(frozen=True)
class Page:
    """A page of the book: its name and its source."""

    name: str
    source: str

    def fences(self) -> list[tuple[str, str]]:
        """The info string and the content of every fenced block."""
        return [(m[2].strip(), m[3]) for m in FENCE.finditer(self.body())]

    def cells(self) -> list[str]:
        """The code of every executed cell, options left out."""
        return [
            re.sub(r"\A(?::[\w-]+:.*\n)+", "", content)
            for info, content in self.fences()
            if info.startswith("{code-cell}")
        ]

    def body(self) -> str:
        """The source without its front matter."""
        return re.sub(r"\A---\n.*?\n---\n", "", self.source, flags=re.S)

    def prose(self) -> str:
        """The text that a reader reads as sentences: captions and terms, no code."""

        def kept(match: re.Match[str]) -> str:
            holds_prose = re.match(r"\s*\{(drawn|moving|stepper|glossary)\}", match[2])
            return re.sub(r"^:\w+:.*$", "", match[3], flags=re.M) if holds_prose else ""

        return FENCE.sub(kept, self.body())

    def glued(self) -> set[str]:
        """The names that cells hand to the prose."""
        return set(re.findall(r"glue\(\s*[\"']([^\"']+)", "\n".join(self.cells())))

    def quoted(self) -> set[str]:
        """The names that the prose asks for."""
        return set(GLUED.findall(self.prose()))


@dataclass(frozen=True)
class Equation:
    """A measured equation of a page, with the options that ``measure`` takes."""

    page: str
    label: str
    latex: str
    layout: str
    where: str
    sizes: str
    model: str | None

    def task(self) -> Task:
        """What is to be measured."""
        pairs = (pair.split("=") for pair in self.sizes.split(",") if pair)
        sizes = {name.strip(): int(size) for name, size in pairs}
        layout: Any = self.layout
        model = find(self.model)
        return Task(self.latex, layout, self.where, sizes, SEEDS, model, strict=True)

    def measured(self) -> dict[str, Any]:
        """What measuring it gives."""
        task = self.task()
        options: dict[str, Any] = {"layout": task.layout, "where": task.where}
        options |= {"strict": True, **({"model": self.model} if self.model else {})}
        options |= {"sizes": task.sizes} if task.sizes else {}
        return measured(task.latex, options)


def measured(latex: str, options: dict[str, Any]) -> dict[str, Any]:
    """What measuring a formula gives, as the build keeps it for this very package."""
    return kept.measured(latex, options, _build())


@cache
def _build() -> SimpleNamespace:
    """What the build's settings say of measuring."""
    from docs._ext.build.changes import digest  # loads what runs cells

    name = digest(ROOT / "rnn_notes", ROOT / "constraints.txt")
    folder = str(ROOT / "_build/measured")
    return SimpleNamespace(package_digest=name, measured_cache=folder)


def equations(page: Page) -> list[Equation]:
    """Every measured equation of a page."""
    found, named = [], None
    for info, content in page.fences():
        if info.startswith("{model}"):
            named = info.split()[1]
        if info.startswith("{measured}"):
            options = dict(re.findall(r"^:(\w+): (.*)$", content, re.M))
            latex = re.sub(r"^:\w+: .*\n", "", content, flags=re.M).strip()
            layout = options.get("layout", "denominator")
            where, sizes = options.get("where", ""), options.get("sizes", "")
            label = info.split()[1]
            model = options.get("model", named)
            found.append(Equation(page.name, label, latex, layout, where, sizes, model))
    return found


def pages() -> list[Page]:
    """Every page of the book."""
    return [Page(path.stem, path.read_text()) for path in sorted(DOCS.glob("*.md"))]


def bare_decimals(page: Page) -> list[str]:
    """Decimals in the sentences of a page that no code produced."""
    text = INLINE_CODE.sub("", MATH.sub("", page.prose()))
    text = re.sub(r"\]\([^)]*\)", "]", text)  # addresses of links
    return DECIMAL.findall(text)


def inline_code(page: Page) -> list[str]:
    """Every piece of inline code in the prose; roles are none."""
    return [code for role, code in INLINE_CODE.findall(page.prose()) if not role]


def unknown_names(page: Page, known: set[str]) -> set[str]:
    """Names in inline code that stand for nothing; a single letter is no name."""
    own = set(re.findall(r"[A-Za-z_]\w*", "\n".join(page.cells())))
    text = {word for word in re.findall(r"\w+", TEXT) if set(word) <= set(ALPHABET)}
    return {
        dotted
        for code in inline_code(page)
        for dotted in NAME.findall(code)
        if not resolves(dotted.split("."), known | own | text)
    }


def resolves(parts: list[str], known: set[str]) -> bool:
    """Whether a dotted name leads somewhere, in a module or among the known names."""
    if parts[0] == "np" or parts[0] in MODULES or parts[0] == "rnn_notes":
        place = np if parts[0] == "np" else rnn_notes
        if parts[0] in MODULES:
            place = import_module(MODULES[parts[0]])
        for part in parts[1:]:
            if not hasattr(place, part):
                return False
            place = getattr(place, part)
        return True
    return all(len(part) == 1 or part in known for part in parts)


def dangling(page: Page, labels: set[str]) -> list[str]:
    """References of a page that lead nowhere; ``labels`` are the whole book's."""
    references = re.findall(r"\{(eq|numref|ref|doc|address)\}`([^`]+)`", page.body())
    lost = []
    for role, text in references:
        target = re.sub(r".*<(.*)>", r"\1", text)
        found = (DOCS / f"{target}.md").exists() if role == "doc" else target in labels
        if not found:
            lost.append(f"{role}:{target}")
    return lost


def lost_names(page: Page) -> list[str]:
    """Functions and figures that directives name and that do not exist."""
    functions = re.findall(r"^:by: (\S+)$", page.body(), re.M)
    drawn = re.findall(r"^`{3,}\{drawn\} (\w+)$", page.body(), re.M)
    return [
        *(name for name in functions if not importable(name)),
        *(name for name in drawn if not hasattr(figures, name)),
    ]


def importable(name: str) -> bool:
    """Whether a dotted name leads to an object of the package."""
    module, _, attribute = name.rpartition(".")
    try:
        return hasattr(import_module(module), attribute)
    except ImportError:
        return False


def shape_rows(page: Page) -> list[tuple[str, str]]:
    """Code and shape of every row of a table that has both."""
    source = page.body()
    rows = re.findall(r"^\|[^|]+\| `([^`]+)` \| ([VH1]×[VH1]|number) \|", source, re.M)
    sizes = re.findall(r"^\| \$[VHT]\$ \| `([^`]+)` \|[^|]+\| (\d) \|", source, re.M)
    return rows + sizes


def false_shapes(page: Page) -> list[str]:
    """Rows whose code has another shape, on the running example, than they say."""
    params, inputs, targets, hprev = running_example()
    run = forward(params, inputs, targets, hprev)
    names = {
        "params": params, "run": run, "signal": next(signals(params, run)), "t": 1,
        "gradients": backward(params, run), "layouts": layouts, "np": np,
    }  # fmt: skip

    def told(code: str) -> str:
        try:
            return shape_in_letters(eval(code, names), params)
        except (NameError, AttributeError) as error:
            return str(error)

    return [
        f"{code} is {shape}" for code, shape in shape_rows(page) if told(code) != shape
    ]


def shape_in_letters(value: Any, params: Params) -> str:
    """The shape as the notation page spells it; a size is itself."""
    if isinstance(value, int):
        return str(value)
    if np.ndim(value) == 0:
        return "number"
    letters = {params.V: "V", params.H: "H", 1: "1"}
    return "×".join(letters[n] for n in value.shape)


class Book:
    """All that a page's prose is checked against."""

    def __init__(self) -> None:
        self.known = known_names()
        self.labels = {label for page in pages() for label in labels_of(page)}
        self.holds = {equation for page in pages() for equation in equations(page)}

    def problems(self, page: Page) -> list[str]:
        """What is wrong with the prose of a page that may have been changed.

        Equations that the book has as they are count as measured.
        """
        return [
            *(f"decimal {number}" for number in bare_decimals(page)),
            *(f"unknown name {name}" for name in unknown_names(page, self.known)),
            *(f"glued or quoted alone {n}" for n in page.quoted() ^ page.glued()),
            *(f"leads nowhere: {target}" for target in dangling(page, self.labels)),
            *(f"included line {line}" for line in lost_includes(page)),
            *(f"does not exist: {name}" for name in lost_names(page)),
            *(f"false shape: {row}" for row in false_shapes(page)),
            *(f"no sentence says {words!r}" for words in unsaid(page.source)),
            *(
                f"false equation {equation.label}"
                for equation in equations(page)
                if equation not in self.holds and not holds(equation.task())
            ),
        ]


def labels_of(page: Page) -> list[str]:
    """Labels that a page defines: of equations, of figures and of headings."""
    body = page.body()
    return [
        *re.findall(r"^`{3,}\{measured\} (\S+)$", body, re.M),
        *re.findall(r"^:(?:name|label): (\S+)$", body, re.M),
        *re.findall(r"^\(([\w-]+)\)=$", body, re.M),
    ]


def lost_includes(page: Page) -> list[str]:
    """Boundaries of included code that do not stand in the file exactly once."""
    lost = []
    for info, content in page.fences():
        if info.startswith("{literalinclude}"):
            source = (DOCS / info.split()[1]).read_text()
            bounds = re.findall(r"^:(?:start|end)-at: \"?(.*?)\"?$", content, re.M)
            lost += [b for b in bounds if source.count(b) != 1]
    return lost


MODULES = {
    module.name.rpartition(".")[2]: module.name
    for place in (rnn_notes, rnn_notes.book)
    for module in pkgutil.iter_modules(place.__path__, f"{place.__name__}.")
}


def known_names() -> set[str]:
    """Names of the package and its models, of Python, and of the notation tables."""
    known = {"rnn_notes", *dir(builtins), *keyword.kwlist, *dir(np.ndarray)}
    known |= {word for name in names() for word in NAME.findall(name)}
    for path in (ROOT / "rnn_notes").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            known |= defined_by(node)
    notation = Page("notation", (DOCS / "notation.md").read_text())
    for code in inline_code(notation):
        known |= set(re.findall(r"[A-Za-z_]\w*", code))
    return known


def defined_by(node: ast.AST) -> set[str]:
    """The names that a piece of syntax defines."""
    match node:
        case ast.FunctionDef(name=name, args=args):
            return {name} | {a.arg for a in (*args.args, *args.kwonlyargs)}
        case ast.ClassDef(name=name):
            return {name}
        case ast.Name(id=name, ctx=ast.Store()):
            return {name}
    return set()


def package_lines() -> list[list[str]]:
    """The lines of every module, without indentation and comments."""
    return [
        meaningful(path.read_text())
        for path in sorted((ROOT / "rnn_notes").rglob("*.py"))
    ]


def meaningful(code: str) -> list[str]:
    """The lines that say something: no blanks, comments, imports or lone brackets."""
    lines = (re.sub(r"\s*#.*", "", line).strip() for line in code.splitlines())
    return [
        line
        for line in lines
        if len(line) > 3 and not line.startswith(("import ", "from ", '"""'))
    ]


def copied_runs(page: Page, modules: list[list[str]], length: int = 3) -> list[str]:
    """Runs of lines that a page's cells share with the package."""
    runs = {
        tuple(lines[i : i + length])
        for lines in modules
        for i in range(len(lines) - length + 1)
    }
    return [
        "\n".join(cell_lines[i : i + length])
        for cell in page.cells()
        for cell_lines in [meaningful(cell)]
        for i in range(len(cell_lines) - length + 1)
        if tuple(cell_lines[i : i + length]) in runs
    ]
