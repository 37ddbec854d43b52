"""A bundle that was deposited before: what is there is told, and no wish is passed over in silence."""

from __future__ import annotations

import json
import shutil

import pytest
from invenio_server import TOKEN, invenio
from lint_cards import bundle as linted
from lint_cards import card
from signing_keys import write_key

from reprobundle import cli
from reprobundle.bundle import verify
from reprobundle.errors import UnavailableError, UsageError
from reprobundle.publish.admitting import admit
from reprobundle.publish.patience import Patience
from reprobundle.publish.zenodo import Record

QUICK = Patience(tries=2, pause=0.001)
DOI = "10.5072/zenodo.1001"


@pytest.fixture
def server():
    """A running repository on the loopback."""
    with invenio() as running:
        yield running


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    """Each test remembers its own deposits only."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("REPROBUNDLE_DEPOSIT_TOKEN", TOKEN)
    monkeypatch.setenv("COLUMNS", "120")


@pytest.fixture
def digits(tmp_path):
    """A bundle that nobody deposited yet."""
    return verify(linted(tmp_path / "digits", card(doi=None), name="digits"))


def key_at(folder):
    """A private key in a folder that is made for it."""
    pytest.importorskip("model_signing")
    folder.mkdir(exist_ok=True)
    write_key(folder, "key")
    return folder / "key.key"


def place(server, **wishes):
    return Record(**{"server": server.url, "token": TOKEN, "patience": QUICK, **wishes})


def deposit(server, bundle, **wishes):
    return place(server, **wishes).publish(admit(bundle))


def signed(bundle, key):
    from reprobundle.signing import KeySigner, sign

    sign(bundle, KeySigner(key))
    return verify(bundle.path)


def host(server):
    return server.url.removeprefix("http://")


def test_a_signature_is_not_taken_for_there(server, digits, tmp_path):
    """A record that holds the bundle unsigned is not one of the signed bundle; the way out is a version."""
    deposit(server, digits)
    key = key_at(tmp_path)
    sealed = signed(verify(tmp_path / "digits-deposited"), key)
    for bundle, wishes in ((digits, {"sign_with": key}), (sealed, {})):
        with pytest.raises(UsageError) as caught:
            deposit(server, bundle, **wishes)

        assert str(caught.value) == f"{host(server)}: record 1001 holds this bundle unsigned"
        assert caught.value.hint == f"--new-version-of {DOI} deposits it as it is here, with a DOI of its own"
    assert len(server.depositions) == 1


def test_another_signature_is_told(server, digits, tmp_path):
    """The same bundle signed by somebody else is not the one that the record holds; signed as there it is."""
    deposit(server, digits, sign_with=key_at(tmp_path))
    sealed = verify(tmp_path / "digits-deposited")
    again = deposit(server, sealed)
    shutil.rmtree(sealed.path / "signatures")
    with pytest.raises(UsageError) as caught:
        deposit(server, signed(verify(sealed.path), key_at(tmp_path / "other")))

    assert (again.changed, again.bundle_id) == (False, sealed.id)
    assert str(caught.value) == f"{host(server)}: record 1001 holds this bundle with other signatures"


def test_the_same_bundle_as_a_new_version(server, digits, tmp_path):
    """With the wish for a version of that very record one is made, signed; asked for once more it is there."""
    deposit(server, digits)
    wishes = {"new_version_of": DOI, "sign_with": key_at(tmp_path), "out": tmp_path / "second"}
    plan = place(server, **wishes).plan(digits)
    done = deposit(server, digits, **wishes)
    again = deposit(server, digits, new_version_of=DOI)
    first, second = server.published

    assert plan.details["record"] == "a new version of 1001"
    assert (done.version, done.changed, second.parent) == ("1002", True, first.parent)
    assert verify(tmp_path / "second").bundle.signatures()
    assert (again.version, again.changed) == ("1002", False)


def test_a_version_of_another_record_is_refused(server, digits, tmp_path):
    """A record, and a draft, that hang elsewhere are told; so is a version of what is not there."""
    deposit(server, digits)
    other = verify(linted(tmp_path / "other", card(doi=None, title="Other"), name="other"))
    deposit(server, other, draft=True)
    with pytest.raises(UsageError) as missing:
        deposit(server, digits, new_version_of="10.5072/zenodo.7")
    with pytest.raises(UsageError) as draft:
        deposit(server, other, new_version_of=DOI)

    assert str(missing.value) == f"--new-version-of '10.5072/zenodo.7': {host(server)} has no such record"
    assert str(draft.value) == f"{host(server)}: draft 1002 holds this bundle, and is no version of 1001"


def test_a_folder_that_would_not_be_made_is_told(server, digits, tmp_path):
    """``--out`` at a record that is there is refused with the way to its bundle, unless the folder holds it."""
    deposit(server, digits)
    there = deposit(server, digits, out=tmp_path / "digits-deposited")
    with pytest.raises(UsageError) as caught:
        deposit(server, digits, out=tmp_path / "out")

    assert not there.changed
    assert "nothing is made, as record 1001 of" in str(caught.value)
    assert caught.value.hint == f"reprobundle pull invenio+http://{host(server)}/1001 {tmp_path / 'out'}"


def test_a_plan_tells_what_is_there(server, digits):
    """With a token the repository is asked: a new record, a draft, a record; only with GET."""
    new = place(server).plan(digits).details["record"]
    deposit(server, digits, draft=True)
    server.asked.clear()
    draft = place(server, draft=True).plan(digits)
    asked = {line.split()[0] for line in server.asked}
    deposit(server, digits)
    done = place(server).plan(digits)

    assert (new, draft.details["record"], done.details["record"]) == (
        "a new one",
        "draft 1001, taken up",
        "1001, published already",
    )
    assert asked == {"GET"}
    assert {one.how for one in done.files} == {"there"}
    assert done.url == f"{server.url}/records/1001"
    assert done.details["DOI"] == DOI


def test_a_plan_of_what_is_there_says_unchanged(server, digits, capsys):
    """The page and the document of a dry run agree with what the run does."""
    deposit(server, digits)
    code = cli.main(["publish", "zenodo", str(digits.path), "--server", server.url, "--dry-run"])

    assert code == 0
    assert capsys.readouterr().out.startswith("UNCHANGED, it is there already; nothing was sent\n")


@pytest.mark.parametrize("options", [("--draft",), ("--yes",)])
def test_the_id_is_that_of_the_deposited_bundle(server, digits, tmp_path, capsys, options):
    """What is deposited is resealed: its id is told, and the one that it was made from; also when it is there."""
    command = ["publish", "zenodo", str(digits.path), "--server", server.url, *options]
    cli.main(command)
    words = capsys.readouterr().out.splitlines()
    cli.main([*command, "--json"])
    document = json.loads(capsys.readouterr().out)
    sealed = verify(tmp_path / "digits-deposited")

    assert words[1:3] == [f"bundle       {sealed.id}", f"made from    {digits.id}"]
    assert (document["bundle_id"], document["made_from"]) == (sealed.id, digits.id)


def test_an_interruption_tells_what_stays(server, digits, tmp_path, capsys):
    """Ctrl-C says that nothing is public, which draft and folder stay, and how it goes on; it ends with 130."""

    def interrupt(*_):
        raise KeyboardInterrupt

    from reprobundle.publish.invenio import depositing

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(depositing, "pack", interrupt)
        code = cli.main(["publish", "zenodo", str(digits.path), "--server", server.url, "--yes"])
    told = capsys.readouterr().err.strip().splitlines()
    folder = str(tmp_path / "digits-deposited")

    assert code == 130
    assert told == [
        "reprobundle: interrupted",
        f"hint: nothing is public; the draft 1001 with the DOI {DOI}, the folder {folder!r} stay; "
        "the same command goes on from there",
    ]


def test_a_wrong_token_is_named_by_its_place(server, digits, tmp_path, monkeypatch):
    """Whoever has several tokens reads which one was refused."""
    monkeypatch.setenv("REPROBUNDLE_DEPOSIT_TOKEN", "wrong")
    with pytest.raises(UnavailableError) as caught:
        deposit(server, digits, token=None)
    key = tmp_path / "token"
    key.write_text("wrong\n")
    key.chmod(0o600)
    with pytest.raises(UnavailableError) as filed:
        deposit(server, digits, token=None, token_file=key)

    assert str(caught.value).endswith("the repository does not accept the token of REPROBUNDLE_DEPOSIT_TOKEN")
    assert "put it into REPROBUNDLE_DEPOSIT_TOKEN" in str(caught.value.hint)
    assert str(filed.value).endswith(f"the repository does not accept the token of the file {str(key)!r}")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--sandbox", "--server", "https://x.org", "--yes"), "--sandbox and --server name two repositories"),
        (("--new-version-of", "#x", "--yes"), "--new-version-of '#x': expected a DOI or the number of a record"),
        (("--sign-with", "none.pem", "--yes"), "--sign-with 'none.pem': there is no such file"),
        ((), "a published record stays for ever: expected --yes, found nobody to ask"),
        (("--yes", "--allow-lint", "licence-invald"), "there is no rule 'licence-invald' of lint"),
    ],
)
def test_wrong_wishes_cost_nothing(tmp_path, capsys, monkeypatch, options, words):
    """They are told before the bundle is read: here there is none."""
    monkeypatch.setenv("ZENODO_TOKEN", "x")
    code = cli.main(["publish", "zenodo", str(tmp_path / "none"), *options])

    assert code == 2
    assert words in capsys.readouterr().err
