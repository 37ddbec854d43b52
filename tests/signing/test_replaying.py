"""A replay checks the signature it was asked for before anything of the bundle is run, and its report says whose it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tiny import tiny_bundle

from reprobundle.bundle import verify
from reprobundle.exports.archives import pack
from reprobundle.options import Options
from reprobundle.rendering import html, review, terminal
from reprobundle.replaying import replay
from reprobundle.retyping import retype
from reprobundle.signing import Identity, PublicKey, Roots

HERE = ("--env", "current", "--sandbox", "none")
CHECKED = "intact, signed, signature good: of the key 'ada.pub'"


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_a_good_signature_is_told_with_whose_it_is(signed, keys, tmp_path, call, kind):
    """On the screen and in the report; of a packed bundle as of a folder."""
    bundle = signed if kind == "folder" else pack(verify(signed), tmp_path / "tiny.zip").path
    out = call("replay", bundle, *HERE, "--key", keys / "ada.pub", "--report", tmp_path / "r")[1]
    report = json.loads((tmp_path / "r/report.json").read_bytes())

    assert f"\n             {CHECKED}\n" in out
    assert (report["signature"], report["signed_by"]) == ("good", "the key 'ada.pub'")


def test_every_rendering_says_so(signed, keys, tmp_path):
    """Terminal, page and review form use the same words."""
    report = replay(signed, env="current", sandbox="none", report=tmp_path / "r", trust=PublicKey(keys / "ada.pub"))

    assert CHECKED in terminal.render(report, colour=False, width=100)
    assert CHECKED.replace("'", "&#39;") in html.render(report, ())
    assert "intact, signed, signature good" in review.render(report)
    assert "who made the bundle: nothing proves it" not in review.render(report)


def test_another_key_stops_the_replay_before_it_begins(signed, keys, tmp_path, call):
    """Exit 2, nothing on standard output, no report."""
    code, out, err = call("replay", signed, *HERE, "--key", keys / "eve.pub", "--report", tmp_path / "r")

    assert (code, out) == (2, "")
    assert err.startswith("reprobundle: no signature is good: ")
    assert not (tmp_path / "r").exists()


def test_an_unsigned_bundle_is_not_replayed_for_whoever_asks_for_a_signature(bundle, keys, tmp_path, call):
    """A signature that was taken away is one that is missing; and of nobody none can be asked for."""
    said = "reprobundle: the bundle is not signed\nhint: ask its author for a signed one\n"
    nobody = "reprobundle: --require-signature: whose must it be?\nhint: name a public key with --key\n"

    assert call("replay", bundle, *HERE, "--key", keys / "ada.pub", "--report", tmp_path / "r") == (2, "", said)
    assert call("replay", bundle, *HERE, "--require-signature", "--report", tmp_path / "r") == (2, "", nobody)


def test_a_signature_that_nobody_looked_at_is_told(signed, tmp_path, call):
    """Signed is not checked: the page says what to give."""
    out = call("replay", signed, *HERE, "--report", tmp_path / "r")[1]

    assert "\n             intact, SIGNED, NOT CHECKED (nothing proves who made it: give --key)\n" in out


@pytest.mark.parametrize(
    ("trust", "words"),
    [
        (PublicKey(Path("ada.pub")), [("--key", "ada.pub")]),
        (Roots([Path("a.crt"), Path("b.crt")]), [("--certificate", "a.crt"), ("--certificate", "b.crt")]),
        (Roots([Path("a.crt")], allow_expired=True), [("--certificate", "a.crt"), ("--allow-expired",)]),
        (
            Identity("ada", "url", staging=True, trust_config=Path("t")),
            [("--identity", "ada"), ("--issuer", "url"), ("--staging",), ("--trust-config", "t")],
        ),
    ],
)
def test_whoever_types_it_again_asks_for_the_same_signature(tmp_path, trust, words):
    """The command that a diagnosis proposes checks no less than the one it stands for."""
    bundle = tiny_bundle(tmp_path / "tiny")

    assert list(retype(bundle, Options(trust=trust))) == [(str(bundle),), *words]
