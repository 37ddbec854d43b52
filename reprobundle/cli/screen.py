"""What reaches the screen: documents and renderings on standard output, progress and complaints on standard error."""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from reprobundle.errors import UnavailableError
from reprobundle.rendering import escape

if TYPE_CHECKING:
    from reprobundle.bundle import VerifiedBundle
    from reprobundle.errors import RefusedInputError
    from reprobundle.exports.archives import VerifiedArchive
    from reprobundle.rendering.page import Page

LONGEST_MESSAGE = 2000
ASK_WHOSE = " --key PUBLIC.pem"  # of what is signed: whoever reads it has the signer's key from elsewhere
LONGEST_HINT = 200_000  # of several things at once: it may hold what is to be typed for each
Verb = Callable[..., int]


def verbosity(command: Verb) -> Verb:
    """Add ``--json`` and ``--quiet``, which every verb has."""
    quiet: Callable[[Verb], Verb] = click.option(
        "--quiet", is_flag=True, help="Print nothing but errors; the exit code answers."
    )
    as_json: Callable[[Verb], Verb] = click.option(
        "--json", "as_json", is_flag=True, help="Print the document, and nothing else."
    )
    return as_json(quiet(command))


def document(content: bytes) -> None:
    r"""Write a document to standard output: byte for byte for a program, without hidden characters for a person.

    At a terminal, what could command it or mislead a reader is written as JSON spells it, ``\u001b``, so that the
    document still says the same.

    Raises:
        UnavailableError: Standard output takes no more.
    """
    shown = _spelled_out(content) if sys.stdout.isatty() else content
    _write(lambda: click.echo(shown, nl=False))


def text(content: str) -> None:
    """Write text, already escaped, to standard output.

    Raises:
        UnavailableError: Standard output takes no more.
    """
    _write(lambda: click.echo(content))


def _spelled_out(content: bytes) -> bytes:
    lines = content.decode("utf-8", "backslashreplace").split("\n")
    return "\n".join(line if _is_plain(line) else "".join(map(_spelled, line)) for line in lines).encode()


def _is_plain(shown: str) -> bool:
    return escape(shown, limit=len(shown)) == shown


def _spelled(character: str) -> str:
    if character == "\t" or _is_plain(character):
        return character
    units = character.encode("utf-16-be")  # JSON spells a character beyond U+FFFF by its two halves
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def _write(action: Callable[[], None]) -> None:
    try:
        action()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise UnavailableError(f"standard output: cannot be written: {error.strerror}") from error


def complain(message: str, *, hint: str | None) -> None:
    """Say on standard error, in one line, why the work was not done, and in another the way out."""
    click.echo(f"reprobundle: {escape(message, limit=LONGEST_MESSAGE)}", err=True)
    if hint:
        click.echo(f"hint: {escape(hint, limit=LONGEST_MESSAGE)}", err=True)


def complain_of_many(error: RefusedInputError) -> None:
    """The same of several things, each on a line of its own."""
    from reprobundle.rendering.page import NARROWEST, Page

    page = Page(colour=False, width=max(width(), NARROWEST))
    show_refusal(page, error, before="reprobundle: ")
    click.echo(page.text(), err=True)


def show_refusal(page: Page, error: RefusedInputError, *, before: str = "") -> None:
    """Add why something is refused, each finding, the way out, and on a line of its own what is to be pasted."""
    from reprobundle.rendering.escaping import prose

    page.paragraph(f"{before}{prose(error.summary)}{':' if error.findings else ''}", indent=0)
    for finding in error.findings:
        page.paragraph(prose(finding))
    hint = error.hint or ""
    words = hint.removesuffix(error.pasted).removesuffix("; ")
    if words:
        page.paragraph(f"hint: {prose(words)}", indent=0, codes=("2",))
    if error.pasted and hint.endswith(error.pasted):
        page.line(escape(error.pasted, limit=LONGEST_HINT), "2")


def progress(*, quiet: bool) -> Callable[[str], None]:
    """A function that tells a person at a terminal what is being done; anybody else hears what takes room of the disk."""
    if quiet:
        return _silent
    return _tell if watched(quiet=quiet) else _tell_of_unpacking


def watched(*, quiet: bool) -> bool:
    """Whether a person watches standard error."""
    return not quiet and sys.stderr.isatty()


@contextmanager
def live_progress(*, quiet: bool) -> Iterator[Callable[[str], None]]:
    """The same for a long verb: a line that tells how far a step has come is written over by the next one."""
    tell = progress(quiet=quiet)
    if not watched(quiet=quiet):
        yield tell
        return
    rewritten = _Rewritten()
    try:
        yield rewritten
    finally:
        rewritten.clear()


class _Rewritten:
    """Lines at a terminal, of which the last may be written over."""

    def __init__(self) -> None:
        self._pending = False

    def __call__(self, line: str) -> None:
        from reprobundle.components.environment.rebuilding.watching import Passing

        self.clear()
        if not isinstance(line, Passing):
            _tell(line)
        elif os.environ.get("TERM") != "dumb":
            click.echo(f"· {escape(line)}"[: width() - 1], err=True, nl=False)
            self._pending = True

    def clear(self) -> None:
        """Leave nothing of a line that was to be written over."""
        if self._pending:
            click.echo("\r\x1b[2K", err=True, nl=False)
            self._pending = False


def _silent(_line: str) -> None:
    """Nobody is watching."""


def _tell_of_unpacking(line: str) -> None:
    from reprobundle.exports.archives import Unpacking

    if isinstance(line, Unpacking):
        _tell(line)


def _tell(line: str) -> None:
    click.echo(f"· {escape(line)}", err=True)


def other_name(place: Path, name: str) -> str | None:
    """What a bundle's folder or archive is called, where that is not the bundle's own name; else None."""
    from reprobundle.rendering import escape

    found = place.resolve()
    kind, own = ("archive", found.stem) if found.is_file() else ("folder", found.name)
    return None if own == name else f"in the {kind} {escape(found.name)}"


def folder_field(verified: VerifiedBundle | VerifiedArchive) -> tuple[str, ...]:
    """The same of a verified bundle, as lines of a field: none where the names agree."""
    found = other_name(verified.path, verified.manifest.name)
    return () if found is None else (found,)


def colours() -> bool:
    """Whether standard output shows colours: it is a terminal that can, and the person did not switch them off."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width() -> int:
    """Columns of the terminal; 100 where there is none."""
    return shutil.get_terminal_size((100, 24)).columns


def tolerate_any_text() -> None:
    """Let characters that the terminal's encoding lacks be spelled out instead of ending the program."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
