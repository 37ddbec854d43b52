"""Where the Hub's library may go and with what, and how much and how long an answer may be."""

from __future__ import annotations

import gzip
import re
import time
from importlib import import_module

import hub_server
import pytest
from hub_play import NAME, WARNINGS, files_of, publish_to, pull_from, weighty
from hub_server import TOKEN, Handler, Refusal
from raw_server import continuing, dripping, raw, stranger, trickling

from reprobundle.errors import UnavailableError, UsageError
from reprobundle.publish import bounding, guarding
from reprobundle.publish.remote import Remote

pytestmark = pytest.mark.filterwarnings(WARNINGS)
FAR = "https://93.184.216.34"


@pytest.fixture
def foreign():
    """A server of somebody else on another port."""
    with stranger() as server:
        yield server


def listing(monkeypatch, answer):
    """Let the Hub answer listings by a function of its handler."""
    routes = [(verb, path, answer if work is Handler.listing else work) for verb, path, work in hub_server.ROUTES]
    monkeypatch.setattr(hub_server, "ROUTES", tuple(routes))


def hrefs(monkeypatch, **changed):
    """Let the Hub name other places for large files, by the kind of action."""
    before = Handler._ways

    def ways(self, name, wanted):
        found = before(self, name, wanted)
        for kind, href in changed.items():
            if "actions" in found:
                found["actions"][kind]["href"] = href
        return found

    monkeypatch.setattr(Handler, "_ways", ways)


def test_the_next_page_elsewhere_gets_no_token(server, bundle, tmp_path, foreign, monkeypatch):
    """A listing that goes on at another port of the same host goes on without the token."""
    publish_to(server, bundle)
    tree = server.repositories[NAME].tree()
    foreign.answer = [Handler._entry(type("H", (), {"server": server}), *one) for one in tree.items()]
    listing(monkeypatch, lambda self, *_: self._answer(
        [{"type": "directory", "path": "x", "oid": "1" * 40}], Link=f'<{foreign.url}/more>; rel="next"'))  # fmt: skip
    pulled = pull_from(server, tmp_path / "pulled")

    assert foreign.seen == [("GET", "/more", None)]
    assert files_of(pulled.path) == files_of(bundle.path)


def test_where_large_files_go_gets_no_token(server, tmp_path, foreign, monkeypatch):
    """Neither the place of a large file nor the one that says whether it came is told the token."""
    server.new(NAME)
    hrefs(monkeypatch, verify=f"{foreign.url}/verify")
    publish_to(server, weighty(tmp_path / "a", 1000))

    assert foreign.seen == [("POST", "/verify", None)]


def test_a_redirect_elsewhere_gets_no_token(server, bundle, tmp_path, foreign):
    """Nor is the place that a question is sent on to."""
    publish_to(server, bundle)

    def before(verb, path):
        if "/revision/" in path:
            raise Refusal(302, Location=f"{foreign.url}/facts")

    server.before = before
    with pytest.raises(UnavailableError):
        pull_from(server, tmp_path / "pulled", f"hub://{NAME}@main")

    assert foreign.seen == [("GET", "/facts", None)]


def test_the_token_stays_home_after_the_library_made_a_new_client(server, bundle, tmp_path, foreign):
    """The library throws its client away when a connection fails; the next one is held back as well."""
    import huggingface_hub

    publish_to(server, bundle)
    with guarding.guarded(server.endpoint, TOKEN):
        huggingface_hub.close_session()
        own = {"Authorization": f"Bearer {TOKEN}"}
        huggingface_hub.get_session().get(f"{foreign.url}/a", headers=own)
        huggingface_hub.get_session().get(f"{foreign.url}/b", headers={"Authorization": "Bearer hf_others"})

    assert foreign.seen == [("GET", "/a", None), ("GET", "/b", "Bearer hf_others")]


@pytest.mark.parametrize("href", ["file:///etc/passwd", "ftp://127.0.0.1/x", "/relative"])
def test_an_href_of_another_kind(server, tmp_path, monkeypatch, href):
    """What is no address of the web is told as what it is, and nothing is published."""
    repository = server.new(NAME)
    hrefs(monkeypatch, upload=href)
    with pytest.raises(UnavailableError) as caught:
        publish_to(server, weighty(tmp_path / "a", 1000))

    assert re.fullmatch(r"[0-9.:]+: sends us to '(ftp://127.0.0.1|nowhere)': expected https://", str(caught.value))
    assert len(repository.commits) == 1


