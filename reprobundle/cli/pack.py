"""``reprobundle pack``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from reprobundle.cli import screen


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.argument("file", type=click.Path(path_type=Path))
@screen.verbosity
def pack(bundle: Path, file: Path, *, as_json: bool, quiet: bool) -> int:
    """Write a bundle into one file, the same bytes every time.

    The bundle is verified first. FILE ends in .zip or .tar, which says the form; any program can open it. It is not
    compressed and must not exist; signatures go along.
    """
    from reprobundle import progress
    from reprobundle.bundle import verify
    from reprobundle.exports.archives import pack as pack_bundle
    from reprobundle.phrases import counted, sized
    from reprobundle.rendering import escape

    verified = verify(bundle)
    with progress.bar("packing", quiet=quiet) as told:
        written = pack_bundle(verified, file, told=told)
    if as_json:
        facts = {
            "bundle_id": verified.id,
            "bundle_name": verified.manifest.name,
            "archive_kind": written.kind,
            "archive_xxh3_128": written.digest,
            "bytes": written.size,
            "members": written.members,
        }
        screen.document(json.dumps(facts, indent=2, ensure_ascii=False).encode() + b"\n")
    elif not quiet:
        name = escape(file, limit=screen.LONGEST_MESSAGE)
        screen.text(f"packed {name}: {counted(written.members, 'file')}, {sized(written.size)}")
        screen.text(f"XXH3-128 {written.digest}")
    return 0
