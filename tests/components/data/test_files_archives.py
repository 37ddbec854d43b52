"""Archives: the digests of the folder they were packed from; broken, hostile and ambiguous ones are refused."""

import io
import os
import shutil
import stat
import tarfile
import zipfile

import pytest

from reprobundle.components.data.files import archives, read_place
from reprobundle.components.data.given import How
from reprobundle.errors import RefusedInputError, UsageError

ANEW = How(cached=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Files of several kinds, one of them of two parts."""
    root = tmp_path_factory.mktemp("packed")
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "one").write_bytes(b"1" * 1000)
    (root / "a" / "b" / "ü").write_bytes(b"2")
    (root / "empty").write_bytes(b"")
    (root / "zeros").write_bytes(bytes(2**26 + 1))
    return root


def tar_of(place, *members: tuple[tarfile.TarInfo, bytes]):
    with tarfile.open(place, "w") as file:
        for info, content in members:
            info.size = len(content)
            file.addfile(info, io.BytesIO(content))
    return place


def info(name: str, **values) -> tarfile.TarInfo:
    found = tarfile.TarInfo(name)
    for key, value in values.items():
        setattr(found, key, value)
    return found


@pytest.mark.parametrize("form", ["zip", "tar", "gztar", "bztar", "xztar"])
def test_an_archive_has_the_digests_of_its_folder(folder, tmp_path, form):
    """Listing and parts are those of the folder it was packed from."""
    packed = shutil.make_archive(str(tmp_path / "x"), form, root_dir=folder)

    found, expected = read_place(packed, ANEW), read_place(folder, ANEW)

    assert found.kind == "archive"
    assert (list(found.rows.lines()), found.parts) == (list(expected.rows.lines()), expected.parts)


def test_by_bytes_it_is_one_file(folder, tmp_path):
    """Who wants the bytes of the archive itself gets them."""
    packed = shutil.make_archive(str(tmp_path / "x"), "tar", root_dir=folder / "a")

    found = read_place(packed, How(cached=False, as_bytes=True))

    assert (found.kind, found.rows[0].name) == ("file", "x.tar")


def test_hostile_names_are_data(tmp_path):
    """Names that lead elsewhere are listed as they are; nothing is written anywhere."""
    place = tar_of(tmp_path / "x.tar", (info("../../up"), b"1"), (info("/root/abs"), b"2"), (info("a\nb"), b"3"))

    names = [row.name for row in read_place(place, ANEW).rows]

    assert names == ["../../up", "/root/abs", "a\\nb"]
    assert os.listdir(tmp_path) == ["x.tar"]


def test_links_lead_to_files_of_the_archive(tmp_path):
    """Hard and symbolic links to files in it count as files; others are left out and named."""
    place = tar_of(
        tmp_path / "x.tar",
        (info("d/real"), b"1"),
        (info("d/soft", type=tarfile.SYMTYPE, linkname="../d/real"), b""),
        (info("d/hard", type=tarfile.LNKTYPE, linkname="d/real"), b""),
        (info("d/out", type=tarfile.SYMTYPE, linkname="/etc/passwd"), b""),
        (info("d/loop", type=tarfile.SYMTYPE, linkname="loop"), b""),
        (info("pipe", type=tarfile.FIFOTYPE), b""),
    )

    found = read_place(place, ANEW)

    assert [row.name for row in found.rows] == ["d/hard", "d/real", "d/soft"]
    assert len({row.digest for row in found.rows}) == 1
    assert found.left_out == ("d/loop", "d/out", "pipe")


def test_links_in_a_zip_are_links(tmp_path):
    """A symbolic link packed as such is the file it leads to."""
    place = tmp_path / "x.zip"
    with zipfile.ZipFile(place, "w") as file:
        file.writestr("real", b"1")
        link = zipfile.ZipInfo("link")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(link, b"real")

    rows = read_place(place, ANEW).rows

    assert [(row.name, row.size) for row in rows] == [("link", 1), ("real", 1)]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("form", ["zip", "tar"])
def test_a_name_twice_is_refused(tmp_path, form):
    """Two members of one name: nobody knows which counts."""
    place = tmp_path / f"x.{form}"
    if form == "tar":
        tar_of(place, (info("a"), b"1"), (info("./a"), b"2"))
    else:
        with zipfile.ZipFile(place, "w") as file:
            file.writestr("a", b"1")
            file.writestr("a", b"2")

    with pytest.raises(RefusedInputError) as caught:
        read_place(place, ANEW)

    assert str(caught.value) == f"'x.{form}': holds 'a' twice"


def test_an_encrypted_member_is_refused(tmp_path):
    """What cannot be read without a password is refused by name, before anything is read."""
    place = tmp_path / "x.zip"
    with zipfile.ZipFile(place, "w") as file:
        file.writestr("secret", b"1")
    whole = place.read_bytes()
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        at = whole.index(mark) + offset
        whole = whole[:at] + b"\1" + whole[at + 1 :]
    place.write_bytes(whole)

    with pytest.raises(RefusedInputError) as caught:
        read_place(place, ANEW)

    assert str(caught.value) == "'x.zip': 1 file encrypted: 'secret'"


def test_a_bomb_is_refused(tmp_path, monkeypatch):
    """An archive that unpacks to far more than its own size is not read to its end."""
    monkeypatch.setattr(archives, "FREE_BYTES", 1000)
    with zipfile.ZipFile(tmp_path / "x.zip", "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("zeros", bytes(2**22))

    with pytest.raises(RefusedInputError) as caught:
        read_place(tmp_path / "x.zip", ANEW)

    assert str(caught.value) == "'x.zip': unpacks to more than 200 times its own size"


@pytest.mark.parametrize("form", ["zip", "tar", "gztar", "bztar", "xztar"])
@pytest.mark.parametrize("left", [0.3, 0.6, 0.95])
def test_a_cut_archive_is_refused(tmp_path, form, left):
    """An archive that ends too early is never read as one with fewer files."""
    source = tmp_path / "source"
    source.mkdir()
    for number in range(8):
        (source / f"{number}").write_bytes(os.urandom(20_000))
    packed = shutil.make_archive(str(tmp_path / "x"), form, root_dir=source)
    size = os.path.getsize(packed)
    os.truncate(packed, int(size * left) // 512 * 512)

    with pytest.raises(RefusedInputError) as caught:
        read_place(packed, ANEW)

    assert "is no whole archive: " in str(caught.value)


def test_a_broken_header_is_not_the_end(tmp_path):
    """A member whose header is broken makes the archive broken, not shorter."""
    place = tar_of(tmp_path / "x.tar", (info("a"), b"1"), (info("b"), b"2"), (info("c"), b"3"))
    whole = bytearray(place.read_bytes())
    whole[1024] ^= 1
    place.write_bytes(whole)

    with pytest.raises(RefusedInputError) as caught:
        read_place(place, ANEW)

    assert str(caught.value) == "'x.tar': is no whole archive: broken or cut at byte 1024: bad checksum"


def test_a_changed_byte_in_a_zip_is_refused(tmp_path):
    """A member that is not what was packed is told by the archive's own checksum."""
    place = tmp_path / "x.zip"
    with zipfile.ZipFile(place, "w") as file:
        file.writestr("a", b"content")
    place.write_bytes(place.read_bytes().replace(b"content", b"contenT"))

    with pytest.raises(RefusedInputError) as caught:
        read_place(place, ANEW)

    assert str(caught.value) == "'x.zip': is no whole archive: Bad CRC-32 for file 'a'"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
@pytest.mark.parametrize("name", ["x.zip", "x.tar", "x.tar.gz", "x"])
def test_a_pipe_called_an_archive_is_not_waited_for(tmp_path, name):
    """Only a regular file is opened, whatever it is called."""
    os.mkfifo(tmp_path / name)
    with pytest.raises(UsageError) as caught:
        read_place(tmp_path / name, ANEW)

    assert str(caught.value) == f"{str(tmp_path / name)!r}: no regular file or folder"
