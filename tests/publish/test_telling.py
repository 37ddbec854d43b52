"""What a person reads of a publication: what was deleted and kept, what is public, whose token, what an interruption left."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

import pytest
from hub_play import NAME, QUICK, WARNINGS, publish_to, raising, weighty
from hub_server import TOKEN, Refusal

from reprobundle import cli
from reprobundle.cli import publish as verb
from reprobundle.errors import UnavailableError
from reprobundle.publish import hub, sending
from reprobundle.publish.destinations import Trail

pytestmark = pytest.mark.filterwarnings(WARNINGS)
SIGNATURE = "signatures/ada.sigstore.json"


@pytest.fixture
def person(server, monkeypatch):
    """The command line in this process, at that Hub and with a token that it takes."""
    kind = verb.DESTINATIONS["hub"]

    def make(target, *, watched, **options):
        return hub.HubRepository(target, endpoint=server.endpoint, token=TOKEN, patience=QUICK, **options)

    monkeypatch.setitem(verb.DESTINATIONS, "hub", dataclasses.replace(kind, make=make))
    monkeypatch.setenv("COLUMNS", "200")


def _signed_there(server, bundle):
    """The bundle on the branch, with a signature that it has not here."""
    publish_to(server, bundle)
    repository = server.repositories[NAME]
    repository.commit({**repository.tree(), SIGNATURE: b"{}"})
    return repository


def test_a_signature_of_the_same_bundle_is_kept(server, bundle):
    """Publishing an unsigned copy takes nothing from the branch: the bundle is there, and its signature stays."""
    repository = _signed_there(server, bundle)
    plan = hub.HubRepository(NAME, endpoint=server.endpoint, token=TOKEN, patience=QUICK).plan(bundle)
    again = publish_to(server, bundle)

    assert (again.changed, again.deleted, plan.deleted) == (False, (), ())
    assert SIGNATURE in repository.tree()
    assert again.notes == (f"kept, as the bundle there is this very one: {SIGNATURE}",)
    assert plan.notes[0] == again.notes[0]


def test_a_kept_signature_and_a_further_one(server, bundle):
    """A signature that is added makes a commit that keeps the other; one of the same name takes its place, as told."""
    repository = _signed_there(server, bundle)
    (bundle.path / "signatures").mkdir()
    (bundle.path / "signatures" / "eve.sigstore.json").write_text("{}")
    added = publish_to(server, bundle)
    (bundle.path / SIGNATURE).write_text('{"other": 1}')
    replaced = publish_to(server, bundle)

    assert (added.changed, added.files) == (True, ("signatures/eve.sigstore.json",))
    assert {SIGNATURE, "signatures/eve.sigstore.json"} <= set(repository.tree())
    assert replaced.notes == (f"other signatures take the place of those there: {SIGNATURE}",)


def test_what_is_deleted_is_told(server, tmp_path, person, capsys):
    """An earlier bundle's files and signature that go are named, in the real run as in the dry one."""
    repository = _signed_there(server, weighty(tmp_path / "a", 40))
    code = cli.main(["publish", "hub", str(weighty(tmp_path / "b", 40, lr=0.2).path), NAME])
    words = capsys.readouterr().out

    assert code == 0
    assert SIGNATURE not in repository.tree()
    assert f"deleted      1 file: {SIGNATURE}\n" in words
    assert "note: the bundle there was signed, this one is not: a signature of other contents does not stay\n" in words


@pytest.mark.parametrize(
    ("private", "options", "told"),
    [
        (None, (), "new, public"),
        (None, ("--private",), "new, private"),
        (False, (), "there, public"),
        (True, (), "there, private, as it was"),
        (True, ("--private",), "there, private"),
    ],
)
@pytest.mark.usefixtures("person")
def test_who_sees_it_is_told(server, bundle, capsys, private, options, told):
    """Repository and branch are two fields: whether it was there, and who sees it; the plan says the same ahead."""
    if private is not None:
        server.new(NAME, private=private)
    command = ["publish", "hub", str(bundle.path), NAME, *options]
    cli.main([*command, "--dry-run"])
    planned = capsys.readouterr().out
    cli.main(command)
    words = capsys.readouterr().out

    assert f"repository   {told}\n" in planned
    assert f"repository   {told}\nbranch       main\n" in words
    assert ("--private keeps it to you" in planned) is (told == "new, public")


