"""A sealed bundle is never edited: what is made from it names it, shares its files, and keeps what its proof rests on."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from tiny import tiny_bundle, tiny_manifest

from reprobundle import captures
from reprobundle.bundle import VerifiedBundle, verify
from reprobundle.components import hyperparameters
from reprobundle.components.outputs import documents
from reprobundle.components.outputs.section import Calibration, Tree
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.exports import by_hand
from reprobundle.resealing import reseal
from reprobundle.store import list_files

LOCK = "environment/requirements.txt"
EXPECTED = Tree(file="replay/expected.safetensors", structure={"kind": "tensor", "name": "y"})
WHEEL = "environment/wheels/own-1.0-py3-none-any.whl"


@pytest.fixture
def bundle(tmp_path, monkeypatch) -> VerifiedBundle:
    """A verified bundle, and a capture log of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return verify(tiny_bundle(tmp_path / "tiny"))


def unchanged(manifest, _stage):
    """Change nothing."""
    return manifest


def relocked(manifest, stage):
    """Write another lock."""
    stage.writer.write(LOCK, b"numpy==2.3.5 --hash=sha256:00\n")
    facts = manifest.environment.lock.model_copy(update={"by": "uv"})
    return manifest.model_copy(update={"environment": manifest.environment.model_copy(update={"lock": facts})})


def content(folder: Path) -> dict[str, bytes]:
    """Every file's bytes by path."""
    return {listed.path: (folder / listed.path).read_bytes() for listed in list_files(folder)}


def test_the_new_bundle_names_the_one_it_came_from(bundle, tmp_path):
    """Id by id the ancestry grows, and each bundle of it verifies."""
    first = reseal(bundle, tmp_path / "first", relocked)
    second = reseal(verify(first.path), tmp_path / "second", unchanged)

    assert first.manifest.previous == (bundle.id,)
    assert verify(second.path).manifest.previous == (bundle.id, first.id)
    assert (second.previous, verify(second.path).id) == (first.id, second.id)


def test_the_earlier_bundle_stays_as_it_was(bundle, tmp_path):
    """Not a byte and not a name of it changes."""
    before = content(bundle.path)
    made = reseal(bundle, tmp_path / "new", relocked)

    assert content(bundle.path) == before
    assert (made.path / LOCK).read_bytes() == b"numpy==2.3.5 --hash=sha256:00\n"
    assert verify(bundle.path).id == bundle.id


def test_what_did_not_change_takes_no_space(bundle, tmp_path):
    """Weights have one more name; the lock, the manifest and the views are files of their own."""
    made = reseal(bundle, tmp_path / "new", relocked)
    shared = {path for path in content(made.path) if (made.path / path).stat().st_nlink == 2}

    assert shared == {"model.safetensors", "documentation/card.yaml", "data/train.txt", "data/test.txt"}
    assert made.linked == sum((made.path / path).stat().st_size for path in shared)


def test_views_are_made_again_and_the_proof_stays(bundle, tmp_path):
    """The card says what the new bundle holds; the proof is the recorded one."""
    made = reseal(bundle, tmp_path / "new", relocked)

    assert made.manifest.views == ("README.md", *sorted(by_hand.files(made.manifest)), "ro-crate-metadata.json")
    assert "# Tiny" in (made.path / "README.md").read_text()
    assert made.manifest.proof == bundle.manifest.proof
    assert reseal(verify(made.path), tmp_path / "again", unchanged).manifest.views == made.manifest.views


def test_notes_of_the_change_are_added(bundle, tmp_path):
    """What the change has to say stands after what the capture said."""

    def change(manifest, stage):
        stage.note("environment", "hashes were added")
        return manifest

    made = reseal(bundle, tmp_path / "new", change)

    assert [note.message for note in made.manifest.notes] == ["no git repository", "hashes were added"]


