"""What exports to a folder share: the bundle's files copied once more, and the day of the export."""

from __future__ import annotations

import datetime
import os

from reprobundle import manifest as manifests
from reprobundle.bundle import VerifiedBundle
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.store import FileEntry, Writer, inside


def copy_bundle(bundle: VerifiedBundle, writer: Writer, prefix: str = "") -> tuple[FileEntry, ...]:
    """Copy every file of a bundle, its manifest and signatures too, as they were verified.

    Args:
        bundle: The bundle.
        writer: Writes under the export's folder.
        prefix: The folder of the copy in the export, with a slash at its end; empty for the export's own folder.

    Returns:
        The files with their paths in the export.

    Raises:
        RefusedInputError: A file changed since the bundle was verified.
    """
    copied = [writer.write(prefix + manifests.NAME, bundle.bundle.content)]
    for listed in bundle.manifest.files:
        entry = writer.copy(prefix + listed.path, inside(bundle.path, listed.path))
        if (entry.size, entry.xxh3_128) != (listed.size, listed.xxh3_128):
            raise RefusedInputError(f"{listed.path}: changed since the bundle was verified")
        copied.append(entry)
    copied += [writer.copy(prefix + path, inside(bundle.path, path)) for path in bundle.bundle.signatures()]
    return tuple(copied)


def export_time() -> datetime.datetime:
    """Now, or what SOURCE_DATE_EPOCH says, in UTC without a fraction of a second.

    Raises:
        UsageError: SOURCE_DATE_EPOCH is no number of seconds.
    """
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given is None:
        return datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
    try:
        return datetime.datetime.fromtimestamp(int(given), datetime.timezone.utc)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(f"SOURCE_DATE_EPOCH: expected seconds since 1970, found {given!r}") from error
