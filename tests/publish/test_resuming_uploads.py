"""What came through is not sent again; what somebody else did meanwhile stays."""

from __future__ import annotations

import shutil

import pytest
from hub_play import NAME, WARNINGS, files_of, publish_to, pull_from, raising, weighty
from hub_server import ConnectionCut, Refusal

from reprobundle.bundle import verify
from reprobundle.errors import UnavailableError
from reprobundle.finishing import document
from reprobundle.resealing import reseal

pytestmark = pytest.mark.filterwarnings(WARNINGS)
SIZE = 300_000


def _weights(bundle):
    return (bundle.path / "model.safetensors").read_bytes()


def test_weights_are_sent_once(server, tmp_path):
    """A second bundle with the same weights sends none of them; one with others sends those alone."""
    first = weighty(tmp_path / "a", SIZE)
    publish_to(server, first)
    sent = server.large_bytes
    second = publish_to(server, weighty(tmp_path / "b", SIZE, lr=0.2))
    unchanged = server.large_bytes
    third = publish_to(server, weighty(tmp_path / "c", SIZE, seed=2, lr=0.2))

    assert sent == unchanged == len(_weights(first))
    assert server.large_bytes == 2 * sent
    assert (len(second.files), len(third.files)) == (2, 2)


def test_a_card_that_is_mended_moves_no_weights(server, tmp_path):
    """``document`` makes a new bundle of the same weights: publishing it sends the card, the views and the manifest."""
    made = weighty(tmp_path / "a", SIZE)
    first = verify(reseal(made, tmp_path / "first", lambda manifest, _: manifest).path)  # with all its views
    publish_to(server, first)
    before, asked = server.large_bytes, len(server.asked)
    card = tmp_path / "card.yaml"
    card.write_text("title: Tiny, mended\n")
    document(first.path, card, out=tmp_path / "b")
    received = len(server.received)
    published = publish_to(server, verify(tmp_path / "b"))

    assert published.changed
    assert server.large_bytes == before
    assert not any("/lfs/" in path or "/store/" in path for verb, path in server.asked[asked:] if verb != "GET")
    assert sum(size for _, size in server.received[received:]) < SIZE / 5
    assert server.repositories[NAME].tree()["model.safetensors"] == _weights(first)


def test_a_name_that_stays_for_other_weights_of_one_size(server, tmp_path):
    """Size alone is no reason to leave a file as it is."""
    publish_to(server, weighty(tmp_path / "a", SIZE))
    other = weighty(tmp_path / "b", SIZE, seed=3)
    publish_to(server, other)

    assert server.repositories[NAME].tree()["model.safetensors"] == _weights(other)


@pytest.mark.parametrize("part", [None, 100_000, 7])
def test_an_upload_that_is_cut_goes_on(server, tmp_path, part):
    """The connection ends in the middle of the weights: they come whole, in one piece or in parts, checked by the server."""
    bundle, server.part = weighty(tmp_path / "a", SIZE if part != 7 else 40), part
    cuts = [1000 if part != 7 else 3]
    server.cut_upload = lambda verb, path: cuts.pop() if verb == "PUT" and cuts else None
    published = publish_to(server, bundle)
    first, sent = (1000 if part != 7 else 3), server.large_bytes

    assert published.changed
    assert sent == first + len(_weights(bundle))
    assert server.repositories[NAME].tree()["model.safetensors"] == _weights(bundle)
    assert server.parts == {}


@pytest.mark.parametrize("step", ["POST /commit/", "POST /lfs/verify"])
def test_what_a_failed_run_sent_is_not_sent_again(server, tmp_path, step):
    """The weights of a run that ended before its commit lie at the Hub: the next run commits without sending them."""
    bundle, (verb, part) = weighty(tmp_path / "a", SIZE), step.split()
    server.before = raising(Refusal(413), verb, part)
    with pytest.raises(UnavailableError):
        publish_to(server, bundle)
    sent, repository = server.large_bytes, server.repositories[NAME]
    half = dict(repository.tree())
    server.before = lambda verb, path: None
    published = publish_to(server, bundle)

    assert set(half) == {".gitattributes"}
    assert published.changed
    assert server.large_bytes == sent == len(_weights(bundle))
    assert len(repository.commits) == 2


def test_a_commit_of_the_same_files_is_built_on(server, tmp_path):
    """A branch that moved without a change of any file is looked at anew, and the bundle put on its new tip."""
    bundle, repository = weighty(tmp_path / "a", SIZE), server.new(NAME)
    moves = [1, 1]

    def before(verb, path):
        if "/commit/" in path and moves:
            moves.pop()
            repository.commit(repository.tree(), message="nothing")

    server.before = before
    published = publish_to(server, bundle)

    assert repository.messages == ["", "nothing", "nothing", f"Publish tiny, reprobundle {bundle.id}"]
    assert repository.branches == {"main": published.version}
    assert server.large_bytes == len(_weights(bundle))


def test_a_branch_that_never_rests(server, bundle):
    """It is looked at anew a few times, not for ever."""
    repository = server.new(NAME)

    def before(verb, path):
        if "/commit/" in path:
            repository.commit(repository.tree())

    server.before = before
    with pytest.raises(UnavailableError) as caught:
        publish_to(server, bundle)

    assert str(caught.value) == (
        f"{NAME}: cannot be published: somebody else has committed meanwhile; nothing was published"
    )
    assert set(repository.tree()) == {".gitattributes"}


