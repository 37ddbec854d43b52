"""The bundle that is deposited: the one that was given, with its DOI in card and citation."""

from __future__ import annotations

import os
from pathlib import Path

from reprobundle import bundle as bundles
from reprobundle.bundle import VerifiedBundle
from reprobundle.components.documentation.card import read_card
from reprobundle.components.documentation.recording import with_facts, write
from reprobundle.components.interface import Stage
from reprobundle.errors import UsageError
from reprobundle.manifest import Manifest
from reprobundle.publish.invenio.describing import card_of
from reprobundle.resealing import reseal
from reprobundle.signing import KeySigner, sign
from reprobundle.store import inside

SUFFIX = "-deposited"


def place_of(bundle: VerifiedBundle, out: Path | None) -> Path:
    """Where the bundle with a DOI is made: ``NAME-deposited`` beside ``NAME``, unless told otherwise."""
    beside = bundle.path.resolve()
    return Path(os.path.abspath(out)) if out is not None else beside.with_name(beside.name + SUFFIX)


def with_doi(bundle: VerifiedBundle, doi: str, out: Path | None) -> VerifiedBundle:
    """The bundle whose card names a DOI: itself, the one that an earlier run made from it, or one that is made now.

    Args:
        bundle: The bundle; it stays as it is.
        doi: The DOI.
        out: The folder to make. Default: as `place_of` has it.

    Raises:
        UsageError: The folder exists and holds something else.
    """
    if card_of(bundle).doi == doi:
        return bundle
    place = place_of(bundle, out)
    if os.path.lexists(place):
        return _made_before(bundle, doi, place)

    def change(manifest: Manifest, stage: Stage) -> Manifest:
        named = read_card(inside(bundle.path, manifest.documentation.path).read_bytes())
        told = with_facts(named.model_copy(update={"doi": doi}), manifest.model_dump(mode="json"))
        return manifest.model_copy(update={"documentation": write(told, stage)})

    return bundles.verify(reseal(bundle, place, change).path)


def sign_once(bundle: VerifiedBundle, key: Path | None) -> VerifiedBundle:
    """The same bundle with a signature, unless it has one or there is no key.

    Raises:
        UsageError: The key cannot be used.
        UnavailableError: model-signing is not installed.
    """
    if key is None or bundle.bundle.signatures():
        return bundle
    sign(bundle, KeySigner(key))
    return bundles.verify(bundle.path)


def _made_before(bundle: VerifiedBundle, doi: str, place: Path) -> VerifiedBundle:
    hint = "name another folder with --out, or remove it"
    if not place.is_dir():
        raise UsageError(f"output folder {str(place)!r} exists, and is no bundle", hint=hint)
    found = bundles.verify(place)
    if found.manifest.previous[-1:] != (bundle.id,) or card_of(found).doi != doi:
        message = f"output folder {str(place)!r} exists, and is not this bundle with the DOI {doi}"
        raise UsageError(message, hint=hint)
    return found
