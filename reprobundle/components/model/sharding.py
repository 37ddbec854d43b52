"""Which tensor goes into which file: names and table as transformers and huggingface_hub write and read them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from reprobundle.errors import UsageError

WEIGHTS = "model.safetensors"
INDEX = "model.safetensors.index.json"
MAX_SHARDS = 1000
MIXIN = "PyTorchModelHubMixin"


def split(sizes: Mapping[str, int], limit: int) -> tuple[tuple[str, ...], ...]:
    """Group tensors into files of at most `limit` bytes, in the order they come; a larger tensor gets its own file.

    Args:
        sizes: Bytes of each tensor by name.
        limit: Bytes a file; where that would make more than 1,000 files, it is doubled until it does not.

    Returns:
        The names in each file; one file where all fit.

    Raises:
        UsageError: The limit is not positive.
    """
    if limit <= 0:
        raise UsageError(f"max_shard_bytes: expected a positive number of bytes, found {limit!r}")
    groups = _split(sizes, limit)
    while len(groups) > MAX_SHARDS:
        limit *= 2
        groups = _split(sizes, limit)
    return groups


def _split(sizes: Mapping[str, int], limit: int) -> tuple[tuple[str, ...], ...]:
    """The very grouping of huggingface_hub, so that both make the same files."""
    groups: list[tuple[str, ...]] = []
    current: list[str] = []
    filled = 0
    for name, size in sizes.items():
        if size > limit:
            groups.append((name,))
            continue
        if filled + size > limit:
            groups.append(tuple(current))
            current, filled = [], 0
        current.append(name)
        filled += size
    if current or not groups:
        groups.append(tuple(current))
    return tuple(groups)


def is_mixin(model: Any) -> bool:
    """Whether a model's class reads its weights as huggingface_hub's mixin does: from one file."""
    return any(
        base.__name__ == MIXIN and base.__module__.startswith("huggingface_hub.") for base in type(model).__mro__
    )


def file_names(count: int) -> tuple[str, ...]:
    """The files' names: ``model.safetensors`` alone, else ``model-00001-of-00003.safetensors`` and so on."""
    if count == 1:
        return (WEIGHTS,)
    return tuple(f"model-{number:05d}-of-{count:05d}.safetensors" for number in range(1, count + 1))


def index(files: Mapping[str, Sequence[str]], total: int) -> bytes:
    """The table ``model.safetensors.index.json``: which file holds which tensor.

    Args:
        files: The names in each file.
        total: Bytes of all tensors.
    """
    places = {name: file for file, names in files.items() for name in names}
    content = {"metadata": {"total_size": total}, "weight_map": places}
    return (json.dumps(content, indent=2, sort_keys=True) + "\n").encode("ascii")