def test_an_empty_repository_that_stays_is_told(server, bundle):
    """A first publication that fails says that the repository it made is there, and not what is in it."""
    server.before = raising(Refusal(402, message="Full"), "POST", "/preupload/")
    with pytest.raises(UnavailableError) as caught:
        publish_to(server, bundle)
    with pytest.raises(UnavailableError) as again:
        publish_to(server, bundle)

    assert str(caught.value.hint).endswith(f"; the repository {NAME}, new and without a bundle, stays")
    assert "stays" not in str(again.value.hint)


def test_an_interruption_tells_what_is_public(server, bundle, person, capsys, monkeypatch):
    """Ctrl-C before the commit: nothing is public; in it: look; what was made is named. It ends with 130."""

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    command = ["publish", "hub", str(bundle.path), NAME]
    with monkeypatch.context() as patch:
        patch.setattr(sending, "_uploaded", interrupt)
        before = cli.main(command), capsys.readouterr().err.strip().splitlines()
    with monkeypatch.context() as patch:
        patch.setattr(sending, "_committed", interrupt)
        meanwhile = cli.main(command), capsys.readouterr().err.strip().splitlines()

    made = f"the repository {NAME}, new and without a bundle, stays"
    assert before == (
        130,
        [
            "reprobundle: interrupted",
            f"hint: nothing is public; {made}; the same command goes on from there",
        ],
    )
    assert meanwhile == (
        130,
        [
            "reprobundle: interrupted",
            f"hint: it may be published already: look at {server.endpoint}/{NAME}; the same command goes on from there",
        ],
    )


def test_an_interruption_of_any_verb_is_told(capsys, monkeypatch):
    """A verb that leaves nothing says the one word."""

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("reprobundle.bundle.verify", interrupt)
    code = cli.main(["publish", "hub", "bundle", NAME, "--dry-run"])

    assert (code, capsys.readouterr().err.strip()) == (130, "reprobundle: interrupted")


def test_a_trail_says_where_it_ended():
    """The words of each stage."""
    assert Trail().words() == "nothing is public; nothing was made"
    assert Trail(["the draft 1"], "https://x.org/1", done=True).words() == (
        "it is published, at https://x.org/1; the same command goes on from there"
    )


def test_a_refused_token_is_named_by_its_place(server, bundle, tmp_path, monkeypatch):
    """A variable and a saved login are two things to do about it; a token that a caller gave has no place."""
    saved = tmp_path / "token"
    saved.write_text("hf_saved\n")
    monkeypatch.setattr("huggingface_hub.constants.HF_TOKEN_PATH", str(saved))
    monkeypatch.setenv("HF_TOKEN", "hf_set")
    found = {}
    for token in ("hf_set", "hf_saved", "hf_given"):
        with pytest.raises(UnavailableError) as caught:
            publish_to(server, bundle, token=token)
        found[token] = (str(caught.value).partition("does not accept ")[2], caught.value.hint)

    assert found == {
        "hf_set": (
            "the token of HF_TOKEN",
            "unset HF_TOKEN, so that the one of hf auth login is taken, or set another",
        ),
        "hf_saved": ("the token of the saved login (hf auth login)", "sign in anew with: hf auth login"),
        "hf_given": ("the token", "sign in with: hf auth login, or set HF_TOKEN"),
    }


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("ada",), "repository 'ada': expected USER/NAME"),
        ((NAME, "--tag", "a b"), "tag 'a b': is no name of a tag"),
        ((NAME, "--pull-request", "--branch", "v2"), "a pull request is for main"),
        ((NAME, "--allow", "hub-token"), "allow: expected RULE:PATH, found 'hub-token'"),
    ],
)
@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_wrong_wishes_cost_nothing(tmp_path, capsys, arguments, words, more):
    """They are told before the bundle is read: here there is none."""
    code = cli.main(["publish", "hub", str(tmp_path / "none"), *arguments, *more])

    assert code == 2
    assert words in capsys.readouterr().err


def test_a_wrong_name_loads_no_library():
    """A name that none can have is told without the Hub's library."""
    program = (
        "import sys; from reprobundle import cli; code = cli.main(['publish', 'hub', 'none', 'ada']); "
        "print(code, 'huggingface_hub' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert done.stdout == "2 False\n"
