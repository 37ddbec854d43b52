"""Writing a model's weights: one pass that writes and digests, or the given files as they are where they hold the same."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from reprobundle import tensors
from reprobundle.components.interface import Source, Stage
from reprobundle.components.model import given_files, sharding
from reprobundle.components.model.given_files import GivenFile
from reprobundle.components.model.section import NAME, TensorEntry
from reprobundle.components.model.state import State
from reprobundle.errors import UnavailableError
from reprobundle.phrases import sized
from reprobundle.tensors import TensorBytes

Groups: TypeAlias = Mapping[str, Mapping[str, TensorBytes]]  # the tensors in each file
BUFFERS = "replay/buffers.safetensors"


@dataclass(frozen=True, kw_only=True)
class Written:
    """What was written.

    Attributes:
        files: The weights' files.
        tensors: Every tensor of the state with its digest.
        index: The shards' table.
        buffers: The buffers that are no part of the state.
        buffers_file: Their file.
        linked: Whether the files are the given ones, byte for byte.
    """

    files: tuple[str, ...]
    tensors: tuple[TensorEntry, ...]
    index: str | None = None
    buffers: tuple[TensorEntry, ...] = ()
    buffers_file: str | None = None
    linked: bool = False


def write(state: State, source: Source, stage: Stage) -> Written:
    """Write the weights and digest every tensor.

    Raises:
        UsageError: The size of a shard is not positive.
        UnavailableError: They do not fit on the disk: said before the first byte where the system tells.
        RefusedInputError: A given file breaks its form, or changed meanwhile.
    """
    content = {name: tensors.of_torch(value) for name, value in state.tensors.items() if name not in state.aliases}
    buffers = {name: tensors.of_torch(value) for name, value in state.buffers.items()}
    groups = _groups(content, source, stage)
    given = given_files.fitting(content, state.aliases, source, stage)
    _refuse_full_disk(stage, sum(map(tensors.file_size, groups.values())), buffers, given)
    told = _telling(source.progress, sum(tensor.size for tensor in content.values()))
    digests = given_files.take(given, content, state.aliases, stage, told) if given else None
    linked = digests is not None
    if digests is None:
        digests = _write_anew(groups, state.aliases, stage, told)
    files = (
        {file.name: file.names for file in given} if linked else {file: tuple(group) for file, group in groups.items()}
    )
    index = _write_index(files, content, stage) if len(files) > 1 else None
    whole = {name: tensors.of_torch(value) for name, value in state.tensors.items()}
    entries = _entries(whole, digests, state.strides)
    beside = _write_anew({BUFFERS: buffers}, {}, stage, _silent) if buffers else {}
    return Written(
        files=tuple(files),
        tensors=entries,
        index=index,
        buffers=_entries(buffers, beside, {}),
        buffers_file=BUFFERS if buffers else None,
        linked=linked,
    )


def _groups(content: Mapping[str, TensorBytes], source: Source, stage: Stage) -> Groups:
    """What goes into which file."""
    sizes = {name: tensor.size for name, tensor in content.items()}
    groups = sharding.split(sizes, source.max_shard_bytes)
    if len(groups) > 1 and sharding.is_mixin(source.model):
        message = f"the weights of {sized(sum(sizes.values()))} are one file: the model's class reads no shards"
        stage.note(NAME, message)
        groups = (tuple(sizes),)
    files = sharding.file_names(len(groups))
    return {file: {name: content[name] for name in names} for file, names in zip(files, groups, strict=True)}


def _refuse_full_disk(stage: Stage, anew: int, buffers: Mapping[str, TensorBytes], given: Iterable[GivenFile]) -> None:
    """Compare what will be written with what is free, before the first byte of it is.

    Raises:
        UnavailableError: It does not fit.
    """
    files = tuple(given)
    copied = sum(file.source.stat().st_size for file in files if not file.is_linked)
    needed = (copied if files else anew) + (tensors.file_size(buffers) if buffers else 0)
    free = shutil.disk_usage(stage.root).free
    if needed > free:
        message = f"the weights need {sized(needed)} on the disk, {sized(free)} are free where the bundle is made"
        raise UnavailableError(message, hint="free some, or name a folder on another disk")


def _telling(progress: Callable[[int, int], None] | None, total: int) -> Callable[[int], None]:
    """Sums up the pieces for whoever watches."""
    if progress is None:
        return _silent
    watched, reached = progress, [0]

    def told(count: int) -> None:
        reached[0] += count
        watched(min(reached[0], total), total)

    return told


def _silent(_count: int) -> None:
    """Nobody is watching."""


def _write_anew(
    groups: Groups, aliases: Mapping[str, str], stage: Stage, told: Callable[[int], None]
) -> Mapping[str, str]:
    """Write files of tensors; gives the digest of each tensor, under each of its names."""
    digests: dict[str, str] = {}
    for file, content in groups.items():
        here = {alias: kept for alias, kept in aliases.items() if kept in content}
        digests |= tensors.write(stage.writer, file, content, aliases=here, told=told).digests
    return digests


def _write_index(files: Mapping[str, Sequence[str]], content: Mapping[str, TensorBytes], stage: Stage) -> str:
    total = sum(tensor.size for tensor in content.values())
    return stage.writer.write(sharding.INDEX, sharding.index(files, total)).path


def _entries(
    found: Mapping[str, TensorBytes], digests: Mapping[str, str], strides: Mapping[str, tuple[int, ...]]
) -> tuple[TensorEntry, ...]:
    return tuple(
        TensorEntry(
            name=name, dtype=tensor.dtype, shape=tensor.shape, xxh3_128=digests[name], strides=strides.get(name)
        )
        for name, tensor in found.items()
    )
