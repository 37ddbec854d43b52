"""What is a secret, in which spelling, and what only looks like one."""

from __future__ import annotations

import base64
import gzip
import io
import zipfile

import planted
import pytest

from reprobundle.secrecy.assignments import NAME as ASSIGNED
from reprobundle.secrecy.rules import RULES
from reprobundle.secrecy.searching import search

DRAWN = planted.drawn("rules")
UNNAMED = [
    kind for kind in planted.KINDS if kind not in {"wandb-key", "azure-key", "private-key"}
]  # these need their name


def _rules(content: bytes, path: str = "a.txt") -> list[str]:
    return [hit.rule for hit in search(content, path)]


@pytest.mark.parametrize("kind", planted.KINDS)
def test_each_kind_is_found_where_it_is_assigned(kind):
    """A line of Python, YAML or JSON, also within a notebook's JSON, is found under the kind's own rule and line."""
    name, value = planted.named(kind, DRAWN[kind])

    for text in (
        f'{name} = "{value}"',
        f"{name}: {value}",
        f'{{"{name}": "{value}"}}',
        f'"{name} = \\"{value}\\"\\n",',
    ):
        assert [(hit.rule, hit.line) for hit in search(f"# one\n\n{text}\n".encode(), "a.ipynb")] == [(kind, 3)], text


@pytest.mark.parametrize("kind", UNNAMED)
@pytest.mark.parametrize("before", ["", "+", "user:", "é "])
def test_other_spellings(kind, before):
    """As base64 of bytes or of wide text, as hex digits, in UTF-16 with and without its mark, in gzip and zip."""
    text = before + DRAWN[kind]
    plain, wide = text.encode(), text.encode("utf-16")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("inner/key.txt", plain)
    spelled = (base64.b64encode(plain), base64.urlsafe_b64encode(plain), base64.b64encode(wide), plain.hex().encode(), wide,
               text.encode("utf-16-be"), gzip.compress(plain), archive.getvalue(), base64.b64encode(gzip.compress(plain)))  # fmt: skip

    assert [_rules(content) for content in spelled] == [[kind]] * len(spelled)


def test_base64_over_several_lines():
    """As programs break it after 76 letters."""
    spelled = base64.encodebytes(
        b"some text that comes first, long enough for a line of its own, " + DRAWN["hub-token"].encode()
    )

    assert b"\n" in spelled.strip()
    assert _rules(spelled) == ["hub-token"]


@pytest.mark.parametrize(
    ("name", "value"),  # apart, so that this file itself holds none
    [
        ("password = '%s'", "Tr0ub4dor&3x"),
        ('def f(api_key: str = "%s"): ...', "a8f5f167f44f4964e6c998dee827110c"),
        ('{"db_password": "%s"}', "x7!kPq2#mZ"),
        ('os.environ.setdefault("MLFLOW_TRACKING_PASSWORD", "%s")', "93hf8Hs93kd02nDJs"),
        ('os.environ["CLIENT_SECRET"] = "%s"', "k29dkKD93kd!"),
        ("AUTH_TOKEN=%s", "9dk30dkeKD93kd8KD02"),
    ],
)
def test_values_given_to_a_name_that_speaks_of_secrets(name, value):
    """Passwords and tokens without a format of their own; without quotes in code where it looks like no name."""
    line = (name % value).encode()

    assert _rules(line, "a.env") == _rules(line, "a.py") == [ASSIGNED]


@pytest.mark.parametrize(
    "line",
    ['password = "password"', 'token = "<your token>"', 'api_key = "${API_KEY}"', "password: changeme123", 'secret = "xxxxxxxxxxxx"',
     'eos_token = "<|endoftext|>"', 'tokenizer_class = "LlamaTokenizerFast2"', "max_tokens: 128000000", 'token = os.environ["HF"]',
     'password = getpass("Password 2: ")', 'secret_name = "prod/db/main-01"', 'api_key_file = "keys/service1.json"',
     "url: https://user:password@example.org/", "AKIA" + "IOSFODNN7EXAMPLE", 'hf_hub_download("hf_internal_testing_tiny_model_number1")',
     "password_encryption = scram-sha-256", 'AccessToken: "1d2129a1-3d38-460a-9756-e5b91fddb951"',
     "-----BEGIN PRIVATE " + "KEY-----", '"AWS::IAM::AccessKey": "bf29289b78d371e3"', "token_dim = 1234567890123456789"],
)  # fmt: skip
def test_what_is_no_secret(line):
    """Examples, templates, names of things, tokens of texts and numbers."""
    assert _rules(line.encode(), "a.py") == []


def test_names_of_rules_are_what_can_be_typed():
    """Each is a word in small letters, and stands once."""
    names = [rule.name for rule in RULES]

    assert len(names) == len(set(names))
    assert all(name.replace("-", "").isalnum() and name == name.lower() for name in names)


def test_anchors_are_part_of_what_they_stand_for():
    """A rule whose letters are not in its own secret would find nothing; each kind here has one that is."""
    for rule in (rule for rule in RULES if rule.name in planted.KINDS):
        text = "{} = {}".format(*planted.named(rule.name, DRAWN[rule.name]))

        assert any(anchor in (text if rule.is_word else text.lower()) for anchor in rule.anchors)
