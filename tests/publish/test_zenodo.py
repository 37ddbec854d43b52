from __future__ import annotations

import dataclasses
import json
import os
import traceback

import pytest
from invenio_server import TOKEN, ConnectionCut, Refusal, invenio
from lint_cards import bundle as linted
from lint_cards import card

from reprobundle import cli
from reprobundle.bundle import verify
from reprobundle.errors import RefusedInputError, ReproBundleError, UnavailableError, UsageError
from reprobundle.exports import archives
from reprobundle.publish import zenodo
from reprobundle.publish.admitting import Admitted, admit, published_files
from reprobundle.publish.invenio import remembering, sending
from reprobundle.publish.invenio.describing import card_of
from reprobundle.publish.invenio.fetching import parse
from reprobundle.publish.invenio.servers import server_of
from reprobundle.publish.patience import Patience
from reprobundle.publish.zenodo import Record, pull

QUICK = Patience(tries=3, pause=0.001, longest=2.0)
ONCE = Patience(tries=1, pause=0.001)
DOI = "10.5072/zenodo.1001"
KEYS = {"digits.zip", "README.md", "CITATION.cff"}


@pytest.fixture
def server():
    """A running repository on the loopback."""
    with invenio() as running:
        yield running


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A bundle about which lint has nothing to say, and what admitted it."""
    folder = tmp_path_factory.mktemp("deposit") / "digits"
    return admit(verify(linted(folder, card(doi=None), name="digits")))


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    """Each test remembers its own deposits only; the token of no person is seen."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("ZENODO_TOKEN", "ZENODO_SANDBOX_TOKEN", "REPROBUNDLE_DEPOSIT_TOKEN"):
        monkeypatch.delenv(name, raising=False)


def place(server, tmp_path, **wishes):
    return Record(
        **{"server": server.url, "token": TOKEN, "patience": QUICK, "out": tmp_path / "digits-deposited", **wishes}
    )


def deposit(server, admitted, tmp_path, **wishes):
    return place(server, tmp_path, **wishes).publish(admitted)


def test_a_deposit_is_one_record(server, made, tmp_path):
    """Archive, card and citation become one published record under the DOI that was reserved first."""
    done = deposit(server, made, tmp_path)
    (record,) = server.published

    assert (done.version, done.changed, len(done.files)) == ("1001", True, 3)
    assert done.details["doi"] == record.doi == DOI
    assert done.url == f"{server.url}/records/1001"
    assert set(record.files) == KEYS
    assert server.asked.index("POST /api/records/1001/draft/pids/doi") < server.asked.index(
        "POST /api/records/1001/draft/files"
    )
    assert server.asked[-3].startswith("POST /api/records/1001/draft/actions/publish")


def test_the_doi_stands_in_card_and_citation(server, made, tmp_path):
    """What is deposited names its own DOI and the bundle it was made from, which stays as it was."""
    before = {path.name: path.read_bytes() for path in made.bundle.path.rglob("*") if path.is_file()}
    done = deposit(server, made, tmp_path)
    sealed = verify(tmp_path / "digits-deposited")
    (record,) = server.published

    assert done.details["deposited_id"] == sealed.id
    assert sealed.manifest.previous == (made.bundle.id,)
    assert card_of(sealed).doi == DOI
    assert f"doi: {DOI}".encode() in record.files["CITATION.cff"].content
    assert DOI.encode() in record.files["README.md"].content
    assert record.files["README.md"].content == (sealed.path / "README.md").read_bytes()
    assert before == {path.name: path.read_bytes() for path in made.bundle.path.rglob("*") if path.is_file()}


def test_the_archive_is_the_one_that_pack_writes(server, made, tmp_path):
    """Whoever packs the bundle gets the deposited archive, byte for byte; nothing is left beside it."""
    deposit(server, made, tmp_path)
    packed = archives.pack(verify(tmp_path / "digits-deposited"), tmp_path / "again.zip").path.read_bytes()

    assert server.published[0].files["digits.zip"].content == packed
    assert sorted(os.listdir(tmp_path)) == ["again.zip", "digits-deposited", "state"]


