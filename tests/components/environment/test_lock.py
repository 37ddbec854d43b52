"""The lock's grammar: what may pass, what is refused and how it is said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprobundle.components.environment.lock import (
    MAX_LINES,
    MAX_LOCK_BYTES,
    Pin,
    pin,
    read_lock,
    read_output,
    write_lock,
)
from reprobundle.errors import RefusedInputError

GOOD = "a" * 64
HASH = f"--hash=sha256:{GOOD}"

HOSTILE = {
    "option": b"--index-url https://x/\na==1\n",
    "short option": b"-e .\n",
    "include": b"-r other.txt\n",
    "constraint": b"-c other.txt\n",
    "address": b"a @ https://x/a.whl\n",
    "file address": b"a @ file:///a.tar.gz\n",
    "version control": b"git+https://x/a\n",
    "path": b"./a.whl\n",
    "marker": b"a==1 ; python_version < '4'\n",
    "extra": b"a[b]==1\n",
    "no pin": b"a>=1\n",
    "arbitrary equality": b"a===1\n",
    "wildcard": b"a==1.*\n",
    "no version": b"a==\n",
    "version of no standard": b"a==1.0-custom-x\n",
    "variable": b"a==${HOME}\n",
    "comment": b"# a comment\na==1\n",
    "comment after": b"a==1 # x\n",
    "md5": b"a==1 --hash=md5:" + b"0" * 32 + b"\n",
    "short hash": b"a==1 --hash=sha256:00\n",
    "capitals in hash": b"a==1 --hash=sha256:" + b"A" * 64 + b"\n",
    "another option after": b"a==1 --global-option=x\n",
    "second requirement on a line": b"a==1 b==2\n",
    "pinned twice": b"a==1\nA==2\n",
    "one spelling twice": b"a-b==1\na_b==1\n",
    "hash on some": f"a==1 {HASH}\nb==1\n".encode(),
    "empty": b"",
    "blank": b"\n \n",
    "continued into nothing": b"a==1 \\\n",
    "carriage return": b"a==1\r\n",
    "form feed": b"a==1\x0c--index-url=x\n",
    "unicode line": "a==1\u2028--index-url=x\n".encode(),
    "next line": b"a==1\x85--index-url=x\n",
    "file separator": b"a==1\x1c-e .\n",
    "utf-7 cookie": b"# -*- coding: utf-7 -*-\na==1\n",
    "byte order mark": b"\xef\xbb\xbfa==1\n",
    "utf-16": "a==1\n".encode("utf-16"),
    "nul": b"a==1\x00\n",
    "tab": b"a==1\t--hash=x\n",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_only_exact_pins_and_their_hashes_pass(content: bytes) -> None:
    """Whatever an installer might read as more than a pin is refused before any installer sees it."""
    with pytest.raises(RefusedInputError, match=r"^requirements\.txt"):
        read_lock(content)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a==1\n--pre\n", "requirements.txt: line 2: expected 'name==version', found '--pre'"),
        (b"a==1 \\\n  --hash=md5:0\n", "requirements.txt: line 1: expected '--hash=sha256:' and 64 hex digits, found '--hash=md5:0'"),
        (b"a==1\nb==1\x0c\n", "requirements.txt: line 2: expected printable ASCII, found b'\\x0c'"),
        (b"a==1\na==1\n", "requirements.txt: line 2: 'a' is pinned twice"),
        (b"a==1+\n", "requirements.txt: line 1: version '1+' is not of the standard form"),
        (f"a==1 {HASH}\nb==1\n".encode(), "requirements.txt: 'b==1' has no hash while other pins have"),
        (b"", "requirements.txt: is empty, expected at least one pin"),
        (b"a==1 \\\n", "requirements.txt: line 1: is continued by a backslash, but nothing follows"),
    ],
)  # fmt: skip
def test_a_refusal_names_the_line(content: bytes, message: str) -> None:
    """The person learns which line breaks which rule."""
    with pytest.raises(RefusedInputError) as caught:
        read_lock(content)

    assert str(caught.value) == message


def test_limits_are_refused_before_parsing() -> None:
    """A lock beyond the limits of the format is refused."""
    many = b"".join(b"a%d==1\n" % number for number in range(MAX_LINES + 1))

    with pytest.raises(RefusedInputError, match=r"is too large: at most 4194304 bytes, found 4194305"):
        read_lock(b"a" * (MAX_LOCK_BYTES + 1))
    with pytest.raises(RefusedInputError, match=r"has more than 10000 pins"):
        read_lock(many)


def test_the_canonical_form_is_sorted_and_normalised() -> None:
    """However a lock was spelt, it is written in one way."""
    read = read_lock(f"Zeta_Two==1.0.0+CU128 {HASH}\nalpha==2.0-1 --hash=sha256:{'b' * 64} {HASH}\n".encode())

    assert write_lock(read).decode() == (
        f"alpha==2.0.post1 \\\n    {HASH} \\\n    --hash=sha256:{'b' * 64}\nzeta-two==1.0.0+cu128 \\\n    {HASH}\n"
    )


def test_what_a_tool_wrote_may_lack_hashes() -> None:
    """A tool that finds hashes for some pins only is read, so that the gaps can be filled."""
    read = read_output(f"a==1 {HASH}\nb==2\n".encode(), name="uv")

    assert read == (Pin("a", "1", (f"sha256:{GOOD}",)), Pin("b", "2"))


NAMES = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,20}[A-Za-z0-9])?", fullmatch=True)
VERSIONS = st.from_regex(
    r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}((a|b|rc)[0-9])?(\.post[0-9])?(\+[a-z0-9]{1,6})?", fullmatch=True
)
HASHES = st.lists(
    st.binary(min_size=32, max_size=32).map(lambda digest: f"sha256:{digest.hex()}"), min_size=1, max_size=3
)


@given(st.lists(st.tuples(NAMES, VERSIONS, HASHES), min_size=1, max_size=6))
def test_what_is_written_is_read_back(rows: list[tuple[str, str, list[str]]]) -> None:
    """Reading the canonical form gives the same pins, and writing them the same bytes."""
    pins = {made.name: made for made in (pin(*row) for row in rows)}
    written = write_lock(pins.values())

    assert read_lock(written) == tuple(pins[name] for name in sorted(pins))
    assert write_lock(read_lock(written)) == written


@given(st.binary(max_size=80))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    """Nothing but our own refusal comes out, and what is accepted survives a round trip."""
    try:
        read = read_lock(content)
    except RefusedInputError:
        return

    assert read_lock(write_lock(read)) == read
