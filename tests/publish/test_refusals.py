"""What a Hub refuses, what passes, and what never stands in a message."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import traceback

import pytest
from hub_play import NAME, WARNINGS, publish_to, pull_from, raising
from hub_server import SETTINGS, TOKEN, ConnectionCut, Refusal

from reprobundle.errors import UnavailableError, UsageError
from reprobundle.publish.patience import PassingError, Patience

pytestmark = pytest.mark.filterwarnings(WARNINGS)
WRONG = "hf_" + "wrong" * 6
ROOM = "make room there, or ask for more; large files that came through are not sent again"
WRITE = "the token needs the right to write there; what others own can be proposed with --pull-request"
AGAIN = "try again: nothing appears on the Hub before the last step, and what is there is recognised"
SIGN_IN = "sign in with: hf auth login, or set HF_TOKEN"
QUOTA = "Private repository storage limit reached"
STEPS = ("POST /preupload/", "POST /objects/batch", "PUT /store/", "POST /lfs/verify", "POST /commit/")


@pytest.mark.parametrize(
    ("refusal", "complaint", "hint"),
    [
        (Refusal(403, message="No."), "the token has no right to it (No.)", WRITE),
        (
            Refusal(401, message="Invalid credentials in Authorization header"),
            "the Hub does not accept the token",
            SIGN_IN,
        ),
        (Refusal(402, message=QUOTA), f"there is no room for it: the Hub answered 402 ({QUOTA})", ROOM),
        (Refusal(413), "there is no room for it: the Hub answered 413", ROOM),
        (Refusal(507, message=QUOTA), f"there is no room for it: the Hub answered 507 ({QUOTA})", ROOM),
        (Refusal(404, "RepoNotFound"), "there is no such repository, or it is private", SIGN_IN),
        (Refusal(403, "GatedRepo"), "access has to be asked for on its page", SIGN_IN),
        (Refusal(418, message="I am a teapot"), "the Hub answered 418 (I am a teapot)", None),
    ],
    ids=lambda value: str(getattr(value, "status", ""))[:4],
)
@pytest.mark.parametrize("step", STEPS)
def test_a_refusal_is_one_line_with_a_way_out(server, bundle, step, refusal, complaint, hint):
    """At whatever step the Hub refuses: one line, the way out, no second try, and the branch as it was."""
    repository, (verb, part) = server.new(NAME), step.split()
    server.before = raising(refusal, verb, part)
    with pytest.raises(UnavailableError) as caught:
        publish_to(server, bundle)
    asked = [path for method, path in server.asked if method == verb and part in path]

    assert str(caught.value) == f"{NAME}: cannot be published: {complaint}"
    assert caught.value.hint == hint
    assert len(repository.commits) == len(asked) == 1


def test_no_room_for_large_files_is_told_in_the_servers_words(server, bundle):
    """A storage that takes no more says so object by object; its words reach the person, nothing is published."""
    repository, server.no_room = server.new(NAME), f"{QUOTA}: 0 of {TOKEN}"
    with pytest.raises(UnavailableError) as caught:
        publish_to(server, bundle)

    assert str(caught.value).startswith(f"{NAME}: cannot be published: ValueError: LFS batch API returned errors: ")
    assert str(caught.value).endswith(f"`{QUOTA}: 0 of …")
    assert len(repository.commits) == 1


@pytest.mark.parametrize("status", [429, 500, 503, 504])
@pytest.mark.parametrize("step", ["GET /api/models/ada/tiny", "GET /tree/", "POST /commit/"])
def test_what_passes_is_tried_again(server, bundle, step, status):
    """Too many requests, or a server in trouble: after a pause the same is asked again, and there is one commit."""
    repository, (verb, part), said = server.new(NAME), step.split(), []
    server.before = raising(Refusal(status), verb, part, times=1)
    published = publish_to(server, bundle, say=said.append)

    assert published.changed
    assert len(repository.commits) == 2
    assert any(line.endswith("s") and ("trying again" in line or "did not answer" in line) for line in said)


def test_a_server_that_asks_to_wait_is_obeyed(server, bundle):
    """Retry-After is how long the pause takes at least."""
    said = []
    server.new(NAME)
    server.before = raising(Refusal(429, Retry_After="1"), "POST", "/commit/", times=1)
    publish_to(server, bundle, say=said.append)

    assert f"{NAME}: cannot be published: the Hub answered 429, and asks to wait 1 s; trying again in 1 s" in said


@pytest.mark.parametrize("step", ["POST /commit/", "POST /objects/batch", "GET /revision/"])
def test_a_server_that_asks_for_an_hour_is_not_waited_for(server, bundle, step):
    """More patience than there is ends the work at once, with what was asked."""
    repository, (verb, part) = server.new(NAME), step.split()
    server.before = raising(Refusal(429, Retry_After="3600"), verb, part)
    with pytest.raises(PassingError) as caught:
        publish_to(server, bundle)

    assert "360" in str(caught.value)
    assert caught.value.wait in {3600.0, 3601.0}
    assert len(repository.commits) == 1


def test_a_trouble_that_stays_is_told_after_the_last_try(server, bundle):
    """Tries are counted, and the way out says that nothing is lost."""
    repository = server.new(NAME)
    server.before = raising(Refusal(503, message="Busy"), "POST", "/commit/")
    with pytest.raises(UnavailableError) as caught:
        publish_to(server, bundle)

    assert str(caught.value) == f"{NAME}: cannot be published: the Hub answered 503 (Busy)"
    assert caught.value.hint == AGAIN
    assert sum("/commit/" in path for _, path in server.asked) == 3
    assert len(repository.commits) == 1


@pytest.mark.parametrize("step", ["GET /api/models/ada/tiny", "POST /api/repos/create", "POST /commit/"])
def test_a_cut_connection_is_tried_again(server, bundle, step):
    """A question, a new repository, the commit itself: each is asked again when the connection ends without an answer."""
    verb, part = step.split()
    server.before = raising(ConnectionCut(), verb, part, times=1)
    published = publish_to(server, bundle)

    assert published.changed
    assert len(server.repositories[NAME].commits) == 2


ECHOES = [
    Refusal(status, message=f"You sent Bearer {TOKEN}, no", X_Request_Id=TOKEN)
    for status in (400, 401, 403, 404, 412, 429, 507)
]


@pytest.mark.parametrize("refusal", ECHOES, ids=lambda refusal: str(refusal.status))
@pytest.mark.parametrize("step", ["GET /api/models/", "POST /preupload/", "POST /commit/", "GET /resolve/"])
def test_a_token_that_the_server_echoes_is_never_told(server, bundle, tmp_path, capfd, step, refusal):
    """Whatever a server says of the token: no message, no cause, no traceback and no screen shows it."""
    publish_to(server, bundle)
    (bundle.path / "signatures").mkdir()
    (bundle.path / "signatures" / "ada.sigstore.json").write_text("{}")
    verb, part = step.split()
    server.before = raising(refusal, verb, part)
    with pytest.raises((UnavailableError, UsageError)) as caught:
        publish_to(server, bundle, patience=Patience(tries=1, longest=0))
        pull_from(server, tmp_path / "pulled", patience=Patience(tries=1, longest=0))
    shown = "".join(traceback.format_exception(caught.value)) + str(caught.value.hint) + "".join(capfd.readouterr())

    assert TOKEN not in shown


def test_a_status_line_that_echoes_the_token_is_not_told(server, bundle, monkeypatch):
    """The words beside the status are the server's, too."""
    server.new(NAME)
    monkeypatch.setitem(server.RequestHandlerClass.responses, 418, (f"Bearer {TOKEN}", ""))
    server.before = raising(Refusal(418), "POST", "/commit/")
    with pytest.raises(UnavailableError) as caught:
        publish_to(server, bundle)

    assert TOKEN not in "".join(traceback.format_exception(caught.value))
    assert http.client.responses[418] == "I'm a Teapot"


