"""What the sections on data and preprocessing tell, as answers to the card's questions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reprobundle.components.documentation.filling import Fact
from reprobundle.components.documentation.parts import LONGEST_LICENCE
from reprobundle.phrases import counted, some

SAMPLES = frozenset({"array", "table", "dataset"})
SAID = {  # fields of a split's provenance, and what of the card they answer
    "collection": "training_data.collection",
    "owner": "training_data.owner",
    "licence": "training_data.license",
    "consent": "ethics.consent",
}
TOPICS = {
    "splitting": "data_preparation.splitting",
    "standardisation": "data_preparation.standardisation",
    "feature selection": "data_preparation.feature_selection",
    "outlier filters": "data_preparation.filters",
}


def data_facts(data: Mapping[str, Any], preprocessing: Mapping[str, Any]) -> Iterator[Fact]:
    """Answers on the training data and its preparation."""
    splits = data.get("splits", ())
    if splits:
        counts = "; ".join(f"{split['name']}: {split['count']} {_unit(split)}" for split in splits)
        yield Fact("training_data.statistics", counts, ("data.splits[].name", "data.splits[].count"))
    yield from _provenance(splits)
    yield from _balance(splits)
    yield from _splitting(data.get("splitting"))
    yield from _prepared(preprocessing)


def _unit(split: Mapping[str, Any]) -> str:
    word = "sample" if split["kind"] in SAMPLES else "file"
    return word if split["count"] == 1 else word + "s"


def _provenance(splits: tuple[Mapping[str, Any], ...]) -> Iterator[Fact]:
    """What was said of where the splits come from; of several different answers, each with its splits."""
    told = {split["name"]: split.get("provenance") or {} for split in splits}
    for field, path in SAID.items():
        said = {name: one[field] for name, one in told.items() if one.get(field)}
        different = dict.fromkeys(said.values())
        if len(different) == 1:
            yield Fact(path, next(iter(different)), (f"data.splits[].provenance.{field}",))
        elif different:
            words = _all_of(different) if field == "licence" else "; ".join(map(": ".join, said.items()))
            yield Fact(path, words, (f"data.splits[].provenance.{field}",))
    sources = tuple(dict.fromkeys(one["source"] for one in told.values() if one.get("source")))
    yield Fact("datasets", sources, ("data.splits[].provenance.source",))
    yield Fact("training_data.distribution", "; ".join(sources), ("data.splits[].provenance.source",))


def _all_of(licences: Iterable[str]) -> str:
    """The expression that asks for each of some licences; empty where it is too long for a card."""
    made = " AND ".join(f"({one})" if " " in one else one for one in licences)
    return made if len(made) <= LONGEST_LICENCE else ""


def _balance(splits: tuple[Mapping[str, Any], ...]) -> Iterator[Fact]:
    words = []
    for split in splits:
        counts = [entry["count"] for entry in split.get("labels") or () if entry["count"]]
        if len(counts) > 1:
            ratio = f"{max(counts) / min(counts):.3g}"
            words.append(
                f"{split['name']}: {counted(len(counts), 'class', 'classes')}, largest to smallest {ratio} : 1"
            )
    if words:
        yield Fact(
            "training_data.bias", "; ".join(words) + ". Further bias is not recorded.", ("data.splits[].labels",)
        )


def _splitting(splitting: Mapping[str, Any] | None) -> Iterator[Fact]:
    if splitting:
        made = f"by {splitting['function']}" if splitting.get("function") else "by recorded indices"
        seed = "" if splitting.get("seed") is None else f", seed {splitting['seed']}"
        told = f"{made} from {splitting['whole']}, {counted(splitting['count'], 'sample')}{seed}"
        yield Fact("data_preparation.splitting", told, ("data.splitting",))


def _prepared(preprocessing: Mapping[str, Any]) -> Iterator[Fact]:
    for part in preprocessing.get("described", ()):
        told = part.get("doc") or f"as recorded under {part['key']} in {preprocessing.get('configuration')}"
        yield Fact(TOPICS[part["topic"]], told, ("preprocessing.described",))
    steps = [str(step["name"]) for step in preprocessing.get("steps", ())]
    if preprocessing.get("transform"):
        told = f"The function {preprocessing['transform']} makes the model's inputs from raw samples."
        yield Fact("data_preparation.standardisation", told, ("preprocessing.transform",))
    elif steps:
        told = f"{counted(len(steps), 'step')} from raw samples to the model's inputs: {some(steps)}."
        yield Fact("data_preparation.standardisation", told, ("preprocessing.steps",))
