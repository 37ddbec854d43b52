"""The zip: its bytes are those of the standard library, any program reads them, and every lie of a zip is refused."""

from __future__ import annotations

import os
import stat
import struct
import subprocess
import zipfile
import zlib

import pytest
from support import require

from reprobundle.exports import archives
from reprobundle.exports.archives import zip_form
from reprobundle.exports.archives.form import Member
from reprobundle.store import list_files

SIGNATURES = ("signatures/a.sigstore.json", "signatures/b.sigstore.json")


def contents(folder):
    return {found.path: (folder / found.path).read_bytes() for found in list_files(folder)}


def test_the_manifest_comes_first_then_the_listed_files_then_signatures(bundle, as_zip):
    """The order is fixed, and so is everything else that a zip could say of a file."""
    with zipfile.ZipFile(as_zip) as opened:
        members = opened.infolist()

    assert [member.filename for member in members] == [
        "manifest.json", *(entry.path for entry in bundle.manifest.files), *SIGNATURES
    ]  # fmt: skip
    assert {(member.date_time, member.external_attr >> 16, member.compress_type) for member in members} == {
        ((1980, 1, 1, 0, 0, 0), stat.S_IFREG | 0o644, zipfile.ZIP_STORED)
    }


def test_zipfile_reads_it(bundle, as_zip):
    """Python's own reader finds every member whole."""
    with zipfile.ZipFile(as_zip) as opened:
        assert opened.testzip() is None
        assert {name: opened.read(name) for name in opened.namelist()} == contents(bundle.path)


def test_unzip_reads_it(bundle, as_zip, tmp_path):
    """The program that people have at hand makes the same folder of it, without a warning."""
    require("unzip")
    tested = subprocess.run(["unzip", "-tq", as_zip], capture_output=True, text=True)
    subprocess.run(["unzip", "-q", as_zip, "-d", tmp_path / "by-unzip"], check=True)

    assert (tested.returncode, tested.stderr) == (0, "")
    assert contents(tmp_path / "by-unzip") == contents(bundle.path)


def rewritten(archive, *, change=lambda member: None, method=zipfile.ZIP_STORED):
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


def test_the_form_is_that_of_the_standard_library(as_zip):
    """Python's own writer, told names and modes alone, makes the same bytes: the form can be made without us."""
    original = as_zip.read_bytes()

    assert rewritten(as_zip).read_bytes() == original


def test_an_archive_of_another_program_is_refused(bundle, as_zip, refusal):
    """The same files zipped by somebody else are not the one form: the time in its header is another."""
    as_zip.unlink()
    with zipfile.ZipFile(as_zip, "w") as made:
        for path, content in sorted(contents(bundle.path).items(), key=lambda item: item[0] != "manifest.json"):
            made.writestr(path, content)

    assert refusal(as_zip).startswith("archive 'tiny.zip': byte 10: member 'manifest.json': time: expected 0, found ")


def test_a_folder_in_a_zip_is_refused(bundle, as_zip, refusal):
    """What a file manager makes of a folder begins with the folder."""
    as_zip.unlink()
    with zipfile.ZipFile(as_zip, "w") as made:
        made.mkdir("tiny") if hasattr(made, "mkdir") else made.writestr("tiny/", b"")
        for path, content in contents(bundle.path).items():
            made.writestr(f"tiny/{path}", content)

    assert refusal(as_zip) == "archive 'tiny.zip': byte 0: expected 'manifest.json' as its first member, found 'tiny/'"


def as_link(info):
    info.external_attr = (stat.S_IFLNK | 0o777) << 16


def as_device(info):
    info.external_attr = (stat.S_IFCHR | 0o777) << 16


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


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (as_link, "it is a symbolic link, expected a regular file"),
        (as_device, "it is a device, expected a regular file"),
        (as_setuid, "external attributes: expected 81a40000, found 89ed0000"),
        (as_folder, "external attributes: expected 81a40000, found 81a40010"),
        (with_comment, "length of the comment: expected 0, found 1"),
        (with_extra, "length of the extra field: expected 0, found 8"),
        (with_time, "date: expected 33, found 23585"),
    ],
)
def test_anything_a_member_could_be_besides_a_file_is_refused(as_zip, refusal, change, words):
    """Links, modes, comments, extra fields and times have no place in the one form."""
    assert refusal(rewritten(as_zip, change=change)).endswith(f": {words}")


