"""What a comparison of new data with a captured split found: the same document in every rendering."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import pydantic

from reprobundle.components.data.statistics.form import MAX_FEATURES, Aspect, Count, Feature, Finite
from reprobundle.records import Record

DRIFT_SCHEMA: Literal[1] = 1

Judgement = Literal["drift", "shifted slightly", "same", "too few to tell", "not compared"]
Answer = Literal["no drift", "drift", "not comparable"]
Change = Literal["missing", "new", "dtype", "shape"]
TestName = Literal[
    "Kolmogorov-Smirnov",
    "rank sum",
    "chi-square",
    "one category",
    "tails",
    "rate of missing",
    "rate of NaN",
    "rate of infinite",
]
ALARM: Judgement = "drift"
CHANGES: Mapping[Change, str] = {
    "missing": "is missing",
    "new": "is new",
    "dtype": "has another dtype",
    "shape": "has another shape",
}


class StructureChange(Record):
    """A part of every sample that is not as it was captured.

    Attributes:
        name: The leaf.
        change: It is ``missing`` or ``new``, or its ``dtype`` or ``shape`` is another.
        recorded: What was recorded, as text; None where the leaf is new.
        found: What was met, as text; None where it is missing.
        hint: What may have happened, or None.
    """

    name: str
    change: Change
    recorded: str | None = None
    found: str | None = None
    hint: str | None = None

    @property
    def words(self) -> str:
        """What changed, in plain words, without the name."""
        values = [value for value in (self.recorded, self.found) if value is not None]
        hint = f"; {self.hint}" if self.hint else ""
        return f"{CHANGES[self.change]}: {' → '.join(values)}{hint}"


class Test(Record):
    """One test of whether two samples can come from one source.

    Attributes:
        name: Which test, and of what.
        statistic: Its statistic: the largest distance of two distribution functions; the share of pairs in which the new
            value is the larger; chi-square; or the difference of two rates, such as that of values beyond a recorded limit.
        p: How likely a statistic at least as extreme is where nothing has changed.
        corrected: The same, corrected by Holm's method for all tests of the report.
    """

    name: TestName
    statistic: Finite
    p: Finite
    corrected: Finite = 1.0


class Side(Record):
    """One of two sets of samples, seen through one feature.

    Attributes:
        count: Number of samples that have the leaf; of a vocabulary, number of words.
        missing: How many of them have no value.
        nan: How many are not a number.
        infinite: How many are infinite.
        mean: Mean of the finite values, in the feature's own unit.
        std: Their standard deviation.
        distinct: Number of different values, where it is known.
    """

    count: Count
    missing: Count
    nan: Count
    infinite: Count
    mean: Finite | None
    std: Finite | None
    distinct: Count | None


class Share(Record):
    """How often one category occurs on each side.

    Attributes:
        value: The category.
        recorded: Its share of the recorded values, 0 to 1.
        new: Its share of the new ones.
    """

    value: int | float | str
    recorded: Finite
    new: Finite


class Drawing(Record):
    """What is drawn of a feature that drifts.

    Attributes:
        recorded: The captured feature.
        new: The same of the new data.
    """

    recorded: Feature
    new: Feature


class FeatureDrift(Record):
    """One feature beside itself.

    Attributes:
        name: As in the statistics.
        of: What of the leaf is described.
        kind: ``number`` or ``category``.
        is_label: Whether it is the label.
        judgement: ``drift``: a test says so and the change is large enough to matter; ``shifted slightly``: a test says so, the
            change is small; ``same``: no test does; ``too few to tell``: fewer than 20 values on a side, or too
            few of each.
        words: What changed, in plain words.
        recorded: The captured side.
        new: The side of the new data.
        psi: Population stability index over the recorded deciles, or over the values where these are few.
        wasserstein: Wasserstein-1 distance, in units of the recorded standard deviation.
        moved: The categories whose shares changed most, most first.
        unseen: Categories that the captured split does not hold, with their shares.
        tests: What was tested; none where nothing can have changed.
        telling: Which of the tests the judgement rests on, the surest of them; None where there was none.
        drawing: Both distributions, for the first features that drift.
    """

    name: str
    of: Aspect
    kind: Literal["number", "category"]
    is_label: bool
    judgement: Judgement
    words: str
    recorded: Side
    new: Side
    psi: Finite | None
    wasserstein: Finite | None
    moved: tuple[Share, ...] = ()
    unseen: tuple[Share, ...] = ()
    tests: tuple[Test, ...] = ()
    telling: TestName | None = None
    drawing: Drawing | None = None

    @property
    def p(self) -> float | None:
        """The smallest corrected p of its tests; None where there was none."""
        return min((test.corrected for test in self.tests), default=None)


class DriftReport(Record):
    """Whether new data is like a captured split.

    Attributes:
        drift_schema: Version of this form.
        reprobundle: Version of the program that compared.
        bundle_id: The bundle.
        bundle_name: Its name.
        split: The captured split.
        started: When it was compared, UTC.
        alpha: Chance of a false alarm over all tests together that was accepted.
        answer: The verdict.
        sentence: The same in one line.
        recorded_samples: Number of samples of the captured split.
        new_samples: Number of samples of the new data.
        structure: Where samples have another form than recorded.
        features: The features compared: the label, then what drifted most.
        tests: Number of tests made.
        notes: What was not compared, and what should be known.
    """

    drift_schema: Literal[1] = DRIFT_SCHEMA
    reprobundle: str
    bundle_id: str
    bundle_name: str
    split: str
    started: str
    alpha: Finite = pydantic.Field(gt=0, lt=1)
    answer: Answer
    sentence: str
    recorded_samples: Count
    new_samples: Count
    structure: tuple[StructureChange, ...] = ()
    features: tuple[FeatureDrift, ...] = pydantic.Field(max_length=MAX_FEATURES)
    tests: Count
    notes: tuple[str, ...] = ()

    @property
    def drifted(self) -> tuple[StructureChange | FeatureDrift, ...]:
        """What drifts, each with its ``name`` and ``words``: where samples have another form, then features."""
        return (*self.structure, *(feature for feature in self.features if feature.judgement == ALARM))

    @property
    def exit_code(self) -> int:
        """What the command line ends with: 0 no drift, 1 drift, 3 not comparable."""
        return {"no drift": 0, "drift": 1, "not comparable": 3}[self.answer]
