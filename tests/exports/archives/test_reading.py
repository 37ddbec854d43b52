"""No byte of an archive is free: whatever pack would not have written is refused, at its place, in both forms."""

from __future__ import annotations

import functools
import os
import random
import re
import tracemalloc
import zlib

import pytest
from tiny import WEIGHTS, bare_manifest, tiny_bundle

from reprobundle import bundle as bundles
from reprobundle import manifest as manifests
from reprobundle.errors import RefusedInputError
from reprobundle.exports import archives
from reprobundle.exports.archives import tar_form, zip_form
from reprobundle.exports.archives.form import Member
from reprobundle.exports.archives.reading import Digester, Reader
from reprobundle.store import FileEntry, digest_bytes

MEMBERS = 3000
FORMS = {"zip": zip_form, "tar": tar_form}
HINT = "get it again if it was damaged on its way; what another program packed is unpacked with that program"


def members_of(archive):
    """Name, start and end of each member, its header included, and of the rest."""
    with archive.open("rb") as file:
        reader = Reader(file, archive.name)
        content = reader.manifest()
        reader.rest(manifests.from_bytes(content), Digester())
        found = reader._members
    starts = [(member.name, member.offset) for member in found]
    stops = [offset for _, offset in starts[1:]]
    form = FORMS[archive.suffix[1:]]
    last = found[-1]
    end = last.offset + len(form.before(last)) + last.size + len(form.after(last))
    return [(name, start, stop) for (name, start), stop in zip(starts, [*stops, end], strict=True)] + [
        ("the end of the archive", end, archive.stat().st_size)
    ]