@pytest.mark.parametrize(("method", "name"), [(zipfile.ZIP_DEFLATED, "deflate"), (zipfile.ZIP_LZMA, "LZMA")])
def test_compressed_members_are_refused(as_zip, refusal, method, name):
    """Nothing is inflated, so nothing can be a bomb."""
    message = refusal(rewritten(as_zip, method=method))

    assert message.endswith(f"member 'code/source/__init__.py': it is compressed ({name}), expected it stored")


@pytest.mark.parametrize(
    ("flag", "words"),
    [(1, "it is encrypted"), (8, "its size and CRC stand behind it (a data descriptor), expected them in the header")],
)
def test_encryption_and_data_descriptors_are_refused(as_zip, refusal, flag, words):
    """Both would let a member be something else than its header says."""
    content = bytearray(as_zip.read_bytes())
    content[6] |= flag

    assert refusal(as_zip, bytes(content)) == f"archive 'tiny.zip': byte 6: member 'manifest.json': {words}"


def spliced(archive, extra, kept=None):
    """An archive's first members with others behind them, its directory and end made right for them all."""
    with zipfile.ZipFile(archive) as opened:
        members = [
            Member(item.filename, item.file_size, item.CRC, "", item.header_offset) for item in opened.infolist()
        ]
        start = opened.start_dir if kept is None else 0
    members, body = members[:kept], archive.read_bytes()[:start]
    for name, content in extra:
        members.append(Member(name, len(content), zlib.crc32(content), "", len(body)))
        body += zip_form.before(members[-1]) + content
    archive.write_bytes(body + b"".join(zip_form.ending(members, len(body))))
    return archive


def contained(archive):
    with zipfile.ZipFile(archive) as opened:
        return [(item.filename, opened.read(item)) for item in opened.infolist()]


def test_members_in_another_order_twice_or_missing_are_refused(as_zip, refusal):
    """Sorted, as the manifest lists them, each once, and the manifest first."""
    found = contained(as_zip)
    for wrong in (
        [*found[1:3], found[0], *found[3:]],
        [found[0], found[2], found[1], *found[3:]],
        [*found[:2], found[1], *found[2:]],
        [*found[:2], *found[3:]],
    ):
        assert "expected " in refusal(spliced(as_zip, wrong, kept=0))


@pytest.mark.parametrize(
    "name",
    ["evil.py", "../evil.py", "/etc/evil", "model.safetensors", "signatures/a.sigstore.json", "signatures/c/d.sigstore.json",
     "signatures/C:.sigstore.json", "signatures/B.sigstore.json", "signatures/bc.sigstore.json\n", "./manifest.json"],
)  # fmt: skip
def test_a_member_too_many_is_refused(as_zip, refusal, name):
    """Beyond what the manifest lists only further signatures may come: in order, once, under legal names."""
    message = refusal(spliced(as_zip, [(name, b"x")]))

    assert "neither listed in its manifest nor the next signature" in message or message.startswith(("path ", "paths "))


def test_more_signatures_than_anybody_makes_are_refused(as_zip, refusal):
    """What no manifest lists has a limit of its own."""
    more = [(f"signatures/c{number:03}.sigstore.json", b"x") for number in range(63)]

    assert refusal(spliced(as_zip, more)).endswith(": it has more than 64 signatures")


def test_another_signature_is_no_member_too_many(as_zip, tmp_path):
    """The splice of the tests above is right where the name is."""
    back = archives.unpack(spliced(as_zip, [("signatures/c.sigstore.json", b"x")]), tmp_path / "back")

    assert back.signatures() == (*SIGNATURES, "signatures/c.sigstore.json")


def test_what_a_signature_says_is_its_own(as_zip, refusal):
    """What a signature says is judged by who checks it; its CRC still finds an accident."""
    content = as_zip.read_bytes().replace(b"a.sigstore.json{}", b"a.sigstore.json[]")

    assert "member 'signatures/a.sigstore.json': its CRC-32 differs: expected " in refusal(as_zip, content)


@pytest.mark.parametrize(
    ("field", "words"),
    [
        (24, "size: expected "),
        (16, "CRC-32: expected "),
        (42, "offset: expected 0, found 1"),
        (12, "time: expected 0, found 1"),
    ],
)
def test_a_directory_that_contradicts_the_headers_is_refused(as_zip, refusal, field, words):
    """Members that overlap, or are other ones for other readers, need a directory that lies."""
    content = bytearray(as_zip.read_bytes())
    start = content.index(b"PK\x01\x02")
    content[start + field] ^= 1

    message = refusal(as_zip, bytes(content))

    assert message.startswith(f"archive 'tiny.zip': byte {start + field}: the end of the archive: {words}")


