"""Exports into a new folder: BagIt and RO-Crate."""

from __future__ import annotations

import json
import os
import shutil

import pytest
from reports import bitwise_report, different_report
from tiny import WEIGHTS, bare_manifest

from reprobundle import bundle as bundles
from reprobundle import records
from reprobundle.bundle import verify
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.exports import bagit, rocrate
from reprobundle.store import Writer, list_files, staging

CARD = """\
title: "Tiny: a model"
description: "Two lines\\nof it."
license: Apache-2.0
authors:
  - name: "Lovelace, Ada"
    orcid: 0000-0002-1825-0097
  - name: Grace
"""


@pytest.fixture
def bundle(tmp_path, monkeypatch):
    """A bundle with a card, source and a name that an address has to spell out."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")
    with staging(tmp_path / "tiny") as place:
        writer = Writer(place)
        writer.write("model.safetensors", WEIGHTS)
        writer.write("code/source/an éclair.py", b"pass\n")
        writer.write("documentation/card.yaml", CARD.encode())
        bundles.seal(writer, bare_manifest())
    return verify(tmp_path / "tiny")


def contents(folder):
    return {found.path: (folder / found.path).read_bytes() for found in list_files(folder)}


def report_of(bundle, folder, made):
    place = folder / "report.json"
    place.write_bytes(records.to_bytes(made.model_copy(update={"bundle_id": bundle.id})))
    return place


def graph(folder):
    return {entity["@id"]: entity for entity in json.loads((folder / "ro-crate-metadata.json").read_bytes())["@graph"]}


def test_a_bag_is_valid_and_holds_the_bundle(bundle, tmp_path):
    """The library finds the bag complete and unchanged, and its payload is a bundle that verifies."""
    library = pytest.importorskip("bagit")
    before = os.getcwd()
    bag = library.Bag(str(bagit.export(bundle, tmp_path / "bag")))
    bag.validate()

    assert verify(tmp_path / "bag" / "data").id == bundle.id
    assert sorted(bag.algorithms) == ["sha256", "sha512"]
    assert os.getcwd() == before


def test_a_bag_says_what_it_holds(bundle, tmp_path):
    """Its facts come from the card, each on one line."""
    pytest.importorskip("bagit")
    bagit.export(bundle, tmp_path / "bag")

    assert (tmp_path / "bag" / "bag-info.txt").read_text().splitlines() == [
        f"Bag-Software-Agent: reprobundle {bagit.version()}",
        "Bagging-Date: 2026-09-21",
        "Contact-Name: Lovelace, Ada, Grace",
        "External-Description: Two lines of it.",
        f"External-Identifier: {bundle.id}",
        "Internal-Sender-Identifier: tiny",
        f"Payload-Oxum: {sum(map(len, contents(bundle.path).values()))}.4",
    ]


@pytest.mark.parametrize(("library", "export"), [("bagit", bagit.export), ("json", rocrate.export)])
def test_exports_of_one_bundle_on_one_day_are_equal(bundle, tmp_path, library, export):
    """With SOURCE_DATE_EPOCH nothing in an export changes from run to run."""
    pytest.importorskip(library)

    assert contents(export(bundle, tmp_path / "a")) == contents(export(bundle, tmp_path / "b"))


@pytest.mark.parametrize(("library", "export"), [("bagit", bagit.export), ("json", rocrate.export)])
def test_a_changed_bundle_is_not_exported(bundle, tmp_path, library, export):
    """What changed since it was verified stops the export, and nothing is left of it."""
    pytest.importorskip(library)
    (bundle.path / "code" / "source" / "an éclair.py").write_bytes(b"evil\n")
    with pytest.raises(RefusedInputError) as caught:
        export(bundle, tmp_path / "out")

    assert str(caught.value) == "code/source/an éclair.py: changed since the bundle was verified"
    assert os.listdir(tmp_path) == ["tiny"]


def test_a_wrong_epoch_is_wrong_usage(bundle, tmp_path, monkeypatch):
    """The variable counts seconds."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(UsageError) as caught:
        rocrate.export(bundle, tmp_path / "crate")

    assert str(caught.value) == "SOURCE_DATE_EPOCH: expected seconds since 1970, found 'yesterday'"


def test_a_crate_describes_every_file(bundle, tmp_path):
    """The library reads the crate, every file of the bundle is in it with its size, and the bundle verifies."""
    library = pytest.importorskip("rocrate.rocrate")
    folder = rocrate.export(bundle, tmp_path / "crate")
    entities = graph(folder)
    read = library.ROCrate(str(folder))

    assert verify(folder / "bundle").id == bundle.id
    assert {entity.id for entity in read.data_entities} == {
        "bundle/",
        "bundle/manifest.json",
        "bundle/model.safetensors",
        "bundle/documentation/",
        "bundle/documentation/card.yaml",
        "bundle/code/",
        "bundle/code/source/an%20%C3%A9clair.py",
    }
    assert entities["bundle/model.safetensors"]["contentSize"] == str(len(WEIGHTS))
    assert entities["bundle/manifest.json"]["contentSize"] == str((bundle.path / "manifest.json").stat().st_size)
    assert entities["./"]["name"] == "Tiny: a model"
    assert entities["./"]["datePublished"] == "2026-09-21T14:13:20+00:00"
    assert entities["./"]["license"] == {"@id": "https://spdx.org/licenses/Apache-2.0"}
    assert entities["./"]["author"] == [{"@id": "https://orcid.org/0000-0002-1825-0097"}, {"@id": "#author-2"}]


