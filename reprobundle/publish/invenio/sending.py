"""The files of a draft: sent in pieces, brought back and compared; what is there whole is not sent again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import xxhash

from reprobundle.errors import RefusedInputError, UnavailableError, UsageError
from reprobundle.phrases import counted, sized
from reprobundle.publish.destinations import Say
from reprobundle.publish.invenio.answers import File
from reprobundle.publish.invenio.drafts import Drafts
from reprobundle.publish.patience import Patience
from reprobundle.store import digest_file
from reprobundle.store.writing import disk_errors

MAX_FILES = 100  # of a record, as Zenodo has it
MAX_BYTES = 50_000_000_000
PIECE = 2**20


@dataclass(frozen=True)
class Local:
    """A file that a record shall hold.

    Attributes:
        key: Its name there.
        path: Where it is here.
        size: Bytes.
        digest: XXH3-128 of them.
    """

    key: str
    path: Path
    size: int
    digest: str

    @classmethod
    def of(cls, key: str, path: Path) -> Local:
        """A file as it is now."""
        return cls(key, path, *digest_file(path))

    def pieces(self) -> Iterator[bytes]:
        """Its bytes.

        Raises:
            RefusedInputError: It has changed since it was digested.
        """
        left, state = self.size, xxhash.xxh3_128()
        with disk_errors(self.key), self.path.open("rb", buffering=0) as file:
            while piece := file.read(min(PIECE, left)):
                state.update(piece)
                left -= len(piece)
                if (
                    not left and state.hexdigest() != self.digest
                ):  # the last piece stays here: nothing wrong is whole there
                    break
                yield piece
        if state.hexdigest() != self.digest:
            raise RefusedInputError(f"{self.key}: changed while it was sent")


@dataclass(frozen=True)
class Sending:
    """Files on their way into one draft.

    Attributes:
        drafts: The repository.
        record: The draft.
        patience: How long it is waited for.
        say: Is told each step.
    """

    drafts: Drafts
    record: str
    patience: Patience
    say: Say

    def send(self, files: Iterable[Local]) -> Mapping[str, File]:
        """Bring files into the draft and compare them there; gives what the repository says of them.

        Raises:
            RefusedInputError: A file changed meanwhile.
            UnavailableError: The repository refuses or does not answer, or gives back other bytes than were sent.
        """
        return {local.key: self._send(local) for local in files}

    def _send(self, local: Local) -> File:
        there = self._whole(self._there(local.key), local)
        if there is not None:
            self.say(f"{local.key} is there already; compare it, {sized(local.size)}")
            if self._is_same(local):
                return there
        for _ in range(2):
            self.patience.through(lambda: self._sent(local), self.say)
            self.say(f"bring {local.key} back and compare it, {sized(local.size)}")
            found = self._whole(self._there(local.key), local)
            if found is not None and self._is_same(local):
                return found
            self.patience.through(lambda: self.drafts.remove(self.record, local.key), self.say)
        host = self.drafts.line.server.host
        message = f"{host}: {local.key} comes back with other bytes than were sent, twice"
        raise UnavailableError(message, hint="nothing was published; try again later, or tell the repository's people")

    def _there(self, key: str) -> File | None:
        return self.patience.through(lambda: self.drafts.files(self.record), self.say).get(key)

    def _whole(self, found: File | None, local: Local) -> File | None:
        return found if found is not None and found.is_whole and found.size == local.size else None

    def _sent(self, local: Local) -> None:
        """Send one file from its beginning: what of it an earlier try left there is taken out first."""
        found = self.drafts.files(self.record).get(local.key)
        if self._whole(found, local) is not None and found is not None and found.status == "completed":
            return  # the answer to the last request of an earlier try was lost
        if found is not None:
            self.drafts.remove(self.record, local.key)
        self.say(f"send {local.key}, {sized(local.size)}")
        self.drafts.begin(self.record, local.key)
        self.drafts.content(self.record, local.key, local.pieces(), local.size)
        self.drafts.complete(self.record, local.key)

    def _is_same(self, local: Local) -> bool:
        """Whether a file comes back as it is here."""

        def digest() -> str:
            state = xxhash.xxh3_128()
            for piece in self.drafts.fetch(self.record, local.key, local.size):
                state.update(piece)
            return state.hexdigest()

        return self.patience.through(digest, self.say) == local.digest


def refuse_too_much(sizes: Iterable[int], *, others: int = 0) -> None:
    """Make sure that a record can hold files of these sizes.

    Args:
        sizes: Bytes of each.
        others: How many files the draft holds besides.

    Raises:
        UsageError: It cannot.
    """
    known = list(sizes)
    hint = "leave data out of the bundle, or ask the repository for more room"
    if sum(known) > MAX_BYTES:
        message = f"a record holds at most {sized(MAX_BYTES)}, and this is {sized(sum(known))}"
        raise UsageError(message, hint=hint)
    if len(known) + others > MAX_FILES:
        message = f"a record holds at most {counted(MAX_FILES, 'file')}, and the draft would have {len(known) + others}"
        raise UsageError(message, hint="take files out of the draft on its page")