def test_wide_fields_where_none_are_needed_are_refused(as_zip, refusal):
    """ZIP64 says what it must, never something else than the plain fields."""
    found = contained(as_zip)
    content = as_zip.read_bytes()
    end = content.index(b"PK\x05\x06")
    wide = zip_form._END_64.pack(b"PK\x06\x06", 44, 0x32D, 45, 0, 0, len(found), len(found), 0, 0)

    assert refusal(as_zip, content[:end] + wide + content[end:]) == (
        f"archive 'tiny.zip': byte {end + 2}: the end of the archive: mark of the end: "
        "expected b'PK\\x05\\x06', found b'PK\\x06\\x06'"
    )


def test_wide_fields_work_everywhere(bundle, tmp_path, monkeypatch):
    """ZIP64, brought on by small limits: our reader finds the same files."""
    monkeypatch.setattr(zip_form, "FULL_16", 5)
    packed = archives.pack(bundle, tmp_path / "wide.zip")
    back = archives.unpack(packed.path, tmp_path / "back")

    assert contents(back.path) == contents(bundle.path)


@pytest.mark.parametrize(("size", "wide"), [(2**32 - 2, False), (2**32 - 1, True), (2**32, True), (2**33 + 1, True)])
def test_sizes_and_offsets_stand_in_wide_fields_where_32_bits_end(size, wide):
    """The largest 32-bit value is the mark that says: look in the wide field."""
    by_size, by_offset = Member("x", size, 0, "", 0), Member("x", 0, 0, "", size)

    assert (struct.pack("<2HQQ", 1, 16, size, size) in zip_form.before(by_size)) == wide
    assert (struct.pack("<2HQQ", 1, 16, size, size) in zip_form.directory_entry(by_size)) == wide
    assert (struct.pack("<2HQ", 1, 8, size) in zip_form.directory_entry(by_offset)) == wide
    assert len(zip_form.before(by_offset)) == 31
    assert zip_form.next_member(zip_form.before(by_size), 0) == by_size


@pytest.mark.parametrize(("members", "start"), [(3, 2**32 + 7), (65_535, 100), (70_000, 2**33)])
def test_python_reads_our_wide_endings(tmp_path, members, start):
    """The end of an archive beyond 4 GiB or 65,534 members is the one that Python's reader understands."""
    place = tmp_path / "sparse.zip"
    with place.open("wb") as file:
        file.seek(start)
        file.writelines(zip_form.ending([Member(f"{number}", 0, 0, "", 0) for number in range(members)], start))
    with zipfile.ZipFile(place) as opened:
        assert (len(opened.infolist()), opened.start_dir) == (members, start)


def test_unzip_reads_members_beyond_4_gib(tmp_path):
    """Wide sizes and offsets of their true magnitude, in a sparse file: ``unzip`` finds and reads every member."""
    require("unzip")
    sizes, members = {"large": 2**32 + 1, "larger": 2**32 + 2, "small": 5}, []
    with (tmp_path / "x.zip").open("wb") as file:
        for name, size in sizes.items():
            members.append(Member(name, size, zlib.crc32(b"begin"), "", file.tell()))
            file.write(zip_form.before(members[-1]) + b"begin")
            file.seek(size - len(b"begin"), os.SEEK_CUR)
        file.writelines(zip_form.ending(members, file.tell()))
    listed = subprocess.run(["unzip", "-Z", "-l", tmp_path / "x.zip"], capture_output=True, text=True)
    tested = subprocess.run(["unzip", "-tq", tmp_path / "x.zip", "small"], capture_output=True, text=True)

    assert (listed.returncode, listed.stderr) == (0, "")
    assert [line.split()[3] for line in listed.stdout.splitlines()[2:5]] == [str(size) for size in sizes.values()]
    assert (tested.returncode, tested.stderr) == (0, "")
    for name in sizes:
        with subprocess.Popen(["unzip", "-p", tmp_path / "x.zip", name], stdout=subprocess.PIPE) as reading:
            assert reading.stdout.read(5) == b"begin"
            reading.kill()  # to the end of 4 GiB it would take half a minute
