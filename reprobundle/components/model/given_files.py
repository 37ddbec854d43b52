"""Weights that a person gave as safetensors files: taken into the bundle as they are where they hold the model's state."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import xxhash

from reprobundle.components.interface import Source, Stage
from reprobundle.components.model import sharding
from reprobundle.components.model.section import NAME
from reprobundle.phrases import some
from reprobundle.records import strict_json
from reprobundle.store import FileEntry
from reprobundle.tensors import Digesting, TensorBytes, TensorPlace, read_places

KINDS = frozenset({"safetensors", "folder"})
ANYONE_WRITES = 0o222
METADATA = "__metadata__"
FORMAT = "format"


@dataclass(frozen=True)
class GivenFile:
    """A file that may go into the bundle as it is.

    Attributes:
        name: What it is called there.
        source: Where it lies, links followed.
        places: Its tensors.
    """

    name: str
    source: Path
    places: tuple[TensorPlace, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The tensors' names."""
        return tuple(place.name for place in self.places)

    @property
    def is_linked(self) -> bool:
        """Whether nobody may write it: then a second name is as good as a copy, and takes no space."""
        return not self.source.stat().st_mode & ANYONE_WRITES


def fitting(
    content: Mapping[str, TensorBytes], aliases: Mapping[str, str], source: Source, stage: Stage
) -> tuple[GivenFile, ...]:
    """The given files, where their tables hold the model's tensors: the same names, dtypes and shapes; else none and a note.

    Args:
        content: The tensors to be written, by name.
        aliases: Further names of some of them.
        source: What capture was given.
        stage: Takes the note.

    Raises:
        RefusedInputError: A file's header lies.
        UnavailableError: A file is gone.
    """
    opened = source.opened
    if opened is None or opened.kind not in KINDS or not opened.weights:
        return ()
    names = sharding.file_names(len(opened.weights))
    places = [path.resolve() for path in sorted(opened.weights, key=lambda path: path.name)]
    found = tuple(GivenFile(name, place, read_places(place)) for name, place in zip(names, places, strict=True))
    why = _difference(found, content, aliases)
    if why is None and len(found) > 1 and sharding.is_mixin(source.model):
        why = "its class reads one file only"
    if why is not None:
        _note_rewritten(why, stage)
        return ()
    return found


def _difference(
    found: Iterable[GivenFile], content: Mapping[str, TensorBytes], aliases: Mapping[str, str]
) -> str | None:
    """Why files are not what would be written; None where their tables say the same."""
    seen: set[str] = set()
    for place in (place for file in found for place in file.places):
        expected = content.get(aliases.get(place.name, place.name))
        if expected is None or place.name in seen:
            return (
                f"they hold {place.name[:200]!r}, which the model does not"
                if expected is None
                else "a name is there twice"
            )
        if (place.dtype, place.shape) != (expected.dtype, expected.shape):
            return f"{place.name[:200]!r} is {_kind(place)} there and {_kind(expected)} in the model"
        seen.add(place.name)
    missing = [repr(name) for name in content if name not in seen]
    return f"they lack {some(missing, shown=3)}" if missing else None


def _kind(tensor: TensorPlace | TensorBytes) -> str:
    return f"{tensor.dtype} {list(tensor.shape)}"


def _note_rewritten(why: str, stage: Stage) -> None:
    message = f"the given weights are not what the model holds ({why}), so its own were written"
    stage.note(NAME, message, hint="nothing to do, where the model converts its weights when it loads them")


def take(
    found: Iterable[GivenFile],
    content: Mapping[str, TensorBytes],
    aliases: Mapping[str, str],
    stage: Stage,
    told: Callable[[int], None],
) -> Mapping[str, str] | None:
    """Link or copy the files, where every byte is the model's.

    The model's tensors tell what a file's digest must be, so that the file itself is read once, while it is copied.

    Args:
        found: Files whose tables fit.
        content: The tensors in memory, by name.
        aliases: Further names of some of them.
        stage: Where to; takes a note where a byte differs.
        told: Called with the number of bytes of every piece that was copied.

    Returns:
        The canonical digest of each tensor, aliases included; None where a byte differs, and nothing was taken.

    Raises:
        RefusedInputError: A file changed meanwhile.
        UnavailableError: The disk is full or cannot be written.
    """
    digests = Digesting(aliases)
    found = tuple(found)
    taken: list[FileEntry] = []
    for file in found:
        expected = _expected(file, content, aliases, digests)
        taken.append(_bring(file, stage, told))
        if taken[-1].xxh3_128 != expected:
            for entry in taken:
                stage.writer.forget(entry.path)
            _note_rewritten(f"some values of {file.source.name!r} differ", stage)
            return None
    _note_links(found, stage)
    _note_metadata(found, stage)
    return digests.found


def _note_links(found: Iterable[GivenFile], stage: Stage) -> None:
    for file in found:
        if (stage.root / file.name).samefile(file.source):
            message = (
                f"{file.name} is the given {file.source.name!r} itself under a second name, as nobody may write it"
            )
            stage.note(
                NAME, message, hint="a change to the one, or to its mode, is a change to the other: copy it first"
            )


def _note_metadata(found: Iterable[GivenFile], stage: Stage) -> None:
    """Note what else a header says: it goes along as it is, and may say more than its author wants told."""
    for file in found:
        header = strict_json(_header(file)[8:], name=file.source.name)
        metadata = header.get(METADATA) if isinstance(header, dict) else None
        names = sorted(set(metadata) - {FORMAT}) if isinstance(metadata, dict) else []
        if names:
            shown = some([repr(name[:200]) for name in names], shown=5)
            hint = (
                "save it anew without them where they are not meant to be read: safetensors.torch.save_file(state, …)"
            )
            stage.note(NAME, f"the header of {file.source.name!r} goes along, and says more: {shown}", hint=hint)


def _expected(
    file: GivenFile, content: Mapping[str, TensorBytes], aliases: Mapping[str, str], digests: Digesting
) -> str:
    """The digest that a file has when it holds the tensors in memory."""
    whole = xxhash.xxh3_128(_header(file))
    for place in file.places:
        kept = aliases.get(place.name, place.name)
        for piece in digests.passing(kept, content[kept]):
            whole.update(piece)
    return whole.hexdigest()


def _header(file: GivenFile) -> bytes:
    with file.source.open("rb") as opened:
        length = int.from_bytes(opened.read(8), "little")
        opened.seek(0)
        return opened.read(8 + length)


def _bring(file: GivenFile, stage: Stage, told: Callable[[int], None]) -> FileEntry:
    if file.is_linked:
        with contextlib.suppress(OSError):  # another file system, or one without links: a copy does as well
            return stage.writer.link(file.name, file.source)
    return stage.writer.copy(file.name, file.source, told=told)