def test_two_that_publish_the_same(server, bundle):
    """Whoever comes second finds the bundle there, and makes no commit of their own."""
    repository = server.new(NAME)

    def before(verb, path):
        if "/commit/" in path:
            server.before = lambda verb, path: None
            repository.commit({".gitattributes": b"", **files_of(bundle.path)})

    server.before = before
    published = publish_to(server, bundle)

    assert published.version == repository.branches["main"]
    assert len(repository.commits) == 2


def test_somebody_elses_bundle_is_not_replaced_unseen(server, tmp_path):
    """Another bundle that was published meanwhile is told by the names that differ, and stays."""
    mine, theirs = weighty(tmp_path / "a", 40), weighty(tmp_path / "b", 40, seed=2, lr=0.3)
    repository = server.new(NAME)

    def before(verb, path):
        if "/commit/" in path:
            repository.commit(files_of(theirs.path))

    server.before = before
    with pytest.raises(UnavailableError) as caught:
        publish_to(server, mine)

    assert str(caught.value) == (
        f"{NAME}: somebody else has committed to 'main' meanwhile: "
        "'README.md', 'documentation/card.yaml', 'manifest.json' and 1 more"
    )
    assert pull_from(server, tmp_path / "pulled").id == theirs.id


def test_an_answer_that_is_lost_while_somebody_commits(server, tmp_path):
    """The commit was not made, and the branch is another one now: it is left alone."""
    repository = server.new(NAME)

    def before(verb, path):
        if "/commit/" in path:
            repository.commit({"theirs.txt": b"x"})
            raise ConnectionCut

    server.before = before
    with pytest.raises(UnavailableError) as caught:
        publish_to(server, weighty(tmp_path / "a", 40))

    assert str(caught.value) == f"{NAME}: somebody else has committed to 'main' meanwhile: 'theirs.txt'"
    assert repository.tree() == {"theirs.txt": b"x"}


SPOILT = {
    "a large file of other content": lambda tree: {**tree, "model.safetensors": tree["model.safetensors"][::-1]},
    "a large file that is shorter": lambda tree: {**tree, "model.safetensors": b"x"},
    "a small file of other content": lambda tree: {**tree, "README.md": tree["README.md"].replace(b"mit", b"bsd")},
    "a file that is missing": lambda tree: {path: tree[path] for path in tree if path != "README.md"},
    "a manifest of other content": lambda tree: {**tree, "manifest.json": tree["manifest.json"][:-2] + b" }"},
    "a file more": lambda tree: {**tree, "evil.py": b"x"},
}
BLAMED = ("model.safetensors", "model.safetensors", "README.md", "README.md", "manifest.json", "evil.py")


@pytest.mark.parametrize(("spoil", "path"), list(zip(SPOILT.values(), BLAMED, strict=True)), ids=SPOILT)
def test_a_hub_that_holds_something_else_is_found_out(server, tmp_path, spoil, path):
    """After the commit names, sizes, digests of large files and bytes of small ones are compared with the bundle."""
    server.spoil = spoil
    with pytest.raises(UnavailableError) as caught:
        publish_to(server, weighty(tmp_path / "a", 40))
    commit = server.repositories[NAME].branches["main"]

    assert str(caught.value) == f"{NAME}: commit {commit} was made but differs from the bundle: {path!r}"


def test_a_small_file_is_compared_by_what_comes_back(server, tmp_path):
    """A listing that tells the right digest does not help a Hub that gives other bytes of the same size."""
    server.give = lambda path, content: content.replace(b"mit", b"bsd") if path == "README.md" else content
    with pytest.raises(UnavailableError) as caught:
        publish_to(server, weighty(tmp_path / "a", 40))
    commit = server.repositories[NAME].branches["main"]

    assert str(caught.value) == f"{NAME}: commit {commit} was made but differs from the bundle: 'README.md'"


def test_a_commit_that_is_tried_again_brings_nothing_twice(server, tmp_path):
    """Trouble at the commit alone: the large files are neither sent nor announced a second time."""
    server.before = raising(Refusal(503), "POST", "/commit/", times=2)
    published = publish_to(server, weighty(tmp_path / "a", SIZE))

    assert published.changed
    assert [verb for verb, path in server.asked if path.endswith("/objects/batch")] == ["POST"]
    assert sum("/commit/" in path for _, path in server.asked) == 3


def test_what_is_unchanged_is_compared_too(server, tmp_path):
    """A file that was not sent must be what it was before the commit."""
    publish_to(server, weighty(tmp_path / "a", 40))
    server.spoil = SPOILT["a large file of other content"]
    with pytest.raises(UnavailableError) as caught:
        publish_to(server, weighty(tmp_path / "b", 40, lr=0.2))

    assert str(caught.value).endswith("was made but differs from the bundle: 'model.safetensors'")


def test_a_folder_that_vanishes_is_one_line(server, tmp_path):
    """The bundle's folder is gone when it is to be sent: refused, nothing is published."""
    bundle, repository = weighty(tmp_path / "a", 40), server.new(NAME)

    def before(verb, path):
        if path.endswith("/preupload/main"):
            shutil.rmtree(bundle.path)

    server.before = before
    with pytest.raises((UnavailableError, OSError)):
        publish_to(server, bundle)

    assert len(repository.commits) == 1
