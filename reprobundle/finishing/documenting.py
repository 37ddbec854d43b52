"""A card that was written or mended after the capture, brought into a resealed bundle."""

from __future__ import annotations

import itertools
import os
import shlex
from collections.abc import Iterator
from pathlib import Path

from reprobundle import bundle as bundles
from reprobundle import secrecy, withholding
from reprobundle.bundle import VerifiedBundle
from reprobundle.components.documentation.card import Card, read_card
from reprobundle.components.documentation.recording import with_facts, write
from reprobundle.components.documentation.section import NAME
from reprobundle.components.interface import Stage
from reprobundle.errors import UsageError
from reprobundle.manifest import Manifest
from reprobundle.resealing import Resealed, reseal
from reprobundle.store import inside
from reprobundle.store.sealing import refuse_existing

SUFFIX = "-documented"


def document(
    path: str | os.PathLike[str],
    card: str | os.PathLike[str],
    *,
    out: str | os.PathLike[str] | None = None,
) -> Resealed | None:
    """Put another ``card.yaml`` into a bundle, in a new bundle; its README.md and other views are made again.

    What the bundle tells of itself fills the gaps, and renews answers that were filled in so before; what a person wrote
    stands as it is. The bundle itself stays as it is; the new one names it, and keeps the proof as it was recorded.

    Args:
        path: The bundle.
        card: The YAML file, in the form of ``documentation/card.yaml``.
        out: The folder to make; it must not exist. Default: ``NAME-documented`` beside ``NAME``.

    Returns:
        The new bundle, or None where the bundle has this card already, and then nothing was made.

    Raises:
        RefusedInputError: The bundle or the card breaks a rule of its form.
        SecretsError: The card holds a secret that the bundle's manifest does not allow.
        UsageError: There is no such card, or `out` exists.
    """
    bundle = bundles.verify(path)
    written = _card(Path(card))
    sections = bundle.manifest.model_dump(mode="json")
    known = with_facts(written, sections)
    if known == read_card(inside(bundle.path, bundle.manifest.documentation.path).read_bytes()):
        return None
    target = _target(bundle.path, out)

    def change(manifest: Manifest, stage: Stage) -> Manifest:
        section = write(known, sections, stage)
        _refuse_secrets(bundle, stage.root, section.path)
        told = tuple(note for note in manifest.notes if note.kind != NAME)  # the others were about the earlier card
        return manifest.model_copy(update={"documentation": section, "notes": told})

    return reseal(bundle, target, change)


def _target(bundle: Path, out: str | os.PathLike[str] | None) -> Path:
    """The folder to make.

    Raises:
        UsageError: It exists; where nobody named it, the hint is the next name that is free.
    """
    place = bundle.resolve()
    usual = place.with_name(place.name + SUFFIX)
    target = usual if out is None else Path(out)
    try:
        refuse_existing(target)
    except UsageError as error:
        if out is None:
            free = next(one for one in _numbered(usual) if not os.path.lexists(one))
            error.advise(f"name another one, such as --out {shlex.quote(str(free))}")
        raise
    return target


def _numbered(place: Path) -> Iterator[Path]:
    yield from (place.with_name(f"{place.name}-{number}") for number in itertools.count(2))


def _card(path: Path) -> Card:
    try:
        return read_card(path.read_bytes(), name=str(path))
    except OSError as error:
        message = f"card {str(path)!r}: cannot be read: {error.strerror}"
        raise UsageError(message, hint="reprobundle init --bundle BUNDLE writes one to begin with") from error


def _refuse_secrets(bundle: VerifiedBundle, root: Path, path: str) -> None:
    earlier = bundle.manifest.secrecy
    gate = secrecy.Gate(() if earlier is None else earlier.allowed)
    gate.look(path, inside(root, path).read_bytes())
    withholding.refuse_leaks(gate, "sealed", "take it out of the card; what others may have seen must be revoked")
