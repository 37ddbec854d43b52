"""Secrets in the files of a bundle: found in what was sealed, replaced in what is about to be."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from reprobundle.secrecy.gate import Gate, plain_path
from reprobundle.secrecy.searching import Hit, text_of
from reprobundle.secrecy.unpacking import MAX_BYTES
from reprobundle.secrecy.values import cut, marker
from reprobundle.store import Writer, inside
from reprobundle.store.digests import open_regular
from reprobundle.store.writing import disk_errors

SMALL = 2**13
MAX_BINARY_BYTES = 4 * 2**20
MAX_HEADER_BYTES = 16 * 2**20
WEIGHTS, WHEEL = ".safetensors", ".whl"
SOURCES = ("code/source/", "code/outside/")  # looked at while they are copied
WHEELS = "environment/wheels/"  # looked at while they are made


def head_of(place: Path) -> bytes:
    """What of a file is searched: 32 MiB of a text, 4 MiB of anything else, of weights their header, of a wheel 32 MiB.

    Raises:
        UnavailableError: It cannot be read.
        RefusedInputError: It is no regular file.
    """
    with disk_errors(place.name):
        descriptor = open_regular(place)
        with os.fdopen(descriptor, "rb") as file:
            start = file.read(SMALL)
            if place.suffix == WEIGHTS:
                return (start + file.read(MAX_HEADER_BYTES))[: 8 + int.from_bytes(start[:8], "little")]
            limit = MAX_BINARY_BYTES if b"\0" in start and place.suffix != WHEEL else MAX_BYTES
            return start + file.read(limit - SMALL)


def look_at_file(gate: Gate, path: str, place: Path) -> tuple[Hit, ...]:
    """What the gate meets in the part of a file that is searched; the numbers of weights are no part to be told of.

    Args:
        gate: Is told what was found.
        path: The file as a person is told of it.
        place: Where it lies.

    Raises:
        UnavailableError: It cannot be read.
        RefusedInputError: It is no regular file.
    """
    size = None if place.suffix == WEIGHTS else place.stat().st_size
    return gate.look(path, head_of(place), size=size)


def look_at(root: Path, paths: Iterable[str], gate: Gate) -> None:
    """Show files of a sealed bundle to the gate, and their names.

    Args:
        root: The bundle.
        paths: Of its files.
        gate: Is told what was found.
    """
    for path in paths:
        gate.name_leaks(plain_path(path))
        look_at_file(gate, plain_path(path), inside(root, path))


def leaking(writer: Writer, gate: Gate) -> Iterator[tuple[str, tuple[Hit, ...]]]:
    """The files of a bundle that is being made that hold secrets, with these; source and wheels were looked at before."""
    for entry in writer.entries:
        if entry.path.startswith((*SOURCES, WHEELS)):
            continue
        hits = look_at_file(gate, entry.path, inside(writer.root, entry.path))
        if hits:
            yield entry.path, hits


def replace_secrets(writer: Writer, path: str, hits: tuple[Hit, ...]) -> None:
    """Write a file of a bundle that is being made anew, with markers in the place of secrets.

    Args:
        writer: Wrote the file.
        path: The file.
        hits: Its secrets, as `leaking` found them. One that cannot be cut out takes all of the file with it.
    """
    head = head_of(inside(writer.root, path))
    text = text_of(head)
    if text is None or any(hit.start is None for hit in hits):
        content = (", ".join(sorted({marker(hit.rule) for hit in hits})) + "\n").encode("utf-8")
        writer.forget(path)
        writer.write(path, content)
    else:
        writer.rewrite(path, cut(text, hits).encode("utf-8", "surrogateescape"), len(head))
