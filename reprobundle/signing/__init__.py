"""Signatures: who stands for a bundle, which its digests alone can never say.

A signature is a file beside the manifest, made by OpenSSF model-signing over the contents of every other file with SHA-256.
Whose signature it must be comes from whoever checks, never from the bundle. Each kind is one file that holds both its
directions, a `Signer` that makes a signature and a `Trust` that finds it good: a key, a certificate of a key, or an
identity that Sigstore vouches for.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from reprobundle.bundle import SIGNATURES, VerifiedBundle, is_signature
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.signing.certificate import CertificateSigner, Roots, named
from reprobundle.signing.contents import contents, difference, signed_paths
from reprobundle.signing.interface import Kind, Signer, Trust
from reprobundle.signing.key import FINGERPRINT_HINT, KeySigner, PublicKey, shortened
from reprobundle.signing.keyless import Identity, IdentitySigner
from reprobundle.signing.library import library_errors, reason, require_library
from reprobundle.signing.statement import MAX_SIGNATURE_BYTES, NotASignatureError, Statement, read
from reprobundle.store import inside
from reprobundle.store.digests import open_regular
from reprobundle.store.sealing import add_file
from reprobundle.store.writing import disk_errors

if TYPE_CHECKING:
    from model_signing.verifying import Config

__all__ = [
    "CertificateSigner",
    "Checked",
    "Identity",
    "IdentitySigner",
    "KeySigner",
    "Kind",
    "PublicKey",
    "Roots",
    "Signer",
    "Trust",
    "check",
    "claimed",
    "sign",
    "unreadable",
]

MAX_SIGNATURES = 64  # as many as an archive takes


@dataclass(frozen=True)
class Checked:
    """A signature that was found good.

    Attributes:
        path: Its file in the bundle.
        by: What it was checked with.
        who: Whose it is, in words: the key's file, the certificate's subject, or the identity.
    """

    path: str
    by: Kind
    who: str


def sign(bundle: VerifiedBundle, signer: Signer, *, name: str = "signature") -> str:
    """Sign the contents of every file of a bundle.

    Args:
        bundle: The bundle; the signature is added to its folder.
        signer: Who signs, and with what.
        name: The signature's own name, so that several people can sign.

    Returns:
        The signature's path in the bundle.

    Raises:
        UsageError: The signer's key, certificate or token cannot be used, or there is a signature of this name.
        UnavailableError: model-signing is not installed, Sigstore cannot be reached, or the folder cannot be written.
    """
    require_library()
    from model_signing.signing import Config

    path = f"{SIGNATURES}/{name}.sigstore.json"
    if not name or not is_signature(path):
        raise UsageError(f"name {name!r}: is not a file name")
    if path in bundle.signatures:
        raise _taken(bundle, path)
    config = Config().set_hashing_config(contents(bundle))  # type: ignore[no-untyped-call]  # of the library's own
    signer.join(config)
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "signature"
        with disk_errors(str(bundle.path)):
            with signer.trouble():
                config.sign(bundle.path, made)
            content = made.read_bytes()
    add_file(inside(bundle.path, path), content, beside=bundle.path)
    return path


def unreadable(bundle: VerifiedBundle) -> Iterator[str]:
    """Every signature that nobody can check whatever they trust, such as half a file, with the reason; needs no library.

    Raises:
        UnavailableError: A file cannot be read.
    """
    yield from filter(None, (_unread(bundle, path) for path in bundle.signatures[:MAX_SIGNATURES]))


def _unread(bundle: VerifiedBundle, path: str) -> str | None:
    try:
        read(_content(bundle, path))
    except NotASignatureError as error:
        return f"{path}: unreadable: {error}"
    return None


def _taken(bundle: VerifiedBundle, path: str) -> UsageError:
    """What is said of a name that a signature has; half a signature, as a process that was killed may leave, is in the way."""
    fault = _unread(bundle, path)
    if fault is None:
        return UsageError(f"{path}: there is a signature of this name", hint="give the new one another name")
    return UsageError(fault, hint=f"nobody can check it: delete {str(bundle.path / path)!r}, and sign again")


def check(bundle: VerifiedBundle, trust: Trust) -> Checked:
    """Find a signature that is good by what the reader trusts.

    Args:
        bundle: The bundle.
        trust: Whose signature it must be, from a source other than the bundle.

    Raises:
        RefusedInputError: There is no signature, or none that is good; the message says why of each.
        UsageError: The key, the certificate or the identity cannot be used to check anything.
        UnavailableError: model-signing is not installed, Sigstore cannot be reached, or a file cannot be read.
    """
    require_library()
    from model_signing.verifying import Config

    paths = bundle.signatures
    if not paths:
        raise RefusedInputError("the bundle is not signed", hint="ask its author for a signed one")
    if len(paths) > MAX_SIGNATURES:
        raise RefusedInputError(f"the bundle has {len(paths)} signatures, expected at most {MAX_SIGNATURES}")
    config = Config().set_hashing_config(contents(bundle))  # type: ignore[no-untyped-call]
    trust.join(config)
    faults, hint = [], None
    for path in paths:
        content = _content(bundle, path)
        try:
            statement = read(content)
        except NotASignatureError as error:
            faults.append(f"{path}: {error}")
            continue
        foreign = trust.fault(statement)
        fault = foreign or _fault(bundle, content, statement, config)
        if foreign is not None and statement.made_with == trust.KIND == "key":
            hint = FINGERPRINT_HINT
        if fault is None:
            return Checked(path, trust.KIND, trust.who(statement))
        faults.append(f"{path}: {fault}")
    raise RefusedInputError(f"no signature is good: {'; '.join(faults)}", hint=hint)


def claimed(bundle: VerifiedBundle, path: str) -> str:
    """Whose a signature says that it is, in words; nothing of it is checked.

    Args:
        bundle: The bundle.
        path: The signature's.

    Raises:
        RefusedInputError: It is no signature of this form.
    """
    try:
        statement = read(_content(bundle, path))
    except NotASignatureError as error:
        raise RefusedInputError(f"{path}: {error}") from error
    if statement.made_with == "key":
        return f"the key with the fingerprint {shortened(statement.key)}"
    whose = named(statement.certificates[0])
    return f"the certificate of {whose!r}" if statement.made_with == "certificate" else f"the identity {whose!r}"


def _content(bundle: VerifiedBundle, path: str) -> bytes:
    """A signature's bytes, read once: what is looked at is what is checked."""
    with disk_errors(path), os.fdopen(open_regular(inside(bundle.path, path)), "rb") as file:
        return file.read(MAX_SIGNATURE_BYTES + 1)


def _fault(bundle: VerifiedBundle, content: bytes, statement: Statement, config: Config) -> str | None:
    """Why a signature does not hold, or None when it does."""
    with _copied(content) as place, disk_errors(str(bundle.path)):
        try:
            config.verify(bundle.path, place)
        except library_errors() as error:
            return difference(error, statement, signed_paths(bundle)) or reason(error)
    return None


@contextmanager
def _copied(content: bytes) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "signature"
        with disk_errors(folder):
            place.write_bytes(content)
        yield place