@pytest.mark.parametrize(
    ("endpoint", "url", "fault"),
    [
        (FAR, "https://93.184.216.35/x", None),
        (FAR, "http://93.184.216.35/x", "expected https://, as the Hub's own address is"),
        (FAR, "https://127.0.0.1/x", "inside"),
        (FAR, "https://127.1/x", "inside"),
        (FAR, "https://2130706433/x", "inside"),
        (FAR, "https://localhost:8080/x", "inside"),
        (FAR, "https://10.1.2.3/x", "inside"),
        (FAR, "https://100.64.0.1/x", "inside"),
        (FAR, "https://[::1]/x", "inside"),
        (FAR, "https://[fe80::1]/x", "inside"),
        (FAR, "https://[::ffff:192.168.0.1]/x", "inside"),
        (FAR, "https://[::1/x", "expected https://"),
        (FAR, "data:text/plain,x", "expected https://"),
        ("https://10.1.2.3", "https://10.1.2.4/x", None),
        ("http://127.0.0.1:9", "http://127.0.0.1:10/x", None),
    ],
)
def test_where_a_hub_may_send_us(endpoint, url, fault):
    """A Hub of the wide network names no machine of ours; one of our own network may name its neighbours."""
    guard = guarding.Guard(endpoint, TOKEN, bounding.ANSWERS, bounding.Watch(bounding.ANSWERS),
                           bounding.Pages(bounding.ANSWERS))  # fmt: skip
    words = "it lies on this machine or in its own network, and the Hub does not"

    assert guard.fault(url) == (words if fault == "inside" else fault)
    assert TOKEN not in repr(guard)


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        (
            {"X-Xet-Refresh-Route": "https://93.184.216.35/token"},
            "an address of the Hub's own, as the token goes there",
        ),
        ({"Link": '<https://93.184.216.35/t>; rel="xet-auth"'}, "an address of the Hub's own, as the token goes there"),
        ({"X-Xet-Cas-Url": "local:///home/ada"}, "https://"),
        ({"X-Xet-Cas-Url": "https://127.0.0.1/x"}, None),
        ({"X-Xet-Cas-Url": "https://93.184.216.35/x", "X-Xet-Refresh-Route": f"{FAR}/token"}, ""),
    ],
)
def test_what_the_library_of_large_files_is_told(headers, said):
    """It asks by itself, past every hook: with the token only at home, and no place of this machine."""
    import huggingface_hub

    http = import_module(type(huggingface_hub.get_session()).__module__.partition(".")[0])
    guard = guarding.Guard(FAR, TOKEN, bounding.ANSWERS, bounding.Watch(bounding.ANSWERS),
                           bounding.Pages(bounding.ANSWERS))  # fmt: skip
    answer = http.Response(200, headers=headers)
    if said == "":
        guarding.refuse_routes(guard, answer)
        return
    with pytest.raises(UnavailableError) as caught:
        guarding.refuse_routes(guard, answer)
    words = (
        "it lies on this machine or in its own network, and the Hub does not" if said is None else f"expected {said}"
    )

    assert str(caught.value).endswith(words)


def test_a_home_is_scheme_host_and_port():
    """The default port and the letters' case make no other home; anything else does."""
    home = guarding.origin("https://Hub.Example/a")

    assert guarding.origin("https://hub.example.:443/b?c") == home
    for other in ("http://hub.example", "https://hub.example:444", "https://hub.example.org", "https://x@hub.exampl"):
        assert guarding.origin(other) != home


