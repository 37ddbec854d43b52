"""What comes from a Hub is a stranger's: names, sizes, commits and hosts are theirs to choose, and ours to check."""

from __future__ import annotations

import json

import pytest
from hub_play import NAME, SOURCE, WARNINGS, files_of, publish_to, pull_from, raising, weighty
from hub_server import TOKEN, ConnectionCut, Refusal

from reprobundle import cli
from reprobundle.errors import RefusedInputError, UnavailableError, UsageError
from reprobundle.store import listing

pytestmark = pytest.mark.filterwarnings(WARNINGS)
SIZE = 300_000


@pytest.mark.parametrize("revision", ["main", "v1.0", "v2/beta", "full", "short"])
def test_every_kind_of_revision(server, bundle, tmp_path, revision):
    """A branch, a tag, a name with a slash, a commit by its whole id and by its first letters."""
    published = publish_to(server, bundle, tag="v1.0")
    repository = server.repositories[NAME]
    repository.branches["v2/beta"] = published.version
    names = {"full": published.version, "short": published.version[:8]}
    pulled = pull_from(server, tmp_path / "pulled", f"{SOURCE}@{names.get(revision, revision)}")

    assert pulled.id == bundle.id


def test_another_commit_than_the_one_asked_for(server, bundle, tmp_path):
    """Whoever names a commit by its whole id gets that one, or nothing."""
    published = publish_to(server, bundle)
    repository = server.repositories[NAME]
    repository.branches["1" * 40] = published.version
    with pytest.raises(RefusedInputError) as caught:
        pull_from(server, tmp_path / "pulled", f"{SOURCE}@{'1' * 40}")

    assert str(caught.value) == (f"{NAME}: commit {'1' * 40} was asked for, the Hub answers with {published.version}")
    assert not (tmp_path / "pulled").exists()


@pytest.mark.parametrize("given", [None, "abc", "../../../etc", "G" * 40, "a" * 41, 7])
def test_a_commit_that_is_none(server, bundle, tmp_path, given):
    """What the Hub calls a commit is used in paths of its library: only 40 hex digits are taken."""
    publish_to(server, bundle)

    server.tell = lambda facts: {**facts, "sha": given}
    with pytest.raises(UnavailableError) as caught:
        pull_from(server, tmp_path / "pulled")

    assert str(caught.value) == f"{NAME}: the Hub gave no commit: expected 40 hex digits, found {given!r}"
    assert [place.name for place in tmp_path.iterdir()] == ["tiny"]


def test_a_download_that_is_cut_goes_on(server, tmp_path):
    """The connection ends in the middle of the weights: the rest is asked for, what came is not sent again."""
    bundle = weighty(tmp_path / "a", SIZE)
    publish_to(server, bundle)
    cuts, given = [100_000], []

    def cut(path):
        if path.startswith("/store/"):
            given.append(cuts[0] if cuts else None)
            return cuts.pop() if cuts else None
        return None

    server.cut_download = cut
    pulled = pull_from(server, tmp_path / "pulled")

    assert given == [100_000, None]
    assert files_of(pulled.path) == files_of(bundle.path)


def test_a_small_file_that_is_cut_comes_again(server, bundle, tmp_path):
    """An answer that ends early is no whole file, however small."""
    publish_to(server, bundle)
    cuts = [5]
    server.cut_download = lambda path: cuts.pop() if cuts and path.endswith("card.yaml") else None

    assert pull_from(server, tmp_path / "pulled").id == bundle.id
    assert cuts == []


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_in_trouble_is_asked_again(server, bundle, tmp_path, status):
    """A question that passes is asked again, and the folder comes."""
    publish_to(server, bundle)
    server.before = raising(Refusal(status), "GET", f"/api/models/{NAME}", times=1)

    assert pull_from(server, tmp_path / "pulled").id == bundle.id


def test_a_gated_repository_names_its_page(server, bundle, tmp_path):
    """Access that has to be asked for is told as such; nothing is left behind."""
    publish_to(server, bundle)
    server.before = raising(Refusal(403, "GatedRepo", "Access to this model is restricted"), "HEAD", "/resolve/")
    with pytest.raises(UnavailableError) as caught:
        pull_from(server, tmp_path / "pulled")

    assert str(caught.value) == f"{NAME}: cannot be pulled: access has to be asked for on its page"
    assert [place.name for place in tmp_path.iterdir()] == ["tiny"]


def test_a_file_that_never_ends(server, tmp_path):
    """A host that gives more than was announced is stopped before it fills the disk."""
    bundle = weighty(tmp_path / "a", 100)
    publish_to(server, bundle)

    def before(verb, path):
        if path.startswith("/store/"):
            server.store[path.rpartition("/")[2]] = bytes(50_000_000)

    server.before = before
    with pytest.raises((RefusedInputError, UnavailableError)) as caught:
        pull_from(server, tmp_path / "pulled")

    assert str(caught.value) == "model.safetensors: more than the 172 bytes come that were announced"
    assert [place.name for place in tmp_path.iterdir()] == ["a"]


def test_too_many_files(server, bundle, tmp_path, monkeypatch):
    """A repository with more files than a bundle may hold is refused while it is listed."""
    publish_to(server, bundle)
    monkeypatch.setattr("reprobundle.publish.remote.MAX_FILES", 20)
    repository = server.repositories[NAME]
    repository.commit({**repository.tree(), **{f"more/{number}": b"" for number in range(20)}})
    with pytest.raises(RefusedInputError) as caught:
        pull_from(server, tmp_path / "pulled")

    assert str(caught.value) == f"{NAME}: holds more than 20 files"
    assert listing.MAX_FILES == 100_000


