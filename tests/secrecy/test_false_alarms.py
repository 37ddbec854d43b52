"""Ordinary configuration: files that people and programs really have, and what the search says of them."""

from __future__ import annotations

import random
import sysconfig
import time
from pathlib import Path

from reprobundle import secrecy
from reprobundle.secrecy.searching import search

ENDINGS = (".toml", ".yaml", ".yml", ".json", ".cfg", ".ini")
MOST_BYTES = 2**20
WANTED = 200
A_FOLDER = 8

GENERATED = (
    'model:\n  name_or_path: org/model-{n}b\n  revision: {commit}\n  torch_dtype: bfloat16\ntokenizer:\n  eos_token: "</s>"\n'
    "  max_new_tokens: {n}\ntraining:\n  seed: {n}\n  report_to: wandb\n  run_name: run-{commit}\n",
    '{{"architectures": ["LlamaForCausalLM"], "bos_token_id": {n}, "pad_token": "<pad>", "_commit_hash": "{commit}"}}\n',
    "[tool:pytest]\naddopts = -q\n[secrets]\nprovider = vault\npassword_file = /run/secrets/db\n[db]\npassword = ${{DB_PASSWORD}}\n",
    "HF_HOME=/data/cache\nHF_TOKEN=\nWANDB_MODE=offline\nWANDB_PROJECT=net-{n}\nAWS_REGION=eu-central-1\nAPI_KEY=changeme\n",
    'dependencies = ["a=={n}.1", "b @ git+https://github.com/o/b@{commit}"]\nchecksum = "sha256:{commit}{commit}"\n',
)


def _ordinary() -> list[tuple[str, bytes]]:
    """Configuration files of what is installed here, a few a folder so that no package makes up the number, and generated ones."""
    source = random.Random(2)
    site = Path(sysconfig.get_path("purelib"))
    folders: dict[Path, list[Path]] = {}
    for place in sorted(site.rglob("*")):
        if place.suffix in ENDINGS and place.is_file() and place.stat().st_size <= MOST_BYTES:
            folders.setdefault(place.parent, []).append(place)
    few = [place for places in folders.values() for place in places[:A_FOLDER]]
    files = [(place.relative_to(site).as_posix(), place.read_bytes()) for place in few]
    while len(files) < WANTED:
        commit = "".join(source.choice("0123456789abcdef") for _ in range(40))
        text = GENERATED[len(files) % len(GENERATED)].format(n=source.randrange(1, 10**6), commit=commit)
        files.append((f"generated-{len(files)}{ENDINGS[len(files) % len(ENDINGS)]}", text.encode()))
    return files[:WANTED]


def test_ordinary_configuration_is_let_through():
    """At most two false alarms over two hundred ordinary configuration files."""
    files = _ordinary()
    alarms = [(path, hit.rule, hit.line) for path, content in files for hit in search(content, path)]

    assert len(files) == WANTED
    assert len({path for path, _, _ in alarms}) <= 2, alarms


def test_generated_configuration_is_let_through():
    """What a training project has: commits, digests, empty and templated passwords, tokens of texts."""
    assert [search(text.format(n=7, commit="0f" * 20).encode(), "a.yaml") for text in GENERATED] == [()] * len(
        GENERATED
    )


def test_this_program_is_let_through():
    """The rules themselves, and all else that a bundle of this program would pack."""
    package = Path(secrecy.__file__).parent.parent
    found = {path.name: search(path.read_bytes(), path.name) for path in sorted(package.rglob("*.py"))}

    assert {name: hits for name, hits in found.items() if hits} == {}


def test_it_is_quick():
    """Two megabytes of source take seconds at most, whatever stands in them."""
    text = Path(random.__file__).read_bytes()
    content = text * (2 * 2**20 // len(text))
    letters = b"a" * 2**20 + b"token " * 2**15 + b"password=" * 2**15 + b"://" * 2**15
    begun = time.perf_counter()
    search(content, "random.py")
    search(letters, "letters.txt")

    assert time.perf_counter() - begun < 20  # measured: 0.4 s and 2 s
