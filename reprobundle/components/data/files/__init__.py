"""Files of a split: sizes, digests, and names that are data (escaped, never joined to a path of the bundle).

`places` finds out what was given; `walking` lists a folder; `folders` digests many files, taking over from `cache` what is
as it was, where `trusting` believes the files' times and `owning` finds the cache to be this user's. `sharing` and `alone`
read small files, in several processes where there are many, `reading` larger ones, in parts and threads; `archives` reads
what is packed, and `rows` is what comes of it all.
"""

from __future__ import annotations

from reprobundle.components.data.files.places import read_place
from reprobundle.components.data.files.rows import PART_BYTES, FileRow, FilesFound, PartRow, Rows, escaped

__all__ = ["PART_BYTES", "FileRow", "FilesFound", "PartRow", "Rows", "escaped", "read_place"]
