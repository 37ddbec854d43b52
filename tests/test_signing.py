from __future__ import annotations

import base64
import datetime
import json
import random
import shutil
from pathlib import Path

import pytest
from tiny import tiny_bundle

from reprobundle import cli
from reprobundle.bundle import verify
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.exports.archive import pack, unpack

pytest.importorskip("model_signing")
pytest.importorskip("OpenSSL")

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from reprobundle.signing import Checked, check, sign

FLIPS = 60
SIGNATURE = "signatures/signature.sigstore.json"
NOT_THIS_KEY = (
    f"no signature is good: {SIGNATURE}: Key mismatch: "
    "The public key hash in the signature's verification material does not match the provided public key."
)
ALTERED = f"no signature is good: {SIGNATURE}: another key made it, or it was altered"


def write_key(folder, name, made=None, password=None):
    """A private key and its public half, as PEM files."""
    key = made or ec.generate_private_key(ec.SECP256R1())
    guard = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, guard)
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    (folder / f"{name}.key").write_bytes(secret)
    (folder / f"{name}.pub").write_bytes(key.public_key().public_bytes(serialization.Encoding.PEM, form))
    return key


def certify(folder, name, key, issuer=None):
    """A certificate for a key, by another or by itself."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer_name, issuer_key = issuer or (subject, key)
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer_name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=365))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=issuer is not None,
                key_cert_sign=issuer is None,
                crl_sign=False,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                encipher_only=False,
                decipher_only=False,
            ),
            critical=True,
        )
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
        .sign(issuer_key, hashes.SHA256())
    )
    (folder / f"{name}.crt").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    return subject, key


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keys")
    ada = write_key(folder, "ada")
    write_key(folder, "eve")
    write_key(folder, "locked", password=b"open sesame")
    root = certify(folder, "root", write_key(folder, "root"))
    certify(folder, "other-root", write_key(folder, "other-root"))
    certify(folder, "ada", ada, root)
    return folder


@pytest.fixture
def bundle(tmp_path):
    return tiny_bundle(tmp_path / "tiny")


@pytest.fixture
def signed(bundle, keys):
    sign(verify(bundle), key=keys / "ada.key")
    return bundle


def refusal(folder, **whose):
    """What a check says after our own verify let the folder pass."""
    with pytest.raises(RefusedInputError) as caught:
        check(verify(folder), **whose)
    return str(caught.value)


def test_a_signature_of_the_right_key_is_good(signed, keys):
    """Signed with one half of a key, checked with the other; the bundle itself does not change."""
    assert check(verify(signed), public_key=keys / "ada.pub") == Checked(SIGNATURE, "key")
    assert verify(signed).id == verify(tiny_bundle(signed.parent / "other")).id


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda curve: curve.name)
def test_three_curves_can_sign(bundle, tmp_path, curve):
    """Keys on P-256, P-384 and P-521."""
    write_key(tmp_path, "some", ec.generate_private_key(curve))
    sign(verify(bundle), key=tmp_path / "some.key")

    assert check(verify(bundle), public_key=tmp_path / "some.pub").by == "key"


def test_a_signature_of_another_key_is_refused(signed, keys):
    """Whose key it must be is the reader's to say."""
    assert refusal(signed, public_key=keys / "eve.pub") == NOT_THIS_KEY


def test_what_a_signature_says_of_its_key_counts_for_nothing(signed, keys):
    """Without a word on its key, or with the wrong one, the signature itself still tells."""
    document = json.loads((signed / SIGNATURE).read_bytes())
    document["verificationMaterial"]["publicKey"] = {}
    (signed / SIGNATURE).write_text(json.dumps(document))

    assert refusal(signed, public_key=keys / "eve.pub") == ALTERED
    assert check(verify(signed), public_key=keys / "ada.pub").path == SIGNATURE


def test_an_unsigned_bundle_is_refused(signed, keys):
    """A signature taken away is a signature missing."""
    shutil.rmtree(signed / "signatures")

    assert refusal(signed, public_key=keys / "ada.pub") == "the bundle is not signed"


def test_a_signature_of_another_bundle_is_refused(signed, keys, tmp_path):
    """A signature moved to other contents is good for nothing."""
    other = tiny_bundle(tmp_path / "other", name="other")
    shutil.copytree(signed / "signatures", other / "signatures")

    assert refusal(other, public_key=keys / "ada.pub") == (
        f"no signature is good: {SIGNATURE}: other contents were signed"
    )


