"""Who signed, and what the reader trusts: no false accept, and a reason for each refusal.

What is changed since is in `test_changed_folders` and `test_changed_signatures`, for the same readers.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID
from signing_forging import SIGNATURE
from signing_keys import TODAY, YEAR, certify, rsa_key, write_key
from signing_outcomes import ACCEPTED, BEGINNING, outcome

from reprobundle.bundle import verify
from reprobundle.errors import UsageError
from reprobundle.signing import CertificateSigner, Identity, KeySigner, PublicKey, Roots, check, sign

KEY_MISMATCH = BEGINNING + "it was made with another key: expected the fingerprint "
WITH_KEY = BEGINNING + "it was made with a bare key"
WITH_CERTIFICATE = BEGINNING + "it was made with a certificate"

KEY = {
    "right key": ACCEPTED,
    "other key": KEY_MISMATCH,
    "right root": WITH_KEY,
    "right root, expired or not": WITH_KEY,
    "other root": WITH_KEY,
    "both roots": WITH_KEY,
    "own certificate": WITH_KEY,
}
CERTIFICATE = {
    "right key": WITH_CERTIFICATE,
    "other key": WITH_CERTIFICATE,
    "right root": ACCEPTED,
    "right root, expired or not": ACCEPTED,
    "other root": BEGINNING
    + "its certificate does not lead to a root that is trusted: 'CN=ada' was certified by 'CN=root', which is no root",
    "both roots": ACCEPTED,
    "own certificate": BEGINNING
    + "its certificate does not lead to a root that is trusted: 'CN=ada' was certified by 'CN=root', which is no root",
}


@pytest.mark.parametrize("reader", KEY)
def test_a_key_and_its_readers(signed, readers, reader):
    """A bare key is checked with its public half, and with nothing else."""
    assert outcome(signed, readers[reader]).startswith(KEY[reader])


@pytest.mark.parametrize("reader", CERTIFICATE)
def test_a_certificate_and_its_readers(bundle, keys, readers, reader):
    """A certificate is checked with the root it leads to, and with nothing else."""
    sign(verify(bundle), CertificateSigner(keys / "ada.key", keys / "ada.crt"))

    assert outcome(bundle, readers[reader]).startswith(CERTIFICATE[reader])


def test_a_chain_leads_over_what_stands_between(bundle, tmp_path, keys):
    """With the certificate between it and the root, the same holds; without it the chain is broken."""
    root = certify(tmp_path, "root", write_key(tmp_path, "root"))
    middle = certify(tmp_path, "middle", write_key(tmp_path, "middle"), root, authority=True)
    certify(tmp_path, "leaf", write_key(tmp_path, "leaf"), middle)
    leaf = (tmp_path / "leaf.key", tmp_path / "leaf.crt")
    sign(verify(bundle), CertificateSigner(*leaf, (tmp_path / "middle.crt",)))
    trust = Roots([tmp_path / "root.crt"])

    assert outcome(bundle, trust) == ACCEPTED
    shutil.rmtree(bundle / "signatures")
    sign(verify(bundle), CertificateSigner(*leaf))
    assert outcome(bundle, trust).startswith(BEGINNING + "its certificate does not lead to a root that is trusted")
    assert outcome(bundle, Roots([keys / "root.crt"])).startswith(BEGINNING + "its certificate does not lead to a root")


TLS = (ExtendedKeyUsageOID.SERVER_AUTH,)
AUTHORITY = "its certificate is an authority's own"
UNFIT: dict[str, tuple[dict[str, object], str]] = {
    "for servers": (
        {"extended": TLS},
        "its certificate is not for signing code: its extended key usage lacks codeSigning",
    ),
    "for anything": (
        {"extended": ()},
        "its certificate is not for signing code: its extended key usage lacks codeSigning",
    ),
    "not for signatures": (
        {"digital_signature": False},
        "its certificate is not for signatures: its key usage lacks digitalSignature",
    ),
    "of an authority": ({"authority": True, "digital_signature": True}, AUTHORITY),
    "expired": ({"since": TODAY - 2 * YEAR, "until": TODAY - YEAR}, "its certificate was valid until "),
    "of the future": ({"since": TODAY + YEAR / 4}, "its certificate is valid from "),
}


@pytest.mark.parametrize("case", UNFIT)
def test_a_certificate_that_must_not_sign(bundle, keys, tmp_path, case):
    """Refused when it signs; and refused when another program signed with it, whoever certified it."""
    changed, said = UNFIT[case]
    root = certify(tmp_path, "root", write_key(tmp_path, "root"), since=TODAY - 4 * YEAR)
    certify(tmp_path, "leaf", write_key(tmp_path, "leaf"), root, **changed)
    with pytest.raises(UsageError) as caught:
        sign(verify(bundle), CertificateSigner(tmp_path / "leaf.key", tmp_path / "leaf.crt"))
    _sign_with_the_library_alone(bundle, tmp_path, "leaf")

    assert said in str(caught.value)
    assert outcome(bundle, Roots([tmp_path / "root.crt"])).startswith(BEGINNING + said)


def test_a_certificate_by_who_must_not_certify(bundle, tmp_path):
    """Who has a certificate for signing cannot make others."""
    root = certify(tmp_path, "root", write_key(tmp_path, "root"))
    mallory = certify(tmp_path, "mallory", write_key(tmp_path, "mallory"), root)
    certify(tmp_path, "leaf", write_key(tmp_path, "leaf"), mallory)
    chain = (tmp_path / "mallory.crt",)
    sign(verify(bundle), CertificateSigner(tmp_path / "leaf.key", tmp_path / "leaf.crt", chain))

    assert outcome(bundle, Roots([tmp_path / "root.crt"])).startswith(
        BEGINNING + "its certificate does not lead to a root that is trusted: invalid CA certificate"
    )


def test_a_certificate_by_itself_counts_where_it_is_named(bundle, keys, tmp_path):
    """It is trusted by whoever names it, and by nobody else."""
    certify(tmp_path, "self", write_key(tmp_path, "self"), authority=False)
    sign(verify(bundle), CertificateSigner(tmp_path / "self.key", tmp_path / "self.crt"))

    assert outcome(bundle, Roots([tmp_path / "self.crt"])) == ACCEPTED
    assert outcome(bundle, Roots([keys / "root.crt"])).startswith(
        BEGINNING
        + "its certificate does not lead to a root that is trusted: 'CN=self' was certified by itself, which is no root"
    )


def test_an_expired_root_counts_on_demand_alone(bundle, tmp_path):
    """The whole chain must be valid today, unless the reader says that it need not be."""
    root = certify(tmp_path, "root", write_key(tmp_path, "root"), since=TODAY - 2 * YEAR, until=TODAY - YEAR / 4)
    certify(tmp_path, "leaf", write_key(tmp_path, "leaf"), root)
    sign(verify(bundle), CertificateSigner(tmp_path / "leaf.key", tmp_path / "leaf.crt"))
    roots = [tmp_path / "root.crt"]

    assert outcome(bundle, Roots(roots)) == (
        BEGINNING + "its certificate does not lead to a root that is trusted: "
        f"'CN=root' on its way was valid until {TODAY - YEAR / 4:%Y-%m-%d}"
    )
    assert outcome(bundle, Roots(roots, allow_expired=True)) == ACCEPTED


def test_no_root_at_all_is_not_every_root_of_the_web(signed):
    """The library would take its own list of authorities; here a root is named or nothing is checked."""
    with pytest.raises(UsageError) as caught:
        check(verify(signed), Roots(()))

    assert str(caught.value) == "a certificate is checked with its root: expected one at least"


CURVES = {"secp256k1": ec.SECP256K1, "brainpoolP256r1": ec.BrainpoolP256R1, "secp224r1": ec.SECP224R1}


@pytest.mark.parametrize("curve", [*CURVES, "rsa"])
def test_keys_of_other_kinds_never_sign(bundle, tmp_path, curve):
    """With or without a certificate: three curves and no others."""
    key = write_key(tmp_path, "some", rsa_key() if curve == "rsa" else ec.generate_private_key(CURVES[curve]()))
    root = certify(tmp_path, "root", write_key(tmp_path, "root"))
    certify(tmp_path, "some", key, root)
    for signer in (
        KeySigner(tmp_path / "some.key"),
        CertificateSigner(tmp_path / "some.key", tmp_path / "some.crt"),
    ):
        with pytest.raises(
            UsageError, match=r"cannot sign: expected a key on the curve P-256, P-384 or P-521, found one "
        ):
            sign(verify(bundle), signer)
    with pytest.raises(UsageError, match="cannot be used to check a signature"):
        check(verify(bundle_signed(bundle, tmp_path)), PublicKey(tmp_path / "some.pub"))


def bundle_signed(bundle: Path, folder: Path) -> Path:
    """The bundle, signed by somebody."""
    write_key(folder, "any")
    sign(verify(bundle), KeySigner(folder / "any.key"))
    return bundle


def _sign_with_the_library_alone(folder: Path, made: Path, name: str) -> None:
    from model_signing.hashing import Config
    from model_signing.signing import Config as Signing

    (folder / "signatures").mkdir()
    ignored = Config().set_ignored_paths(paths=["signatures"], ignore_git_paths=False)
    Signing().use_certificate_signer(
        private_key=made / f"{name}.key",
        signing_certificate=made / f"{name}.crt",
        certificate_chain=[made / f"{name}.crt"],
    ).set_hashing_config(ignored).sign(folder, folder / SIGNATURE)


def test_no_identity_counts_for_a_key(signed):
    """What a key signed says nothing of who holds it, and no network is asked."""
    with pytest.raises(UsageError):
        check(verify(signed), Identity("ada@example.org", "https://example.org", trust_config=Path("none")))
