"""What was packed comes back; equal bundles make equal archives; nothing is overwritten and nothing is left half done."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tiny import WEIGHTS, bare_manifest

from reprobundle import bundle as bundles
from reprobundle.bundle import verify
from reprobundle.errors import RefusedInputError, UnavailableError, UsageError
from reprobundle.exports import archives
from reprobundle.exports.archives import output
from reprobundle.store import Writer, digest_file, list_files, staging

SIGNATURES = ("signatures/a.sigstore.json", "signatures/b.sigstore.json")
ELSEWHERE = """
import os, sys
os.umask(int(sys.argv[3], 8))
from pathlib import Path
from reprobundle.bundle import verify
from reprobundle.exports import archives
print(archives.pack(verify(sys.argv[1]), Path(sys.argv[2])).digest)
"""
WORLDS = (
    ("077", {"TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "1"}),
    (
        "000",
        {
            "TZ": "America/Caracas",
            "LC_ALL": "tr_TR.UTF-8",
            "SOURCE_DATE_EPOCH": "1",
            "PYTHONUTF8": "1",
            "PYTHONHASHSEED": "2",
        },
    ),
)


def contents(folder):
    return {found.path: (folder / found.path).read_bytes() for found in list_files(folder)}


def test_what_was_packed_is_unpacked(bundle, archive, tmp_path):
    """Every file comes back as it was, signatures too."""
    back = archives.unpack(archive, tmp_path / "back")

    assert contents(tmp_path / "back") == contents(bundle.path)
    assert (back.id, back.signatures()) == (bundle.id, SIGNATURES)
    assert back.verify().id == bundle.id


def test_an_archive_is_verified_where_it_lies(bundle, archive, tmp_path):
    """Every byte is checked and nothing is written, be it beside the archive."""
    before = os.listdir(tmp_path)
    verified = archives.verify(archive)

    assert (verified.id, verified.signatures, verified.path) == (bundle.id, SIGNATURES, archive)
    assert verified.manifest == bundle.manifest
    assert os.listdir(tmp_path) == before


def test_the_manifest_is_read_without_the_rest(bundle, archive):
    """To show what is inside, the first member is enough: what follows may be damaged."""
    content = archive.read_bytes()
    archive.write_bytes(content[: len(content) * 4 // 5])

    assert archives.opened(archive).id == archives.opened(bundle.path).id == bundle.id


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_equal_bundles_make_equal_archives(bundle, tmp_path, kind):
    """Another place, umask, locale, time zone, hash seed, and other times and modes of the files give the same bytes."""
    copy = Path(shutil.copytree(bundle.path, tmp_path / "deeper" / "other"))
    for found in list_files(copy):
        os.utime(copy / found.path, (1, 1))
        (copy / found.path).chmod(0o600)
    here = archives.pack(bundle, tmp_path / f"here.{kind}")
    digests = set()
    for number, (umask, variables) in enumerate(WORLDS):
        command = [sys.executable, "-c", ELSEWHERE, copy, tmp_path / f"{number}.{kind}", umask]
        told = subprocess.run(command, env={**os.environ, **variables}, capture_output=True, text=True, check=True)
        digests.add(told.stdout.strip())
        assert (tmp_path / f"{number}.{kind}").read_bytes() == here.path.read_bytes()

    assert digests == {here.digest}
    assert (here.size, here.digest) == digest_file(here.path)
    assert (here.members, here.kind) == (8, kind)


@pytest.mark.parametrize("size", [output.BLOCK_BYTES - 1, output.BLOCK_BYTES, 3 * output.BLOCK_BYTES + 7])
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_files_of_any_size_come_back(tmp_path, monkeypatch, kind, size):
    """What is larger than a block goes through in pieces, to the disk as well, and the digest is that of the whole."""
    monkeypatch.setattr(output, "WRITTEN_BACK", output.BLOCK_BYTES)
    with staging(tmp_path / "large") as place:
        writer = Writer(place)
        writer.write("model.safetensors", WEIGHTS)
        writer.write("documentation/card.yaml", b'"title": "Tiny"\n')
        for name in ("data/a.bin", "data/b.bin"):
            writer.write(name, os.urandom(size))
        bundles.seal(writer, bare_manifest())
    told = []
    packed = archives.pack(verify(tmp_path / "large"), tmp_path / f"large.{kind}", told=lambda *far: told.append(far))
    archives.unpack(packed.path, tmp_path / "back")

    assert contents(tmp_path / "back") == contents(tmp_path / "large")
    assert (packed.size, packed.digest) == digest_file(packed.path)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_changed_file_is_never_packed(bundle, tmp_path):
    """What changed since it was verified stops the packing, and no archive is left."""
    for content in (WEIGHTS[:-1] + b"\1", WEIGHTS + b"\0"):
        (bundle.path / "model.safetensors").write_bytes(content)
        for kind in ("zip", "tar"):
            with pytest.raises(RefusedInputError) as caught:
                archives.pack(bundle, tmp_path / f"tiny.{kind}")

            assert str(caught.value) == "model.safetensors: changed since the bundle was verified"
    assert os.listdir(tmp_path) == ["tiny"]


def test_nothing_is_overwritten(bundle, archive, tmp_path):
    """An existing file or folder stays as it is, and a bundle never holds its own archive."""
    before = archive.read_bytes()
    inside = bundle.path / "documentation" / "x.zip"
    with pytest.raises(UsageError) as existing:
        archives.pack(bundle, archive)
    with pytest.raises(UsageError) as within:
        archives.pack(bundle, inside)
    with pytest.raises(UsageError) as folder:
        archives.unpack(archive, bundle.path)

    assert str(existing.value) == f"output file {str(archive)!r} exists; a bundle is never overwritten"
    assert str(within.value) == f"archive {str(inside)!r}: lies in the bundle itself"
    assert str(folder.value) == f"output folder {str(bundle.path)!r} exists; a bundle is never overwritten"
    assert archive.read_bytes() == before


@pytest.mark.parametrize("name", ["tiny.tar.gz", "tiny.tgz", "tiny.7z", "tiny", "tiny.bundle"])
def test_the_name_says_the_form(bundle, tmp_path, name):
    """A name that promises compression, or nothing, is refused before anything is written."""
    with pytest.raises(UsageError) as caught:
        archives.pack(bundle, tmp_path / name)

    assert str(caught.value).startswith(f"archive {str(tmp_path / name)!r}: ")
    assert ".zip or .tar" in str(caught.value)
    assert os.listdir(tmp_path) == ["tiny"]


def test_more_signatures_than_a_reader_takes_are_not_packed(bundle, tmp_path):
    """Whatever is packed can be unpacked."""
    for number in range(64):
        (bundle.path / f"signatures/{number:03}.sigstore.json").write_text("{}")
    with pytest.raises(RefusedInputError) as caught:
        archives.pack(bundle, tmp_path / "x.zip")

    assert str(caught.value) == "the bundle has 66 signatures, expected at most 64"


class _OutOfPatience(BaseException):
    """Stands for Ctrl-C."""


@pytest.mark.parametrize("at", range(8))
def test_an_interrupted_unpacking_leaves_nothing(archive, tmp_path, monkeypatch, at):
    """Wherever it ends, there is no folder, nor half of one; the next try begins anew and succeeds."""
    names = []
    streamed = Writer.stream

    def stream(writer, path, chunks, *, size=None):
        names.append(path)
        if len(names) == at + 1:
            raise _OutOfPatience
        return streamed(writer, path, chunks, size=size)

    before = sorted(os.listdir(tmp_path))
    with monkeypatch.context() as patched:
        patched.setattr(Writer, "stream", stream)
        with pytest.raises(_OutOfPatience):
            archives.unpack(archive, tmp_path / "above" / "back")

    assert sorted(os.listdir(tmp_path)) == before
    assert archives.unpack(archive, tmp_path / "above" / "back").verify().id


@pytest.mark.parametrize("at", [0, 1, 3])
def test_an_interrupted_packing_leaves_nothing(tmp_path, bundle, at):
    """The archive has its name when it is whole; before, there is none."""
    calls = []

    def told(_done, _total):
        calls.append(1)
        if len(calls) == at + 1:
            raise _OutOfPatience

    with pytest.raises(_OutOfPatience):
        archives.pack(bundle, tmp_path / "x.tar", told=told)

    assert os.listdir(tmp_path) == ["tiny"]


KILLED = """
import sys, threading, os, time
from pathlib import Path
from reprobundle.exports import archives
threading.Thread(target=lambda: (time.sleep(float(sys.argv[3])), os.kill(os.getpid(), 9)), daemon=True).start()
archives.unpack(Path(sys.argv[1]), Path(sys.argv[2]))
"""


@pytest.mark.slow
def test_a_killed_unpacking_leaves_nothing_or_a_whole_bundle(tmp_path):
    """SIGKILL at some moment: no folder of the name, or the whole; what is left besides has another name."""
    with staging(tmp_path / "large") as place:
        writer = Writer(place)
        writer.write("model.safetensors", WEIGHTS)
        writer.write("documentation/card.yaml", b'"title": "Tiny"\n')
        for number in range(8):
            writer.write(f"data/{number}.bin", os.urandom(2**23))
        bundles.seal(writer, bare_manifest())
    packed = archives.pack(verify(tmp_path / "large"), tmp_path / "large.tar").path
    for number, delay in enumerate((0.0, 0.01, 0.02, 0.05)):
        target = tmp_path / f"back-{number}"
        subprocess.run([sys.executable, "-c", KILLED, packed, target, str(delay)], check=False)

        assert not target.exists() or verify(target).id


def test_a_disk_too_small_is_found_before_anything_is_written(archive, tmp_path, monkeypatch):
    """Members are stored, so what will be written is known."""
    written = []
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: shutil._ntuple_diskusage(10, 1, 9))
    monkeypatch.setattr(Writer, "stream", lambda *_args, **_named: written.append(1))
    with pytest.raises(UnavailableError) as caught:
        archives.unpack(archive, tmp_path / "back")

    assert str(caught.value) == f"{tmp_path / 'back'}: cannot be written: expected room for 121 bytes, found 9 bytes"
    assert written == []
    assert not (tmp_path / "back").exists()
