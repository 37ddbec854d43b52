"""A bundle as one file and back: a zip or a tar of one form, so that equal bundles make equal archives, byte for byte.

The manifest comes first, then the files it lists in its own order, then signatures. Whatever breaks that form is refused.
`form` says what a form of archive is, `zip_form` and `tar_form` are the two, both directions of each on one screen.
"""

from reprobundle.exports.archives.packing import Archived, pack
from reprobundle.exports.archives.unpacking import (
    PackedBundle,
    Unpacking,
    VerifiedArchive,
    is_archive,
    opened,
    unfolded,
    unpack,
    verify,
)

__all__ = [
    "Archived",
    "PackedBundle",
    "Unpacking",
    "VerifiedArchive",
    "is_archive",
    "opened",
    "pack",
    "unfolded",
    "unpack",
    "verify",
]
