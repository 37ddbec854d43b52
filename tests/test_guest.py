"""What a worker leaves behind is read as hostile bytes: plain files of legal size only, and nothing is followed or waited for."""

from __future__ import annotations

import os
import stat
import struct
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file
from support import require
from tiny import tiny_manifest

from reprobundle import guest, records, results
from reprobundle.answers import Answer
from reprobundle.components import outputs
from reprobundle.components.environment.rebuilding import rebuild
from reprobundle.errors import ProcessError, RefusedInputError
from reprobundle.sandbox import Limits, Sandbox, usual

NO_PLAIN_FILE = "the worker left something that is no plain file of legal size"
RESULT = b'{"protocol": 2, "stage": "done", "error": null, "outputs": {"leaf": "x"}}'


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """Results of a run that went well."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "result.json").write_bytes(RESULT)
    save_file({"x": np.arange(4.0)}, tmp_path / "out" / "outputs.safetensors")
    return tmp_path / "out"


def read(out: Path, text: bytes = b"", code: int = 0) -> Answer:
    """What is read of them."""
    return results.read(out, text.decode(), f"exit status {code}", results.Expected())


def symlink(path: Path) -> None:
    path.rename(path.with_name("other"))
    path.symlink_to(path.with_name("other"))


def symlink_out(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


def dangling(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.with_name("nothing"))


def hard_link(path: Path) -> None:
    os.link(path, path.with_name("other"))


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def device(path: Path) -> None:
    path.unlink()
    try:
        os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("only root can make a device")


def sparse(path: Path) -> None:
    os.truncate(path, results.MAX_RESULT_BYTES + 1)


PLANTED = {
    "a symbolic link": (symlink, "the worker left no readable file: Too many levels of symbolic links"),
    "a link out": (symlink_out, "the worker left no readable file: Too many levels of symbolic links"),
    "a link to nothing": (dangling, "the worker left no readable file: Too many levels of symbolic links"),
    "a hard link": (hard_link, NO_PLAIN_FILE),
    "a pipe": (fifo, NO_PLAIN_FILE),
    "a folder": (folder, NO_PLAIN_FILE),
    "a device": (device, NO_PLAIN_FILE),
    "a sparse file over 1 GiB": (sparse, NO_PLAIN_FILE),
}


@pytest.mark.parametrize("name", ["result.json", "outputs.safetensors"])
@pytest.mark.parametrize(("plant", "message"), PLANTED.values(), ids=PLANTED)
def test_what_is_planted_is_refused(out, name, plant, message):
    """Anything but a plain file of one name is refused at once, whatever it leads to."""
    plant(out / name)
    start = time.monotonic()
    with pytest.raises(RefusedInputError) as caught:
        read(out)

    assert str(caught.value) == f"{name}: {message}"
    assert time.monotonic() - start < 5


def test_plain_results_are_read(out):
    """What a worker should leave is read as it is."""
    assert list(read(out).arrays) == ["x"]
    assert read(out).arrays["x"].tolist() == [0.0, 1.0, 2.0, 3.0]


def test_a_missing_file_is_refused(out):
    """Outputs that are told and not there are no outputs."""
    (out / "outputs.safetensors").unlink()
    with pytest.raises(RefusedInputError) as caught:
        read(out)

    assert str(caught.value) == "outputs.safetensors: the worker left no readable file: No such file or directory"


def test_results_are_bounded_together(out):
    """Many files that are each small enough are not read when they would fill the memory together."""
    for number in range(5):
        with open(out / f"run-{number}.safetensors", "wb") as file:
            file.truncate(results.MAX_RESULT_BYTES)
    with pytest.raises(RefusedInputError) as caught:
        read(out)

    assert str(caught.value) == "the worker left 5.4 GB of results, at most 4.3 GB are read"


def test_a_link_s_target_does_not_count(out):
    """What is outside the results is not even measured."""
    (out / "link").symlink_to(out)

    assert read(out).error is None


BROKEN = {
    "truncated": lambda whole: whole[:-1],
    "longer": lambda whole: whole + b"x",
    "header cut": lambda whole: whole[:12],
    "empty": lambda whole: b"",
    "header of 2 GiB": lambda whole: struct.pack("<Q", 2**31) + whole[8:],
    "header of 2**63": lambda whole: struct.pack("<Q", 2**63) + whole[8:],
    "no header": lambda whole: b"\x80\x04pickle" * 40,
    "same name twice": lambda whole: _header(b'{"x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"x":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}', b"ab"),
    "overlap": lambda whole: _header(b'{"x":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"y":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}', b"abc"),
    "hole": lambda whole: _header(b'{"x":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}', b"ab"),
    "shape that lies": lambda whole: _header(b'{"x":{"dtype":"F64","shape":[4000000000],"data_offsets":[0,2]}}', b"ab"),
}  # fmt: skip


def _header(text: bytes, payload: bytes) -> bytes:
    return struct.pack("<Q", len(text)) + text + payload


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_broken_tensors_are_refused(out, broken):
    """A file of tensors whose header and length disagree in any way is refused as a whole."""
    path = out / "outputs.safetensors"
    path.write_bytes(broken(path.read_bytes()))
    with pytest.raises(RefusedInputError):
        read(out)


TEXTS = {
    "a name twice": (b'{"stage": "done", "stage": "start"}', "'stage'"),
    "not a number": (b'{"stage": "done", "seconds": NaN}', "NaN"),
    "no object": (b"[]", "expected an object"),
    "no text": (b"\xff\xfe", "not"),
    "deep": (b"[" * 100_000, "nested"),
}


@pytest.mark.parametrize(("text", "word"), TEXTS.values(), ids=TEXTS)
def test_a_document_that_is_not_strict_is_refused(out, text, word):
    """What a lenient reader would take in one way or the other is not taken at all."""
    (out / "result.json").write_bytes(text)
    with pytest.raises(RefusedInputError) as caught:
        read(out)

    assert str(caught.value).startswith("result.json")
    assert word in str(caught.value)


def test_a_document_is_bounded(out):
    """A document of more than a document may have is not read into memory."""
    (out / "result.json").write_bytes(b" " * (records.MAX_DOCUMENT_BYTES + 1))
    with pytest.raises(RefusedInputError) as caught:
        read(out)

    assert str(caught.value) == f"result.json: {NO_PLAIN_FILE}"


def test_each_file_is_opened_once(out, monkeypatch):
    """What was looked at is what is read: nothing can be put in its place between."""
    opened = []
    real = os.open
    monkeypatch.setattr(
        os, "open", lambda path, *more, **named: opened.append(Path(path).name) or real(path, *more, **named)
    )
    read(out)

    assert opened == ["result.json", "outputs.safetensors"]


def test_a_flood_keeps_its_reason(out):
    """A worker that printed megabytes and then failed is told by its last line."""
    (out / "result.json").unlink()
    with pytest.raises(ProcessError) as caught:
        read(out, b"x" * 3_000_000 + b"\nValueError: why\n", code=1)

    assert str(caught.value) == "the worker did not start: exit status 1: ValueError: why"
    assert len(caught.value.output) == results.LOG_CHARACTERS


def test_what_a_worker_writes_is_bounded_in_any_case():
    """A reviewer can allow more memory, but no more results than are read; less holds."""
    host = guest.Host(python=Path("python"), sandbox=Sandbox("none"))
    more = guest.Host(
        python=Path("python"), sandbox=Sandbox("none"), limits=Limits(memory=7, out_bytes=2**60, out_files=10)
    )

    assert (guest.limits_of(host).out_bytes, guest.limits_of(host).out_files) == (2**32, 4096)
    assert (guest.limits_of(more).memory, guest.limits_of(more).out_bytes, guest.limits_of(more).out_files) == (
        7,
        2**32,
        10,
    )


def test_a_worker_that_died_under_a_limit_names_it(tmp_path):
    """A person who allowed too little memory reads so, and how to allow more."""
    require("bwrap")
    inputs = outputs.Tree(file="inputs.safetensors", structure={})
    manifest = tiny_manifest(outputs=outputs.Section(inputs=inputs, expected=None))
    python = Path(sys.executable)
    host = guest.Host(
        python=python,
        sandbox=Sandbox("bwrap"),
        reads=rebuild.interpreter_folders(python),
        limits=replace(usual(), memory=2**21),
    )
    (tmp_path / "control").mkdir()
    for name in ("inputs.safetensors", "model.safetensors"):
        (tmp_path / name).write_bytes(b"")
    with pytest.raises(ProcessError) as caught:
        guest.ask(manifest, lambda name: tmp_path / Path(name).name, tmp_path, tmp_path / "control", host)

    assert str(caught.value).startswith("the worker did not start: exit status ")
    assert str(caught.value).endswith(", perhaps because it may use 2.1 MB of memory at most")
    assert caught.value.hint == "--memory SIZE gives it more"
