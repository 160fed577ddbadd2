"""Runs the pages and the README as tests: one process, one namespace a page."""

from sybil import Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser

pytest_collect_file = Sybil(
    parsers=[
        CodeBlockParser(language="ipython3", evaluator=PythonEvaluator()),
        PythonCodeBlockParser(),
    ],
    patterns=["*.md"],
).pytest()
