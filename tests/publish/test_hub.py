from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest
from hub_play import NAME, SOURCE, WARNINGS, files_of, publish_to, pull_from, raising
from hub_server import SETTINGS, TOKEN, ConnectionCut
from tiny import WEIGHTS, bare_manifest, tiny_bundle

from reprobundle import bundle as bundles
from reprobundle import cli
from reprobundle.bundle import Bundle, verify
from reprobundle.components import hyperparameters
from reprobundle.errors import RefusedInputError, UnavailableError, UsageError
from reprobundle.extras import how_to_install
from reprobundle.publish.hub import parse, publish
from reprobundle.store import Writer, staging

pytestmark = pytest.mark.filterwarnings(WARNINGS)


def test_what_is_published_is_pulled(server, bundle, tmp_path):
    """The folder that is pulled holds the bytes that were published, and nothing of the Hub's own."""
    published = publish_to(server, bundle, private=True)
    pulled = pull_from(server, tmp_path / "deep" / "pulled")

    assert published.changed
    assert published.url == f"{server.endpoint}/{NAME}/tree/{published.version}"
    assert server.repositories[NAME].private
    assert server.repositories[NAME].branches == {"main": published.version}
    assert pulled.path == tmp_path / "deep" / "pulled"
    assert files_of(pulled.path) == files_of(bundle.path)
    assert [place.name for place in (tmp_path / "deep").iterdir()] == ["pulled"]


def test_a_bundle_appears_in_one_commit(server, bundle):
    """Large file or small, all come with one commit, whose message names the bundle."""
    publish_to(server, bundle)

    assert server.repositories[NAME].messages == ["", f"Publish tiny, reprobundle {bundle.id}"]
    assert set(server.repositories[NAME].tree()) == {".gitattributes", *files_of(bundle.path)}
    assert WEIGHTS in server.store.values()


def test_a_second_publish_changes_nothing(server, bundle):
    """The same bundle again makes no commit and says so."""
    first = publish_to(server, bundle)
    second = publish_to(server, bundle)

    assert (second.version, second.changed) == (first.version, False)
    assert len(server.repositories[NAME].commits) == 2


def test_a_damaged_copy_is_published_again(server, bundle):
    """A branch with the same manifest but another file is not taken for the bundle."""
    publish_to(server, bundle)
    repository = server.repositories[NAME]
    repository.commit({**repository.tree(), "documentation/card.yaml": b"x"})

    assert publish_to(server, bundle).changed
    assert repository.tree()["documentation/card.yaml"] == b'"title": "Tiny"\n'


def test_an_earlier_bundle_is_replaced(server, bundle, tmp_path):
    """What an earlier bundle listed and the new one does not is deleted in the same commit, old signatures too."""
    with staging(tmp_path / "earlier") as place:
        writer = Writer(place)
        writer.write("model.safetensors", bytes(8))
        writer.write("documentation/card.yaml", b"x")
        writer.write("wheels/old.whl", b"old")
        content = bundles.seal(writer, bare_manifest())
    tree = {path: content for path, content in files_of(tmp_path / "earlier").items() if path != "manifest.json"}
    repository = server.new(NAME, {**tree, "manifest.json": content, "signatures/a.sigstore.json": b"{}"})
    publish_to(server, bundle)

    assert repository.tree() == files_of(bundle.path)
    assert len(repository.commits) == 2


@pytest.mark.parametrize("manifest", [None, b"{}", b"[1"])
def test_files_of_no_bundle_are_never_deleted(server, bundle, manifest):
    """A branch with somebody's own files is refused, also beside a manifest that is none of ours."""
    own = {"train.py": b"x", "notes.md": b"y"}
    repository = server.new(NAME, own if manifest is None else {**own, "manifest.json": manifest})
    with pytest.raises(UsageError) as caught:
        publish_to(server, bundle)

    assert str(caught.value) == f"{NAME}: holds 2 files of no bundle, such as 'notes.md'"
    assert len(repository.commits) == 1


