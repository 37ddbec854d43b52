"""A bundle from a record: the one archive in it, never longer than announced, read by our own strict reader, verified."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path

from reprobundle import bundle as bundles
from reprobundle.bundle import VerifiedBundle
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.exports.archives import unpack
from reprobundle.phrases import counted, sized, some
from reprobundle.publish.destinations import Say, silent
from reprobundle.publish.invenio.answers import RECORD, Deposition, File
from reprobundle.publish.invenio.drafts import Drafts
from reprobundle.publish.invenio.refusing import READING
from reprobundle.publish.invenio.sending import MAX_BYTES
from reprobundle.publish.invenio.servers import SANDBOX, ZENODO, Server, address
from reprobundle.publish.invenio.speaking import Line
from reprobundle.publish.patience import Patience
from reprobundle.store import staging
from reprobundle.store.sealing import refuse_unwritable
from reprobundle.store.writing import disk_errors

FORMS = "expected zenodo://RECORD, doi:10.5281/zenodo.RECORD or invenio://HOST/RECORD"
PREFIXES = {"10.5281": ZENODO, "10.5072": SANDBOX}
SHOWN = 8
_DOI = re.compile(r"doi:(10\.\d+)/zenodo\.(\d{1,20})")
_PLACE = re.compile(rf"(zenodo|invenio|invenio\+http)://(?:([A-Za-z0-9.:\[\]-]+)/)?({RECORD})")


def pull(
    source: str,
    target: str | os.PathLike[str],
    *,
    doi: str | None = None,
    file: str | None = None,
    patience: Patience | None = None,
    bars: bool = False,  # noqa: ARG001  what every source takes
    say: Say = silent,
) -> VerifiedBundle:
    """Bring a bundle from a published record into a new folder, which appears whole and verified or not at all.

    No token is sent: a record that is not public cannot be had.

    Args:
        source: ``zenodo://RECORD``, ``doi:10.5281/zenodo.RECORD``, or ``invenio://HOST/RECORD`` of another repository.
        target: The folder to make; it must not exist.
        doi: The DOI that the record must have, its own or that of all its versions.
        file: Which of its archives, where it has more than one.
        patience: How long the repository is waited for.
        bars: Not used.
        say: Is told each step.

    Raises:
        UsageError: The source cannot be read as one, or the target exists.
        RefusedInputError: The record has another DOI, holds no bundle, or not exactly one, or a damaged one.
        UnavailableError: The repository refuses or does not answer.
    """
    server, record = parse(source)
    place, patient = Path(os.path.abspath(target)), patience or Patience()
    refuse_unwritable(place)
    drafts = Drafts(Line(server, hints=READING))
    say(f"look at record {record} of {server.host}")
    found = patient.through(lambda: drafts.record(record), say)  # an id that moved on, of all versions, is the newest's
    _refuse_other_doi(server, found, record, doi)
    files = patient.through(lambda: drafts.files(found.id, published=True), say)
    archive = _archive(record, files.values(), file)
    with staging(place) as folder, tempfile.TemporaryDirectory(prefix=".reprobundle-pull-", dir=folder.parent) as room:
        packed = Path(room) / "bundle.zip"
        say(f"download {archive.key}, {sized(archive.size or 0)}")
        patient.through(lambda: _download(drafts, found.id, archive, packed), say)
        say("unpack and verify")
        unpacked = bundles.verify(unpack(packed, Path(room) / "bundle").path)
        for one in sorted(unpacked.path.iterdir()):
            one.rename(folder / one.name)
    return bundles.verify(place)


def _refuse_other_doi(server: Server, found: Deposition, record: str, doi: str | None) -> None:
    """Make sure that a record is the one that a DOI names, which another server may have under the same number."""
    of_all = found.parent is not None and found.parent.id == record  # the DOI of all versions leads to the newest
    if doi is None or of_all or (found.doi or "").lower() == doi.lower():
        return
    message = f"{server.host}: record {record} has another DOI: expected {doi}, found {found.doi or 'none'}"
    raise RefusedInputError(message, hint=f"open https://doi.org/{doi}: does it lead to {server.host}?")


def parse(source: str) -> tuple[Server, str]:
    """The repository, without a token, and the record that a source names.

    Raises:
        UsageError: It has another form.
    """
    named = _DOI.fullmatch(source)
    if named is not None and named[1] in PREFIXES:
        return Server(PREFIXES[named[1]]), named[2]
    if source.startswith("doi:"):
        raise UsageError(f"source {source!r}: only the DOIs of Zenodo tell where they lie; {FORMS}")
    placed = _PLACE.fullmatch(source)
    if placed is None or (placed[1] == "zenodo") != (placed[2] is None):
        raise UsageError(f"source {source!r}: {FORMS}")
    if placed[1] == "zenodo":
        return Server(ZENODO), placed[3]
    return Server(address(f"{'https' if placed[1] == 'invenio' else 'http'}://{placed[2]}")), placed[3]


def _archive(record: str, files: Iterable[File], wanted: str | None) -> File:
    """The one archive of a record, or the one that is wanted.

    Raises:
        RefusedInputError: There is none, or more than one, or it is larger than a bundle can be there.
    """
    archives = [one for one in files if one.key.lower().endswith(".zip")]
    known = [one for one in archives if wanted in (None, one.key)]
    if len(known) != 1:
        expected = "one archive in .zip" if wanted is None else f"an archive {wanted!r}"
        names = f": {some([repr(one.key) for one in archives], SHOWN)}" if archives else ""
        message = f"record {record}: expected {expected}, found {counted(len(archives), 'archive')}{names}"
        raise RefusedInputError(message, hint="choose the bundle's: --file NAME.zip" if archives else None)
    if known[0].size is None or known[0].size > MAX_BYTES:
        raise RefusedInputError(f"record {record}: {known[0].key!r}: expected at most {sized(MAX_BYTES)}")
    return known[0]


def _download(drafts: Drafts, record: str, archive: File, target: Path) -> None:
    with disk_errors(str(target)), target.open("wb") as file:
        for piece in drafts.fetch(record, archive.key, archive.size or 0, published=True):
            file.write(piece)