@pytest.mark.parametrize("token", ["hf_\nx", "hf_x y", "hf_\x1b", "hf_ä"])
def test_a_token_of_other_characters_is_not_shown_by_a_library(server, bundle, token):
    """What no header may hold is refused before a library shows it in an error of its own."""
    with pytest.raises(UsageError) as caught:
        publish_to(server, bundle, token=token)

    assert str(caught.value) == f"{NAME}: the token has a character that no token has"
    assert token not in "".join(traceback.format_exception(caught.value))
    assert server.asked == []


def test_a_wrong_token_is_never_shown(server, bundle, tmp_path):
    """A token that the Hub refuses stands in no message of any cause; nothing is made."""
    with pytest.raises(UnavailableError) as caught:
        publish_to(server, bundle, token=WRONG)
    with pytest.raises(UnavailableError) as pulled:
        pull_from(server, tmp_path / "pulled", token=WRONG)

    assert str(caught.value) == f"{NAME}: cannot be published: the Hub does not accept the token"
    assert caught.value.hint == SIGN_IN
    assert str(pulled.value) == f"{NAME}: cannot be read: the Hub does not accept the token"
    assert WRONG not in "".join(traceback.format_exception(caught.value))
    assert server.repositories == {}


def test_no_token_at_all(server, bundle):
    """Without a token the Hub's refusal says that one is missing, and why a stored one was not sent."""
    with pytest.raises(UnavailableError) as caught:
        publish_to(server, bundle, token=None)

    assert str(caught.value) == f"{NAME}: cannot be published: the Hub wants a token"
    assert caught.value.hint == "HF_HUB_DISABLE_IMPLICIT_TOKEN is set, so no stored token is sent: unset it"
    assert server.repositories == {}


def _command(server, tmp_path, bundle, **variables):
    person = {"HF_ENDPOINT": server.endpoint, "HF_HOME": str(tmp_path / "home"), "COLUMNS": "100"}
    environment = {**os.environ, **SETTINGS, "HF_HUB_DISABLE_IMPLICIT_TOKEN": "0", **person, **variables}
    environment = {name: value for name, value in environment.items() if value}
    argv = [sys.executable, "-m", "reprobundle", "publish", "hub", str(bundle.path), NAME]
    return subprocess.run(argv, capture_output=True, text=True, env=environment, timeout=120, check=False)


@pytest.mark.slow
def test_the_usual_places_of_a_token(server, bundle, tmp_path):
    """HF_TOKEN, then the file of hf auth login, and none where the person wants none sent on their behalf."""
    (tmp_path / "home").mkdir()
    none = _command(server, tmp_path, bundle)
    (tmp_path / "home" / "token").write_text(f"{TOKEN}\n")
    forbidden = _command(server, tmp_path, bundle, HF_HUB_DISABLE_IMPLICIT_TOKEN="1")
    overruled = _command(server, tmp_path, bundle, HF_TOKEN=WRONG)
    stored = _command(server, tmp_path, bundle)

    assert (none.returncode, forbidden.returncode, overruled.returncode, stored.returncode) == (3, 3, 3, 0)
    assert none.stderr.endswith(f"the Hub wants a token\nhint: {SIGN_IN}\n")
    assert "HF_HUB_DISABLE_IMPLICIT_TOKEN is set" in forbidden.stderr
    assert "the Hub does not accept the token" in overruled.stderr
    assert not any(TOKEN in run.stdout + run.stderr for run in (none, forbidden, overruled, stored))
