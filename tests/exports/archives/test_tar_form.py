"""The tar: its bytes are those of the standard library, any program reads them, and all that is no file is refused."""

from __future__ import annotations

import io
import os
import subprocess
import tarfile

import pytest
from support import require

from reprobundle.exports import archives
from reprobundle.exports.archives import tar_form
from reprobundle.exports.archives.form import Member
from reprobundle.store import digest_bytes, list_files

SIGNATURES = ("signatures/a.sigstore.json", "signatures/b.sigstore.json")


def contents(folder):
    return {found.path: (folder / found.path).read_bytes() for found in list_files(folder)}


def contained(archive):
    """Headers and bytes of an archive's members, by Python's own reader."""
    with tarfile.open(archive) as opened:
        return [(member, opened.extractfile(member).read()) for member in opened]


def rewritten(archive, *, change=lambda info: None, form=tarfile.PAX_FORMAT, members=None):
    """A tar that Python's own writer makes of an archive's members, spoiled; the manifest's member as it was."""
    found = members or contained(archive)
    archive.unlink()
    with tarfile.open(archive, "w", format=form) as made:
        for member, content in found:
            info = tarfile.TarInfo(member.name)
            info.size = len(content)
            if "comment" in member.pax_headers:
                info.pax_headers = {"comment": member.pax_headers["comment"]}
            if member.name != "manifest.json":
                change(info)
            made.addfile(info, io.BytesIO(content))
    return archive


def test_tarfile_reads_it(bundle, as_tar):
    """Python's own reader finds every member: the manifest first, then what it lists, then signatures."""
    found = contained(as_tar)

    assert [member.name for member, _ in found] == [
        "manifest.json", *(entry.path for entry in bundle.manifest.files), *SIGNATURES
    ]  # fmt: skip
    assert {member.name: content for member, content in found} == contents(bundle.path)
    assert {(info.mode, info.mtime, info.uid, info.gid, info.uname, info.gname, info.type) for info, _ in found} == {
        (0o644, 0, 0, 0, "", "", tarfile.REGTYPE)
    }


def test_gnu_tar_reads_it(bundle, as_tar, tmp_path):
    """The program that people have at hand makes the same folder of it, without a warning."""
    require("tar")
    (tmp_path / "by-tar").mkdir()
    told = subprocess.run(["tar", "xf", as_tar, "-C", tmp_path / "by-tar"], capture_output=True, text=True)

    assert (told.returncode, told.stderr) == (0, "")
    assert contents(tmp_path / "by-tar") == contents(bundle.path)


def test_the_form_is_that_of_the_standard_library(as_tar):
    """Python's own writer, told names, sizes and the comments alone, makes the same bytes."""
    original = as_tar.read_bytes()

    assert rewritten(as_tar).read_bytes() == original


def test_a_pax_header_stands_only_where_it_is_needed(as_tar):
    """Names beyond ASCII or 100 bytes, and members that no manifest lists: theirs is a digest of their bytes."""
    found = {member.name: (member.pax_headers, content) for member, content in contained(as_tar)}
    with_headers = {name for name, (headers, _) in found.items() if headers}

    assert {name for name in found if not name.isascii() or len(name) > 100} == with_headers - {
        "manifest.json",
        *SIGNATURES,
    }
    for name in ("manifest.json", *SIGNATURES):
        headers, content = found[name]
        assert headers == {"comment": f"xxh3_128 {digest_bytes(content)}"}


def of_type(kind):
    def change(info):
        info.type, info.linkname = kind, "model.safetensors" if kind in {tarfile.LNKTYPE, tarfile.SYMTYPE} else ""

    return change


def with_owner(info):
    info.uname = "ada"


def with_number(info):
    info.uid = 1000


def with_time(info):
    info.mtime = 1


def with_exact_time(info):
    info.mtime = 0.5


def with_setuid(info):
    info.mode = 0o4755


def with_sparse(info):
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0"}