def test_a_branch_of_its_own(server, bundle, tmp_path):
    """A branch that is not there is made, main stays, and each revision can be pulled by name or commit."""
    first = publish_to(server, bundle)
    other = verify(tiny_bundle(tmp_path / "b", hyperparameters=hyperparameters.Section(values={"lr": 0.2})))
    second = publish_to(server, other, branch="v2", message="Slower")

    assert server.repositories[NAME].messages[-1] == "Slower"
    assert pull_from(server, tmp_path / "1").id == bundle.id
    assert pull_from(server, tmp_path / "2", f"{SOURCE}@v2").id == other.id
    assert pull_from(server, tmp_path / "3", f"{SOURCE}@{first.version}").id == bundle.id
    assert server.repositories[NAME].branches == {"main": first.version, "v2": second.version}


def test_an_ignore_file_on_the_hub_hides_nothing(server, bundle, tmp_path):
    """Patterns of a ``.gitignore`` that an earlier bundle held leave no file of this one out."""
    with staging(tmp_path / "earlier") as place:
        writer = Writer(place)
        writer.write(".gitignore", b"*.yaml *.safetensors")
        writer.write("model.safetensors", WEIGHTS)
        writer.write("documentation/card.yaml", b"x")
        bundles.seal(writer, bare_manifest())
    server.new(NAME, files_of(tmp_path / "earlier"))
    publish_to(server, bundle)

    assert server.repositories[NAME].tree() == files_of(bundle.path)


def test_signatures_travel(server, bundle, tmp_path):
    """A signature beside the manifest is published and pulled though it is not listed; one added later makes a commit."""
    publish_to(server, bundle)
    (bundle.path / "signatures").mkdir()
    (bundle.path / "signatures" / "ada.sigstore.json").write_text("{}")
    published = publish_to(server, verify(bundle.path))

    assert published.changed
    assert files_of(pull_from(server, tmp_path / "pulled").path) == files_of(bundle.path)


def test_files_beside_a_bundle_are_not_pulled(server, bundle, tmp_path):
    """Only what the manifest lists is downloaded."""
    publish_to(server, bundle)
    repository = server.repositories[NAME]
    repository.commit({**repository.tree(), "evil.py": b"x", "signatures/deep/a.sigstore.json": b"x"})
    pulled = pull_from(server, tmp_path / "pulled")

    assert files_of(pulled.path) == files_of(bundle.path)
    assert not any("evil" in path for _, path in server.asked)


def test_a_branch_that_moves_is_not_overwritten(server, bundle):
    """Somebody else's commit between the look and the commit stays: 412, nothing published."""
    repository = server.new(NAME)

    def before(verb, path):
        if "/commit/" in path:
            repository.commit({"theirs.txt": b"x"})

    server.before = before
    with pytest.raises(UnavailableError) as caught:
        publish_to(server, bundle)
    page = f"{server.endpoint}/{NAME}/tree/{repository.branches['main']}"

    assert str(caught.value) == f"{NAME}: somebody else has committed to 'main' meanwhile: 'theirs.txt'"
    assert caught.value.hint == f"nothing was published; look at {page}, then publish again"
    assert repository.tree() == {"theirs.txt": b"x"}


def test_a_server_that_dies_leaves_the_old_commit(server, bundle, tmp_path):
    """When the connection is cut at the commit, the branch shows the earlier bundle, whole."""
    first = publish_to(server, bundle)
    other = verify(tiny_bundle(tmp_path / "b", hyperparameters=hyperparameters.Section(values={"lr": 0.2})))
    server.before = raising(ConnectionCut(), "POST", "/commit/")
    with pytest.raises(UnavailableError) as caught:
        publish_to(server, other)
    server.before = lambda verb, path: None

    assert str(caught.value).startswith(f"{NAME}: cannot be published: the connection failed: ")
    assert caught.value.hint is not None
    assert server.repositories[NAME].branches == {"main": first.version}
    assert pull_from(server, tmp_path / "pulled").id == bundle.id


