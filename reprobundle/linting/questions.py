"""The checklist of responsible release as it is scored: each question with its section, its weight, and what answers it."""

from __future__ import annotations

from dataclasses import dataclass

from reprobundle.components.documentation.questions import QUESTIONS
from reprobundle.linting.lints import Level

SENTENCE = 5  # words


@dataclass(frozen=True)
class Question:
    """One question of the card.

    Attributes:
        path: The field.
        words: Fewest words of an answer that says enough.
        level: How grave a missing answer is.
    """

    path: str
    words: int = SENTENCE
    level: Level = "advice"

    @property
    def asks(self) -> str:
        """What it asks, as the card itself does."""
        return QUESTIONS[self.path]


@dataclass(frozen=True)
class Part:
    """One section of the score; every question in it counts the same.

    Attributes:
        name: What it is called.
        weight: Its share of the whole, in hundredths.
        questions: What is asked.
    """

    name: str
    weight: int
    questions: tuple[Question, ...]


PARTS = (  # every question but the optional ones
    Part(
        "model",
        15,
        (
            Question("title", 1, "warning"),
            Question("description", 10, "warning"),
            Question("authors", 1, "warning"),
            Question("version", 1),
            Question("license", 1, "warning"),
            Question("contact", 1, "warning"),
            Question("tags", 1),
        ),
    ),
    Part(
        "use",
        12,
        (
            Question("use.intended", level="warning"),
            Question("use.out_of_scope"),
            Question("use.limitations", level="warning"),
        ),
    ),
    Part(
        "training_data",
        16,
        (
            Question("training_data.collection", level="warning"),
            Question("training_data.owner", 1),
            Question("training_data.license", 1, "warning"),
            Question("training_data.terms", 3),
            Question("training_data.statistics", 3),
            Question("training_data.bias"),
            Question("training_data.distribution", 3),
        ),
    ),
    Part(
        "data_preparation",
        10,
        (
            Question("data_preparation.splitting"),
            Question("data_preparation.standardisation", 3),
            Question("data_preparation.feature_selection", 3),
            Question("data_preparation.filters", 3),
        ),
    ),
    Part(
        "training",
        13,
        (
            Question("training.architecture", 3),
            Question("training.hyperparameters", 3),
            Question("training.procedure", 3),
            Question("training.regularisation", 2),
            Question("training.weights", 2),
        ),
    ),
    Part(
        "evaluation",
        12,
        (
            Question("evaluation.metrics", 3, "warning"),
            Question("evaluation.uncertainty", 3),
            Question("evaluation.runs", 2),
        ),
    ),
    Part(
        "ethics",
        12,
        (
            Question("ethics.bias"),
            Question("ethics.privacy"),
            Question("ethics.consent", 3),
            Question("ethics.intellectual_property", 3),
            Question("ethics.robustness"),
            Question("ethics.misuse"),
        ),
    ),
    Part(
        "compute",
        5,
        (
            Question("compute.environment", 1),
            Question("compute.hardware", 1),
            Question("compute.time", 2),
            Question("compute.energy", 2),
        ),
    ),
    Part(
        "sharing",
        5,
        (
            Question("examples", 3),
            Question("citation", 3),
            Question("acknowledgements", 2),
        ),
    ),
)
PART_OF = {question.path: part.name for part in PARTS for question in part.questions}
