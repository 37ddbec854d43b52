"""What would be published, before anything is sent; tags and pull requests."""

from __future__ import annotations

import json

import pytest
from hub_play import NAME, QUICK, SOURCE, WARNINGS, publish_to, pull_from, raising, weighty
from hub_server import TOKEN, ConnectionCut, Refusal
from lint_cards import bundle as linted
from lint_cards import card
from planted import drawn

from reprobundle import cli
from reprobundle.bundle import verify
from reprobundle.errors import UnavailableError, UsageError
from reprobundle.publish.destinations import Planned
from reprobundle.publish.hub import HubRepository

pytestmark = pytest.mark.filterwarnings(WARNINGS)


def _place(server, **wishes):
    return HubRepository(NAME, endpoint=server.endpoint, **{"token": TOKEN, "patience": QUICK, **wishes})


def _sent(server):
    return [(verb, path) for verb, path in server.asked if verb not in {"GET", "HEAD"}]


def test_a_plan_sends_nothing(server, tmp_path):
    """Where no repository is yet, every file would be sent, and none was; nothing is made."""
    bundle = weighty(tmp_path / "a", 40)
    plan = _place(server, private=True, tag="v1").plan(bundle)
    sizes = {path: (bundle.path / path).stat().st_size for path in ("README.md", "model.safetensors")}

    assert [(one.path, one.how) for one in plan.files] == [
        ("README.md", "regular"),
        ("documentation/card.yaml", "regular"),
        ("manifest.json", "regular"),
        ("model.safetensors", "large"),
    ]
    assert plan.files[0] == Planned("README.md", sizes["README.md"], "regular")
    assert dict(plan.details) == {
        "repository": "new, private",
        "branch": "main (new)",
        "onto": None,
        "tag": "v1",
        "as": "a commit",
        "storage": "git LFS",
    }
    assert plan.notes[0] == "the repository is not there for this token; it would be made, private"
    assert _sent(server) == []
    assert server.repositories == {}


def test_a_plan_knows_what_is_there(server, tmp_path):
    """Files that the branch holds already are told apart, what would be deleted is named, and the commit to build on."""
    first = publish_to(server, weighty(tmp_path / "a", 40))
    repository = server.repositories[NAME]
    repository.commit({**repository.tree(), "signatures/old.sigstore.json": b"{}"})
    server.asked.clear()
    plan = _place(server).plan(weighty(tmp_path / "b", 40, lr=0.2))

    assert {one.path: one.how for one in plan.files} == {
        "README.md": "regular",
        "documentation/card.yaml": "there",
        "manifest.json": "regular",
        "model.safetensors": "there",
    }
    assert plan.deleted == ("signatures/old.sigstore.json",)
    assert plan.details["onto"] == repository.branches["main"] != first.version
    assert _sent(server) == []


def test_a_plan_reads_which_names_are_large(server, tmp_path):
    """The repository's own ``.gitattributes`` decides, as it does when the files come."""
    server.new(NAME, {".gitattributes": b"*.md filter=lfs diff=lfs merge=lfs -text\n# *.json\n"})
    plan = _place(server).plan(weighty(tmp_path / "a", 40))

    assert [one.path for one in plan.sent("large")] == ["README.md"]


def test_a_plan_is_refused_as_the_work_would_be(server, tmp_path):
    """Foreign files, a public repository, a token that is wrong: found out before anything is sent."""
    bundle = weighty(tmp_path / "a", 40)
    server.new(NAME, {"train.py": b"x"})
    with pytest.raises(UsageError) as foreign:
        _place(server).plan(bundle)
    with pytest.raises(UsageError) as public:
        _place(server, private=True).plan(bundle)
    with pytest.raises(UnavailableError) as wrong:
        _place(server, token="hf_wrong").plan(bundle)

    assert str(foreign.value) == f"{NAME}: holds 1 file of no bundle, such as 'train.py'"
    assert str(public.value) == f"{NAME}: is public already"
    assert str(wrong.value) == f"{NAME}: cannot be published: the Hub does not accept the token"