def test_an_answer_that_is_lost_is_recognised(server, bundle):
    """When the commit was made but its answer was lost, it is found there, and no second one is made."""
    repository = server.new(NAME)
    server.after_commit = raising(ConnectionCut(), "POST", "/commit/")
    published = publish_to(server, bundle)

    assert published.changed
    assert repository.branches == {"main": published.version}
    assert len(repository.commits) == 2


def test_a_bundle_that_changes_meanwhile_is_not_published(server, bundle):
    """A file that changes during the upload stops it before the commit."""
    repository = server.new(NAME)

    def before(verb, path):
        if path.endswith("/preupload/main"):
            (bundle.path / "documentation" / "card.yaml").write_bytes(b"'title': 'Tiny'\n")

    server.before = before
    with pytest.raises(RefusedInputError) as caught:
        publish_to(server, bundle)

    assert str(caught.value).startswith("documentation/card.yaml: digest differs: ")
    assert len(repository.commits) == 1


def test_another_bundle_of_the_same_place_is_refused(server, bundle, tmp_path):
    """A folder that holds another bundle by now is not published as the one that was verified."""
    shutil.rmtree(bundle.path)
    tiny_bundle(bundle.path, name="other")
    with pytest.raises(RefusedInputError) as caught:
        publish_to(server, bundle)

    assert str(caught.value).startswith(f"tiny: is another bundle now: expected {bundle.id}, found ")
    assert server.asked == []


def test_what_the_hub_holds_is_compared(server, bundle):
    """A Hub that keeps something else than it was sent is found out."""
    server.spoil = lambda tree: {**tree, "documentation/card.yaml": b'"title": "Tinx"\n'}
    with pytest.raises(UnavailableError) as caught:
        publish_to(server, bundle)

    commit = server.repositories[NAME].branches["main"]
    assert str(caught.value) == (
        f"{NAME}: commit {commit} was made but differs from the bundle: 'documentation/card.yaml'"
    )


def test_a_public_repository_is_not_taken_for_private(server, bundle):
    """With ``private`` nothing goes to a repository that everybody can read."""
    repository = server.new(NAME)
    with pytest.raises(UsageError) as caught:
        publish_to(server, bundle, private=True)

    assert str(caught.value) == f"{NAME}: is public already"
    assert len(repository.commits) == 1


HOSTILE = {
    "../x": "path '../x': has the component '..': it must be relative, without '.' or '..'",
    "C:\\x": "path 'C:\\\\x': has the component 'C:\\\\x', which is not a legal name on Windows",
    "a" * 500: f"path {'a' * 200!r}: has a component longer than 255 bytes",
    "/etc/x": "path '/etc/x': has the component '': it must be relative, without '.' or '..'",
    "MODEL.safetensors": "paths 'model.safetensors' and 'MODEL.safetensors' are one name where case is ignored",
    "a\u202eb": "path 'a\\u202eb': has a control, format or direction character",
}


@pytest.mark.parametrize(("path", "complaint"), HOSTILE.items(), ids=lambda value: ascii(value)[:20])
def test_hostile_names_are_refused_before_anything_is_written(server, bundle, tmp_path, path, complaint):
    """One illegal name in the repository, listed or not, and nothing is downloaded or written."""
    publish_to(server, bundle)
    repository = server.repositories[NAME]
    repository.commit({**repository.tree(), path: b"x"})
    server.asked.clear()
    with pytest.raises(RefusedInputError) as caught:
        pull_from(server, tmp_path / "deep" / "pulled")

    assert str(caught.value) == complaint
    assert not any("/resolve/" in asked for _, asked in server.asked)
    assert [place.name for place in tmp_path.iterdir()] == ["tiny"]


