"""What a file is that pack did not write, as far as its first bytes tell."""

from __future__ import annotations

_BEGINNINGS = (
    (b"\x1f\x8b", "a file compressed by gzip"),
    (b"BZh", "a file compressed by bzip2"),
    (b"\xfd7zXZ\x00", "a file compressed by xz"),
    (b"\x28\xb5\x2f\xfd", "a file compressed by zstd"),
    (b"\x04\x22\x4d\x18", "a file compressed by lz4"),
    (b"\x1f\x9d", "a file compressed by compress"),
    (b"LZIP", "a file compressed by lzip"),
    (b"7z\xbc\xaf\x27\x1c", "an archive of 7-Zip"),
    (b"Rar!\x1a\x07", "an archive of RAR"),
    (b"PK\x05\x06", "an empty zip"),
    (b"PK\x07\x08", "a part of a zip"),
    (b"!<arch>\n", "an archive of ar"),
    (b"070701", "an archive of cpio"),
    (b"070707", "an archive of cpio"),
    (b"version https://git-lfs", "a pointer of Git LFS, in place of the file itself"),
    (b"#!", "a script"),
    (b"MZ", "a program for Windows"),
    (b"\x7fELF", "a program"),
    (b"%PDF-", "a PDF"),
)
_PAGES = (b"<!doctype html", b"<html")
UNPACK_IT = "unpack it with the program that made it, and verify the folder: reprobundle verify DIR"
GET_IT_AGAIN = "get it again: it was damaged on its way, or something else was sent in its place"


def described(ahead: bytes) -> tuple[str, str] | None:
    """What a file seems to be, and the way out; None where its first bytes do not tell.

    Args:
        ahead: Its first bytes.
    """
    if not ahead:
        return "an empty file", GET_IT_AGAIN
    if ahead.lstrip()[:20].lower().startswith(_PAGES):
        return "a page of the web", GET_IT_AGAIN
    for beginning, words in _BEGINNINGS:
        if ahead.startswith(beginning):
            packed = "archive" in words or "compressed" in words
            return words, UNPACK_IT if packed else GET_IT_AGAIN
    return None
