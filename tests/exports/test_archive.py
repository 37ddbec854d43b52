from __future__ import annotations

import os
import random
import shutil
import stat
import struct
import subprocess
import zipfile
import zlib
from pathlib import Path

import pytest
from support import require
from tiny import WEIGHTS, bare_manifest, tiny_bundle

from reprobundle import bundle as bundles
from reprobundle.bundle import verify
from reprobundle.errors import RefusedInputError, ReproBundleError, UsageError
from reprobundle.exports import zip_form
from reprobundle.exports.archive import pack, unpack
from reprobundle.exports.zip_form import Member
from reprobundle.store import Writer, digest_file, list_files, staging

FLIPS = 80
SIGNATURES = ("signatures/a.sigstore.json", "signatures/b.sigstore.json")


@pytest.fixture
def bundle(tmp_path):
    """A signed bundle with an empty file, a folder and a name beyond ASCII."""
    with staging(tmp_path / "tiny") as place:
        writer = Writer(place)
        writer.write("model.safetensors", WEIGHTS)
        writer.write("documentation/card.yaml", b'"title": "Tiny"\n')
        writer.write("code/source/éclair.py", b"pass\n")
        writer.write("code/source/__init__.py", b"")
        bundles.seal(writer, bare_manifest())
    (tmp_path / "tiny" / "signatures").mkdir()
    for path in SIGNATURES:
        (tmp_path / "tiny" / path).write_text("{}")
    return verify(tmp_path / "tiny")


@pytest.fixture
def archive(bundle, tmp_path):
    return pack(bundle, tmp_path / "tiny.zip").path


def contents(folder):
    return {found.path: (folder / found.path).read_bytes() for found in list_files(folder)}


def refusal(archive):
    """What `unpack` says; and nothing of the archive may be left."""
    target = archive.parent / "unpacked"
    with pytest.raises(RefusedInputError) as caught:
        unpack(archive, target)
    assert [name for name in os.listdir(archive.parent) if "unpacked" in name] == []
    return str(caught.value)


def edited(archive, content):
    """An archive with other bytes."""
    archive.write_bytes(content)
    return archive


def test_what_was_packed_is_unpacked(bundle, archive, tmp_path):
    """Every file comes back as it was, signatures too."""
    back = unpack(archive, tmp_path / "back")

    assert contents(tmp_path / "back") == contents(bundle.path)
    assert (back.id, back.signatures()) == (bundle.id, SIGNATURES)
    assert back.verify().id == bundle.id


def test_equal_bundles_make_equal_archives(bundle, archive, tmp_path):
    """A copy with other times, another mode and another place gives the same bytes."""
    copy = Path(shutil.copytree(bundle.path, tmp_path / "other"))
    for found in list_files(copy):
        os.utime(copy / found.path, (1, 1))
        (copy / found.path).chmod(0o600)
    again = pack(verify(copy), tmp_path / "deeper" / "again.zip")

    assert again.path.read_bytes() == archive.read_bytes()
    assert (again.size, again.digest) == digest_file(archive)
    assert again.members == 7


def test_the_manifest_comes_first_then_the_listed_files_then_signatures(bundle, archive):
    """The order is fixed, and so is everything else that a zip could say of a file."""
    with zipfile.ZipFile(archive) as opened:
        members = opened.infolist()

    assert [member.filename for member in members] == [
        "manifest.json", *(entry.path for entry in bundle.manifest.files), *SIGNATURES
    ]  # fmt: skip
    assert {(member.date_time, member.external_attr >> 16, member.compress_type) for member in members} == {
        ((1980, 1, 1, 0, 0, 0), stat.S_IFREG | 0o644, zipfile.ZIP_STORED)
    }


def test_zipfile_reads_it(bundle, archive):
    """Python's own reader finds every member whole."""
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        assert {name: opened.read(name) for name in opened.namelist()} == contents(bundle.path)


def test_unzip_reads_it(bundle, archive, tmp_path):
    """The program that people have at hand makes the same folder of it, without a warning."""
    require("unzip")
    tested = subprocess.run(["unzip", "-tq", archive], capture_output=True, text=True)
    subprocess.run(["unzip", "-q", archive, "-d", tmp_path / "by-unzip"], check=True)

    assert (tested.returncode, tested.stderr) == (0, "")
    assert contents(tmp_path / "by-unzip") == contents(bundle.path)


