"""Where secrets stand: in binaries, archives, notebooks, strings of code, and the files of programs."""

from __future__ import annotations

import base64
import gzip
import io
import json
import pickle
import random
import string
import tarfile
import zipfile
from pathlib import Path

import planted
import pytest

from reprobundle.secrecy.assignments import NAME as ASSIGNED
from reprobundle.secrecy.gate import Gate
from reprobundle.secrecy.searching import search

DRAWN = planted.drawn("places")
TOKEN = DRAWN["hub-token"].encode()
PLAIN = DRAWN["private-key"]  # letters and digits alone
PASSWORD, KEY, HEX = PLAIN[:14], PLAIN[:32], DRAWN["wandb-key"]


def _rules(content: bytes | str, path: str = "a.txt") -> list[str]:
    return [hit.rule for hit in search(content.encode() if isinstance(content, str) else content, path)]


def _tar(name: str, content: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return file.getvalue()


def _zip(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", content + b"\n")
    return file.getvalue()


def _array(content: object, **how: object) -> bytes:
    np = pytest.importorskip("numpy")
    file = io.BytesIO()
    (np.savez_compressed if how else np.save)(file, np.array(content))
    return file.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        b"\x7fELF\0\0usage\0" + TOKEN + b"\0bye\0",
        _tar("a.env", TOKEN), gzip.compress(_tar("a.env", TOKEN)),
        gzip.compress(b"hello") + gzip.compress(TOKEN),
        b"#!/bin/sh\n" + _zip(TOKEN),
        base64.b64encode(pickle.dumps({"lr": 0.1, "w": list(range(40)), "token": TOKEN.decode()})),
        base64.encodebytes(b"x" * 30 + b" " + TOKEN),
        TOKEN.decode().encode("utf-32"), TOKEN.decode().encode("utf-16-be"),
    ],
    # names made of the contents would hold the gzip's time
    ids=["binary", "tar", "tar-gz", "gzip-twice", "after-a-script", "pickle-base64", "base64-lines", "utf-32", "utf-16"],
)  # fmt: skip
def test_packed_and_binary(content):
    """Words of a binary, members of archives behind each other or a program, base64 of what is no text, wide text."""
    assert set(_rules(content)) == {"hub-token"}


@pytest.mark.parametrize("content", [["bob", TOKEN.decode()], [b"bob", TOKEN]])
def test_arrays(content):
    """Arrays of text, wide or not, packed or not."""
    assert set(_rules(_array(content), "a.npy")) == set(_rules(_array(content, packed=True), "a.npz")) == {"hub-token"}


def test_a_member_goes_by_its_own_name():
    """What a value without quotes means depends on the member, not on the archive."""
    assert _rules(_tar("a/b.env", f"SERVICE_SECRET={PASSWORD}\n".encode())) == [ASSIGNED]


def test_little_is_unpacked():
    """A small file that unpacks to gigabytes is read so far only."""
    bomb = gzip.compress(bytes(40 * 2**20), 1)

    assert _rules(bomb * 40) == []


def _notebook(source: str, output: str = "") -> str:
    cell = {
        "cell_type": "code",
        "source": [f"{source}\n"],
        "outputs": [{"output_type": "stream", "text": [f"a\n{output}\n"]}],
    }
    return json.dumps({"cells": [cell]})


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (_notebook(f"%env MISTRAL_API_KEY={KEY}"), "a.ipynb"),
        (_notebook(f"!export COHERE_API_KEY={KEY}"), "a.ipynb"),
        (_notebook("!env", f"MISTRAL_API_KEY={KEY}"), "a.ipynb"),
        (f'c = pyodbc.connect("DRIVER=x;UID=bob;PWD={PASSWORD};")', "a.py"),
        (f'psycopg2.connect("host=h user=b password={PASSWORD}")', "a.py"),
        (f'requests.get("https://x/?api_key={KEY}")', "a.py"),
        (f's = """\nMISTRAL_API_KEY={KEY}\n"""', "a.py"),
        (f"```\nexport MISTRAL_API_KEY={KEY}\n```", "README.md"),
        (f"run --password {PASSWORD} --port 1", "a.sh"),
        (f'["--token", "{KEY}"]', "a.py"),
        (f"<password>{PASSWORD}</password>", "a.xml"),
        (f'{{"name": "DB_PASSWORD", "value": "{PASSWORD}"}}', "a.json"),
        (f'password: SecretStr = SecretStr("{PASSWORD}")', "a.py"),
        (f"password: |\n  {PASSWORD}\n", "a.yaml"),
        (f"api_key: >-\n  {KEY}\n", "a.yaml"),
        (f"password:                     {PASSWORD}", "a.yaml"),
        (f'ENCRYPTION_KEY = "{KEY}"', "a.py"),
    ],
)  # fmt: skip
def test_values_without_quotes_and_common_forms(text, path):
    """In notebooks, strings, commands and fences; options, elements, pairs, wrappers, blocks and wide columns."""
    assert _rules(text, path) == [ASSIGNED]