def test_every_reference_of_a_crate_leads_to_an_entity(bundle, tmp_path):
    """Whatever the graph points at inside the crate is in the graph."""
    report = report_of(bundle, tmp_path, bitwise_report())
    entities = graph(rocrate.export(bundle, tmp_path / "crate", replays=[report]))
    pointed = set()

    def walk(value):
        if isinstance(value, dict):
            pointed.update([value["@id"]] if set(value) == {"@id"} else [])
            list(map(walk, value.values()))
        elif isinstance(value, list):
            list(map(walk, value))

    walk(list(entities.values()))

    assert pointed - set(entities) == {"https://w3id.org/ro/crate/1.1"}


def test_a_crate_tells_of_the_capture(bundle, tmp_path):
    """The root mentions an action whose instruments are the person's source and the program of that version."""
    entities = graph(rocrate.export(bundle, tmp_path / "crate"))
    capture = entities["#capture"]

    assert entities["./"]["mentions"] == [{"@id": "#capture"}, {"@id": "#signatures"}]
    assert entities["./"]["conformsTo"] == {"@id": "https://w3id.org/ro/wfrun/process/0.5"}
    assert capture["instrument"] == [{"@id": "#source"}, {"@id": "pkg:pypi/reprobundle@0.1.0"}]
    assert entities["pkg:pypi/reprobundle@0.1.0"]["version"] == "0.1.0"
    assert capture["object"] == {"@id": "bundle/code/"}
    assert capture["result"] == {"@id": "bundle/model.safetensors"}


@pytest.mark.parametrize(("made", "status"), [(bitwise_report(), "Completed"), (different_report(), "Failed")])
def test_a_replay_is_joined_to_the_crate(bundle, tmp_path, made, status):
    """The report stands in the crate, and says what came of it."""
    report = report_of(bundle, tmp_path, made)
    folder = rocrate.export(bundle, tmp_path / "crate", replays=[report])
    replay = graph(folder)["#replay-1"]

    assert (folder / "replays" / "1" / "report.json").read_bytes() == report.read_bytes()
    assert replay["actionStatus"] == f"http://schema.org/{status}ActionStatus"
    assert replay["description"] == made.verdict.sentence
    assert replay.get("error") == (None if status == "Completed" else made.verdict.sentence)
    assert replay["result"] == {"@id": "replays/1/report.json"}


def test_replays_stand_in_the_order_of_their_starts(bundle, tmp_path):
    """However they are given; two of the same second are two."""
    starts = {"a": "2026-11-21T22:00:02Z", "b": "2026-11-21T22:00:01Z", "c": "2026-11-21T22:00:01Z"}
    reports = []
    for number, (name, started) in enumerate(starts.items()):
        (tmp_path / name).mkdir()
        made = bitwise_report(started=started, reprobundle=f"0.{number}.0")
        reports.append(report_of(bundle, tmp_path / name, made))
    one = graph(rocrate.export(bundle, tmp_path / "one", replays=reports))
    rocrate.export(bundle, tmp_path / "two", replays=reports[::-1])

    assert [one[f"#replay-{number}"]["instrument"]["@id"] for number in (1, 2, 3)] == [
        "pkg:pypi/reprobundle@0.1.0",
        "pkg:pypi/reprobundle@0.2.0",
        "pkg:pypi/reprobundle@0.0.0",
    ]
    assert [entity["@id"] for entity in one["./"]["mentions"]] == [
        "#capture", "#replay-1", "#replay-2", "#replay-3", "#signatures"
    ]  # fmt: skip
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_a_report_that_is_given_twice(bundle, tmp_path):
    """One run is one action."""
    report = report_of(bundle, tmp_path, bitwise_report())
    with pytest.raises(UsageError) as caught:
        rocrate.export(bundle, tmp_path / "crate", replays=[report, report])

    assert str(caught.value) == f"{str(report)!r}: is the same report as {str(report)!r}"
    assert not (tmp_path / "crate").exists()


def test_the_report_of_another_bundle_is_refused(bundle, tmp_path):
    """A replay belongs to the bundle whose id it names."""
    (tmp_path / "report.json").write_bytes(records.to_bytes(bitwise_report()))
    with pytest.raises(RefusedInputError) as caught:
        rocrate.export(bundle, tmp_path / "crate", replays=[tmp_path / "report.json"])

    assert str(caught.value) == (
        f"report.json: is of another bundle: expected {bundle.id}, found {bitwise_report().bundle_id}"
    )