def _without(tree, path):
    return {name: content for name, content in tree.items() if name != path}


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda tree: _without(tree, "manifest.json"), f"{NAME}: is not a bundle: it has no manifest.json"),
        (
            lambda tree: _without(tree, "model.safetensors"),
            f"{NAME}: differs from its manifest: model.safetensors: expected 94 bytes, found nothing",
        ),
        (
            lambda tree: {**tree, "model.safetensors": b"x"},
            f"{NAME}: differs from its manifest: model.safetensors: expected 94 bytes, found 1",
        ),
        (
            lambda tree: {**tree, "documentation/card.yaml": b"'title': 'Tiny'\n"},
            "documentation/card.yaml: digest differs: expected",
        ),
        (lambda tree: {**tree, "manifest.json": b"[1"}, "manifest.json: "),
        (lambda tree: {**tree, "manifest.json": bytes(16 * 2**20 + 1)}, f"{NAME}: manifest.json: is larger than"),
    ],
)
def test_what_is_no_whole_bundle_is_not_pulled(server, bundle, tmp_path, change, complaint):
    """A repository that differs from its manifest leaves nothing behind."""
    publish_to(server, bundle)
    repository = server.repositories[NAME]
    repository.commit(change(repository.tree()))
    with pytest.raises(RefusedInputError) as caught:
        pull_from(server, tmp_path / "pulled")

    assert str(caught.value).startswith(complaint)
    assert [place.name for place in tmp_path.iterdir()] == ["tiny"]


@pytest.mark.slow
def test_a_pull_that_is_cut_leaves_nothing(server, bundle, tmp_path):
    """When the connection is cut during the download there is one line and no folder, not even a part of one."""
    publish_to(server, bundle)
    server.before = raising(ConnectionCut(), "GET", "/documentation/")
    with pytest.raises(UnavailableError) as caught:
        pull_from(server, tmp_path / "deep" / "pulled")

    assert str(caught.value).startswith(f"{NAME}: cannot be pulled: the connection failed: ")
    assert [place.name for place in tmp_path.iterdir()] == ["tiny"]


def test_a_pull_stays_at_one_commit(server, bundle, tmp_path):
    """A branch that moves during the download changes nothing: the commit was resolved once."""
    publish_to(server, bundle)
    repository = server.repositories[NAME]

    def before(verb, path):
        if "/resolve/" in path:
            repository.commit({"manifest.json": b"{}"})

    server.before = before

    assert pull_from(server, tmp_path / "pulled").id == bundle.id


def test_the_token_stays_with_its_host(server, bundle, tmp_path):
    """Where large files lie, on another host, the token is not sent."""
    publish_to(server, bundle)
    pull_from(server, tmp_path / "pulled")

    assert {token for host, token in server.tokens if host == "127.0.0.1"} == {f"Bearer {TOKEN}"}
    assert {token for host, token in server.tokens if host == "localhost"} == {None}


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("hub://ada/none", "ada/none: cannot be read: there is no such repository, or it is private"),
        ("hub://ada/tiny@v9", "ada/tiny: cannot be read: there is no such branch, tag or commit"),
    ],
)
def test_what_is_not_there_is_one_line(server, tmp_path, source, complaint):
    """A repository or revision that is not there is named."""
    server.new(NAME)
    with pytest.raises(UnavailableError) as caught:
        pull_from(server, tmp_path / "pulled", source)

    assert str(caught.value) == complaint


@pytest.mark.parametrize("repo", ["tiny", "a/b/c", "../x", "ada/", "ada/x y", "ada/x\n", "ada/-x", "ada/x..y", ""])
def test_names_of_repositories(bundle, repo):
    """Only USER/NAME is a repository."""
    with pytest.raises(UsageError) as caught:
        publish(bundle, repo)

    assert str(caught.value) == f"repository {repo!r}: expected USER/NAME, of letters, digits, '-', '_' and '.'"


@pytest.mark.parametrize("branch", ["", "-x", "a..b", "a b", "a\n"])
def test_names_of_branches(bundle, branch):
    """A branch has a branch's name."""
    with pytest.raises(UsageError) as caught:
        publish(bundle, NAME, branch=branch)

    assert str(caught.value) == f"branch {branch!r}: is no name of a branch"


@pytest.mark.parametrize("source", ["ada/tiny", "hub:ada/tiny", "hub://", "hub://ada/tiny@", "zenodo://1"])
def test_sources_of_another_form(source):
    """Only hub:// is a source so far."""
    with pytest.raises(UsageError) as caught:
        parse(source)

    assert str(caught.value) == f"source {source!r}: expected hub://USER/NAME or hub://USER/NAME@REVISION"