@pytest.mark.parametrize(
    "text",
    ["f(password=my_password_1)", "token = decode_token2", "API_KEY = load_key_2", "password: str = settings2.password",
     "self.token = token_v2_of_user", "secret=secret_key_256"],
)  # fmt: skip
def test_names_of_a_program_are_none(text):
    """What a program calls its values is no value."""
    assert _rules(text, "a.py") == []


def _login(password: str) -> str:
    return base64.b64encode(f"bob:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (f'{{"auths": {{"ghcr.io": {{"auth": "{_login(PASSWORD)}"}}}}}}', "registry-login"),
        (f"_auth={_login(PASSWORD)}", "registry-login"),
        (f"//reg/:_password={PLAIN[:20]}", "npm-password"),
        (f"machine h login bob account x password {PASSWORD}", "netrc"),
        (f"default login bob password {PASSWORD}", "netrc"),
        (f"!wandb login --relogin {HEX}", "wandb-key"),
        (f'wandb.login(relogin=True, key="{HEX}")', "wandb-key"),
        (f"postgresql://bob:p%40ss{PASSWORD}@h/x", "url-password"),
        (f"mysql://bob:Kx$9{PASSWORD}@h/x", "url-password"),
        (f"postgresql://bob:p@ss{PASSWORD}@h/x", "url-password"),
        (f'"https:\\/\\/bob:{PASSWORD}@h.org"', "url-password"),
        (f"sshpass -p {PASSWORD} ssh x", "command-password"),
    ],
)  # fmt: skip
def test_files_of_programs(text, rule):
    """Logins as docker, npm, netrc, W&B, databases and ssh have them."""
    assert _rules(text) == [rule]


def _some(count: int, letters: str = planted.LETTERS) -> str:
    source = random.Random(count)
    return "".join(source.choice(letters) for _ in range(count))


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("xai-" + _some(80), "model-service-key"), ("pplx-" + _some(48), "model-service-key"),
        ("lsv2_pt_" + _some(32, planted.HEX) + "_" + _some(10, planted.HEX), "model-service-key"),
        ("pcsk_" + _some(70), "model-service-key"), ("rpa_" + _some(45), "model-service-key"),
        ("hf_oauth_" + _some(60), "hub-token"), ("hvs." + _some(95), "vault-token"),
        (_some(14) + ".atlasv1." + _some(65), "vault-token"), ("glsa_" + _some(32) + "_" + _some(8, planted.HEX), "monitoring-token"),
        ("shpat_" + _some(32, planted.HEX), "shop-token"), ("whsec_" + _some(32), "stripe-key"), ("ABSK" + _some(120), "aws-bedrock-key"),
        ("1//0" + _some(60), "google-key"), ("xoxd-" + _some(60), "slack-token"),
        ("https://hooks.slack.com/workflows/T" + _some(8) + "/A" + _some(10) + "/" + _some(18, string.digits) + "/" + _some(24), "slack-token"),
        ("https://discord.com/api/webhooks/" + _some(18, string.digits) + "/" + _some(68), "discord-token"),
        ("key-" + _some(32, planted.HEX), "mail-key"), (_some(32, planted.HEX) + "-us12", "mail-key"),
        ("SK" + _some(32, planted.HEX), "twilio-key"), ("dose" + _some(32, planted.HEX), "databricks-token"),
        ("sk-mine-" + _some(20) + "T3Blb" + "kFJ" + _some(20), "openai-key"),
    ],
)  # fmt: skip
def test_services(text, rule):
    """Each format is known wherever it stands."""
    assert _rules(f"see {text} there", "a.py") == [rule]


