"""The views that stand in every bundle: written at the seal, named in the manifest as views, made again at any time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reprobundle.components.data.documents import read_statistics
from reprobundle.components.documentation.card import read_card
from reprobundle.exports.card import card
from reprobundle.exports.citation import citation
from reprobundle.manifest import Manifest
from reprobundle.store import Writer, inside

README = "README.md"
CITATION = "CITATION.cff"
PATHS = frozenset({README, CITATION})


def render(manifest: Manifest, root: Path) -> Mapping[str, str]:
    """Every view's text by its path in the bundle.

    Args:
        manifest: What was captured.
        root: The folder of a bundle that is being made, or of a verified one: what people wrote and the statistics of the
            splits are read there.
    """
    written = read_card(inside(root, manifest.documentation.path).read_bytes())
    found = {split.name: read_statistics(split, root) for split in manifest.data.splits}
    statistics = {name: one for name, one in found.items() if one is not None}
    cited = citation(written)
    views = {README: card(manifest, written, statistics)}
    return views if cited is None else {**views, CITATION: cited}


def write(manifest: Manifest, writer: Writer) -> tuple[str, ...]:
    """Write the views of a bundle that is being made; gives their paths, sorted."""
    views = render(manifest, writer.root)
    for path, text in views.items():
        writer.write(path, text.encode("utf-8"))
    return tuple(sorted(views))
