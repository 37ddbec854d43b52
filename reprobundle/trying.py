"""A capture that is thrown away: what would be packed, what is missing, and whether it would be refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reprobundle import withholding
from reprobundle.capturing import Captured, capture_specification
from reprobundle.errors import ReproBundleError, SecretsError
from reprobundle.private_folders import private_folder
from reprobundle.report import Finding


@dataclass(frozen=True)
class Tried:
    """What a capture would come to.

    Attributes:
        files: Path and bytes of every file that would be packed; of a refused one, of what is left without its secrets.
        notes: What is missing or worth knowing.
        warned: Lines about the specification.
        refused: Why the capture would be refused; None: it would not.
    """

    files: tuple[tuple[str, int], ...]
    notes: tuple[Finding, ...]
    warned: tuple[str, ...]
    refused: SecretsError | None = None


def try_specification(path: Path, allow: Sequence[str] = ()) -> Tried:
    """Capture what a ``reprobundle.yaml`` describes into a folder that is thrown away, without a proof or hashes of the lock.

    Args:
        path: The YAML file.
        allow: Secrets that are let through, each as ``RULE:PATH``, beside those that the file allows.

    Raises:
        RefusedInputError: The file breaks its schema.
        SecretsError: Secrets were met, and nothing more can be told, as what is clean of it cannot be captured either.
        UsageError: What it names is not there.
    """
    try:
        captured, warned = _captured(path, allow, strict=True)
    except SecretsError as error:
        return _without_secrets(path, allow, error)
    return _tried(captured, warned, None)


def _without_secrets(path: Path, allow: Sequence[str], refused: SecretsError) -> Tried:
    """The same of what would be left without the secrets; the refusal came before most of it was looked at."""
    try:
        captured, warned = _captured(path, allow, strict=False)
    except ReproBundleError as error:
        raise refused from error
    return _tried(captured, warned, refused)


def _captured(path: Path, allow: Sequence[str], *, strict: bool) -> tuple[Captured, tuple[str, ...]]:
    with private_folder("trying") as folders:
        return capture_specification(
            path, folders() / "bundle", budget=0, proof=False, kept=False, allow=allow, strict=strict
        )


def _tried(captured: Captured, warned: tuple[str, ...], refused: SecretsError | None) -> Tried:
    """A refusal names every secret itself, so that no note repeats it."""
    files = tuple((entry.path, entry.size) for entry in captured.manifest.files)
    notes = tuple(note for note in captured.notes if refused is None or not withholding.tells_of_secrets(note))
    return Tried(files, notes, warned, refused)