def test_an_existing_target_is_refused(server, tmp_path):
    """A pull overwrites nothing, and asks nothing before it knows that."""
    with pytest.raises(UsageError) as caught:
        pull_from(server, tmp_path)

    assert str(caught.value) == f"output folder {str(tmp_path)!r} exists; a bundle is never overwritten"
    assert server.asked == []


def _verb(server, tmp_path, *argv, **variables):
    """Run the command line as its own process, with a home of its own."""
    person = {"HF_ENDPOINT": server.endpoint, "HF_TOKEN": TOKEN, "HF_HOME": str(tmp_path / "home"), "COLUMNS": "100"}
    environment = {**os.environ, **SETTINGS, "HF_HUB_DISABLE_IMPLICIT_TOKEN": "0", **person, **variables}
    command = [sys.executable, "-m", "reprobundle", *map(str, argv)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=False)


@pytest.mark.slow
def test_the_verbs(server, bundle, tmp_path):
    """``publish`` and ``pull`` take the person's own token, say what they did, and give documents."""
    said = _verb(server, tmp_path, "publish", "hub", bundle.path, NAME, "--private")
    commit = server.repositories[NAME].branches["main"]
    again = _verb(server, tmp_path, "publish", "hub", bundle.path, NAME, "--json")
    pulled = _verb(server, tmp_path, "pull", f"{SOURCE}@{commit}", tmp_path / "1")
    document = _verb(server, tmp_path, "pull", SOURCE, tmp_path / "2", "--json")
    url = f"{server.endpoint}/{NAME}/tree/{commit}"

    assert (said.returncode, said.stderr) == (0, "")
    assert said.stdout.splitlines()[:5] == [
        "PUBLISHED",
        f"bundle       {bundle.id}",
        f"page         {url}",
        "repository   new, private",
        "branch       main",
    ]
    assert json.loads(again.stdout) == {
        "bundle_id": bundle.id,
        "made_from": None,
        "destination": "hub",
        "target": NAME,
        "version": commit,
        "url": url,
        "source": f"{SOURCE}@{commit}",
        "changed": False,
        "files": [],
        "details": {
            "repository": "there, private, as it was",
            "branch": "main",
            "commit": commit,
            "tag": None,
            "pull_request": None,
        },
        "deleted": [],
        "notes": [],
    }
    assert (pulled.returncode, pulled.stderr) == (0, "")
    assert pulled.stdout.splitlines()[:2] == ["PULLED, intact, UNSIGNED", f"bundle       tiny  {bundle.id}"]
    assert json.loads(document.stdout)["bundle_id"] == Bundle.open(tmp_path / "2").id == bundle.id


@pytest.mark.slow
def test_a_hub_that_is_not_there(server, bundle, tmp_path):
    """Without a network there is one line and 3; without rights too, and no token on the screen."""
    cut = _verb(server, tmp_path, "publish", "hub", bundle.path, NAME, HF_HUB_OFFLINE="1")
    wrong = _verb(server, tmp_path, "publish", "hub", bundle.path, NAME, HF_TOKEN="hf_wrong")

    assert (cut.returncode, cut.stdout) == (3, "")
    assert cut.stderr == f"reprobundle: {NAME}: cannot be published: HF_HUB_OFFLINE is set\nhint: unset it\n"
    assert wrong.returncode == 3
    assert wrong.stderr.splitlines() == [
        f"reprobundle: {NAME}: cannot be published: the Hub does not accept the token of HF_TOKEN",
        "hint: unset HF_TOKEN, so that the one of hf auth login is taken, or set another",
    ]
    assert "hf_wrong" not in wrong.stderr


def test_a_missing_library_names_the_extra(bundle, monkeypatch, capsys):
    """Without huggingface_hub the way out names the library."""
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    code = cli.main(["publish", "hub", str(bundle.path), NAME])
    complaint = capsys.readouterr().err

    assert code == 3
    assert complaint.startswith("reprobundle: the Hub cannot be reached without huggingface_hub: ")
    assert complaint.endswith(f"hint: {how_to_install('hub')}\n")
