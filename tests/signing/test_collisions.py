"""Two files of one XXH3-128 digest: what the manifest cannot tell apart, a signature does.

XXH3 multiplies the halves of eight bytes after an exclusive or with its secret, and adds up the eight bytes themselves. Where
one half is what the secret has there the product is nothing, whatever the other half is; so two such places can trade a
difference, and all that is left is their sum.
"""

from __future__ import annotations

import json
import struct

from signing_forging import refit
from tiny import tiny_bundle

from reprobundle.bundle import verify
from reprobundle.signing import KeySigner, PublicKey, check, sign
from reprobundle.store import digest_bytes

SECRET_HALVES = (bytes.fromhex("b8fe6c39"), bytes.fromhex("7c01812c"))  # of XXH3's own secret, at 0 and at 8
STRIPE = 64
BLOCK = 1024  # where the first stripe of a block begins, the secret begins anew


def weights(first: int, second: int) -> bytes:
    """A safetensors file of 2,048 bytes, whose tensor begins with the second block."""
    header = json.dumps({"w": {"dtype": "F32", "shape": [256], "data_offsets": [0, 1024]}}).ljust(BLOCK - 8)
    data = bytearray(1024)
    data[0:8] = SECRET_HALVES[0] + struct.pack("<I", first)
    data[STRIPE : STRIPE + 8] = SECRET_HALVES[1] + struct.pack("<I", second)
    return struct.pack("<Q", len(header)) + header.encode() + bytes(data)


def test_two_files_of_one_digest_are_told_apart(tmp_path, keys, call, refusal):
    """Weights A are signed. Weights B have the same digest: verify says intact, and the signature says no."""
    bundle = tiny_bundle(tmp_path / "tiny")
    honest, twin = weights(0, 1), weights(1, 0)
    (bundle / "model.safetensors").write_bytes(honest)
    refit(bundle)
    sealed = (bundle / "manifest.json").read_bytes()
    sign(verify(bundle), KeySigner(keys / "ada.key"))
    assert check(verify(bundle), PublicKey(keys / "ada.pub")).by == "key"
    (bundle / "model.safetensors").write_bytes(twin)

    assert honest != twin
    assert digest_bytes(honest) == digest_bytes(twin)
    assert (bundle / "manifest.json").read_bytes() == sealed
    assert call("verify", bundle)[:2][1].startswith("intact, signature NOT CHECKED\n")
    assert refusal(bundle, PublicKey(keys / "ada.pub")) == (
        "no signature is good: signatures/signature.sigstore.json: "
        "other contents were signed; not as signed: 'model.safetensors'"
    )


def test_without_a_signature_nobody_notices(tmp_path, call):
    """The same of an unsigned bundle: intact, and UNSIGNED, because nothing proves anything."""
    bundle = tiny_bundle(tmp_path / "tiny")
    (bundle / "model.safetensors").write_bytes(weights(0, 1))
    refit(bundle)
    before = call("verify", bundle)
    (bundle / "model.safetensors").write_bytes(weights(1, 0))

    assert call("verify", bundle) == before
    assert before[1].startswith("intact, UNSIGNED\n")
