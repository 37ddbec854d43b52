"""The two sides: the statistics of the captured split, out of the verified bundle, and the new data, read as it was."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from reprobundle import records
from reprobundle.bundle import VerifiedBundle
from reprobundle.components.data.given import How
from reprobundle.components.data.reading import read
from reprobundle.components.data.section import Split
from reprobundle.components.data.statistics.form import Statistics
from reprobundle.components.interface import Failure
from reprobundle.drifting import renaming, ways_out
from reprobundle.drifting.renaming import NewSide
from reprobundle.drifting.soundness import refuse_unsound
from reprobundle.drifting.ways_out import NEW
from reprobundle.errors import RefusedInputError, UnavailableError, UsageError
from reprobundle.phrases import some
from reprobundle.store import digest_bytes, inside

SHOWN_NAMES = 10


def captured_split(bundle: VerifiedBundle, name: str) -> Split:
    """What is recorded of a split.

    Raises:
        UsageError: There is none of this name.
    """
    splits = {split.name: split for split in bundle.manifest.data.splits}
    if name not in splits:
        known = some([repr(one) for one in splits], SHOWN_NAMES)
        hint = f"the bundle records {known}" if known else "the bundle records no data split"
        raise UsageError(f"there is no data split {name!r}", hint=hint)
    return splits[name]


def captured_statistics(bundle: VerifiedBundle, split: Split) -> Statistics:
    """The statistics of a captured split.

    Raises:
        UnavailableError: None were recorded, as for a private split.
        RefusedInputError: They break the form, or describe no data.
    """
    subject = f"data split {split.name!r}"
    if split.statistics is None and split.salt is not None:
        hint = "whoever holds the data can compare new data with a capture that is not private"
        raise UnavailableError(f"{subject}: is private: no statistics were recorded", hint=hint)
    if split.statistics is None:
        hint = "capture again with this version of reprobundle: arrays, tables, data sets, images and texts have statistics"
        raise UnavailableError(f"{subject}: no statistics were recorded, so nothing can be compared", hint=hint)
    listed = {entry.path: entry.xxh3_128 for entry in bundle.manifest.files}
    content = inside(bundle.path, split.statistics).read_bytes()
    if digest_bytes(content) != listed[split.statistics]:
        raise RefusedInputError(f"{split.statistics}: changed since the bundle was verified")
    statistics = records.from_bytes(Statistics, content, name=split.statistics)
    refuse_unsound(statistics, name=split.statistics)
    return statistics


def new_side(data: Any, split: Split, recorded: Statistics, how: How) -> NewSide:
    """Read the new data the way the split was read.

    Args:
        data: What `capture` takes as a split.
        split: The captured split, whose leaves say the dtypes that a source has not of its own.
        recorded: Its statistics.
        how: What the caller says of the data, whose label may be called otherwise than the recorded one.

    Raises:
        UnavailableError: It cannot be read, no statistics can be taken of it, or it is of a kind that cannot be compared.
        UsageError: The label that the caller named is not there.
    """
    label = recorded.label or split.label
    leaves = renaming.leaves_for(split.leaves, label=label, called=how.label)
    found = read(data, replace(how, leaves=() if split.definition == 1 else leaves, label=how.label or label))
    if isinstance(found, Failure):
        raise ways_out.unreadable(found)
    if how.label is not None and found.label is None and found.faults:
        raise UsageError(f"{NEW}: {found.faults[0][0]}", hint=found.faults[0][1])
    ways_out.refuse_undescribed(found, data)
    ways_out.refuse_other_delimiter(found, split)
    ways_out.refuse_other_kind(found, split, [feature.name for feature in recorded.features])
    assert found.statistics is not None, "refused above"
    refuse_unsound(
        found.statistics, name=NEW, hint="its samples have no form that can be described: give them one form"
    )
    side = NewSide(leaves=found.leaves, statistics=found.statistics, notes=found.remarks)
    return side if how.label is None else renaming.with_recorded_label(side, label=label, called=how.label)
