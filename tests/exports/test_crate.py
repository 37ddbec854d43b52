"""Every bundle is an RO-Crate: the view that says so."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time

import pytest
from tiny import WEIGHTS, tiny_bundle, tiny_manifest, write_named

from reprobundle import bundle as bundles
from reprobundle.bundle import verify
from reprobundle.components import model
from reprobundle.components.code.section import Repository
from reprobundle.components.documentation.card import Card, read_card
from reprobundle.components.environment.section import Distribution, Origin
from reprobundle.exports import rocrate, views
from reprobundle.manifest import Proof
from reprobundle.resealing import reseal
from reprobundle.store import FileEntry, Writer, list_files, staging

CARD = """\
"title": "Tiny"
"released": "2026-02-28"
"license": "MIT"
"""
DIGEST = "0" * 32


def seal(folder, card=CARD, files=(), **changed):
    """A bundle with its views, as capture makes it."""
    with staging(folder) as place:
        writer = Writer(place)
        manifest = tiny_manifest(**changed)
        writer.write("model.safetensors", WEIGHTS)
        writer.write("documentation/card.yaml", card.encode())
        write_named(writer, manifest)
        for path in files:
            writer.write(path, b"pass\n")
        bundles.seal(writer, manifest.model_copy(update={"views": views.write(manifest, writer)}))
    return verify(folder)


def graph(content):
    return {entity["@id"]: entity for entity in json.loads(content)["@graph"]}


def of(bundle):
    return graph((bundle.path / "ro-crate-metadata.json").read_bytes())


def described(card, manifest=None, files=()):
    entries = [FileEntry(path=path, size=1, xxh3_128=DIGEST) for path in files]
    return graph(rocrate.view(manifest or tiny_manifest(), card, entries))


def test_the_view_names_every_file_but_itself(tmp_path):
    """With the size of each but the manifest's, which depends on this view."""
    bundle = seal(tmp_path / "tiny", files=["code/source/an éclair #1.py"])
    files = {key: entity for key, entity in of(bundle).items() if entity["@type"] == "File"}
    sizes = {entity["name"]: entity.get("contentSize") for entity in files.values()}

    assert "code/source/an%20%C3%A9clair%20%231.py" in files
    assert all(entity["encodingFormat"] for entity in files.values())
    assert sizes == {
        found.path: None if found.path == "manifest.json" else str(found.size)
        for found in list_files(bundle.path)
        if found.path != "ro-crate-metadata.json"
    }
    assert "ro-crate-metadata.json" in bundle.manifest.views


def test_every_file_hangs_from_the_root(tmp_path):
    """The root has what lies in it as parts, a folder what lies in it."""
    bundle = seal(tmp_path / "tiny", files=["code/source/deep/one.py", "1_Pooling/config.json"])
    entities = of(bundle)
    reached, waiting = set(), ["./"]
    while waiting:
        parts = entities[waiting.pop()].get("hasPart", [])
        found = [part["@id"] for part in (parts if isinstance(parts, list) else [parts])]
        assert not reached & set(found)
        reached |= set(found)
        waiting += found

    assert reached == {key for key, entity in entities.items() if entity["@type"] in ("File", "Dataset")} - {"./"}
    assert entities["1_Pooling/"]["description"] == "files that belong to the model"


def test_the_view_is_the_same_whenever_it_is_made(tmp_path):
    """In another process, time zone, locale and year: it tells no time that the card does not."""
    bundle = seal(tmp_path / "tiny")
    code = (
        "import sys, pathlib\n"
        "from reprobundle.bundle import verify\n"
        "from reprobundle.components.documentation.card import read_card\n"
        "from reprobundle.exports import rocrate\n"
        "bundle = verify(sys.argv[1])\n"
        "card = read_card((bundle.path / 'documentation/card.yaml').read_bytes())\n"
        "sys.stdout.buffer.write(rocrate.view(bundle.manifest, card, bundle.manifest.files))\n"
    )
    other = {**os.environ, "TZ": "Pacific/Kiritimati", "LC_ALL": "C", "PYTHONHASHSEED": "7", "SOURCE_DATE_EPOCH": "1"}
    made = subprocess.run([sys.executable, "-c", code, bundle.path], env=other, capture_output=True, check=True)

    assert made.stdout == (bundle.path / "ro-crate-metadata.json").read_bytes()


@pytest.mark.parametrize(("released", "published"), [("2026-02-28", "2026-02-28"), (None, None)])
def test_the_day_of_publication_is_the_card_s(released, published):
    """Without one there is none, never today's: the rule of RO-Crate that asks for it is broken rather than a date made up."""
    assert described(Card(released=released))["./"].get("datePublished") == published


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("Apache-2.0", {"@id": "https://spdx.org/licenses/Apache-2.0"}),
        ("LicenseRef-ours", {"@id": "#LicenseRef-ours"}),
        ("MIT OR Apache-2.0", "MIT OR Apache-2.0"),
        (None, "No licence is stated; ask the authors before using it."),
    ],
)
def test_the_licence(given, said):
    """One licence has its page; more than one is said in words, and none, too: RO-Crate requires something."""
    entities = described(Card(license=given))

    assert entities["./"]["license"] == said
    assert not isinstance(said, dict) or said["@id"] in entities