@pytest.mark.parametrize("flips", [FLIPS, pytest.param(1000, marks=pytest.mark.slow)])
def test_every_flipped_bit_is_refused(archive, tmp_path, flips):
    """No bit of an archive is free: each one flipped is refused, in our own words."""
    original = archive.read_bytes()
    generator = random.Random(7)
    survived = []
    for bit in generator.sample(range(8 * len(original)), k=flips):
        content = bytearray(original)
        content[bit // 8] ^= 1 << bit % 8
        archive.write_bytes(content)
        try:
            unpack(archive, tmp_path / "flipped")
        except ReproBundleError:
            continue
        shutil.rmtree(tmp_path / "flipped")
        survived.append(bit)

    assert survived == []


def test_the_bits_of_a_signature_are_its_own(archive, tmp_path):
    """What a signature says is judged by who checks it; its CRC still finds an accident."""
    content = archive.read_bytes()

    changed = content.replace(b"a.sigstore.json{}", b"a.sigstore.json[]")

    assert refusal(edited(archive, changed)).startswith(
        "archive 'tiny.zip': member 'signatures/a.sigstore.json': its CRC differs: expected "
    )


def test_every_truncation_is_refused(archive, tmp_path):
    """An archive that ends early is no archive, wherever it ends."""
    original = archive.read_bytes()
    for length in {0, 1, 29, 30, *random.Random(3).sample(range(len(original)), k=50), len(original) - 1}:
        archive.write_bytes(original[:length])

        with pytest.raises(RefusedInputError):
            unpack(archive, tmp_path / "short")


def test_what_stands_around_an_archive_is_refused(archive):
    """Nothing before it, nothing behind it, no second archive."""
    original = archive.read_bytes()

    assert refusal(edited(archive, b"#!/bin/sh\n" + original)) == "archive 'tiny.zip': it does not begin as a zip does"
    assert refusal(edited(archive, original + b"\0")) == "archive 'tiny.zip': something follows its end"
    assert refusal(edited(archive, original + original)) == "archive 'tiny.zip': something follows its end"


def test_an_archive_of_another_program_is_refused(bundle, archive):
    """The same files zipped by somebody else are not the one form."""
    archive.unlink()
    with zipfile.ZipFile(archive, "w") as made:
        for path, content in sorted(contents(bundle.path).items(), key=lambda item: item[0] != "manifest.json"):
            made.writestr(path, content)

    assert refusal(archive).startswith("archive 'tiny.zip': expected member 'manifest.json' of ")


def test_members_in_another_order_are_refused(archive):
    """Sorted, as the manifest lists them, and the manifest first."""
    with zipfile.ZipFile(archive) as opened:
        members = [(item.filename, opened.read(item)) for item in opened.infolist()]
    for shuffled in ([*members[1:3], members[0], *members[3:]], [members[0], members[2], members[1], *members[3:]]):
        assert "expected " in refusal(spliced(archive, shuffled, kept=0))


def test_a_member_twice_or_missing_is_refused(archive):
    """Each listed file stands once."""
    with zipfile.ZipFile(archive) as opened:
        members = [(item.filename, opened.read(item)) for item in opened.infolist()]
    for wrong in ([*members[:2], members[1], *members[2:]], [*members[:2], *members[3:]]):
        assert "expected member " in refusal(spliced(archive, wrong, kept=0))


def rewritten(archive, *, names=None, change=lambda member: None, method=zipfile.ZIP_STORED):
    """A zip that Python's own writer makes of an archive's members, spoiled; the manifest's member as it was."""
    with zipfile.ZipFile(archive) as opened:
        members = [(member, opened.read(member)) for member in opened.infolist()]
    archive.unlink()
    with zipfile.ZipFile(archive, "w", method) as made:
        for member, content in members:
            info = zipfile.ZipInfo(member.filename)
            info.external_attr, info.create_system = 0o100644 << 16, 3
            if member.filename != "manifest.json":
                info.compress_type = method
                change(info)
            made.writestr(info, content)
    return archive


def test_the_form_is_that_of_the_standard_library(archive):
    """Python's own writer, told names and modes alone, makes the same bytes: the form can be made without us."""
    original = archive.read_bytes()

    assert rewritten(archive).read_bytes() == original


def as_link(info):
    info.external_attr = (stat.S_IFLNK | 0o777) << 16


def as_setuid(info):
    info.external_attr = (stat.S_IFREG | 0o4755) << 16


def as_folder(info):
    info.external_attr |= 0x10


def with_comment(info):
    info.comment = b"x"


def with_extra(info):
    info.extra = struct.pack("<2HI", 0x5455, 4, 1)


def with_time(info):
    info.date_time = (2026, 1, 1, 0, 0, 0)


@pytest.mark.parametrize("change", [as_link, as_setuid, as_folder, with_comment, with_extra, with_time])
def test_anything_a_member_could_be_besides_a_file_is_refused(archive, change):
    """Links, modes, comments, extra fields and times have no place in the one form."""
    assert refusal(rewritten(archive, change=change)).startswith("archive 'tiny.zip': ")


def test_compressed_members_are_refused(archive):
    """Nothing is inflated, so nothing can be a bomb."""
    assert "expected member 'code/source/__init__.py' of 0 bytes" in refusal(
        rewritten(archive, method=zipfile.ZIP_DEFLATED)
    )


def spliced(archive, extra, kept=None):
    """An archive's first members with others behind them, its directory and end made right for them all."""
    with zipfile.ZipFile(archive) as opened:
        members = [Member(item.filename, item.file_size, item.CRC, item.header_offset) for item in opened.infolist()]
        start = opened.start_dir if kept is None else 0
    members, body = members[:kept], archive.read_bytes()[:start]
    for name, content in extra:
        members.append(Member(name, len(content), zlib.crc32(content), len(body)))
        body += zip_form.local_header(members[-1]) + content
    directory = b"".join(map(zip_form.directory_entry, members))
    return edited(archive, body + directory + zip_form.ending(len(members), start=len(body), size=len(directory)))


@pytest.mark.parametrize(
    "name",
    ["evil.py", "../evil.py", "/etc/evil", "model.safetensors", "signatures/a.sigstore.json", "signatures/c/d.sigstore.json",
     "signatures/C:.sigstore.json", "signatures/B.sigstore.json", "signatures/bc.sigstore.json\n", "./manifest.json"],
)  # fmt: skip
def test_a_member_too_many_is_refused(archive, name):
    """Beyond what the manifest lists only further signatures may come: in order, once, under legal names."""
    message = refusal(spliced(archive, [(name, b"x")]))

    assert message.startswith(("archive 'tiny.zip': member ", "path ", "paths "))


def test_another_signature_is_no_member_too_many(archive, tmp_path):
    """The splice of the tests above is right where the name is."""
    back = unpack(spliced(archive, [("signatures/c.sigstore.json", b"x")]), tmp_path / "back")

    assert back.signatures() == (*SIGNATURES, "signatures/c.sigstore.json")


def test_an_archive_that_promises_more_than_it_holds_is_refused_before_anything_is_written(bundle, tmp_path):
    """Sizes are held against the archive's own before the first byte goes to the disk."""
    huge = tiny_bundle(tmp_path / "huge")
    manifest = bundles.Bundle.open(huge).manifest
    files = tuple(entry.model_copy(update={"size": 2**50}) for entry in manifest.files)
    content = bundles.manifests.to_bytes(manifest.model_copy(update={"files": files}))
    member = Member("manifest.json", len(content), zlib.crc32(content), 0)
    archive = edited(tmp_path / "bomb.zip", zip_form.local_header(member) + content)

    assert refusal(archive) == f"archive 'bomb.zip': it promises {5 * 2**50} bytes more, but has 0"


def test_a_changed_file_is_never_packed(bundle, tmp_path):
    """What changed since it was verified stops the packing, and no archive is left."""
    (bundle.path / "model.safetensors").write_bytes(WEIGHTS[:-1] + b"\1")
    with pytest.raises(RefusedInputError) as caught:
        pack(bundle, tmp_path / "tiny.zip")

    assert str(caught.value) == "model.safetensors: changed since the bundle was verified"
    assert os.listdir(tmp_path) == ["tiny"]


def test_nothing_is_overwritten(bundle, archive, tmp_path):
    """An existing file or folder stays as it is, and a bundle never holds its own archive."""
    before = archive.read_bytes()
    with pytest.raises(UsageError) as existing:
        pack(bundle, archive)
    with pytest.raises(UsageError) as inside:
        pack(bundle, bundle.path / "documentation" / "x.zip")
    with pytest.raises(UsageError) as folder:
        unpack(archive, bundle.path)

    assert str(existing.value) == f"output file {str(archive)!r} exists; a bundle is never overwritten"
    assert str(inside.value) == f"archive {str(bundle.path / 'documentation' / 'x.zip')!r}: lies in the bundle itself"
    assert str(folder.value) == f"output folder {str(bundle.path)!r} exists; a bundle is never overwritten"
    assert archive.read_bytes() == before


def test_a_link_to_an_archive_is_refused(archive, tmp_path):
    """An archive is a regular file."""
    (tmp_path / "link.zip").symlink_to(archive)

    assert refusal(tmp_path / "link.zip") == "link.zip: is a symbolic link, expected a regular file"


def test_wide_fields_work_everywhere(bundle, tmp_path, monkeypatch):
    """ZIP64, brought on by small limits: our reader, Python's and ``unzip`` find the same files."""
    require("unzip")
    monkeypatch.setattr(zip_form, "FULL_16", 5)
    packed = pack(bundle, tmp_path / "wide.zip")
    back = unpack(packed.path, tmp_path / "back")

    assert contents(back.path) == contents(bundle.path)


@pytest.mark.parametrize(("size", "wide"), [(2**32 - 2, False), (2**32 - 1, True), (2**32, True), (2**33 + 1, True)])
def test_sizes_and_offsets_stand_in_wide_fields_where_32_bits_end(size, wide):
    """The largest 32-bit value is the mark that says: look in the wide field."""
    by_size, by_offset = Member("x", size, 0, 0), Member("x", 0, 0, size)

    assert (struct.pack("<2HQQ", 1, 16, size, size) in zip_form.local_header(by_size)) == wide
    assert (struct.pack("<2HQQ", 1, 16, size, size) in zip_form.directory_entry(by_size)) == wide
    assert (struct.pack("<2HQ", 1, 8, size) in zip_form.directory_entry(by_offset)) == wide
    assert len(zip_form.local_header(by_offset)) == 31


@pytest.mark.parametrize(("members", "start"), [(3, 2**32 + 7), (65_535, 100), (70_000, 2**33)])
def test_python_reads_our_wide_endings(tmp_path, members, start):
    """The end of an archive beyond 4 GiB or 65,534 members is the one that Python's reader understands."""
    directory = b"".join(zip_form.directory_entry(Member(f"{number}", 0, 0, 0)) for number in range(members))
    place = tmp_path / "sparse.zip"
    with place.open("wb") as file:
        file.seek(start)
        file.write(directory + zip_form.ending(members, start=start, size=len(directory)))
    with zipfile.ZipFile(place) as opened:
        assert (len(opened.infolist()), opened.start_dir) == (members, start)


def test_unzip_reads_members_beyond_4_gib(tmp_path):
    """Wide sizes and offsets of their true magnitude, in a sparse file: ``unzip`` finds and reads every member."""
    require("unzip")
    sizes, members = {"large": 2**32 + 1, "larger": 2**32 + 2, "small": 5}, []
    with (tmp_path / "x.zip").open("wb") as file:
        for name, size in sizes.items():
            members.append(Member(name, size, zlib.crc32(b"begin"), file.tell()))
            file.write(zip_form.local_header(members[-1]) + b"begin")
            file.seek(size - len(b"begin"), os.SEEK_CUR)
        start, directory = file.tell(), b"".join(map(zip_form.directory_entry, members))
        file.write(directory + zip_form.ending(len(members), start=start, size=len(directory)))
    listed = subprocess.run(["unzip", "-Z", "-l", tmp_path / "x.zip"], capture_output=True, text=True)
    tested = subprocess.run(["unzip", "-tq", tmp_path / "x.zip", "small"], capture_output=True, text=True)

    assert (listed.returncode, listed.stderr) == (0, "")
    assert [line.split()[3] for line in listed.stdout.splitlines()[2:5]] == [str(size) for size in sizes.values()]
    assert (tested.returncode, tested.stderr) == (0, "")
    for name in sizes:
        with subprocess.Popen(["unzip", "-p", tmp_path / "x.zip", name], stdout=subprocess.PIPE) as reading:
            assert reading.stdout.read(5) == b"begin"
            reading.kill()  # to the end of 4 GiB it would take half a minute
