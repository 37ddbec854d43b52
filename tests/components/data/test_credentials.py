"""Addresses are shown and recorded without what their store is entered with."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprobundle.components.data.credentials import is_ambiguous, secrets_of, without_credentials
from reprobundle.components.data.files import read_place
from reprobundle.components.data.given import How
from reprobundle.components.data.sources.urls import shown, without_secrets
from reprobundle.errors import UsageError


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("s3://AKIAKEY:sec/retXYZ@bucket/f.csv", "s3://…"),
        ("https://user:pa/ss@h/x", "https://…"),
        ("https://user:pa?ss@h/x", "https://…"),
        ("https://user:p#w@h/x", "https://…"),
        ("https://user:12/34@h/x", "https://…"),
        ("https://token/rest@h/x", "https://…"),
        ("https://user:password", "https://…"),
        ("https://u:p@w@h/x", "https://h/x"),
        ("postgresql+psycopg://u:p/w@h/db", "postgresql+psycopg://…"),
        ("https://a.example/x,https://u:p@h/y", "https://a.example/x,https://h/y"),
        ("https://a.example/?u=https://x.example/z&token=abc", "https://a.example/?u=https://x.example/z"),
        ("https://h/x;token=abc;v=3", "https://h/x;v=3"),
        ("https://h/AccountKey=abc/year=2020/x", "https://h/AccountKey=…/year=2020/x"),
        ("https://h/x?code=3&jwt=5&accessToken=6&monkey=7#access_token=1&a=2", "https://h/x?monkey=7#a=2"),
        ("zip://in.csv::https://u:p@h.example/x.zip", "zip://in.csv::https://h.example/x.zip"),
        ("simplecache::s3://K:S@bucket/f", "simplecache::s3://bucket/f"),
        ("hf://datasets/a/b@main/x.csv", "hf://datasets/a/b@main/x.csv"),
        ("https://example.org/@user/post", "https://example.org/@user/post"),
        ("https://[::1]:80/x", "https://[::1]:80/x"),
        ("http://localhost:8080/a@b", "http://localhost:8080/a@b"),
        ("file:///home/a@b/x", "file:///home/a@b/x"),
    ],
)
def test_what_a_store_is_entered_with_is_cut(url, kept):
    """Users, passwords, keys and signatures go, wherever they stand; where a password may go on, all but the scheme goes."""
    assert without_credentials(url) == kept


WORDS = st.text(st.sampled_from("ab12/?#@:;=&%+.[]\\ é"), max_size=8)


@given(WORDS, WORDS, st.sampled_from(["s3", "https", "gs", "hf"]), st.sampled_from(["/x", "", "/x?v=1", "?v=1", "#a"]))
def test_no_password_gets_through(before, after, scheme, tail):
    """Whatever a password is made of, no letter of it is shown when a user stands before it."""
    url = f"{scheme}://user:{before}SECRET{after}@host{tail}"

    assert "SECRET" not in without_credentials(url)
    assert "SECRET" not in shown(url)


def test_a_url_with_a_broken_password_is_refused():
    """No library reads it right, and each says something else of it, so it is not tried."""
    with pytest.raises(UsageError) as caught:
        read_place("s3://AKIAKEY:sec/retXYZ@bucket/f.csv", How(cached=False))

    assert str(caught.value) == "'s3://…': cannot tell its password from its path"
    assert is_ambiguous("https://user:pa?ss@h/x")
    assert not is_ambiguous("https://host:8443/a@b/x")


def test_words_of_others_are_cleaned_of_every_spelling():
    """Options that are bytes, numbers or percent-encoded, and the address's own user, are not repeated."""
    how = How(storage_options={"a": b"BYTES", "b": "with/slash", "c": 12345678, "d": {"e": ("inner",)}, "f": "it's"})
    message = "b'BYTES' with%2Fslash with/slash 12345678 inner joan pa/ss pa%2Fss of https://x:y@z/q?s=t, 'https://z/w'"

    cleaned = without_secrets(message, "https://joan:pa%2Fss@z/q", how)

    assert cleaned == "b'…' … … … … … … … of https://z/q 'https://z/w'"


def test_secrets_of_an_address():
    """User, password, and the values of parameters."""
    found = set(secrets_of("https://user:pass@h/x?a=1&sig=abc"))

    assert {"user", "pass", "abc"} <= found