def test_the_people():
    """By ORCID where they have one; nobody twice, and an organisation is no person."""
    card = read_card(
        b'"authors": [{"name": "Ada", "orcid": "0000-0002-1825-0097", "affiliation": "Engines & Co"},'
        b' {"name": "Ada Lovelace", "orcid": "https://orcid.org/0000-0002-1825-0097"},'
        b' "Grace", {"name": "A Laboratory", "kind": "organisation"}]\n'
    )
    entities = described(card)

    assert [one["@id"] for one in entities["./"]["author"]] == [
        "https://orcid.org/0000-0002-1825-0097",
        "#author-3",
        "#author-4",
    ]
    assert entities["https://orcid.org/0000-0002-1825-0097"] == {
        "@id": "https://orcid.org/0000-0002-1825-0097",
        "@type": "Person",
        "name": "Ada",
        "affiliation": {"@id": "#organisation-Engines%20%26%20Co"},
    }
    assert entities["#author-4"]["@type"] == "Organization"


def test_the_source_names_what_it_needed():
    """The Python and each package that was imported, by package URL; its address and commit where they are public."""
    commit = "a" * 40
    repository = Repository(
        commit=commit, tree=commit, branch="main", remote="git.example.org/ada/tiny", dirty=True, shallow=False
    )
    manifest = tiny_manifest()
    installed = (
        *manifest.environment.distributions,
        Distribution(name="mine", version="1!2.0+local", origin=Origin(kind="editable"), imported=True),
        Distribution(name="unused", version="1", origin=Origin(kind="index"), imported=False),
    )
    manifest = manifest.model_copy(
        update={
            "code": manifest.code.model_copy(update={"repository": repository}),
            "environment": manifest.environment.model_copy(update={"distributions": installed}),
        }
    )
    source = described(Card(), manifest, ["code/source/net.py"])["#source"]

    assert source["url"] == "https://git.example.org/ada/tiny"
    assert source["version"] == f"{commit} with uncommitted changes"
    assert [one["@id"] for one in source["softwareRequirements"]] == [
        "pkg:generic/cpython@3.11.7",
        "pkg:pypi/numpy@2.3.5",
        "pkg:pypi/torch@2.13.0%2Bcpu",
        "pkg:generic/mine@1%212.0%2Blocal",
    ]


def test_the_capture_tells_of_its_proof():
    """What the fresh process made of it, and why; a plain function, which has no weights, gives the bundle as result."""
    manifest = tiny_manifest(proof=Proof(status="failed", why="another output"))
    function = model.Section(
        loader="for_callable", framework="python", entry="net:run", init=None, files=(), tensors=(), parameters=0
    )
    entities = described(Card(), manifest.model_copy(update={"model": function}), ["data/train.txt"])

    assert entities["#capture"]["description"].endswith("compared its outputs: failed (another output).")
    assert entities["#capture"]["result"] == {"@id": "./"}
    assert entities["#capture"]["object"] == {"@id": "data/"}
    assert entities["#capture"]["instrument"] == {"@id": "pkg:pypi/reprobundle@0.1.0"}


def test_what_a_card_says_stays_text():
    """Quotes, braces, terminal commands and what turns the reading direction: no entity of theirs, and nothing unseen."""
    evil = 'x", "@id": "../../etc/passwd", "y": "\x1b[31m\u202e'
    content = rocrate.view(tiny_manifest(), Card(title=evil, description=evil, tags=(evil,)), [])

    assert graph(content)["./"]["name"] == 'x", "@id": "../../etc/passwd", "y": "\\x1b[31m\\u202e'
    assert {entity.get("@id") for entity in json.loads(content)["@graph"]} == set(graph(content))
    assert not {"\x1b", "\u202e"} & set(content.decode())


def test_resealing_makes_the_view_again(tmp_path):
    """It names the new files, and not its own earlier form; a bundle of an earlier version gets one."""
    first = seal(tmp_path / "first")
    new = reseal(first, tmp_path / "new", _with_another_card).path
    old = reseal(verify(tiny_bundle(tmp_path / "old")), tmp_path / "renewed", lambda manifest, _stage: manifest).path

    assert of(verify(new))["./"]["name"] == "Renamed"
    assert of(verify(new))["documentation/card.yaml"]["contentSize"] == str(len(b'"title": "Renamed"\n'))
    assert of(verify(old))["./"]["name"] == "Tiny"


def _with_another_card(manifest, stage):
    stage.writer.write("documentation/card.yaml", b'"title": "Renamed"\n')
    return manifest


def test_a_large_listing_is_one_file(tmp_path):
    """Samples are no files of a bundle: the view does not grow with them."""
    small = seal(tmp_path / "small")
    with staging(tmp_path / "large") as place:
        writer = Writer(place)
        manifest = tiny_manifest()
        writer.write("model.safetensors", WEIGHTS)
        writer.write("documentation/card.yaml", CARD.encode())
        writer.write("environment/requirements.txt", b"numpy==2.3.5\n")
        writer.write("data/train.txt", b"".join(b"%06d\n" % number for number in range(100_000)))
        writer.write("data/test.txt", b"\n")
        bundles.seal(writer, manifest.model_copy(update={"views": views.write(manifest, writer)}))
    sizes = [(place / "ro-crate-metadata.json").stat().st_size for place in (small.path, tmp_path / "large")]

    assert abs(sizes[0] - sizes[1]) <= len("700000")


@pytest.mark.slow
def test_as_many_files_as_a_bundle_may_hold():
    """The description of 100,000 files takes seconds, not minutes."""
    files = [f"code/source/{number:06}.py" for number in range(99_000)]
    began = time.monotonic()

    assert len(described(Card(), files=files)) > len(files)
    assert time.monotonic() - began < 20
