"""A small network trained on the book's own prose, wherever the book needs one.

Nothing trained is kept with the source: a training takes seconds, so it is done again.
Its result is kept in a cache, under a digest of the text, the settings, the code of the
passes and of the loop, NumPy's version and the system. Another library behind NumPy's
products may change last digits, and the digest does not know it. ::

    net = trained()    # trains, or takes what an earlier call has left
    net.losses         # of every step, in nats
    net.stages[1000]   # the network after 1,000 steps
"""

from __future__ import annotations

import contextlib
import hashlib
import inspect
import io
import json
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from rnn_notes import rnn, training
from rnn_notes.book import reach
from rnn_notes.rnn import Array, Params
from rnn_notes.text import Vocabulary
from rnn_notes.training import State
from rnn_notes.training.settings import Settings

__all__ = [
    "STAGES",
    "Trained",
    "baselines",
    "corpus",
    "default_cache",
    "kept_at",
    "kept_loss",
    "key",
    "split",
    "trained",
]

_SETTINGS = Settings(H=64, T=25, learning_rate=0.1, seed=0)
STAGES = (0, 100, 1000, 10_000)


@dataclass(frozen=True, eq=False)
class Trained:
    """A training, told from its end.

    vocabulary : the letters of the whole text
    settings   : what it was started with
    read, kept : the text that it was trained on, and the text kept from it
    stages     : the network after some numbers of steps, the last one included
    losses     : (steps,), of the chunk of each step, in nats
    smoothed   : (steps,), the running mean after each step
    """

    vocabulary: Vocabulary
    settings: Settings
    read: str
    kept: str
    stages: Mapping[int, Params]
    losses: Array
    smoothed: Array

    @property
    def untrained(self) -> Params:
        """The network at its first stage."""
        return self.stages[min(self.stages)]

    @property
    def params(self) -> Params:
        """The network at its last stage."""
        return self.stages[max(self.stages)]


def corpus() -> str:
    """The book's prose as it once was, in lower case and without its formulas.

    >>> len(Vocabulary.of(corpus())) < 40 < 20_000 < len(corpus())
    True
    """
    return Path(__file__).with_name("corpus.txt").read_text(encoding="ascii")


def split(whole: str, share: float = 0.9) -> tuple[str, str]:
    """The text to train on and the text to keep back; the cut is after a line's end.

    Raises
    ------
    ValueError
        Where one of the two would be empty.

    Examples
    --------
    >>> split("one\\ntwo\\nthree\\n", share=0.6)
    ('one\\ntwo\\n', 'three\\n')
    """
    cut = whole.rfind("\n", 0, int(share * len(whole))) + 1
    if not 0 < cut < len(whole):
        raise ValueError(f"no line ends before a share of {share} of the text")
    return whole[:cut], whole[cut:]


def trained(
    whole: str | None = None,
    settings: Settings = _SETTINGS,
    stages: Sequence[int] = STAGES,
    cache: str | Path | None = None,
    back: int | None = None,
) -> Trained:
    """The network trained on nine tenths of a text, by default the ``corpus``.

    stages : the numbers of steps after which it is remembered; the last is the largest
    back   : cuts the gradient after so many letters, and not at a chunk's end only
    cache  : a folder for results, by default ``default_cache()``; one that cannot be
        written to, or that holds a damaged result, only costs the training

    Raises
    ------
    ValueError
        For stages that do not grow, for a text too short, and where chunks cannot be
        cut so.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     net = trained("ab ba\\n" * 9, Settings(H=3, T=4), (0, 5), folder)
    ...     again = trained("ab ba\\n" * 9, Settings(H=3, T=4), (0, 5), folder)
    >>> net.losses.shape, bool(np.array_equal(net.params.Whh, again.params.Whh))
    ((5,), True)
    """
    whole = corpus() if whole is None else whole
    if list(stages) != sorted({*stages}) or len(stages) < 2 or stages[0] != 0:
        raise ValueError(f"stages are {tuple(stages)}, expected 0 and growing numbers")
    path = kept_at(whole, settings, stages, cache, back)
    arrays = _fetched(path)
    if arrays is None:
        arrays = _arrays(whole, settings, stages, back)
        with contextlib.suppress(OSError):
            _store(path, arrays)
    networks = {
        stage: Params(**{name: arrays[f"{name}_{stage}"] for name in Params.SHAPES})
        for stage in stages
    }
    losses, smoothed = arrays["losses"], arrays["smoothed"]
    vocabulary, (read, kept) = Vocabulary.of(whole), split(whole)
    return Trained(vocabulary, settings, read, kept, networks, losses, smoothed)


