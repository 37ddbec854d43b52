"""What is done to a folder after it was signed is found by every reader, and by the right one in spite of a manifest made to fit."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from signing_forging import flip, refit
from signing_outcomes import ACCEPTED, OTHER_CONTENTS, outcome

from reprobundle.bundle import verify
from reprobundle.signing import CertificateSigner, KeySigner, sign

FILES = (
    "data/test.txt",
    "data/train.txt",
    "documentation/card.yaml",
    "environment/requirements.txt",
    "manifest.json",
    "model.safetensors",
)


def _swap(folder: Path) -> None:
    one, other = folder / "notes/one.txt", folder / "notes/two.txt"
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)


def _link(folder: Path) -> None:
    weights = folder / "model.safetensors"
    weights.rename(folder.parent / "elsewhere")
    weights.symlink_to(folder.parent / "elsewhere")


TREES: dict[str, tuple[Callable[[Path], object], str]] = {
    **{f"a byte of {path}": (lambda folder, path=path: flip(folder / path), path) for path in FILES},
    "a file more": (lambda folder: (folder / "extra.txt").write_text("x"), "extra.txt"),
    "a file more in .git": (
        lambda folder: ((folder / ".git").mkdir(), (folder / ".git/config").write_text("x")),
        ".git/config",
    ),
    "a file less": (lambda folder: (folder / "notes/one.txt").unlink(), "notes/one.txt"),
    "a file renamed": (lambda folder: (folder / "notes/one.txt").rename(folder / "notes/1.txt"), "notes/1.txt"),
    "a file in other case": (lambda folder: (folder / "notes/one.txt").rename(folder / "notes/One.txt"), "notes/"),
    "two files swapped": (_swap, "notes/one.txt"),
    "a file truncated": (lambda folder: os.truncate(folder / "data/train.txt", 3), "data/train.txt"),
}


@pytest.mark.parametrize("case", TREES)
@pytest.mark.parametrize("by", ["key", "certificate"])
def test_a_changed_folder_is_refused(bundle, keys, readers, by, case):
    """By our own digests where the manifest was left; by the signature where it was made to fit. By no reader accepted."""
    change, named = TREES[case]
    (bundle / "notes").mkdir()
    for name in ("one", "two"):
        (bundle / f"notes/{name}.txt").write_text(f"{name} of the files that no section names")
    refit(bundle)
    certified = CertificateSigner(keys / "ada.key", keys / "ada.crt")
    sign(verify(bundle), KeySigner(keys / "ada.key") if by == "key" else certified)
    change(bundle)
    found = {name: outcome(bundle, trust) for name, trust in readers.items()}
    assert all(named in said for said in found.values()), found
    refit(bundle)
    refitted = {name: outcome(bundle, trust) for name, trust in readers.items()}

    assert ACCEPTED not in (*found.values(), *refitted.values())
    said = refitted["right key" if by == "key" else "right root"]
    assert said.startswith(OTHER_CONTENTS)
    assert named in said


@pytest.mark.skipif(os.name != "posix", reason="links need rights elsewhere")
def test_a_link_in_place_of_a_file_is_refused(signed, readers):
    """However true its contents."""
    _link(signed)

    assert {outcome(signed, trust) for trust in readers.values()} == {
        "model.safetensors: is a symbolic link, expected a regular file or a folder"
    }


def test_what_is_no_content_does_not_matter(signed, readers):
    """Rights of a file, and its times, are no part of what is signed."""
    (signed / "model.safetensors").chmod(0o755)
    os.utime(signed / "model.safetensors", (0, 0))

    assert outcome(signed, readers["right key"]) == ACCEPTED
