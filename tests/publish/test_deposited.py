"""What somebody else wrote into a deposit's folder, draft or record is neither published nor taken for the bundle."""

from __future__ import annotations

import re
import shutil

import pytest
from invenio_server import TOKEN, Stored, invenio
from lint_cards import bundle as linted
from lint_cards import card
from planted import drawn

from reprobundle import captures, cli
from reprobundle.bundle import verify
from reprobundle.components.documentation.card import read_card
from reprobundle.components.documentation.recording import with_facts, write
from reprobundle.errors import RefusedInputError, SecretsError, UnavailableError, UsageError
from reprobundle.exports.archives import pack
from reprobundle.publish.admitting import admit
from reprobundle.publish.invenio import confirming, describing, identifying
from reprobundle.publish.patience import Patience
from reprobundle.publish.zenodo import Record, pull
from reprobundle.resealing import reseal
from reprobundle.store import inside

QUICK = Patience(tries=2, pause=0.001, longest=2.0)
DOI = "10.5072/zenodo.1001"
KEYS = {"digits.zip", "README.md", "CITATION.cff"}
PLANTED = drawn("deposited")["aws-access-key"]


@pytest.fixture
def server():
    """A running repository on the loopback."""
    with invenio() as running:
        yield running


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A bundle that was admitted."""
    return admit(verify(linted(tmp_path_factory.mktemp("deposit") / "digits", card(doi=None), name="digits")))


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    """Each test remembers its own deposits only."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


def deposit(server, admitted, tmp_path, **wishes):
    out = tmp_path / "digits-deposited"
    place = Record(**{"server": server.url, "token": TOKEN, "patience": QUICK, "out": out, **wishes})
    return place.publish(admitted)


def resealed(bundle, target, **changed):
    """The bundle with another card, made as a deposit makes it."""

    def change(manifest, stage):
        named = read_card(inside(bundle.path, manifest.documentation.path).read_bytes())
        sections = manifest.model_dump(mode="json")
        told = with_facts(named.model_copy(update=changed), sections)
        return manifest.model_copy(update={"documentation": write(told, sections, stage)})

    reseal(bundle, target, change)
    return verify(target)


def test_an_altered_folder_is_not_published(server, made, tmp_path):
    """A folder that names this bundle and its DOI, and holds other words, is not what a deposit makes."""
    deposit(server, made, tmp_path, draft=True)
    place = tmp_path / "digits-deposited"
    shutil.rmtree(place)
    resealed(made.bundle, place, doi=DOI, description=f"The key is {PLANTED}.")
    with pytest.raises(UsageError) as caught:
        deposit(server, made, tmp_path)

    assert str(caught.value) == f"output folder {str(place)!r} exists, and is not this bundle with the DOI {DOI}"
    assert server.published == []
    assert server.uploads.count("README.md") == 1


def test_the_gate_sees_what_is_deposited(server, made, tmp_path, monkeypatch):
    """What is made with the DOI goes through the gate as well: nothing leaves that it would refuse."""

    def planted(bundle, doi, out):
        return resealed(bundle, out, doi=doi, description=f"The key is {PLANTED}.")

    monkeypatch.setattr("reprobundle.publish.invenio.depositing.with_doi", planted)
    with pytest.raises(SecretsError):
        deposit(server, made, tmp_path)

    assert server.uploads == []
    assert server.published == []


def test_what_was_allowed_is_allowed_in_what_is_deposited(server, tmp_path):
    """Allowances hold for the bundle with the DOI as for the one that was given."""
    told = f"Ask for the key by mail; an example is {PLANTED}, of the maker's own pages."
    bundle = verify(linted(tmp_path / "digits", card(doi=None, description=told), name="digits"))
    with pytest.raises(SecretsError) as caught:
        admit(bundle)
    met = re.findall(r"([\w./-]+), line \d+: ([a-z-]+)", "\n".join(caught.value.findings))
    allow = tuple(f"{rule}:{path}" for path, rule in met)
    admitted = admit(bundle, allow=allow)
    done = deposit(server, admitted, tmp_path)

    assert done.changed
    assert admitted.allow == allow


def test_looking_again_leaves_a_capture_ones_own(server, made, tmp_path):
    """The bundle that is made to compare with takes nothing from those that are there."""
    bundle = admit(verify(shutil.copytree(made.bundle.path, tmp_path / "digits")))
    captures.remember(bundle.bundle.bundle.content, bundle.bundle.path)
    deposit(server, bundle, tmp_path, draft=True)
    sealed = verify(tmp_path / "digits-deposited")

    assert captures.is_own(sealed.bundle.content, sealed.path)

    deposit(server, bundle, tmp_path)

    assert captures.is_own(bundle.bundle.bundle.content, bundle.bundle.path)
    assert captures.is_own(sealed.bundle.content, sealed.path)


def key_at(folder, name="key"):
    from signing_keys import write_key

    write_key(folder, name)
    return folder / f"{name}.key"


@pytest.mark.parametrize("there", ["half", "other"])
def test_a_signature_that_is_not_ours(server, made, tmp_path, there):
    """A file among the signatures is no reason not to sign: it is good and of this key, or nothing is published."""
    pytest.importorskip("model_signing")
    from reprobundle.signing import KeySigner, sign

    key = key_at(tmp_path)
    deposit(server, made, tmp_path, draft=True)
    sealed = verify(tmp_path / "digits-deposited")
    if there == "half":
        (sealed.path / "signatures").mkdir()
        (sealed.path / "signatures" / "signature.sigstore.json").write_bytes(b'{"half')
    else:
        sign(sealed, KeySigner(key_at(tmp_path, "other")))
    with pytest.raises(UsageError) as caught:
        deposit(server, made, tmp_path, sign_with=key)

    assert str(caught.value).startswith(f"{str(sealed.path)!r}: has a signature, and none by the key {str(key)!r}: ")
    assert server.published == []


