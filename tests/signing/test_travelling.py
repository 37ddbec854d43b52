"""A signature goes along wherever a bundle goes, and anybody can check it there without this program."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hub_play import NAME, WARNINGS, publish_to, pull_from
from hub_server import ATTRIBUTES, hub
from signing_forging import refit

from reprobundle.bundle import verify
from reprobundle.exports.archives import pack, unpack
from reprobundle.resealing import reseal
from reprobundle.signing import CertificateSigner, KeySigner, PublicKey, Roots, check, sign

pytestmark = pytest.mark.filterwarnings(WARNINGS)
SIGNATURE = "signatures/signature.sigstore.json"
BY_ROOT = "signatures/by-root.sigstore.json"


@pytest.fixture
def twice(signed, keys):
    """A bundle signed by Ada's key, and with her certificate."""
    sign(verify(signed), CertificateSigner(keys / "ada.key", keys / "ada.crt"), name="by-root")
    return signed


def library(*argv):
    """What model-signing's own command line says, in a process that has nothing of ours."""
    command = [sys.executable, "-I", "-m", "model_signing", "verify", *map(str, argv)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    return ended.returncode, ended.stdout + ended.stderr


def test_signatures_go_the_whole_way(twice, keys, tmp_path, call):
    """Published, pulled, packed into a zip, unpacked, into a tar, unpacked: still good by key and by root, byte for byte."""
    pytest.importorskip("huggingface_hub")
    places = [twice]
    with hub() as server:
        publish_to(server, verify(twice), token="hf_right")
        assert {SIGNATURE, BY_ROOT} <= set(server.repositories[NAME].tree())
        places.append(pull_from(server, tmp_path / "pulled").path)
    for kind in ("zip", "tar"):
        packed = pack(verify(places[-1]), tmp_path / f"tiny.{kind}").path
        assert call("verify", packed, "--key", keys / "ada.pub")[0] == 0
        places.append(unpack(packed, tmp_path / kind).path)
    for place in places:
        bundle = verify(place)
        assert check(bundle, PublicKey(keys / "ada.pub")).path == SIGNATURE
        assert check(bundle, Roots([keys / "root.crt"])).path == BY_ROOT

    assert all(
        (place / path).read_bytes() == (twice / path).read_bytes() for place in places for path in (SIGNATURE, BY_ROOT)
    )
    (places[-1] / "data/train.txt").write_text("x")
    refit(places[-1])
    assert call("verify", places[-1], "--key", keys / "ada.pub")[0] == 2


def test_a_resealed_bundle_is_unsigned_until_it_is_signed(signed, keys, tmp_path, call):
    """Signatures of the earlier bundle are left there; the new one is signed by itself, and both are good."""
    made = reseal(verify(signed), tmp_path / "new", lambda manifest, _stage: manifest).path

    assert call("verify", made)[1].startswith("intact, UNSIGNED\n")
    sign(verify(made), KeySigner(keys / "eve.key"))
    assert check(verify(made), PublicKey(keys / "eve.pub")).path == SIGNATURE
    assert check(verify(signed), PublicKey(keys / "ada.pub")).path == SIGNATURE


def test_every_verb_says_unsigned(bundle, tmp_path, call):
    """On the screen and in the document: nothing proves who made it."""
    packed = pack(verify(bundle), tmp_path / "tiny.zip").path
    screens = {
        "show": call("show", bundle),
        "verify": call("verify", bundle),
        "verify packed": call("verify", packed),
        "unpack": call("unpack", packed, tmp_path / "unpacked"),
    }
    documents = {
        "verify": call("verify", bundle, "--json"),
        "unpack": call("unpack", packed, tmp_path / "again", "--json"),
    }

    assert {verb: "UNSIGNED" in out for verb, (_, out, _) in screens.items()} == dict.fromkeys(screens, True)
    assert {json.loads(out)["signature"] for _, out, _ in documents.values()} == {"none"}


def test_the_library_alone_accepts_the_folder(signed, keys):
    """As docs/signing.md gives the command; a folder that came from a Hub by other means holds its attributes besides."""
    (signed / ".gitattributes").write_bytes(ATTRIBUTES)

    assert library("key", signed, "--signature", signed / SIGNATURE, "--public_key", keys / "ada.pub") == (
        0,
        "Verification succeeded\n",
    )


@pytest.mark.slow  # a process each, with all of Sigstore in it
def test_the_library_alone_judges_alike(twice, keys):
    """The root is enough for it as well; another key, another root and other contents are refused."""
    key = ("key", twice, "--signature", twice / SIGNATURE, "--public_key")
    certificate = ("certificate", twice, "--signature", twice / BY_ROOT, "--certificate_chain")

    assert library(*certificate, keys / "root.crt") == (0, "Verification succeeded\n")
    assert library(*certificate, keys / "other-root.crt")[0] == 1
    assert library(*key, keys / "eve.pub")[0] == 1
    (twice / "data/train.txt").write_text("x")
    refit(twice)
    assert library(*key, keys / "ada.pub")[0] == 1