def test_what_a_record_says(server, made, tmp_path, monkeypatch):
    """Authors in their parts, ORCID, licence by its id there, version, day, words, and the bundle's id."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1780000000")
    deposit(server, made, tmp_path)
    metadata = server.published[0].document["metadata"]
    sealed = verify(tmp_path / "digits-deposited").id

    assert metadata == {
        "resource_type": {"id": "model"},
        "title": "Digits",
        "creators": [
            {
                "person_or_org": {
                    "type": "personal",
                    "family_name": "Lovelace",
                    "given_name": "Ada",
                    "identifiers": [{"scheme": "orcid", "identifier": "0000-0002-1825-0097"}],
                },
                "affiliations": [{"name": "Analytical Society"}],
            }
        ],
        "publication_date": "2026-05-28",
        "publisher": server.url.removeprefix("http://"),
        "description": "<p>Tells apart the ten handwritten digits in pictures of eight by eight pixels.</p>",
        "version": "1.2",
        "subjects": [{"subject": "vision"}, {"subject": "digits"}],
        "rights": [{"id": "apache-2.0"}],
        "related_identifiers": [
            {
                "identifier": "https://archive.ics.uci.edu/dataset/80",
                "scheme": "url",
                "relation_type": {"id": "references"},
                "resource_type": {"id": "dataset"},
            }
        ],
        "additional_descriptions": [
            {"description": f"reprobundle bundle {made.bundle.id}", "type": {"id": "technical-info"}},
            {"description": f"reprobundle deposited {sealed}, unsigned", "type": {"id": "technical-info"}},
        ],
    }


def test_a_repository_without_the_word_model(server, made, tmp_path, monkeypatch):
    """Where the repository does not know a resource type or a licence, one that it takes is sent."""
    import invenio_server

    monkeypatch.setitem(invenio_server.VOCABULARIES, "resourcetypes", {"software"})
    monkeypatch.setitem(invenio_server.VOCABULARIES, "licenses", {"mit"})
    deposit(server, made, tmp_path)
    metadata = server.published[0].document["metadata"]

    assert metadata["resource_type"] == {"id": "software"}
    assert metadata["rights"] == [{"title": {"en": "Apache-2.0"}, "link": "https://spdx.org/licenses/Apache-2.0.html"}]


def test_a_second_deposit_changes_nothing(server, made, tmp_path):
    """The same bundle again, or the one with its DOI, is not published twice; a lost memory changes nothing."""
    deposit(server, made, tmp_path)
    again = deposit(server, made, tmp_path)
    sealed = admit(verify(tmp_path / "digits-deposited"))
    for found in remembering.folder().iterdir():
        found.unlink()
    forgotten = deposit(server, sealed, tmp_path)

    assert (again.version, again.changed) == (forgotten.version, forgotten.changed) == ("1001", False)
    assert len(server.depositions) == 1


def test_a_draft_is_published_later(server, made, tmp_path):
    """A draft shows to nobody, sends nothing twice when it is taken up, and keeps its DOI."""
    draft = deposit(server, made, tmp_path, draft=True)

    assert (draft.details["state"], draft.url, draft.source) == ("draft", f"{server.url}/uploads/1001", "")
    assert server.published == []

    done = deposit(server, made, tmp_path)

    assert (done.details["state"], done.details["doi"]) == ("published", DOI)
    assert sorted(server.uploads) == sorted(KEYS)


def test_a_draft_may_be_signed_and_published_by_its_own_bundle(server, made, tmp_path):
    """The bundle with the DOI is what is signed; it takes the draft up, and its archive is sent anew."""
    pytest.importorskip("model_signing")
    key = key_at(tmp_path)
    deposit(server, made, tmp_path, draft=True)
    from reprobundle.signing import KeySigner, sign

    sign(verify(tmp_path / "digits-deposited"), KeySigner(key))
    deposit(server, admit(verify(tmp_path / "digits-deposited")), tmp_path, out=tmp_path / "other")
    (record,) = server.published

    assert b"signatures/signature.sigstore.json" in record.files["digits.zip"].content
    assert record.doi == DOI
    assert not (tmp_path / "other").exists()


def test_a_deposit_can_sign(server, made, tmp_path):
    """With a key the bundle with the DOI is signed before it is packed."""
    pytest.importorskip("model_signing")
    deposit(server, made, tmp_path, sign_with=key_at(tmp_path))

    assert verify(tmp_path / "digits-deposited").bundle.signatures() == ("signatures/signature.sigstore.json",)
    assert b"signatures/signature.sigstore.json" in server.published[0].files["digits.zip"].content


def test_a_signature_is_not_lost_silently(server, tmp_path):
    """A signed bundle is not published without a signature; nothing is made before that is known."""
    pytest.importorskip("model_signing")
    from reprobundle.signing import KeySigner, sign

    signed = verify(linted(tmp_path / "digits", card(doi=None), name="digits"))
    sign(signed, KeySigner(key_at(tmp_path)))
    with pytest.raises(UsageError) as caught:
        deposit(server, admit(verify(signed.path)), tmp_path)

    assert str(caught.value) == "digits: is signed, and the bundle with its DOI would not be"
    assert caught.value.hint == "--sign-with KEY signs it then; or --draft, sign that bundle, and publish it"
    assert server.depositions == {}


def key_at(folder):
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(key)
    return folder / "key.pem"


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
def test_an_interrupted_deposit_is_taken_up(made, tmp_path, when):
    """Cut at each request, before or after its work: nothing is published twice or half, and the next run ends it."""
    total = 0
    for cut in range(0, 60, 1 if when == "after" else 4):  # a cut before a request is nearly one after the last
        with invenio() as server:
            asked = {"before": server, "after": server}[when]

            def play(number, verb, path, cut=cut):
                if number == cut:
                    raise ConnectionCut

            setattr(asked, when, play)
            folder = tmp_path / f"{when}-{cut}"
            folder.mkdir()
            try:
                deposit(server, made, folder, patience=ONCE)
            except UnavailableError as error:
                assert "the connection failed" in str(error)
            else:
                total = cut
                break
            assert len(server.published) <= 1
            for one in server.published:
                assert set(one.files) == KEYS
            done = deposit(server, made, folder)

            assert [one.id for one in server.published] == [done.version]
            assert server.drafts == []
            assert done.details["doi"] == server.published[0].doi
            assert len(server.uploads) <= len(KEYS) + 1

    assert total > 20


@pytest.mark.slow
def test_in_one_run_each_cut_is_survived(made, tmp_path):
    """With patience a run gets over a cut at any request by itself, and what came whole is sent once."""
    for cut in range(1, 60, 3):
        with invenio() as server:

            def play(number, verb, path, cut=cut):
                if number == cut:
                    raise ConnectionCut

            server.after = play
            folder = tmp_path / str(cut)
            folder.mkdir()
            done = deposit(server, made, folder)

            assert [one.id for one in server.published] == [done.version]
            assert server.drafts == []
            assert len(server.uploads) <= 4
        if len(server.asked) <= cut:
            break


@pytest.mark.parametrize("cut", [0, 100, 2000])
def test_half_a_file_is_sent_again(server, made, tmp_path, cut):
    """An upload that was cut is taken out of the draft and sent from its beginning."""
    server.cut_upload = cut
    deposit(server, made, tmp_path)

    assert server.uploads.count("digits.zip") == 2
    assert "DELETE /api/records/1001/draft/files/digits.zip" in server.asked
    assert len(server.published) == 1


def test_a_cut_download_is_tried_again(server, made, tmp_path):
    """Half of a file that comes back is no comparison: it is brought back again, not sent again."""
    server.cut_download = 100
    deposit(server, made, tmp_path)

    assert server.uploads.count("digits.zip") == 1
    assert len(server.published) == 1


def test_other_bytes_are_not_published(server, made, tmp_path):
    """A repository that gives back other bytes than it got publishes nothing; the file is sent twice at most."""
    server.spoil = lambda key, content: content[:-1] + b"x" if key == "README.md" else content
    with pytest.raises(UnavailableError) as caught:
        deposit(server, made, tmp_path)

    host = server.url.removeprefix("http://")
    assert str(caught.value) == f"{host}: README.md comes back with other bytes than were sent, twice"
    assert server.uploads.count("README.md") == 2
    assert server.published == []


def test_what_somebody_changed_meanwhile_is_not_published(server, made, tmp_path):
    """Files that differ from those that were compared stop the last step."""

    def play(number, verb, path):
        if verb == "PUT" and path.endswith("/draft"):
            server.depositions["1001"].files["digits.zip"].content = b"other"

    server.before = play
    with pytest.raises(UnavailableError, match="files of 1001 are not those that were compared: 'digits.zip'"):
        deposit(server, made, tmp_path)

    assert server.published == []


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (401, "the repository does not accept the token"),
        (403, "the token has no right to it (no, that is not yours)"),
        (404, "it is not there (no, that is not yours)"),
        (409, "the repository answered 409 (no, that is not yours)"),
        (413, "there is no room for it: the repository answered 413 (no, that is not yours)"),
        (418, "the repository answered 418 (no, that is not yours)"),
        (500, "the repository answered 500 (no, that is not yours)"),
        (503, "the repository answered 503 (no, that is not yours)"),
    ],
)
@pytest.mark.parametrize("where", ["POST /api/records", "PUT /api/records/1001/draft/files", "actions/publish"])
def test_each_refusal_is_told(server, made, tmp_path, status, words, where):
    """Whatever is refused ends in one line that says what and by whom, with nothing published."""

    def play(number, verb, path):
        line = f"{verb} {path}"
        if line == where or (where != "POST /api/records" and where in line):
            raise Refusal(status, "no, that is not yours")

    server.before = play
    with pytest.raises(UnavailableError) as caught:
        deposit(server, made, tmp_path)

    assert str(caught.value).endswith(words)
    assert server.published == []


def test_a_server_that_asks_to_wait_is_waited_for(server, made, tmp_path):
    """429 with Retry-After is obeyed when it is short, and told when it is long."""
    told = []

    def play(number, verb, path):
        if number == 3:
            raise Refusal(429, "slow down", Retry_After="1")
        if number == 12:
            raise Refusal(429, "slow down", Retry_After="3600")

    server.before = play
    with pytest.raises(UnavailableError, match="the repository answered 429, and asks to wait 3600 s"):
        place(server, tmp_path).publish(made, say=told.append)

    assert any("trying again in 1 s" in line for line in told)
    assert server.published == []


def test_no_room_is_told(server, made, tmp_path):
    """A quota ends the deposit with the repository's own words."""
    server.room = 5000
    with pytest.raises(UnavailableError, match=r"digits.zip cannot be sent: there is no room .*Bucket quota exceeded"):
        deposit(server, made, tmp_path)

    assert server.published == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("[" * 100_000, "expected an answer in JSON, found 'application/json'"),
        ("<html>", "expected an answer in JSON, found 'application/json'"),
        (json.dumps({"id": 7}), "its answer has another form: id: Input should be a valid string"),
        (json.dumps({"id": "../../x"}), "its answer has another form: id: String should match pattern"),
        (json.dumps([1]), "its answer has another form: the whole: Input should be a valid dictionary"),
        ("null", "its answer has another form: the whole: Input should be a valid dictionary"),
        (" " * (9 * 2**20), "its answer is larger than 8388608 bytes"),
        (
            json.dumps({"id": "1", "pids": {"doi": {"identifier": "10.1/x y", "provider": "d"}}}),
            "another form: pids.doi",
        ),
    ],
)
def test_hostile_answers_are_refused(server, made, tmp_path, answer, words):
    """An answer of another form is never followed, however large or deep it is."""

    def play(verb, path, document):
        return answer.encode() if verb == "POST" and path == "/api/records" else document

    server.answer = play
    with pytest.raises(UnavailableError) as caught:
        deposit(server, made, tmp_path)

    assert words in str(caught.value)
    assert server.published == []


