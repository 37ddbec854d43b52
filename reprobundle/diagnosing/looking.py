"""Run the model once more, with sketches of its modules, and see where it goes another way than at capture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from reprobundle.answers import Answer
from reprobundle.comparison import are_same
from reprobundle.components import outputs
from reprobundle.components.interface import Site
from reprobundle.components.outputs import documents
from reprobundle.components.outputs.section import SketchRecord
from reprobundle.diagnosing import diverging
from reprobundle.diagnosing.asking import Asking
from reprobundle.errors import ReproBundleError
from reprobundle.guest import Question
from reprobundle.manifest import Manifest
from reprobundle.phrases import rounded

if TYPE_CHECKING:
    import numpy as np

SKETCHES = "sketches"
NOT_ASKED = "the model was not run again to see where it begins"
NO_SKETCHES = "no sketches of its modules are recorded, so where it begins is not known"


@dataclass(frozen=True, kw_only=True)
class Ending:
    """An output that is what one of the modules gives, as it is, at capture or here, and not in both.

    Attributes:
        change: ``added``: it was so at capture, and something is done to it here; ``dropped``: it is so here only.
        output: Name of the output.
        call: The recorded call of that module.
    """

    change: Literal["added", "dropped"]
    output: str
    call: SketchRecord


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the modules of a second run gave.

    Attributes:
        divergence: Beside the record; None where that is not known.
        why_not: Why it is not known.
        unsteady: Whether the second run's outputs differ from the first's.
        speaks: Whether the run with sketches gave the outputs that are explained: hooks can make torch compute otherwise.
        ending: What is known of the way from the modules, which are all equal bit for bit, to the outputs.
    """

    divergence: diverging.Divergence | None = None
    why_not: str | None = None
    unsteady: bool = False
    speaks: bool = True
    ending: Ending | None = None

    @property
    def is_ended(self) -> bool:
        """Whether every module gives the recorded bits, and the outputs that are explained come after them."""
        return self.speaks and self.divergence is not None and self.divergence.is_ended

    @property
    def kind(self) -> str | None:
        """Class of the module that moved first; None where that is not known."""
        found = self.divergence
        if found is None:
            return None
        if found.unequal is not None:
            return found.unequal.kind
        return None if found.broken is None else found.broken.kind


def look(manifest: Manifest, site: Site, asking: Asking | None) -> Seen:
    """Run the model once more with sketches of its modules, and compare them with the recorded ones."""
    if asking is None:
        return Seen(why_not=NOT_ASKED)
    try:
        recorded = documents.sketches_of(manifest.outputs, site.root)
        if recorded is None:
            return Seen(why_not=NO_SKETCHES)
        asking.say("running the model again to see where it begins to differ")
        answer = asking.ask([Question(name=SKETCHES, sketch=True)])
    except ReproBundleError as error:
        return Seen(why_not=f"where it begins is not known: {error}")
    assert site.answer is not None  # asked before
    unsteady = answer.error is None and not are_same(site.answer.arrays, answer.arrays)
    run = answer.runs.get(SKETCHES)
    why = answer.error or ("the worker told nothing of it" if run is None else run.error)
    if run is None or why is not None or not run.sketches:
        return Seen(why_not=f"where it begins is not known: {why or 'no module was sketched'}", unsteady=unsteady)
    found = diverging.diverge(recorded.calls, run.sketches, left_out=recorded.left_out)
    return Seen(
        divergence=found,
        unsteady=unsteady,
        speaks=are_same(site.answer.arrays, run.arrays),
        ending=_ending(manifest, site, site.answer, recorded.calls) if found.is_ended else None,
    )


def _ending(manifest: Manifest, site: Site, answer: Answer, calls: Sequence[SketchRecord]) -> Ending | None:
    """What an output that differs has to do with what the modules gave, which is the same at capture and here."""
    gave = {call.digest: call for call in calls}
    for name, before in outputs.recorded(manifest.outputs, site.root).items():
        if name not in answer.arrays:
            continue
        old, new = gave.get(_digest(before)), gave.get(_digest(answer.arrays[name]))
        if old is not None and new is None:
            return Ending(change="added", output=name, call=old)
        if new is not None and old is None:
            return Ending(change="dropped", output=name, call=new)
    return None


def _digest(array: np.ndarray[Any, Any]) -> str:
    """The digest that a sketch has of a tensor with these bytes."""
    import numpy as np
    import xxhash

    return xxhash.xxh3_128(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data).hexdigest()


def told(seen: Seen) -> str:
    """One line on what the modules gave."""
    found = seen.divergence
    if found is None:
        return f"modules: {seen.why_not}"
    equal = sum(one.equal for one in found.layers)
    line = f"modules: {equal} of {len(found.layers)} calls equal bit for bit"
    if found.broken is not None:
        far = f", {rounded(found.size)} away" if found.size is not None and not found.broken.is_structural else ""
        line += f"; the first outside is {diverging.name_of(found.broken)}{far}"
    elif found.unequal is not None:
        line += f"; the first that is not is {diverging.name_of(found.unequal)}"
    if found.inside is not None and found.broken is not None:
        line += f"; the last inside is {diverging.name_of(found.inside)}"
    return line + (f"; {found.left_out} more calls were not recorded" if found.left_out else "")
