"""A capture that is thrown away: what would be packed, what is missing, and whether it would be refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from reprobundle import specification, withholding
from reprobundle.capturing import Captured, capture_specification
from reprobundle.components.interface import DEFAULT_BUDGET, Vendor
from reprobundle.errors import ReproBundleError, SecretsError
from reprobundle.private_folders import private_folder
from reprobundle.report import Finding
from reprobundle.store.sealing import refuse_unwritable


@dataclass(frozen=True)
class Tried:
    """What a capture would come to.

    Attributes:
        files: Path and bytes of every file that would be packed; of a refused one, of what is left without its secrets.
        notes: What is missing or worth knowing.
        warned: Lines about the specification.
        refused: Why the capture would be refused; None: it would not.
        left: What was not looked into, because the capture itself does it, such as the proof.
    """

    files: tuple[tuple[str, int], ...]
    notes: tuple[Finding, ...]
    warned: tuple[str, ...]
    refused: SecretsError | None = None
    left: tuple[str, ...] = ()


def try_specification(
    path: Path,
    out: Path | None = None,
    *,
    allow: Sequence[str] = (),
    budget: float = DEFAULT_BUDGET,
    proof: bool = True,
    vendor: Vendor | None = None,
) -> Tried:
    """Capture what a ``reprobundle.yaml`` describes into a folder that is thrown away, without a proof or hashes of the lock.

    Args:
        path: The YAML file.
        out: The bundle that the capture would make; None: as the file says.
        allow: Secrets that are let through, each as ``RULE:PATH``, beside those that the file allows.
        budget: That of the capture itself: what it has time for is left to it, what it has none for is missing.
        proof: Whether the capture itself is to prove the bundle, likewise.
        vendor: As in `capture`; None: as the file says.

    Raises:
        RefusedInputError: The file breaks its schema.
        SecretsError: Secrets were met, and nothing more can be told, as what is clean of it cannot be captured either.
        UsageError: What it names is not there, or the bundle is there already.
    """
    described, _ = specification.read(path)
    refuse_unwritable((out or specification.default_folder(described, path)).absolute())
    captured = partial(_captured, path, allow=allow, budget=budget, proof=proof, vendor=vendor)
    try:
        return _tried(*captured(strict=True), refused=None)
    except SecretsError as error:
        return _without_secrets(captured, error)


def _without_secrets(captured: Callable[..., tuple[Captured, tuple[str, ...]]], refused: SecretsError) -> Tried:
    """The same of what would be left without the secrets; the refusal came before most of it was looked at."""
    try:
        return _tried(*captured(strict=False), refused=refused)
    except ReproBundleError as error:
        raise refused from error


def _captured(path: Path, **options: Any) -> tuple[Captured, tuple[str, ...]]:
    with private_folder("trying") as folders:
        return capture_specification(path, folders() / "bundle", trial=True, **options)


def _tried(captured: Captured, warned: tuple[str, ...], refused: SecretsError | None) -> Tried:
    """A refusal names every secret itself, so that no note repeats it."""
    files = tuple((entry.path, entry.size) for entry in captured.manifest.files)
    notes = tuple(note for note in captured.notes if refused is None or not withholding.tells_of_secrets(note))
    return Tried(files, notes, warned, refused, captured.left)
