"""The commands refuse what the call leaves out, and let through what is allowed."""

from __future__ import annotations

import json

import planted
import projects
import pytest
from tiny import WEIGHTS, bare_manifest

from reprobundle import withholding
from reprobundle.bundle import seal, verify
from reprobundle.errors import SecretsError, UsageError
from reprobundle.manifest import Proof
from reprobundle.secrecy import allowances
from reprobundle.secrecy.gate import Gate
from reprobundle.secrecy.section import Leak
from reprobundle.store import Writer, staging

DRAWN = planted.drawn("commands")
SPECIFICATION = """\
name: small
model: {function: "doubling:predict"}
inputs: "doubling:inputs"
"""
MODEL = """
import numpy as np

def predict(x):
    return x * 2

def inputs():
    return np.arange(4, dtype=np.float32)
"""
WIDTH = 100  # of a terminal that nobody named


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with a token in its hyperparameters and one in its card."""
    (tmp_path / "doubling.py").write_text(MODEL)
    values = {"hub": DRAWN["hub-token"], "lr": 0.1}
    said = f"documentation: {{description: 'see {DRAWN['github-token']}'}}\n"
    (tmp_path / "reprobundle.yaml").write_text(f"{SPECIFICATION}hyperparameters: {json.dumps(values)}\n{said}")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


def _capture(project, *options):
    return projects.python("-m", "reprobundle", "capture", *options, cwd=project)


@pytest.mark.slow
def test_capture_refuses_with_every_finding(project):
    """Exit code 2, each with its rule and place on a line of its own, never the secret; nothing is sealed."""
    ran = _capture(project, "--no-proof", "--budget", "0")

    assert ran.returncode == 2
    assert ran.stderr.startswith("reprobundle: 2 secrets would be sealed, in 2 files:\n")
    assert "  documentation/card.yaml, line 4: github-token\n" in ran.stderr
    assert "  manifest.json/hyperparameters/values/hub: hub-token\n" in ran.stderr
    assert [line for line in ran.stderr.splitlines() if len(line) > WIDTH] == [ran.stderr.splitlines()[-1]]
    assert ran.stderr.splitlines()[-1].startswith("if none of it is a secret: --allow ")
    assert not any(secret in ran.stderr + ran.stdout for secret in DRAWN.values())
    assert not (project / "small").exists()


@pytest.mark.slow
def test_what_is_allowed_travels_and_is_recorded(project):
    """By the option and by the file alike; the manifest says which of them were needed."""
    place = project / "reprobundle.yaml"
    place.write_text(place.read_text() + 'allow: ["github-token:documentation/*", "npm-token:*"]\n')
    ran = _capture(project, "--no-proof", "--budget", "0", "--allow", "hub-token:manifest.json/hyperparameters/*",
                   "--allow", "hub-token:documentation/*")  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    manifest = verify(project / "small").manifest

    assert manifest.hyperparameters.values["hub"] == DRAWN["hub-token"]
    assert manifest.secrecy is not None
    assert manifest.secrecy.left_out == ()
    assert [f"{one.rule}:{one.path}" for one in manifest.secrecy.allowed] == [
        "github-token:documentation/*",
        "hub-token:documentation/*",
        "hub-token:manifest.json/hyperparameters/*",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hub-token", "allow: expected RULE:PATH, found 'hub-token'"),
        ("hub-tokens:a.py", "allow: there is no rule 'hub-tokens'"),
        (":a.py", "allow: expected RULE:PATH, found ':a.py'"),
    ],
)
def test_what_cannot_be_allowed(text, message):
    """An allowance names a rule and a path."""
    with pytest.raises(UsageError) as raised:
        allowances([text])

    assert str(raised.value) == message


def test_a_gate_remembers_no_secret():
    """Neither what it holds nor what it says has any of the secret."""
    gate = Gate()
    gate.look("a.py", f"x = '{DRAWN['hub-token']}'".encode())
    gate.name_leaks(f"data/{DRAWN['gitlab-token']}.csv")

    assert gate.leaks == (
        Leak(rule="hub-token", path="a.py", line=1),
        Leak(rule="gitlab-token", path="data/…"),
    )
    assert not any(secret in repr(gate) for secret in DRAWN.values())


def test_publishing_refuses(tmp_path):
    """A bundle that somebody else's program sealed is searched again, by the rules of detect-secrets, too."""
    pytest.importorskip("detect_secrets")
    account = "AC" + planted.drawn("phone")["databricks-token"].removeprefix("dapi")
    folder = tmp_path / "bundle"
    with staging(folder) as staged:
        writer = Writer(staged)
        writer.write("model.safetensors", WEIGHTS)
        writer.write("documentation/card.yaml", b'"title": "Tiny"\n')
        writer.write("documentation/a.md", f"{DRAWN['hub-token']}\n".encode())
        writer.write("documentation/b.md", f"see\n{account}\n".encode())
        seal(writer, bare_manifest())
    sealed = verify(folder)
    with pytest.raises(SecretsError) as raised:
        withholding.refuse_published(sealed)

    assert raised.value.findings == (
        "documentation/a.md, line 1: hub-token",
        "documentation/b.md, line 2: library-twilio",
    )
    both = ["library-twilio:documentation/b.md", "hub-token:documentation/*", "jwt:*"]
    assert withholding.refuse_published(sealed, both) == (
        "hub-token:documentation/*",
        "library-twilio:documentation/b.md",
    )


def test_a_failed_proof_names_what_was_left_out():
    """What lies in the model's folder, or is named by what went wrong; nothing else, and no proof that held."""
    gate = Gate()
    for path in ("model/files/cfg/api_key", "settings.py", "other.py"):
        gate.look(path, DRAWN["hub-token"].encode())
    failed = Proof(status="failed", why="at load: No module named 'settings'")

    assert withholding.explained(failed, gate).why == (
        "at load: No module named 'settings'; `model/files/cfg/api_key` was left out as `hub-token`, `settings.py` was left "
        "out as `hub-token`; allow=['hub-token:model/files/cfg/api_key'] lets it through"
    )
    assert withholding.explained(Proof(status="bitwise"), gate) == Proof(status="bitwise")
    assert withholding.explained(failed, Gate()) == failed