def _pem(kind: str, before: str = "", head: str = "") -> str:
    spelled = base64.b64encode(random.Random(kind).randbytes(900)).decode()
    body = [spelled[at : at + 64] for at in range(0, len(spelled), 64)]
    return "\n".join(
        before + line for line in [f"-----BEGIN {kind}-----", *head.splitlines(), *body, f"-----END {kind}-----"]
    )


@pytest.mark.parametrize("before", ["", "# ", "> ", "// ", " * "])
def test_private_keys_in_comments(before):
    """A key that is quoted or commented out is one."""
    assert _rules(_pem("RSA PRIVATE " + "KEY", before)) == ["private-key"]


def test_private_keys_with_headers():
    """PGP says which program wrote it."""
    head = "Version: GnuPG v1.4.11 (GNU/Linux)\nComment: a@b (x)\n\n"

    assert _rules(_pem("PGP PRIVATE " + "KEY BLOCK", head=head)) == ["private-key"]


def test_words_for_examples_within_random_letters():
    """A word that chance wrote into a token or a key makes neither an example."""
    source = random.Random(3)
    keys = [base64.b64encode(source.randbytes(60) + b"todoXXXXhere").decode() for _ in range(50)]
    words = ["todo", "here", "XxXx", "fake", "1234567", "your"]
    tokens = ["hf_" + DRAWN["openai-key"][8:24] + word + DRAWN["openai-key"][24:38] for word in words]

    assert [_rules(token) for token in tokens] == [["hub-token"]] * len(words)
    assert all(_rules("-----BEGIN PRIVATE " + f"KEY-----\n{key}\n-----END") == ["private-key"] for key in keys)


@pytest.mark.parametrize(
    "text",
    [f'"wandb_git_commit": "{HEX}"', 'comet_model = "wmt22CometDaLarge3k9s0dk2"', "token_classifier: org/bert-large-cased-finetuned-03-english",
     'aws_bucket_path = "models/prod/Resnet50/v2/checkpoint000123"', 'instance_token: "zxy3kd9sk20dkf93k"', 'speaker_token: "spk_0001_female_british"',
     "token_embedder: bert-base-uncased-v1.5x", "run_secret: 0d8e9a80-a7a6-d8a0-9908-46b3ba35d82e", "ftp://user:pa55word@host",
     'kwargs(tokens="1,2,3,4,5a,6b,7c,8d,9e")', "secret: projects/1/secrets/x9/versions/1", "next_page_token: CAUQAA1234kd93ls"],
)  # fmt: skip
def test_values_of_models_are_none(text):
    """Commits, models, paths, words of a vocabulary, runs, and what manuals show."""
    assert _rules(text, "a.yaml") == _rules(text, "a.py") == []


def test_what_was_not_searched_is_told():
    """A gate that ran out of time, or met the end of what it reads, says of what and how much."""
    gate = Gate(seconds=-1.0)

    assert gate.look("a.py", TOKEN) == ()
    assert gate.unsearched == {"a.py": len(TOKEN)}
    assert Gate().look("a.py", TOKEN) != ()


def test_what_is_beyond_the_first_part_is_told():
    """The rest of a large file has a size."""
    gate = Gate()
    gate.look("a.bin", b"x", size=5 * 2**20)

    assert gate.unsearched == {"a.bin": 5 * 2**20 - 1}


def test_no_test_holds_a_secret_in_one_piece():
    """What is planted is put together when it is needed: tests are loaded modules of captures that other tests make."""
    tests = Path(__file__).resolve().parent.parent
    found = {str(path.relative_to(tests)): search(path.read_bytes(), path.name) for path in sorted(tests.rglob("*.py"))}

    assert {path: [(hit.rule, hit.line) for hit in hits] for path, hits in found.items() if hits} == {}
