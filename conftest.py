"""Runs the pages and the README as tests: one process, one namespace a page."""

import os

from hypothesis import settings
from sybil import Sybil
from sybil.evaluators.python import PythonEvaluator
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # waiting threads take time too
settings.register_profile("repeatable", derandomize=True, database=None)
settings.load_profile("repeatable")  # the same examples in every run

pytest_collect_file = Sybil(
    parsers=[
        CodeBlockParser(language="ipython3", evaluator=PythonEvaluator()),
        PythonCodeBlockParser(),
    ],
    patterns=["*.md"],
).pytest()
