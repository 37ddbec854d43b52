"""The grammar of paths: the table of attacks, honest names, and what must hold for any text."""

from __future__ import annotations

import ntpath
import posixpath
import unicodedata
from pathlib import Path, PurePosixPath, PureWindowsPath

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from reprobundle.errors import RefusedInputError
from reprobundle.store import inside, refuse_colliding, safe_path

RELATIVE = "it must be relative, without '.' or '..'"
WINDOWS = "which is not a legal name on Windows"
CONTROL = "has a control, format or direction character"

ILLEGAL = {  # text: the rule in words
    "": f"has the component '': {RELATIVE}",
    "/": f"has the component '': {RELATIVE}",
    "/etc/passwd": f"has the component '': {RELATIVE}",
    "//host/share": f"has the component '': {RELATIVE}",
    "a//b": f"has the component '': {RELATIVE}",
    "a/": f"has the component '': {RELATIVE}",
    ".": f"has the component '.': {RELATIVE}",
    "./a": f"has the component '.': {RELATIVE}",
    "a/./b": f"has the component '.': {RELATIVE}",
    "a/.": f"has the component '.': {RELATIVE}",
    "..": f"has the component '..': {RELATIVE}",
    "../a": f"has the component '..': {RELATIVE}",
    "a/../b": f"has the component '..': {RELATIVE}",
    "a/../../b": f"has the component '..': {RELATIVE}",
    "a/..": f"has the component '..': {RELATIVE}",
    "a\\b": f"has the component 'a\\\\b', {WINDOWS}",
    "..\\a": f"has the component '..\\\\a', {WINDOWS}",
    "\\\\host\\share": f"has the component '\\\\\\\\host\\\\share', {WINDOWS}",
    "C:": f"has the component 'C:', {WINDOWS}",
    "C:a": f"has the component 'C:a', {WINDOWS}",
    "C:/a": f"has the component 'C:', {WINDOWS}",
    "a:stream": f"has the component 'a:stream', {WINDOWS}",
    "a:$DATA": f"has the component 'a:$DATA', {WINDOWS}",
    "file:///etc/passwd": f"has the component 'file:', {WINDOWS}",
    "http://example.org/a": f"has the component 'http:', {WINDOWS}",
    "a<b": f"has the component 'a<b', {WINDOWS}",
    "a>b": f"has the component 'a>b', {WINDOWS}",
    'a"b': f"has the component 'a\"b', {WINDOWS}",
    "a|b": f"has the component 'a|b', {WINDOWS}",
    "a?": f"has the component 'a?', {WINDOWS}",
    "*.py": f"has the component '*.py', {WINDOWS}",
    "a.": f"has the component 'a.', {WINDOWS}",
    "a ": f"has the component 'a ', {WINDOWS}",
    "...": f"has the component '...', {WINDOWS}",
    " ": f"has the component ' ', {WINDOWS}",
    "a./b": f"has the component 'a.', {WINDOWS}",
    "con": f"has the component 'con', {WINDOWS}",
    "CON": f"has the component 'CON', {WINDOWS}",
    "a/Nul": f"has the component 'Nul', {WINDOWS}",
    "aux.py": f"has the component 'aux.py', {WINDOWS}",
    "prn.tar.gz": f"has the component 'prn.tar.gz', {WINDOWS}",
    "con .txt": f"has the component 'con .txt', {WINDOWS}",
    "nul  .a/b": f"has the component 'nul  .a', {WINDOWS}",
    "com1": f"has the component 'com1', {WINDOWS}",
    "COM0.log": f"has the component 'COM0.log', {WINDOWS}",
    "lpt9": f"has the component 'lpt9', {WINDOWS}",
    "com¹": f"has the component 'com¹', {WINDOWS}",
    "lpt³.x": f"has the component 'lpt³.x', {WINDOWS}",
    "CONIN$": f"has the component 'CONIN$', {WINDOWS}",
    "conout$": f"has the component 'conout$', {WINDOWS}",
    "a\0b": CONTROL,
    "a\nb": CONTROL,
    "a\rb": CONTROL,
    "a\tb": CONTROL,
    "a\x1b[2Jb": CONTROL,
    "a\x7f": CONTROL,
    "a\x85b": CONTROL,
    "a\u202eb": CONTROL,
    "a\u2066b": CONTROL,
    "a\u200eb": CONTROL,
    "a\u061cb": CONTROL,
    "a\u200bb": CONTROL,
    "a\u200db": CONTROL,
    "a\ufeffb": CONTROL,
    "a\u00adb": CONTROL,
    "a\u2028b": CONTROL,
    "a\u2029b": CONTROL,
    "a\ue000b": CONTROL,
    "a\uffffb": CONTROL,
    "a\U000e0041b": CONTROL,
    "a\ud800": "is not valid Unicode",
    "e\u0301.py": "is not in Unicode's composed form (NFC)",
    "\u212b": "is not in Unicode's composed form (NFC)",
    "~": "has a component that begins with '~'",
    "~/a": "has a component that begins with '~'",
    "a/~root": "has a component that begins with '~'",
    "a" * 256: "has a component longer than 255 bytes",
    "é" * 128: "has a component longer than 255 bytes",
    "/".join(["a"] * 65): "has more than 64 components",
    "a/" * 3000 + "a": "is longer than 1024 bytes",
    "a" * 5000: "is longer than 1024 bytes",
    "/".join(["a" * 255] * 5): "is longer than 1024 bytes",
    "/".join(["a" * 204] * 5) + "b": "is longer than 1024 bytes",
}