def test_a_repository_that_takes_no_metadata(server, made, tmp_path):
    """Errors that a draft's answer lists stop the deposit and name the fields."""

    def play(verb, path, document):
        if verb == "PUT" and path.endswith("/draft"):
            return {**document, "errors": [{"field": "metadata.title", "messages": ["Too dull."]}]}
        return document

    server.answer = play
    with pytest.raises(UnavailableError, match=r"errors in the metadata: metadata.title: Too dull\."):
        deposit(server, made, tmp_path)

    assert server.published == []


@pytest.mark.parametrize("echo", [True, False])
def test_the_token_is_never_told(server, made, tmp_path, echo):
    """It goes into one header; no message, hint, progress, memory, chained error or bundle holds it."""
    told = []

    def play(number, verb, path):
        if "actions/publish" in path:
            raise Refusal(400, f"bad {TOKEN}", [{"field": TOKEN, "messages": [TOKEN]}] if echo else None)

    server.before = play
    with pytest.raises(ReproBundleError) as caught:
        place(server, tmp_path).publish(made, say=told.append)
    words = "".join(traceback.format_exception(caught.value)) + (caught.value.hint or "") + "".join(told)
    kept = [path for path in tmp_path.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]

    assert f"Bearer {TOKEN}" in server.tokens
    assert (TOKEN in words, kept, TOKEN in repr(place(server, tmp_path))) == (False, [], False)


