"""A split on a store of the kind of S3, a real server on loopback: the same as on disk, streamed, memory bounded."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.request

import numpy as np
import pytest
from support import require

for library in ("moto", "s3fs"):
    require(library)

from reprobundle.components.data.given import How
from reprobundle.components.data.reading import read

KEYS = {"key": "AKIAEXAMPLE", "secret": "loopback-secret"}
LARGE = 130 * 2**20 + 11
MOST_MEMORY = 96 * 2**20  # beside what the libraries take
MEASURE = """
import json, pathlib, sys
from reprobundle.components.data.given import How
from reprobundle.components.data.reading import read
url, other, options = json.loads(sys.argv[1])
how = How(storage_options=options)
read(other, how)
def status(field):
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(field))) * 1024
pathlib.Path("/proc/self/clear_refs").write_text("5")  # the peak starts anew
before = status("VmRSS")
reading = read(url, how)
print(json.dumps([reading.ordered, status("VmHWM") - before]))
"""


@pytest.fixture(scope="module")
def options():
    """A server in a process of its own, and how it is entered."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    endpoint = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{endpoint}/moto-api/data.json", timeout=5).close()
                break
            except OSError:
                assert server.poll() is None, "the server ended"
                time.sleep(0.1)
        yield {**KEYS, "client_kwargs": {"endpoint_url": endpoint, "region_name": "eu-west-1"}}
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="module")
def folder(options, tmp_path_factory):
    """A folder, and the same on the server."""
    import s3fs

    root = tmp_path_factory.mktemp("s3") / "data"
    root.mkdir()
    random = np.random.default_rng(0)
    for name, size in {"a/one": 10, "a/two.bin": 5 * 2**20, "b/empty": 0, "large.bin": LARGE}.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(random.bytes(size))
    np.save(root / "rows.npy", random.normal(size=(50, 3)))
    store = s3fs.S3FileSystem(**options)
    store.mkdir("bucket")
    store.put(str(root), "bucket/data", recursive=True)
    return root


def test_a_prefix_is_as_on_disk(folder, options):
    """Count, digests, listing and parts of a prefix on the server are those of the folder."""
    found, expected = read("s3://bucket/data", How(storage_options=options)), read(folder, How(cached=False))

    assert (found.count, found.ordered, found.unordered) == (expected.count, expected.ordered, expected.unordered)
    assert (list(found.rows), found.parts) == (list(expected.rows), expected.parts)


def test_a_pattern_is_as_on_disk(folder, options):
    """So is a pattern."""
    found = read("s3://bucket/data/a/*", How(storage_options=options))

    assert found.ordered == read(str(folder / "a" / "*"), How(cached=False)).ordered


def test_a_known_form_is_read_by_content(folder, options):
    """Rows of an array on the server are samples, as they are on disk."""
    found = read("s3://bucket/data/rows.npy", How(storage_options=options))

    assert (found.kind, found.count) == ("array", 50)
    assert found.ordered == read(folder / "rows.npy").ordered


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="its own peak of memory is read from /proc")
def test_a_large_object_streams(folder, options):
    """An object larger than the bound is digested in less memory than it has bytes."""
    job = json.dumps(["s3://bucket/data/large.bin", "s3://bucket/data/a/one", options])

    done = subprocess.run([sys.executable, "-c", MEASURE, job], capture_output=True, text=True, check=True)

    ordered, memory = json.loads(done.stdout)
    assert ordered == read(folder / "large.bin", How(cached=False)).ordered
    assert memory < MOST_MEMORY, f"{memory / 2**20:.0f} MiB"


def test_a_wrong_key_is_not_told(folder, options):
    """A store that refuses is told of, the keys are not."""
    keys = "AKIAEXAMPLE:loopback-secret"  # apart from the address: this file is the source of captures of other tests
    refused = {**options, "client_kwargs": {**options["client_kwargs"], "endpoint_url": "http://127.0.0.1:9"}}

    found = read(f"s3://{keys}@bucket/data/none", How(storage_options=refused))

    assert not any(secret in found.why for secret in (*KEYS.values(), os.sep + "tmp"))
