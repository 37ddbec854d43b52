"""The views that stand in every bundle: written at the seal, named in the manifest as views, made again at any time."""

from __future__ import annotations

from collections.abc import Mapping

from reprobundle.components.documentation.card import Card, read_card
from reprobundle.exports.card import card
from reprobundle.exports.citation import citation
from reprobundle.manifest import Manifest
from reprobundle.store import Writer, inside

README = "README.md"
CITATION = "CITATION.cff"
PATHS = frozenset({README, CITATION})


def render(manifest: Manifest, written: Card) -> Mapping[str, str]:
    """Every view's text by its path in the bundle."""
    cited = citation(written)
    views = {README: card(manifest, written)}
    return views if cited is None else {**views, CITATION: cited}


def write(manifest: Manifest, writer: Writer) -> tuple[str, ...]:
    """Write the views of a bundle that is being made; gives their paths, sorted."""
    written = read_card(inside(writer.root, manifest.documentation.path).read_bytes())
    views = render(manifest, written)
    for path, text in views.items():
        writer.write(path, text.encode("utf-8"))
    return tuple(sorted(views))