def test_a_file_that_is_no_longer_named_is_left(tmp_path):
    """A wheel that the new lock does without does not travel on; unnamed files do."""
    section = tiny_manifest().environment.model_copy(update={"wheels": (WHEEL,)})
    folder = tmp_path / "with"

    def edit(place, manifest):
        (place / WHEEL).parent.mkdir(parents=True)
        (place / WHEEL).write_bytes(b"wheel")
        manifest["environment"]["wheels"] = list(section.wheels)

    from forging import forged

    bundle = verify(forged(tiny_bundle(tmp_path / "tiny"), folder, edit))

    def change(manifest, _stage):
        bare = manifest.environment.model_copy(update={"wheels": ()})
        return manifest.model_copy(update={"environment": bare})

    made = reseal(bundle, tmp_path / "without", change)

    assert WHEEL in content(folder)
    assert set(content(folder)) - set(content(made.path)) == {WHEEL}


def measured(word):
    """Write what was measured of the outputs."""

    def change(manifest, stage):
        section = documents.write(stage.writer, manifest.outputs, Calibration(steadiness=word), ())
        return manifest.model_copy(update={"outputs": section})

    return change


def test_what_was_measured_of_the_outputs_may_be_added_and_replaced(bundle, tmp_path):
    """The proof rests on inputs and outputs, not on how steady they are."""
    first = reseal(bundle, tmp_path / "first", measured("not known"))
    second = reseal(verify(first.path), tmp_path / "second", measured("bitwise"))
    found = documents.calibration_of(second.manifest.outputs, second.path)

    assert found is not None
    assert found.steadiness == "bitwise"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda manifest, _: manifest.model_copy(update={"hyperparameters": hyperparameters.Section(values={})}),
            "hyperparameters",
        ),
        (
            lambda manifest, _: manifest.model_copy(
                update={"environment": manifest.environment.model_copy(update={"numerics": {}})}
            ),
            "environment.numerics",
        ),
        (lambda manifest, stage: (stage.writer.write("model.safetensors", b""), manifest)[1], "model.safetensors"),
        (lambda manifest, _: manifest.model_copy(update={"name": "other"}), "name"),
        (
            lambda manifest, _: manifest.model_copy(
                update={"outputs": manifest.outputs.model_copy(update={"expected": EXPECTED})}
            ),
            "outputs.expected",
        ),
        (
            lambda manifest, stage: (stage.writer.write("replay/expected.safetensors", b""), manifest)[1],
            "replay/expected.safetensors",
        ),
    ],
)
def test_what_the_proof_rests_on_cannot_change(bundle, tmp_path, change, words):
    """Another weight, source or recorded fact needs another capture; nothing is left behind."""
    with pytest.raises(UsageError) as caught:
        reseal(bundle, tmp_path / "new", change)

    assert str(caught.value) == (
        f"a bundle cannot be resealed with another {words}: its proof was made with the recorded one"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tiny"]


def test_a_file_that_changed_since_it_was_verified_is_refused(bundle, tmp_path):
    """The bytes that get the new name are digested under it."""
    (bundle.path / "model.safetensors").write_bytes(b"x" * 94)
    with pytest.raises(RefusedInputError) as caught:
        reseal(bundle, tmp_path / "new", unchanged)

    assert str(caught.value) == "model.safetensors: changed since the bundle was verified"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["tiny"]


def test_links_are_not_followed(bundle, tmp_path):
    """A file that became a link is refused, wherever it leads."""
    (bundle.path / "model.safetensors").rename(tmp_path / "elsewhere")
    (bundle.path / "model.safetensors").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RefusedInputError) as caught:
        reseal(bundle, tmp_path / "new", unchanged)

    assert str(caught.value) == "model.safetensors: is a symbolic link, expected a regular file"
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("mode", [0o666, 0o664, 0o600, 0o755])
def test_a_file_of_another_mode_is_copied(bundle, tmp_path, mode):
    """What others can write is copied, and so is what would show its new mode under the old name."""
    (bundle.path / "model.safetensors").chmod(mode)
    made = reseal(bundle, tmp_path / "new", unchanged)

    assert (made.path / "model.safetensors").stat().st_nlink == 1
    assert (bundle.path / "model.safetensors").stat().st_mode & 0o777 == mode
    assert (made.path / "data" / "test.txt").stat().st_nlink == 2


