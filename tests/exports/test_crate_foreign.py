"""Bags and crates of strangers: what they say of themselves is never followed, and nothing is fetched for them."""

from __future__ import annotations

import json
import socket
import zipfile

import pytest
from hub_play import WARNINGS, publish_to, pull_from
from hub_server import hub
from reports import bitwise_report
from tiny import WEIGHTS, bare_manifest, tiny_bundle

from reprobundle import bundle as bundles
from reprobundle import records
from reprobundle.bundle import verify
from reprobundle.exports import bagit, rocrate
from reprobundle.resealing import reseal
from reprobundle.store import Writer, list_files, staging

METADATA = "ro-crate-metadata.json"


@pytest.fixture
def nobody():
    """A port on which whoever follows an address would be heard; nobody may be."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.05)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        with pytest.raises(TimeoutError):
            listening.accept()


@pytest.fixture
def bag(tmp_path, nobody):
    """A bag around a bundle, as anybody may make one, that wants its weights fetched from elsewhere."""
    folder = tmp_path / "bag"
    folder.mkdir()
    tiny_bundle(folder / "data")
    (folder / "bagit.txt").write_text("BagIt-Version: 0.97\nTag-File-Character-Encoding: UTF-8\n")
    (folder / "fetch.txt").write_text(f"{nobody}/w {len(WEIGHTS)} data/model.safetensors\n{nobody}/x 1 ../x\n")
    return folder


def lying(nobody, secret):
    """A crate's metadata that wants to be another file, another folder, another place."""
    away = ("../secret.txt", f"file://{secret}", str(secret), f"{nobody}/file", "C:\\secret.txt", "%2e%2e/secret.txt")
    parts = [{"@id": name, "@type": "File", "contentUrl": f"{nobody}/content"} for name in away]
    about = {"@id": METADATA, "@type": "CreativeWork", "about": {"@id": "../"}, "conformsTo": {"@id": f"{nobody}/1.1"}}
    root = {"@id": "../", "@type": "Dataset", "name": "Another", "hasPart": [{"@id": name} for name in away]}
    return json.dumps({"@context": [f"{nobody}/context"], "@graph": [about, root, *parts]}).encode()


@pytest.fixture
def liar(tmp_path, nobody):
    """A bundle, sealed and intact, whose own view as a crate lies."""
    (tmp_path / "secret.txt").write_bytes(b"secret")
    with staging(tmp_path / "liar") as place:
        writer = Writer(place)
        writer.write("model.safetensors", WEIGHTS)
        writer.write("documentation/card.yaml", b'"title": "Tiny"\n')
        writer.write(METADATA, lying(nobody, tmp_path / "secret.txt"))
        bundles.seal(writer, bare_manifest().model_copy(update={"views": (METADATA,)}))
    return verify(tmp_path / "liar")


@pytest.mark.parametrize("verb", [["verify"], ["show"], ["replay"], ["lint"], ["export", "card"]])
def test_a_bag_is_called_a_bag(call, bag, verb):
    """The message says where its bundle lies, and every verb refuses the bag alike."""
    assert call(*verb, bag) == (
        2,
        "",
        f"reprobundle: {str(bag)!r} is not a bundle: it has no manifest.json\n"
        f"hint: it looks like a BagIt bag; the bundle in it is {str(bag / 'data')!r}, and nothing but that would be read\n",
    )


def test_the_bundle_in_a_bag_verifies(call, bag):
    """Its own manifest decides: what the bag says of it is not asked, and a file that the bag would fetch is missing."""
    assert call("verify", bag / "data")[0] == 0
    (bag / "data" / "model.safetensors").unlink()

    code, _, said = call("verify", bag / "data")
    assert (code, said.splitlines()[0]) == (2, "reprobundle: model.safetensors: is listed but missing")


def test_a_crate_is_called_a_crate(call, liar, tmp_path):
    """As `export rocrate` makes them."""
    folder = rocrate.export(liar, tmp_path / "crate")
    code, _, said = call("verify", folder)

    assert (code, said.splitlines()[1]) == (
        2,
        f"hint: it looks like an RO-Crate; the bundle in it is {str(folder / 'bundle')!r}, and nothing but that would be read",
    )
    assert verify(folder / "bundle").id == liar.id


@pytest.mark.parametrize("mark", ["bagit.txt", METADATA])
def test_a_folder_of_no_bundle_is_called_nothing(call, tmp_path, mark):
    """A bag or a crate of other things: there is no bundle in it to point at."""
    (tmp_path / "data").mkdir()
    (tmp_path / mark).write_text("{}")

    assert "its manifest is written last" in call("verify", tmp_path)[2]


