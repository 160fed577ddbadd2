"""Checkpoints: a training saved in one ``.npz`` file, to go on from to the bit.

A file is written beside its place, flushed to the disk and renamed. So whatever happens
meanwhile, under its name stands either the older checkpoint or the new one, whole. ::

    save("text.npz", Checkpoint(state, vocabulary, settings, digest(text)))
    state = load("text.npz").state
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from rnn_notes.arguments import Array
from rnn_notes.networks import CELLS
from rnn_notes.settings import Settings, whole
from rnn_notes.text import Vocabulary
from rnn_notes.training import State
from rnn_notes.updates import nothing
from rnn_notes.weights import Weights

__all__ = ["Checkpoint", "Settings", "digest", "load", "save"]

FORMAT = "rnn_notes checkpoint"
VERSION = 2  # 1 was written when there was one network and one rule


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A state of training, and what it takes to go on from it.

    digest : of the text that the network is trained on
    """

    state: State
    vocabulary: Vocabulary
    settings: Settings
    digest: str


def digest(text: str) -> str:
    """The SHA-256 of a text, in hexadecimal digits.

    >>> digest("abb") == digest("abb"), digest("abb") == digest("aba")
    (True, False)
    """
    return hashlib.sha256(text.encode()).hexdigest()


def save(path: str | Path, checkpoint: Checkpoint) -> None:
    """Writes the checkpoint, or raises ``OSError`` and leaves what was there before.

    The same checkpoint gives the same bytes.

    >>> import tempfile
    >>> from rnn_notes.training import start
    >>> state = start(V=2, H=3, T=25, rng=np.random.default_rng(0))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "ab.npz")
    ...     save(path, Checkpoint(state, Vocabulary("ab"), Settings(H=3), digest("ab")))
    ...     again = load(path)
    >>> bool(np.array_equal(again.state.params.Whh, state.params.Whh))
    True
    """
    state, buffer = checkpoint.state, io.BytesIO()
    header = {
        "format": FORMAT,
        "version": VERSION,
        "letters": checkpoint.vocabulary.letters,
        "settings": asdict(checkpoint.settings),
        "digest": checkpoint.digest,
        "position": state.position,
        "step": state.step,
        "loss": state.loss,
        "smooth_loss": state.smooth_loss,
    }
    arrays: dict[str, Any] = {**state.params.arrays(), "memory": state.memory}
    arrays |= dict(zip(("hprev", "cprev"), state.carried, strict=False))
    text = np.frombuffer(json.dumps(header).encode(), np.uint8)
    np.savez(buffer, header=text, **arrays)
    _write(Path(path).resolve(), buffer.getvalue())


def load(path: str | Path) -> Checkpoint:
    """The checkpoint in a file; pickled objects in it are refused.

    Raises ``OSError`` where the file cannot be read, and ``ValueError`` that names it
    where it is of another kind, damaged or of a newer version, and where sizes in it do
    not fit each other.
    """
    with Path(path).open("rb") as file:
        if file.read(2) != b"PK":  # how every .npz file starts
            raise ValueError(f"{path} is not a checkpoint of rnn_notes")
        file.seek(0)
        try:
            return _unpacked(file)
        except OSError:
            raise
        except Exception as error:  # damage makes NumPy and zipfile raise all sorts
            raise ValueError(f"{path} holds no whole checkpoint: {error}") from error


def _unpacked(file: BinaryIO) -> Checkpoint:
    """The checkpoint in an open file, every part of it checked."""
    with np.load(file, allow_pickle=False) as archive:
        header = json.loads(archive["header"].tobytes())
        if header["format"] != FORMAT:
            raise ValueError("it is of another kind")
        if header["version"] > VERSION:
            raise ValueError(
                f"its version is {header['version']}, this program reads up to "
                f"{VERSION}; a newer rnn_notes wrote it"
            )
        settings, letters = Settings(**header["settings"]), header["letters"]
        cell = CELLS[settings.cell]
        params = cell.Params(**{name: archive[name] for name in cell.Params.SHAPES})
        _check_sizes(params, settings, letters)
        memory = _memory(archive, params, settings.rule, header["version"])
        carried = [archive[name] for name in cell.states]
    for name, array in zip(cell.states, carried, strict=True):
        _check_floats(name, array, (settings.H, settings.B))
    for name in ("position", "step"):
        whole(name, header[name], 0)
    progress = (header[name] for name in ("position", "step", "loss", "smooth_loss"))
    hprev, *cprev = carried
    state = State(params, memory, hprev, *progress, *cprev)
    return Checkpoint(state, Vocabulary(letters), settings, header["digest"])


def _memory(archive: Any, params: Weights, rule: str, version: int) -> Array:
    """What the rule remembers; version 1 kept it in an array for each parameter."""
    if version > 1:
        memory: Array = archive["memory"]
        _check_floats("memory", memory, nothing(rule, params.vector).shape)
        return memory
    parts = {name: archive[f"memory_{name}"] for name in params.SHAPES}
    for name, array in parts.items():
        _check_floats(f"memory_{name}", array, getattr(params, name).shape)
    return np.concatenate(list(parts.values()), axis=None)


def _check_sizes(params: Weights, settings: Settings, letters: str) -> None:
    """Raises ``ValueError`` unless all the parts belong to one network."""
    H, V = settings.H, len(letters)
    if (params.H, params.V) != (H, V):
        raise ValueError(
            f"its network has H = {params.H} and V = {params.V}, expected H = {H} "
            f"and V = {V}"
        )
    if letters != "".join(sorted(set(letters))):
        raise ValueError("its letters are not in order, or not different")


def _check_floats(name: str, array: Array, shape: tuple[int, ...]) -> None:
    """Raises ``ValueError`` unless the array has the shape and can hold numbers."""
    if array.shape != shape or array.dtype.kind != "f":
        raise ValueError(
            f"{name} holds {array.dtype} of shape {array.shape}, expected floating-"
            f"point numbers of shape {shape}"
        )


def _write(path: Path, data: bytes) -> None:
    """Puts a file with ``data`` in the place of the one at ``path``, in one step."""
    part = path.with_name(path.name + ".part")
    try:
        if path.exists() and not path.is_file():
            raise OSError(errno.EINVAL, "not a regular file")
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        _flush_folder(path.parent)
    except BaseException as error:  # Ctrl-C too
        with contextlib.suppress(OSError):  # where nothing can be written
            part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise OSError(error.errno, error.strerror, str(path)) from error
        raise


def _flush_folder(folder: Path) -> None:
    """Makes a rename outlast a loss of power, where folders can be flushed."""
    with contextlib.suppress(OSError):  # not on every system; the file is there anyway
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
