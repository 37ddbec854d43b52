"""Which kind of model a file holds: by its first bytes, because endings lie."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Literal

from reprobundle.components.interface import Failure, attempt
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.store.writing import disk_errors

FileKind = Literal["safetensors", "checkpoint", "torchscript", "onnx"]
WORDS = {
    "safetensors": "a safetensors file",
    "checkpoint": "a checkpoint of torch.save",
    "torchscript": "a TorchScript file",
    "onnx": "an ONNX file",
}
ZIP = b"PK\x03\x04"
PICKLE = b"\x80"
SKOPS_HINT = "load it where you trust it, skops.io.load(…), and hand the estimator to capture"
EXPECTED = "a safetensors file, a checkpoint (.pt, .pth, .ckpt, .bin), a TorchScript file or an .onnx file"
MAX_CODE_BYTES = 2**26


def kind_of(place: Path) -> FileKind:
    """The kind of a model's file; an archive is looked through, so that none of it unpacks to more than it holds.

    Raises:
        UsageError: It is of no known kind.
        RefusedInputError: It is named as another kind than it is, or it is a broken archive.
    """
    with disk_errors(place.name), place.open("rb") as file:
        start = file.read(9)
    named = place.suffix.lower()
    if named == ".onnx":
        return "onnx"
    kind = _archived(place) if start.startswith(ZIP) else _plain(start)
    if kind is None:
        raise UsageError(f"model {place.name!r}: is of no kind that is known: expected {EXPECTED}")
    if named == ".safetensors" and kind != "safetensors":
        hint = "nothing called .safetensors is read as a pickle: rename it to what it is, .pt"
        raise RefusedInputError(f"model {place.name!r}: is named a safetensors file, found {WORDS[kind]}", hint=hint)
    return kind


def _plain(start: bytes) -> FileKind | None:
    if start[8:] == b"{":
        return "safetensors"
    return "checkpoint" if start.startswith(PICKLE) else None


def _archived(place: Path) -> FileKind:
    listed = attempt(lambda: _listing(place))
    if isinstance(listed, Failure):
        raise RefusedInputError(f"model {place.name!r}: is a broken zip archive, or truncated: {listed.why}")
    inner = {info.filename.partition("/")[2] for info in listed}
    if "schema.json" in {info.filename for info in listed}:
        raise UsageError(f"model {place.name!r}: is a skops file, which is not opened by capture", hint=SKOPS_HINT)
    _refuse_bomb(place, listed)
    if "data.pkl" not in inner:
        raise UsageError(f"model {place.name!r}: is a zip archive of no kind that is known: expected {EXPECTED}")
    return "torchscript" if "constants.pkl" in inner else "checkpoint"


def _listing(place: Path) -> list[zipfile.ZipInfo]:
    with zipfile.ZipFile(place) as archive:
        return archive.infolist()


def _refuse_bomb(place: Path, listed: list[zipfile.ZipInfo]) -> None:
    """Torch stores tensors and pickles as they are; only the source in a TorchScript file is compressed."""
    whole = sum(info.file_size for info in listed if info.compress_type == zipfile.ZIP_STORED)
    code = sum(info.file_size for info in listed if info.compress_type != zipfile.ZIP_STORED)
    squeezed = [
        info.filename
        for info in listed
        if info.compress_type != zipfile.ZIP_STORED and not info.filename.partition("/")[2].startswith("code/")
    ]
    if squeezed:
        message = f"model {place.name!r}: its member {squeezed[0][:200]!r} is compressed, which torch.save never does"
        raise RefusedInputError(message)
    if whole > place.stat().st_size or code > MAX_CODE_BYTES:
        found = f"{whole + code} bytes in a file of {place.stat().st_size}"
        raise RefusedInputError(f"model {place.name!r}: its members unpack to more than it holds: {found}")
