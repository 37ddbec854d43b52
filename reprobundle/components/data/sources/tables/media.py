"""Cells that are pictures, sounds and the like, as Hugging Face keeps them: bytes, or a path to them."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from typing import Any

from reprobundle.components.data.blocks import Column
from reprobundle.components.data.files.alone import FLAGS
from reprobundle.components.data.sources.tables import columns as making
from reprobundle.components.data.sources.tables.meaning import Meaning
from reprobundle.components.data.sources.tables.plain_arrays import missing_of

MEDIA = frozenset({"bytes", "path"})
EMBED = "embed the files in the data set"
PICTURES = ".apng .avif .bmp .dds .exr .gif .hdr .heic .heif .ico .j2k .jfif .jp2 .jpe .jpeg .jpg .pbm .pcx .pgm .png .pnm .ppm "
SOUNDS = ".aac .aif .aiff .amr .au .caf .flac .m4a .mp3 .oga .ogg .opus .sph .w64 .wav .wma "
FILMS = ".avi .m4v .mkv .mov .mp4 .mpeg .mpg .ogv .webm .wmv "
SCANS = ".dcm .nii .nii.gz .pdf .svs .tga .tif .tiff .webp"
SUFFIXES = tuple((PICTURES + SOUNDS + FILMS + SCANS).split())


def is_media(kind: Any, meaning: Meaning) -> bool:
    """Whether the cells are pictures, sounds and the like: bytes, or a path to them."""
    return (
        isinstance(meaning.feature, dict)
        and isinstance(meaning.feature.get("_type"), str)
        and {field.name for field in kind} == MEDIA
    )


def of_media(name: str, array: Any, meaning: Meaning) -> Column:
    """The bytes themselves, whatever the files were called; a cell without both is missing.

    Raises:
        UsageError: Only a path is known, and it is not this machine's, leads to no regular file, or to one that is called
            nothing like a picture or a sound: whoever made the data set wrote the path.
    """
    import numpy as np

    missing = missing_of(array)
    cells = array.to_pylist()
    contents = [b"" if cell is None else _content(name, meaning, cell) for cell in cells]
    absent = np.array([content is None for content in contents])
    missing = absent if missing is None else missing | absent
    return making.byte_strings(name, [content or b"" for content in contents], missing)


def _content(name: str, meaning: Meaning, cell: dict[str, Any]) -> bytes | None:
    content, path = cell["bytes"], cell["path"]
    if content is not None or path is None:
        return None if content is None else bytes(content)
    if not meaning.files or "://" in path:
        raise making.refused(name, "a path instead of the content", hint=EMBED)
    if not path.lower().endswith(SUFFIXES) and not _is_kept_by_the_library(path):
        raise making.refused(name, "a path that names no picture, sound, film or scan", hint=EMBED)
    return _read(name, path)


def _is_kept_by_the_library(path: str) -> bool:
    """Whether it is where the library keeps what it downloads, under names of its own."""
    config = getattr(sys.modules.get("datasets"), "config", None)
    kept = [getattr(config, field, None) for field in ("HF_DATASETS_CACHE", "DOWNLOADED_DATASETS_PATH")]
    kept.append(getattr(sys.modules.get("huggingface_hub.constants"), "HF_HUB_CACHE", None))
    place = Path(path).resolve()
    return any(place.is_relative_to(Path(folder).resolve()) for folder in kept if folder)


def _read(name: str, path: str) -> bytes:
    try:
        descriptor = os.open(path, FLAGS)  # a pipe is opened without waiting for its other end
        with os.fdopen(descriptor, "rb") as file:
            if stat.S_ISREG(os.fstat(descriptor).st_mode):
                return file.read()
    except OSError as error:
        raise making.refused(name, f"a path that cannot be read ({error.strerror})") from error
    raise making.refused(name, "a path that leads to no regular file")
