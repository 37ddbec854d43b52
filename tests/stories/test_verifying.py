"""Nothing in a bundle can change without being noticed."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path
from typing import Any

import pytest
from forging import forged, write_manifest

import reprobundle
from reprobundle import bundle as bundles
from reprobundle.errors import NewerSchemaError, RefusedInputError
from reprobundle.store import list_files

FLIPS = 5  # in each file

pytestmark = pytest.mark.slow  # the bundle is made by a real training


@pytest.fixture
def copy(perceptron: Path, tmp_path: Path) -> Path:
    """A bundle to spoil."""
    return Path(shutil.copytree(perceptron, tmp_path / "copy"))


def refusal(folder: Path) -> str:
    """What verify says."""
    with pytest.raises(RefusedInputError) as caught:
        reprobundle.verify(folder)
    return str(caught.value)


def test_an_honest_bundle_verifies(perceptron: Path) -> None:
    """Every file is as listed."""
    verified = reprobundle.verify(perceptron)

    assert verified.manifest.proof.status == "bitwise"
    assert len(verified.id) == 32


def test_one_flipped_bit_in_any_file_is_refused(copy: Path) -> None:
    """A bit flipped in each file in turn: every one is refused, the manifest's own included."""
    generator = random.Random(5)
    survived = []
    for found in list_files(copy):
        place = copy / found.path
        original = place.read_bytes()
        for bit in generator.sample(range(8 * len(original)), k=min(FLIPS, 8 * len(original))):
            content = bytearray(original)
            content[bit // 8] ^= 1 << bit % 8
            place.write_bytes(content)
            if _verifies(copy):
                survived.append((found.path, bit))
        place.write_bytes(original)

    assert survived == []
    assert _verifies(copy)


def _verifies(folder: Path) -> bool:
    try:
        reprobundle.verify(folder)
    except RefusedInputError:
        return False
    return True


def test_a_missing_file_is_named(copy: Path) -> None:
    """A listed file that is not there."""
    (copy / "model.safetensors").unlink()

    assert refusal(copy) == "model.safetensors: is listed but missing"


def test_an_extra_file_is_named(copy: Path) -> None:
    """A file that is not listed, be it hidden."""
    (copy / ".hidden").write_text("x")

    assert refusal(copy) == ".hidden: is not listed in the manifest"


def test_a_longer_file_is_named_with_both_sizes(copy: Path) -> None:
    """One byte more is noticed before any digest is taken."""
    place = copy / "config.json"
    size = place.stat().st_size
    place.write_bytes(place.read_bytes() + b" ")

    assert refusal(copy) == f"config.json: size differs: expected {size} bytes, found {size + 1}"


def test_a_link_is_refused(copy: Path) -> None:
    """A symbolic link is refused even when it leads to the right bytes."""
    place = copy / "config.json"
    place.rename(copy.parent / "config.json")
    place.symlink_to(copy.parent / "config.json")

    assert refusal(copy) == "config.json: is a symbolic link, expected a regular file or a folder"


def test_a_pipe_is_refused_without_waiting(copy: Path) -> None:
    """A pipe in place of a file never makes the reader wait."""
    place = copy / "config.json"
    place.unlink()
    os.mkfifo(place)

    assert refusal(copy) == "config.json: is a device, pipe or socket, expected a regular file or a folder"


def test_an_empty_folder_is_refused(copy: Path) -> None:
    """Folders are only there for their files."""
    (copy / "empty").mkdir()

    assert refusal(copy) == "empty: is an empty folder, which a bundle cannot hold"


def test_a_folder_without_a_manifest_is_no_bundle(tmp_path: Path) -> None:
    """The message says what a bundle has."""
    with pytest.raises(RefusedInputError) as caught:
        reprobundle.verify(tmp_path)

    assert str(caught.value) == f"{str(tmp_path)!r} is not a bundle: it has no manifest.json"


MANIFEST_FLAWS = {
    "newer": ({"schema_version": 2}, "manifest.json: has schema version 2, this reprobundle reads up to 1"),
    "unknown key": ({"surprise": 1}, "manifest.json: surprise: there is no such field"),
}


@pytest.mark.parametrize("flaw", MANIFEST_FLAWS)
def test_a_manifest_with_a_flaw_is_refused(flaw: str, perceptron: Path, tmp_path: Path) -> None:
    """The message names the path of the fault."""
    change, message = MANIFEST_FLAWS[flaw]
    folder = forged(perceptron, tmp_path / "forged", lambda _, manifest: manifest.update(change))

    assert refusal(folder) == message


def test_a_newer_manifest_has_its_own_error(perceptron: Path, tmp_path: Path) -> None:
    """A caller can tell too new from broken."""
    folder = forged(perceptron, tmp_path / "forged", lambda _, manifest: manifest.update(schema_version=9))

    with pytest.raises(NewerSchemaError):
        reprobundle.verify(folder)


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "a/../../b", "C:\\x", "code//net.py", "con", "a\nb"])
def test_a_path_that_escapes_is_refused(path: str, copy: Path) -> None:
    """A listed path that breaks the grammar is refused before any file is touched."""
    import json

    manifest: dict[str, Any] = json.loads((copy / "manifest.json").read_bytes())
    manifest["files"][0]["path"] = path
    write_manifest(copy, manifest)

    assert refusal(copy).startswith("manifest.json: files[0].path: has ")


def test_a_truncated_weights_file_is_refused_although_its_digest_fits(perceptron: Path, tmp_path: Path) -> None:
    """verify reads the header of every safetensors file itself."""

    def edit(folder: Path, manifest: dict[str, Any]) -> None:
        place = folder / "model.safetensors"
        place.write_bytes(place.read_bytes()[:-4])

    message = refusal(forged(perceptron, tmp_path / "forged", edit))
    assert message.startswith("model.safetensors: the tensors need ")


def test_nan_in_the_manifest_is_refused(copy: Path) -> None:
    """NaN is not JSON."""
    place = copy / "manifest.json"
    place.write_bytes(place.read_bytes().replace(b'"lr": 0.1', b'"lr": NaN'))

    assert refusal(copy) == "manifest.json: holds NaN, which is not JSON: numbers must be finite"


def test_the_hub_own_attributes_may_stand_beside(copy: Path) -> None:
    """A .gitattributes made only of the Hub's lines is allowed, any other is not."""
    place = copy / ".gitattributes"
    place.write_bytes(b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n")
    reprobundle.verify(copy)
    place.write_bytes(b"* filter=evil\n")

    assert refusal(copy) == ".gitattributes: is not listed in the manifest"


def test_only_verify_makes_a_verified_bundle(perceptron: Path) -> None:
    """Trust is a type that nobody else can make."""
    with pytest.raises(TypeError, match="comes from"):
        bundles.VerifiedBundle(bundles.Bundle.open(perceptron), {}, _token=object())
