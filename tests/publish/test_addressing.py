"""What a person pastes as the place of a bundle, and what is said where it is none."""

from __future__ import annotations

import http.server
import threading

import pytest
from invenio_server import TOKEN, invenio
from lint_cards import bundle as linted
from lint_cards import card

from reprobundle import cli
from reprobundle.bundle import verify
from reprobundle.errors import RefusedInputError, UnavailableError, UsageError
from reprobundle.publish.addressing import addressed
from reprobundle.publish.admitting import admit
from reprobundle.publish.invenio.refusing import PUBLIC_ONLY
from reprobundle.publish.patience import Patience
from reprobundle.publish.zenodo import Record, pull

QUICK = Patience(tries=2, pause=0.001)
FORMS = "expected hub://USER/NAME, zenodo://RECORD, a DOI, or the address of a record or repository"


@pytest.fixture
def server():
    """A running repository on the loopback."""
    with invenio() as running:
        yield running


@pytest.mark.parametrize(
    ("pasted", "source"),
    [
        ("hub://ada/x@v1", "hub://ada/x@v1"),
        ("https://huggingface.co/ada/x", "hub://ada/x"),
        ("https://huggingface.co/ada/x/tree/v1.0", "hub://ada/x@v1.0"),
        ("https://huggingface.co/ada/x/tree/refs%2Fpr%2F1", "hub://ada/x@refs/pr/1"),
        ("https://huggingface.co/ada/x/blob/main/README.md", "hub://ada/x@main"),
        ("zenodo://12", "zenodo://12"),
        ("10.5281/zenodo.12", "doi:10.5281/zenodo.12"),
        ("doi:10.5281/zenodo.12", "doi:10.5281/zenodo.12"),
        ("https://doi.org/10.5281/zenodo.12", "doi:10.5281/zenodo.12"),
        ("doi:https://doi.org/10.5281/ZENODO.12", "doi:10.5281/zenodo.12"),
        (" <https://dx.doi.org/10.5072/zenodo.12> ", "doi:10.5072/zenodo.12"),
        ("https://zenodo.org/records/12?preview=1", "zenodo://12"),
        ("https://zenodo.org/record/12/files/x.zip", "zenodo://12"),
        ("https://zenodo.org/doi/10.5281/zenodo.12", "doi:10.5281/zenodo.12"),
        ("https://sandbox.zenodo.org/records/12", "invenio://sandbox.zenodo.org/12"),
        ("https://data.example.org/records/ab1-c2", "invenio://data.example.org/ab1-c2"),
        ("http://127.0.0.1:5000/records/1", "invenio+http://127.0.0.1:5000/1"),
    ],
)
def test_what_a_browser_shows_can_be_pasted(pasted, source):
    """Each form of an address is one of the sources that `pull` takes."""
    assert addressed(pasted).source == source


@pytest.mark.parametrize(
    ("given", "message", "hint"),
    [
        ("ada/x", FORMS, "did you mean hub://ada/x?"),
        ("ada/x@v1", FORMS, "did you mean hub://ada/x@v1?"),
        ("12", FORMS, "did you mean zenodo://12? another repository is named by --server https://HOST"),
        ("hub:ada/x", FORMS, "after hub: come two strokes: hub://ada/x"),
        (
            "10.1234/ab-c",
            "only the DOIs of Zenodo tell where they lie",
            "open https://doi.org/10.1234/ab-c and name the server it leads to: --server https://HOST",
        ),
        ("https://x.org/uploads/1", "is a draft, which only its owner sees", "publish it first"),
        ("https://x.org/", FORMS, "a record's page is https://HOST/records/NUMBER"),
        ("http://x.org/records/1", "expected https://", "https://x.org/records/1"),
        (
            "https://huggingface.co/datasets/a/b",
            "expected the page of a model, https://huggingface.co/USER/NAME",
            "hub://USER/NAME",
        ),
    ],
)
def test_a_hint_goes_by_what_was_typed(given, message, hint):
    """What is none is told with the form that was most likely meant."""
    with pytest.raises(UsageError) as caught:
        addressed(given)

    assert str(caught.value) == f"source {given!r}: {message}"
    assert caught.value.hint == hint


