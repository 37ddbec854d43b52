"""Files of a split: what counts as one, its digest, and what is refused."""

import os
import socket
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
import xxhash

from reprobundle.components.data.files import PART_BYTES, PartRow, alone, folders, places, read_place, sharing, walking
from reprobundle.components.data.files.reading import PartsDigest
from reprobundle.components.data.given import How
from reprobundle.errors import RefusedInputError, UnavailableError, UsageError

ANEW = How(cached=False)


def write(folder: Path, **contents: bytes) -> Path:
    for name, content in contents.items():
        place = folder / name.replace("__", "/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    return folder


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A file of two parts and a bit, of which most is a hole."""
    place = tmp_path_factory.mktemp("large") / "large.bin"
    with place.open("wb") as file:
        for part in range(3):
            file.seek(part * PART_BYTES)
            file.write(bytes([part + 1]))
        file.truncate(2 * PART_BYTES + 5)
    return place


def test_a_small_file_has_the_digest_of_its_bytes(tmp_path):
    """A file of at most 64 MiB has the XXH3-128 of its bytes, at any size around what one read brings."""
    sizes = [0, 1, alone.SMALL - 1, alone.SMALL, alone.SMALL + 1, 2**20 + 1]
    for size in sizes:
        (tmp_path / f"{size:08}").write_bytes(os.urandom(size))

    rows = read_place(tmp_path, ANEW).rows

    assert [row.size for row in rows] == sizes
    assert all(row.digest == xxhash.xxh3_128_hexdigest((tmp_path / row.name).read_bytes()) for row in rows)


def test_a_large_file_has_the_digest_of_its_parts(large):
    """A larger file has the XXH3-128 of the digests of its 64-MiB parts, which are listed."""
    with large.open("rb") as file:
        digests = [xxhash.xxh3_128_digest(file.read(PART_BYTES)) for _ in range(3)]

    found = read_place(large, ANEW)

    assert found.rows[0].digest == xxhash.xxh3_128_hexdigest(b"".join(digests))
    assert found.parts == tuple(
        PartRow(digest.hex(), number * PART_BYTES, "large.bin") for number, digest in enumerate(digests)
    )


def test_pieces_of_any_length_give_one_digest(large):
    """A file that comes piece by piece has the same digest and parts, wherever the pieces end."""
    whole = PartsDigest()
    with large.open("rb") as file:
        while piece := file.read(7 * 2**20 + 3):
            whole.update(piece)

    digest, parts = whole.finish()

    found = read_place(large, ANEW)
    assert (digest.hex(), parts.hex()) == (found.rows[0].digest, "".join(part.digest for part in found.parts))


def test_a_file_of_one_part_has_none(tmp_path):
    """A file of exactly 64 MiB is digested in one piece."""
    state = PartsDigest()
    state.update(bytes(PART_BYTES))

    assert state.finish() == (xxhash.xxh3_128_digest(bytes(PART_BYTES)), b"")


def test_rows_are_sorted_by_name_wherever_they_lie(tmp_path):
    """The rows of a folder are sorted by the whole path, not folder by folder."""
    write(tmp_path, a__x=b"1", a__b__y=b"2", **{"a-c": b"3", "a__z": b"4", "b": b"5"})

    assert [row.name for row in read_place(tmp_path, ANEW).rows] == ["a-c", "a/b/y", "a/x", "a/z", "b"]


def test_strange_names_are_data(tmp_path):
    """Names with a newline, a backslash, or bytes that are no UTF-8 stand escaped."""
    for name in (b"new\nline", b"back\\slash", b"\xff\xfe", "ü".encode()):
        with open(os.path.join(os.fsencode(tmp_path), name), "wb") as file:
            file.write(name)

    rows = read_place(tmp_path, ANEW).rows

    assert [row.name for row in rows] == ["back\\\\slash", "new\\nline", "\\xfc", "\\udcff\\udcfe"]
    assert rows[3].digest == xxhash.xxh3_128_hexdigest(b"\xff\xfe")


def test_links_to_files_count_and_links_to_folders_do_not(tmp_path):
    """A link to a file is a file; linked folders, pipes, sockets and broken links are left out and named."""
    write(tmp_path, real__one=b"1")
    os.symlink("one", tmp_path / "real" / "link")
    os.symlink("real", tmp_path / "linked")
    os.symlink("nowhere", tmp_path / "broken")
    os.mkfifo(tmp_path / "pipe")
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(os.path.relpath(tmp_path / "socket"))

    found = read_place(tmp_path, ANEW)

    listening.close()
    assert [row.name for row in found.rows] == ["real/link", "real/one"]
    assert found.left_out == ("broken", "linked", "pipe", "socket")
    assert found.remarks == ("left out 4 linked folders or special files: 'broken', 'linked', 'pipe' and 1 more",)


def test_unreadable_files_are_told_together(tmp_path, monkeypatch):
    """All files that cannot be read are in one message: the first few by name, the others as a number."""
    write(tmp_path, **dict.fromkeys("abcdef", b"x"))
    digesting = folders.Digesting(folders.Wanted(str(tmp_path), (walking.Part("", list("abcdef")),)))
    failures = dict.fromkeys((0, 1, 3, 5), 13)

    with pytest.raises(UnavailableError) as caught:
        folders.refuse(digesting.names, failures)

    assert str(caught.value) == (
        "4 files cannot be read: 'a' (Permission denied), 'b' (Permission denied), 'd' (Permission denied) and 1 more"
    )


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is unreadable for root")
def test_a_locked_file_is_unreadable(tmp_path):
    """A file without the right to read it is one that cannot be read."""
    write(tmp_path, open=b"1", locked=b"2")
    (tmp_path / "locked").chmod(0)

    with pytest.raises(UnavailableError) as caught:
        read_place(tmp_path, ANEW)

    assert str(caught.value) == "1 file cannot be read: 'locked' (Permission denied)"


def test_a_file_that_goes_while_read_changed(tmp_path):
    """A file that was listed and is gone when it is to be read has changed; so has one that is a pipe by then."""
    write(tmp_path, here=b"1")
    os.mkfifo(tmp_path / "pipe")
    wanted = folders.Wanted(str(tmp_path), (walking.Part("", ["gone", "here", "pipe"]),))

    with pytest.raises(RefusedInputError) as caught:
        folders.Digesting(wanted).finish()

    assert str(caught.value) == "2 files changed while read: 'gone', 'pipe'"


@pytest.mark.parametrize("size", [4096, 2**20], ids=["one read", "in blocks"])
def test_a_file_that_is_written_while_read_is_refused_or_whole(tmp_path, size):
    """While somebody writes to a file, its digest is that of one state of it, or it is refused by name."""
    place = tmp_path / "busy"
    states = {bytes([letter]) * size for letter in (1, 2)}
    place.write_bytes(next(iter(states)))
    known = {xxhash.xxh3_128_hexdigest(state) for state in states}
    stop = threading.Event()

    def write_on() -> None:
        while not stop.is_set():
            for state in states:
                place.write_bytes(state)

    thread = threading.Thread(target=write_on)
    thread.start()
    try:
        seen = [digest_or_refusal(place) for _ in range(30)]
    finally:
        stop.set()
        thread.join()

    assert all(one == "1 file changed while read: 'busy'" or one[1] in known or one[0] < size for one in seen)


def digest_or_refusal(place: Path) -> tuple[int, str] | str:
    try:
        row = read_place(place, ANEW).rows[0]
    except RefusedInputError as error:
        return str(error)
    return row.size, row.digest


def test_many_files_are_shared_with_another_process(tmp_path, monkeypatch):
    """Digests do not depend on which process took them, nor on one that does not start."""
    for number in range(60):
        write(tmp_path, **{f"{number % 3}__{number:03}": os.urandom(number)})
    alone_rows = read_place(tmp_path, ANEW).rows
    monkeypatch.setattr(sharing, "WORTH_A_PROCESS", 1)
    monkeypatch.setattr(sharing, "processors", lambda: 3)
    monkeypatch.setattr(folders, "BATCH", 4)

    shared_rows = read_place(tmp_path, ANEW).rows
    monkeypatch.setattr(alone, "__file__", os.devnull)
    rows_without = read_place(tmp_path, ANEW).rows

    assert shared_rows == alone_rows
    assert rows_without == alone_rows


def test_another_process_answers_what_this_one_would(tmp_path):
    """The script gives for a batch what the function gives, failures included."""
    write(tmp_path, one=b"1", two=b"22")
    batch = sharing.Batch(str(tmp_path), ["one", "gone", "two"], range(3))

    here = alone.digest_batch(str(tmp_path), batch.names, 2**62)

    assert answers_elsewhere(batch) == [(batch, here)]
    assert list(sharing.columns_of(here)[0]) == [alone.DONE, alone.CHANGED, alone.DONE]


def answers_elsewhere(*batches):
    """What another process answers, and nobody here."""
    left, answered = sharing._Left(), sharing.deque()
    left.put(*batches)
    left.close()
    sharing._serve(left, answered)
    return list(answered)


def test_a_process_that_ends_costs_no_file(tmp_path, monkeypatch):
    """Batches that another process took and did not answer are done here."""
    write(tmp_path, one=b"1", ends=f"print({alone.GREETING.decode().strip()!r})".encode())
    monkeypatch.setattr(alone, "__file__", str(tmp_path / "ends"))
    monkeypatch.setattr(sharing, "WORTH_A_PROCESS", 1)
    monkeypatch.setattr(sharing, "processors", lambda: 2)
    batches = [sharing.Batch(str(tmp_path), ["one"], [number]) for number in range(6)]
    with closing(sharing.Sharing()) as shared:
        for batch in batches:
            shared.offer(batch)
        wait_until(lambda: shared._threads[0].is_alive() is False)
        answers = list(shared.answers())

    assert sorted(batch.indices for batch, _ in answers) == [[0], [1], [2], [3], [4], [5]]


def test_files_are_read_while_others_are_looked_for(tmp_path, monkeypatch):
    """A process begins with what was found so far, and takes no more ahead than it will answer."""
    write(tmp_path, one=b"1")
    monkeypatch.setattr(sharing, "WORTH_A_PROCESS", 1)
    monkeypatch.setattr(sharing, "processors", lambda: 2)
    with closing(sharing.Sharing()) as shared:
        for number in range(9):
            shared.offer(sharing.Batch(str(tmp_path), ["one"], [number]))
        wait_until(lambda: len(shared._answered) == 9)

        assert len(list(shared.answers())) == 9


def wait_until(condition):
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_pattern_gives_its_files_sorted(tmp_path):
    """A pattern is a list of the files it matches, sorted; ** goes into folders; folders themselves do not count."""
    write(tmp_path, b__2=b"2", a=b"1", b__c__3=b"3")

    found = read_place(str(tmp_path / "**"), ANEW)

    assert found.kind == "files"
    assert [row.name for row in found.rows] == ["a", "b/2", "b/c/3"]


def test_a_path_that_looks_like_a_pattern_is_taken_as_spelled(tmp_path):
    """What exists under its very name is no pattern."""
    write(tmp_path, **{"x[1]": b"1", "x1": b"2"})

    found = read_place(str(tmp_path / "x[1]"), ANEW)

    assert (found.kind, found.rows[0].name) == ("file", "x[1]")


def test_a_pattern_that_matches_nothing_is_refused(tmp_path, monkeypatch):
    """A pattern without a match is a wrong argument."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(UsageError) as caught:
        read_place("data/*.png", ANEW)

    assert str(caught.value) == "no file matches 'data/*.png'"


def test_a_list_keeps_its_order(tmp_path):
    """The files of a list stand in its order, named relative to the folder they share."""
    write(tmp_path, d__b=b"1", d__a=b"2", c=b"3")

    found = read_place([tmp_path / "d" / "b", tmp_path / "c", tmp_path / "d" / "a"], ANEW)

    assert [row.name for row in found.rows] == ["d/b", "c", "d/a"]


def test_a_list_names_all_that_is_missing(tmp_path):
    """Folders and paths that are not there are told together."""
    write(tmp_path, a=b"1")

    with pytest.raises(UsageError) as caught:
        read_place([tmp_path, tmp_path / "a", tmp_path / "b"], ANEW)

    assert str(caught.value) == f"2 paths of the list: no regular file: {str(tmp_path)!r}, {str(tmp_path / 'b')!r}"
    assert caught.value.hint == "paths are taken from the folder you are in"


def test_a_list_of_texts_is_told_how_to_be_given():
    """Texts are taken for paths; where none is a file, the hint says how texts are given."""
    with pytest.raises(UsageError) as caught:
        read_place(["a text", "another"], ANEW)

    assert str(caught.value) == "2 paths of the list: no regular file: 'a text', 'another'"
    assert caught.value.hint == "texts that are the samples themselves are given as an array, numpy.array(texts)"


def test_classes_are_the_first_folders(tmp_path):
    """Where each file lies in a folder, and there are at least two, the first folder is its class."""
    write(tmp_path, cat__1=b"1", cat__2=b"2", dog__small__1=b"3")

    labels = read_place(tmp_path, ANEW).labels

    assert [(label.label, label.count) for label in labels] == [("cat", 2), ("dog", 1)]


def test_a_file_beside_the_folders_is_of_no_class(tmp_path):
    """One file outside of them, and folders are no classes."""
    write(tmp_path, cat__1=b"1", dog__1=b"2", readme=b"3")

    assert read_place(tmp_path, ANEW).labels is None


def test_statistics_come_from_texts_in_the_order_of_names(tmp_path):
    """Texts and pictures of a folder are described; other files are not."""
    write(tmp_path, **{f"{number:02}.txt": b"word " * number for number in range(1, 21)}, other=b"x")

    found = read_place(tmp_path, ANEW)

    assert found.statistics.samples == 20
    assert read_place(tmp_path, How(cached=False, statistics=False)).statistics is None


def test_progress_ends_with_all_bytes(tmp_path):
    """The last that is told is all bytes of all."""
    write(tmp_path, a=b"1" * 10, b=b"2" * 100_000, c__d=b"3" * 1000)
    told = []

    read_place(tmp_path, How(cached=False, progress=lambda done, total: told.append((done, total))))

    assert told[-1] == (101_010, 101_010)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_special_file_is_no_split(tmp_path):
    """A pipe is refused without waiting for a writer."""
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(UsageError) as caught:
        read_place(tmp_path / "pipe", ANEW)

    assert str(caught.value) == f"{str(tmp_path / 'pipe')!r}: no regular file or folder"


def test_relative_names_have_slashes():
    """Names are relative to the folder that all files share."""
    root = os.path.abspath(os.sep)

    assert places.relative([os.path.join(root, "a", "b"), os.path.join(root, "a", "c", "d")]) == (
        os.path.join(root, "a"),
        ["b", "c/d"],
    )