def test_the_token_stays_with_its_host(server, made, tmp_path):
    """Bytes may come from another host, which gets no token."""
    with invenio() as other:
        other.depositions = server.depositions
        server.elsewhere = other.url
        deposit(server, made, tmp_path)

        assert len(other.asked) == 3
        assert other.tokens == [None] * 3


@pytest.mark.parametrize("verb", ["GET", "POST", "PUT"])
def test_no_request_is_redirected_to_another_host(server, made, tmp_path, verb):
    """A redirect of anything but a file's bytes is refused, whatever it asks."""
    with invenio() as other:

        def play(number, asked, path):
            if asked == verb:
                raise Refusal(307, "", Location=f"{other.url}{path}")

        server.before = play
        with pytest.raises(UnavailableError, match="it redirects to '127.0.0.1', and that is not followed"):
            deposit(server, made, tmp_path)

        assert other.asked == []


def test_a_new_version(server, made, tmp_path):
    """The next version hangs at the same parent under a DOI of its own, which takes the old one's place in the card."""
    deposit(server, made, tmp_path)
    next_ = admit(verify(linted(tmp_path / "digits2", card(doi=DOI, version="1.3"), name="digits")))
    with pytest.raises(UsageError) as caught:
        deposit(server, next_, tmp_path, out=tmp_path / "out2")
    done = deposit(server, next_, tmp_path, out=tmp_path / "out2", new_version_of=DOI)
    first, second = server.published

    assert str(caught.value) == f"digits: the card names the DOI {DOI} already"
    assert (second.parent, second.doi, done.details["doi"]) == (first.parent, "10.5072/zenodo.1002", second.doi)
    assert card_of(verify(tmp_path / "out2")).doi == second.doi