def test_contents_of_equal_xxh3_digest_are_told_apart(signed, keys):
    """The signature holds where our own digests do not: contents count, not the manifest's digests of them."""
    verified = verify(signed)  # and now the twin comes
    weights = signed / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1] + b"\1")
    with pytest.raises(RefusedInputError) as caught:
        check(verified, public_key=keys / "ada.pub")

    assert str(caught.value) == f"no signature is good: {SIGNATURE}: other contents were signed"


def test_what_a_signature_leaves_out_must_not_be_part_of_the_bundle(bundle, keys):
    """Made elsewhere, with the weights ignored: good by its key, and refused all the same."""
    from model_signing.hashing import Config
    from model_signing.signing import Config as Signer

    (bundle / "signatures").mkdir()
    contents = Config().set_ignored_paths(paths=["signatures", "model.safetensors"])
    signer = Signer().use_elliptic_key_signer(private_key=keys / "ada.key").set_hashing_config(contents)
    signer.sign(bundle, bundle / SIGNATURE)

    assert refusal(bundle, public_key=keys / "ada.pub") == (
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
    path = sign(verify(bundle), key=keys / "ada.key", name="ours")

    assert check(verify(bundle), public_key=keys / "ada.pub").path == "signatures/ours.sigstore.json"
    (bundle / path).rename(bundle.parent / "ours.json")
    assert check(verify(bundle), public_key=keys / "ada.pub").path == SIGNATURE
    Verifier().use_elliptic_key_verifier(public_key=keys / "ada.pub").verify(bundle, bundle.parent / "ours.json")


def test_the_hubs_attributes_do_not_spoil_a_signature(signed, keys):
    """What the Hub adds is allowed by our own verify, line by line, and not part of the contents."""
    (signed / ".gitattributes").write_bytes(b"*.safetensors filter=lfs diff=lfs merge=lfs -text\n")

    assert check(verify(signed), public_key=keys / "ada.pub").path == SIGNATURE


def test_a_signature_goes_along_with_an_archive(signed, keys, tmp_path):
    """Packed and unpacked, the bundle is still signed."""
    back = unpack(pack(verify(signed), tmp_path / "tiny.zip").path, tmp_path / "back")

    assert check(back.verify(), public_key=keys / "ada.pub").path == SIGNATURE


def test_several_people_can_sign(signed, keys):
    """One good signature is enough, and each is found by its own key."""
    sign(verify(signed), key=keys / "eve.key", name="eve")

    assert check(verify(signed), public_key=keys / "eve.pub").path == "signatures/eve.sigstore.json"
    assert check(verify(signed), public_key=keys / "ada.pub").path == SIGNATURE


def test_a_signature_is_never_overwritten(signed, keys):
    """Two signatures have two names."""
    with pytest.raises(UsageError) as caught:
        sign(verify(signed), key=keys / "eve.key")

    assert str(caught.value) == f"{SIGNATURE}: there is a signature of this name"


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
            check(verify(signed), public_key=keys / "ada.pub")
        except RefusedInputError:
            continue
        meant = base64.b64decode(json.loads(content)["dsseEnvelope"]["payload"])
        assert meant == base64.b64decode(payload), bit


@pytest.mark.parametrize(
    "content", [b"", b"{}", b"[]", b"null", b"\xff", b"[" * 100_000, b'{"verificationMaterial": 3}']
)
def test_what_is_no_signature_is_refused(signed, keys, content):
    """Whatever stands in a signature's place is refused, never a traceback."""
    (signed / SIGNATURE).write_bytes(content)

    assert refusal(signed, public_key=keys / "ada.pub").startswith(f"no signature is good: {SIGNATURE}: ")


def test_a_certificate_leads_to_its_root(bundle, keys):
    """Whoever trusts the root needs no public key; another root does not do."""
    sign(verify(bundle), key=keys / "ada.key", certificate=keys / "ada.crt")

    assert check(verify(bundle), certificates=[keys / "root.crt"]) == Checked(SIGNATURE, "certificate")
    assert refusal(bundle, certificates=[keys / "other-root.crt"]).startswith(f"no signature is good: {SIGNATURE}: ")


def test_a_signature_without_a_certificate_has_no_root(signed, keys):
    """A root says nothing of a bare key."""
    assert refusal(signed, certificates=[keys / "root.crt"]).startswith(f"no signature is good: {SIGNATURE}: ")


def test_an_encrypted_key_needs_its_password(bundle, keys):
    """With the password it signs; without, or with a wrong one, it says what is missing."""
    verified = verify(bundle)
    for password in (None, "wrong"):
        with pytest.raises(UsageError) as caught:
            sign(verified, key=keys / "locked.key", password=password)
        assert str(caught.value).startswith(f"key {str(keys / 'locked.key')!r}: cannot sign: ")
        assert "password" in caught.value.hint
    sign(verified, key=keys / "locked.key", password="open sesame")

    assert check(verify(bundle), public_key=keys / "locked.pub").by == "key"


def test_keys_that_cannot_sign_or_check_are_refused(signed, keys, tmp_path):
    """A missing file, a key of another kind, the wrong half: wrong usage, and nothing is written."""
    write_key(tmp_path, "rsa", rsa.generate_private_key(public_exponent=65537, key_size=2048))
    for key in (tmp_path / "none", tmp_path / "rsa.key", keys / "ada.pub"):
        with pytest.raises(UsageError, match="cannot sign"):
            sign(verify(signed), key=key, name="x")
    for key in (tmp_path / "none", tmp_path / "rsa.pub", keys / "ada.key"):
        with pytest.raises(UsageError, match="cannot be used to check a signature"):
            check(verify(signed), public_key=key)

    assert [path.name for path in (signed / "signatures").iterdir()] == ["signature.sigstore.json"]


@pytest.mark.parametrize("name", ["a/b", "../x", ""])
def test_a_name_is_a_file_name(bundle, keys, name):
    """A signature stands in its own folder, whatever it is called."""
    with pytest.raises((UsageError, RefusedInputError)):
        sign(verify(bundle), key=keys / "ada.key", name=name)


def test_somebody_must_be_named(signed):
    """Without a key there is nothing to check against."""
    with pytest.raises(UsageError) as caught:
        check(verify(signed))

    assert str(caught.value).endswith("root certificates: expected one of the two")


@pytest.fixture
def call(capsys):
    """Run the command line; gives exit code, standard output and standard error."""

    def run(*argv):
        code = cli.main([str(part) for part in argv])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def test_the_command_line_signs_and_checks(call, bundle, keys):
    """Unsigned, signed but not checked, signed and good: three words for three things."""
    assert call("verify", bundle)[1].splitlines()[0] == "intact, UNSIGNED"
    assert call("sign", bundle, "--key", keys / "ada.key") == (
        0,
        f"signed tiny  {verify(bundle).id}: {SIGNATURE}\n",
        "",
    )
    assert call("verify", bundle)[1].splitlines()[0] == "intact, signature NOT CHECKED"
    assert call("verify", bundle, "--key", keys / "ada.pub")[1].splitlines()[0] == "intact, signed, signature good"
    assert json.loads(call("verify", bundle, "--key", keys / "ada.pub", "--json")[1])["signature"] == "good"


def test_the_command_line_refuses_what_is_not_signed_as_required(call, signed, keys, tmp_path):
    """Missing, wrong, or nobody named: exit 2 and nothing on standard output."""
    unsigned = tiny_bundle(tmp_path / "unsigned")
    require = "--require-signature"

    assert call("verify", unsigned, require, "--key", keys / "ada.pub")[:2] == (2, "")
    assert call("verify", signed, require, "--key", keys / "eve.pub") == (2, "", f"reprobundle: {NOT_THIS_KEY}\n")
    assert call("verify", signed, require) == (
        2,
        "",
        "reprobundle: --require-signature: whose must it be?\nhint: name a public key with --key\n",
    )


def test_the_command_line_reads_a_password_from_a_file(call, bundle, keys, tmp_path):
    """A password never stands on the command line."""
    (tmp_path / "password").write_text("open sesame\n")
    code, out, _ = call(
        "sign",
        bundle,
        "--key",
        keys / "locked.key",
        "--password-file",
        tmp_path / "password",
        "--name",
        "mine",
        "--json",
    )

    assert code == 0
    assert json.loads(out)["signature"] == "signatures/mine.sigstore.json"
    assert Path(bundle / "signatures" / "mine.sigstore.json").is_file()
