"""What is signed: every file of a bundle, and what differs where other contents were."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from reprobundle import manifest as manifests
from reprobundle.bundle import HUB_ATTRIBUTES, SIGNATURES, VerifiedBundle
from reprobundle.errors import RefusedInputError
from reprobundle.phrases import some

if TYPE_CHECKING:
    from model_signing.hashing import Config, PathLike

    from reprobundle.signing.statement import Statement

FILES_SHOWN = 3
_DIFFERING = re.compile(r"Hash mismatch for \\?'(.*?)\\?': Expected")  # in a list, which is quoted once more


def signed_paths(bundle: VerifiedBundle) -> tuple[str, ...]:
    """The files that a signature covers: the manifest, and all that it lists.

    Raises:
        RefusedInputError: The manifest lists a file where signatures stand.
    """
    signed = (manifests.NAME, *(entry.path for entry in bundle.manifest.files))
    strays = [path for path in signed if path.casefold().startswith(f"{SIGNATURES}/")]
    if strays:
        raise RefusedInputError(f"{strays[0]}: is listed in the manifest, so no signature could cover it")
    return signed


def contents(bundle: VerifiedBundle) -> Config:
    """How to read what is signed: every file but signatures and the Hub's own attributes, whatever a signature says of itself.

    Raises:
        RefusedInputError: The manifest lists a file where signatures stand.
    """
    from model_signing import hashing

    signed = signed_paths(bundle)

    class Contents(hashing.Config):
        """Never leaves out a listed file."""

        def add_ignored_paths(self, *, model_path: PathLike, paths: Iterable[PathLike]) -> None:
            """Refuse what a signature asks to leave out, where it is part of the bundle."""
            del model_path
            for ignored in map(PurePosixPath, map(str, paths)):
                bare = [path for path in signed if PurePosixPath(path).is_relative_to(ignored)]
                if bare:
                    raise ValueError(f"it leaves {bare[0]!r} unsigned")

    ignored = [SIGNATURES, *({HUB_ATTRIBUTES} - set(signed))]
    config = Contents()  # type: ignore[no-untyped-call]
    config.use_file_serialization(hashing_algorithm="sha256", allow_symlinks=False)
    return config.set_ignored_paths(paths=ignored, ignore_git_paths=False)


def difference(error: Exception, statement: Statement, signed: Iterable[str]) -> str | None:
    """Which files differ from those that were signed; None where the error is about something else.

    Args:
        error: What model-signing raised.
        statement: The signature.
        signed: The files that it had to cover.
    """
    text = str(error)
    if not text.startswith("Signature mismatch"):
        return None
    here, there = set(signed), set(statement.files)
    groups = {
        "not signed": sorted(here - there),
        "signed but not here": sorted(there - here),
        "not as signed": sorted(here & set(_DIFFERING.findall(text))),
    }
    told = [f"{words}: {some([repr(path) for path in paths], FILES_SHOWN)}" for words, paths in groups.items() if paths]
    return "; ".join(["other contents were signed", *told])
