"""Bytes under a folder, by safe relative path: the grammar of paths, digests, and writing that cannot end half done.

Knows nothing of what the bytes mean. Every path inside a bundle passes `safe_path`, every file that is written comes
back as a `FileEntry`, and a folder appears under its final name whole or not at all (`staging`).
"""

from reprobundle.store.digests import FileEntry, digest_bytes, digest_file, digest_pieces, entry_of
from reprobundle.store.listing import Listed, list_files
from reprobundle.store.paths import inside, refuse_colliding, safe_path
from reprobundle.store.sealing import staging
from reprobundle.store.writing import Writer

__all__ = [
    "FileEntry",
    "Listed",
    "Writer",
    "digest_bytes",
    "digest_file",
    "digest_pieces",
    "entry_of",
    "inside",
    "list_files",
    "refuse_colliding",
    "safe_path",
    "staging",
]
