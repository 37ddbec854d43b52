"""A sealed bundle is never edited: a new one is made from it, beside it, that names what it came from.

What may change is what the proof before the first seal did not rest on: the lock and its wheels, the documentation, the
notes, the views, which are made again, and what was measured of the recorded outputs. Weights, source, inputs, outputs and
the facts of the environment stay, so the proof stays as it was recorded. Nothing is taken on trust on the way: every file is digested under its new name.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from reprobundle import bundle as bundles
from reprobundle import captures, references
from reprobundle import manifest as manifests
from reprobundle.bundle import VerifiedBundle
from reprobundle.components import documentation
from reprobundle.components.interface import DEFAULT_BUDGET, Stage
from reprobundle.components.outputs.section import CALIBRATION, SKETCHES
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.exports import views
from reprobundle.manifest import Manifest
from reprobundle.signals import ended_politely
from reprobundle.store import FileEntry, Writer, digest_bytes, inside, staging
from reprobundle.store.sealing import refuse_existing
from reprobundle.version import version

CHANGEABLE = frozenset({"environment", "documentation", "notes", "outputs"})
FACTS = ("interpreter", "platform", "distributions", "numerics", "conda")  # the proof was made with these
TENSORS = ("inputs", "expected")  # the proof compared these
HOMES = ("environment/", "documentation/")
MEASURED = frozenset({CALIBRATION, SKETCHES})
NAME = "bundle"

Change = Callable[[Manifest, Stage], Manifest]


@dataclass(frozen=True)
class Resealed:
    """What came of resealing.

    Attributes:
        path: The new bundle, which was verified before it got its name.
        id: Its id.
        manifest: What it says of itself.
        previous: Id of the bundle it was made from.
        linked: Bytes that both bundles share on the disk.
        signatures: Signatures of the earlier bundle, which say nothing of this one and were left there.
    """

    path: Path
    id: str
    manifest: Manifest
    previous: str
    linked: int
    signatures: tuple[str, ...]


def reseal(bundle: VerifiedBundle, target: Path, change: Change, *, budget: float = DEFAULT_BUDGET) -> Resealed:
    """Make a new sealed bundle from a verified one; the earlier one stays as it is.

    Files that did not change get a second name where nobody but this user can write them, and are copied elsewhere. The
    new bundle is one's own capture, as `captures` has it, only if the earlier one was and nobody wrote to it meanwhile.

    Args:
        bundle: The earlier bundle.
        target: The folder to make; it must not exist.
        change: Gives the new manifest; writes the files that are new or other through the stage. Its notes are added.
        budget: Seconds `change` may take to look things up.

    Raises:
        UsageError: `target` exists or lies in the earlier bundle, or `change` touched what the proof rests on.
        RefusedInputError: A file of the earlier bundle is no longer what was verified.
        UnavailableError: The disk is full or cannot be written.
    """
    target = Path(os.path.abspath(target))
    _refuse_inside(bundle.path, target)
    refuse_existing(target)
    own = captures.own_state(bundle.bundle.content, bundle.path)
    with ended_politely(), staging(target) as folder:
        stage = Stage(Writer(folder), time.monotonic() + budget)
        changed = _documented(bundle, change(bundle.manifest, stage), stage)
        _refuse_unproven(bundle.manifest, changed, stage.writer.entries)
        linked = _carry(bundle, changed, stage.writer)
        _note_signatures(bundle.bundle.signatures(), stage)
        content = bundles.seal(stage.writer, _complete(bundle, changed, stage))
        made = captures.state_of(folder)  # before it is verified, so that a write in between shows
        manifest = bundles.verify(folder).manifest
    if own is not None:
        _remember_both(bundle, own, content, target, made)
    return Resealed(target, digest_bytes(content), manifest, bundle.id, linked, bundle.bundle.signatures())


def _remember_both(
    bundle: VerifiedBundle, before: captures.State, content: bytes, target: Path, made: captures.State
) -> None:
    """A second name shows in a file's time of change, so the log has to see both again: if nothing else happened."""
    earlier, new = captures.unwritten(before, bundle.path), captures.unwritten(made, target)
    if earlier is not None and new is not None:
        captures.remember(bundle.bundle.content, bundle.path, earlier)
        captures.remember(content, target, new)