def test_a_flipped_byte_in_a_bag_is_found(bundle, tmp_path):
    """What the bag's own library is for; the length of the payload stands in its facts, so a lost byte is found at once."""
    library = pytest.importorskip("bagit")
    folder = bagit.export(bundle, tmp_path / "bag")
    weights = folder / "data" / "model.safetensors"
    weights.write_bytes(WEIGHTS[:-1] + bytes([WEIGHTS[-1] ^ 1]))
    with pytest.raises(library.BagValidationError, match=r"data/model\.safetensors sha(256|512) validation failed"):
        library.Bag(str(folder)).validate()
    weights.write_bytes(WEIGHTS[:-1])

    with pytest.raises(library.BagValidationError, match="Payload-Oxum validation failed"):
        library.Bag(str(folder)).validate(fast=True)


def test_the_command_line_prints_views(call, bundle):
    """The card and the citation, alone on standard output."""
    code, card, err = call("export", "card", bundle.path)
    assert (code, err) == (0, "")
    assert card.startswith("---\nlicense: apache-2.0\n")
    assert "# Tiny: a model\n" in card
    assert call("export", "citation", bundle.path)[1].startswith("cff-version: 1.2.0\n")


def test_a_citation_needs_authors(call, bundle, tmp_path):
    """Nothing half-made is printed: the message says what is missing."""
    shutil.rmtree(bundle.path)
    with staging(bundle.path) as place:
        writer = Writer(place)
        writer.write("model.safetensors", WEIGHTS)
        writer.write("documentation/card.yaml", b'"title": "Tiny"\n')
        bundles.seal(writer, bare_manifest())

    assert call("export", "citation", bundle.path) == (
        3,
        "",
        "reprobundle: CITATION.cff: needs a title and authors, which the bundle does not have\n"
        "hint: name both in documentation/card.yaml\n",
    )


@pytest.mark.parametrize(("view", "kind"), [("bagit", "bag"), ("rocrate", "crate")])
def test_the_command_line_writes_folders(call, bundle, tmp_path, view, kind):
    """Where the export went, and never over anything."""
    pytest.importorskip({"bagit": "bagit"}.get(view, "json"))
    target = tmp_path / "out"

    code, out, err = call("export", view, bundle.path, target)
    lines = out.splitlines()

    assert (code, err, lines[0]) == (0, "", f"{kind.upper()} WRITTEN")
    assert lines[2] == f"{kind:<13}{target}"
    assert (
        lines[-1]
        == {
            "bag": f"check it     python -m bagit --validate {target}",
            "crate": f"check it     reprobundle verify {target / 'bundle'}",
        }[kind]
    )
    assert call("export", view, bundle.path, target)[0] == 2


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["card", "BUNDLE", "out"], "export card: is printed, not written to a folder"),
        (["bagit", "BUNDLE"], "export bagit: to which folder?"),
        (
            ["bagit", "BUNDLE", "out", "--replay", "x"],
            "--replay: a report can be joined to an RO-Crate, not to 'bagit'",
        ),
        (["card", "BUNDLE", "--crate-version", "1.2"], "--crate-version: is of an RO-Crate, not of 'card'"),
    ],
)
def test_views_are_printed_or_written(call, bundle, arguments, complaint):
    """What is printed needs no folder, what is written needs one."""
    argv = [bundle.path if part == "BUNDLE" else part for part in arguments]

    assert call("export", *argv) == (2, "", f"reprobundle: {complaint}\n")


def test_the_command_line_packs_and_unpacks(call, bundle, tmp_path):
    """One file and back, with what was done in words and as a document."""
    code, out, _ = call("pack", bundle.path, tmp_path / "tiny.zip")
    lines = out.splitlines()
    assert (code, lines[0], lines[1]) == (0, "PACKED", f"bundle       tiny  {bundle.id}")
    assert "\nfiles        3 files, the manifest; " in out
    assert lines[-1] == f"check it     reprobundle verify {tmp_path / 'tiny.zip'}"
    code, out, _ = call("unpack", tmp_path / "tiny.zip", tmp_path / "back again")
    lines = out.splitlines()
    assert (code, lines[0]) == (0, "UNPACKED, UNSIGNED")
    assert lines[-2:] == [
        f"check it     reprobundle verify '{tmp_path / 'back again'}'",
        f"replay it    reprobundle replay '{tmp_path / 'back again'}'",
    ]
    (tmp_path / "back again").rename(tmp_path / "back")
    facts = json.loads(call("pack", tmp_path / "back", tmp_path / "again.zip", "--json")[1])

    assert (facts["bundle_id"], facts["members"]) == (bundle.id, 4)
    assert json.loads(call("unpack", tmp_path / "again.zip", tmp_path / "b", "--json")[1])["bundle_name"] == "tiny"
