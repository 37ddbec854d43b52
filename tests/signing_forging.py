"""Signatures made wrong on purpose, and folders whose manifest was made to fit what somebody changed."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from forging import refit as refit  # noqa: PLC0414  where tests of signatures look for it

SIGNATURE = "signatures/signature.sigstore.json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
Document = dict[str, Any]


def flip(place: Path) -> None:
    """Change one byte of a file, so that it can still be read."""
    content = bytearray(place.read_bytes())
    content[content.index(b"tiny") if place.suffix == ".json" else -1] ^= 1
    place.write_bytes(content)


def edit_signature(folder: Path, edit: Callable[[Document], Document | bytes | None]) -> None:
    """Change a signature's file: in place, by another document, or by other bytes."""
    place = folder / SIGNATURE
    document = json.loads(place.read_bytes())
    changed = edit(document)
    content = changed if isinstance(changed, bytes) else json.dumps(changed or document).encode()
    place.write_bytes(content)


def edit_statement(folder: Path, key: Path, edit: Callable[[Document], Document | bytes | None]) -> None:
    """Change what a signature states, and sign it again with a key: by the key it is good."""

    def state(document: Document) -> None:
        statement = json.loads(base64.b64decode(document["dsseEnvelope"]["payload"]))
        changed = edit(statement)
        content = changed if isinstance(changed, bytes) else json.dumps(changed or statement).encode()
        document["dsseEnvelope"]["payload"] = base64.b64encode(content).decode()
        document["dsseEnvelope"]["signatures"][0]["sig"] = base64.b64encode(_signed(content, key)).decode()

    edit_signature(folder, state)


def _signed(content: bytes, key: Path) -> bytes:
    secret = serialization.load_pem_private_key(key.read_bytes(), None)
    assert isinstance(secret, ec.EllipticCurvePrivateKey)
    message = f"DSSEv1 {len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} {len(content)} ".encode() + content
    return secret.sign(message, ec.ECDSA(hashes.SHA256()))
