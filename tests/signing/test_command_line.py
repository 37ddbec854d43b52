"""``sign`` and ``verify`` on the command line."""

from __future__ import annotations

import hashlib
import json
import os
import re

import pytest
from signing_keys import TODAY, YEAR, certify, write_key
from tiny import tiny_bundle

from reprobundle.bundle import verify
from reprobundle.exports.archives import pack
from reprobundle.signing import CertificateSigner, KeySigner, PublicKey, check, sign

SIGNATURE = "signatures/signature.sigstore.json"
NOT_THIS_KEY = re.compile(
    f"reprobundle: no signature is good: {SIGNATURE}: it was made with another key: "
    r"expected the fingerprint [0-9a-f]{16}…, found [0-9a-f]{16}…\n"
    r"hint: a fingerprint is the SHA-256 of the public key's file \(sha256sum public.pem\): ask the signer .*\n"
)
PASSWORD = "open sesame"


def test_the_command_line_signs_and_checks(call, bundle, keys):
    """Unsigned, signed but not checked, signed and good: three words for three things."""
    assert call("verify", bundle)[1].splitlines()[0] == "intact, UNSIGNED"
    fingerprint = hashlib.sha256((keys / "ada.pub").read_bytes()).hexdigest()[:16]
    assert call("sign", bundle, "--key", keys / "ada.key") == (
        0,
        "SIGNED\n"
        f"bundle       tiny  {verify(bundle).id}\n"
        f"by           the key with the fingerprint {fingerprint}…\n"
        f"signature    {SIGNATURE}\n"
        "             of 5 files and the manifest\n\n"
        f"check it     reprobundle verify {bundle} --key PUBLIC.pem\n",
        "",
    )
    unchecked = call("verify", bundle)[1]
    assert unchecked.splitlines()[0] == "intact, signature NOT CHECKED"
    assert f"signature    signed, not checked: give --key\n             {SIGNATURE}\n" in unchecked
    good = call("verify", bundle, "--key", keys / "ada.pub")[1]
    assert good.splitlines()[0] == "intact, signed, signature good"
    assert f"signature    of the key 'ada.pub'\n             {SIGNATURE}\n" in good


def test_signing_with_a_certificate_names_whom_it_certifies(call, bundle, keys):
    """What others will read when they have checked it, and how they do."""
    out = call("sign", bundle, "--key", keys / "ada.key", "--certificate", keys / "ada.crt")[1]

    assert out.splitlines()[2] == "by           the certificate of 'CN=ada'"
    assert out.splitlines()[-1] == f"check it     reprobundle verify {bundle} --certificate ROOT.pem"


MISTAKEN = {
    "a public key signs": (
        ("sign", "--key", "ada.pub"),
        "cannot sign: it is a public key",
        "give the private half, from which the public one was made, such as key.pem",
    ),
    "a certificate signs": (
        ("sign", "--key", "ada.crt"),
        "cannot sign: it is a certificate",
        "a certificate is named with --certificate",
    ),
    "a missing key signs": (("sign", "--key", "none.pem"), "there is no file", None),
    "an encrypted key with a certificate": (
        ("sign", "--key", "locked.key", "--certificate", "ada.crt"),
        "cannot sign: it is encrypted",
        "of a key with a certificate model-signing takes no password: decrypt it, openssl ec -in FILE -out key.pem",
    ),
    "a private key checks": (
        ("verify", "--key", "ada.key"),
        "cannot be used to check a signature: it is a private key",
        "it must be the public half: openssl ec -in key.pem -pubout -out public.pem",
    ),
    "a missing key checks": (("verify", "--key", "none.pem"), "there is no file", None),
}


@pytest.mark.parametrize("case", MISTAKEN)
def test_a_file_that_is_no_such_key_is_told_what_it_is(call, signed, keys, tmp_path, case):
    """In one line of our own words, and the way out; nothing is said of its rights, which are none of a private key."""
    (verb, option, name, *more), what, hint = MISTAKEN[case]
    more = [word if word.startswith("--") else keys / word for word in more]
    (keys / "ada.pub").chmod(0o644)
    told = f"reprobundle: key {str(keys / name)!r}: {what}\n" + (f"hint: {hint}\n" if hint else "")

    bundle = signed if verb == "verify" else tiny_bundle(tmp_path / "unsigned")

    assert call(verb, bundle, option, keys / name, *more) == (2, "", told)


def test_a_key_of_another_certificate_does_not_sign(call, bundle, keys):
    """Both files are named, and what to name instead."""
    assert call("sign", bundle, "--key", keys / "eve.key", "--certificate", keys / "ada.crt") == (
        2,
        "",
        f"reprobundle: key {str(keys / 'eve.key')!r}: does not belong to the certificate {str(keys / 'ada.crt')!r}\n"
        "hint: name the key that the certificate was asked for with, or the certificate of this key\n",
    )


