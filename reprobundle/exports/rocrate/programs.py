"""The programs that a crate speaks of: what ran, and what that needed."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from reprobundle.components.environment.section import Distribution
from reprobundle.exports.citation import address_of
from reprobundle.exports.rocrate.contents import CODE, identity
from reprobundle.exports.rocrate.entities import Entity, references
from reprobundle.manifest import Manifest
from reprobundle.rendering.escaping import escape

SOURCE = "#source"
UNVERSIONED = "no commit: as the files are"
PACKAGED = ("index", "archive")  # what has a name that an index of Python's packages gave it


def own(version: str) -> Entity:
    """This program, in the version that did something."""
    return _packaged("pypi", "reprobundle", escape(version))


def source(manifest: Manifest, prefix: str) -> Entity:
    """The person's own program, with what it needed.

    Args:
        manifest: What was captured.
        prefix: Where the bundle lies in the crate.
    """
    repository = manifest.code.repository
    address = address_of(repository)
    version = UNVERSIONED if repository is None else repository.commit
    if repository is not None and repository.dirty:
        version += " with uncommitted changes"
    return {
        "@id": SOURCE,
        "@type": "SoftwareApplication",
        "name": f"source of {escape(manifest.name)}",
        "url": address or {"@id": identity(prefix + CODE)},
        "version": version,
        "softwareRequirements": references(needed(manifest)),
    }


def needed(manifest: Manifest) -> Sequence[Entity]:
    """The Python that trained the model, and what its process had imported; the lock names all that was installed."""
    python = manifest.environment.interpreter
    imported = (one for one in manifest.environment.distributions if one.imported)
    return [_packaged("generic", python.implementation, python.version), *map(_distribution, imported)]


def _distribution(one: Distribution) -> Entity:
    return _packaged("pypi" if one.origin.kind in PACKAGED else "generic", one.name, one.version)


def _packaged(kind: str, name: str, version: str) -> Entity:
    """A package by its package URL, which names it and leads nowhere.

    An address on the public index could lead to somebody else's package of that name, where the index was another one.
    """
    address = f"pkg:{kind}/{quote(name, safe='')}@{quote(version, safe='')}"
    return {"@id": address, "@type": "SoftwareApplication", "name": name, "url": address, "version": version}
