"""What signing promises, with keys and certificates of this process."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import random
import shutil

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from signing_keys import rsa_key, write_key
from tiny import tiny_bundle

from reprobundle.bundle import verify
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.signing import CertificateSigner, Checked, KeySigner, PublicKey, Roots, check, sign

FLIPS = 60
SIGNATURE = "signatures/signature.sigstore.json"
ALTERED = f"no signature is good: {SIGNATURE}: another key made it, or it was altered"


def test_a_signature_of_the_right_key_is_good(signed, keys):
    """Signed with one half of a key, checked with the other; the bundle itself does not change."""
    assert check(verify(signed), PublicKey(keys / "ada.pub")) == Checked(SIGNATURE, "key", "the key 'ada.pub'")
    assert verify(signed).id == verify(tiny_bundle(signed.parent / "other")).id


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda curve: curve.name)
def test_three_curves_can_sign(bundle, tmp_path, curve):
    """Keys on P-256, P-384 and P-521."""
    write_key(tmp_path, "some", ec.generate_private_key(curve))
    sign(verify(bundle), KeySigner(tmp_path / "some.key"))

    assert check(verify(bundle), PublicKey(tmp_path / "some.pub")).by == "key"


def test_a_signature_of_another_key_is_refused(signed, keys, refusal):
    """Whose key it must be is the reader's to say; both are told by the digest that sha256sum prints of their files."""
    ada, eve = (hashlib.sha256((keys / f"{name}.pub").read_bytes()).hexdigest()[:16] for name in ("ada", "eve"))

    assert refusal(signed, PublicKey(keys / "eve.pub")) == (
        f"no signature is good: {SIGNATURE}: it was made with another key: "
        f"expected the fingerprint {eve}…, found {ada}…"
    )


def test_what_a_signature_says_of_its_key_counts_for_nothing(signed, keys, refusal):
    """With the digest of another key in it, the signature itself still tells."""
    public = (keys / "eve.pub").read_bytes()
    document = json.loads((signed / SIGNATURE).read_bytes())
    document["verificationMaterial"]["publicKey"]["hint"] = hashlib.sha256(public).hexdigest()
    (signed / SIGNATURE).write_text(json.dumps(document))

    assert refusal(signed, PublicKey(keys / "eve.pub")) == ALTERED


def test_an_unsigned_bundle_is_refused(signed, keys, refusal):
    """A signature taken away is a signature missing."""
    shutil.rmtree(signed / "signatures")

    assert refusal(signed, PublicKey(keys / "ada.pub")) == "the bundle is not signed"


def test_a_signature_of_another_bundle_is_refused(signed, keys, tmp_path, refusal):
    """A signature moved to other contents is good for nothing."""
    other = tiny_bundle(tmp_path / "other", name="other")
    shutil.copytree(signed / "signatures", other / "signatures")

    assert refusal(other, PublicKey(keys / "ada.pub")) == (
        f"no signature is good: {SIGNATURE}: other contents were signed; not as signed: 'manifest.json'"
    )


def test_what_a_signature_leaves_out_must_not_be_part_of_the_bundle(bundle, keys, refusal):
    """Made elsewhere, with the weights ignored: good by its key, and refused all the same."""
    from model_signing.hashing import Config
    from model_signing.signing import Config as Signer

    (bundle / "signatures").mkdir()
    contents = Config().set_ignored_paths(paths=["signatures", "model.safetensors"])
    signer = Signer().use_elliptic_key_signer(private_key=keys / "ada.key").set_hashing_config(contents)
    signer.sign(bundle, bundle / SIGNATURE)

    assert refusal(bundle, PublicKey(keys / "ada.pub")) == (
        f"no signature is good: {SIGNATURE}: it leaves 'model.safetensors' unsigned"
    )


def test_a_signature_of_the_libraries_own_tool_is_good(bundle, keys):
    """model-signing alone, told where signatures stand, makes what we accept, and accepts what we make."""
    from model_signing.hashing import Config
    from model_signing.signing import Config as Signer
    from model_signing.verifying import Config as Verifier

    (bundle / "signatures").mkdir()
    contents = Config().set_ignored_paths(paths=["signatures"])
    Signer().use_elliptic_key_signer(private_key=keys / "ada.key").set_hashing_config(contents).sign(
        bundle, bundle / SIGNATURE
    )
    path = sign(verify(bundle), KeySigner(keys / "ada.key"), name="ours")

    assert check(verify(bundle), PublicKey(keys / "ada.pub")).path == "signatures/ours.sigstore.json"
    (bundle / path).rename(bundle.parent / "ours.json")
    assert check(verify(bundle), PublicKey(keys / "ada.pub")).path == SIGNATURE
    Verifier().use_elliptic_key_verifier(public_key=keys / "ada.pub").verify(bundle, bundle.parent / "ours.json")


