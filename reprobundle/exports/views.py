"""The views that stand in every bundle: written at the seal, named in the manifest as views, made again at any time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from reprobundle.components.data.documents import read_statistics
from reprobundle.components.documentation.card import read_card
from reprobundle.exports import by_hand, environment_section, rocrate
from reprobundle.exports.card import card
from reprobundle.exports.citation import citation
from reprobundle.manifest import Manifest
from reprobundle.store import Writer, inside

README = "README.md"
CITATION = "CITATION.cff"
PATHS = frozenset({README, CITATION, rocrate.METADATA})


def render(manifest: Manifest, root: Path) -> Mapping[str, str]:
    """Every view's text by its path in the bundle.

    Args:
        manifest: What was captured.
        root: The folder of a bundle that is being made, or of a verified one: what people wrote and the statistics of the
            splits are read there, and the lines of the source that import.
    """
    written = read_card(inside(root, manifest.documentation.path).read_bytes())
    found = {split.name: read_statistics(split, root) for split in manifest.data.splits}
    statistics = {name: one for name, one in found.items() if one is not None}
    cited = citation(written, manifest.code.repository)
    views = {README: card(manifest, written, statistics, environment_section.imports_of(manifest, root))}
    return views if cited is None else {**views, CITATION: cited}


def write(manifest: Manifest, writer: Writer) -> tuple[str, ...]:
    """Write the views of a bundle that is being made, and what it is replayed by hand with; gives their paths, sorted."""
    texts = {path: text.encode("utf-8") for path, text in render(manifest, writer.root).items()}
    views = {**texts, **by_hand.files(manifest)}
    for path, content in views.items():
        writer.write(path, content)
    written = read_card(inside(writer.root, manifest.documentation.path).read_bytes())
    writer.write(rocrate.METADATA, rocrate.view(manifest, written, writer.entries))  # last: it names all other files
    return tuple(sorted((*views, rocrate.METADATA)))


def is_own(path: str) -> bool:
    """Whether a view at this path is one that `write` makes again, of whatever version of this program."""
    return path in PATHS or by_hand.is_view(path)
