"""Checkpoints: a training saved in one ``.npz`` file, to go on from to the bit.

A file is written beside its place, flushed to the disk and renamed. So whatever happens
meanwhile, under its name stands either the older checkpoint or the new one, whole. ::

    save("text.npz", Checkpoint(state, vocabulary, settings, digest(text)))
    state = load("text.npz").state
"""

from __future__ import annotations

import errno
import hashlib
import io
import json
import os
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy

from rnn_notes.arrays.arguments import Array, numeric
from rnn_notes.arrays.weights import Weights
from rnn_notes.text import Vocabulary
from rnn_notes.training import State
from rnn_notes.training.networks import CELLS
from rnn_notes.training.safe_files import replace_file
from rnn_notes.training.settings import Settings, finite, whole
from rnn_notes.training.updates import nothing

__all__ = ["Checkpoint", "Settings", "digest", "load", "save"]

_FORMAT = "rnn_notes checkpoint"
_VERSION = 2  # 1 was written when there was one network and one rule
_ENTRIES = {
    "version", "letters", "settings", "digest",
    "position", "step", "loss", "smooth_loss",
}  # fmt: skip
_FLOATS: list[np.dtype[Any]] = [np.dtype(np.float32), np.dtype(np.float64)]


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """A state of training, and what it takes to go on from it.

    digest : of the text that the network is trained on
    """

    state: State
    vocabulary: Vocabulary
    settings: Settings
    digest: str


def digest(text: str | bytes) -> str:
    """The SHA-256 of a text or of its UTF-8, in hexadecimal digits.

    >>> digest("abb") == digest(b"abb"), digest("abb") == digest("aba")
    (True, False)
    """
    data = text.encode() if isinstance(text, str) else text
    return hashlib.sha256(data).hexdigest()


def save(path: str | Path, checkpoint: Checkpoint) -> None:
    """Write the checkpoint, or raise ``OSError`` and leave what was there before.

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
        "format": _FORMAT,
        "version": _VERSION,
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
    replace_file(Path(path), buffer.getvalue())


def load(path: str | Path) -> Checkpoint:
    """The checkpoint in a file; pickled objects in it are refused.

    No more memory is taken than the file is long: the header says what arrays there are
    and how large, and nothing else is read.

    Raises
    ------
    OSError
        Where the file cannot be read.
    ValueError
        That names it, where it is of another kind, damaged or of a newer version, and
        where what is in it does not fit or cannot have been trained.
    """
    with open(path, "rb", opener=_opener) as file:
        if file.read(2) != b"PK":  # how every .npz file starts
            raise ValueError(f"{path} is not a checkpoint of rnn_notes")
        try:
            return _unpacked(file)
        except Exception as error:  # damage makes zipfile and NumPy raise all sorts
            if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
                raise OSError(error.errno, error.strerror, str(path)) from error
            what = error.args[0] if isinstance(error, KeyError) else error
            raise ValueError(
                f"{path} holds no whole checkpoint: {what!s:.300}"
            ) from error


def _opener(path: str, flags: int) -> int:
    """A file opened at once, though it be a pipe that nobody writes to."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _unpacked(file: BinaryIO) -> Checkpoint:
    """The checkpoint in an open file, every part of it checked."""
    with zipfile.ZipFile(file) as archive:
        if any(entry.compress_type for entry in archive.infolist()):
            raise ValueError("it is packed, expected arrays as they are")
        header = _header(archive)
        settings, letters = Settings(**header["settings"]), header["letters"]
        H, V, cell = settings.H, len(letters), CELLS[settings.cell]
        shapes = cell.Params.shapes(V, H)
        params = cell.Params(**{n: _floats(archive, n, s) for n, s in shapes.items()})
        memory = _memory(archive, params, settings.rule, header["version"])
        carried = [_floats(archive, name, (H, settings.B)) for name in cell.states]
    hprev, *cprev = (numeric(n, a) for n, a in zip(cell.states, carried, strict=True))
    progress = (header[name] for name in ("position", "step", "loss", "smooth_loss"))
    state = State(params, memory, hprev, *progress, *cprev)
    return Checkpoint(state, Vocabulary(letters), settings, header["digest"])


def _header(archive: zipfile.ZipFile) -> dict[str, Any]:
    """What the checkpoint says of itself, each entry of the right kind."""
    header = json.loads(_array(archive, "header", [np.dtype(np.uint8)]).tobytes())
    if not isinstance(header, dict) or header.get("format") != _FORMAT:
        raise ValueError("it is of another kind")
    if missing := _ENTRIES - header.keys():
        raise ValueError(f"its header lacks {', '.join(sorted(missing))}")
    for name, least in (("version", 1), ("position", 0), ("step", 0)):
        whole(name, header[name], least)
    if header["version"] > _VERSION:
        raise ValueError(
            f"its version is {header['version']}, this program reads up to "
            f"{_VERSION}; a newer rnn_notes wrote it"
        )
    for name in ("loss", "smooth_loss"):
        header[name] = finite(name, header[name])
    for name in ("letters", "digest"):
        if not isinstance(header[name], str):
            raise ValueError(f"its {name} is {header[name]!r}, expected a text")
    if any("\ud800" <= letter <= "\udfff" for letter in header["letters"]):
        raise ValueError("its letters are no text")
    if header["letters"] != "".join(sorted(set(header["letters"]))):
        raise ValueError("its letters are not in order, or not different")
    return header


def _memory(
    archive: zipfile.ZipFile, params: Weights, rule: str, version: int
) -> Array:
    """What the rule remembers; version 1 kept it in an array for each parameter."""
    names = {"memory": nothing(rule, params.vector).shape}
    if version == 1:
        shapes = params.shapes(params.V, params.H)
        names = {f"memory_{name}": shape for name, shape in shapes.items()}
    parts = [numeric(n, _floats(archive, n, shape)) for n, shape in names.items()]
    memory: Array = np.concatenate(parts, axis=None)
    squares = memory[params.vector.size if rule == "adam" else 0 :]
    if rule != "sgd" and squares.min() < 0:
        raise ValueError(f"memory holds {squares.min()}, expected sums of squares")
    return memory


def _floats(archive: zipfile.ZipFile, name: str, shape: tuple[int, ...]) -> Array:
    """An array of the archive that must have this shape."""
    return _array(archive, name, _FLOATS, shape)


def _array(
    archive: zipfile.ZipFile,
    name: str,
    dtypes: list[np.dtype[Any]],
    shape: tuple[int, ...] | None = None,
) -> Array:
    """An array of the archive; what it says of itself is checked before it is read."""
    with archive.open(f"{name}.npy") as member:
        if npy.read_magic(member) != (1, 0):
            raise ValueError(f"{name} is stored in another way")
        found, in_columns, dtype = npy.read_array_header_1_0(member)
        if dtype not in dtypes or found != (shape or found):
            kinds = " or ".join(map(str, dtypes))
            raise ValueError(
                f"{name} holds {dtype} of shape {found}, expected {kinds} of shape "
                f"{shape or '(n,)'}"
            )
        data = member.read()  # to its end, where its checksum is compared
    order: Any = "F" if in_columns else "C"
    return np.frombuffer(data, dtype).reshape(found, order=order)