def with_path(info):
    info.pax_headers = {"path": "../evil"}


def with_size(info):
    info.pax_headers = {"size": "7"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (of_type(tarfile.SYMTYPE), "expected a regular file, found a symbolic link"),
        (of_type(tarfile.LNKTYPE), "expected a regular file, found a hard link"),
        (of_type(tarfile.CHRTYPE), "expected a regular file, found a device"),
        (of_type(tarfile.BLKTYPE), "expected a regular file, found a device"),
        (of_type(tarfile.FIFOTYPE), "expected a regular file, found a pipe"),
        (of_type(tarfile.DIRTYPE), "expected a regular file, found a folder"),
        (of_type(tarfile.GNUTYPE_SPARSE), "expected a regular file, found a sparse file"),
        (of_type(tarfile.CONTTYPE), "expected a regular file, found a contiguous file"),
        (of_type(b"M"), "expected a regular file, found a part of a file"),
        (of_type(b"?"), "expected a regular file, found of the type b'?'"),
        (with_owner, "checksum: expected "),
        (with_number, "owner: expected b'0000000', found b'0001750'"),
        (with_time, "time: expected b'00000000000', found b'00000000001'"),
        (with_exact_time, "expected a regular file, found a pax header"),
        (with_setuid, "mode: expected b'0000644', found b'0004755'"),
        (with_sparse, "expected a regular file, found a pax header"),
        (with_path, "expected a regular file, found a pax header"),
        (with_size, "expected a regular file, found a pax header"),
    ],
)
def test_anything_a_member_could_be_besides_a_file_is_refused(as_tar, refusal, change, words):
    """Links, devices, sparse files, owners, times and pax headers that nobody needs have no place in the one form."""
    message = refusal(rewritten(as_tar, change=change))

    assert "member 'code/source/__init__.py': " in message
    assert words in message


def test_an_archive_of_another_program_is_refused(bundle, as_tar, refusal):
    """The same files packed by GNU tar are not the one form, and what comes first is named."""
    require("tar")
    as_tar.unlink()
    subprocess.run(["tar", "cf", as_tar, "-C", bundle.path.parent, "tiny"], check=True)

    assert refusal(as_tar) == "archive 'tiny.tar': byte 0: expected 'manifest.json' as its first member, found 'tiny/'"


@pytest.mark.parametrize("form", [tarfile.GNU_FORMAT, tarfile.USTAR_FORMAT])
def test_other_forms_of_tar_are_refused(as_tar, refusal, form):
    """Without the digest of the manifest, or with another magic, it is another form."""
    assert refusal(rewritten(as_tar, form=form)).startswith("archive 'tiny.tar': byte ")


def test_members_in_another_order_twice_or_missing_are_refused(as_tar, refusal):
    """Sorted, as the manifest lists them, each once, and the manifest first."""
    found = contained(as_tar)
    for wrong in (
        [*found[1:3], found[0], *found[3:]],
        [found[0], found[2], found[1], *found[3:]],
        [*found[:2], found[1], *found[2:]],
        [*found[:2], *found[3:]],
    ):
        assert "expected " in refusal(rewritten(as_tar, members=wrong))


@pytest.mark.parametrize(
    "name",
    ["evil.py", "../evil.py", "/etc/evil", "model.safetensors", "signatures/a.sigstore.json", "signatures/c/d.sigstore.json",
     "signatures/C:.sigstore.json", "signatures/B.sigstore.json", "./manifest.json", "signatures/" + "x" * 300 + ".sigstore.json"],
)  # fmt: skip
def test_a_member_too_many_is_refused(as_tar, refusal, name):
    """Beyond what the manifest lists only further signatures may come: in order, once, under legal names."""
    info = tarfile.TarInfo(name)
    info.pax_headers = {"comment": f"xxh3_128 {digest_bytes(b'x')}"}
    message = refusal(rewritten(as_tar, members=[*contained(as_tar), (info, b"x")]))

    assert "neither listed in its manifest nor the next signature" in message or message.startswith(("path ", "paths "))