@pytest.mark.parametrize(
    "more",
    [
        {f"signatures/{number}.sigstore.json": b"{}" for number in range(65)},
        {"signatures/a.sigstore.json": bytes(2**25 + 1)},
    ],
    ids=["many", "large"],
)
def test_signatures_have_limits(server, bundle, tmp_path, more):
    """Signatures stand in no list, so their number and size are bounded."""
    publish_to(server, bundle)
    repository = server.repositories[NAME]
    repository.commit({**repository.tree(), **more})
    with pytest.raises(RefusedInputError) as caught:
        pull_from(server, tmp_path / "pulled")

    assert str(caught.value) == (
        f"{NAME}: has more or larger signatures than a bundle has: at most 64 of 33554432 bytes"
    )
    assert [place.name for place in tmp_path.iterdir()] == ["tiny"]


def test_names_that_are_alike_but_for_case(server, bundle, tmp_path):
    """Two names that one file system takes for one are refused, also where this one tells them apart."""
    publish_to(server, bundle)
    repository = server.repositories[NAME]
    repository.commit({**repository.tree(), "Documentation/CARD.yaml": b"x"})
    with pytest.raises(RefusedInputError) as caught:
        pull_from(server, tmp_path / "pulled")

    assert "are one name where case is ignored" in str(caught.value)


def test_a_redirect_to_another_host_takes_no_token(server, tmp_path):
    """Large files lie elsewhere, also in a private repository: no request there holds the token, up or down."""
    publish_to(server, weighty(tmp_path / "a", SIZE), private=True)
    pull_from(server, tmp_path / "pulled")
    elsewhere = [token for host, token in server.tokens if host == "localhost"]

    assert len(elsewhere) >= 2
    assert set(elsewhere) == {None}
    assert f"Bearer {TOKEN}" in {token for host, token in server.tokens if host == "127.0.0.1"}


def test_a_download_stops_at_the_first_error(server, tmp_path):
    """When one file cannot come, those that wait are not asked for any more."""
    bundle = weighty(tmp_path / "a", 40)
    publish_to(server, bundle)
    server.asked.clear()
    server.before = raising(Refusal(403, message="No."), "HEAD", "/README.md")
    with pytest.raises(UnavailableError) as caught:
        pull_from(server, tmp_path / "pulled")

    assert str(caught.value) == f"{NAME}: cannot be pulled: the token has no right to it (No.)"
    assert [place.name for place in tmp_path.iterdir()] == ["a"]


def test_a_place_that_cannot_be_written_costs_no_request(server, tmp_path):
    """Where the folder cannot be made nothing is asked."""
    (tmp_path / "file").write_text("x")
    with pytest.raises(UsageError) as caught:
        pull_from(server, tmp_path / "file" / "pulled")

    assert str(caught.value).endswith("is no folder")
    assert server.asked == []


def test_a_source_of_no_kind(tmp_path, capsys):
    """The command names the kinds of sources there are."""
    code = cli.main(["pull", "ftp://x/y", str(tmp_path / "pulled")])

    assert code == 2
    assert capsys.readouterr().err.startswith("reprobundle: source 'ftp://x/y': expected hub://")


def test_a_manifest_that_lists_a_name_that_escapes(server, bundle, tmp_path):
    """Names are checked in the listing and in the manifest, whichever comes first."""
    publish_to(server, bundle)
    repository = server.repositories[NAME]
    document = json.loads(repository.tree()["manifest.json"])
    document["files"][0]["path"] = "../../escaped"
    repository.commit({**repository.tree(), "manifest.json": json.dumps(document).encode()})
    with pytest.raises(RefusedInputError) as caught:
        pull_from(server, tmp_path / "deep" / "pulled")

    assert "../../escaped" in str(caught.value)
    assert [place.name for place in tmp_path.iterdir()] == ["tiny"]


def test_a_connection_that_is_cut_at_every_listing(server, bundle, tmp_path):
    """A Hub that never answers the listing ends in one line with the way out."""
    publish_to(server, bundle)
    server.before = raising(ConnectionCut(), "GET", "/revision/")
    with pytest.raises(UnavailableError) as caught:
        pull_from(server, tmp_path / "pulled", f"{SOURCE}@main")

    assert str(caught.value).startswith(f"{NAME}: cannot be read: the connection failed: ")
    assert [place.name for place in tmp_path.iterdir()] == ["tiny"]


@pytest.mark.parametrize("facts", [[], None, {"id": 3}, {"id": NAME, "sha": []}, {"id": NAME, "siblings": 5}])
def test_an_answer_of_another_form(server, bundle, tmp_path, facts):
    """What is no answer at all is one line, never a traceback."""
    publish_to(server, bundle)
    server.tell = lambda _facts: facts
    with pytest.raises(UnavailableError) as caught:
        pull_from(server, tmp_path / "pulled")

    assert str(caught.value).startswith((f"{NAME}: cannot be read: ", f"{NAME}: the Hub gave no commit: "))


@pytest.mark.parametrize(
    "entry", [7, None, {}, {"type": "file"}, {"type": "file", "path": "x", "oid": "y", "size": None}]
)
def test_a_listing_of_another_form(server, bundle, tmp_path, entry):
    """The same of what stands in a listing."""
    publish_to(server, bundle)
    server.list = lambda entries: [*entries, entry]
    with pytest.raises(UnavailableError) as caught:
        pull_from(server, tmp_path / "pulled")

    assert str(caught.value).startswith(f"{NAME}: cannot be listed: ")