@pytest.fixture
def person(server, monkeypatch):
    """The command line in this process, at that Hub and with that token."""
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", server.endpoint)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_IMPLICIT_TOKEN", False)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setenv("COLUMNS", "100")


def test_the_command_plans(server, tmp_path, person, capsys):
    """``--dry-run`` tells a person what would go where, and a program the same as a document."""
    place = weighty(tmp_path / "a", 40)
    code = cli.main(["publish", "hub", str(place.path), NAME, "--dry-run"])
    words = capsys.readouterr().out
    documented = cli.main(["publish", "hub", str(place.path), NAME, "--dry-run", "--json"])
    document = json.loads(capsys.readouterr().out)

    assert (code, documented) == (0, 0)
    assert words.splitlines()[:3] == [
        "WOULD BE PUBLISHED; nothing was sent",
        f"bundle       {place.id}",
        f"page         {server.endpoint}/{NAME}",
    ]
    assert "To the storage of large files (1)" in words
    assert document["bundle_id"] == place.id
    assert document["files"][3] == {"path": "model.safetensors", "size": 104, "how": "large"}
    assert document["refusals"] == []
    assert TOKEN not in words + json.dumps(document)
    assert _sent(server) == []


def test_the_command_tells_every_refusal(server, tmp_path, person, capsys):
    """What lint and the gate for secrets say stands in the plan, which ends with 2."""
    planted = drawn("plan")["hub-token"]
    secret = f"t = {planted!r}\n"
    place = linted(tmp_path / "b", card(license="Apache2"), {"code/source/s.py": secret})
    code = cli.main(["publish", "hub", str(place), NAME, "--dry-run", "--json"])
    document = json.loads(capsys.readouterr().out)
    worded = cli.main(["publish", "hub", str(place), NAME, "--dry-run"])
    words = capsys.readouterr().out

    assert (code, worded) == (2, 2)
    assert len(document["refusals"]) == 2
    assert "(licence-invalid)" in document["refusals"][0]["message"]
    assert document["refusals"][1]["message"].startswith(
        "1 secret would be published, in 1 file: s.py, line 1: hub-token"
    )
    assert words.splitlines()[:9] == [
        "WOULD BE REFUSED: 1 error in the documentation of tiny; 1 secret would be published, in 1 file;",
        "nothing was sent",
        "1 error in the documentation of tiny:",
        "  the bundle's documentation/card.yaml:9: license: 'Apache2' is no licence expression of SPDX",
        "  (licence-invalid)",
        "hint: reprobundle lint BUNDLE tells all; --allow-lint RULE lets one go: licence-invalid",
        "1 secret would be published, in 1 file:",
        "  s.py, line 1: hub-token",
        "hint: take it out of s.py, read it from a variable (os.environ) where it is needed, and commit that;",
    ]
    assert "\nif none of it is a secret: --allow hub-token:s.py\n" in words
    assert max(map(len, words.splitlines())) <= 100
    assert planted not in words + json.dumps(document)
    assert server.repositories == {}


def test_an_option_of_another_destination(monkeypatch, bundle, capsys):
    """An option that a destination does not take is refused, never passed over."""
    from reprobundle.cli import publish as verb

    kind = verb.Kind("DOI", frozenset(), lambda target, *, watched: None)
    monkeypatch.setitem(verb.DESTINATIONS, "hub", kind)
    code = cli.main(["publish", "hub", str(bundle.path), NAME, "--pull-request"])

    assert code == 2
    assert capsys.readouterr().err == "reprobundle: --pull-request does not go with hub\n"


def test_a_tag(server, bundle, tmp_path):
    """A tag names the commit, and is pulled by its name; the same again finds all there."""
    published = publish_to(server, bundle, tag="v1.0")
    again = publish_to(server, bundle, tag="v1.0")
    later = publish_to(server, bundle, tag="v1.1")

    assert server.repositories[NAME].tags == {"v1.0": published.version, "v1.1": published.version}
    assert published.details["tag"] == "v1.0"
    assert (again.changed, later.changed) == (False, False)
    assert pull_from(server, tmp_path / "pulled", f"{SOURCE}@v1.0").id == bundle.id