def test_a_bundle_that_is_here(tmp_path, monkeypatch):
    """A folder of this disk needs no pull."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "digits").mkdir()
    with pytest.raises(UsageError) as caught:
        addressed("digits")

    assert caught.value.hint == "'digits' is here already: reprobundle verify digits"


def test_another_hub_is_not_asked_for_a_page_of_the_first(monkeypatch):
    """A page of one Hub is never looked for at another, whose token it would get."""
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "https://hub.example.org")
    with pytest.raises(UsageError) as caught:
        addressed("https://huggingface.co/ada/x")

    assert "HF_ENDPOINT names another Hub, 'https://hub.example.org'" in str(caught.value)
    assert addressed("https://hub.example.org/ada/x/tree/v1").source == "hub://ada/x@v1"


def test_a_server_for_a_doi():
    """A DOI or a number of another repository needs its server; with anything else that names its place it is refused."""
    of_doi = addressed("https://doi.org/10.1234/ab1-c2", server="https://data.example.org/")
    of_number = addressed("ab1-c2", server="https://data.example.org")
    with pytest.raises(UsageError, match="--server another"):
        addressed("hub://ada/x", server="https://data.example.org")
    with pytest.raises(UsageError, match="--server names another one"):
        addressed("https://x.org/records/1", server="https://data.example.org")

    assert (of_doi.source, of_doi.doi) == ("invenio://data.example.org/ab1-c2", "10.1234/ab1-c2")
    assert (of_number.source, of_number.doi) == ("invenio://data.example.org/ab1-c2", None)


def test_the_command_pulls_what_was_pasted(server, tmp_path, monkeypatch, capsys):
    """The page of a record, and a DOI with its server; a DOI of another record is refused."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    bundle = verify(linted(tmp_path / "digits", card(doi=None), name="digits"))
    done = Record(server=server.url, token=TOKEN, patience=QUICK).publish(admit(bundle))
    codes = [
        cli.main(["pull", f"{server.url}/records/1001", str(tmp_path / "1"), "--quiet"]),
        cli.main(["pull", "10.5072/zenodo.1001", str(tmp_path / "2"), "--quiet", "--server", server.url]),
    ]
    with pytest.raises(RefusedInputError) as caught:
        pull(done.source, tmp_path / "3", doi="10.1234/zenodo.1001", patience=QUICK)

    assert codes == [0, 0]
    assert verify(tmp_path / "1").id == verify(tmp_path / "2").id == done.bundle_id
    assert "has another DOI: expected 10.1234/zenodo.1001, found 10.5072/zenodo.1001" in str(caught.value)


def test_hints_of_reading_are_about_reading(server, tmp_path):
    """Whoever pulls is not told what is published when."""
    source = f"invenio+http://{server.url.removeprefix('http://')}/7"
    with pytest.raises(UnavailableError) as missing:
        pull(source, tmp_path / "out", patience=QUICK)
    with pytest.raises(UnavailableError) as cut:
        pull("invenio+http://127.0.0.1:9/7", tmp_path / "out", patience=QUICK)

    assert missing.value.hint == PUBLIC_ONLY
    assert cut.value.hint == "try again"


def test_a_server_without_https_is_not_asked_again(tmp_path):
    """Another try would give the same: there is one connection."""
    asked = []

    class Plain(http.server.HTTPServer):
        def get_request(self):
            asked.append(1)
            return super().get_request()

        def handle_error(self, request, client_address):
            pass

    with Plain(("127.0.0.1", 0), http.server.BaseHTTPRequestHandler) as running:
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        with pytest.raises(UnavailableError) as caught:
            pull(f"invenio://127.0.0.1:{running.server_address[1]}/7", tmp_path / "out", patience=Patience(pause=9))
        running.shutdown()

    assert "does not speak https as this machine does: " in str(caught.value)
    assert len(asked) == 1
