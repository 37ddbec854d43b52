"""Files behind URLs: the same as on a disk, and nothing said of how the store was entered."""

import os

import pytest
import xxhash

from reprobundle.components.data.files import read_place
from reprobundle.components.data.given import How
from reprobundle.components.data.sources import remote
from reprobundle.components.data.sources.urls import is_url, local_path, name_of, shown, without_secrets
from reprobundle.errors import RefusedInputError, UnavailableError, UsageError

ANEW = How(cached=False)
fsspec = pytest.importorskip("fsspec")


@pytest.fixture
def folder(tmp_path):
    """A folder, and the same in fsspec's memory."""
    store = fsspec.filesystem("memory")
    root = tmp_path / "top"
    for name, size in {"a/one": 10, "a/two.bin": remote.RANGE_BYTES + 3, "b/c/three": 2**26 + 7, "empty": 0}.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(os.urandom(size))
        store.pipe(f"/top/{name}", place.read_bytes())
    yield root
    store.rm("/top", recursive=True)


def test_a_folder_is_as_on_disk(folder):
    """Rows, parts and order of a folder behind a URL are those of the same folder on a disk."""
    found, expected = read_place("memory://top", ANEW), read_place(folder, ANEW)

    assert found.kind == "folder"
    assert (list(found.rows.lines()), found.parts) == (list(expected.rows.lines()), expected.parts)


def test_one_file_is_as_on_disk(folder):
    """So is one file."""
    assert read_place("memory://top/b/c/three", ANEW) == read_place(folder / "b" / "c" / "three", ANEW)


def test_a_pattern_is_as_on_disk(folder):
    """So is a pattern."""
    found = read_place("memory://top/a/*", ANEW)

    assert found == read_place(str(folder / "a" / "*"), ANEW)


def test_a_list_is_as_on_disk(folder):
    """So is a list, in its order."""
    names = ["b/c/three", "a/one"]

    found = read_place([f"memory://top/{name}" for name in names], ANEW)

    assert found == read_place([folder / name for name in names], ANEW)


def test_a_file_url_is_its_path(folder):
    """A file:// URL gives what the path gives."""
    assert read_place(f"file://{folder}", ANEW) == read_place(folder, ANEW)
    assert read_place([f"file://{folder}/a/one"], ANEW) == read_place([folder / "a" / "one"], ANEW)


def test_paths_and_urls_do_not_mix(folder):
    """A list is of one kind."""
    with pytest.raises(UsageError) as caught:
        read_place(["memory://top/a/one", folder / "a" / "one"], ANEW)

    assert str(caught.value) == "lists 1 URL among paths, expected one kind of them"


def test_it_is_brought_where_a_path_is_needed(folder):
    """A file that is read by content comes to a private folder under its own name, and goes again."""
    with remote.brought("memory://top/a/two.bin", ANEW) as place:
        content, mode = place.read_bytes(), place.parent.stat().st_mode & 0o777

    assert content == (folder / "a" / "two.bin").read_bytes()
    assert (place.name, mode, place.exists()) == ("two.bin", 0o700, False)


def test_a_file_that_changes_between_two_requests_is_refused(folder, monkeypatch):
    """A file of another size than the store said when it was listed changed."""
    store = fsspec.filesystem("memory")
    plain = type(store).cat_file

    def cat_file(self, path, start=None, end=None, **options):
        content = plain(self, path, start=start, end=end, **options)
        return content[:-1] if path.endswith("two.bin") and start else content

    monkeypatch.setattr(type(store), "cat_file", cat_file)
    with pytest.raises(RefusedInputError) as caught:
        read_place("memory://top", ANEW)

    assert str(caught.value) == "1 file changed while read: 'a/two.bin'"


def test_failures_are_told_together(folder, monkeypatch):
    """Files that a store does not give are in one message, with nothing of a key."""
    store = fsspec.filesystem("memory")

    def cat_file(self, path, start=None, end=None, **options):
        raise PermissionError("https://user:secret@host/x?X-Signature=abc with key KEY123 is not allowed")

    monkeypatch.setattr(type(store), "cat_file", cat_file)
    with pytest.raises(UnavailableError) as caught:
        read_place("memory://top", How(cached=False, storage_options={"key": "KEY123"}))

    why = "PermissionError: https://host/x with key … is not allowed"
    assert str(caught.value) == (f"3 files cannot be read: 'a/one' ({why}), 'a/two.bin' ({why}), 'b/c/three' ({why})")


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("memory://nowhere", "no file or folder 'memory://nowhere'"),
        ("memory://nowhere/*.png", "no file matches 'memory://nowhere/*.png'"),
        ("nosuch://user:secret@host/x?token=secret", "'nosuch://host/x': Protocol not known: nosuch"),
    ],
)
def test_what_is_not_there_is_said_without_keys(url, message):
    """A URL that leads nowhere is a wrong argument, shown without what it is entered with."""
    with pytest.raises(UsageError) as caught:
        read_place(url, ANEW)

    assert str(caught.value) == message


def test_what_is_a_url():
    """A scheme of two letters or more is; a drive and a colon in a name are not."""
    assert [is_url(text) for text in ("s3://b/k", "simplecache::s3://b", "C:\\x", "c:/x", "a:b", "dir/x")] == [
        True, True, False, False, False, False,
    ]  # fmt: skip


def test_parts_of_urls():
    """Names, local paths and what is shown."""
    assert local_path("file:///C:/data/x") == "C:/data/x"
    assert local_path("file:///data/x") == "/data/x"
    assert local_path("s3://bucket/x") is None
    assert name_of("https://host/a/train%20set.csv?sig=x#y") == "train set.csv"
    assert shown("https://user:pass@host/a?sig=x#y") == "https://host/a"
    assert without_secrets("key abcd, a", "s3://x", How(storage_options={"a": {"b": ["abcd", "a"]}})) == "key …, a"


def test_a_web_server_streams(tmp_path):
    """A file behind http comes in one request, from a server that knows no ranges."""
    pytest.importorskip("aiohttp")
    import functools
    import http.server
    import threading

    content = os.urandom(2**20)
    (tmp_path / "x.bin").write_bytes(content)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        row = read_place(f"http://127.0.0.1:{server.server_port}/x.bin?token=secret", ANEW).rows[0]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

    assert (row.name, row.size, row.digest) == ("x.bin", len(content), xxhash.xxh3_128_hexdigest(content))
