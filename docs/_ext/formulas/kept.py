"""Measurements of formulas, kept on disk while nothing that they rest on changes."""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import re
import secrets
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

__all__ = ["exists", "measured", "sizes"]


def measured(latex: str, options: dict[str, Any], config: Any) -> dict[str, Any]:
    """What ``rnn_notes.equations.measure`` says of a formula, from the cache if there.

    The cache is keyed by the formula, its options and the content of the package, and
    only holds formulas that hold.
    """
    rest = [config.package_digest, Path(__file__).read_text(encoding="utf-8")]
    parts = [latex, options, *rest]
    key = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    path = Path(config.measured_cache, f"{key}.json")
    with contextlib.suppress(FileNotFoundError, ValueError):  # not there, or broken
        known: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return known
    result = importlib.import_module("rnn_notes.equations").measure(latex, **options)
    record = {
        "holds": bool(result.holds),
        "error": float(f"{result.error:.0e}"),
        "shapes": "; ".join(dict.fromkeys(result.shapes.split("; "))),
        "draws": int(result.draws),
        "latex": latex,
    }
    if not record["holds"]:
        return {**record, "report": str(result)}
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{secrets.token_hex(8)}")  # another build's differs
    unfinished.write_text(json.dumps(record), encoding="utf-8")
    unfinished.replace(path)
    return record


def sizes(text: str) -> dict[str, int]:
    """The sizes of an option.

    >>> sizes("V=2, H=3")
    {'V': 2, 'H': 3}
    >>> sizes("V=two")
    Traceback (most recent call last):
    ValueError: sizes is 'V=two', expected letters and numbers as in 'V=2, H=3'
    """
    pairs = [re.fullmatch(r"\s*(\w+)\s*=\s*(\d+)\s*", p) for p in text.split(",")]
    if not all(pairs):
        expected = "expected letters and numbers as in 'V=2, H=3'"
        raise ValueError(f"sizes is {text!r}, {expected}")
    return {pair[1]: int(pair[2]) for pair in pairs if pair}


def exists(name: str) -> None:
    """Raise ``ValueError`` unless an object of that dotted name can be imported.

    >>> exists("json.dumps"), exists("json.JSONDecoder.decode")
    (None, None)
    >>> exists("json.nothing")
    Traceback (most recent call last):
    ValueError: by is 'json.nothing', expected the dotted name of a function
    """
    try:
        resolve_name(name)
    except (ImportError, AttributeError, ValueError):
        expected = "expected the dotted name of a function"
        raise ValueError(f"by is {name!r}, {expected}") from None
