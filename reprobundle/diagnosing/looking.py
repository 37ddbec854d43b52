"""Run the model once more, with sketches of its modules, and see where it goes another way than at capture."""

from __future__ import annotations

from dataclasses import dataclass

from reprobundle.comparison import are_same
from reprobundle.components.interface import Site
from reprobundle.components.outputs import documents
from reprobundle.diagnosing import diverging, paragraph
from reprobundle.diagnosing.asking import Asking
from reprobundle.errors import ReproBundleError
from reprobundle.guest import Question
from reprobundle.manifest import Manifest
from reprobundle.phrases import rounded

SKETCHES = "sketches"
NOT_ASKED = "the model was not run again to see where it begins"
NO_SKETCHES = "no sketches of its modules are recorded, so where it begins is not known"


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the modules of a second run gave.

    Attributes:
        divergence: Beside the record; None where that is not known.
        why_not: Why it is not known.
        unsteady: Whether the second run's outputs differ from the first's.
    """

    divergence: diverging.Divergence | None = None
    why_not: str | None = None
    unsteady: bool = False

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
    return Seen(
        divergence=diverging.diverge(recorded.calls, run.sketches, left_out=recorded.left_out), unsteady=unsteady
    )


def told(seen: Seen) -> str:
    """One line on what the modules gave."""
    found = seen.divergence
    if found is None:
        return f"modules: {seen.why_not}"
    equal = sum(one.equal for one in found.layers)
    line = f"modules: {equal} of {len(found.layers)} calls equal bit for bit"
    if found.broken is not None:
        far = f", {rounded(found.size)} away" if found.size is not None and not found.broken.is_structural else ""
        line += f"; the first outside is {paragraph.name_of(found.broken)}{far}"
    elif found.unequal is not None:
        line += f"; the first that is not is {paragraph.name_of(found.unequal)}"
    if found.inside is not None and found.broken is not None:
        line += f"; the last inside is {paragraph.name_of(found.inside)}"
    return line + (f"; {found.left_out} more calls were not recorded" if found.left_out else "")
