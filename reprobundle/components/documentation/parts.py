"""The parts of the card: what each group of questions is answered with."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

import pydantic

from reprobundle.records import Record
from reprobundle.store.digests import Digest

_LICENCE = r"[A-Za-z0-9][A-Za-z0-9.+-]*(:[A-Za-z0-9.-]+)?"
SPDX = rf"^\(*{_LICENCE}\)*( (AND|OR|WITH) \(*{_LICENCE}\)*)*$"

LONGEST_LICENCE = 200  # characters

_ORCID = r"^(https://orcid\.org/)?\d{4}-\d{4}-\d{4}-\d{3}[\dX]$"
_DOI = r"^10\.\d{4,9}/\S+$"
_TASK = r"^[a-z0-9]+(-[a-z0-9]+)*$"
_LANGUAGE = r"^[a-z]{2,3}(-[A-Za-z0-9]+)*$|^multilingual$"
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
FORMS = {  # what their texts are called where one has another form
    SPDX: "an SPDX expression, such as Apache-2.0",
    _ORCID: "an ORCID, such as 0000-0002-1825-0097",
    _DOI: "a DOI, such as 10.5281/zenodo.1234, without https://doi.org/",
    _TASK: "a task of the Hub, such as image-classification",
    _LANGUAGE: "the code of a language, such as en, or multilingual",
    _DAY: "a day, such as 2026-02-28",
}

License = Annotated[
    str, pydantic.Field(pattern=SPDX, max_length=LONGEST_LICENCE, description="SPDX expression, e.g. Apache-2.0")
]
Orcid = Annotated[str, pydantic.Field(pattern=_ORCID)]
Doi = Annotated[str, pydantic.Field(pattern=_DOI, description="without https://doi.org/")]
Task = Annotated[str, pydantic.Field(pattern=_TASK, max_length=100)]
Language = Annotated[str, pydantic.Field(pattern=_LANGUAGE, max_length=50)]


def _of_calendar(day: str) -> str:
    """The same day.

    Raises:
        ValueError: No calendar has it.
    """
    return datetime.date.fromisoformat(day).isoformat()


Day = Annotated[
    str,
    pydantic.Field(pattern=_DAY, description="as 2026-02-28"),
    pydantic.AfterValidator(_of_calendar),
]


class Author(Record):
    """Somebody who made the model.

    Attributes:
        name: As it should be cited: ``Ada Lovelace``, or ``Lovelace, Ada`` where the family name is not the last word.
        orcid: ORCID, with or without ``https://orcid.org/``.
        affiliation: Where they work.
        kind: ``organisation`` for a name that is nobody's; None: a person.
    """

    name: str
    orcid: Orcid | None = None
    affiliation: str | None = None
    kind: Literal["person", "organisation"] | None = None


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


class Result(Record):
    """One number of an evaluation, as a table has it.

    Attributes:
        task: What was asked of the model, as the Hub calls it, e.g. ``text-classification``.
        dataset: On which data.
        split: Which part of it.
        metric: What was measured.
        value: The number; of several runs, their mean.
        uncertainty: How far from `value` its error bar reaches to either side, in its own unit.
        runs: Number of runs.
        note: How the error bar was made, and what varied between the runs.
    """

    task: Task | None = None
    dataset: str
    split: str | None = None
    metric: str
    value: Annotated[float, pydantic.Field(allow_inf_nan=False)]
    uncertainty: Annotated[float, pydantic.Field(ge=0, allow_inf_nan=False)] | None = None
    runs: Annotated[int, pydantic.Field(ge=1, lt=2**31)] | None = None
    note: str | None = None


class Evaluation(Record):
    """How good the model is.

    Attributes:
        metrics: Which metrics, on which tasks and splits.
        uncertainty: Error bars and how they were computed.
        runs: Number of runs and what varied between them.
        results: Numbers on further tasks and data, beside the claims of the bundle.
    """

    metrics: str | None = None
    uncertainty: str | None = None
    runs: str | None = None
    results: Annotated[tuple[Result, ...], pydantic.Field(max_length=1000)] = ()


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


class Mark(Record):
    """Where an answer comes from that no person wrote.

    Attributes:
        source: Places it was read from: of ``manifest.json``, such as ``model.entry``, or of a project, such as ``net.py:12``.
        digest: XXH3-128 of the answer as it was filled in. An answer that differs from it was written by a person.
    """

    source: tuple[str, ...]
    digest: Digest