def test_what_is_no_certificate_is_told_what_it_is(call, signed, keys):
    """A key where a root is asked for, and a file that is not there."""
    argv = ("verify", signed, "--certificate")

    assert call(*argv, keys / "ada.pub") == (
        2,
        "",
        f"reprobundle: certificate {str(keys / 'ada.pub')!r}: cannot be used: it is a public key\n",
    )
    assert call(*argv, keys / "none")[2] == f"reprobundle: certificate {str(keys / 'none')!r}: there is no file\n"


def test_the_document_says_the_same(call, bundle, keys):
    """None, not checked, good, and by what: for programs, too."""
    words = ("signature", "signatures", "signed_by")

    def facts(*argv):
        document = json.loads(call("verify", bundle, "--json", *argv)[1])
        return tuple(document[word] for word in words)

    assert facts() == ("none", [], None)
    sign(verify(bundle), KeySigner(keys / "ada.key"))
    assert facts() == ("not checked", [SIGNATURE], None)
    by = {"signature": SIGNATURE, "by": "key", "who": "the key 'ada.pub'"}
    assert facts("--key", keys / "ada.pub") == ("good", [SIGNATURE], by)


def test_the_command_line_refuses_what_is_not_signed_as_required(call, signed, keys, tmp_path):
    """Missing, wrong, or nobody named: exit 2 and nothing on standard output."""
    unsigned = tiny_bundle(tmp_path / "unsigned")
    require = "--require-signature"

    assert call("verify", unsigned, require, "--key", keys / "ada.pub")[:2] == (2, "")
    code, out, err = call("verify", signed, require, "--key", keys / "eve.pub")
    assert (code, out) == (2, "")
    assert NOT_THIS_KEY.fullmatch(err)
    assert call("verify", signed, require) == (
        2,
        "",
        "reprobundle: --require-signature: whose must it be?\nhint: name a public key with --key\n",
    )


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_packed_bundle_is_checked_with_a_key(call, signed, keys, tmp_path, kind):
    """The verb takes the file: whose key it is decides, as of a folder, and nothing stays behind."""
    packed = pack(verify(signed), tmp_path / f"tiny.{kind}").path
    good = call("verify", packed, "--key", keys / "ada.pub")

    assert (good[0], good[1].splitlines()[0]) == (0, "intact, signed, signature good")
    code, out, err = call("verify", packed, "--key", keys / "eve.pub")
    assert (code, out) == (2, "")
    assert NOT_THIS_KEY.search(err)


def test_a_packed_bundle_is_not_signed(call, bundle, keys, tmp_path):
    """A signature stands in the folder, so that is what is signed; the file stays as it was."""
    packed = pack(verify(bundle), tmp_path / "tiny.zip").path
    before = packed.read_bytes()

    assert call("sign", packed, "--key", keys / "ada.key") == (
        2,
        "",
        f"reprobundle: {str(packed)!r}: a packed bundle cannot be signed\n"
        "hint: sign the folder, then pack it: reprobundle unpack FILE DIR gives the folder back\n",
    )
    assert packed.read_bytes() == before


MIXED = {
    "who signs: expected one of --key and --keyless": [(), ("--key", "k", "--keyless")],
    "--password-file, --certificate and --chain: belong to --key, not to --keyless": [
        ("--keyless", "--password-file", "p"),
        ("--keyless", "--certificate", "c"),
        ("--keyless", "--chain", "c"),
    ],
    "--identity-token, --staging and --trust-config: belong to --keyless, not to --key": [
        ("--key", "k", "--staging"),
        ("--key", "k", "--identity-token", "t"),
        ("--key", "k", "--trust-config", "t"),
    ],
    "--chain: belongs to a certificate": [("--key", "k", "--chain", "c")],
}


@pytest.mark.parametrize(("said", "argv"), [(said, argv) for said, all_of in MIXED.items() for argv in all_of])
def test_sign_wants_to_know_who_signs(call, bundle, said, argv):
    """A key or a person, and only what belongs to it."""
    code, out, err = call("sign", bundle, *argv)

    assert (code, out, err.splitlines()[0]) == (2, "", f"reprobundle: {said}")
    assert not (bundle / "signatures").exists()


STRAYS = {
    "whose signature must it be: expected one of --key, --certificate and --identity": [
        ("--key", "k", "--certificate", "c"),
        ("--key", "k", "--identity", "i", "--issuer", "u"),
        ("--certificate", "c", "--identity", "i", "--issuer", "u"),
    ],
    "--identity: who knows them by this name? expected --issuer": [("--identity", "ada@example.org")],
    "--issuer, --staging and --trust-config: belong to --identity": [
        ("--issuer", "u"),
        ("--staging",),
        ("--key", "k", "--trust-config", "t"),
    ],
    "--allow-expired: belongs to --certificate": [("--allow-expired",), ("--key", "k", "--allow-expired")],
}


@pytest.mark.parametrize(("said", "argv"), [(said, argv) for said, all_of in STRAYS.items() for argv in all_of])
def test_verify_wants_to_know_whose_signature(call, signed, said, argv):
    """One key, root or identity, each with what belongs to it: an option that would be ignored is refused."""
    code, out, err = call("verify", signed, *argv)

    assert (code, out, err.splitlines()[0]) == (2, "", f"reprobundle: {said}")