@contextmanager
def kept_own(*places: Path) -> Iterator[None]:
    """Let bundles that are one's own captures be so after a block in which names of their files came and went.

    Args:
        places: Folders of bundles; what is none is left aside.
    """
    found = [(place, _content_at(place)) for place in places]
    known = [(place, content, captures.own_state(content, place)) for place, content in found if content is not None]
    try:
        yield
    finally:
        for place, content, before in known:
            after = None if before is None else captures.unwritten(before, place)
            if after is not None:
                captures.remember(content, place, after)


def _content_at(place: Path) -> bytes | None:
    try:
        return (place / manifests.NAME).read_bytes()
    except OSError:
        return None


def _documented(bundle: VerifiedBundle, changed: Manifest, stage: Stage) -> Manifest:
    """The manifest with what the card tells of it renewed; what people wrote there stays, and so does a new card."""
    place = changed.documentation.path
    if any(entry.path == place for entry in stage.writer.entries):
        return changed
    section = documentation.renew(inside(bundle.path, place).read_bytes(), changed.model_dump(mode="json"), stage)
    return changed if section is None else changed.model_copy(update={"documentation": section})


def _complete(bundle: VerifiedBundle, changed: Manifest, stage: Stage) -> Manifest:
    """The new manifest with its ancestry, its notes and its views."""
    previous = (*bundle.manifest.previous, bundle.id)
    notes = (*changed.notes, *stage.notes)
    told = changed.model_copy(update={"reprobundle": version(), "previous": previous, "notes": notes})
    return told.model_copy(update={"views": views.write(told, stage.writer)})


def _refuse_inside(earlier: Path, target: Path) -> None:
    place, parent = earlier.resolve(), target.parent.resolve()
    if place in (parent, *parent.parents):
        raise UsageError(f"output folder {str(target)!r} lies inside the bundle", hint="name a folder beside it")


def _refuse_unproven(before: Manifest, after: Manifest, written: Iterable[FileEntry]) -> None:
    """Make sure that nothing changed which the proof rests on.

    Raises:
        UsageError: Something did.
    """
    other = [name for name in Manifest.model_fields if getattr(before, name) != getattr(after, name)]
    other = [name for name in other if name not in CHANGEABLE]
    other += [f"environment.{name}" for name in FACTS
              if getattr(before.environment, name) != getattr(after.environment, name)]  # fmt: skip
    other += [f"outputs.{name}" for name in TENSORS if getattr(before.outputs, name) != getattr(after.outputs, name)]
    other += [entry.path for entry in written if not entry.path.startswith(HOMES) and entry.path not in MEASURED]
    if other:
        message = (
            f"a bundle cannot be resealed with another {', '.join(other)}: its proof was made with the recorded one"
        )
        raise UsageError(message, hint="capture again")


def _carry(bundle: VerifiedBundle, changed: Manifest, writer: Writer) -> int:
    """Bring over what stays; gives the number of bytes that took no space of their own.

    Raises:
        RefusedInputError: A file is no longer what was verified.
    """
    written = {entry.path for entry in writer.entries}
    gone = references.named_paths(bundle.manifest) - references.named_paths(changed)
    left = {*written, *gone, *(view for view in bundle.manifest.views if views.is_own(view))}
    linked = 0
    for entry in bundle.manifest.files:
        if entry.path not in left:
            found, shared = _bring(entry.path, inside(bundle.path, entry.path), writer)
            if found != entry:
                raise RefusedInputError(f"{entry.path}: changed since the bundle was verified")
            linked += entry.size if shared else 0
    return linked


def _bring(path: str, place: Path, writer: Writer) -> tuple[FileEntry, bool]:
    """One file under its new name, and whether it is the same file on the disk."""
    try:
        if bundles.is_safe_to_borrow(place):
            return writer.link(path, place), True
    except OSError:  # another file system, or one without second names
        pass
    return writer.copy(path, place), False


def _note_signatures(paths: tuple[str, ...], stage: Stage) -> None:
    if paths:
        message = f"signatures of the bundle this one was made from were left there: {', '.join(paths)}"
        stage.note(NAME, message, hint="sign this one: reprobundle sign BUNDLE --key FILE")
