"""The files of a model's folder: which hold weights, which go along, and which stay behind."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reprobundle import tensors
from reprobundle.components.model.opening import containers, links, pickles
from reprobundle.components.model.opening.weights import state_of
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.phrases import some
from reprobundle.records import strict_json
from reprobundle.store.writing import disk_errors

CONFIGURATION = "config.json"
SINGLE = "model.safetensors"
INDEX = "model.safetensors.index.json"
PICKLED = "pytorch_model.bin"
PICKLED_INDEX = "pytorch_model.bin.index.json"
ORIGINAL = "documentation/original"
NAMES_SHOWN = 5
AT_ROOT = frozenset(  # what tokenizers, processors and generation read
    """
    added_tokens.json audio_tokenizer_config.json bpe.codes chat_template.jinja chat_template.json emoji.json encoder.json
    feature_extractor_config.json generation_config.json image_processor_config.json merges.txt normalizer.json
    preprocessor_config.json processor_config.json sentencepiece.bpe.model source.spm special_tokens_map.json spiece.model
    target.spm tokenizer.json tokenizer.model tokenizer_config.json video_preprocessor_config.json vocab.bpe vocab.json
    vocab.txt
    """.split()  # noqa: SIM905  thirty quotes would hide the names
)
PROSE = ("README", "LICENSE", "LICENCE", "NOTICE", "CITATION", "USE_POLICY", "MODEL_CARD", "AUTHORS")
MAX_DOCUMENT_BYTES = 2**26
MAX_JSON_BYTES = 2**26  # the table of the largest models has some ten million bytes


@dataclass(frozen=True)
class Weights:
    """The weights in a folder.

    Attributes:
        state: Tensors by name, which stay in their files until they are used.
        files: The safetensors files that hold them; none where they come from a pickle.
        read: Names of all files that were read for them, tables of shards included.
    """

    state: Mapping[str, Any]
    files: tuple[Path, ...]
    read: frozenset[str]


def configuration_of(place: Path) -> dict[str, Any]:
    """What ``config.json`` holds; nothing where there is none.

    Raises:
        RefusedInputError: It is no strict JSON object: a key stands twice, NaN; it is too large, or a link elsewhere.
    """
    if not os.path.lexists(place / CONFIGURATION):
        return {}
    content = _document(place, CONFIGURATION)
    if not isinstance(content, dict):
        raise RefusedInputError(f"{place.name}/{CONFIGURATION}: expected an object, found {type(content).__name__}")
    return content


def weights_of(place: Path) -> Weights:
    """The weights of a folder: safetensors first, whole or in shards, then checkpoints read without running them.

    Raises:
        UsageError: There are none.
        RefusedInputError: A header, a table of shards or a checkpoint is broken, or a link to a file elsewhere.
    """
    if (place / SINGLE).is_file():
        file = links.needed(place, SINGLE)
        return Weights(state_of(file, SINGLE), (file,), frozenset({SINGLE}))
    if (place / INDEX).is_file():
        files = _shards(place, INDEX)
        places = {file: links.needed(place, file) for file in files}
        _refuse_other_names(place, files)
        state = {name: value for file in files for name, value in state_of(places[file], file).items()}
        return Weights(state, tuple(places.values()), frozenset({INDEX, *files}))
    pickled = _shards(place, PICKLED_INDEX) if (place / PICKLED_INDEX).is_file() else {PICKLED: frozenset[str]()}
    if all((place / file).is_file() for file in pickled):
        found = [containers.find(pickles.read(links.needed(place, file)), None, file) for file in pickled]
        state = {name: value for one in found for name, value in one.state.items()}
        return Weights(state, (), frozenset({PICKLED_INDEX, *pickled}))
    hint = f"give the path of a file of weights, or a folder with {SINGLE}"
    raise UsageError(f"model {place.name!r}: the folder holds no weights: expected {SINGLE} or {INDEX}", hint=hint)


@dataclass(frozen=True)
class Beside:
    """What lies in a folder beside its weights.

    Attributes:
        taken: What goes into the bundle, by its path there.
        left_out: Names of what does not.
        elsewhere: Names that would go along, but lead out of the folder or to a file of secrets.
    """

    taken: Mapping[str, Path]
    left_out: tuple[str, ...]
    elsewhere: tuple[str, ...]


def beside(place: Path, weights: Weights) -> Beside:
    """What lies in a folder beside its weights: documents that go along, and what does not."""
    taken: dict[str, Path] = {}
    left_out: list[str] = []
    elsewhere: list[str] = []
    for name in sorted(entry.name for entry in place.iterdir()):
        if name.startswith(".") or name in weights.read or name == CONFIGURATION:
            continue
        target = _target(name)
        file = links.kept(place, name)
        if target is None or not (place / name).is_file():
            left_out.append(name)
        elif file is None:
            elsewhere.append(name)
        elif file.stat().st_size > MAX_DOCUMENT_BYTES:
            left_out.append(name)
        else:
            taken[target] = file
    return Beside(taken, tuple(left_out), tuple(elsewhere))


def _target(name: str) -> str | None:
    """Where a file of that name goes in the bundle; None: it stays behind."""
    if name in AT_ROOT:
        return name
    return f"{ORIGINAL}/{name}" if name.isascii() and name.upper().startswith(PROSE) else None


def _document(place: Path, name: str) -> Any:
    file = links.needed(place, name)
    with disk_errors(name), file.open("rb") as opened:
        content = opened.read(MAX_JSON_BYTES + 1)
    if len(content) > MAX_JSON_BYTES:
        found = f"{file.stat().st_size:,}"
        raise RefusedInputError(f"{place.name}/{name}: expected at most {MAX_JSON_BYTES:,} bytes, found {found}")
    return strict_json(content, name=f"{place.name}/{name}")


def _shards(place: Path, index: str) -> dict[str, frozenset[str]]:
    """The files of a table of shards, sorted, each with the tensors that it is said to hold.

    Raises:
        RefusedInputError: It is no such table, or names a file that is elsewhere or not there.
    """
    content = _document(place, index)
    table = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(table, dict) or not table or not all(isinstance(file, str) for file in table.values()):
        raise RefusedInputError(f"{place.name}/{index}: expected a weight_map of tensors' names to files' names")
    named: dict[str, set[str]] = {}
    for tensor, file in table.items():
        named.setdefault(str(file), set()).add(tensor)
    for file in named:
        if not file or "/" in file or "\\" in file or file in {".", ".."} or "\0" in file:
            raise RefusedInputError(f"{place.name}/{index}: {file[:200]!r} is no name of a file in this folder")
        if not (place / file).is_file():
            raise RefusedInputError(f"{place.name}/{index}: the shard {file[:200]!r} is not there")
    return {file: frozenset(named[file]) for file in sorted(named)}


def _refuse_other_names(place: Path, files: Mapping[str, frozenset[str]]) -> None:
    """Make sure that every shard holds just what the table says."""
    for file, expected in files.items():
        found = {one.name for one in tensors.read_places((place / file).resolve())}
        other = sorted(found ^ expected)
        if other:
            names = some([repr(name[:200]) for name in other], NAMES_SHOWN)
            message = f"{place.name}/{INDEX}: does not fit {file!r}: only one of the two has {names}"
            raise RefusedInputError(message)
