"""A bundle as a BagIt bag, the form in which archives take in folders: the bundle is its payload."""

from __future__ import annotations

from pathlib import Path

from reprobundle.bundle import VerifiedBundle
from reprobundle.components.documentation.card import read_card
from reprobundle.errors import UnavailableError
from reprobundle.exports.copying import copy_bundle, export_time
from reprobundle.extras import how_to_install
from reprobundle.rendering import escape
from reprobundle.rendering.escaping import prose
from reprobundle.store import Writer, inside, staging
from reprobundle.store.writing import disk_errors
from reprobundle.version import version

CHECKSUMS = ("sha256", "sha512")


def export(bundle: VerifiedBundle, target: Path) -> Path:
    """Write a bag; the bundle in its ``data`` folder verifies as before.

    The library that makes the bag changes the process's current folder while it works, and changes it back.

    Args:
        bundle: The bundle.
        target: The bag's folder; must not exist.

    Returns:
        The bag's folder.

    Raises:
        UsageError: The target exists.
        UnavailableError: bagit is not installed, or the bag cannot be written.
    """
    try:
        import bagit
    except ImportError as error:
        hint = how_to_install("archive")
        raise UnavailableError(f"a bag needs the library bagit: {error}", hint=hint) from error
    facts = _facts(bundle)
    with staging(target) as place, disk_errors(str(target)):
        copy_bundle(bundle, Writer(place))
        try:
            bagit.make_bag(str(place.absolute()), facts, checksums=list(CHECKSUMS))
        except (bagit.BagError, RuntimeError) as error:
            raise UnavailableError(f"{str(target)!r}: the bag cannot be made: {error}") from error
    return target


def _facts(bundle: VerifiedBundle) -> dict[str, str]:
    """What ``bag-info.txt`` says, each on one line."""
    written = read_card(inside(bundle.path, bundle.manifest.documentation.path).read_bytes())
    facts = {
        "Bagging-Date": export_time().strftime("%Y-%m-%d"),
        "Bag-Software-Agent": f"reprobundle {version()}",
        "Contact-Name": ", ".join(escape(author.name) for author in written.authors),
        "External-Description": prose(written.description or written.title or bundle.manifest.name),
        "External-Identifier": written.doi or bundle.id,
        "Internal-Sender-Identifier": escape(bundle.manifest.name),
    }
    return {name: " ".join(value.split()) for name, value in facts.items() if value.strip()}