def test_an_expired_certificate_needs_a_word(call, bundle, keys, tmp_path):
    """Refused by its date, and taken where the reader says so, whoever signed while it was valid or after."""
    root = certify(tmp_path, "old-root", write_key(tmp_path, "old-root"), since=TODAY - 3 * YEAR)
    ada = write_key(tmp_path, "ada")
    certify(tmp_path, "ada", ada, root)
    sign(verify(bundle), CertificateSigner(tmp_path / "ada.key", tmp_path / "ada.crt"))
    _with_certificate(bundle, tmp_path, ada, root)
    argv = ("verify", bundle, "--certificate", tmp_path / "old-root.crt")
    code, out, err = call(*argv)

    assert (code, out) == (2, "")
    assert re.search(
        r": its certificate was valid until \d{4}-\d\d-\d\d; --allow-expired takes it all the same$", err.strip()
    )
    assert call(*argv, "--allow-expired")[0] == 0


def _with_certificate(bundle, folder, key, root):
    """Put an expired certificate of the same key into the signature: nothing signed binds the one that is there."""
    import base64

    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    certify(folder, "expired", key, root, since=TODAY - 2 * YEAR, until=TODAY - YEAR)
    certificate = x509.load_pem_x509_certificate((folder / "expired.crt").read_bytes())
    raw = base64.b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()
    document = json.loads((bundle / SIGNATURE).read_bytes())
    document["verificationMaterial"]["x509CertificateChain"]["certificates"] = [{"rawBytes": raw}]
    (bundle / SIGNATURE).write_text(json.dumps(document))


def test_a_password_comes_from_a_file(call, bundle, keys, tmp_path):
    """A password never stands on the command line, nor in anything that is printed or written."""
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    argv = ("sign", bundle, "--key", keys / "locked.key", "--password-file", tmp_path / "password", "--name", "mine")
    code, out, err = call(*argv, "--json")

    assert (code, json.loads(out)["signature"], err) == (0, "signatures/mine.sigstore.json", "")
    assert PASSWORD.encode() not in (bundle / "signatures" / "mine.sigstore.json").read_bytes()
    assert check(verify(bundle), PublicKey(keys / "locked.pub")).by == "key"


def test_a_password_comes_from_the_environment(call, bundle, keys, monkeypatch):
    """Where no file is named; a wrong one is refused and not repeated."""
    monkeypatch.setenv("REPROBUNDLE_KEY_PASSWORD", "wrong " + PASSWORD)
    code, out, err = call("sign", bundle, "--key", keys / "locked.key")

    assert (code, out) == (2, "")
    assert PASSWORD not in err
    monkeypatch.setenv("REPROBUNDLE_KEY_PASSWORD", PASSWORD)
    assert call("sign", bundle, "--key", keys / "locked.key")[0] == 0


def test_nobody_is_asked_where_nobody_watches(call, bundle, keys):
    """Without a terminal an encrypted key without a password is refused at once, and the way out is said."""
    code, out, err = call("sign", bundle, "--key", keys / "locked.key")

    assert (code, out) == (2, "")
    assert err.splitlines()[1] == "hint: an encrypted key needs its password: --password-file FILE"


@pytest.mark.skipif(os.name != "posix", reason="a terminal of our own")
def test_a_person_is_asked_for_the_password(bundle, keys):
    """At a terminal, without showing what is typed."""
    from signing_terminal import typed

    code, shown = typed(["sign", bundle, "--key", keys / "locked.key"], {"password of locked.key: ": PASSWORD})

    assert (code, PASSWORD in shown) == (0, False)
    assert check(verify(bundle), PublicKey(keys / "locked.pub")).by == "key"


def test_a_password_file_that_is_no_text_is_not_quoted(call, bundle, keys, tmp_path):
    """The error says what is wrong, not what was read."""
    (tmp_path / "password").write_bytes(b"sesame\xff")
    code, _, err = call("sign", bundle, "--key", keys / "locked.key", "--password-file", tmp_path / "password")

    assert (code, err) == (
        2,
        f"reprobundle: --password-file: {str(tmp_path / 'password')!r} cannot be read: it is not UTF-8\n",
    )


@pytest.mark.skipif(os.name != "posix", reason="rights of other users are a matter of POSIX")
@pytest.mark.parametrize("mode", [0o640, 0o604])
def test_a_key_that_others_can_read_is_told_of(call, bundle, tmp_path, mode):
    """It signs, for it may be the only one there is; a key of one's own is signed with in silence."""
    write_key(tmp_path, "open")
    (tmp_path / "open.key").chmod(mode)
    code, _, err = call("sign", bundle, "--key", tmp_path / "open.key")

    assert (code, err) == (
        0,
        f"reprobundle: key {str(tmp_path / 'open.key')!r}: others on this machine can use it\n"
        f"hint: chmod 600 {tmp_path / 'open.key'}\n",
    )
