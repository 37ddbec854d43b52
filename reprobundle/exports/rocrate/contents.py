"""The files of a crate and their folders."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from urllib.parse import quote

from reprobundle import manifest as manifests
from reprobundle.exports.rocrate.entities import Entity, present, references
from reprobundle.manifest import Manifest
from reprobundle.rendering.escaping import escape
from reprobundle.store import FileEntry

CODE = "code/"
OTHER = "files that belong to the model"
FOLDERS = {
    CODE: "the source that ran, as plain files",
    "data/": "what the splits hold: listings with digests, statistics and overlaps",
    "documentation/": "what people wrote about the model",
    "environment/": "what was installed where the model was trained, and how to install it again",
    "preprocessing/": "how raw samples become inputs",
    "replay/": "inputs and expected outputs, and how to replay the model by hand",
    "signatures/": "signatures over all files; whether one is good is another question",
}
FILES = {
    "README.md": "the model card",
    "CITATION.cff": "how to cite the model",
    "documentation/card.yaml": "the checklist of responsible release, as people answered it",
    "environment/requirements.txt": "the lock: every package with its version",
    "replay/REPLAY.md": "how to replay the model with Python and pip alone",
    "replay/report.json": "what came of a replay",
    manifests.NAME: "names every other file of the bundle with its size and XXH3-128 digest; its own digest is the bundle's id",
}
ANY = "application/octet-stream"
TYPES: Mapping[str, str] = {  # a table of ours, because a system's own differs from one machine to the next
    ".cff": "application/yaml",
    ".css": "text/css",
    ".csv": "text/csv",
    ".gz": "application/gzip",
    ".htm": "text/html",
    ".html": "text/html",
    ".ipynb": "application/x-ipynb+json",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript",
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".md": "text/markdown",
    ".parquet": "application/vnd.apache.parquet",
    ".patch": "text/x-diff",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".py": "text/x-python",
    ".rst": "text/x-rst",
    ".sh": "application/x-sh",
    ".svg": "image/svg+xml",
    ".toml": "application/toml",
    ".tsv": "text/tab-separated-values",
    ".txt": "text/plain",
    ".whl": "application/zip",
    ".xml": "application/xml",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".zip": "application/zip",
}


@dataclass(frozen=True)
class Contents:
    """Files and folders as entities.

    Attributes:
        top: What lies in the described folder itself, in order; entities that point at what they hold.
        below: The files in those folders.
    """

    top: tuple[Entity, ...]
    below: tuple[Entity, ...]


def identity(path: str) -> str:
    """A path as JSON-LD refers to it."""
    return quote(path)


def contents(manifest: Manifest, files: Iterable[FileEntry], prefix: str = "") -> Contents:
    """A bundle's files, with one level of folders.

    Args:
        manifest: What was captured.
        files: The files by their paths in the bundle, the manifest among them.
        prefix: Where the bundle lies in the crate; empty, or with a slash at its end.
    """
    top: list[Entity] = []
    below: dict[str, list[Entity]] = {}
    for file in sorted(files, key=lambda one: one.path):
        first, slash, _ = file.path.partition("/")
        (below.setdefault(first + slash, []) if slash else top).append(described(file, manifest, prefix))
    folders = [_folder(name, inside, prefix) for name, inside in sorted(below.items())]
    return Contents((*top, *folders), tuple(one for _, inside in sorted(below.items()) for one in inside))


def described(file: FileEntry, manifest: Manifest, prefix: str = "") -> Entity:
    """One file. The manifest of a bundle that is being sealed has no size yet, since it names this very description."""
    weights = "weights of the model" if file.path in manifest.model.files else None
    size = None if file.path == manifests.NAME and not file.size else str(file.size)
    entity = {
        "@id": identity(prefix + file.path),
        "@type": "File",
        "name": escape(file.path),
        "description": FILES.get(file.path, weights),
        "contentSize": size,
        "encodingFormat": TYPES.get(PurePosixPath(file.path).suffix.lower(), ANY),
    }
    return present(entity)


def _folder(name: str, inside: list[Entity], prefix: str) -> Entity:
    return {
        "@id": identity(prefix + name),
        "@type": "Dataset",
        "name": escape(name),
        "description": FOLDERS.get(name, OTHER),
        "hasPart": references(inside),
    }
