"""Bundles made wrong on purpose: edited files, with digests recomputed as an attacker would."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from reprobundle import manifest as manifests
from reprobundle.store import digest_file, list_files

Edit = Callable[[Path, dict[str, Any]], None]


def forged(bundle: Path, target: Path, edit: Edit) -> Path:
    """A copy of a bundle, edited, whose table of files fits again.

    Args:
        bundle: The honest bundle.
        target: Where the copy goes.
        edit: Changes files below the folder, and the manifest as plain JSON, in place.
    """
    shutil.copytree(bundle, target)
    manifest = json.loads((target / "manifest.json").read_bytes())
    edit(target, manifest)
    manifest["files"] = [_entry(target, found.path) for found in list_files(target) if found.path != "manifest.json"]
    write_manifest(target, manifest)
    return target


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write a manifest as the program would, its own digest included."""
    manifest["manifest_xxh3_128"] = manifests.UNSEALED
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    (folder / "manifest.json").write_bytes(manifests.with_digest(text.encode("utf-8") + b"\n"))


def refit(folder: Path) -> None:
    """Make a manifest list what stands in its folder, signatures aside: our own digests then see nothing."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    paths = [found.path for found in list_files(folder)]
    listed = [path for path in paths if path != "manifest.json" and not path.startswith("signatures/")]
    digests = [(path, *digest_file(folder / path)) for path in listed]
    manifest["files"] = [{"path": path, "size": size, "xxh3_128": digest} for path, size, digest in digests]
    write_manifest(folder, manifest)


def _entry(folder: Path, path: str) -> dict[str, Any]:
    size, digest = digest_file(folder / path)
    return {"path": path, "size": size, "xxh3_128": digest}