def test_a_bundle_that_is_a_bag_too(call, tmp_path, nobody):
    """Files of a bag beside a manifest are no files of the bundle."""
    folder = tiny_bundle(tmp_path / "tiny")
    (folder / "fetch.txt").write_text(f"{nobody}/w 1 data/x\n")
    code, _, said = call("verify", folder)

    assert (code, said.splitlines()[0]) == (2, "reprobundle: fetch.txt: is not listed in the manifest")


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_a_packed_bag_is_not_unpacked(call, bag, tmp_path, kind):
    """It is no archive that pack wrote."""
    packed = tmp_path / f"bag.{kind}"
    if kind == "zip":
        with zipfile.ZipFile(packed, "w") as archive:
            for found in list_files(bag):
                archive.write(bag / found.path, f"bag/{found.path}")
    else:
        import tarfile

        with tarfile.open(packed, "w") as archive:
            archive.add(bag, "bag")

    assert call("unpack", packed, tmp_path / "out")[0] == 2
    assert call("verify", packed)[0] == 2
    assert not (tmp_path / "out").exists()


def test_a_lying_crate_is_only_a_file(call, liar, tmp_path):
    """Verified, shown, packed, unpacked and exported for its bytes; none of its names leads anywhere."""
    before = {place.name for place in tmp_path.iterdir()}
    assert call("verify", liar.path)[0] == 0
    assert call("show", liar.path)[0] == 0
    assert call("pack", liar.path, tmp_path / "liar.zip")[0] == 0
    assert call("unpack", tmp_path / "liar.zip", tmp_path / "back")[0] == 0
    folder = rocrate.export(liar, tmp_path / "crate")

    assert {place.name for place in tmp_path.iterdir()} - before == {"liar.zip", "back", "crate"}
    assert (folder / "bundle" / METADATA).read_bytes() == (liar.path / METADATA).read_bytes()
    assert not any((folder / found.path).read_bytes() == b"secret" for found in list_files(folder))
    own = json.loads((folder / METADATA).read_bytes())["@graph"]
    assert not any("secret" in entity["@id"] or "127.0.0.1" in entity["@id"] for entity in own)


def test_a_lying_crate_is_mended_by_resealing(liar, tmp_path):
    """The view is this program's own to make, whoever made the earlier one."""
    new = reseal(liar, tmp_path / "new", lambda manifest, _stage: manifest).path

    assert b"secret" not in (new / METADATA).read_bytes()


def test_a_bag_of_a_lying_crate(liar, tmp_path):
    """Its copy is a file of the payload like the others."""
    library = pytest.importorskip("bagit")
    folder = bagit.export(liar, tmp_path / "bag")

    library.Bag(str(folder)).validate()
    assert not (folder / "fetch.txt").exists()
    assert verify(folder / "data").id == liar.id


@pytest.mark.filterwarnings(WARNINGS)
def test_a_hub_that_holds_a_bag_beside_the_bundle(liar, tmp_path, nobody):
    """What the manifest does not list does not come, and what the crate points at neither."""
    pytest.importorskip("huggingface_hub")
    with hub() as server:
        publish_to(server, liar)
        repository = server.repositories["ada/tiny"]
        tree = {"bagit.txt": b"BagIt-Version: 0.97\n", "fetch.txt": f"{nobody}/w 1 data/x\n".encode()}
        repository.commit({**repository.tree(), **tree})
        pulled = pull_from(server, tmp_path / "pulled")

    assert {found.path for found in list_files(pulled.path)} == {found.path for found in list_files(liar.path)}


def test_a_report_that_lies_of_its_bundle(liar, tmp_path):
    """Names in a report are text: no file and no address is made of them."""
    report = bitwise_report(bundle_id=liar.id, bundle_name="../../evil", started="../../x", reprobundle="../0")
    place = tmp_path / "report.json"
    place.write_bytes(records.to_bytes(report))
    folder = rocrate.export(liar, tmp_path / "crate", replays=[place])
    entities = {entity["@id"]: entity for entity in json.loads((folder / METADATA).read_bytes())["@graph"]}

    assert (folder / "replays" / "1" / "report.json").is_file()
    assert entities["#replay-1"]["result"] == {"@id": "replays/1/report.json"}
    assert "pkg:pypi/reprobundle@..%2F0" in entities
