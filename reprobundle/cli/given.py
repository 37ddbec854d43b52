"""What a person gives on the command line by name: ``NAME=VALUE`` options, sizes, and places that must be there."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Sequence

import click

from reprobundle.errors import UsageError

LEAST = 2**26  # bytes


class Size(click.ParamType[int]):
    """A number of bytes, as people write it."""

    name = "size"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Bytes: a whole number, or one with K, M, G or T, of 1,024 each."""
        found = re.fullmatch(r"(\d{1,15})([KMGT]?)(?:i?B)?", str(value).strip(), re.IGNORECASE)
        if found is None:
            self.fail(f"expected a size such as 8G, found {str(value)!r}", param, ctx)
        factor: int = 1024 ** " KMGT".index(found[2].upper() or " ")
        size = int(found[1]) * factor
        if size < LEAST:
            self.fail(f"{str(value)!r} is too little for any interpreter: expected a size such as 8G", param, ctx)
        return size


SIZE = Size()


def by_name(option: str, given: Sequence[str], form: str, *, last: bool = False) -> dict[str, str]:
    """Parse an option that may be repeated.

    Args:
        option: Its name, for messages.
        given: The texts.
        form: What is expected, such as ``SPLIT=PATH``.
        last: Whether the last equals sign parts name and value, so that a name may hold others; else the first.

    Raises:
        UsageError: No name, no value, or a name that stands twice.
    """
    values: dict[str, str] = {}
    for text in given:
        name, _, value = text.rpartition("=") if last else text.partition("=")
        if not name or not value:
            raise UsageError(f"{option}: expected {form}, found {text!r}")
        if name in values:
            what = form.partition("=")[0].lower()
            raise UsageError(f"{option}: the {what} {name!r} stands twice")
        values[name] = value
    return values


def refuse_absent(place: str, what: str = "") -> None:
    """Say at once that a path or pattern leads nowhere; of a URL that is found out when it is read.

    Args:
        place: Path, glob or URL.
        what: What it was given for, before the message.

    Raises:
        UsageError: Nothing is there.
    """
    if "://" in place or os.path.lexists(place):
        return
    if not (glob.has_magic(place) and glob.glob(place, recursive=True)):  # noqa: PTH207  pathlib's takes no absolute one
        raise UsageError(f"{what}there is nothing at {place!r}")