def test_the_hubs_attributes_do_not_spoil_a_signature(signed, keys):
    """What the Hub adds is allowed by our own verify, line by line, and not part of the contents."""
    (signed / ".gitattributes").write_bytes(b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n")

    assert check(verify(signed), PublicKey(keys / "ada.pub")).path == SIGNATURE


def test_several_people_can_sign(signed, keys):
    """One good signature is enough, and each is found by its own key."""
    sign(verify(signed), KeySigner(keys / "eve.key"), name="eve")

    assert check(verify(signed), PublicKey(keys / "eve.pub")).path == "signatures/eve.sigstore.json"
    assert check(verify(signed), PublicKey(keys / "ada.pub")).path == SIGNATURE


def test_a_signature_is_never_overwritten(signed, keys):
    """Two signatures have two names."""
    with pytest.raises(UsageError) as caught:
        sign(verify(signed), KeySigner(keys / "eve.key"))

    assert str(caught.value) == f"{SIGNATURE}: there is a signature of this name"


HALVES = {
    "empty": (lambda content: b"", "it is not JSON: Expecting value: line 1 column 1 (char 0)"),
    "half": (lambda content: content[: len(content) // 2], "it is not JSON: Unterminated string starting at"),
    "of another kind": (lambda content: b"{}", "it lacks what every signature of model-signing has"),
}


@pytest.mark.parametrize("kind", HALVES)
def test_what_is_no_signature_is_told_and_can_be_made_again(signed, keys, call, kind):
    """As a process that was killed left it: verify refuses it whether or not a key is named, and sign says what to do."""
    spoil, why = HALVES[kind]
    place = signed / SIGNATURE
    place.write_bytes(spoil(place.read_bytes()))
    without, named = call("verify", signed), call("verify", signed, "--key", keys / "ada.pub")
    with pytest.raises(UsageError) as caught:
        sign(verify(signed), KeySigner(keys / "ada.key"))

    assert (without[0], named[0]) == (2, 2)
    assert f"{SIGNATURE}: unreadable: {why}" in without[2]
    assert str(caught.value).startswith(f"{SIGNATURE}: unreadable: {why}")
    assert caught.value.hint == f"nobody can check it: delete {str(place)!r}, and sign again"
    place.unlink()
    place.parent.rmdir()
    sign(verify(signed), KeySigner(keys / "ada.key"))
    assert call("verify", signed, "--key", keys / "ada.pub")[0] == 0


def test_a_signature_has_the_modes_of_a_bundles_files(bundle, keys):
    """Whatever the umask is: others can check it."""
    before = os.umask(0o077)
    try:
        sign(verify(bundle), KeySigner(keys / "ada.key"))
    finally:
        os.umask(before)

    assert [path.stat().st_mode & 0o7777 for path in (bundle / SIGNATURE, bundle / "signatures")] == [0o644, 0o755]


@pytest.mark.parametrize("flips", [FLIPS, pytest.param(1000, marks=pytest.mark.slow)])
def test_no_flipped_bit_makes_a_false_signature_good(signed, keys, flips):
    """A bit flipped in a signature: refused in our own words, or it says the same as before."""
    place = signed / SIGNATURE
    original = place.read_bytes()
    payload = json.loads(original)["dsseEnvelope"]["payload"]
    generator = random.Random(11)
    for bit in generator.sample(range(8 * len(original)), k=flips):
        content = bytearray(original)
        content[bit // 8] ^= 1 << bit % 8
        place.write_bytes(content)
        try:
            check(verify(signed), PublicKey(keys / "ada.pub"))
        except RefusedInputError:
            continue
        meant = base64.b64decode(json.loads(content)["dsseEnvelope"]["payload"])
        assert meant == base64.b64decode(payload), bit


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"verificationMaterial": 3}']
)
def test_what_is_no_signature_is_refused(signed, keys, content, refusal):
    """Whatever stands in a signature's place is refused, never a traceback."""
    (signed / SIGNATURE).write_bytes(content)

    assert refusal(signed, PublicKey(keys / "ada.pub")).startswith(f"no signature is good: {SIGNATURE}: ")


def test_a_certificate_leads_to_its_root(bundle, keys, refusal):
    """Whoever trusts the root needs no public key; another root does not do."""
    sign(verify(bundle), CertificateSigner(keys / "ada.key", keys / "ada.crt"))

    assert check(verify(bundle), Roots([keys / "root.crt"])) == Checked(
        SIGNATURE, "certificate", "the certificate of 'CN=ada'"
    )
    assert refusal(bundle, Roots([keys / "other-root.crt"])).startswith(f"no signature is good: {SIGNATURE}: ")


def test_a_signature_without_a_certificate_has_no_root(signed, keys, refusal):
    """A root says nothing of a bare key."""
    assert refusal(signed, Roots([keys / "root.crt"])).startswith(f"no signature is good: {SIGNATURE}: ")


def test_an_encrypted_key_needs_its_password(bundle, keys):
    """With the password it signs; without, or with a wrong one, it says what is missing."""
    verified = verify(bundle)
    for password in (None, "wrong"):
        with pytest.raises(UsageError) as caught:
            sign(verified, KeySigner(keys / "locked.key", password))
        assert str(caught.value).startswith(f"key {str(keys / 'locked.key')!r}: cannot sign: ")
        assert "password" in caught.value.hint
    sign(verified, KeySigner(keys / "locked.key", "open sesame"))

    assert check(verify(bundle), PublicKey(keys / "locked.pub")).by == "key"


def test_keys_that_cannot_sign_or_check_are_refused(signed, keys, tmp_path):
    """A missing file, a key of another kind, the wrong half: wrong usage, and nothing is written."""
    write_key(tmp_path, "rsa", rsa_key())
    for key in (tmp_path / "none", tmp_path / "rsa.key", keys / "ada.pub"):
        with pytest.raises(UsageError, match=r"cannot sign|there is no file$"):
            sign(verify(signed), KeySigner(key), name="x")
    for key in (tmp_path / "none", tmp_path / "rsa.pub", keys / "ada.key"):
        with pytest.raises(UsageError, match=r"cannot be used to check a signature|there is no file$"):
            check(verify(signed), PublicKey(key))

    assert [path.name for path in (signed / "signatures").iterdir()] == ["signature.sigstore.json"]


@pytest.mark.parametrize("name", ["a/b", "../x", ""])
def test_a_name_is_a_file_name(bundle, keys, name):
    """A signature stands in its own folder, whatever it is called."""
    with pytest.raises((UsageError, RefusedInputError)):
        sign(verify(bundle), KeySigner(keys / "ada.key"), name=name)
