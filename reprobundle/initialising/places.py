"""Files of a project by what they are for: weights, splits, inputs, settings."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reprobundle.initialising.project import files_of
from reprobundle.initialising.yaml_text import is_writable

MOST_FILES = 20_000
WEIGHTS = (".safetensors", ".pt", ".pth", ".ckpt", ".bin")
BEST = re.compile(r"best|final|model|weights", re.IGNORECASE)
SPLITS = {  # the split's name, and how its files and folders are called
    "train": re.compile(r"^(x_|y_)?(train|training)([._-].*)?$", re.IGNORECASE),
    "valid": re.compile(r"^(val|valid|validation|dev)([._-].*)?$", re.IGNORECASE),
    "test": re.compile(r"^(test|testing|eval|holdout)([._-].*)?$", re.IGNORECASE),
}
NO_DATA = re.compile(
    r"(^|[^a-z])(results?|metrics|scores?|predictions?|preds|loss(es)?|history|logs?|report|state|args|config|requirements)$",
    re.IGNORECASE,
)
"""How files are called that a training or an evaluation leaves beside its data, such as ``eval_results.json``."""

DATA = (
    ".csv",
    ".tsv",
    ".parquet",
    ".arrow",
    ".jsonl",
    ".json",
    ".npy",
    ".npz",
    ".txt",
    ".zip",
    ".tar",
    ".gz",
    ".h5",
    ".safetensors",
)
INPUTS = re.compile(r"^(sample|samples|input|inputs|example_inputs)\.(npy|npz|safetensors)$", re.IGNORECASE)
SETTINGS = re.compile(
    r"^(config|params|parameters|hparams|hyperparameters|settings|conf)\.(ya?ml|json)$", re.IGNORECASE
)
REQUIREMENTS = frozenset(
    {"requirements.txt", "pyproject.toml", "environment.yml", "setup.py", "setup.cfg", "pylock.toml"}
)


@dataclass(frozen=True)
class Places:
    """What lies in a project, relative to it, the likelier one first.

    Attributes:
        weights: Files of weights.
        folders: Folders as ``from_pretrained`` reads them.
        whole: Files of weights and computation in one.
        splits: Data splits by name.
        inputs: Sample inputs.
        settings: Files of hyperparameters.
        requirements: What says which packages are needed.
        licences: Files of a licence's text.
        citations: ``CITATION.cff`` files.
    """

    weights: tuple[str, ...]
    folders: tuple[str, ...]
    whole: tuple[str, ...]
    splits: dict[str, str]
    inputs: tuple[str, ...]
    settings: tuple[str, ...]
    requirements: tuple[str, ...]
    licences: tuple[str, ...]
    citations: tuple[str, ...]


def places_in(folder: Path) -> Places:
    """What lies in a project, by the names of its files."""
    listed = [place.relative_to(folder) for _, place in zip(range(MOST_FILES), files_of(folder), strict=False)]
    found = [place for place in listed if is_writable(place.as_posix())]  # a name that is no UTF-8 can stand in no file
    folders = sorted({place.parent for place in found if place.name == "config.json"} & _with_weights(found))
    loose = [
        place for place in found if place.suffix in WEIGHTS and place.parent not in folders and not _split_of(place)
    ]
    return Places(
        weights=_texts(
            sorted(loose, key=lambda place: (not BEST.search(place.name), WEIGHTS.index(place.suffix), place))
        ),
        folders=_texts(folders),
        whole=_texts([place for place in found if place.suffix == ".onnx"]),
        splits=_splits(found),
        inputs=_texts([place for place in found if INPUTS.match(place.name)]),
        settings=_texts([place for place in found if SETTINGS.match(place.name) and place.parent not in folders]),
        requirements=_texts([place for place in found if place.name in REQUIREMENTS and len(place.parts) == 1]),
        licences=_texts([place for place in found if place.stem.upper() in {"LICENSE", "LICENCE", "COPYING"}]),
        citations=_texts([place for place in found if place.name == "CITATION.cff"]),
    )


def _with_weights(found: Sequence[Path]) -> set[Path]:
    return {
        place.parent for place in found if place.name.startswith(("model", "pytorch_model")) and place.suffix in WEIGHTS
    }


def _texts(places: Sequence[Path]) -> tuple[str, ...]:
    return tuple(place.as_posix() for place in places)


def _split_of(place: Path) -> str | None:
    """The split that a file's own name tells."""
    return next((name for name, pattern in SPLITS.items() if pattern.match(place.stem)), None)


def _splits(found: Sequence[Path]) -> dict[str, str]:
    """By name, the file that is called so, else the folder."""
    made: dict[str, str] = {}
    for name, pattern in SPLITS.items():
        files = [
            place
            for place in found
            if place.suffix in DATA and _split_of(place) == name and not NO_DATA.search(place.stem)
        ]
        folders = [
            Path(*place.parts[: depth + 1])
            for place in found
            for depth, part in enumerate(place.parts[:-1])
            if pattern.match(part) and place.suffix != ".py"
        ]
        chosen = sorted(files or folders, key=lambda place: (len(place.parts), place))
        if chosen:
            made[name] = chosen[0].as_posix()
    return made
