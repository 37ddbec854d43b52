"""Secrets in the files of a bundle that is being made."""

from __future__ import annotations

import planted
import pytest
from tiny import WEIGHTS, tiny_split

from reprobundle.components import data
from reprobundle.components.data.section import Section
from reprobundle.components.environment.locking.packing import drop_secrets
from reprobundle.components.interface import Stage
from reprobundle.secrecy.files import MAX_BINARY_BYTES, head_of, leaking, replace_secrets
from reprobundle.secrecy.gate import Gate
from reprobundle.secrecy.unpacking import MAX_BYTES
from reprobundle.store import Writer

DRAWN = planted.drawn("files")
TOKEN = DRAWN["hub-token"].encode()


def _cleaned(tmp_path, content: bytes, name: str = "a.txt") -> bytes:
    writer, gate = Writer(tmp_path), Gate()
    writer.write(name, content)
    for path, hits in list(leaking(writer, gate)):
        replace_secrets(writer, path, hits)
    (entry,) = writer.entries
    found = (tmp_path / name).read_bytes()

    assert entry.size == len(found)
    assert [place.name for place in tmp_path.iterdir()] == [name]
    return found


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"one\ntwo " + TOKEN + b" three\n", b"one\ntwo [left out: hub-token] three\n"),
        (b"\xff\xfe bytes \xe9 " + TOKEN, b"\xff\xfe bytes \xe9 [left out: hub-token]"),
        (b"a\0b " + TOKEN, b"[left out: hub-token]\n"),
        (planted.packed(TOKEN.decode()), b"[left out: hub-token]\n"),
        (b"ordinary\n", b"ordinary\n"),
    ],
)
def test_a_marker_stands_in_its_place(tmp_path, before, after):
    """The rest stays byte for byte; where the secret has no place of its own, the file says only that."""
    assert _cleaned(tmp_path, before) == after


def test_what_follows_the_searched_part_stays(tmp_path):
    """Only the start of a large text is read and changed."""
    rest = b"x\n" * (MAX_BYTES // 2) + b"the end"

    assert _cleaned(tmp_path, TOKEN + b"\n" + rest) == b"[left out: hub-token]\n" + rest


def test_how_much_is_searched(tmp_path):
    """Of a text 32 MiB, of another file 4 MiB, of weights the header."""
    for name, content in (
        ("a.txt", b"a" * (MAX_BYTES + 5)),
        ("b.bin", bytes(MAX_BINARY_BYTES + 5)),
        ("c.safetensors", WEIGHTS),
    ):
        (tmp_path / name).write_bytes(content)

    assert len(head_of(tmp_path / "a.txt")) == MAX_BYTES
    assert len(head_of(tmp_path / "b.bin")) == MAX_BINARY_BYTES
    assert head_of(tmp_path / "c.safetensors") == WEIGHTS[:-8]


def test_a_file_of_a_wheel_stays_out(tmp_path):
    """What a project's wheel would take along is looked at before it is packed."""
    gate = Gate()
    (tmp_path / "a").mkdir()
    (tmp_path / "a/key.py").write_bytes(b"key = '" + TOKEN + b"'\n")
    (tmp_path / "a/other.py").write_text("nothing\n")
    drop_secrets(tmp_path, "own", gate)

    assert [place.name for place in (tmp_path / "a").iterdir()] == ["other.py"]
    assert [(leak.path, leak.line) for leak in gate.leaks] == [("wheels/own/a/key.py", 1)]


def test_a_split_whose_listing_holds_one_is_left_out(tmp_path):
    """A listing is digested, so nothing in it is replaced; the other splits stay."""
    stage = Stage(Writer(tmp_path))
    section = Section(splits=(tiny_split("train", 12), tiny_split("test", 4)))
    for split in section.splits:
        stage.writer.write(split.listing, b"\n")
    kept = data.without_listed(section, [section.splits[0].listing], stage)

    assert [split.name for split in kept.splits] == ["test"]
    assert kept.left_out == ("train",)
    assert [note.message for note in stage.notes] == ["data split 'train': is left out: a secret stands in its listing"]
    assert [entry.path for entry in stage.writer.entries] == [section.splits[1].listing]
