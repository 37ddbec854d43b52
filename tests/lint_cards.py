"""A card in which everything is answered, and small sealed bundles around it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import yaml
from tiny import WEIGHTS, tiny_manifest, tiny_split, write_named

from reprobundle import bundle as bundles
from reprobundle.components import claims, data, preprocessing
from reprobundle.components.code.section import Repository
from reprobundle.components.data.section import Provenance
from reprobundle.store import Writer, staging

CARD = "documentation/card.yaml"
FULL: dict[str, Any] = {
    "title": "Digits",
    "description": "Tells apart the ten handwritten digits in pictures of eight by eight pixels.",
    "authors": [{"name": "Ada Lovelace", "orcid": "0000-0002-1825-0097", "affiliation": "Analytical Society"}],
    "version": "1.2",
    "license": "Apache-2.0",
    "doi": "10.5281/zenodo.3678171",
    "contact": "ada@analytical.society",
    "tags": ["vision", "digits"],
    "use": {
        "intended": "Teaching, on pictures made like those of the data set.",
        "out_of_scope": "Reading cheques, addresses or anything else that costs people money.",
        "limitations": "Fails on digits that are crossed, tilted or written by children.",
    },
    "training_data": {
        "collection": "Forms filled in by 43 people in 1998, scanned and reduced to bitmaps.",
        "owner": "Bogazici University",
        "license": "CC-BY-4.0",
        "terms": "none besides the licence",
        "statistics": "1,797 pictures of ten classes, 64 values each",
        "bias": "Every class has about the same number of pictures; all writers lived in one city.",
        "distribution": "with scikit-learn, as load_digits",
    },
    "data_preparation": {
        "splitting": "A quarter was held back for testing, stratified by class, seed 0.",
        "standardisation": "Divided by sixteen, the largest value.",
        "feature_selection": "n/a: every pixel is used",
        "filters": "n/a: nothing was left out",
    },
    "training": {
        "architecture": "Two linear layers with a ReLU between them.",
        "hyperparameters": "64 hidden units, chosen among 16, 32 and 64 on a fifth of the training data",
        "procedure": "Adam at a constant rate for 30 epochs.",
        "regularisation": "No dropout, early stopping after 3 epochs without a gain.",
        "weights": "trained from scratch",
    },
    "evaluation": {
        "metrics": "Share of test pictures whose digit is right.",
        "uncertainty": "95% interval of Wilson, 0.958 to 0.986",
        "runs": "5 runs with other seeds, standard deviation 0.004",
    },
    "ethics": {
        "bias": "Errors by class were looked at; no class has more than twice the mean error.",
        "privacy": "Handwriting can identify a writer; pictures of 64 pixels hardly do.",
        "consent": "The writers agreed in writing to publication.",
        "intellectual_property": "Data by the university, code and weights by the authors.",
        "robustness": "Accuracy falls to a half when pictures are turned by 30 degrees.",
        "misuse": "None is foreseen beyond reading digits where a person should.",
    },
    "compute": {
        "environment": "Python 3.11 with torch 2.13",
        "hardware": "one laptop processor",
        "time": "2 minutes",
        "energy": "about 0.001 kWh, from the processor's rated power",
    },
    "examples": "make demo in the folder of the source",
    "citation": "Lovelace, A. (2026). Digits, version 1.2.",
    "acknowledgements": "Thanks to the writers of the forms.",
}


def card(**changed: Any) -> dict[str, Any]:
    """The full card with some fields changed: ``license="MIT"``, ``use__intended=None``."""
    made = copy.deepcopy(FULL)
    for name, value in changed.items():
        *outer, last = name.split("__")
        place = made
        for step in outer:
            place = place[step]
        place[last] = value
    return made


def split(name: str, count: int = 100, licence: str | None = "CC-BY-4.0", **changed: Any) -> data.Split:
    """A split whose origin is told."""
    provenance = Provenance(source="https://archive.ics.uci.edu/dataset/80", licence=licence)
    return tiny_split(name, count).model_copy(update={"provenance": provenance, **changed})


def overlapping(count: int, of: int = 100) -> data.Section:
    """A test split of which so many samples stand in the training split."""
    shared = data.section.Overlap(split="train", count=count, places=(data.section.Place(here=3, there=17),))
    return data.Section(splits=(split("train"), split("test", of, overlaps=(shared,))))


def claim(**changed: Any) -> claims.Claim:
    """A number that the bundle computes again."""
    given = {
        "id": "test-accuracy",
        "text": "test accuracy",
        "value": 0.973,
        "split": "test",
        "entry": "evaluate:accuracy",
    }
    return claims.Claim(**{**given, **changed})


def sound(**changed: Any) -> dict[str, Any]:
    """Sections of a manifest about which nothing is to be said."""
    full = tiny_manifest()
    repository = Repository(commit="0" * 40, tree="1" * 40, branch="main", remote=None, dirty=False, shallow=False)
    parts = {
        "data": data.Section(splits=(split("train"), split("test"))),
        "claims": claims.Section(claims=(claim(),)),
        "code": full.code.model_copy(update={"repository": repository}),
        "preprocessing": preprocessing.Section(transform="net:scaled"),
    }
    return {**parts, **changed}


def bundle(folder: Path, said: Any = None, files: dict[str, str] | None = None, **changed: Any) -> Path:
    """A sealed bundle with this card (a mapping, or the text of the file), further files and sections."""
    with staging(folder) as place:
        writer = Writer(place)
        manifest = tiny_manifest(**sound(**changed))
        text = said if isinstance(said, str) else yaml.safe_dump(FULL if said is None else said, sort_keys=False)
        writer.write("model.safetensors", WEIGHTS)
        writer.write(CARD, text.encode("utf-8"))
        for path, content in (files or {}).items():
            writer.write(path, content.encode("utf-8"))
        if manifest.code.repository is not None:
            writer.write("code/git.json", b"{}")
        write_named(writer, manifest)
        bundles.seal(writer, manifest)
    return folder