LEGAL = (
    "a",
    "README.md",
    "model-00001-of-00002.safetensors",
    "code/source/package/__init__.py",
    ".gitattributes",
    ".hidden/file",
    "a b",
    " a",
    "a.b.c",
    "..a",
    "a..b",
    "...a",
    "-rf",
    "--help",
    "$HOME",
    "${HOME}",
    "%TEMP%",
    "a;b",
    "a&b",
    "a'b",
    "a`b`",
    "#a",
    "a~",
    "a~1",
    "{a,b}",
    "[a]",
    "(a)",
    "a=b+c@d!e^f,g",
    "console",
    "auxiliary.py",
    "com10",
    "lpt",
    "nul_.txt",
    "é.py",
    "größe/daten.csv",
    "数据.csv",
    "данные",
    "\U0001f600.md",
    "a" * 255,
    "/".join(["a"] * 64),
    "/".join(["a" * 255] * 4),
    "/".join(["a" * 204] * 5),
)


@pytest.mark.parametrize(("text", "rule"), ILLEGAL.items(), ids=[ascii(text)[:40] for text in ILLEGAL])
def test_illegal_path_is_refused_by_its_rule(text, rule):
    """Every attack is refused, with the rule in words and the path shown harmlessly."""
    with pytest.raises(RefusedInputError) as caught:
        safe_path(text)

    assert str(caught.value) == f"path {text[:200]!r}: {rule}"


@pytest.mark.parametrize("text", LEGAL, ids=[ascii(text)[:40] for text in LEGAL])
def test_legal_path_is_given_back(text):
    """An honest name passes unchanged, and is joined below the root."""
    assert safe_path(text) is text
    assert inside(Path("root"), text) == Path("root", *text.split("/"))


def test_tables_are_as_large_as_they_should_be():
    """At least 60 illegal and 30 legal names are tried."""
    assert len(ILLEGAL) >= 60
    assert len(LEGAL) >= 30


names = st.text(st.characters() | st.sampled_from(list("./\\:~ a\u202e\u0301\ud800")), max_size=30)


@given(names)
@example("a/b")
def test_accepted_path_stays_inside_everywhere(text):
    """An accepted path lies below the root by POSIX and by Windows rules, and is spelled in one way."""
    try:
        safe_path(text)
    except RefusedInputError:
        return

    assert posixpath.normpath(posixpath.join("/root", text)) == f"/root/{text}"
    assert ntpath.normpath(ntpath.join("C:\\root", text)) == "C:\\root\\" + text.replace("/", "\\")
    assert not PurePosixPath(text).is_absolute()
    assert not PureWindowsPath(text).drive
    assert unicodedata.normalize("NFC", text) == text
    assert inside(Path("/root"), text).is_relative_to("/root")


@given(names)
def test_refusal_never_carries_a_control_character(text):
    """The message about a hostile path is one printable line."""
    try:
        safe_path(text)
    except RefusedInputError as error:
        shown = str(error)
        assert "\n" not in shown
        assert shown.isprintable()


COLLIDING = {
    "the same": (("a", "a"), "paths 'a' and 'a' are one name where case is ignored"),
    "case": (("a/b", "A/B"), "paths 'a/b' and 'A/B' are one name where case is ignored"),
    "sharp s": (("straße", "STRASSE"), "paths 'straße' and 'STRASSE' are one name where case is ignored"),
    "final sigma": (("ς", "σ"), "paths 'ς' and 'σ' are one name where case is ignored"),
    "kelvin": (("k", "\u212a"), "paths 'k' and '\u212a' are one name where case is ignored"),
    "composed and not": (("é", "e\u0301"), "paths 'é' and 'e\u0301' are one name where case is ignored"),
    "iota below": (("\u1fb3", "αι"), "paths '\u1fb3' and 'αι' are one name where case is ignored"),
    "a file as folder": (("a", "a/b"), "path 'a/b': lies under 'a', a file"),
    "a file as folder, any order": (("a/b/c", "a/b"), "path 'a/b/c': lies under 'a/b', a file"),
    "a file as folder by case": (("A", "a/b"), "path 'a/b': lies under 'A', a file"),
}


@pytest.mark.parametrize(("paths", "message"), COLLIDING.values(), ids=COLLIDING)
def test_colliding_paths_are_refused(paths, message):
    """Two names that are one on some file system, or a file that is a folder too, are refused."""
    with pytest.raises(RefusedInputError) as caught:
        refuse_colliding(paths)

    assert str(caught.value) == message


def test_different_paths_stand_side_by_side():
    """Names that only look alike do not collide, whatever their order; one more that collides is still found."""
    apart = ("a", "b", "ab", "a.b", "c/a", "c/b", "ä", "a_")
    refuse_colliding(apart)
    refuse_colliding(reversed(apart))
    with pytest.raises(RefusedInputError) as caught:
        refuse_colliding((*apart, "C/A"))

    assert str(caught.value) == "paths 'c/a' and 'C/A' are one name where case is ignored"
