"""Checkpoints: what is saved comes back, and nothing else is taken for one."""

import errno
import io
import json
import multiprocessing
import os
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rnn_notes import checkpoints
from rnn_notes.checkpoints import Settings, digest, load, save
from rnn_notes.text import Vocabulary
from rnn_notes.training import safe_files
from tests.helpers.small_training import (
    TEXT,
    VOCABULARY,
    after,
    altered,
    begin,
    same,
    saved,
)


def test_a_checkpoint_comes_back_to_the_bit(tmp_path):
    checkpoint, path = saved(tmp_path)
    again = load(path)
    assert same(again.state, checkpoint.state)
    assert again.vocabulary == VOCABULARY
    assert (again.settings, again.digest) == (Settings(5, 4, 0.1, 3), digest(TEXT))
    save(tmp_path / "b.npz", again)
    assert (tmp_path / "b.npz").read_bytes() == path.read_bytes()
    assert saved(tmp_path, "c.npz", n=6)[1].read_bytes() != path.read_bytes()
    assert sorted(os.listdir(tmp_path)) == ["a.npz", "b.npz", "c.npz"]


def test_odd_letters_come_back(tmp_path):
    checkpoint, path = saved(tmp_path)
    odd = Vocabulary.of("\0\né")  # an array of characters would lose the first
    save(path, replace(checkpoint, vocabulary=odd))
    assert load(path).vocabulary == odd


def test_every_truncation_is_an_error(tmp_path):
    whole = saved(tmp_path)[1].read_bytes()
    path = tmp_path / "short.npz"
    for size in [*range(0, len(whole), 97), len(whole) - 1]:
        path.write_bytes(whole[:size])
        with pytest.raises(ValueError, match=r"short\.npz"):
            load(path)
    path.write_bytes(whole)
    load(path)


def test_a_damaged_byte_is_an_error_or_does_no_harm(tmp_path):
    checkpoint, path = saved(tmp_path)
    whole, rng, errors = path.read_bytes(), np.random.default_rng(6), 0
    for place in rng.integers(len(whole), size=150):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << rng.integers(8)
        path.write_bytes(damaged)
        try:
            assert same(load(path).state, checkpoint.state)  # a date, a spare field
        except (ValueError, OSError):
            errors += 1
    assert errors > 75


