"""What the tests of archives share: a signed bundle, its archive in each form, and what a reader says of a spoiled one."""

from __future__ import annotations

import os

import pytest
from tiny import WEIGHTS, bare_manifest

from reprobundle import bundle as bundles
from reprobundle.bundle import verify
from reprobundle.errors import RefusedInputError
from reprobundle.exports import archives
from reprobundle.store import Writer, staging

SIGNATURES = ("signatures/a.sigstore.json", "signatures/b.sigstore.json")
LONG = "code/source/" + "long/" * 20 + "module.py"


@pytest.fixture
def bundle(tmp_path):
    """A signed bundle with an empty file, a folder, a name beyond ASCII and a long one."""
    with staging(tmp_path / "tiny") as place:
        writer = Writer(place)
        writer.write("model.safetensors", WEIGHTS)
        writer.write("documentation/card.yaml", b'"title": "Tiny"\n')
        writer.write("code/source/éclair.py", b"pass\n")
        writer.write("code/source/__init__.py", b"")
        writer.write(LONG, b"x = 1\n")
        bundles.seal(writer, bare_manifest())
    (tmp_path / "tiny" / "signatures").mkdir()
    for path in SIGNATURES:
        (tmp_path / "tiny" / path).write_text("{}")
    return verify(tmp_path / "tiny")


@pytest.fixture(params=["zip", "tar"])
def archive(request, bundle, tmp_path):
    """The bundle as one file, in each form."""
    return archives.pack(bundle, tmp_path / f"tiny.{request.param}").path


@pytest.fixture
def as_zip(bundle, tmp_path):
    return archives.pack(bundle, tmp_path / "tiny.zip").path


@pytest.fixture
def as_tar(bundle, tmp_path):
    return archives.pack(bundle, tmp_path / "tiny.tar").path


@pytest.fixture
def refusal():
    """What is said of a spoiled archive: the same by `unpack` and `verify`, and nothing is left."""

    def say(archive, content=None):
        if content is not None:
            archive.write_bytes(content)
        with pytest.raises(RefusedInputError) as unpacking:
            archives.unpack(archive, archive.parent / "unpacked")
        with pytest.raises(RefusedInputError) as verifying:
            archives.verify(archive)
        assert str(verifying.value) == str(unpacking.value)
        assert [name for name in os.listdir(archive.parent) if "unpacked" in name] == []
        return str(unpacking.value)

    return say
