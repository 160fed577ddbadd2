"""What was made of each page, kept on disk while nothing that it rests on changes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from rnn_notes.training.safe_files import replace_file

__all__ = ["recalled"]


def recalled(
    path: Path, rests: Mapping[str, str], make: Callable[[list[str]], Iterable[Any]]
) -> dict[str, Any]:
    """What ``make`` makes of each name; it is asked for those alone that are not kept.

    path : the file for what was made last
    rests : all that is made of a name rests on, by name

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     for rests in {"a": "1", "b": "1"}, {"a": "2", "b": "1"}, {"b": "1"}:
    ...         recalled(Path(folder, "kept"), rests, lambda new: print(new) or new)
    ['a', 'b']
    {'a': 'a', 'b': 'b'}
    ['a']
    {'a': 'a', 'b': 'b'}
    {'b': 'b'}
    """
    sums = {n: hashlib.sha256(rest.encode()).hexdigest() for n, rest in rests.items()}
    try:
        known = json.loads(path.read_bytes())
    except (OSError, ValueError):  # none, or half of one
        known = {}
    if new := [n for n, total in sums.items() if known.get(n, [""])[0] != total]:
        made = zip(new, make(new), strict=True)
        known |= {name: [sums[name], answer] for name, answer in made}
        replace_file(path, json.dumps({name: known[name] for name in sums}).encode())
    return {name: known[name][1] for name in sums}