def test_a_community_is_asked(server, made, tmp_path):
    """A record for a community is handed in, not published; handing it in again changes nothing."""
    done = deposit(server, made, tmp_path, community="reproducible-models")
    again = deposit(server, made, tmp_path, community="reproducible-models")

    assert (done.details["state"], again.changed) == ("submitted", False)
    assert server.depositions["1001"].in_review
    assert server.published == []


def test_what_is_deposited_is_pulled(server, made, tmp_path):
    """The folder that is pulled is the bundle that was deposited, byte for byte; no token is sent."""
    done = deposit(server, made, tmp_path)
    server.tokens.clear()
    pulled = pull(done.source, tmp_path / "deep" / "pulled", patience=QUICK)

    assert pulled.id == done.details["deposited_id"]
    assert set(server.tokens) == {None}
    assert os.listdir(tmp_path / "deep") == ["pulled"]


@pytest.mark.parametrize("damage", ["flipped", "longer", "two", "none"])
def test_a_damaged_record_is_not_pulled(server, made, tmp_path, damage):
    """An archive that differs by a bit, or a record with none or two, leaves nothing behind."""
    done = deposit(server, made, tmp_path)
    files = server.published[0].files
    content = files["digits.zip"].content
    if damage == "flipped":
        files["digits.zip"].content = content[:900] + bytes([content[900] ^ 1]) + content[901:]
    elif damage == "longer":
        files["digits.zip"].content = content + b"x"
    elif damage == "two":
        files["more.zip"] = files["README.md"]
    else:
        del files["digits.zip"]
    with pytest.raises(RefusedInputError):
        pull(done.source, tmp_path / "pulled", patience=QUICK)

    assert [name for name in os.listdir(tmp_path) if "pull" in name] == []


