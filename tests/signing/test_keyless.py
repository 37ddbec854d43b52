"""Keyless signatures, made and checked by sigstore's own client against a Sigstore on the loopback.

What the public Sigstore answers, and logging in with a browser, is not tested here: neither can be reached.
"""

from __future__ import annotations

import base64
import json
import shutil

import pytest

pytest.importorskip("sigstore")

from signing_forging import SIGNATURE, edit_signature, refit
from sigstore_server import ISSUER, sigstore, token_of
from tiny import tiny_bundle

from reprobundle.bundle import verify
from reprobundle.errors import UnavailableError, UsageError
from reprobundle.exports.archives import pack, unpack
from reprobundle.signing import Checked, Identity, IdentitySigner, PublicKey, Roots, check, sign

ADA = "ada@example.org"
BEGINNING = f"no signature is good: {SIGNATURE}: "
AMBIENT = (
    "ACTIONS_ID_TOKEN_REQUEST_URL",
    "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
    "GITHUB_ACTIONS",
    "GITLAB_CI",
    "CIRCLECI",
    "BUILDKITE",
)


@pytest.fixture(autouse=True)
def nobodys_own(monkeypatch, tmp_path):
    """No identity of the machine that runs the tests, and no cache of the person's."""
    for name in AMBIENT:
        monkeypatch.delenv(name, raising=False)
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "xdg"))


@pytest.fixture(scope="module")
def instance(tmp_path_factory):
    """A Sigstore, and the file that names it."""
    with sigstore() as running:
        yield running, running.trust_config(tmp_path_factory.mktemp("sigstore") / "trust.json")


@pytest.fixture
def trust(instance):
    """The file of its roots; the instance answers as it should."""
    instance[0].refuse = lambda path: None
    return instance[1]


@pytest.fixture
def by_ada(bundle, trust):
    """A bundle that Ada signed without a key of her own."""
    sign(verify(bundle), IdentitySigner(token_of(ADA), trust_config=trust))
    return bundle


def test_an_identity_signs_and_is_found(by_ada, trust):
    """Signed with a token, checked with name and issuer; the roots come from the file, nobody is asked."""
    checked = check(verify(by_ada), Identity(ADA, ISSUER, trust_config=trust))

    assert checked == Checked(SIGNATURE, "identity", f"{ADA!r}, known to {ISSUER!r}")


def test_checking_asks_nobody(by_ada, trust, instance):
    """An archive can be checked when Sigstore is gone, as long as somebody has kept its roots."""
    before = list(instance[0].asked)
    check(verify(by_ada), Identity(ADA, ISSUER, trust_config=trust))

    assert instance[0].asked == before


OTHERS = {
    "eve@example.org": (ISSUER, "Certificate's SANs do not match eve@example.org; actual SANs: {'ada@example.org'}"),
    ADA: ("https://other.example.org", "Certificate's OIDCIssuer does not match (got '"),
}


@pytest.mark.parametrize("identity", OTHERS)
def test_another_identity_is_refused(by_ada, trust, refusal, identity):
    """Another name, or the same name at another provider: not the one who was asked for."""
    issuer, said = OTHERS[identity]

    assert refusal(by_ada, Identity(identity, issuer, trust_config=trust)).startswith(BEGINNING + said)


def test_another_sigstore_is_refused(by_ada, refusal, tmp_path):
    """Its certificates lead to other roots, whatever name stands in them."""
    with sigstore() as other:
        elsewhere = other.trust_config(tmp_path / "other.json")

    assert refusal(by_ada, Identity(ADA, ISSUER, trust_config=elsewhere)).startswith(
        BEGINNING + "failed to build timestamp certificate chain: "
    )


def test_changed_contents_are_refused(by_ada, trust, refusal):
    """As with a key: the signature is of these contents."""
    (by_ada / "data/train.txt").write_text("x")
    refit(by_ada)

    assert refusal(by_ada, Identity(ADA, ISSUER, trust_config=trust)) == (
        BEGINNING + "other contents were signed; not as signed: 'data/train.txt', 'manifest.json'"
    )