def test_a_folder_that_others_can_write_is_copied(bundle, tmp_path):
    """Where somebody else could put another file under the name, nothing is shared."""
    bundle.path.chmod(0o777)
    made = reseal(bundle, tmp_path / "new", unchanged)

    assert made.linked == 0
    assert {(made.path / path).stat().st_nlink for path in content(made.path)} == {1}


def test_where_linking_fails_files_are_copied(bundle, tmp_path):
    """Between two file systems there are no second names."""
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == tmp_path.stat().st_dev or not os.access(other, os.W_OK):
        pytest.skip("there is no second file system here")
    target = other / f"reprobundle-test-{os.getpid()}"
    try:
        made = reseal(bundle, target, unchanged)

        assert made.linked == 0
        assert verify(target).id == made.id
    finally:
        shutil.rmtree(target, ignore_errors=True)


def test_signatures_are_left_with_what_they_signed(bundle, tmp_path):
    """A signature covers every byte of one bundle, so the new one is without, and says so."""
    (bundle.path / "signatures").mkdir()
    (bundle.path / "signatures" / "ada.sigstore.json").write_bytes(b"{}")
    made = reseal(bundle, tmp_path / "new", unchanged)

    assert made.signatures == ("signatures/ada.sigstore.json",)
    assert verify(made.path).bundle.signatures() == ()
    assert made.manifest.notes[-1].message == (
        "signatures of the bundle this one was made from were left there: signatures/ada.sigstore.json"
    )


def test_ones_own_capture_stays_ones_own_and_so_does_what_is_made_of_it(bundle, tmp_path):
    """Sharing files changes the file system's records of both; the log is brought up to date."""
    captures.remember(bundle.bundle.content, bundle.path)
    made = verify(reseal(bundle, tmp_path / "new", relocked).path)

    assert captures.is_own(bundle.bundle.content, bundle.path)
    assert captures.is_own(made.bundle.content, made.path)


def test_a_strangers_bundle_never_becomes_ones_own(bundle, tmp_path):
    """What this user did not capture needs its walls after resealing, too."""
    made = verify(reseal(bundle, tmp_path / "new", relocked).path)

    assert not captures.is_own(bundle.bundle.content, bundle.path)
    assert not captures.is_own(made.bundle.content, made.path)


@pytest.mark.parametrize("target", ["tiny", "tiny/new", "tiny/data/new"])
def test_the_target_is_a_new_folder_beside_it(bundle, tmp_path, target):
    """Neither an existing folder nor one inside the bundle; nothing is asked or read before."""
    before = content(bundle.path)
    with pytest.raises(UsageError):
        reseal(bundle, tmp_path / target, lambda *_: pytest.fail("the change was asked for"))

    assert content(bundle.path) == before


def test_two_reseals_are_byte_identical(bundle, tmp_path):
    """The same change of the same bundle gives the same bytes, wherever it is made."""
    one, other = reseal(bundle, tmp_path / "a" / "x", relocked), reseal(bundle, tmp_path / "b" / "y", relocked)

    assert content(one.path) == content(other.path)


def test_what_anybody_wrote_to_meanwhile_is_no_longer_ones_own(bundle, tmp_path):
    """Only second names may show in the file system's records: a write to any file ends it, for both bundles."""
    captures.remember(bundle.bundle.content, bundle.path)

    def change(manifest, _stage):
        card = bundle.path / "documentation" / "card.yaml"
        card.write_bytes(card.read_bytes())
        return manifest

    made = verify(reseal(bundle, tmp_path / "new", change).path)

    assert not captures.is_own(bundle.bundle.content, bundle.path)
    assert not captures.is_own(made.bundle.content, made.path)