def baselines(net: Trained) -> dict[str, float]:
    """What simpler guesses cost on the text that was kept, in nats a letter.

    All letters alike; each as often as in the text that was read; each as often as
    after the letter before. Counts start at a small share, so that none is zero.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     net = trained("ab ba\\n" * 9, Settings(H=3, T=4), (0, 1), folder)
    >>> alike, frequencies, pairs = baselines(net).values()
    >>> bool(np.isclose(alike, np.log(4))), pairs < frequencies < alike
    (True, True)
    """
    V = len(net.vocabulary)
    read, kept = (np.array(net.vocabulary.encode(t)) for t in (net.read, net.kept))
    counts = np.full((V, V), 0.1)
    np.add.at(counts, (read[:-1], read[1:]), 1)
    letters = counts.sum(axis=0) / counts.sum()
    pairs = counts / counts.sum(axis=1, keepdims=True)
    return {
        "all letters alike": float(np.log(V)),
        "letter frequencies": float(-np.log(letters[kept[1:]]).mean()),
        "letter pairs": float(-np.log(pairs[kept[:-1], kept[1:]]).mean()),
    }


def kept_loss(net: Trained, stage: int) -> float:
    """What the network of a stage pays on the text that was kept, in nats a letter.

    >>> with tempfile.TemporaryDirectory() as folder:
    ...     net = trained("ab ba\\n" * 9, Settings(H=3, T=4), (0, 1), folder)
    >>> bool(abs(kept_loss(net, 0) - np.log(4)) < 0.01)
    True
    """
    letters, h = net.vocabulary.encode(net.kept), np.zeros((net.settings.H, 1))
    run = rnn.forward(net.stages[stage], letters[:-1], letters[1:], h)
    return float(run.losses.mean())


def kept_at(
    whole: str | None = None,
    settings: Settings = _SETTINGS,
    stages: Sequence[int] = STAGES,
    cache: str | Path | None = None,
    back: int | None = None,
) -> Path:
    """The file that the result of ``trained``, called alike, is kept in.

    >>> kept_at("ab").suffix, kept_at("ab") == kept_at("ba")
    ('.npz', False)
    """
    folder = default_cache() if cache is None else Path(cache)
    name = key(corpus() if whole is None else whole, settings, stages, back)
    return folder / f"{name}.npz"


def default_cache() -> Path:
    """Where results are kept: in a checkout's ``_build``, else with temporary files.

    >>> default_cache().name
    'trained'
    """
    root = Path(__file__).parents[2]
    in_checkout = (root / "pyproject.toml").exists()
    return (root / "_build" if in_checkout else _temporary()) / "trained"


def _temporary() -> Path:
    """A folder for temporary files that belongs to this program."""
    return Path(tempfile.gettempdir(), "rnn_notes")


def key(
    whole: str, settings: Settings, stages: Sequence[int], back: int | None = None
) -> str:
    """A name for a result; another text, setting or line of the passes changes it.

    >>> key("ab", _SETTINGS, STAGES) == key("ba", _SETTINGS, STAGES)
    False
    """
    parts = [whole, asdict(settings), list(stages), back, np.__version__, sys.platform]
    parts += [inspect.getsource(module) for module in _computed_with()]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:20]


def _computed_with() -> list[ModuleType]:
    """This module and all of the package that it imports, however indirectly.

    >>> names = {module.__name__ for module in _computed_with()}
    >>> {"rnn_notes.rnn", "rnn_notes.arrays.arguments"} < names
    True
    """
    found, waiting = set(), {__name__}
    while waiting:
        found.add(name := waiting.pop())
        for value in vars(sys.modules[name]).values():
            source = (
                value if isinstance(value, ModuleType) else inspect.getmodule(value)
            )
            held = isinstance(value, ModuleType) and value.__name__.startswith(
                f"{name}."
            )
            if not source or held:  # whoever imports a room hangs it into its folder
                continue
            if source.__name__.startswith(f"{__package__.split('.')[0]}."):
                waiting |= {source.__name__} - found
    return [sys.modules[name] for name in sorted(found)]


def _arrays(
    whole: str, settings: Settings, stages: Sequence[int], back: int | None
) -> dict[str, Array]:
    """What a training gives, by name: its losses, and each weight at each stage."""
    vocabulary, (read, _) = Vocabulary.of(whole), split(whole)
    V, H, T = len(vocabulary), settings.H, settings.T
    one_pass = None if back is None else partial(reach.truncated, back=back)
    state = training.start(V, H, T, np.random.default_rng(settings.seed))
    states = training.steps(
        state,
        vocabulary.encode(read),
        T,
        update=partial(training.adagrad, learning_rate=settings.learning_rate),
        loss_and_gradients=one_pass,
    )
    arrays, losses = _weights(state), []
    for state in islice(states, max(stages)):
        losses.append((state.loss, state.smooth_loss))
        if state.step in stages:
            arrays |= _weights(state)
    arrays["losses"], arrays["smoothed"] = np.array(losses).T
    return arrays


def _weights(state: State) -> dict[str, Array]:
    """The weights of a state, by name and step."""
    return {f"{name}_{state.step}": array for name, array in vars(state.params).items()}


def _fetched(path: Path) -> dict[str, Array] | None:
    """The arrays in a file of the cache; None where it is not there or damaged."""
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return dict(archive)
    except Exception:  # damage makes NumPy and zipfile raise all sorts
        return None


def _store(path: Path, arrays: Mapping[str, Any]) -> None:
    """Put the arrays into the cache, so that no one ever reads half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    part = path.with_name(f"{path.stem}.{os.getpid()}.part")
    part.write_bytes(buffer.getvalue())
    part.replace(path)