def _restated(document):
    statement = json.loads(base64.b64decode(document["dsseEnvelope"]["payload"]))
    statement["subject"][0]["name"] = "other"
    document["dsseEnvelope"]["payload"] = base64.b64encode(json.dumps(statement).encode()).decode()


def _unlogged(document):
    document["verificationMaterial"]["tlogEntries"] = []


def _misdated(document):
    document["verificationMaterial"]["tlogEntries"][0]["integratedTime"] = "1"


def _unproven(document):
    del document["verificationMaterial"]["tlogEntries"][0]["inclusionProof"]


TAMPERED = {
    "another statement": _restated,
    "no entry of the log": _unlogged,
    "another time": _misdated,
    "no proof of the log": _unproven,
}


@pytest.mark.parametrize("case", TAMPERED)
def test_a_changed_signature_is_refused(by_ada, trust, refusal, case):
    """What the log says is part of what is checked."""
    edit_signature(by_ada, TAMPERED[case])

    assert refusal(by_ada, Identity(ADA, ISSUER, trust_config=trust)).startswith(BEGINNING)


def test_a_signature_of_another_bundle_is_refused(by_ada, trust, refusal, tmp_path):
    """Moved to other contents it is good for nothing."""
    other = tiny_bundle(tmp_path / "other", name="other")
    shutil.copytree(by_ada / "signatures", other / "signatures")

    assert refusal(other, Identity(ADA, ISSUER, trust_config=trust)) == (
        BEGINNING + "other contents were signed; not as signed: 'manifest.json'"
    )


def test_kinds_do_not_mix(signed, keys, trust, refusal, tmp_path):
    """An identity is no key and no certificate, and the other way round; the message says what it takes."""
    other = tiny_bundle(tmp_path / "other")
    sign(verify(other), IdentitySigner(token_of(ADA), trust_config=trust))
    without = "it was made without a key of its own: check it with identity and issuer"

    assert refusal(other, PublicKey(keys / "ada.pub")) == BEGINNING + without
    assert refusal(other, Roots([keys / "root.crt"])) == BEGINNING + without
    assert refusal(signed, Identity(ADA, ISSUER, trust_config=trust)) == (
        BEGINNING + "it was made with a bare key: check it with the public key"
    )


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_it_goes_along_with_an_archive(by_ada, trust, tmp_path, kind, call):
    """Packed, checked as it is, and unpacked."""
    packed = pack(verify(by_ada), tmp_path / f"tiny.{kind}").path
    argv = ("--identity", ADA, "--issuer", ISSUER, "--trust-config", trust)
    code, out, _ = call("verify", packed, *argv)

    assert (code, out.splitlines()[0]) == (0, "intact, signed, signature good")
    assert call("verify", unpack(packed, tmp_path / "back").path, *argv)[0] == 0


def test_the_command_line_signs_with_a_token_in_a_file(bundle, trust, tmp_path, call):
    """The token stands in a file, and nowhere else afterwards."""
    token = token_of(ADA)
    (tmp_path / "token").write_text(token + "\n")
    code, out, err = call("sign", bundle, "--keyless", "--identity-token", tmp_path / "token", "--trust-config", trust)

    assert (code, err) == (0, "")
    assert out.splitlines()[:3] == [
        "SIGNED",
        f"bundle       tiny  {verify(bundle).id}",
        f"by           the identity {ADA!r}",
    ]
    assert out.endswith(f"reprobundle verify {bundle} --identity NAME --issuer URL\n")
    assert token.encode() not in (bundle / SIGNATURE).read_bytes()
    assert call("verify", bundle, "--identity", ADA, "--issuer", ISSUER, "--trust-config", trust)[0] == 0


