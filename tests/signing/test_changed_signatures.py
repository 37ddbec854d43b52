"""A signature's file that was changed, and one that the right key made of another statement: no reader accepts it."""

from __future__ import annotations

import base64
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from signing_forging import SIGNATURE, edit_signature, edit_statement, flip, refit
from signing_keys import certify, write_key
from signing_outcomes import ACCEPTED, BEGINNING, OTHER_CONTENTS, UNSIGNED, outcome
from tiny import tiny_bundle

from reprobundle.bundle import verify
from reprobundle.signing import CertificateSigner, KeySigner, Roots, sign


def _material_of(other: Path) -> Callable[[dict], None]:
    def edit(document: dict) -> None:
        document["verificationMaterial"] = json.loads((other / SIGNATURE).read_bytes())["verificationMaterial"]

    return edit


def _payload(document: dict) -> dict:
    document["dsseEnvelope"]["payload"] = "e30="
    return document


def _set(*path: str, value: object) -> Callable[[dict], None]:
    def edit(document: dict) -> None:
        *above, last = path
        for step in above:
            document = document[step]
        document[last] = value

    return edit


def _doubled(document: dict) -> bytes:
    return json.dumps(document).encode()[:-1] + b', "mediaType": "x"}'


SIGNATURES: dict[str, tuple[Callable[[dict], object], str]] = {
    "empty": (lambda document: b" ", "it is not JSON: Expecting value"),
    "truncated": (lambda document: json.dumps(document).encode()[:-200], "it is not JSON: "),
    "huge": (lambda document: b" " * (2**25 + 1), "it is larger than 33554432 bytes"),
    "deep": (lambda document: b'{"a":' * 200_000, "it is nested too deep"),
    "a list": (lambda document: b"[]", "it is not a JSON object"),
    "an empty object": (lambda document: b"{}", "it lacks what every signature of model-signing has"),
    "a key twice": (_doubled, "it says 'mediaType' twice"),
    "another media type": (_set("mediaType", value="text/plain"), "its media type differs: expected "),
    "another payload type": (
        _set("dsseEnvelope", "payloadType", value="text/plain"),
        "its payload type differs: expected 'application/vnd.in-toto+json', found 'text/plain'",
    ),
    "another payload": (_payload, "it lacks what every signature of model-signing has"),
    "no signature in it": (_set("dsseEnvelope", "signatures", value=[]), "it holds 0 signatures, expected 1"),
    "two signatures in it": (
        _set("dsseEnvelope", "signatures", value=[{"sig": "AA=="}, {"sig": "AA=="}]),
        "it holds 2 signatures, expected 1",
    ),
    "another signature in it": (_set("dsseEnvelope", "signatures", value=[{"sig": "MAA="}]), ""),
    "no key named": (
        _set("verificationMaterial", "publicKey", value={}),
        "it lacks what every signature of model-signing has",
    ),
    "a key without a digest": (
        _set("verificationMaterial", "publicKey", value={"hint": ""}),
        "it does not say which key made it: it comes from a model-signing before 1.0",
    ),
    "nothing to check it with": (_set("verificationMaterial", value={}), "it names 0 ways to check it, expected 1"),
    "two ways to check it": (
        _set("verificationMaterial", "certificate", value={"rawBytes": ""}),
        "it names 2 ways to check it, expected 1",
    ),
    "an empty chain": (
        _set("verificationMaterial", value={"x509CertificateChain": {"certificates": []}}),
        "its chain holds no certificate",
    ),
    "a chain of nonsense": (
        _set("verificationMaterial", value={"x509CertificateChain": {"certificates": [{"rawBytes": "AAAA"}]}}),
        "it was made with a certificate",
    ),
    "payload that is no base64": (_set("dsseEnvelope", "payload", value="\u00e9"), "it holds what is not base64: "),
    "payload that is no text": (_set("dsseEnvelope", "payload", value=3), "it holds no text where base64 is expected"),
}


@pytest.mark.parametrize("case", SIGNATURES)
def test_a_changed_signature_is_refused(signed, readers, case):
    """A file that is no signature any more is refused by every reader, and told why."""
    edit, said = SIGNATURES[case]
    edit_signature(signed, edit)
    found = {name: outcome(signed, trust) for name, trust in readers.items()}

    assert ACCEPTED not in found.values()
    assert all(text.startswith(BEGINNING) for text in found.values()), found
    assert found["right key"].startswith(BEGINNING + said)


def _unlisted(statement: dict) -> None:
    statement["predicate"]["resources"] = statement["predicate"]["resources"][1:]


def _ignoring(*paths: str) -> Callable[[dict], None]:
    return _set("predicate", "serialization", "ignore_paths", value=list(paths))


def _hash_of_others(statement: dict) -> None:
    for resource in statement["predicate"]["resources"]:
        resource["algorithm"] = "blake2b"


def _twice(statement: dict) -> None:
    statement["predicate"]["resources"] *= 2