@pytest.mark.parametrize(
    ("source", "url", "record"),
    [
        ("zenodo://123", "https://zenodo.org", "123"),
        ("doi:10.5281/zenodo.123", "https://zenodo.org", "123"),
        ("doi:10.5072/zenodo.123", "https://sandbox.zenodo.org", "123"),
        ("invenio://example.org/ab12-c3", "https://example.org", "ab12-c3"),
        ("invenio+http://127.0.0.1:5000/x1", "http://127.0.0.1:5000", "x1"),
    ],
)
def test_sources(source, url, record):
    """Each form names a repository and a record."""
    server, found = parse(source)

    assert (server.url, found, server.token) == (url, record, None)


@pytest.mark.parametrize(
    "source",
    ["zenodo://", "zenodo://a/b", "doi:10.1000/x", "invenio://x1", "invenio+http://example.org/1", "zenodo://../1",
     "invenio://me@example.org/1"],
)  # fmt: skip
def test_other_sources_are_refused(source):
    """A source of another form, or one that would go in the open, is refused before anything is asked."""
    with pytest.raises(UsageError):
        parse(source)


def test_limits_are_found_out_before_anything_is_sent(server, made, tmp_path, monkeypatch):
    """A bundle that no record can hold makes no draft."""
    monkeypatch.setattr(sending, "MAX_BYTES", 1000)
    with pytest.raises(UsageError, match=r"a record holds at most 1.0 kB, and this is"):
        deposit(server, made, tmp_path)

    assert server.asked == []


def test_more_files_than_a_record_holds(server, made, tmp_path, monkeypatch):
    """Files that a person put into the draft are left alone, and count."""
    deposit(server, made, tmp_path, draft=True)
    server.depositions["1001"].files["paper.pdf"] = server.depositions["1001"].files["README.md"]
    monkeypatch.setattr(sending, "MAX_FILES", 3)
    with pytest.raises(UsageError, match="a record holds at most 3 files, and the draft would have 4"):
        deposit(server, made, tmp_path, allow_other_files=True)
    monkeypatch.undo()


def test_a_draft_that_was_thrown_away_is_begun_anew(server, made, tmp_path):
    """What is remembered of a draft that is gone is forgotten, and the folder with its DOI is not overwritten."""
    deposit(server, made, tmp_path, draft=True)
    server.depositions.clear()
    with pytest.raises(UsageError, match="digits-deposited' exists; a bundle is never overwritten"):
        deposit(server, made, tmp_path)
    done = deposit(server, made, tmp_path, out=tmp_path / "other")

    assert done.details["state"] == "published"


def test_memory_holds_no_token_and_is_ones_own(server, made, tmp_path):
    """What is remembered is server, bundle and record, readable by this user only."""
    deposit(server, made, tmp_path)
    places = sorted(remembering.folder().iterdir())

    assert len(places) == 2
    for found in places:
        assert json.loads(found.read_text()) == {"server": server.url, "bundle": made.bundle.id, "record": "1001"}
        assert found.stat().st_mode & 0o077 == 0