BAD_TOKENS = {
    "no token": lambda: "nonsense",
    "expired": lambda: token_of(ADA, seconds=-60),
    "for somebody else": lambda: token_of(ADA, audience="elsewhere"),
}


@pytest.mark.parametrize("case", BAD_TOKENS)
def test_a_token_that_is_none_is_refused_before_anything_is_asked(bundle, trust, instance, case):
    """And it is not repeated."""
    token, before = BAD_TOKENS[case](), list(instance[0].asked)
    with pytest.raises(UsageError, match="the identity token cannot be used: ") as caught:
        sign(verify(bundle), IdentitySigner(token, trust_config=trust))

    assert token not in str(caught.value)
    assert (instance[0].asked, (bundle / "signatures").exists()) == (before, False)


def test_without_an_identity_nobody_is_asked_to_log_in(bundle, trust, call):
    """Where no person watches, a missing token is wrong usage, not a wait for a browser."""
    assert call("sign", bundle, "--keyless", "--trust-config", trust) == (
        2,
        "",
        "reprobundle: there is no identity to sign as: no token was given or found\n"
        "hint: a token of your identity provider, made out to 'sigstore', in a file: --identity-token FILE\n",
    )


@pytest.mark.parametrize(
    ("path", "status"), [("/api/v2/signingCert", 400), ("/api/v2/signingCert", 503), ("/api/v1/log/entries", 500)]
)
def test_what_sigstore_refuses_leaves_the_bundle_as_it_was(bundle, trust, instance, path, status):
    """The authority does not certify, or the log takes no entry: nothing is signed, and the status is told."""
    instance[0].refuse = lambda asked: status if asked == path else None
    with pytest.raises(UnavailableError, match=rf"^Sigstore would not sign: {status} "):
        sign(verify(bundle), IdentitySigner(token_of(ADA), trust_config=trust))

    assert not (bundle / "signatures").exists()


def test_a_sigstore_that_is_gone_is_unavailable(bundle, tmp_path):
    """Signing needs it; the error says so, and that a key does without."""
    with sigstore() as gone:
        trust = gone.trust_config(tmp_path / "gone.json")
    with pytest.raises(UnavailableError, match="^Sigstore cannot be reached to sign without a key: ") as caught:
        sign(verify(bundle), IdentitySigner(token_of(ADA), trust_config=trust))

    assert caught.value.hint.startswith("sign with a key where there is no network")
    assert not (bundle / "signatures").exists()


def test_without_a_network_the_public_roots_cannot_be_fetched(by_ada, monkeypatch, call):
    """Through a proxy that nobody listens at: could not be done, with the way out; never accepted."""
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    code, out, err = call("verify", by_ada, "--identity", ADA, "--issuer", ISSUER)

    assert (code, out) == (3, "")
    assert err.startswith("reprobundle: Sigstore cannot be reached to check an identity: ")
    assert "--trust-config" in err.splitlines()[1]


@pytest.mark.parametrize("content", [None, b"", b"{}", b"\xff", b'{"mediaType": "x"}'])
def test_a_file_that_names_no_sigstore_is_refused(by_ada, tmp_path, content):
    """Missing, empty, or something else: wrong usage, with the file's name."""
    place = tmp_path / "trust.json"
    if content is not None:
        place.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        check(verify(by_ada), Identity(ADA, ISSUER, trust_config=place))

    assert str(caught.value).startswith(f"{str(place)!r}: cannot be ")


@pytest.mark.parametrize(("identity", "issuer"), [("", ISSUER), (ADA, "")])
def test_an_identity_without_its_issuer_is_nobody(by_ada, trust, identity, issuer):
    """sigstore asks for no issuer where none is given; here both are needed."""
    with pytest.raises(UsageError) as caught:
        check(verify(by_ada), Identity(identity, issuer, trust_config=trust))

    assert str(caught.value) == "an identity is a name and who gave it: expected identity and issuer"
