"""The form of ``documentation/card.yaml``: the checklist of responsible release, every answer optional."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Annotated, Any

import pydantic

from reprobundle.records import Json, Record, from_bytes
from reprobundle.yaml_reading import read_yaml

_LICENCE = r"[A-Za-z0-9][A-Za-z0-9.+-]*(:[A-Za-z0-9.-]+)?"
SPDX = rf"^\(*{_LICENCE}\)*( (AND|OR|WITH) \(*{_LICENCE}\)*)*$"

License = Annotated[str, pydantic.Field(pattern=SPDX, max_length=200, description="SPDX expression, e.g. Apache-2.0")]
Orcid = Annotated[str, pydantic.Field(pattern=r"^(https://orcid\.org/)?\d{4}-\d{4}-\d{4}-\d{3}[\dX]$")]
Doi = Annotated[str, pydantic.Field(pattern=r"^10\.\d{4,9}/\S+$", description="without https://doi.org/")]


class Author(Record):
    """Somebody who made the model.

    Attributes:
        name: As it should be cited.
        orcid: ORCID, with or without ``https://orcid.org/``.
        affiliation: Where they work.
    """

    name: str
    orcid: Orcid | None = None
    affiliation: str | None = None


class Use(Record):
    """What the model is for.

    Attributes:
        intended: Tasks, people and settings it was made for.
        out_of_scope: What it must not be used for.
        limitations: What it is known to be bad at.
    """

    intended: str | None = None
    out_of_scope: str | None = None
    limitations: str | None = None


class TrainingData(Record):
    """What the model learned from.

    Attributes:
        collection: How, when and by whom the data was collected.
        owner: Who owns it.
        license: SPDX expression.
        terms: Further terms of use.
        statistics: Descriptive statistics.
        bias: Imbalance and known bias.
        distribution: How others get it.
    """

    collection: str | None = None
    owner: str | None = None
    license: License | None = None
    terms: str | None = None
    statistics: str | None = None
    bias: str | None = None
    distribution: str | None = None


class DataPreparation(Record):
    """What was done to the data first.

    Attributes:
        splitting: How the splits were made.
        standardisation: Scaling and normalisation.
        feature_selection: Which features were kept, and why.
        filters: Outlier and other filters.
    """

    splitting: str | None = None
    standardisation: str | None = None
    feature_selection: str | None = None
    filters: str | None = None


class Training(Record):
    """How the model was made.

    Attributes:
        architecture: Layers, sizes, base model.
        hyperparameters: The chosen ones and how they were chosen.
        procedure: Optimiser, schedule, number of epochs.
        regularisation: Dropout, early stopping, weight decay.
        weights: Where the weights come from: trained from scratch, fine-tuned from what.
    """

    architecture: str | None = None
    hyperparameters: str | None = None
    procedure: str | None = None
    regularisation: str | None = None
    weights: str | None = None


class Evaluation(Record):
    """How good the model is.

    Attributes:
        metrics: Which metrics, on which tasks and splits.
        uncertainty: Error bars and how they were computed.
        runs: Number of runs and what varied between them.
    """

    metrics: str | None = None
    uncertainty: str | None = None
    runs: str | None = None


class Ethics(Record):
    """What could go wrong for people.

    Attributes:
        bias: Investigations of bias and fairness.
        privacy: Personal data and how it is protected.
        consent: Whether people agreed to the use of their data.
        intellectual_property: Rights in data, code and weights.
        robustness: Behaviour under shift and attack.
        misuse: Foreseeable misuse.
    """

    bias: str | None = None
    privacy: str | None = None
    consent: str | None = None
    intellectual_property: str | None = None
    robustness: str | None = None
    misuse: str | None = None


class Compute(Record):
    """What making the model cost.

    Attributes:
        environment: Software and versions in words.
        hardware: Type and number of devices.
        time: Hours of training.
        energy: Energy used or emissions, and how estimated.
    """

    environment: str | None = None
    hardware: str | None = None
    time: str | None = None
    energy: str | None = None


class Card(Record):
    """What a person says about a model.

    Attributes:
        title: Its name for people.
        description: What it does, in a paragraph.
        authors: Who made it.
        version: Version of the model.
        license: License of the weights and code, an SPDX expression.
        doi: Where it is archived.
        contact: How to reach somebody.
        tags: Words to find it by.
        use: What it is for.
        training_data: What it learned from.
        data_preparation: What was done to the data first.
        training: How it was made.
        evaluation: How good it is.
        ethics: What could go wrong for people.
        compute: What making it cost.
        examples: How to try it.
        citation: How to cite it.
        acknowledgements: Whom to thank.
    """

    title: str | None = None
    description: str | None = None
    authors: tuple[Author, ...] = ()
    version: str | None = None
    license: License | None = None
    doi: Doi | None = None
    contact: str | None = None
    tags: tuple[str, ...] = ()
    use: Use = Use()
    training_data: TrainingData = TrainingData()
    data_preparation: DataPreparation = DataPreparation()
    training: Training = Training()
    evaluation: Evaluation = Evaluation()
    ethics: Ethics = Ethics()
    compute: Compute = Compute()
    examples: str | None = None
    citation: str | None = None
    acknowledgements: str | None = None


def read_card(content: bytes, *, name: str = "documentation/card.yaml") -> Card:
    """Read a card strictly.

    An author may be written as a bare name.

    Raises:
        RefusedInputError: It is not strict YAML or breaks the form; the message names the path of the fault.
    """
    return card_of(read_yaml(content, name=name).value, name=name)


def card_of(value: Json, *, name: str) -> Card:
    """The card that plain values describe; an author may be a bare name.

    Raises:
        RefusedInputError: They break the form; the message names the path of the fault.
    """
    return from_bytes(Card, json.dumps(widened(value), ensure_ascii=False, allow_nan=False).encode("utf-8"), name=name)


def widened(value: Json) -> Json:
    """The same, with bare names of authors written as mappings, and one name or tag as a list of one."""
    if not isinstance(value, dict):
        return value
    authors, tags = value.get("authors"), value.get("tags")
    listed = [authors] if isinstance(authors, str | dict) else authors
    if isinstance(listed, list):
        authors_: Json = [{"name": author} if isinstance(author, str) else author for author in listed]
        value = {**value, "authors": authors_}
    return {**value, "tags": [tags]} if isinstance(tags, str) else value


def answers(card: Card) -> Iterator[tuple[str, bool]]:
    """Every field of the checklist as a path such as ``ethics.privacy``, and whether it is filled."""
    for name in Card.model_fields:
        value: Any = getattr(card, name)
        if isinstance(value, Record):
            yield from ((f"{name}.{part}", _is_filled(getattr(value, part))) for part in type(value).model_fields)
        else:
            yield name, _is_filled(value)


def _is_filled(value: str | tuple[Any, ...] | None) -> bool:
    return bool(value.strip()) if isinstance(value, str) else bool(value)