STATEMENTS: dict[str, tuple[Callable[[dict], object], str]] = {
    "another predicate": (
        _set("predicateType", value="https://slsa.dev/provenance/v1"),
        "its predicate type differs: expected 'https://model_signing/signature/v1.0', found 'https://slsa.dev/",
    ),
    "the predicate of old": (
        _set("predicateType", value="https://model_signing/Digests/v0.1"),
        "its predicate type differs: ",
    ),
    "another statement": (_set("_type", value="https://in-toto.io/Statement/v0.1"), "its statement type differs: "),
    "other digests": (_hash_of_others, "its digests differs: expected 'sha256', found 'blake2b'"),
    "other digests declared": (
        _set("predicate", "serialization", "hash_type", value="blake3"),
        "its digests differs: expected 'sha256', found 'blake3'",
    ),
    "shards": (_set("predicate", "serialization", "method", value="shards"), "its serialisation differs: "),
    "a file left out": (_unlisted, "Manifest is inconsistent. "),
    "a file named twice": (_twice, "its statement names 'data/test.txt' twice"),
    "the weights ignored": (_ignoring("signatures", "model.safetensors"), "it leaves 'model.safetensors' unsigned"),
    "a folder ignored": (_ignoring("signatures", "data"), "it leaves 'data/test.txt' unsigned"),
    "everything ignored": (_ignoring("."), "it leaves 'manifest.json' unsigned"),
    "another subject digest": (
        _set("subject", value=[{"name": "tiny", "digest": {"sha256": "00" * 32}}]),
        "Manifest is inconsistent. ",
    ),
    "two subjects": (
        _set("subject", value=[{"name": "a", "digest": {"sha256": ""}}] * 2),
        "Expected only one subject",
    ),
    "a key twice": (
        lambda statement: json.dumps(statement).encode()[:-1] + b', "predicate": {}}',
        "its statement says 'predicate' twice",
    ),
    "no JSON": (lambda statement: b"signed", "its statement is not JSON: "),
}


@pytest.mark.parametrize("case", STATEMENTS)
def test_another_statement_by_the_right_key_is_refused(signed, keys, readers, case):
    """What the key signed must be a statement of this form about all of these files; the key alone is not enough."""
    edit, said = STATEMENTS[case]
    edit_statement(signed, keys / "ada.key", edit)
    found = {name: outcome(signed, trust) for name, trust in readers.items()}

    assert ACCEPTED not in found.values()
    assert found["right key"].startswith(BEGINNING + said), found["right key"]


@pytest.mark.parametrize(
    "paths", [("../tiny/model.safetensors",), ("signatures/../model.safetensors",), ("Model.safetensors",)]
)
def test_ignored_paths_in_other_spellings_leave_nothing_out(signed, keys, readers, paths):
    """Whatever a signature asks to ignore, every listed file is read: so spelled, it is good, and a change is found."""
    edit_statement(signed, keys / "ada.key", _ignoring("signatures", *paths))
    untouched = outcome(signed, readers["right key"])
    flip(signed / "model.safetensors")
    refit(signed)

    assert untouched == ACCEPTED
    assert outcome(signed, readers["right key"]) == (
        OTHER_CONTENTS + "; not as signed: 'manifest.json', 'model.safetensors'"
    )


def test_a_statement_that_was_only_edited_is_refused(signed, readers):
    """Without the key, a changed statement is not what was signed."""

    def edit(document: dict) -> None:
        statement = json.loads(base64.b64decode(document["dsseEnvelope"]["payload"]))
        statement["subject"][0]["name"] = "other"
        document["dsseEnvelope"]["payload"] = base64.b64encode(json.dumps(statement).encode()).decode()

    edit_signature(signed, edit)

    assert outcome(signed, readers["right key"]) == BEGINNING + "another key made it, or it was altered"


@pytest.mark.parametrize("case", ["of another bundle", "with another's key", "with another's certificate", "stripped"])
def test_a_signature_of_something_else_is_refused(signed, keys, readers, tmp_path, case):
    """Moved, renamed after another key, or taken away."""
    other = tiny_bundle(tmp_path / "other", name="other")
    if case == "with another's certificate":
        certify(tmp_path, "eve", write_key(tmp_path, "eve"), None, authority=False)
        sign(verify(other), CertificateSigner(tmp_path / "eve.key", tmp_path / "eve.crt"))
        readers = {**readers, "right root": Roots([tmp_path / "eve.crt"])}
    else:
        sign(verify(other), KeySigner(keys / ("ada.key" if case == "of another bundle" else "eve.key")))
    if case == "stripped":
        shutil.rmtree(signed / "signatures")
    elif case == "of another bundle":
        shutil.copy(other / SIGNATURE, signed / SIGNATURE)
    else:
        edit_signature(signed, _material_of(other))
    found = {name: outcome(signed, trust) for name, trust in readers.items()}

    assert ACCEPTED not in found.values()
    assert found["right root" if "certificate" in case else "other key" if "key" in case else "right key"].startswith(
        {
            "of another bundle": OTHER_CONTENTS,
            "with another's key": BEGINNING + "another key made it, or it was altered",
            "with another's certificate": BEGINNING + "another key made it, or it was altered",
            "stripped": UNSIGNED,
        }[case]
    )


def test_one_bad_signature_does_not_hide_a_good_one(signed, keys, readers):
    """Each is looked at: a broken one beside Ada's is no fault of hers, and helps nobody else."""
    (signed / "signatures/a.sigstore.json").write_bytes(b"{")

    assert outcome(signed, readers["right key"]) == ACCEPTED
    assert outcome(signed, readers["other key"]).startswith(
        "no signature is good: signatures/a.sigstore.json: it is not JSON: "
    )


def test_too_many_signatures_are_refused(signed, readers):
    """Nobody reads the contents of a bundle a thousand times over."""
    for number in range(64):
        (signed / f"signatures/{number}.sigstore.json").write_bytes(b"{}")

    assert outcome(signed, readers["right key"]) == "the bundle has 65 signatures, expected at most 64"