class Mischief:
    """An object that leaves a file behind where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (Path.touch, (self.path,))


def test_pickles_are_refused(tmp_path):
    path, trace = saved(tmp_path)[1], tmp_path / "trace"
    objects = np.array([Mischief(trace)], dtype=object)
    altered(path, Whh=objects)
    with pytest.raises(ValueError, match=r"Whh holds object of shape \(1,\), expect"):
        load(path)
    assert not trace.exists()
    with np.load(path, allow_pickle=True) as archive:
        assert archive["Whh"].shape == (1,)
    assert trace.exists()  # it would have been


HUGE = {"H": 40_000, "T": 4, "learning_rate": 0.1, "seed": 0}
WRONG = {
    "a newer version": ({"version": 3}, {}, "its version is 3, this program reads up"),
    "a version that is none": (
        {"version": "2"},
        {},
        "version is '2', expected",
    ),
    "another kind": ({"format": "recipe"}, {}, "it is of another kind"),
    "another H in the settings": (
        {"settings": {"H": 6, "T": 4, "learning_rate": 0.1, "seed": 0}},
        {},
        r"Wxh holds float64 of shape \(5, 3\), expected .* of shape \(6, 3\)",
    ),
    "an H that is no number": ({"settings": {"H": "5"}}, {}, "H is '5', expected a"),
    "a network larger than the file": ({"settings": HUGE}, {}, r"shape \(40000, 3\)"),
    "no learning rate": (
        {"settings": {"H": 5, "learning_rate": 0}},
        {},
        "learning_rate is 0, expected a number above 0",
    ),
    "a learning rate beyond all floats": (
        {"settings": {"H": 5, "learning_rate": 10**400}},
        {},
        "learning_rate is 10{29}, expected a finite number",
    ),
    "a clip that is none": (
        {"settings": {"H": 5, "clip": True}},
        {},
        "clip is True, expected a finite number",
    ),
    "a T that is none": ({"settings": {"H": 5, "T": True}}, {}, "T is True, expected"),
    "a T beyond all memory": (
        {"settings": {"H": 5, "T": 10**400}},
        {},
        r"T is 10{29}, expected a whole number of at least 1, below 2\*\*128",
    ),
    "a cell of many letters": (
        {"settings": {"H": 5, "cell": "x" * 10_000}},
        {},
        "cell is 'xxx",
    ),
    "fewer letters": ({"letters": "ab"}, {}, r"\(5, 3\), expected .* \(5, 2\)"),
    "letters in disorder": ({"letters": "cab"}, {}, "letters are not in order"),
    "letters in a list": ({"letters": ["a", "b"]}, {}, "expected a text"),
    "half a letter": ({"letters": "ab\ud800"}, {}, "its letters are no text"),
    "a digest that is none": ({"digest": None}, {}, "its digest is None, expected a"),
    "a step that is none": ({"step": -1}, {}, "step is -1, expected a whole number"),
    "a loss of text": ({"loss": "1"}, {}, "loss is '1', expected a finite number"),
    "a loss of nothing": ({"smooth_loss": None}, {}, "smooth_loss is None, expected a"),
    "a loss of nan": ({"loss": np.nan}, {}, "loss is nan, expected a finite number"),
    "a loss beyond all floats": (
        {"smooth_loss": 10**400},
        {},
        "smooth_loss is 10{29}, expected a finite number",
    ),
    "Whh of another size": (
        {},
        {"Whh": np.ones((4, 4))},
        r"Whh holds .* \(4, 4\)",
    ),
    "nan in Whh": ({}, {"Whh": np.full((5, 5), np.nan)}, "Whh holds nan or inf"),
    "complex Whh": ({}, {"Whh": np.ones((5, 5), complex)}, "Whh holds complex128 of"),
    "half a float": ({}, {"Whh": np.ones((5, 5), np.float16)}, "Whh holds float16 of"),
    "memory of another size": (
        {},
        {"memory": np.ones((5, 3))},
        r"memory holds float64 of shape \(5, 3\), expected .* \(63,\)",
    ),
    "inf in the memory": ({}, {"memory": np.full(63, np.inf)}, "memory holds nan or"),
    "squares below zero": ({}, {"memory": np.full(63, -1.0)}, "memory holds -1.0, exp"),
    "hprev of text": ({}, {"hprev": np.full((5, 1), "x")}, "hprev holds <U1"),
    "nan in hprev": ({}, {"hprev": np.full((5, 1), np.nan)}, "hprev holds nan or inf"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_checkpoint_that_does_not_fit_is_an_error(name, tmp_path):
    header, arrays, message = WRONG[name]
    path = saved(tmp_path)[1]
    altered(path)
    load(path)
    altered(path, header, **arrays)
    with pytest.raises(
        ValueError, match=rf"a\.npz holds no whole checkpoint.*{message}"
    ) as raised:
        load(path)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 500


def lacking(path, entry=None, array=None):
    """Save the checkpoint again without an entry of its header, or without an array."""
    with np.load(path) as archive:
        parts = dict(archive)
    header = json.loads(parts["header"].tobytes())
    header.pop(entry, None)
    parts["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    parts.pop(array, None)
    np.savez(path, **parts)


def test_what_is_missing_is_named(tmp_path):
    path = saved(tmp_path)[1]
    for lack, message in (
        ({"entry": "step"}, "its header lacks step"),
        ({"array": "Whh"}, r"no item named 'Whh\.npy'"),
    ):
        saved(tmp_path)
        lacking(path, **lack)
        with pytest.raises(ValueError, match=rf"a\.npz holds no whole .*{message}"):
            load(path)


def test_a_packed_file_is_refused_before_it_grows(tmp_path):
    path = saved(tmp_path)[1]
    with np.load(path) as archive:
        parts = dict(archive)
    header = json.loads(parts["header"].tobytes())
    header["settings"]["H"] = H = 2000
    parts["header"] = np.frombuffer(json.dumps(header).encode(), np.uint8)
    np.savez_compressed(path, **{**parts, "Whh": np.zeros((H, H))})
    assert path.stat().st_size < 100_000
    tracemalloc.start()
    with pytest.raises(ValueError, match=r"a\.npz holds no whole .*it is packed"):
        load(path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 1_000_000 < 8 * H * H


def test_a_hole_in_a_file_is_an_error_that_names_it(tmp_path):
    path = saved(tmp_path)[1]
    whole = path.read_bytes()
    for start in range(0, len(whole), 512):
        path.write_bytes(whole[:start] + bytes(512) + whole[start + 512 :])
        with pytest.raises(ValueError, match=r"a\.npz"):
            load(path)
    path.write_bytes(whole)
    load(path)


if hasattr(os, "mkfifo"):

    def test_odd_places_are_errors_that_name_them(tmp_path):
        loop, pipe = tmp_path / "loop.npz", tmp_path / "pipe.npz"
        loop.symlink_to(loop)
        os.mkfifo(pipe)  # links and pipes are POSIX's
        checkpoint, _ = saved(tmp_path)
        with pytest.raises(OSError, match=r"symbolic links: '.*loop\.npz'"):
            load(loop)
        with pytest.raises(OSError, match=r"symbolic links: '.*loop\.npz'"):
            save(loop, checkpoint)
        with pytest.raises(ValueError, match=r"pipe\.npz is not a checkpoint"):
            load(pipe)
        with pytest.raises(OSError, match=r"not a regular file: '.*pipe\.npz'"):
            save(pipe, checkpoint)
        link = tmp_path / "link.npz"
        link.symlink_to(tmp_path / "a.npz")
        save(link, replace(checkpoint, state=after(9, begin())))
        assert link.is_symlink()
        assert load(tmp_path / "a.npz").state.step == 9

    def test_a_foreign_file_is_an_error(tmp_path):
        path, array, archive = tmp_path / "foreign.npz", io.BytesIO(), io.BytesIO()
        np.save(array, np.ones(3))
        np.savez(archive, np.ones(3))
        for content in (b"", b"abc", array.getvalue()):
            path.write_bytes(content)
            with pytest.raises(
                ValueError, match=r"foreign\.npz is not a checkpoint of"
            ):
                load(path)
        for content in (archive.getvalue(), b"PK" * 50):
            path.write_bytes(content)
            with pytest.raises(
                ValueError, match=r"foreign\.npz holds no whole checkpoint"
            ):
                load(path)
        with pytest.raises(FileNotFoundError):
            load(tmp_path / "nowhere.npz")
        with pytest.raises(IsADirectoryError):
            load(tmp_path)


def no_space(*_):
    """Fails as a full disk does."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def fill_the_disk(path, monkeypatch):
    """Makes the next flush to the disk fail."""
    monkeypatch.setattr(os, "fsync", no_space)