@pytest.mark.parametrize("endpoint", ["http://hub.example.org", "http://10.0.0.1:8080", "http://127.0.0.1.example.org"])
def test_a_token_is_not_sent_in_the_open(endpoint):
    """Over plain http everybody on the way reads it; no request is made."""
    with pytest.raises(UsageError) as caught:
        Remote.of(NAME, endpoint=endpoint, token=TOKEN)

    assert str(caught.value) == f"the Hub's address {endpoint!r}: would get the token in the open"
    assert caught.value.hint == "name the Hub with https://; without a token: HF_HUB_DISABLE_IMPLICIT_TOKEN=1"
    assert Remote.of(NAME, endpoint=endpoint).token is None
    assert Remote.of(NAME, endpoint="http://localhost:1", token=TOKEN).token == TOKEN


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (lambda n: ([], f"cursor={n}"), "its listing has an empty page, and names a next one"),
        (lambda n: ([{"type": "directory", "path": f"d{n}", "oid": "1" * 40}], "cursor=1"),
         "its listing names the same next page twice"),
        (lambda n: ([{"type": "directory", "path": f"d{n}", "oid": "1" * 40}], f"cursor={n}"),
         "its listing has more than 20 pages"),
    ],
    ids=["empty", "repeated", "endless"],
)  # fmt: skip
def test_a_listing_without_an_end(server, bundle, monkeypatch, page, said):
    """A listing ends: no page is empty or comes twice, and there are no more than any bundle could need."""
    publish_to(server, bundle)
    asked = []

    def answer(self, *_):
        asked.append(self.path)
        entries, query = page(len(asked))
        self._answer(entries, Link=f'<{server.endpoint}{self.path.partition("?")[0]}?{query}>; rel="next"')

    listing(monkeypatch, answer)
    with guarding.guarded(server.endpoint, TOKEN, bounding.Limits(pages=20)), pytest.raises(UnavailableError) as caught:
        list(Remote.of(NAME, endpoint=server.endpoint).api.list_repo_tree(NAME, recursive=True))

    assert str(caught.value) == f"127.0.0.1: {said}"
    assert len(asked) <= 21


def test_a_pull_gives_such_a_listing_up(server, bundle, tmp_path, monkeypatch):
    """What a page may be holds for every question of a pull."""
    publish_to(server, bundle)
    listing(monkeypatch, lambda self, *_: self._answer([], Link=f'<{server.endpoint}/x>; rel="next"'))
    with pytest.raises(UnavailableError) as caught:
        pull_from(server, tmp_path / "pulled")

    assert str(caught.value) == "127.0.0.1: its listing has an empty page, and names a next one"


def test_a_packed_answer(server, bundle, tmp_path, monkeypatch):
    """600 MB in 600 kB: packed answers are not asked for, and not unpacked."""
    publish_to(server, bundle)
    wishes = []

    def answer(self, *_):
        wishes.append(self.headers["Accept-Encoding"])
        self._answer(gzip.compress(b"[" + b" " * 10**6 + b"]"), **{"Content-Encoding": "gzip"})

    listing(monkeypatch, answer)
    with pytest.raises(UnavailableError) as caught:
        pull_from(server, tmp_path / "pulled")

    assert str(caught.value) == "127.0.0.1: sends its answer packed as 'gzip', and was asked not to"
    assert wishes == ["identity"]


def test_an_answer_that_is_too_large(server):
    """An answer of the interface is read as far as any honest one goes; so is a file that no one announced."""
    import huggingface_hub

    server.new(NAME)
    server.tell = lambda facts: {**facts, "x": "y" * 5000}
    few = bounding.Limits(most=4000)
    with guarding.guarded(server.endpoint, TOKEN, few), pytest.raises(UnavailableError) as caught:
        huggingface_hub.get_session().get(f"{server.endpoint}/api/models/{NAME}")

    assert str(caught.value) == "127.0.0.1: its answer is larger than 4000 bytes"


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (dripping(), r"127\.0\.0\.1: its answer comes too slowly: \d+ bytes in 0 s"),
        (continuing, r"127\.0\.0\.1: does not begin to answer"),
        (trickling, r"127\.0\.0\.1: does not begin to answer"),
    ],
    ids=["dripping", "continuing", "trickling"],
)
def test_an_answer_that_never_ends(reply, said):
    """Bytes that trickle keep nobody for ever, nor do answers that are only announced."""
    from huggingface_hub.utils import http_backoff

    short, begun = bounding.Limits(silence=0.3, rate=10**6), time.monotonic()
    with (
        raw(reply, again=True) as server,
        guarding.guarded(server.url, TOKEN, short),
        pytest.raises(UnavailableError) as caught,
    ):
        http_backoff("GET", f"{server.url}/x", base_wait_time=0.01)

    assert re.fullmatch(said, str(caught.value))
    assert time.monotonic() - begun < 5


def test_a_precondition_while_pulling(server, bundle, tmp_path):
    """412 means that somebody else has committed only where we commit."""
    publish_to(server, bundle)

    def before(verb, path):
        if verb == "GET" and "/tree/" in path:
            raise Refusal(412, message="No.")

    server.before = before
    with pytest.raises(UnavailableError) as caught:
        pull_from(server, tmp_path / "pulled")

    assert str(caught.value) == f"{NAME}: cannot be listed: the Hub answered 412 (No.)"
