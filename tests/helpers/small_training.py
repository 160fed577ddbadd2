"""A training of three letters, small enough to be run and saved in every test."""

import json
from itertools import islice

import numpy as np

from rnn_notes.checkpoints import Checkpoint, Settings, digest, save
from rnn_notes.rnn import Params
from rnn_notes.text import Vocabulary
from rnn_notes.training import start, steps

TEXT = "abbabcabbabcc"
NAMES = tuple(Params.SHAPES)
VOCABULARY = Vocabulary.of(TEXT)
INDICES = VOCABULARY.encode(TEXT)


def begin(H=5, seed=0):
    """The state before the first step."""
    return start(len(VOCABULARY), H, 4, np.random.default_rng(seed))


def after(n, state, **options):
    """The state n steps later."""
    return next(islice(steps(state, INDICES, 4, **options), n - 1, n))


def same(one, other):
    """Whether two states are equal to the bit."""
    arrays = [
        (one.hprev, other.hprev),
        (one.memory, other.memory),
        (one.params.vector, other.params.vector),
    ]
    return all(a.tobytes() == b.tobytes() for a, b in arrays) and (
        (one.position, one.step, one.loss, one.smooth_loss)
        == (other.position, other.step, other.loss, other.smooth_loss)
    )


def saved(folder, name="a.npz", n=5):
    """A checkpoint after n steps, and where it is saved."""
    settings = Settings(H=5, T=4, seed=3)
    checkpoint = Checkpoint(after(n, begin()), VOCABULARY, settings, digest(TEXT))
    save(folder / name, checkpoint)
    return checkpoint, folder / name


def altered(path, header=None, **arrays):
    """Saves the checkpoint again with parts of it replaced."""
    with np.load(path) as archive:
        parts = dict(archive)
    told = {**json.loads(parts["header"].tobytes()), **(header or {})}
    parts["header"] = np.frombuffer(json.dumps(told).encode(), np.uint8)
    np.savez(path, **{**parts, **arrays})