def interrupt(path, monkeypatch):
    """Presses Ctrl-C in the middle of the write."""

    def pressed(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", pressed)


def make_read_only(path, monkeypatch):
    """Refuses to make or remove files, as a disk does that is mounted read-only."""

    def refuse(self, *_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(self))

    monkeypatch.setattr(os, "open", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)


FAILURES = {
    "full disk": (fill_the_disk, OSError, "No space left on device: .*a.npz"),
    "read-only disk": (make_read_only, OSError, r"Read-only .*a\.npz'$"),
    "Ctrl-C": (interrupt, KeyboardInterrupt, None),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_write_that_fails_leaves_the_older_checkpoint(name, tmp_path, monkeypatch):
    failure, error, message = FAILURES[name]
    older, path = saved(tmp_path)
    before = path.read_bytes()
    with monkeypatch.context() as patched:
        failure(path, patched)
        with pytest.raises(error, match=message):
            save(path, replace(older, state=after(9, begin())))
    assert path.read_bytes() == before
    assert os.listdir(tmp_path) == ["a.npz"]
    assert saved(tmp_path, n=9)[1].read_bytes() != before


def test_a_write_in_place_would_lose_the_older_checkpoint(tmp_path, monkeypatch):
    def in_place(path, data):
        with path.open("wb") as file:
            file.write(data[:100])
            no_space()

    path = saved(tmp_path)[1]
    monkeypatch.setattr(checkpoints, "replace_file", in_place)
    with pytest.raises(OSError, match="No space left"):
        saved(tmp_path, n=9)
    with pytest.raises(ValueError, match="holds no whole checkpoint"):
        load(path)


def test_nothing_but_a_file_is_replaced(tmp_path):
    (tmp_path / "a.npz").mkdir()
    with pytest.raises(OSError, match="not a regular file"):
        saved(tmp_path)
    with pytest.raises(FileNotFoundError):
        saved(tmp_path / "nowhere")
    assert os.listdir(tmp_path) == ["a.npz"]


# Several at once.


def save_again_and_again(path, n, seconds):
    """Save a checkpoint after n steps as often as the time allows; the count of it."""
    checkpoint, end, count = (
        saved(path.parent, f"{n}.npz", n)[0],
        time.time() + seconds,
        0,
    )
    while time.time() < end:
        save(path, checkpoint)
        count += 1
    return count


def test_two_writers_never_disturb_each_other_or_a_reader(tmp_path):
    saved(tmp_path)
    path, known = tmp_path / "a.npz", {5, 6, 7}
    spawn = multiprocessing.get_context("spawn")
    with spawn.Pool(2) as pool:
        writers = [
            pool.apply_async(save_again_and_again, (path, n, 1.0)) for n in (6, 7)
        ]
        read = set()
        while not all(writer.ready() for writer in writers):
            read.add(load(path).state.step)
        assert min(writer.get() for writer in writers) > 1
    assert read <= known
    assert sorted(os.listdir(tmp_path)) == ["6.npz", "7.npz", "a.npz"]


def test_a_planted_name_is_not_written_through(tmp_path, monkeypatch):
    victim = tmp_path / "victim"
    victim.write_text("mine")
    monkeypatch.setattr(safe_files.secrets, "token_hex", lambda n: "0" * 2 * n)
    (tmp_path / f".a.npz.{'0' * 16}.part").symlink_to(victim)
    with pytest.raises(FileExistsError, match=r"a\.npz"):
        saved(tmp_path)
    assert victim.read_text() == "mine"


def test_what_a_killed_writer_left_goes_after_an_hour(tmp_path):
    old, young = tmp_path / ".a.npz.1.part", tmp_path / ".a.npz.2.part"
    for part in (old, young):
        part.write_text("half")
    then = time.time() - safe_files._HOUR - 1
    os.utime(old, (then, then))
    saved(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".a.npz.2.part", "a.npz"]


def hold(path, held, done):
    """Keep others away from a path until told that it is enough."""
    with safe_files.alone(path):
        held.set()
        done.wait()


def test_one_process_at_a_time_is_told_of_the_other(tmp_path):
    path, spawn = tmp_path / "a.npz", multiprocessing.get_context("spawn")
    held, done = spawn.Event(), spawn.Event()
    other = spawn.Process(target=hold, args=(path, held, done))
    other.start()
    held.wait()
    words = (
        rf"a\.npz is in use by another training \(process {other.pid}\), expected one"
    )
    with pytest.raises(ValueError, match=words), safe_files.alone(path):
        pass
    with safe_files.alone(tmp_path / "b.npz"):
        pass
    done.set()
    other.join()
    with safe_files.alone(path):
        assert os.listdir(tmp_path) == ["a.npz.lock"]
    assert os.listdir(tmp_path) == []


def test_a_lock_ends_with_its_process_however_that_ends(tmp_path):
    path, spawn = tmp_path / "a.npz", multiprocessing.get_context("spawn")
    held, done = spawn.Event(), spawn.Event()
    other = spawn.Process(target=hold, args=(path, held, done))
    other.start()
    held.wait()
    other.kill()
    other.join()
    with safe_files.alone(path):
        pass
    (tmp_path / "a.npz.lock").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match=r"a\.npz\.lock"), safe_files.alone(path):
        pass
    assert not (tmp_path / "elsewhere").exists()
