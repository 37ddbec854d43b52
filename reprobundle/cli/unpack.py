"""``reprobundle unpack``."""

from __future__ import annotations

import json
from pathlib import Path

import click

from reprobundle.cli import screen


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@screen.verbosity
def unpack(file: Path, folder: Path, *, as_json: bool, quiet: bool) -> int:
    """Read an archive that pack wrote, and verify what is in it.

    DIR must not exist, and appears only when every byte was as it must be. An archive of another form, be it one that
    another program made from the same files, is refused. To look into FILE it need not be unpacked: show, verify, compare
    and replay read it as it is.
    """
    from reprobundle.exports.archives import unpack as unpack_archive
    from reprobundle.phrases import counted, sized
    from reprobundle.rendering import escape

    bundle = unpack_archive(file, folder)
    files = bundle.manifest.files
    size = sum(entry.size for entry in files)
    if as_json:
        facts = {"bundle_id": bundle.id, "bundle_name": bundle.manifest.name, "files": len(files), "bytes": size}
        facts["signature"] = "not checked" if bundle.signatures() else "none"
        screen.document(json.dumps(facts, indent=2, ensure_ascii=False).encode() + b"\n")
    elif not quiet:
        screen.text(f"unpacked {escape(bundle.manifest.name)}  {bundle.id}: {counted(len(files), 'file')}, "
                    f"{sized(size)}")  # fmt: skip
        screen.text(f"{'signature NOT CHECKED' if bundle.signatures() else 'UNSIGNED'}: reprobundle verify DIR")
    return 0