def test_a_tag_is_never_moved(server, bundle, tmp_path):
    """A tag of another commit refuses the work before anything is sent."""
    published = publish_to(server, bundle, tag="v1.0")
    server.asked.clear()
    with pytest.raises(UsageError) as caught:
        publish_to(server, weighty(tmp_path / "b", 40), tag="v1.0")

    assert str(caught.value) == f"{NAME}: the tag 'v1.0' names commit {published.version} already"
    assert _sent(server) == []


def test_a_tag_that_somebody_takes_meanwhile(server, bundle):
    """The commit is there, the tag is somebody else's: that is said."""
    repository = server.new(NAME)
    first = repository.branches["main"]

    def before(verb, path):
        if "/tag/" in path:
            repository.tags["v1"] = first

    server.before = before
    with pytest.raises(UnavailableError) as caught:
        publish_to(server, bundle, tag="v1")

    commit = repository.branches["main"]
    assert str(caught.value) == f"{NAME}: commit {commit} is there, the tag 'v1' is not: it stands at {first}"


def test_a_lost_answer_to_a_tag(server, bundle):
    """A tag that was made though its answer was lost is taken as made."""
    server.new(NAME)
    server.before = raising(ConnectionCut(), "POST", "/tag/", times=1)
    published = publish_to(server, bundle, tag="v1")

    assert server.repositories[NAME].tags == {"v1": published.version}


def test_a_pull_request(server, bundle, tmp_path):
    """A proposal leaves the branch as it was, and can be pulled by its name and by its commit."""
    repository = server.new(NAME)
    first = repository.branches["main"]
    published = publish_to(server, bundle, pull_request=True)

    assert published.url == published.details["pull_request"] == f"{server.endpoint}/{NAME}/discussions/1"
    assert repository.branches == {"main": first, "refs/pr/1": published.version}
    assert pull_from(server, tmp_path / "1", f"{SOURCE}@refs/pr/1").id == bundle.id
    assert pull_from(server, tmp_path / "2", published.source.replace(SOURCE, SOURCE)).id == bundle.id


def test_a_proposal_is_never_made_twice(server, bundle):
    """When its answer is lost nobody knows whether it is there: the person is told to look."""
    repository = server.new(NAME)
    server.after_commit = raising(ConnectionCut(), "POST", "/commit/")
    with pytest.raises(UnavailableError) as caught:
        publish_to(server, bundle, pull_request=True)

    assert caught.value.hint == "look at the pull requests of the repository first: the proposal may be there"
    assert sorted(repository.branches) == ["main", "refs/pr/1"]


def test_a_proposal_needs_something_to_propose_to(server, bundle):
    """No repository is made for a proposal."""
    with pytest.raises(UnavailableError) as caught:
        publish_to(server, bundle, pull_request=True)

    assert str(caught.value) == f"{NAME}: there is no such repository to propose anything to"
    assert server.repositories == {}


def test_whoever_may_not_write_may_propose(server, bundle):
    """A refusal of a right names the way out: to propose."""
    server.new(NAME)
    server.before = raising(Refusal(403), "POST", "/preupload/", times=1)
    with pytest.raises(UnavailableError) as caught:
        publish_to(server, bundle)

    assert "--pull-request" in str(caught.value.hint)
    assert publish_to(server, bundle, pull_request=True).changed


@pytest.mark.parametrize(
    ("wishes", "complaint"),
    [
        ({"pull_request": True, "branch": "v2"}, "a pull request is for main, and takes no branch of its own"),
        ({"pull_request": True, "tag": "v2"}, "a pull request is for main, and takes no tag of its own"),
        ({"tag": "v 2"}, "tag 'v 2': is no name of a tag"),
        ({"tag": "../x"}, "tag '../x': is no name of a tag"),
        ({"branch": "x.lock"}, "branch 'x.lock': is no name of a branch"),
        ({"branch": "x/"}, "branch 'x/': is no name of a branch"),
    ],
)
def test_wishes_that_do_not_fit(server, bundle, wishes, complaint):
    """They are refused before anything is asked."""
    with pytest.raises(UsageError) as caught:
        publish_to(server, bundle, **wishes)

    assert str(caught.value) == complaint
    assert server.asked == []


