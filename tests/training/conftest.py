"""What the tests of the commands share: a folder of its own for each test."""

from pathlib import Path

import pytest


@pytest.fixture
def folder(tmp_path, monkeypatch, request):
    """The folder in which a test runs, with the text of its module in it."""
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_text(request.module.TEXT)
    return tmp_path
