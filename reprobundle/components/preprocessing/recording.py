"""Recording the preprocessing: settings, steps, and the pairs that prove them."""

from __future__ import annotations

from reprobundle.components.interface import Source, Stage
from reprobundle.components.preprocessing import configuration, given, pairs, pretrained, steps, surroundings
from reprobundle.components.preprocessing.given import Preprocessing
from reprobundle.components.preprocessing.section import NAME, Described, Pairs, Section


def record(source: Source, stage: Stage) -> Section:
    """Record settings and steps, and apply the steps once to the raw samples."""
    told = given.read(source.preprocessing)
    saved = pretrained.Saved()
    settings: str | None = None
    described: tuple[Described, ...] = ()
    if pretrained.saves_itself(told.configuration):
        saved.save(told.configuration, stage)
    else:
        settings, described = configuration.write(told.configuration, stage)
    taken = steps.take(told.transform, stage, saved)
    surroundings.note(steps.things(told.transform), stage)
    return Section(
        configuration=settings,
        transform=taken.entry,
        pairs=_pairs(told, taken, source, stage),
        files=saved.files,
        steps=taken.steps,
        described=described,
    )


def _pairs(told: Preprocessing, taken: steps.Taken, source: Source, stage: Stage) -> Pairs | None:
    if taken.functions and told.samples is not None:
        return pairs.take(taken.functions, told.samples, source, stage)
    if taken.functions or told.samples is not None:
        missing = "samples" if taken.functions else "transform"
        message = f"no {missing} given, so no replay can compare the preprocessing"
        stage.note(NAME, message, hint=f"Preprocessing({missing}=…)")
    return None
