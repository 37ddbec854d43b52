"""Signatures: who stands for a bundle, which its digests alone can never say.

A signature is a file beside the manifest, made by OpenSSF model-signing over the contents of every other file with SHA-256.
Whose signature it must be comes from whoever checks, never from the bundle. Keys on an elliptic curve, and certificates
of such keys.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from reprobundle import manifest as manifests
from reprobundle.bundle import HUB_ATTRIBUTES, SIGNATURES, VerifiedBundle, is_signature
from reprobundle.errors import RefusedInputError, UnavailableError, UsageError
from reprobundle.extras import how_to_install
from reprobundle.store import Writer, inside
from reprobundle.store.sealing import sync
from reprobundle.store.writing import disk_errors

if TYPE_CHECKING:
    from model_signing.hashing import Config, PathLike

MAX_SIGNATURE_BYTES = 64 * 2**20  # a digest and a path for each of 100,000 files
MAX_SIGNATURES = 16
LONGEST_REASON = 300
WRONG_KIND_HINT = "make one: openssl ecparam -name prime256v1 -genkey -noout -out key.pem"
ENCRYPTED_HINT = "an encrypted key needs its password, and cannot be used with a certificate"
PUBLIC_HINT = "it must be the public half: openssl ec -in key.pem -pubout -out public.pem"


@dataclass(frozen=True)
class Checked:
    """A signature that was found good.

    Attributes:
        path: Its file in the bundle.
        by: What it was checked with: ``key`` or ``certificate``.
    """

    path: str
    by: str


def sign(
    bundle: VerifiedBundle,
    *,
    key: Path,
    password: str | None = None,
    certificate: Path | None = None,
    chain: Sequence[Path] = (),
    name: str = "signature",
) -> str:
    """Sign the contents of every file of a bundle.

    Args:
        bundle: The bundle; the signature is added to its folder.
        key: Private key on the curve P-256, P-384 or P-521, as PEM.
        password: Of the key, where it is encrypted.
        certificate: The key's certificate, as PEM; then whoever trusts its root can check without the public key.
        chain: Certificates between that one and the root, as PEM.
        name: The signature's own name, so that several people can sign.

    Returns:
        The signature's path in the bundle.

    Raises:
        UsageError: The key cannot be used, or there is a signature of this name.
        UnavailableError: model-signing is not installed, or the folder cannot be written.
    """
    _require_library()
    from model_signing.signing import Config

    path = f"{SIGNATURES}/{name}.sigstore.json"
    if not name or not is_signature(path):
        raise UsageError(f"name {name!r}: is not a file name")
    if path in bundle.bundle.signatures():
        raise UsageError(f"{path}: there is a signature of this name", hint="give the new one another name")
    config = Config().set_hashing_config(_contents(bundle))  # type: ignore[no-untyped-call]  # of the library's own
    refused: tuple[type[Exception], ...] = (*_library_errors(), OSError)
    try:
        if certificate is None:
            secret: Any = None if password is None else password.encode()  # model-signing says str and wants bytes
            config.use_elliptic_key_signer(private_key=key, password=secret)
        else:
            between = chain or (certificate,)  # model-signing takes no empty chain, and repetition does no harm
            config.use_certificate_signer(private_key=key, signing_certificate=certificate, certificate_chain=between)
    except refused as error:
        hint = WRONG_KIND_HINT if isinstance(error, AttributeError) else ENCRYPTED_HINT
        raise UsageError(f"key {str(key)!r}: cannot sign: {_reason(error)}", hint=hint) from error
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "signature"
        with disk_errors(str(bundle.path)):
            config.sign(bundle.path, made)
            Writer(bundle.path).write(path, made.read_bytes())
            for place in (bundle.path / path, (bundle.path / path).parent):
                sync(place)
    return path


def check(bundle: VerifiedBundle, *, public_key: Path | None = None, certificates: Sequence[Path] = ()) -> Checked:
    """Find a signature that the given key made, or a key whose certificate leads to the given roots.

    Args:
        bundle: The bundle.
        public_key: The signer's public key, as PEM, from a source you trust.
        certificates: Root certificates you trust, as PEM, in place of a key. Whoever they certify can sign. A certificate
            counts even if it has expired since, and is not looked up in lists of revoked ones.

    Raises:
        RefusedInputError: There is no signature, or none that is good.
        UsageError: Neither or both were given, or they cannot be read.
        UnavailableError: model-signing is not installed, or a file cannot be read.
    """
    if (public_key is None) == (not certificates):
        raise UsageError("a signature is checked with a public key or with root certificates: expected one of the two")
    _require_library()
    paths = bundle.bundle.signatures()
    if not paths:
        raise RefusedInputError("the bundle is not signed", hint="ask its author for a signed one")
    if len(paths) > MAX_SIGNATURES:
        raise RefusedInputError(f"the bundle has {len(paths)} signatures, expected at most {MAX_SIGNATURES}")
    faults = []
    for path in paths:
        fault = _fault(bundle, path, public_key, certificates)
        if fault is None:
            return Checked(path, "certificate" if public_key is None else "key")
        faults.append(f"{path}: {fault}")
    raise RefusedInputError(f"no signature is good: {'; '.join(faults)}")


def _fault(bundle: VerifiedBundle, path: str, public_key: Path | None, certificates: Sequence[Path]) -> str | None:
    """Why a signature does not hold, or None when it does."""
    from model_signing.verifying import Config

    config = Config().set_hashing_config(_contents(bundle))  # type: ignore[no-untyped-call]
    refused: tuple[type[Exception], ...] = (*_library_errors(), OSError)
    try:
        if public_key is not None:
            config.use_elliptic_key_verifier(public_key=public_key)
        else:
            config.use_certificate_verifier(certificate_chain=certificates)
    except refused as error:
        given = public_key or certificates[0]
        hint = PUBLIC_HINT if public_key is not None else None
        raise UsageError(f"{str(given)!r}: cannot be used to check a signature: {_reason(error)}", hint=hint) from error
    place = inside(bundle.path, path)
    with disk_errors(path):
        if place.stat().st_size > MAX_SIGNATURE_BYTES:
            return f"is larger than {MAX_SIGNATURE_BYTES} bytes"
        try:
            config.verify(bundle.path, place)
        except _library_errors() as error:
            return _reason(error)
    return None


def _contents(bundle: VerifiedBundle) -> Config:
    """What is signed: every file but signatures and the Hub's own attributes, whatever a signature says of itself.

    Raises:
        RefusedInputError: The manifest lists a file where signatures stand.
    """
    from model_signing import hashing

    signed = [manifests.NAME, *(entry.path for entry in bundle.manifest.files)]
    strays = [path for path in signed if path.startswith(f"{SIGNATURES}/")]
    if strays:
        raise RefusedInputError(f"{strays[0]}: is listed in the manifest, so no signature could cover it")

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


def _require_library() -> None:
    """Raises: UnavailableError: model-signing is not installed."""
    try:
        import model_signing.signing
        import model_signing.verifying  # noqa: F401
    except ImportError as error:
        hint = how_to_install("signing")
        raise UnavailableError(f"signing needs model-signing: {error}", hint=hint) from error


def _library_errors() -> tuple[type[Exception], ...]:
    """What model-signing and what it stands on raise for a key or a signature that is not right."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from OpenSSL import crypto

    own = (InvalidSignature, UnsupportedAlgorithm, crypto.Error, crypto.X509StoreContextError)
    return (*own, ValueError, TypeError, LookupError, AttributeError, RecursionError)


def _reason(error: Exception) -> str:
    if isinstance(error, AttributeError):  # what model-signing stumbles over in a key of any other kind
        return "it is no key on the curve P-256, P-384 or P-521"
    text = " ".join(str(error).split())[:LONGEST_REASON]
    if text.startswith("Signature mismatch"):
        return "other contents were signed"
    return text or "another key made it, or it was altered"
