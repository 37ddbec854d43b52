"""What a signature's file says, read strictly before any library believes it: one statement, one signature, no repetition.

Nothing here is a check of the signature. It makes sure that all who read the file read the same.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

MAX_SIGNATURE_BYTES = 2**25  # a digest and a path for each of 100,000 files
MEDIA_TYPES = ("application/vnd.dev.sigstore.bundle.v0.3+json",)
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "https://model_signing/signature/v1.0"
ALGORITHM = "sha256"
LONGEST_VALUE = 80
MATERIALS = {"publicKey": "key", "x509CertificateChain": "certificate", "certificate": "identity"}

Material = Literal["key", "certificate", "identity"]


class NotASignatureError(ValueError):
    """A file that stands where a signature should and is none; the message says why, of ``it``."""


@dataclass(frozen=True)
class Statement:
    """What a signature's file claims.

    Attributes:
        made_with: What it says that it was made with.
        certificates: Certificates in it, as DER, that of the signer first.
        files: The paths it covers.
        key: What it says of the key that made it: SHA-256 of its public half, in hexadecimal digits; else empty.
    """

    made_with: Material
    certificates: tuple[bytes, ...]
    files: tuple[str, ...]
    key: str = ""


def read(content: bytes) -> Statement:
    """Read a signature's file.

    Raises:
        NotASignatureError: It breaks the form.
    """
    if len(content) > MAX_SIGNATURE_BYTES:
        raise NotASignatureError(f"it is larger than {MAX_SIGNATURE_BYTES} bytes")
    try:
        return _read(_parsed(content, "it"))
    except (KeyError, TypeError, AttributeError, IndexError) as error:
        raise NotASignatureError("it lacks what every signature of model-signing has") from error
    except RecursionError as error:
        raise NotASignatureError("it is nested too deep") from error


def _read(document: dict[str, Any]) -> Statement:
    _expect("media type", document["mediaType"], *MEDIA_TYPES)
    material, envelope = document["verificationMaterial"], document["dsseEnvelope"]
    named = [key for key in MATERIALS if key in material]
    if len(named) != 1:
        raise NotASignatureError(f"it names {len(named)} ways to check it, expected 1")
    if len(envelope["signatures"]) != 1:
        raise NotASignatureError(f"it holds {len(envelope['signatures'])} signatures, expected 1")
    _expect("payload type", envelope["payloadType"], PAYLOAD_TYPE)
    statement = _parsed(_decoded(envelope["payload"]), "its statement")
    _expect("statement type", statement["_type"], STATEMENT_TYPE)
    _expect("predicate type", statement["predicateType"], PREDICATE_TYPE)
    made_with, own = MATERIALS[named[0]], material[named[0]]
    key = str(own["hint"]) if made_with == "key" else ""
    return Statement(made_with, _certificates(own, named[0]), _files(statement), key)  # type: ignore[arg-type]


def _certificates(material: Any, name: str) -> tuple[bytes, ...]:
    if name == "publicKey":
        if not material["hint"]:  # model-signing would print a warning on standard output and go on
            raise NotASignatureError("it does not say which key made it: it comes from a model-signing before 1.0")
        return ()
    listed = material["certificates"] if name == "x509CertificateChain" else [material]
    if not listed:
        raise NotASignatureError("its chain holds no certificate")
    return tuple(_decoded(certificate["rawBytes"]) for certificate in listed)


def _files(statement: dict[str, Any]) -> tuple[str, ...]:
    predicate = statement["predicate"]
    _expect("serialisation", predicate["serialization"]["method"], "files")
    _expect("digests", predicate["serialization"]["hash_type"], ALGORITHM)
    paths = [resource["name"] for resource in predicate["resources"]]
    for algorithm in sorted({resource["algorithm"] for resource in predicate["resources"]}):
        _expect("digests", algorithm, ALGORITHM)
    if len(set(paths)) != len(paths):
        raise NotASignatureError(f"its statement names {_first_repeated(paths)!r} twice")
    return tuple(map(str, paths))


def _first_repeated(paths: Sequence[str]) -> str:
    seen: set[str] = set()
    return next(path for path in paths if path in seen or seen.add(path))  # type: ignore[func-returns-value]


def _expect(what: str, found: object, *expected: str) -> None:
    if found not in expected:
        message = (
            f"its {what} differs: expected {' or '.join(map(repr, expected))}, found {repr(found)[:LONGEST_VALUE]}"
        )
        raise NotASignatureError(message)


def _decoded(text: object) -> bytes:
    if not isinstance(text, str):
        raise NotASignatureError("it holds no text where base64 is expected")
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NotASignatureError(f"it holds what is not base64: {error}") from error


def _parsed(content: bytes, what: str) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        built = dict(pairs)
        if len(built) != len(pairs):
            raise NotASignatureError(f"{what} says {_first_repeated([key for key, _ in pairs])!r} twice")
        return built

    try:
        found = json.loads(content.decode("utf-8"), object_pairs_hook=unique)
    except NotASignatureError:
        raise
    except ValueError as error:
        raise NotASignatureError(f"{what} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise NotASignatureError(f"{what} is not a JSON object")
    return found