def test_a_signature_of_ours_is_not_made_twice(server, made, tmp_path):
    """A deposit that was cut short after it had signed goes on with that signature."""
    pytest.importorskip("model_signing")
    key = key_at(tmp_path)
    deposit(server, made, tmp_path, draft=True, sign_with=key)
    signature = (tmp_path / "digits-deposited" / "signatures" / "signature.sigstore.json").read_bytes()
    deposit(server, made, tmp_path, sign_with=key)

    assert (tmp_path / "digits-deposited" / "signatures" / "signature.sigstore.json").read_bytes() == signature
    assert len(server.published) == 1


def test_other_files_of_a_draft_are_not_published(server, made, tmp_path):
    """What somebody put into the draft becomes no part of a record unless that is asked for."""
    deposit(server, made, tmp_path, draft=True)
    (draft,) = server.drafts
    draft.files["old-version.zip"] = Stored(b"PK\x03\x04", committed=True)
    with pytest.raises(UsageError) as caught:
        deposit(server, made, tmp_path)
    host = server.url.removeprefix("http://")

    assert str(caught.value) == f"{host}: draft 1001 holds 1 file that is not the bundle's: 'old-version.zip'"
    assert server.published == []

    done = deposit(server, made, tmp_path, allow_other_files=True)

    assert set(server.published[0].files) == {*KEYS, "old-version.zip"}

    with pytest.raises(RefusedInputError) as caught:
        pull(done.source, tmp_path / "back", patience=QUICK)
    names = "'digits.zip', 'old-version.zip'"

    assert str(caught.value) == f"record 1001: expected one archive in .zip, found 2 archives: {names}"
    assert caught.value.hint == "choose the bundle's: --file NAME.zip"
    assert cli.main(["pull", done.source, str(tmp_path / "back"), "--file", "digits.zip", "--quiet"]) == 0


def test_a_file_that_comes_in_the_last_moment(server, made, tmp_path):
    """The names are compared as well as the bytes: one more is told, before and after the last request."""

    def before(_number, verb, path):
        if verb == "PUT" and path.endswith("/draft"):
            server.drafts[0].files["more.txt"] = Stored(b"x", committed=True)

    server.before = before
    with pytest.raises(UnavailableError, match=r"files of 1001 are not those that were compared: 'more\.txt'"):
        deposit(server, made, tmp_path)

    assert server.published == []


def test_a_file_for_a_repository_on_the_hub(capsys):
    """Archives are chosen of records only."""
    code = cli.main(["pull", "hub://ada/tiny", "x", "--file", "a.zip"])

    assert code == 2
    assert "--file 'a.zip': a repository on the Hub holds no archive to choose" in capsys.readouterr().err


def replaced(files):
    files["digits.zip"].content = b"evil"


def repacked(files, tmp_path, made):
    """Another bundle under the same name."""
    other = resealed(made.bundle, tmp_path / "other", doi=DOI, description="Other words.")
    files["digits.zip"].content = pack(other, tmp_path / "other.zip").path.read_bytes()


TAMPERED = {
    "the archive": (lambda files, *_: replaced(files), "'digits.zip': "),
    "another bundle": (repacked, "in 'digits.zip': "),
    "one more": (lambda files, *_: files.update({"evil.exe": Stored(b"x", committed=True)}),
                 "'evil.exe' is not the bundle's"),
    "one less": (lambda files, *_: files.pop("README.md"), "'README.md' is not there"),
    "the card": (lambda files, *_: setattr(files["README.md"], "content", b"#" * len(files["README.md"].content)),
                 "'README.md'"),
    "all": (lambda files, *_: (files.clear(), files.update({"thesis.pdf": Stored(b"%PDF", committed=True)})),
            "'CITATION.cff' is not there, 'README.md' is not there, 'digits.zip' is not there and 1 more"),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERED)
def test_a_record_that_holds_something_else(server, made, tmp_path, what):
    """It is not said that a bundle is there already before its files were brought back and compared."""
    deposit(server, made, tmp_path)
    change, said = TAMPERED[what]
    change(server.published[0].files, tmp_path, made)
    with pytest.raises(UnavailableError) as caught:
        deposit(server, made, tmp_path)
    host = server.url.removeprefix("http://")

    assert str(caught.value).startswith(f"{host}: record 1001 does not hold this bundle: {said}")
    assert caught.value.hint == f"look at {server.url}/records/1001; nothing was published"
    assert caught.value.exit_code == 3


def test_a_record_of_another_version_of_this_program(server, made, tmp_path, monkeypatch):
    """What another version writes otherwise is no difference; weights, source and data are."""
    deposit(server, made, tmp_path)
    monkeypatch.setattr(confirming, "version", lambda: "9.9")
    monkeypatch.setattr("reprobundle.resealing.version", lambda: "9.9")

    assert not deposit(server, made, tmp_path, out=None).changed


def test_nothing_is_left_of_a_look(server, made, tmp_path):
    """The archive that was brought back and the bundle made to compare with are gone afterwards."""
    deposit(server, made, tmp_path)
    again = deposit(server, made, tmp_path)

    assert not again.changed
    assert sorted(place.name for place in tmp_path.iterdir()) == ["digits-deposited", "state"]


def test_made_afresh_is_what_was_made(made, tmp_path):
    """The bundle with a DOI is the same whenever it is made, but for signatures."""
    sealed = identifying.with_doi(made.bundle, DOI, tmp_path / "a")
    with identifying.made_afresh(made.bundle, DOI, tmp_path / "b") as again:
        ids = (again.id, describing.card_of(again).doi)

    assert ids == (sealed.id, DOI)
