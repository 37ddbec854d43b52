"""The calls of InvenioRDM's interface for records, each with what it needs and what it gives."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

from reprobundle.publish.invenio.answers import Deposition, File, Files, Found, Named, read
from reprobundle.publish.invenio.refusing import GoneError
from reprobundle.publish.invenio.speaking import Line

FOUND = 25  # how many of one's drafts that hold a text are looked at
Document = dict[str, Any]


@dataclass(frozen=True)
class Drafts:
    """What can be asked of a repository.

    Attributes:
        line: The repository.
    """

    line: Line

    def create(self, document: Document) -> Deposition:
        """Make a draft, which only its owner sees."""
        return self._deposition("the draft cannot be made", "POST", "/api/records", document)

    def of_version(self, record: str) -> Deposition:
        """The draft of a new version of a record; the one there is, where there is one."""
        work = f"record {record} gets no new version"
        return self._deposition(work, "POST", f"/api/records/{record}/versions")

    def draft(self, record: str) -> Deposition:
        """A draft.

        Raises:
            GoneError: There is none: it was thrown away, or published.
        """
        return self._deposition(f"draft {record} cannot be read", "GET", f"/api/records/{record}/draft")

    def record(self, record: str) -> Deposition:
        """A published record.

        Raises:
            GoneError: There is none, or it is not published yet.
        """
        return self._deposition(f"record {record} cannot be read", "GET", f"/api/records/{record}")

    def change(self, record: str, document: Document) -> Deposition:
        """Replace what is said of a draft; what is left out is gone, its DOI too."""
        return self._deposition(f"draft {record} cannot be changed", "PUT", f"/api/records/{record}/draft", document)

    def reserve(self, record: str) -> Deposition:
        """Give a draft the DOI that it will be published under."""
        work = f"draft {record} gets no DOI"
        return self._deposition(work, "POST", f"/api/records/{record}/draft/pids/doi")

    def holding(self, text: str) -> Iterator[Deposition]:
        """One's own drafts that hold a text, newest first; the repository's search may lag behind by seconds."""
        work = "one's own drafts cannot be looked through"
        asked = urlencode({"q": f'"{text}"', "size": str(FOUND), "sort": "newest"})
        found = read(Found, self.line.ask(work, "GET", f"/api/user/records?{asked}"), self.line.server, work)
        for hit in found.hits.hits:
            one = read(Deposition, hit, self.line.server, work)
            if not one.is_published:
                yield one

    def files(self, record: str, *, published: bool = False) -> Mapping[str, File]:
        """The files of a draft or of a record, by name."""
        work = f"the files of {record} cannot be listed"
        path = f"/api/records/{record}{'' if published else '/draft'}/files"
        found = read(Files, self.line.ask(work, "GET", path), self.line.server, work)
        return {entry.key: entry for entry in found.entries}

    def begin(self, record: str, key: str) -> None:
        """Announce a file."""
        self.line.ask(f"{key} cannot be sent", "POST", f"/api/records/{record}/draft/files", [{"key": key}])

    def content(self, record: str, key: str, pieces: Iterable[bytes], size: int) -> None:
        """Send the bytes of a file that was announced."""
        self.line.send(f"{key} cannot be sent", f"{self._file(record, key)}/content", pieces, size)

    def complete(self, record: str, key: str) -> File:
        """Say that all of a file was sent."""
        work = f"{key} cannot be completed"
        answer = self.line.ask(work, "POST", f"{self._file(record, key)}/commit")
        return read(File, answer, self.line.server, work)

    def remove(self, record: str, key: str) -> None:
        """Take a file out of a draft, if it is there."""
        try:
            self.line.ask(f"{key} cannot be taken out", "DELETE", self._file(record, key))
        except GoneError:  # an earlier try took it out, and its answer was lost
            return

    def fetch(self, record: str, key: str, size: int, *, published: bool = False) -> Iterator[bytes]:
        """The bytes of a file: exactly so many, or an error."""
        return self.line.fetch(f"{key} cannot be brought back", f"{self._file(record, key, published)}/content", size)

    def publish(self, record: str) -> Deposition:
        """Publish a draft. This cannot be undone."""
        work = f"draft {record} cannot be published"
        return self._deposition(work, "POST", f"/api/records/{record}/draft/actions/publish")

    def community(self, name: str) -> str:
        """What requests call a community."""
        work = f"community {name!r} cannot be found"
        return read(Named, self.line.ask(work, "GET", f"/api/communities/{quote(name, safe='')}"),
                    self.line.server, work).id  # fmt: skip

    def choose(self, record: str, community: str) -> None:
        """Say which community shall look at a draft."""
        document = {"receiver": {"community": community}, "type": "community-submission"}
        work = f"draft {record} cannot be meant for the community"
        self.line.ask(work, "PUT", f"/api/records/{record}/draft/review", document)

    def submit(self, record: str, words: str) -> None:
        """Hand a draft to its community, which publishes it or does not."""
        document = {"payload": {"content": words, "format": "html"}}
        work = f"draft {record} cannot be handed to the community"
        self.line.ask(work, "POST", f"/api/records/{record}/draft/actions/submit-review", document)

    def has_word(self, vocabulary: str, word: str) -> bool:
        """Whether a word stands in a vocabulary of the repository."""
        try:
            self.line.ask(
                "a vocabulary cannot be read", "GET", f"/api/vocabularies/{vocabulary}/{quote(word, safe='')}"
            )
        except GoneError:
            return False
        return True

    def _deposition(self, work: str, method: str, path: str, body: Any = None) -> Deposition:
        return read(Deposition, self.line.ask(work, method, path, body), self.line.server, work)

    def _file(self, record: str, key: str, published: bool = False) -> str:  # noqa: FBT001, FBT002  as `fetch` has it
        return f"/api/records/{record}{'' if published else '/draft'}/files/{quote(key, safe='')}"
