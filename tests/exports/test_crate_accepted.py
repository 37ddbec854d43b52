"""Other people's validators accept a bundle as it was pulled, and its exports, in an environment that has no reprobundle."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hub_play import WARNINGS, publish_to, pull_from
from hub_server import hub
from reports import bitwise_report, different_report
from support import one_at_a_time

from reprobundle import records
from reprobundle.bundle import verify
from reprobundle.exports import bagit, rocrate

pytest.importorskip("huggingface_hub")
pytest.importorskip("model_signing")
pytest.importorskip("bagit")

from signing_keys import certify, write_key

from reprobundle.signing import CertificateSigner, KeySigner, sign

pytestmark = [pytest.mark.slow, pytest.mark.network, pytest.mark.filterwarnings(WARNINGS)]
PINS = Path(__file__).parents[1] / "validators.txt"
CONTEXT = Path(__file__).with_name("ro-crate-context.json")
TRAINING = """
import torch, reprobundle

class Net(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.linear = torch.nn.Linear(4, 2)

    def forward(self, x):
        return self.linear(x)

if __name__ == "__main__":
    torch.manual_seed(0)
    card = {
        "title": "Sprouts: a \\u201ctiny\\u201d model", "description": "Tells two kinds of sprout apart.",
        "released": "2026-02-28", "license": "MIT", "doi": "10.5281/zenodo.123", "tags": ["plants"],
        "authors": [{"name": "Ada Lovelace", "orcid": "0000-0002-1825-0097", "affiliation": "Analytical Engines"}, "Grace"],
    }
    reprobundle.capture("sprouts", model=Net().eval(), inputs=torch.randn(3, 4), documentation=card, budget=0)
"""
SEEDING = """
import sys
from requests_cache import CachedSession
from requests_cache.models import CachedRequest, CachedResponse

session = CachedSession(cache_name=sys.argv[1], backend="sqlite", expire_after=-1)
for address in sys.argv[3:]:
    kind = "application/ld+json"
    request = CachedRequest(method="GET", url=address, headers={"Accept": f"{kind}, application/json, */*;q=0.1"})
    response = CachedResponse(status_code=200, url=address, headers={"Content-Type": kind}, request=request)
    response._content = open(sys.argv[2], "rb").read()
    session.cache.save_response(response)
"""


class Validators:
    """The environment of the validators."""

    def __init__(self, folder: Path) -> None:
        self.programs = folder / "bin"
        self.cache = folder / "contexts"

    def run(self, *argv: object) -> tuple[int, str]:
        """Exit code and what one of them says, without a network that answers."""
        nowhere = dict.fromkeys(("http_proxy", "https_proxy"), "http://127.0.0.1:9")
        command = [self.programs / str(argv[0]), *map(str, argv[1:])]
        ended = subprocess.run(
            command, capture_output=True, text=True, timeout=120, check=False, env={**os.environ, **nowhere}
        )
        return ended.returncode, ended.stdout + ended.stderr

    def crate(self, folder: Path, profile: str) -> list[str]:
        """What breaks a requirement of a profile of RO-Crate; a report is asked for, since exit code 1 has several causes."""
        told = folder.parent / f"{folder.name}-{profile}.json"
        options = ("--offline", "--cache-path", self.cache, "-p", profile, "-l", "required", "-f", "json", "-o", told)
        code, said = self.run("rocrate-validator", "-y", "validate", *options, folder)
        assert told.exists(), said
        found = json.loads(told.read_bytes())
        assert (code == 0) == found["passed"]
        return [f"{issue['check']['identifier']}: {issue['message']}" for issue in found["issues"]]


@pytest.fixture(scope="module")
def validators(of_all_workers):
    """Made once in a run."""
    folder = of_all_workers / "validators"
    with one_at_a_time(folder):
        if not folder.exists():
            subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=60)
            install = [folder / "bin" / "python", "-m", "pip", "install", "--quiet", "-r", PINS]
            subprocess.run(install, check=True, timeout=400, capture_output=True)
    made = Validators(folder)
    addresses = [f"https://w3id.org/ro/crate/{version}/context" for version in ("1.1", "1.2")]
    assert made.run("python", "-I", "-c", SEEDING, made.cache, CONTEXT, *addresses) == (0, "")
    assert "No module named 'reprobundle'" in made.run("python", "-I", "-c", "import reprobundle")[1]
    return made


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    """A key, and a certificate for it under a root."""
    folder = tmp_path_factory.mktemp("keys")
    certify(folder, "ada", write_key(folder, "ada"), certify(folder, "root", write_key(folder, "root")))
    return folder


@pytest.fixture(scope="module")
def pulled(tmp_path_factory, keys):
    """A bundle as it came from a Hub: captured at the end of a training, signed by key and by certificate, published, pulled."""
    folder = tmp_path_factory.mktemp("sprouts")
    (folder / "train.py").write_text(TRAINING)
    subprocess.run([sys.executable, "train.py"], cwd=folder, check=True, timeout=120, capture_output=True)
    bundle = verify(folder / "sprouts")
    sign(bundle, KeySigner(keys / "ada.key"))
    sign(bundle, CertificateSigner(keys / "ada.key", keys / "ada.crt"), name="by-root")
    with hub() as server:
        publish_to(server, bundle)
        return pull_from(server, folder / "pulled")


def test_the_folder_as_pulled_is_a_crate(validators, pulled):
    """At the level REQUIRED, for RO-Crate 1.1 and for Process Run Crate; where something is amiss, the validator says so."""
    assert validators.crate(pulled.path, "ro-crate-1.1") == []
    assert validators.crate(pulled.path, "process-run-crate-0.5") == []


def test_a_crate_that_breaks_the_rules_is_refused(validators, pulled, tmp_path):
    """Else the other tests would show nothing: no date, no instrument, a term that nobody defined, a file that is not there."""
    folder = rocrate.export(pulled, tmp_path / "crate")
    place = folder / "ro-crate-metadata.json"
    document = json.loads(place.read_bytes())
    entities = {entity["@id"]: entity for entity in document["@graph"]}
    del entities["./"]["datePublished"]
    del entities["#capture"]["instrument"]
    entities["#capture"]["tea"] = "Earl Grey"
    place.write_text(json.dumps(document))
    (folder / "bundle" / "config.json").unlink()
    found = "\n".join(validators.crate(folder, "process-run-crate-0.5"))

    assert "MUST have a `datePublished`" in found
    assert "MUST have an instrument" in found
    assert "tea" in found
    assert "config.json" in found


def test_the_signatures_hold_as_pulled(validators, pulled, keys):
    """By model-signing's own command line, with key and with certificate, as the folder is."""
    signature, by_root = (pulled.path / "signatures" / f"{name}.sigstore.json" for name in ("signature", "by-root"))
    command = ("python", "-I", "-m", "model_signing", "verify")
    by_key = (*command, "key", pulled.path, "--signature", signature, "--public_key", keys / "ada.pub")
    by_certificate = (
        *command,
        "certificate",
        pulled.path,
        "--signature",
        by_root,
        "--certificate_chain",
        keys / "root.crt",
    )

    assert validators.run(*by_key) == (0, "Verification succeeded\n")
    assert validators.run(*by_certificate) == (0, "Verification succeeded\n")


def test_a_crate_with_replays_is_accepted(validators, pulled, tmp_path):
    """In both versions; no validator of Process Run Crate 0.5 takes a crate of 1.2."""
    reports = []
    for name, made in (("a", bitwise_report()), ("b", different_report(started="2026-11-22T08:00:00Z"))):
        place = tmp_path / f"{name}.json"
        place.write_bytes(records.to_bytes(made.model_copy(update={"bundle_id": pulled.id})))
        reports.append(place)
    old = rocrate.export(pulled, tmp_path / "old", replays=reports)
    new = rocrate.export(pulled, tmp_path / "new", replays=reports, version="1.2")

    assert validators.crate(old, "process-run-crate-0.5") == []
    assert validators.crate(new, "ro-crate-1.2") == []


def test_a_bag_is_accepted(validators, pulled, tmp_path):
    """By the program of the library that made it; a flipped bit is not."""
    folder = bagit.export(pulled, tmp_path / "bag")
    assert validators.run("bagit.py", "--validate", folder)[0] == 0
    place = folder / "data" / "model.safetensors"
    content = bytearray(place.read_bytes())
    content[-1] ^= 1
    place.write_bytes(content)

    assert validators.run("bagit.py", "--validate", folder)[0] == 1
