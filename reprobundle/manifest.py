"""The manifest: named sections, one a kind, and the one table of files."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pydantic

from reprobundle import records, references
from reprobundle import secrecy as secrecy_
from reprobundle.components import claims, code, data, documentation, environment, hyperparameters, preprocessing
from reprobundle.components import model as model_
from reprobundle.components import outputs as outputs_
from reprobundle.errors import NewerSchemaError, RefusedInputError
from reprobundle.records import Record
from reprobundle.report import Finding
from reprobundle.store import FileEntry, digest_bytes, refuse_colliding
from reprobundle.store.digests import BundlePath, Digest
from reprobundle.store.listing import MAX_FILES

NAME = "manifest.json"
SCHEMA: Literal[1] = 1
ID_PATTERN = r"^[0-9a-f]{32}$"
UNSEALED = "0" * 32
OWN_DIGEST = b'"manifest_xxh3_128": "%s"'


class Proof(Record):
    """What a fresh process made of the bundle before it was sealed.

    Attributes:
        status: How its outputs agreed, or that it was not run.
        why: The reason for anything but ``bitwise``.
    """

    status: Literal["bitwise", "close", "failed", "not run"]
    why: str | None = None

    @property
    def proven(self) -> bool:
        """Whether the bundle gave the same outputs from its own files."""
        return self.status in {"bitwise", "close"}


class Manifest(Record):
    """All that a bundle says of itself.

    Attributes:
        schema_version: Version of this form; a reader of version N reads every earlier one.
        manifest_xxh3_128: Digest of the manifest's own bytes with these 32 digits written as zeros.
        reprobundle: Version of the program that wrote it.
        name: What the model is called.
        previous: Ids of the bundles this one was resealed from, oldest first.
        proof: The reload before the seal.
        secrecy: The secrets that were met at capture: what was let through, and where others were left out; None where none were.
        notes: What capture left out or found worth knowing.
        views: Files derived from the rest, which can be made again.
        files: Every file but the manifest, sorted by path; the one place where a payload file's digest stands.
    """

    schema_version: Literal[1] = SCHEMA
    manifest_xxh3_128: Digest = UNSEALED
    reprobundle: str
    name: str
    previous: tuple[Annotated[str, pydantic.Field(pattern=ID_PATTERN)], ...] = ()
    proof: Proof
    environment: environment.Section
    code: code.Section
    data: data.Section
    preprocessing: preprocessing.Section
    hyperparameters: hyperparameters.Section
    model: model_.Section
    outputs: outputs_.Section
    claims: claims.Section
    documentation: documentation.Section
    secrecy: secrecy_.Section | None = None
    notes: tuple[Finding, ...] = ()
    views: tuple[BundlePath, ...] = ()
    files: Annotated[tuple[FileEntry, ...], pydantic.Field(max_length=MAX_FILES)] = ()


def to_bytes(manifest: Manifest) -> bytes:
    """The bytes of ``manifest.json``, its own digest filled in."""
    return with_digest(records.to_bytes(manifest.model_copy(update={"manifest_xxh3_128": UNSEALED})))


def with_digest(content: bytes) -> bytes:
    """The manifest's bytes, in which the own digest stands as zeros, with that digest filled in."""
    return content.replace(OWN_DIGEST % UNSEALED.encode(), OWN_DIGEST % digest_bytes(content).encode(), 1)


def from_bytes(content: bytes) -> Manifest:
    """Read ``manifest.json``.

    Raises:
        NewerSchemaError: A newer reprobundle wrote it.
        RefusedInputError: It breaks the form; the message names the path of the fault.
    """
    _refuse_newer(records.strict_json(content, name=NAME))
    manifest = records.from_bytes(Manifest, content, name=NAME)
    _refuse_changed(content, manifest.manifest_xxh3_128)
    paths = [entry.path for entry in manifest.files]
    if paths != sorted(set(paths)):
        raise RefusedInputError(f"{NAME}: files: paths must be sorted and each stand once")
    if NAME in paths:
        raise RefusedInputError(f"{NAME}: files: the manifest cannot list itself")
    refuse_colliding(paths)
    fault = next(references.faults(manifest), None)
    if fault is not None:
        raise RefusedInputError(f"{NAME}: {fault}")
    return manifest


def _refuse_newer(document: Any) -> None:
    if not isinstance(document, dict):
        raise RefusedInputError(f"{NAME}: expected an object, found {type(document).__name__}")
    version = document.get("schema_version")
    if type(version) is not int:
        raise RefusedInputError(f"{NAME}: schema_version: expected a whole number, found {version!r:.80}")
    if version > SCHEMA:
        message = f"{NAME}: has schema version {version}, this reprobundle reads up to {SCHEMA}"
        raise NewerSchemaError(message, hint="update reprobundle")


def _refuse_changed(content: bytes, recorded: str) -> None:
    blank = content.replace(OWN_DIGEST % recorded.encode(), OWN_DIGEST % UNSEALED.encode(), 1)
    found = digest_bytes(blank)
    if found != recorded:
        raise RefusedInputError(f"{NAME}: was changed: its own digest says {recorded}, its bytes give {found}")