def test_another_signature_is_no_member_too_many(as_tar, tmp_path):
    """The splice of the test above is right where the name is, be it a long one or beyond ASCII."""
    names = ("signatures/c.sigstore.json", f"signatures/{'d' * 120}.sigstore.json", "signatures/é.sigstore.json")
    more = []
    for name in names:
        more.append((tarfile.TarInfo(name), b"x"))
        more[-1][0].pax_headers = {"comment": f"xxh3_128 {digest_bytes(b'x')}"}
    back = archives.unpack(rewritten(as_tar, members=[*contained(as_tar), *more]), tmp_path / "back")

    assert back.signatures() == (*SIGNATURES, *names)


def test_a_signature_altered_on_its_way_is_refused(as_tar, refusal):
    """A tar has no check of what its members hold, so that of what no manifest lists stands in a header."""
    content = as_tar.read_bytes()
    at = content.index(b"{}", content.index(b"signatures/b"))

    message = refusal(as_tar, content[:at] + b"[]" + content[at + 2 :])

    assert "member 'signatures/b.sigstore.json': its digest differs: expected " in message


def test_the_manifest_altered_on_its_way_is_refused(as_tar, refusal):
    """A note with another letter would be a legal manifest, of another bundle."""
    content = as_tar.read_bytes()

    assert content.count(b"no git repository") == 1
    assert refusal(as_tar, content.replace(b"no git repository", b"no Git repository")).startswith(
        "archive 'tiny.tar': bytes 0 to 6131: member 'manifest.json': its digest differs: expected "
    )


def test_a_wrong_checksum_is_refused(as_tar, refusal):
    """The one check that a tar has of its own."""
    content = bytearray(as_tar.read_bytes())
    start = content.index(b"code/source/__init__.py\0")
    content[start + 148] ^= 1

    assert refusal(as_tar, bytes(content)).startswith(
        f"archive 'tiny.tar': byte {start + 148}: member 'code/source/__init__.py': checksum: expected b'0"
    )


def test_what_fills_up_a_block_is_zeros(as_tar, refusal):
    """Between members and behind them nothing can hide."""
    content = bytearray(as_tar.read_bytes())
    content[content.index(b"pass\n") + 100] = 1

    assert ": member 'code/source/éclair.py': filling: expected b'\\x00" in refusal(as_tar, bytes(content))


@pytest.mark.parametrize(("size", "wide"), [(8**11 - 1, False), (8**11, True), (8**11 + 1, True)])
def test_sizes_of_8_gib_stand_in_a_pax_header(tmp_path, size, wide):
    """Eleven octal digits hold less than 8 GiB; GNU tar and Python read what is larger, and the member behind it."""
    require("tar")
    members = [Member("large.bin", size, 0, "", 0)]
    with (tmp_path / "x.tar").open("wb") as file:
        file.write(tar_form.before(members[0]))
        file.seek(size, os.SEEK_CUR)
        file.write(tar_form.after(members[0]))
        members.append(Member("small.bin", 512, 0, "", file.tell()))
        file.write(tar_form.before(members[1]) + bytes(512))
        file.writelines(tar_form.ending(members, file.tell()))
    told = subprocess.run(["tar", "tvf", tmp_path / "x.tar"], capture_output=True, text=True)
    with tarfile.open(tmp_path / "x.tar") as opened:
        read = [(member.name, member.size) for member in opened]

    assert (len(tar_form.before(members[0])) == 3 * 512) == wide
    assert tar_form.next_member(tar_form.before(members[0]), 0).size == size
    assert (told.returncode, told.stderr) == (0, "")
    assert [line.split()[2] for line in told.stdout.splitlines()] == [str(size), "512"]
    assert read == [("large.bin", size), ("small.bin", 512)]
    assert (tmp_path / "x.tar").stat().st_size % 10240 == 0
