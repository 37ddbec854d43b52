"""Before it is said that a record is there already: its files are brought back, and are those of this bundle."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from reprobundle import bundle as bundles
from reprobundle import manifest as manifests
from reprobundle.bundle import VerifiedBundle
from reprobundle.errors import RefusedInputError, UnavailableError
from reprobundle.exports import views
from reprobundle.exports.archives import unpack
from reprobundle.phrases import sized, some
from reprobundle.publish.destinations import Say
from reprobundle.publish.invenio import describing
from reprobundle.publish.invenio.answers import Deposition, File
from reprobundle.publish.invenio.drafts import Drafts
from reprobundle.publish.invenio.equating import same_bytes, unlike
from reprobundle.publish.invenio.identifying import made_afresh
from reprobundle.publish.invenio.sending import MAX_BYTES
from reprobundle.publish.patience import Patience
from reprobundle.store import inside
from reprobundle.store.writing import disk_errors
from reprobundle.version import version

SHOWN = 3
BESIDE = (views.README, views.CITATION)
DOCUMENTATION = "documentation/"
MAX_VIEW = 2**25


@dataclass(frozen=True)
class Confirming:
    """A look at a record that is said to hold a bundle.

    Attributes:
        drafts: The repository.
        found: The record, or the draft that a community looks at.
        patience: How long it is waited for.
        say: Is told each step.
        allow_other_files: Whether it may hold more.
    """

    drafts: Drafts
    found: Deposition
    patience: Patience
    say: Say
    allow_other_files: bool = False

    def confirm(self, bundle: VerifiedBundle, beside: Path) -> None:
        """Make sure that it holds the bundle, with its DOI.

        Args:
            bundle: The bundle, with or without the DOI.
            beside: Beside this place there is room for the archive, and for it unpacked.

        Raises:
            UnavailableError: It holds something else, or cannot be read.
        """
        if self.found.doi is None:
            raise self._refusal(["it has no DOI"])
        work = self.drafts
        there = self.patience.through(lambda: work.files(self.found.id, published=self.found.is_published), self.say)
        with (
            made_afresh(bundle, self.found.doi, beside) as expected,
            disk_errors(str(beside.parent)),
            tempfile.TemporaryDirectory(prefix=".reprobundle-confirm-", dir=beside.parent) as room,
        ):
            wrong = list(self._wrong(there, expected, Path(room)))
        if wrong:
            raise self._refusal(wrong)

    def _wrong(self, there: Mapping[str, File], expected: VerifiedBundle, room: Path) -> Iterator[str]:
        key = f"{expected.manifest.name}.zip"
        shown = [view for view in BESIDE if inside(expected.path, view).is_file()]
        known = {key, *shown}
        yield from (f"{other!r} is not there" for other in sorted(known - there.keys()))
        if not self.allow_other_files:
            yield from (f"{other!r} is not the bundle's" for other in sorted(there.keys() - known))
        if key not in there:
            return
        try:
            held = self._brought(there[key], room)
        except RefusedInputError as error:
            yield f"{key!r}: {error}"
            return
        other = _apart(held, expected)
        if other:
            yield f"in {key!r}: {some([repr(path) for path in other], SHOWN)}"
        seal = describing.sealed_as(self.found)
        if seal is not None and (seal.bundle, seal.signatures) != (held.id, describing.signatures_of(held)):
            yield f"{key!r} is not the archive that it names"
        for view in shown:
            if view in there and not self._shows(there[view], inside(held.path, view)):
                yield repr(view)

    def _brought(self, archive: File, room: Path) -> VerifiedBundle:
        """The bundle in an archive of the record."""
        packed, size = room / "bundle.zip", archive.size or 0
        if size > MAX_BYTES:
            raise RefusedInputError(f"expected at most {sized(MAX_BYTES)}, found {sized(size)}")
        self.say(f"bring {archive.key} back and compare it, {sized(size)}")
        self.patience.through(lambda: self._download(archive.key, size, packed), self.say)
        return bundles.verify(unpack(packed, room / "bundle").path)

    def _download(self, key: str, size: int, target: Path) -> None:
        with target.open("wb") as file:
            for piece in self.drafts.fetch(self.found.id, key, size, published=self.found.is_published):
                file.write(piece)

    def _shows(self, file: File, place: Path) -> bool:
        size = file.size or 0
        if size > MAX_VIEW or not place.is_file() or size != place.stat().st_size:
            return False
        pieces = self.patience.through(
            lambda: list(self.drafts.fetch(self.found.id, file.key, size, published=self.found.is_published)), self.say
        )
        return same_bytes(place, b"".join(pieces))

    def _refusal(self, wrong: Iterable[str]) -> UnavailableError:
        server, found = self.drafts.line.server, self.found
        page = f"{server.url}/{'records' if found.is_published else 'uploads'}/{found.id}"
        message = f"{server.host}: record {found.id} does not hold this bundle: {some(list(wrong), SHOWN)}"
        return UnavailableError(message, hint=f"look at {page}; nothing was published")


def _apart(held: VerifiedBundle, expected: VerifiedBundle) -> list[str]:
    """What differs; of a bundle that another version of this program sealed, what both carry over as it is."""
    other = unlike(held, expected)
    if held.manifest.reprobundle == version():
        return list(other)
    told = {manifests.NAME, *(path for path in other if path.startswith(DOCUMENTATION) or views.is_own(path))}
    return [path for path in other if path not in told]
