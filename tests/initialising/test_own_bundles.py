"""A bundle tells of a project's training only while the project is as it was captured."""

from __future__ import annotations

import pytest
from tiny import tiny_manifest

from reprobundle.components import code
from reprobundle.initialising.own_bundles import is_of
from reprobundle.store.digests import FileEntry, digest_bytes

FILES = {
    "net.py": b"net",
    "config.yaml": b"epochs: 4",
    "metrics.json": b"{}",
    "README.md": b"read",
    "documentation/card.yaml": b"title: a",
    "reprobundle.yaml": b"name: a",
}


@pytest.mark.parametrize(
    ("changed", "same"),
    [
        ({}, True),
        ({"net.py": b"nex"}, False),
        ({"config.yaml": b"epochs: 8"}, False),
        ({"metrics.json": None}, True),
        ({"README.md": b"other"}, True),
        ({"documentation/card.yaml": b"title: b", "reprobundle.yaml": b"name: b"}, True),
    ],
)
def test_a_bundle_is_of_a_folder_only_as_it_was_captured(tmp_path, changed, same):
    """Another module, configuration or metric is of another training; pages and what this program writes are of none."""
    for name, content in {**FILES, **changed}.items():
        if content is not None:
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_bytes(content)
    entries = [
        FileEntry(path=f"code/source/{name}", size=len(content), xxh3_128=digest_bytes(content))
        for name, content in sorted(FILES.items())
    ]
    modules = (code.ImportedModule(name="net", path="code/source/net.py"),)
    manifest = tiny_manifest(code=tiny_manifest().code.model_copy(update={"modules": modules}))

    assert is_of(manifest.model_copy(update={"files": tuple(entries)}), tmp_path) is same
