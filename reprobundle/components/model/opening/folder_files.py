"""The files of a model's folder: which hold weights, which go along, and which stay behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reprobundle import tensors
from reprobundle.components.model.opening import containers, pickles
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
        RefusedInputError: It is no strict JSON object: a key stands twice, NaN.
    """
    file = place / CONFIGURATION
    if not file.is_file():
        return {}
    content = _document(file)
    if not isinstance(content, dict):
        raise RefusedInputError(f"{place.name}/{CONFIGURATION}: expected an object, found {type(content).__name__}")
    return content


def weights_of(place: Path) -> Weights:
    """The weights of a folder: safetensors first, whole or in shards, then checkpoints read without running them.

    Raises:
        UsageError: There are none.
        RefusedInputError: A header, a table of shards or a checkpoint is broken.
    """
    if (place / SINGLE).is_file():
        file = place / SINGLE
        return Weights(state_of(file), (file.resolve(),), frozenset({SINGLE}))
    if (place / INDEX).is_file():
        files = _shards(place, INDEX)
        _refuse_other_names(place, files)
        state = {name: value for file in files for name, value in state_of(place / file).items()}
        return Weights(state, tuple((place / file).resolve() for file in files), frozenset({INDEX, *files}))
    pickled = _shards(place, PICKLED_INDEX) if (place / PICKLED_INDEX).is_file() else {PICKLED: frozenset[str]()}
    if all((place / file).is_file() for file in pickled):
        found = [containers.find(pickles.read((place / file).resolve()), None, file) for file in pickled]
        state = {name: value for one in found for name, value in one.state.items()}
        return Weights(state, (), frozenset({PICKLED_INDEX, *pickled}))
    hint = f"give the path of a file of weights, or a folder with {SINGLE}"
    raise UsageError(f"model {place.name!r}: the folder holds no weights: expected {SINGLE} or {INDEX}", hint=hint)


def beside(place: Path, weights: Weights) -> tuple[dict[str, Path], tuple[str, ...]]:
    """What goes into the bundle with the weights, by its path there; and the names of what does not."""
    taken: dict[str, Path] = {}
    left_out: list[str] = []
    for entry in sorted(place.iterdir(), key=lambda entry: entry.name):
        name = entry.name
        if name.startswith(".") or name in weights.read or name == CONFIGURATION:
            continue
        small = entry.is_file() and entry.stat().st_size <= MAX_DOCUMENT_BYTES
        if small and name in AT_ROOT:
            taken[name] = entry.resolve()
        elif small and name.isascii() and name.upper().startswith(PROSE):
            taken[f"{ORIGINAL}/{name}"] = entry.resolve()
        else:
            left_out.append(name)
    return taken, tuple(left_out)


def _document(file: Path) -> Any:
    with disk_errors(file.name):
        content = file.read_bytes()
    return strict_json(content, name=f"{file.parent.name}/{file.name}")


def _shards(place: Path, index: str) -> dict[str, frozenset[str]]:
    """The files of a table of shards, sorted, each with the tensors that it is said to hold.

    Raises:
        RefusedInputError: It is no such table, or names a file that is elsewhere or not there.
    """
    content = _document(place / index)
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
