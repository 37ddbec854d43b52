"""RO-Crate: a bundle described in JSON-LD, with the runs that made and replayed it (Process Run Crate 0.5).

Every bundle is a crate itself: its ``ro-crate-metadata.json`` is a view, made from the manifest and the card alone. An export
is a crate around a copy of a bundle, and joins replays to it. Both are plain JSON that this room writes: a capture needs no
library for it, and what a file says does not change with the version of one. Nothing here reads a crate.
"""

from reprobundle.exports.rocrate.document import METADATA, Version, view
from reprobundle.exports.rocrate.exporting import export

__all__ = ["METADATA", "Version", "export", "view"]