def test_authors_are_needed(server, tmp_path):
    """A card without authors is told before a draft is made."""
    bare = verify(linted(tmp_path / "bare", card(doi=None, authors=[]), name="bare"))
    with pytest.raises(UsageError, match="bare: a deposit needs authors, found none in the card"):
        deposit(server, Admitted(bare, published_files(bare), ()), tmp_path)

    assert server.depositions == {}


def test_a_token_for_another_host_is_not_taken(monkeypatch):
    """Each repository has a variable of its own."""
    monkeypatch.setenv("ZENODO_TOKEN", "a")
    monkeypatch.setenv("ZENODO_SANDBOX_TOKEN", "b")
    monkeypatch.setenv("REPROBUNDLE_DEPOSIT_TOKEN", "c")
    urls = (
        "https://zenodo.org",
        "https://sandbox.zenodo.org/",
        "https://zenodo.org:444",
        "https://zenodo.org.example.org",
    )

    assert [server_of(url).token for url in urls] == ["a", "b", "c", "c"]


def test_a_file_with_the_token(tmp_path):
    """It is taken from a file that nobody else can read, and from no other."""
    place = tmp_path / "token"
    place.write_text("secret\n")
    place.chmod(0o600)
    found = server_of("https://zenodo.org", token_file=place).token
    place.chmod(0o644)
    with pytest.raises(UsageError) as caught:
        server_of("https://zenodo.org", token_file=place)

    assert found == "secret"
    assert str(caught.value) == f"--token-file {str(place)!r}: others can read it"


@pytest.mark.parametrize(
    "url",
    ["http://zenodo.org", "https://me:secret@zenodo.org", "https://zenodo.org/x", "ftp://zenodo.org", "zenodo.org", "https://[",
     "https://zenodo.org?x=1"],
)  # fmt: skip
def test_addresses_that_are_none(url):
    """An address is https and a host; it is refused with a name in it, and what it holds is not repeated."""
    with pytest.raises(UsageError) as caught:
        server_of(url)

    assert "secret" not in str(caught.value)


def test_without_a_token(server, made, tmp_path):
    """The message says which variable to set, and nothing is asked."""
    with pytest.raises(UnavailableError) as caught:
        deposit(server, made, tmp_path, token=None)

    assert "REPROBUNDLE_DEPOSIT_TOKEN" in (caught.value.hint or "")
    assert server.asked == []


def test_a_plan_without_a_token_asks_nothing(server, made, tmp_path):
    """What would be done is told without a request, and that nobody was asked."""
    plan = place(server, tmp_path, token=None).plan(made.bundle)

    assert server.asked == []
    assert plan.files[0].path == "digits.zip"
    assert plan.details["record"] == "not known"
    assert plan.details["ends as"] == "a published record"
    assert plan.notes[0].startswith("the repository was not asked: no token is set, and a deposit needs one: ")
    assert zenodo.FINAL in plan.notes


def test_the_server_is_as_strict_as_the_real_one(server, made, tmp_path):
    """Requests in a wrong order, metadata without its parts and other words are refused by what these tests run against."""
    from reprobundle.publish.invenio.drafts import Drafts
    from reprobundle.publish.invenio.refusing import GoneError, InvalidError
    from reprobundle.publish.invenio.speaking import Line

    drafts = Drafts(Line(dataclasses.replace(server_of(server.url), token=TOKEN)))
    whole = {"access": {"record": "public", "files": "public"}, "files": {"enabled": True}}
    bare = drafts.create({**whole, "metadata": {"rights": [{"id": "mit", "name": "MIT"}]}})
    fields = [error["field"] for error in bare.errors]
    with pytest.raises(InvalidError, match="A validation error occurred"):
        drafts.publish(bare.id)
    with pytest.raises(GoneError):
        drafts.content(bare.id, "x", [b"1"], 1)
    drafts.begin(bare.id, "x")
    with pytest.raises(InvalidError, match="already exists"):
        drafts.begin(bare.id, "x")
    with pytest.raises(InvalidError, match="was not uploaded"):
        drafts.complete(bare.id, "x")
    reserved = drafts.reserve(bare.id)
    with pytest.raises(InvalidError):
        drafts.reserve(bare.id)
    with pytest.raises(InvalidError):
        drafts.create({"metadata": {}, "more": 1})

    assert "metadata.title" in fields
    assert "metadata.rights.0.name" in fields
    assert reserved.doi == f"10.5072/zenodo.{bare.id}"
    assert drafts.change(bare.id, {**whole, "metadata": {}}).doi is None


