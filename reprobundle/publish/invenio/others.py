"""Files of a draft or record that are not the bundle's: what is published stays for ever, so none gets into it unasked."""

from __future__ import annotations

from collections.abc import Mapping

from reprobundle.errors import UnavailableError, UsageError
from reprobundle.phrases import counted, some
from reprobundle.publish.invenio.answers import File

SHOWN = 3
TAKE_OUT = "take them out of the draft on its page; or --allow-other-files publishes them with it, for ever"


def refuse_others(host: str, record: str, others: Mapping[str, File]) -> None:
    """Make sure that a draft holds nothing but the bundle.

    Args:
        host: Of the repository.
        record: The draft.
        others: What else it holds.

    Raises:
        UsageError: It does.
    """
    if others:
        names = some([repr(key) for key in sorted(others)], SHOWN)
        message = (
            f"{host}: draft {record} holds {counted(len(others), 'file')} that {_are(others)} not the bundle's: {names}"
        )
        raise UsageError(message, hint=TAKE_OUT)


def refuse_changed(host: str, record: str, expected: Mapping[str, File], found: Mapping[str, File]) -> None:
    """Make sure that a draft or record holds the files that were compared, and no other.

    Raises:
        UnavailableError: Somebody changed, added or took one.
    """
    other = [
        key
        for key in sorted({*expected, *found})
        if key not in found or key not in expected or _what(found[key]) != _what(expected[key])
    ]
    if other:
        names = some([repr(key) for key in other], SHOWN)
        message = f"{host}: files of {record} are not those that were compared: {names}"
        raise UnavailableError(message, hint="nothing was published; try again")


def _are(files: Mapping[str, File]) -> str:
    return "is" if len(files) == 1 else "are"


def _what(file: File) -> tuple[int | None, str | None]:
    return file.size, file.checksum
