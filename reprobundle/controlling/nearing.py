"""Whether a small change of inputs or weights stays a small one: what is looked up jumps."""

from __future__ import annotations

import math
from collections.abc import Sequence

from reprobundle.controlling.planning import Purpose
from reprobundle.controlling.rules import MOVED, UNSTEADY, WEIGHTS_MOVED, What, control, errors, untold
from reprobundle.controlling.seeing import AS_FAR, Seen, Sight
from reprobundle.manifest import Manifest
from reprobundle.phrases import rounded
from reprobundle.report import Control
from reprobundle.tensors import forms_of

_EPSILONS = {"F32": 1.2e-7, "F16": 9.8e-4, "BF16": 7.9e-3}
OTHER_FORM = "a change by {scale} of the {what} gave outputs of another form: other names, dtypes or shapes"
FORM_VARIES = "the outputs have another form for nearly every input, so a small change cannot be told"
BLUNT = "the outputs vary by no more than rounding, or what any model makes of a small change, may cost"
REFUSED = "the model refuses it: "


def inputs_moved(sight: Sight, steady: Control) -> Control:
    """A little more in each value must not give what other inputs give."""
    return _moved_little(sight, steady, "near", MOVED, "inputs")


def weights_moved(sight: Sight, steady: Control, manifest: Manifest) -> Control:
    """A little more or less in each weight must not give what other inputs give."""
    return _moved_little(sight, steady, "weights near", WEIGHTS_MOVED, "weights", step=step_of(manifest))


def step_of(manifest: Manifest) -> float:
    """The step between neighbouring numbers, relative to them, of the dtype that most bytes of the weights have."""
    sizes: dict[str, int] = {}
    for entry in manifest.model.tensors:
        if entry.dtype in _EPSILONS:
            sizes[entry.dtype] = sizes.get(entry.dtype, 0) + entry.bytes
    return _EPSILONS[max(sizes, key=lambda dtype: sizes[dtype])] if sizes else 0.0


def share(far: float) -> str:
    """How far the outputs moved, in words."""
    return "so far that they are no numbers, and not" if math.isinf(far) else f"{rounded(far)} times"


def _moved_little(
    sight: Sight, steady: Control, purpose: Purpose, name: str, what: What, *, step: float = 0.0
) -> Control:
    runs, failed = sight.of(purpose), errors(sight, purpose)
    if not runs and failed and _takes_more(sight, what):
        why = f"it takes large changes of the {what}, and refuses small ones: {failed[0]}"
        return control(sight, name, what, (), "jumps", why)
    if not runs:
        absent = f"{REFUSED}{failed[0]}" if failed else sight.plan.absent.get(purpose)
        return control(sight, name, what, (), "not run", absent)
    if runs[0].reformed and steady.outcome == "as expected" and not _varies_in_form(sight, runs[0]):
        form = OTHER_FORM.format(scale=rounded(runs[0].decoy.scale or 0.0), what=what)
        return control(sight, name, what, runs[:1], "jumps", form)
    if steady.outcome != "as expected" or runs[0].reformed:
        why = UNSTEADY if steady.outcome != "as expected" else FORM_VARIES
        return control(sight, name, what, runs, "not run", why)
    return _measured(sight, runs, name, what, step)


def _measured(sight: Sight, runs: Sequence[Seen], name: str, what: What, step: float) -> Control:
    """How far the outputs went, the smallest change first; a larger one counts where the smallest did nothing at all."""
    comparable = [one for one in runs if sight.ratio(one.distances) is not None]
    if not comparable:
        return control(sight, name, what, runs, "not run", untold(sight))
    told = False
    for one in comparable:
        scale = one.decoy.scale or 0.0
        found = sight.beyond(one.distances, scale, step)
        told = told or found.told
        after_none = one is not runs[0] and not runs[0].moved and (found.share or 0.0) >= AS_FAR
        if found.share is not None and (after_none or one is runs[0]):
            far = share(found.share)
            words = f"a change by {rounded(scale)} of the {what} moved the outputs {far} as far as other inputs do"
            return control(sight, name, what, (one,), "jumps", words)
    return control(sight, name, what, runs, *(("as expected",) if told else ("not run", BLUNT)))


def _varies_in_form(sight: Sight, one: Seen) -> bool:
    """Whether shapes come of the values: each far input gives another one, and dtypes and dimensions stay."""
    runs = sight.of("far")
    shapes = {tuple(sorted(forms_of(each.arrays).items())) for each in runs}
    ours, theirs = forms_of(sight.outputs), forms_of(one.arrays)
    alike = ours.keys() == theirs.keys() and all(
        (ours[name][0], len(ours[name][1])) == (theirs[name][0], len(theirs[name][1])) for name in ours
    )
    return alike and len(runs) > 1 and len(shapes) == len(runs) and all(each.reformed for each in runs)


def _takes_more(sight: Sight, what: What) -> bool:
    """Whether no honest model refuses a small change: of weights never, of inputs where its own rows are refused, too."""
    if what == "weights":
        return bool(sight.of("weights"))
    return bool(sight.of("far")) and bool(sight.all_of("rows")) and not sight.of("rows")