def command(server, bundle, *options):
    return ["publish", "zenodo", str(bundle), "--server", server.url, *options]


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """A bundle of this test's own, and the token where the command looks for it."""
    monkeypatch.setenv("REPROBUNDLE_DEPOSIT_TOKEN", TOKEN)
    return linted(tmp_path / "digits", card(doi=None), name="digits")


def test_the_command_publishes_and_pulls(server, fresh, tmp_path, capfd):
    """What it says names the DOI, the bundle with it and the command that brings it back, and never the token."""
    status = cli.main([*command(server, fresh, "--yes")])
    told = capfd.readouterr()
    pulled = cli.main(
        ["pull", f"invenio+http://{server.url.removeprefix('http://')}/1001", str(tmp_path / "back"), "--json"]
    )
    document = json.loads(capfd.readouterr().out)

    assert (status, pulled) == (0, 0)
    assert "PUBLISHED" in told.out
    assert DOI in told.out
    assert "digits-deposited" in told.out
    assert TOKEN not in told.out + told.err
    assert document["bundle_id"] == verify(tmp_path / "digits-deposited").id


def test_the_command_asks_first(server, fresh, capfd):
    """Without a person to ask and without --yes nothing is sent; a draft and a dry run need neither."""
    refused = cli.main(command(server, fresh))
    words = capfd.readouterr().err
    planned = cli.main(command(server, fresh, "--dry-run"))
    plan = capfd.readouterr().out
    asked = [line.split()[0] for line in server.asked]
    drafted = cli.main(command(server, fresh, "--draft", "--json"))
    document = json.loads(capfd.readouterr().out)

    assert (refused, planned, drafted, asked) == (2, 0, 0, ["GET"])
    assert "a published record stays for ever: expected --yes, found nobody to ask" in words
    assert "WOULD BE PUBLISHED; nothing was sent" in plan
    assert document["details"]["state"] == "draft"
    assert server.published == []


def test_lint_and_secrets_stand_before_it(server, tmp_path, monkeypatch, capfd):
    """A bundle with errors in its card makes no draft."""
    monkeypatch.setenv("REPROBUNDLE_DEPOSIT_TOKEN", TOKEN)
    bad = linted(tmp_path / "bad", card(doi=None, contact="you@example.com"), name="bad")

    assert cli.main(command(server, bad, "--yes")) == 2
    assert server.asked == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["zenodo", "BUNDLE", "ada/digits"], "publish zenodo: has no TARGET, found 'ada/digits'"),
        (["hub", "BUNDLE"], "publish hub: expected TARGET, such as USER/NAME"),
        (["zenodo", "BUNDLE", "--private"], "--private does not go with zenodo"),
        (["hub", "BUNDLE", "ada/digits", "--draft"], "--draft does not go with hub"),
        (["zenodo", "BUNDLE", "--sandbox", "--server", "https://x.org", "--yes"], "--sandbox and --server name two"),
    ],
)
def test_options_that_do_not_go_together(server, fresh, arguments, words, capfd):
    """An option of another destination, and a target too many or too few, are refused."""
    given = ["publish", *(str(fresh) if one == "BUNDLE" else one for one in arguments)]

    assert cli.main(given) == 2
    assert words in capfd.readouterr().err