def flipped(archive, bits):
    """Flip each bit in turn; gives bit and message, or None in place of a message where nothing was noticed."""
    with archive.open("r+b", buffering=0) as file:
        for bit in bits:
            original = os.pread(file.fileno(), 1, bit // 8)
            os.pwrite(file.fileno(), bytes([original[0] ^ 1 << bit % 8]), bit // 8)
            try:
                archives.verify(archive)
            except RefusedInputError as error:
                yield bit, str(error)
            else:
                yield bit, None
            os.pwrite(file.fileno(), original, bit // 8)


@pytest.fixture
def parsed_once(monkeypatch):
    """The manifest of an archive is parsed once, however often its bytes are found good: that is what would take long."""
    monkeypatch.setattr(manifests, "from_bytes", functools.cache(manifests.from_bytes))


def places_of(message):
    """The byte, or the first and the last one, that a message names."""
    found = re.match(r"archive '[^']+': bytes? (\d+)(?: to (\d+))?: ", message)
    return (int(found[1]), int(found[2] or found[1])) if found else (-1, -1)


def _is_told(message, at, start, stop):
    """Whether a message names a byte of the member that was hit, or a range in it that holds the very byte."""
    first, last = places_of(message)
    return start <= first <= last < stop and (first == last or first <= at <= last)


@pytest.mark.usefixtures("parsed_once")
@pytest.mark.parametrize("flips", [1000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_every_flipped_bit_is_found_and_its_member_named(archive, flips):
    """Thousands of bits, each flipped alone: all are refused, and the place that is named lies in the member that was hit."""
    regions = members_of(archive)
    bits = random.Random(7).sample(range(8 * archive.stat().st_size), k=flips)
    survived, misplaced = [], []
    for bit, message in flipped(archive, bits):
        name, start, stop = next(region for region in regions if region[1] <= bit // 8 < region[2])
        renamed = name.startswith("signatures/") and "the end of the archive: name: " in str(
            message
        )  # of two spellings
        if message is None:
            survived.append(bit)
        elif not renamed and not _is_told(message, bit // 8, start, stop):
            misplaced.append((bit, message))

    assert survived == []
    assert misplaced == []


@pytest.mark.usefixtures("parsed_once")
def test_every_bit_of_every_header_is_found(archive):
    """Headers, and what stands between members and behind them: each byte, in one of its bits; of long zeros every tenth."""
    form = FORMS[archive.suffix[1:]]
    content = archive.read_bytes()
    places = []
    for _, start, stop in members_of(archive):
        claimed = form.next_member(content[start : start + 4096], start)
        header = len(form.before(claimed)) if claimed else stop - start
        behind = range(start + header + (claimed.size if claimed else 0), stop)
        places += [at for at in (*range(start, start + header), *behind) if any(content[at : at + 8]) or at % 10 == 0]
    generator = random.Random(11)
    survived = [
        bit for bit, message in flipped(archive, (8 * at + generator.randrange(8) for at in places)) if not message
    ]

    assert survived == []


@pytest.mark.usefixtures("parsed_once")
def test_every_truncation_is_refused(archive, refusal):
    """An archive that ends early is no archive, wherever it ends."""
    original = archive.read_bytes()
    lengths = {0, 1, 29, 30, 511, 512, *random.Random(3).sample(range(len(original)), k=50), len(original) - 1}
    for length in sorted(lengths):
        assert refusal(archive, original[:length]).startswith(f"archive '{archive.name}': ")


def test_two_bytes_exchanged_and_bytes_put_in_are_refused(archive):
    """Insertions and exchanges of blocks anywhere."""
    original, generator = archive.read_bytes(), random.Random(5)
    for _ in range(200):
        one, other = sorted(generator.sample(range(len(original)), k=2))
        inserted = original[:one] + generator.randbytes(3) + original[one:]
        swapped = bytearray(original)
        swapped[one], swapped[other] = original[other], original[one]
        for content in {inserted, bytes(swapped)} - {original}:
            archive.write_bytes(content)
            with pytest.raises(RefusedInputError):
                archives.verify(archive)


def test_what_stands_around_an_archive_is_refused(archive, refusal):
    """Nothing before it, nothing behind it, no second archive."""
    original, name = archive.read_bytes(), archive.name

    assert refusal(archive, b"#!/bin/sh\n" + original) == (
        f"archive '{name}': expected a zip or tar that pack wrote, found a script"
    )
    for more in (b"\0", bytes(512), bytes(10240), original):
        assert refusal(archive, original + more) == f"archive '{name}': byte {len(original)}: something follows its end"


def test_a_zip_and_a_tar_in_one_file_are_refused(as_zip, as_tar, refusal):
    """Two readers would see two bundles."""
    tar, zipped = as_tar.read_bytes(), as_zip.read_bytes()

    assert refusal(as_tar, tar + zipped) == f"archive 'tiny.tar': byte {len(tar)}: something follows its end"
    assert refusal(as_zip, zipped + tar) == f"archive 'tiny.zip': byte {len(zipped)}: something follows its end"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "an empty file"),
        (b"\x1f\x8b\x08\x00" + bytes(600), "a file compressed by gzip"),
        (b"BZh91AY", "a file compressed by bzip2"),
        (b"\xfd7zXZ\x00\x00", "a file compressed by xz"),
        (b"\x28\xb5\x2f\xfd\x04", "a file compressed by zstd"),
        (b"7z\xbc\xaf\x27\x1c", "an archive of 7-Zip"),
        (b"Rar!\x1a\x07\x01", "an archive of RAR"),
        (b"PK\x05\x06" + bytes(18), "an empty zip"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS, in place of the file itself"),
        (b"\n<!DOCTYPE html><title>404", "a page of the web"),
        (b"\x89HDF\r\n\x1a\n", "something that begins with b'\\x89HDF\\r\\n\\x1a\\n'"),
    ],
)
def test_a_file_of_another_kind_is_called_by_its_name(tmp_path, refusal, content, words):
    """Whoever has the wrong file in hand reads which."""
    message = refusal(tmp_path / "x.bin", content)

    assert message == f"archive 'x.bin': expected a zip or tar that pack wrote, found {words}"


def test_a_link_to_an_archive_is_refused(archive, refusal):
    """An archive is a regular file."""
    link = archive.with_name(f"link{archive.suffix}")
    link.symlink_to(archive)

    assert refusal(link) == f"{link.name}: is a symbolic link, expected a regular file"


def test_the_way_out_is_named(archive):
    """Damage and other programs' archives look alike, so the hint has both."""
    archive.write_bytes(archive.read_bytes() + b"x")
    with pytest.raises(RefusedInputError) as caught:
        archives.unpack(archive, archive.parent / "unpacked")

    assert caught.value.hint.startswith(HINT)


def crc_of(kind, content):
    return zlib.crc32(content) if kind == "zip" else 0


def made(kind, manifest):
    """The beginning of an archive, with any manifest."""
    content = manifests.to_bytes(manifest)
    member = Member("manifest.json", len(content), crc_of(kind, content), digest_bytes(content), 0)
    return FORMS[kind].before(member) + content + FORMS[kind].after(member)


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_an_archive_that_promises_more_than_it_holds_is_refused_before_anything_is_written(tmp_path, refusal, kind):
    """Sizes are held against the archive's own before the first byte goes to the disk."""
    manifest = bundles.Bundle.open(tiny_bundle(tmp_path / "huge")).manifest
    files = tuple(entry.model_copy(update={"size": 2**50}) for entry in manifest.files)
    content = made(kind, manifest.model_copy(update={"files": files}))

    assert refusal(tmp_path / f"bomb.{kind}", content) == (
        f"archive 'bomb.{kind}': byte {len(content)}: ends early: its manifest lists {5 * 2**50} bytes more, but it has 0"
    )


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_manifest_too_large_is_refused_before_it_is_read(tmp_path, refusal, kind):
    """What is held in memory has a limit."""
    header = FORMS[kind].before(Member("manifest.json", 2**24 + 1, 0, "0" * 32, 0))

    assert refusal(tmp_path / f"x.{kind}", header + bytes(2**20)) == (
        f"archive 'x.{kind}': byte 0: its manifest is too large: at most {2**24} bytes, found {2**24 + 1}"
    )


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_memory_grows_with_the_list_of_files_only(tmp_path, kind):
    """3,000 members: the reader keeps less than 500 bytes for each, beside the manifest."""
    card = FileEntry(path="documentation/card.yaml", size=0, xxh3_128=digest_bytes(b""))
    weights = FileEntry(path="model.safetensors", size=len(WEIGHTS), xxh3_128=digest_bytes(WEIGHTS))
    many = (card.model_copy(update={"path": f"data/{number:06}.bin"}) for number in range(MEMBERS))
    manifest = bare_manifest().model_copy(update={"files": (*many, card, weights)})
    form, content, text = FORMS[kind], bytearray(made(kind, manifest)), manifests.to_bytes(manifest)
    members = [Member("manifest.json", len(text), crc_of(kind, text), digest_bytes(text), 0)]
    for entry in manifest.files:
        inside = WEIGHTS if entry.size else b""
        members.append(Member(entry.path, entry.size, crc_of(kind, inside), "", len(content)))
        content += form.before(members[-1]) + inside + form.after(members[-1])
    content += b"".join(form.ending(members, len(content)))
    (tmp_path / f"many.{kind}").write_bytes(content)
    tracemalloc.start()
    try:
        with (tmp_path / f"many.{kind}").open("rb") as file:
            reader = Reader(file, f"many.{kind}")
            claimed = manifests.from_bytes(reader.manifest())
            tracemalloc.reset_peak()
            before = tracemalloc.get_traced_memory()[0]
            reader.rest(claimed, Digester())
            peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()

    assert peak < 500 * len(manifest.files)
