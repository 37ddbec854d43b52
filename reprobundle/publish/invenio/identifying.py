"""The bundle that is deposited: the one that was given, with its DOI in card and citation."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reprobundle import bundle as bundles
from reprobundle.bundle import VerifiedBundle
from reprobundle.components.documentation.card import read_card
from reprobundle.components.documentation.recording import with_facts, write
from reprobundle.components.interface import Stage
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.manifest import Manifest
from reprobundle.publish.invenio.describing import card_of
from reprobundle.publish.invenio.equating import unlike
from reprobundle.resealing import Change, kept_own, reseal
from reprobundle.signing import KeySigner, PublicKey, check, sign
from reprobundle.signing.pem import public_half
from reprobundle.store import inside
from reprobundle.store.writing import disk_errors

SUFFIX = "-deposited"
OTHER_SIGNER = "remove its folder, which is made again and signed; or leave --sign-with out"


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
        return made_before(bundle, doi, place)

    return bundles.verify(reseal(bundle, place, _naming(bundle, doi)).path)


@contextmanager
def made_afresh(bundle: VerifiedBundle, doi: str, beside: Path) -> Iterator[VerifiedBundle]:
    """The bundle whose card names a DOI, for the time of a block: itself, or one that is made from it and taken away.

    Args:
        bundle: The bundle; it stays as it is.
        doi: The DOI.
        beside: A folder, or the place of one to be, beside which the bundle is made.
    """
    if card_of(bundle).doi == doi:
        yield bundle
        return
    with (
        disk_errors(str(beside.parent)),
        kept_own(bundle.path, beside),
        tempfile.TemporaryDirectory(prefix=".reprobundle-deposit-", dir=beside.parent) as room,
    ):
        yield bundles.verify(reseal(bundle, Path(room) / beside.name, _naming(bundle, doi)).path)


def _naming(bundle: VerifiedBundle, doi: str) -> Change:
    def change(manifest: Manifest, stage: Stage) -> Manifest:
        named = read_card(inside(bundle.path, manifest.documentation.path).read_bytes())
        sections = manifest.model_dump(mode="json")
        told = with_facts(named.model_copy(update={"doi": doi}), sections)
        return manifest.model_copy(update={"documentation": write(told, sections, stage)})

    return change


def sign_once(bundle: VerifiedBundle, key: Path | None) -> VerifiedBundle:
    """The same bundle with a signature of a key, unless it has that already or there is no key.

    Raises:
        UsageError: The key cannot be used, or the bundle has signatures, and none of this key.
        UnavailableError: model-signing is not installed.
    """
    if key is None:
        return bundle
    if bundle.bundle.signatures():
        _refuse_other_signer(bundle, key)
        return bundle
    sign(bundle, KeySigner(key))
    return bundles.verify(bundle.path)


def _refuse_other_signer(bundle: VerifiedBundle, key: Path) -> None:
    """Make sure that a signature which is there is good, and of the key that was to make one.

    Raises:
        UsageError: It is not.
    """
    with tempfile.TemporaryDirectory(prefix="reprobundle-key-") as folder:
        public = Path(folder) / f"{key.stem}.pub"
        public.write_bytes(public_half(key))
        try:
            check(bundle, PublicKey(public))
        except RefusedInputError as error:
            message = f"{str(bundle.path)!r}: has a signature, and none by the key {str(key)!r}: {error}"
            raise UsageError(message, hint=OTHER_SIGNER) from error


def made_before(bundle: VerifiedBundle, doi: str, place: Path) -> VerifiedBundle:
    """The bundle with a DOI that an earlier run made from another.

    Raises:
        UsageError: There is something else.
    """
    hint = "name another folder with --out, or remove it"
    if not place.is_dir():
        raise UsageError(f"output folder {str(place)!r} exists, and is no bundle", hint=hint)
    found = bundles.verify(place)
    is_named = found.manifest.previous[-1:] == (bundle.id,) and card_of(found).doi == doi
    if not is_named or _is_altered(bundle, found, doi):
        message = f"output folder {str(place)!r} exists, and is not this bundle with the DOI {doi}"
        raise UsageError(message, hint=hint)
    return found


def _is_altered(bundle: VerifiedBundle, found: VerifiedBundle, doi: str) -> bool:
    """Whether a bundle is another than the one that is made with a DOI now: somebody wrote it, or another version did."""
    with made_afresh(bundle, doi, found.path) as expected:
        return bool(unlike(found, expected))