def test_a_token_is_in_no_representation(server, bundle):
    """What a debugger or a log shows of a destination holds no token."""
    assert TOKEN not in repr(_place(server))
    assert verify(bundle.path).id == bundle.id


def test_a_plan_without_a_network(tmp_path, capsys, monkeypatch):
    """What is known here is told, then what could not be asked, and why; it ends with 3."""
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setenv("COLUMNS", "100")
    place = weighty(tmp_path / "a", 40)
    code = cli.main(["publish", "hub", str(place.path), NAME, "--dry-run", "--tag", "v1", "--private"])
    words = capsys.readouterr().out
    documented = cli.main(["publish", "hub", str(place.path), NAME, "--dry-run", "--json"])
    document = json.loads(capsys.readouterr().out)

    assert (code, documented) == (3, 3)
    assert words.splitlines()[:7] == [
        f"NOT ALL IS KNOWN, {NAME} could not be asked; nothing was sent",
        f"bundle       {place.id}",
        f"page         http://127.0.0.1:9/{NAME}",
        "repository   not known; private: yes",
        "branch       main",
        "tag          v1",
        "as           a commit",
    ]
    assert f"to send      {len(place.manifest.files)} files, the manifest; " in words
    assert ", of it 104 bytes in 1 large file\n" in words
    assert "checked      lint finds no error, the gate no secret" in words
    assert "To the storage of large files (1)" in words
    assert f"  {NAME}: cannot be published: HF_HUB_OFFLINE is set\n  hint: unset it\n" in words
    assert "not known: whether the tag 'v1' is free" in words
    assert document["files"][3] == {"path": "model.safetensors", "size": 104, "how": "large"}
    assert document["unasked"]["why"] == f"{NAME}: cannot be published: HF_HUB_OFFLINE is set"
    assert document["refusals"] == []


def test_a_plan_with_a_wrong_token(server, tmp_path, person, capsys, monkeypatch):
    """The same where the Hub refuses to answer; without any token it says that one is needed."""
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    place = weighty(tmp_path / "a", 40)
    code = cli.main(["publish", "hub", str(place.path), NAME, "--dry-run"])
    words = capsys.readouterr().out
    monkeypatch.delenv("HF_TOKEN")
    outline = HubRepository(NAME, endpoint=server.endpoint, patience=QUICK).outline(place)

    assert code == 3
    assert "the Hub does not accept the token" in words
    assert "hf_wrong" not in words
    assert outline.notes[0].startswith("no token is set, and publishing needs one: ")


def test_what_would_be_refused_is_so_without_a_network(tmp_path, capsys, monkeypatch):
    """Lint and the gate for secrets ask nobody: their refusal counts first."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    planted = drawn("offline")["hub-token"]
    place = linted(tmp_path / "b", card(license="Apache2"), {"code/source/s.py": f"t = {planted!r}\n"})
    code = cli.main(["publish", "hub", str(place), NAME, "--dry-run"])
    words = " ".join(capsys.readouterr().out.split())  # however wide the terminal is

    assert code == 2
    assert words.startswith("WOULD BE REFUSED: 1 error in the documentation of tiny; 1 secret would be ")
    assert "s.py, line 1: hub-token" in words
    assert "HF_HUB_OFFLINE is set" in words
    assert "checked " not in words


def test_wrong_wishes_are_told_without_a_network(tmp_path, monkeypatch):
    """A tag that is no name is wrong wherever it is sent."""
    bundle = weighty(tmp_path / "a", 40)
    with pytest.raises(UsageError) as caught:
        HubRepository(NAME, tag="a b").outline(bundle)

    assert str(caught.value) == "tag 'a b': is no name of a tag"
